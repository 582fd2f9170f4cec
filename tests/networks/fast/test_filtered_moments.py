"""Mean and variance from the lag covariance, against filtering and counting."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F  # noqa: N812

from sincviz.networks.fast.filtered_moments import filtered_moments


def moments_by_filtering(x, kernels, pad):
    filtered = F.conv1d(x.flatten(0, 1)[:, None], kernels[:, None], padding=pad)
    return filtered.mean((0, 2)), filtered.var((0, 2), correction=0)


def drawn(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@settings(max_examples=60)
@given(
    batch=st.integers(1, 4),
    channels=st.integers(1, 5),
    filters=st.integers(1, 4),
    half=st.integers(1, 10),
    more_times=st.integers(0, 40),
    padded=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_moments_and_gradients_are_those_of_the_filtered_signal(
    batch, channels, filters, half, more_times, padded, seed
):
    taps = 2 * half + 1
    x = drawn(batch, channels, taps + more_times, seed=seed) + 1
    kernels = drawn(filters, taps, seed=seed + 1)
    results = []
    for moments in (
        lambda x, kernels: filtered_moments(x, kernels, pad=half if padded else 0),
        lambda x, kernels: moments_by_filtering(x, kernels, half if padded else 0),
    ):
        inputs = x.clone().requires_grad_(), kernels.clone().requires_grad_()
        mean, variance = moments(*inputs)
        (mean.sin() + variance.log1p()).sum().backward()
        results.append((mean, variance, *(value.grad for value in inputs)))
    # One output time is one value per signal, whose variance may be exactly zero: compare on the signal's scale.
    for got, expected in zip(*results, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-10)


def test_edges_are_no_part_of_a_toeplitz_matrix():
    # All energy in the first sample: the last tap never sees it without padding.
    x = torch.zeros(1, 1, 8, dtype=torch.float64)
    x[..., 0] = 1
    kernels = torch.eye(3, dtype=torch.float64)
    mean, variance = filtered_moments(x, kernels, pad=0)
    torch.testing.assert_close(mean, torch.tensor([1 / 6, 0, 0], dtype=torch.float64), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(variance, torch.tensor([1 / 6 - 1 / 36, 0, 0], dtype=torch.float64))


def test_variance_is_never_negative():
    x = torch.full((2, 3, 50), 7.3)
    _, variance = filtered_moments(x, torch.ones(1, 3), pad=0)
    assert float(variance) >= 0


@pytest.mark.parametrize("offset", [0.0, 100.0, 1e4])
@pytest.mark.parametrize("pad", [0, 10])
def test_float32_keeps_the_variance_of_small_signals_on_a_large_offset(offset, pad):
    x = (drawn(3, 4, 400, seed=0) + offset).float()
    kernels = drawn(5, 21, seed=1)
    mean, variance = moments_by_filtering(x.double(), kernels, pad)
    got_mean, got_variance = filtered_moments(x, kernels.float(), pad=pad)
    torch.testing.assert_close(got_mean.double(), mean, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(got_variance.double(), variance, rtol=1e-4, atol=0)
