"""Mean and variance of a filtered signal from the input's lag covariance, without filtering it."""

import functools

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from sincviz.networks.fast.lagged_products import autocorrelations, diagonal_sums, padded_length
from sincviz.networks.fast.trial_blocks import trial_blocks
from sincviz.networks.precision import widened


def filtered_moments(x: Tensor, kernels: Tensor, *, pad: int) -> tuple[Tensor, Tensor]:
    r"""Return mean and variance of every filter's output over trials, channels and times.

    The output at time :math:`t` is :math:`h^\top u_t` with :math:`u_t` the window of the padded input that
    starts at :math:`t`; so its second moment is :math:`h^\top R h` with the lag covariance
    :math:`R_{kl} = \sum_t x_{t+k} x_{t+l}` over exactly the output times. ``R`` is not Toeplitz: each step
    down a diagonal drops one product at the beginning and takes one in at the end.

    A constant added to a signal adds the filter's response to a constant, padding included. It is taken out
    of the input first and put back in closed form, because in single precision the square of a large offset
    would drown the variance.

    Parameters
    ----------
    x : torch.Tensor, shape (batch, channels, times)
        The input.
    kernels : torch.Tensor, shape (filters, taps)
        Impulse responses.
    pad : int
        Zeros put before and after the signal.

    Returns
    -------
    mean : torch.Tensor, shape (filters,)
        Mean of the output; in single precision for 16-bit signals on a CPU.
    variance : torch.Tensor, shape (filters,)
        Its variance, divided by the number of values (biased).
    """
    with torch.autocast(x.device.type, enabled=False):
        return _filtered_moments(widened(x), widened(kernels), pad)


def _filtered_moments(x: Tensor, kernels: Tensor, pad: int) -> tuple[Tensor, Tensor]:
    batch, channels, times = x.shape
    n_signals = batch * channels
    taps = kernels.shape[1]
    n_out = times + 2 * pad - taps + 1
    # The result is the same for any offsets; these keep the digits of small signals on large constants.
    offsets = x.detach().mean(2)
    offset = offsets.mean()
    deviations = offsets - offset

    sums = [
        _sums(signals, block_offsets, deviation, taps, pad)
        for signals, block_offsets, deviation in zip(
            *(trial_blocks(part, channels * times) for part in (x, offsets, deviations)), strict=True
        )
    ]
    of_all, weighted, products, of_heads, of_tails = (
        functools.reduce(torch.add, terms) for terms in zip(*sums, strict=True)
    )

    constant = F.pad(x.new_ones(times), (pad, pad))
    means_over_signals = torch.stack([constant, of_all / n_signals, weighted / n_signals])
    of_constant, of_mean, of_deviating = F.conv1d(means_over_signals[:, None], kernels[:, None])
    gain, mean = of_constant.mean(1), of_mean.mean(1)
    edges = of_constant - gain[:, None]

    covariance = _lag_covariance(products, of_heads, of_tails) / (n_signals * n_out)
    variance = ((kernels @ covariance) * kernels).sum(1) - mean.square()
    mixed = (of_deviating * of_constant).mean(1) + offset * (of_mean * edges).mean(1)
    of_offsets = deviations.square().mean() * of_constant.square().mean(1) + (offset * edges).square().mean(1)
    return mean + offset * gain, (variance + 2 * mixed + of_offsets).clamp(min=0)


def _sums(x: Tensor, offsets: Tensor, deviations: Tensor, taps: int, pad: int) -> tuple[Tensor, ...]:
    """Return what a block adds to the sums: signals, weighted signals, and the products of signals, heads and tails."""
    padded_times = x.shape[2] + 2 * pad
    behind = padded_length(padded_times, taps) - padded_times
    by_trial = F.pad(x - offsets[:, :, None], (pad, pad + behind))
    signals = by_trial.flatten(0, 1)[:, :padded_times]
    # Several small products are faster than one whose sums are long, but each needs the memory of its taps × taps.
    is_long = x.shape[1] * by_trial.shape[2] > 4 * taps * taps
    grouped = by_trial if is_long else by_trial.flatten(0, 1)[None]
    head, tail = signals[:, : taps - 1], signals[:, padded_times - taps + 1 :]
    return (
        signals.sum(0),
        deviations.flatten() @ signals,
        autocorrelations(grouped, taps).sum(0),
        head.T @ head,
        tail.T @ tail,
    )


def _lag_covariance(products: Tensor, of_heads: Tensor, of_tails: Tensor) -> Tensor:
    """Return the sum over signals of the products of every two taps over the output times, shape (taps, taps).

    Given are the products of whole signals at every lag, and those of their first and last ``taps - 1`` samples.
    """
    taps = len(products)
    # The first tap does not see the last samples.
    of_last = diagonal_sums(F.pad(of_tails, (0, taps + 1, 0, 1))[None], taps)[0]
    # R[k, k + lag] = R[0, lag] + what the first k steps took in at the end and dropped at the beginning.
    steps = of_tails - of_heads
    tap = torch.arange(taps, device=products.device)
    sheared = steps[tap[:-1, None], (tap[:-1, None] + tap).clamp(max=taps - 2)]
    by_start_and_lag = products - of_last + torch.cat([sheared.new_zeros(1, taps), sheared.cumsum(0)])
    covariance: Tensor = by_start_and_lag[torch.minimum(tap[:, None], tap), (tap[:, None] - tap).abs()]
    return covariance
