"""Cut-offs to kernels, and that nothing training can do to them gives a value that is not a number."""

import math

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sincviz.networks.sinc_conv import SincConv

FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)
NYQUIST = 64.0
FILTERS = 4


def closed_form(low, high, taps, sfreq):
    """Return the ideal band-pass's samples, each divided by the one in the middle, windowed and scaled."""
    half = taps // 2
    t = np.arange(-half, half + 1) / sfreq
    bank = []
    for f_low, f_high in zip(low, high, strict=True):
        with np.errstate(invalid="ignore"):
            ideal = (np.sin(2 * np.pi * f_high * t) - np.sin(2 * np.pi * f_low * t)) / (np.pi * t)
        ideal[half] = 2 * (f_high - f_low)
        bank.append(np.hamming(taps) * ideal / ideal[half])
    return np.array(bank) / np.std(bank, ddof=1)


def set_cutoffs(conv, low_freqs, bandwidths):
    with torch.no_grad():
        conv.low_freqs.copy_(torch.tensor(low_freqs)[None])
        conv.bandwidths.copy_(torch.tensor(bandwidths)[None])


@given(
    half=st.integers(1, 64),
    sfreq=st.sampled_from([100.0, 128.0, 250.0, 512.0]),
    min_freq=st.floats(0, 4),
    # Below the Nyquist frequency; what lies past it has a test of its own.
    bands=st.lists(st.tuples(st.floats(-45, 45), st.floats(0.5, 60), st.booleans()), min_size=1, max_size=6),
)
def test_kernels_are_the_closed_form(half, sfreq, min_freq, bands):
    taps = 2 * half + 1
    low_freqs = np.array([low for low, _, _ in bands])
    widths = np.array([-width if negative else width for _, width, negative in bands])
    conv = SincConv(len(bands), taps, sfreq=sfreq, min_freq=min_freq)
    set_cutoffs(conv, low_freqs.tolist(), widths.tolist())

    low = min_freq + np.abs(low_freqs)
    high = np.minimum(low + np.abs(widths), sfreq / 2)
    np.testing.assert_allclose(conv.cutoffs().detach(), np.c_[low, high], rtol=1e-6, atol=1e-5)
    expected = closed_form(low, high, taps, sfreq)
    # Float32 loses digits of the phase, which grows along the kernel.
    np.testing.assert_allclose(conv.kernels().detach(), expected, rtol=0, atol=2e-5 * np.abs(expected).max())


def test_initial_cutoffs():
    conv = SincConv(3, sfreq=250, first_freq=2, min_freq=0.5, freq_stride=2.5, bandwidth=3)
    assert conv.initial_cutoffs().tolist() == [[2.5, 5.5], [5.0, 8.0], [7.5, 10.5]]
    assert torch.equal(conv.cutoffs().double(), conv.initial_cutoffs())
    set_cutoffs(conv, [1.0, 2.0, 3.0], [1.0, 1.0, 1.0])
    assert conv.initial_cutoffs().tolist() == [[2.5, 5.5], [5.0, 8.0], [7.5, 10.5]]


@given(filters=st.integers(1, 80), stride=st.floats(1e-3, 5))
@example(filters=32, stride=0.1)
@example(filters=32, stride=0.7)
@example(filters=3, stride=0.1)
def test_the_number_of_filters_is_exact_at_any_stride(filters, stride):
    conv = SincConv(filters, 3, sfreq=1000, freq_stride=stride)
    assert conv.kernels().shape == (filters, 3)
    np.testing.assert_allclose(conv.low_freqs.detach()[0], 5 + stride * np.arange(filters), rtol=1e-6)


@pytest.mark.parametrize("padding", ["same", "valid", "SAME", "Valid"])
def test_every_channel_is_filtered_with_every_filter(padding):
    conv = SincConv(3, 9, sfreq=100, padding=padding)
    assert conv.padding == padding.lower()
    x = torch.randn(2, 4, 30, generator=torch.Generator().manual_seed(0))
    got = conv(x).detach().numpy()
    for trial, kernel, channel in np.ndindex(2, 3, 4):
        # The kernels are symmetric, so convolution and correlation are one.
        expected = np.convolve(x[trial, channel], conv.kernels()[kernel].detach(), mode=padding.lower())
        np.testing.assert_allclose(got[trial, kernel, channel], expected, atol=1e-5)


@pytest.mark.parametrize("padding", ["reflect", "", None, 0, ("same",)])
def test_unknown_padding(padding):
    with pytest.raises(ValueError, match=r"`padding` must be 'same' or 'valid'; got .* Try 'same'\."):
        SincConv(padding=padding, sfreq=250)


EXTREMES = {
    "no bandwidth": ([10.0] * 4, [0.0] * 4),
    "one without bandwidth": ([7.0, 8.0, 9.0, 10.0], [4.0, 0.0, 4.0, 4.0]),
    "everything zero": ([0.0] * 4, [0.0] * 4),
    "low cut-off exactly at Nyquist": ([NYQUIST - 1.0] * 4, [4.0] * 4),
    "high cut-off exactly at Nyquist": ([NYQUIST - 5.0] * 4, [4.0] * 4),
    "both at Nyquist": ([NYQUIST - 1.0] * 4, [0.0] * 4),
    "past Nyquist": ([NYQUIST, 100.0, 1e3, -1e5], [1.0, 0.0, 1e3, -1e5]),
    "largest": ([3e38, -3e38, 3e38, 1.0], [3e38, 3e38, 0.0, -3e38]),
    "smallest": ([1e-45, -1e-45, 1e-38, 0.0], [1e-45, -1e-45, 1e-38, -0.0]),
}


def long_network(network):
    # Long kernels: 2 pi t passes 1, so that the phase of the largest cut-offs would overflow.
    return network(num_time_filters=FILTERS, time_filter_len=101)


def assert_training_is_finite(model, scores, low_freqs, bandwidths):
    set_cutoffs(model.sinc_filter_layer, low_freqs, bandwidths)
    model.train().zero_grad()
    x = torch.randn(3, 6, 128, generator=torch.Generator().manual_seed(0)).requires_grad_()
    logits = scores(model, x)
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 0])).backward()
    values = {"cutoffs": model.cutoffs(), "logits": logits, "gradient of x": x.grad}
    values |= {f"gradient of {name}": parameter.grad for name, parameter in model.named_parameters()}
    values |= dict(model.named_buffers())
    assert [name for name, value in values.items() if not value.isfinite().all()] == []


@pytest.mark.parametrize(("low_freqs", "bandwidths"), EXTREMES.values(), ids=EXTREMES)
def test_extreme_cutoffs_train_to_finite_values(network, scores, low_freqs, bandwidths):
    assert_training_is_finite(long_network(network), scores, low_freqs, bandwidths)


@settings(max_examples=40)
@given(
    low_freqs=st.lists(FLOAT32, min_size=FILTERS, max_size=FILTERS),
    bandwidths=st.lists(FLOAT32, min_size=FILTERS, max_size=FILTERS),
)
def test_any_finite_cutoffs_train_to_finite_values(network, scores, low_freqs, bandwidths):
    assert_training_is_finite(long_network(network), scores, low_freqs, bandwidths)


@given(
    low_freqs=st.lists(FLOAT32, min_size=2, max_size=2), bandwidths=st.lists(FLOAT32, min_size=2, max_size=2)
)
@example(low_freqs=[3.4e38, -3.4e38], bandwidths=[0.0, 3.4e38])
def test_long_kernels_of_slow_signals_stay_finite(low_freqs, bandwidths):
    # Two seconds from the middle, where the phase is a multiple of the cut-off.
    conv = SincConv(2, 257, sfreq=64)
    set_cutoffs(conv, low_freqs, bandwidths)
    kernels = conv.kernels()
    kernels.square().mul(torch.arange(257)).sum().backward()
    values = kernels, conv.low_freqs.grad, conv.bandwidths.grad
    assert all(value.isfinite().all() for value in values)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("other", [250, 100.0, 128.01, 127.99])
def test_weights_of_another_sampling_rate_change_nothing(network, other, strict):
    weights = network(seed=1, sfreq=other).state_dict()
    model = network()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(ValueError, match=rf"rate of {other:g} Hz.* built for\s+128 Hz.*`sfreq={other:g}`"):
        model.load_state_dict(weights, strict=strict)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


@pytest.mark.parametrize("damage", [0.0, math.nan, math.inf])
def test_weights_that_tell_no_sampling_rate_are_refused(network, damage):
    weights = network().state_dict()
    weights["sinc_filter_layer.n_pi"] = torch.full_like(weights["sinc_filter_layer.n_pi"], damage)
    with pytest.raises(ValueError, match="sampling rate"):
        network().load_state_dict(weights)


@given(sfreq=st.floats(100, 2000), rounding=st.floats(-3e-7, 3e-7))
@example(sfreq=1000 / 3, rounding=2e-7)
def test_weights_of_the_same_rate_load_in_spite_of_rounding(sfreq, rounding):
    conv = SincConv(4, 9, sfreq=sfreq)
    weights = conv.state_dict()
    weights["n_pi"] = weights["n_pi"] * (1 + rounding)
    weights["low_freqs"] = weights["low_freqs"] + 1
    conv.load_state_dict(weights)
    assert conv.low_freqs.tolist() == [[6.0, 7.0, 8.0, 9.0]]


def test_print_tells_the_settings():
    assert "4, time_filter_len=9, sfreq=128, padding='same'" in repr(SincConv(4, 9, sfreq=128))


def test_a_band_past_the_nyquist_frequency_is_reported_where_its_kernel_lies():
    conv = SincConv(2, 33, sfreq=100)
    reference = SincConv(2, 33, sfreq=100)
    with torch.no_grad():
        conv.low_freqs[0, 0] = 70.0  # 71 Hz is 29 Hz when sampled at 100 Hz
        reference.low_freqs[0, 0] = 28.0
        reference.bandwidths[0, 0] = 40.0
    assert conv.cutoffs()[0].tolist() == [29.0, 50.0]
    torch.testing.assert_close(conv.kernels(), reference.kernels())


@given(st.floats(0, 1e4), st.floats(0, 1e4))
@example(1.0000026226043701, 0.0)
def test_the_low_cutoff_never_exceeds_the_high_one_nor_leaves_the_spectrum(low, width):
    conv = SincConv(2, 33, sfreq=100)
    with torch.no_grad():
        conv.low_freqs[0, 0], conv.bandwidths[0, 0] = low, width
    cutoffs = conv.cutoffs()
    assert (cutoffs[:, 0] <= cutoffs[:, 1]).all()
    assert (cutoffs >= 0).all()
    assert (cutoffs <= 50).all()
