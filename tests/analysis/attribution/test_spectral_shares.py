"""Shares of frequencies against signals that are taken apart one frequency at a time."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sincviz.analysis.attribution.spectral_shares import amplitude_gradients, bin_weights, spectral_shares

lengths = st.integers(1, 40)


def pair(n_times, seed=0, shape=(2, 3)):
    rng = np.random.default_rng([n_times, seed])
    return [torch.from_numpy(rng.standard_normal((*shape, n_times))) for _ in range(2)]


def component(signal, number):
    """The part of a signal that has one frequency."""
    spectrum = np.fft.rfft(signal)
    alone = np.zeros_like(spectrum)
    alone[..., number] = spectrum[..., number]
    return np.fft.irfft(alone, signal.shape[-1])


@given(n_times=lengths)
def test_a_share_is_the_product_with_what_has_this_frequency(n_times):
    x, g = pair(n_times)
    shares = spectral_shares(x, g)
    assert shares.shape == (2, 3, n_times // 2 + 1)
    for number in range(n_times // 2 + 1):
        expected = (component(x.numpy(), number) * g.numpy()).sum(-1)
        np.testing.assert_allclose(shares[..., number], expected, atol=1e-12)


@given(n_times=lengths)
def test_shares_add_up_to_the_product_and_swap_sides(n_times):
    x, g = pair(n_times)
    shares = spectral_shares(x, g)
    torch.testing.assert_close(shares.sum(-1), (x * g).sum(-1))
    torch.testing.assert_close(shares, spectral_shares(g, x))


@given(n_times=lengths)
def test_how_often_bins_count_is_how_many_samples_there_are(n_times):
    weights = bin_weights(n_times)
    assert torch.isclose(weights.sum() * n_times, torch.tensor(float(n_times), dtype=torch.float64))
    assert weights.shape == (n_times // 2 + 1,)


@pytest.mark.parametrize(("n_times", "number"), [(16, 0), (16, 3), (16, 8), (15, 0), (15, 3), (15, 7)])
def test_a_tone_has_its_share_in_its_own_bin(n_times, number):
    _, g = pair(n_times)
    tone = torch.cos(2 * torch.pi * number * torch.arange(n_times, dtype=torch.float64) / n_times + 0.4)
    shares = spectral_shares(tone, g)
    torch.testing.assert_close(shares[..., number], (tone * g).sum(-1))
    assert torch.cat([shares[..., :number], shares[..., number + 1 :]], -1).abs().max() < 1e-12


@pytest.mark.parametrize("function", [spectral_shares, amplitude_gradients])
def test_shapes_broadcast_and_precision_is_kept(function):
    x, g = pair(20, shape=(5, 6))[0], pair(20, shape=(3, 5, 6))[1]
    found = function(x, g)
    assert found.shape == (3, 5, 6, 11)
    torch.testing.assert_close(found[1], function(x, g[1]))
    assert function(x.float(), g.float()).dtype == torch.float32


def cubed(x):
    return (x**3).sum()


@pytest.mark.parametrize(("n_times", "number"), [(16, 0), (16, 3), (16, 8), (15, 0), (15, 3), (15, 7)])
def test_the_derivative_of_the_amplitude_is_a_finite_difference_with_the_phase_kept(n_times, number):
    x, _ = pair(n_times, seed=1, shape=())
    spectrum = np.fft.rfft(x.numpy())[number]
    step = 1e-5
    tone = np.cos(2 * np.pi * number * np.arange(n_times) / n_times + np.angle(spectrum))
    if number in (
        0,
        n_times / 2,
    ):  # constants, and tones that are sampled at their peaks, have no phase but a sign
        tone = np.sign(spectrum.real) * np.cos(2 * np.pi * number * np.arange(n_times) / n_times)
    higher, lower = (cubed(x + sign * step * torch.from_numpy(tone)) for sign in (1, -1))
    expected = float(higher - lower) / (2 * step)
    found = amplitude_gradients(x, 3 * x**2)[number]
    assert np.isclose(float(found), expected, rtol=1e-8)


def test_where_there_is_no_amplitude_there_is_no_derivative():
    _, g = pair(16)
    assert (amplitude_gradients(torch.zeros(2, 3, 16, dtype=torch.float64), g) == 0).all()


@given(factor=st.floats(1e-3, 1e3))
def test_the_derivative_does_not_depend_on_the_amplitude_where_the_gradient_does_not(factor):
    x, g = pair(16)
    torch.testing.assert_close(amplitude_gradients(factor * x, g), amplitude_gradients(x, g))
