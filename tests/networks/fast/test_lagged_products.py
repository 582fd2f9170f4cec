"""Sums of products at every lag, against counting."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from sincviz.networks.fast.lagged_products import lagged_products, padded_length


@given(
    groups=st.integers(1, 3),
    signals=st.integers(1, 4),
    times=st.integers(1, 90),
    n_lags=st.integers(1, 70),
    padded=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_every_lag_is_summed_within_its_signal(groups, signals, times, n_lags, padded, seed):
    generator = torch.Generator().manual_seed(seed)
    early = torch.randn(groups, signals, times, generator=generator, dtype=torch.float64)
    length = padded_length(times, n_lags) if padded else times + n_lags - 1
    late = torch.randn(groups, signals, length, generator=generator, dtype=torch.float64)
    expected = [(early * late[..., lag : lag + times]).sum((1, 2)) for lag in range(n_lags)]
    torch.testing.assert_close(lagged_products(early, late, n_lags), torch.stack(expected, 1))
