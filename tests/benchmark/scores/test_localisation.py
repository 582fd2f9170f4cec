"""Peaks are found where they are, in frequency and in time."""

import numpy as np
import pytest

from sincviz.benchmark.scores.localisation import error_hz, error_ms, leading_peak

FREQUENCY_HZ = np.arange(101) / 2


def in_band(low_hz, high_hz):
    frequency_hz = FREQUENCY_HZ
    return ((frequency_hz >= low_hz) & (frequency_hz < high_hz)).astype(float)


@pytest.mark.parametrize("width_hz", [1.0, 4.0, 8.0])
def test_the_peak_of_a_band_is_its_middle(width_hz):
    profile = in_band(20 - width_hz / 2, 20 + width_hz / 2)
    assert leading_peak(profile, FREQUENCY_HZ, 4.0) == pytest.approx(19.75)  # bins from low to below high


def test_noise_within_the_band_moves_it_less_than_the_largest_bin():
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(200):
        profile = in_band(8, 12) * rng.chisquare(2, 101)
        errors.append((leading_peak(profile, FREQUENCY_HZ, 4.0), FREQUENCY_HZ[profile.argmax()]))
    ours, largest = np.abs(np.array(errors) - 9.75).mean(0)
    assert ours < largest / 2


def test_of_two_bands_the_stronger_leads():
    profile = in_band(8, 12) + 1.5 * in_band(20, 24)
    assert leading_peak(profile, FREQUENCY_HZ, 4.0) == pytest.approx(21.75)


def test_at_the_edges():
    assert leading_peak(in_band(0, 0.5), FREQUENCY_HZ, 4.0) < 2
    assert leading_peak(in_band(50, 51), FREQUENCY_HZ, 4.0) > 48
    assert np.isnan(leading_peak(-in_band(8, 12), FREQUENCY_HZ, 4.0))


def test_error_in_hz_is_the_distance_to_the_nearest_source(case):
    relevance = np.zeros((6, 101))
    relevance[2] = in_band(8, 12)
    relevance[0] = 10 * in_band(30, 34)  # another channel does not count
    assert error_hz(case, relevance) == pytest.approx(0.25)
    relevance[3] = 3 * in_band(28, 32)
    assert error_hz(case, relevance) == pytest.approx(19.75)
    assert np.isnan(error_hz(case, -relevance))


def test_frequencies_that_are_not_scored_do_not_lead(case):
    relevance = np.zeros((6, 101))
    relevance[2] = in_band(8, 12) + 100 * in_band(48, 51)
    assert error_hz(case, relevance) == pytest.approx(0.25)


@pytest.mark.parametrize("shift", [0, 5, -12])
def test_error_in_ms_is_how_far_the_peak_is_moved(time_case, shift):
    relevance = np.zeros((6, 200))
    relevance[3] = np.roll(time_case.truth["time_course"].to_numpy()[0], shift)
    assert error_ms(time_case, relevance) == pytest.approx(10 * abs(shift), abs=1e-6)


def test_error_in_ms_is_nan_without_positive_relevance(time_case):
    assert np.isnan(error_ms(time_case, np.zeros((6, 200))))


def test_a_plateau_is_found_by_its_middle(time_case):
    time_s = time_case.truth["time"].to_numpy()
    plateau = ((time_s >= 0.495) & (time_s <= 1.305)).astype(float)
    time_case.truth = time_case.truth.assign(time_course=(("source", "time"), plateau[None]))
    relevance = np.zeros((6, 200))
    relevance[3] = plateau + 0.3 * np.random.default_rng(0).standard_normal(200)
    assert error_ms(time_case, relevance) < 20
    relevance[3] = np.roll(plateau, 10)
    assert error_ms(time_case, relevance) == pytest.approx(100, abs=6)
