"""Mean and variance of a filtered signal from the input's lag covariance, without filtering it."""

import torch
from torch import Tensor


def filtered_moments(x: Tensor, kernels: Tensor, *, pad: int) -> tuple[Tensor, Tensor]:
    r"""Return mean and variance of every filter's output over trials, channels and times.

    The output at time :math:`t` is :math:`h^\top u_t` with :math:`u_t` the window of the padded input that
    starts at :math:`t`; so its second moment is :math:`h^\top R h` with the lag covariance
    :math:`R_{kl} = \sum_t x_{t+k} x_{t+l}` over exactly the output times. ``R`` is not Toeplitz: each step
    down a diagonal drops one product at the beginning and takes one in at the end.

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
        Mean of the output.
    variance : torch.Tensor, shape (filters,)
        Its variance, divided by the number of values (biased).
    """
    taps = kernels.shape[1]
    signals = torch.nn.functional.pad(x.flatten(0, 1), (pad, pad))
    n_out = signals.shape[-1] - taps + 1
    count = signals.shape[0] * n_out

    window_sums = _window_sums(signals.sum(0), taps)
    mean = kernels @ (window_sums / count)
    second_moment = ((kernels @ (_lag_covariance(signals, taps) / count)) * kernels).sum(1)
    return mean, (second_moment - mean.square()).clamp(min=0)


def _window_sums(signal: Tensor, taps: int) -> Tensor:
    """Return the sum of ``signal[k : k + n_out]`` for every tap k."""
    n_out = signal.shape[-1] - taps + 1
    steps = signal[n_out:] - signal[: taps - 1]
    return signal[:n_out].sum() + torch.cat([steps.new_zeros(1), steps.cumsum(0)])


def _lag_covariance(signals: Tensor, taps: int) -> Tensor:
    """Return the sum over signals of the products of every two taps over the output times, shape (taps, taps)."""
    n_out = signals.shape[-1] - taps + 1
    # The first row is a cross-correlation: by FFT, summed over the signals before it is transformed back.
    n_fft = signals.shape[-1]
    spectra = torch.fft.rfft(signals[:, :n_out], n_fft).conj() * torch.fft.rfft(signals, n_fft)
    first_row = torch.fft.irfft(spectra.sum(0), n_fft)[:taps]
    head, tail = signals[:, : taps - 1], signals[:, n_out:]
    steps = tail.T @ tail - head.T @ head

    # R[k, k + lag] = R[0, lag] + what the first k steps took in and dropped.
    tap = torch.arange(taps, device=signals.device)
    sheared = steps[tap[:-1, None], (tap[:-1, None] + tap).clamp(max=taps - 2)]
    by_start_and_lag = first_row + torch.cat([sheared.new_zeros(1, taps), sheared.cumsum(0)])
    covariance: Tensor = by_start_and_lag[torch.minimum(tap[:, None], tap), (tap[:, None] - tap).abs()]
    return covariance
