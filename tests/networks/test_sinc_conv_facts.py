"""What is known of these filters from the reference implementation: nominal bands are not what kernels do."""

import numpy as np
import pytest

from sincviz.networks.sinc_conv import SincConv

SFREQ = 250
FREQS = np.linspace(0, SFREQ / 2, 12501)


def bank(taps):
    return SincConv(32, taps, sfreq=SFREQ).kernels().detach().double().numpy()


def power(kernels):
    """Return the squared magnitude of the response at FREQS, one row per filter."""
    taps = kernels.shape[1]
    times = (np.arange(taps) - taps // 2) / SFREQ
    return (kernels @ np.cos(2 * np.pi * np.outer(times, FREQS))) ** 2


def half_power_band(response):
    """Return the edges of the band around the peak in which the power is at least half the peak's."""
    above = response >= response.max() / 2
    peak = response.argmax()
    below = np.flatnonzero(~above)
    low = below[below < peak].max(initial=-1) + 1
    high = below[below > peak].min(initial=len(response)) - 1
    return FREQS[low], FREQS[high]


def test_the_raw_parameter_is_not_the_cutoff():
    conv = SincConv(32, 33, sfreq=SFREQ)
    assert conv.low_freqs[0, 0] == 5
    assert conv.cutoffs()[0].tolist() == [6, 10]


def test_the_first_filter_of_33_taps_is_a_low_pass():
    response = power(bank(33))[0]
    low, high = half_power_band(response)
    assert low == 0
    assert high == pytest.approx(13, abs=0.5)
    assert 10 * np.log10(response.max() / response[0]) == pytest.approx(1.7, abs=0.05)


@pytest.mark.parametrize(("taps", "width"), [(33, 10.3), (65, 5.4), (129, 3.2)])
def test_filters_of_4_hz_are_as_wide_as_their_length_allows(taps, width):
    widths = np.diff([half_power_band(response) for response in power(bank(taps))])
    assert widths.mean() == pytest.approx(width, abs=0.1)


@pytest.mark.parametrize(("taps", "share"), [(33, 0.36), (129, 0.87)])
def test_energy_inside_the_nominal_band(taps, share):
    conv = SincConv(32, taps, sfreq=SFREQ)
    shares = [
        response[(low <= FREQS) & (high >= FREQS)].sum() / response.sum()
        for response, (low, high) in zip(power(bank(taps)), conv.cutoffs().tolist(), strict=True)
    ]
    assert np.mean(shares) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize(("taps", "dimensions"), [(33, 4), (65, 7), (129, 11)])
def test_dimensions_that_hold_99_percent_of_the_energy(taps, dimensions):
    energies = np.linalg.svd(bank(taps), compute_uv=False) ** 2
    assert np.searchsorted(energies.cumsum() / energies.sum(), 0.99) + 1 == dimensions


@pytest.mark.parametrize("taps", [3, 33, 129])
def test_kernels_are_symmetric_and_their_bank_has_unit_deviation(taps):
    kernels = bank(taps)
    np.testing.assert_array_equal(kernels, kernels[:, ::-1])
    assert kernels.std(ddof=1) == pytest.approx(1, rel=1e-6)
    # Every kernel is the same at its centre: all of them share one scale.
    np.testing.assert_allclose(kernels[:, taps // 2], kernels[0, taps // 2])
