"""Signals as integers: errors are small, and where the network does not hear them."""

import numpy as np
import pytest

from sincviz.explorer.signals import coded_signals, error_feedback, n_page_bytes


@pytest.fixture
def signals():
    return np.cumsum(np.random.default_rng(0).standard_normal((12, 4, 500)), -1)


def band(low_hz, high_hz, sfreq=100, taps=65):
    t = (np.arange(taps) - taps // 2) / sfreq
    width = high_hz - low_hz
    return np.hamming(taps) * np.cos(np.pi * (low_hz + high_hz) * t) * np.sinc(width * t)


@pytest.mark.parametrize("limits", [(5, 15), (30, 45), (0, 5)])
def test_errors_avoid_what_the_network_passes(signals, limits):
    kernels = band(*limits)[None]
    shaped = coded_signals(signals, kernels, 30_000)
    plain = coded_signals(signals, np.zeros((1, 65)), 30_000)
    assert np.median(shaped.scale) == np.median(plain.scale)
    heard = [
        np.apply_along_axis(np.convolve, -1, coded.decoded - signals, kernels[0]).std()
        for coded in (shaped, plain)
    ]
    assert heard[0] < 0.4 * heard[1]


@pytest.mark.parametrize("most", [45_000, 30_000, 25_000])
def test_as_fine_as_fits(signals, most):
    coded = coded_signals(signals, band(5, 15)[None], most)
    assert 0.85 * most < n_page_bytes(coded.integers) <= most


def test_the_coarsest_step_is_kept_whatever_the_room(signals):
    coded = coded_signals(signals, band(5, 15)[None], 0)
    assert np.abs(coded.decoded - signals).max() < 1
    assert n_page_bytes(coded.integers) > 0


@pytest.mark.parametrize("size", [0.0, 1e-12, 1e12])
def test_any_unit(signals, size):
    coded = coded_signals(size * signals, band(5, 15)[None], 100_000)
    assert np.isfinite(coded.scale).all()
    np.testing.assert_allclose(coded.decoded, size * signals, atol=0.01 * size)


def test_a_spike_does_not_overflow():
    signals = np.random.default_rng(0).standard_normal((3, 2, 300))
    signals[1, 0, 100] = 1e7
    coded = coded_signals(signals, band(5, 15)[None], 1e6)
    assert coded.decoded[1, 0, 100] == pytest.approx(1e7, rel=1e-3)
    np.testing.assert_allclose(coded.decoded[0], signals[0], atol=0.01)


@pytest.mark.parametrize("kernels", [np.zeros((2, 9)), np.full((2, 9), np.nan)])
def test_a_bank_that_passes_nothing_asks_for_no_shape(kernels):
    assert not error_feedback(kernels).any()
