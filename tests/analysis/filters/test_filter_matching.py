"""Filters are found again wherever they stand and however far they drifted, and only where they exist."""

import time

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from sincviz.analysis.filters.filter_matching import filter_stability, match_filters

FREQUENCY_HZ = np.arange(0.0, 61.0)


def bumps(peaks_hz, width_hz=3.0):
    """Return amplitude responses with peaks here; NaN for a filter that is not there."""
    distance = (FREQUENCY_HZ - np.asarray(peaks_hz, float)[..., None]) / width_hz
    return np.exp(-(distance**2) / 2)


def bank(peaks_hz, labels=None):
    amplitude = xr.DataArray(bumps(peaks_hz), {"frequency": FREQUENCY_HZ}, ("run", "filter", "frequency"))
    return amplitude if labels is None else amplitude.assign_coords(run=labels)


def some_runs(n_runs, n_filters=6, seed=0, spread_hz=1.0):
    rng = np.random.default_rng(seed)
    return np.linspace(6, 50, n_filters) + spread_hz * rng.standard_normal((n_runs, n_filters))


def test_identical_runs_overlap_wholly():
    amplitude = bank(np.tile([8.0, 20.0, 40.0], (4, 1)))
    found = match_filters(amplitude)
    np.testing.assert_allclose(found.overlap, 1)
    assert (found.match == found["filter"]).all()
    assert found.attrs["reference_run"] == 0
    table = filter_stability(found, amplitude)
    np.testing.assert_allclose(table["overlap"], 1)
    np.testing.assert_allclose(table["lowest_overlap"], 1)
    assert table["peak_hz"].tolist() == [8, 20, 40]
    assert (table["same_number"] == 1).all()
    assert (table["n_runs"] == 3).all()


def test_overlap_is_the_cosine_of_amplitudes():
    amplitude = bank([[10.0], [13.0]])
    one, other = amplitude.to_numpy()[:, 0]
    expected = one @ other / np.sqrt((one @ one) * (other @ other))
    found = match_filters(amplitude)
    assert float(found.overlap.sel(run=1, filter=0)) == pytest.approx(expected)
    # The amplification of a kernel says nothing of its band.
    louder = amplitude * xr.DataArray([1.0, 1e-9], dims="run")
    assert float(match_filters(louder).overlap.sel(run=1, filter=0)) == pytest.approx(expected)


@given(st.integers(0, 10_000))
def test_the_order_of_filters_changes_nothing_but_numbers(seed):
    peaks = some_runs(5, seed=seed)
    rng = np.random.default_rng(seed + 1)
    orders = np.array([rng.permutation(6) for _ in peaks])
    found, shuffled = match_filters(bank(peaks)), match_filters(bank(np.take_along_axis(peaks, orders, 1)))
    reference = found.attrs["reference_run"]
    assert shuffled.attrs["reference_run"] == reference
    place = np.argsort(orders[reference])  # where each of the reference's filters went
    np.testing.assert_allclose(shuffled.overlap[:, place], found.overlap)
    np.testing.assert_allclose(shuffled.peak_hz[:, place], found.peak_hz)
    np.testing.assert_array_equal(
        np.take_along_axis(orders, shuffled.match.to_numpy()[:, place], 1), found.match
    )


@given(st.integers(0, 10_000))
def test_the_order_of_runs_changes_nothing(seed):
    amplitude = bank(some_runs(6, seed=seed), labels=list("abcdef"))
    order = np.random.default_rng(seed).permutation(6)
    found, shuffled = match_filters(amplitude), match_filters(amplitude[order])
    xr.testing.assert_allclose(shuffled.sel(run=found.run), found)
    assert shuffled.attrs == found.attrs
    tables = filter_stability(found, amplitude), filter_stability(shuffled, amplitude[order])
    np.testing.assert_allclose(*tables)


@given(st.floats(-3, 3), st.integers(0, 1000))
def test_a_drifted_copy_is_found_again(drift_hz, seed):
    peaks = np.linspace(6, 50, 6)
    order = np.random.default_rng(seed).permutation(6)
    found = match_filters(bank([peaks, peaks[order] + drift_hz]))
    np.testing.assert_array_equal(order[found.match.sel(run=1)], np.arange(6))


def test_the_reference_is_the_run_most_like_the_others():
    peaks = some_runs(7, spread_hz=2.0)
    peaks[4] = peaks.mean(0)
    assert match_filters(bank(peaks, list("abcdefg"))).attrs["reference_run"] == "e"
    # Few filters that all have a partner are not more like the others than many.
    peaks[0, 2:] = np.nan
    assert match_filters(bank(peaks, list("abcdefg"))).attrs["reference_run"] == "e"


def test_of_many_runs_the_middle_one_is_still_found_in_time():
    peaks = some_runs(260, n_filters=8, spread_hz=2.0)
    peaks[207] = np.linspace(6, 50, 8)
    start = time.process_time()
    found = match_filters(bank(peaks))
    assert time.process_time() - start < 20
    assert found.attrs["reference_run"] == 207
    shuffled = np.random.default_rng(0).permutation(260)
    amplitude = bank(peaks).assign_coords(run=np.arange(260))[shuffled]
    assert match_filters(amplitude).attrs["reference_run"] == 207


def test_missing_and_dead_filters_are_never_matched():
    amplitude = bank([[10.0, 20.0, 40.0], [41.0, 11.0, np.nan], [10.0, 21.0, 39.0]])
    amplitude[2, 1] = 0.0
    found = match_filters(amplitude)
    assert found.attrs["reference_run"] == 0
    assert found.match.values.tolist() == [[0, 1, 2], [1, -1, 0], [0, -1, 2]]
    missing = found.match == -1
    assert found.overlap.isnull().equals(missing)
    assert found.peak_hz.isnull().equals(missing)
    table = filter_stability(found, amplitude)
    assert table["n_runs"].tolist() == [2, 0, 2]
    assert table.loc[1, ["overlap", "lowest_overlap", "same_number"]].isnull().all()
    assert table.loc[1, "peak_hz"] == 20
    # Chance is the mean over the four filters that the others have, not over places.
    others = amplitude.to_numpy()[[1, 1, 2, 2], [0, 1, 0, 2]]
    cosines = [
        np.corrcoef(np.r_[one, -one], np.r_[own, -own])[0, 1] for own in amplitude[0].values for one in others
    ]
    np.testing.assert_allclose(table["chance_overlap"], np.reshape(cosines, (3, 4)).mean(1))


def test_a_run_without_any_filter_is_no_reference():
    found = match_filters(bank([[np.nan, np.nan], [10.0, 30.0]], ["dead", "alive"]))
    assert found.attrs["reference_run"] == "alive"
    assert found.match.values.tolist() == [[-1, -1], [0, 1]]


def test_peaks_are_those_given_else_where_the_amplitude_is_largest():
    amplitude = bank([[10.2, 30.0], [31.0, 11.4]])
    assert match_filters(amplitude).peak_hz.values.tolist() == [[10, 30], [11, 31]]
    given = amplitude.assign_coords(peak_hz=(("run", "filter"), [[10.2, 30.0], [31.0, 11.4]]))
    assert match_filters(given).peak_hz.values.tolist() == [[10.2, 30], [11.4, 31]]


def test_the_range_of_peaks_is_over_all_runs():
    peaks = np.column_stack([np.linspace(8, 12, 21), np.full(21, 40.0)])
    amplitude = bank(peaks).assign_coords(peak_hz=(("run", "filter"), peaks))
    table = filter_stability(match_filters(amplitude), amplitude)
    assert table.loc[0, ["peak_low_hz", "peak_hz", "peak_high_hz"]].tolist() == pytest.approx([8.2, 10, 11.8])


def test_a_single_run_is_compared_with_nothing():
    amplitude = bank([[10.0, 20.0]])
    found = match_filters(amplitude)
    assert found.match.values.tolist() == [[0, 1]]
    table = filter_stability(found, amplitude)
    assert table["n_runs"].tolist() == [0, 0]
    assert table["overlap"].isnull().all()
    assert table["chance_overlap"].isnull().all()
    assert table["peak_hz"].tolist() == [10, 20]


def test_patterns_are_compared_up_to_sign_and_order_of_units():
    amplitude = bank([[10.0, 30.0], [31.0, 10.0]])
    units = np.random.default_rng(0).standard_normal((2, 2, 5))
    changed = -3 * units[::-1, ::-1]
    patterns = xr.DataArray(np.stack([units, changed]), dims=("run", "filter", "depth", "channel"))
    found = match_filters(amplitude, patterns)
    np.testing.assert_allclose(found.pattern_similarity, 1)
    np.testing.assert_allclose(filter_stability(found, amplitude)["pattern_similarity"], 1)
    orthogonal = patterns.copy(data=np.zeros(patterns.shape))
    orthogonal[0, :, 0, 0] = orthogonal[1, :, 0, 1] = 1.0
    assert match_filters(amplitude, orthogonal).pattern_similarity.sel(run=1).values.tolist() == [0, 0]


def test_patterns_that_are_unknown_have_no_similarity():
    amplitude = bank([[10.0, 30.0], [10.0, 30.0]])
    assert match_filters(amplitude).pattern_similarity.isnull().all()
    patterns = xr.DataArray(np.ones((2, 2, 1, 3)), dims=("run", "filter", "depth", "channel"))
    patterns[1, 0, 0, 2] = np.nan
    found = match_filters(amplitude, patterns).pattern_similarity
    np.testing.assert_allclose(found, [[1, 1], [np.nan, 1]])


def test_strangers_are_refused():
    amplitude = bank([[10.0, 30.0], [10.0, 30.0]], ["a", "b"])
    patterns = xr.DataArray(np.ones((2, 2, 1, 3)), {"run": ["b", "a"]}, ("run", "filter", "depth", "channel"))
    with pytest.raises(ValueError, match="must be of the same runs"):
        match_filters(amplitude, patterns)
    with pytest.raises(ValueError, match=r"must have the dimensions \(run, filter, frequency\)"):
        match_filters(amplitude.sel(run="a"))
    with pytest.raises(ValueError, match="No filter of any run passes anything"):
        match_filters(0 * amplitude)
    with pytest.raises(ValueError, match="hold the runs that were matched"):
        filter_stability(match_filters(amplitude), amplitude[::-1])
