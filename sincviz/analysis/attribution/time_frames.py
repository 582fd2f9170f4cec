"""Time frames: a tight short-time Fourier frame, which splits products of signals exactly over frequency and time."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sincviz._utils.checks import finite_float
from sincviz.analysis.attribution.spectral_shares import bin_weights
from sincviz.networks.fast.trial_blocks import trial_blocks

OVERLAP = 4
"""Windows that hold each sample."""

LEAST_SAMPLES = 2 * OVERLAP
_WIDTH_IN_TIME = 0.364  # of the squared Hann window at half of its maximum, in windows
_WIDTH_IN_FREQUENCY = 1.441  # of its squared spectrum, in bins


@dataclass(frozen=True)
class TimeFrames:
    r"""A tight frame of windowed sinusoids: Hann windows, each moved by a quarter of its length.

    Every window is divided by :math:`\sqrt{\sum_k w^2(t - k h)}`, the sum over the windows that there are, so
    that :math:`\sum_t x_t g_t = \sum_{k, f} (m_f / M)\,\mathrm{Re}(X_{kf}^* G_{kf})` holds exactly, at the edges too.

    Attributes
    ----------
    n_times : int
        Samples of a trial.
    n_window : int
        Samples of a window.
    """

    n_times: int
    n_window: int

    @property
    def hop(self) -> int:
        """Samples from one window to the next."""
        return max(1, self.n_window // OVERLAP)

    @property
    def centers(self) -> NDArray[np.int64]:
        """The sample at the middle of each window."""
        return np.arange(0, self.n_times, self.hop)

    def shares(self, signal: Tensor, gradient: Tensor) -> Tensor:
        """Return what each frequency and window adds to the sum over time of signal times gradient.

        Parameters
        ----------
        signal, gradient : torch.Tensor, shape (..., times)
            Their shapes must broadcast.

        Returns
        -------
        torch.Tensor, shape (..., frequencies, windows)
            Frequencies are those of ``rfft`` of a window.

        Examples
        --------
        >>> x = torch.randn(3, 100, generator=torch.Generator().manual_seed(0))
        >>> shares = TimeFrames(100, 20).shares(x, x)
        >>> shares.shape, bool(torch.allclose(shares.sum((1, 2)), (x * x).sum(1)))
        (torch.Size([3, 11, 20]), True)
        """
        if signal.ndim == 3 and gradient.ndim == 4:
            return self._shares_of_trials(signal, gradient)
        one, other = self.analysed(signal), self.analysed(gradient)
        weights = bin_weights(self.n_window)[:, None].to(one.real)
        # The real part alone: a complex product computes twice as much.
        product: Tensor = one.real * other.real
        product += one.imag * other.imag
        return product * weights

    def _shares_of_trials(self, signal: Tensor, gradient: Tensor) -> Tensor:
        """Return the same of (trials, channels, times) and (classes, trials, channels, times), block by block."""
        n_classes, n_trials, n_chans = gradient.shape[:3]
        n_values = n_chans * (self.n_window // 2 + 1) * len(self.centers)
        shares = gradient.new_empty(n_classes, n_trials, n_chans, self.n_window // 2 + 1, len(self.centers))
        start = 0
        # All coefficients of a block, of signal and gradients, stay in the cache.
        for block in trial_blocks(signal, 2 * (1 + n_classes) * n_values):
            these = slice(start, start + len(block))
            shares[:, these] = self.shares(block[None], gradient[:, these])
            start += len(block)
        return shares

    def analysed(self, signal: Tensor) -> Tensor:
        """Return the coefficients of a signal in the frame, shape (..., frequencies, windows)."""
        flat = (signal / self._norm.to(signal)).reshape(-1, self.n_times)
        coefficients = torch.stft(
            flat,
            self.n_window,
            self.hop,
            window=self._window.to(flat),
            center=True,
            pad_mode="constant",
            onesided=True,
            return_complex=True,
        )[..., : len(self.centers)]
        return coefficients.reshape(*signal.shape[:-1], *coefficients.shape[-2:])

    def synthesised(self, coefficients: Tensor) -> Tensor:
        """Return the signal of coefficients, shape (..., times): the inverse of :meth:`analysed`.

        Examples
        --------
        >>> x = torch.randn(3, 100, generator=torch.Generator().manual_seed(0))
        >>> frames = TimeFrames(100, 20)
        >>> bool(torch.allclose(frames.synthesised(frames.analysed(x)), x, atol=1e-5))
        True
        """
        flat = coefficients.reshape(-1, *coefficients.shape[-2:])
        pieces = torch.fft.irfft(flat, self.n_window, dim=1) * self._window.to(flat.real)[:, None]
        before = self.n_window // 2
        length = int(self.centers[-1]) + self.n_window
        summed = torch.nn.functional.fold(pieces, (1, length), (1, self.n_window), stride=(1, self.hop))
        signal = summed[:, 0, 0, before : before + self.n_times] / self._norm.to(flat.real)
        return signal.reshape(*coefficients.shape[:-2], self.n_times)

    @cached_property
    def _window(self) -> Tensor:
        # Of an odd number of samples the middle one is the largest in a symmetric window, of an even one in a periodic.
        return torch.hann_window(self.n_window, periodic=self.n_window % 2 == 0, dtype=torch.float64)

    @cached_property
    def _norm(self) -> Tensor:
        """Root of the sum of all squared windows at each sample."""
        padded = torch.zeros(self.n_times + 2 * self.n_window, dtype=torch.float64)
        first = self.n_window - self.n_window // 2
        for center in self.centers.tolist():
            padded[first + center : first + center + self.n_window] += self._window**2
        return padded[self.n_window : self.n_window + self.n_times].sqrt()


def time_frames(n_times: int, rate_hz: float, window_s: float) -> TimeFrames:
    """Return the frame whose windows last so long.

    Raises
    ------
    ValueError
        If a window is longer than the trial, or has too few samples.
    """
    window_s = finite_float("window_s", window_s, above=0, advice=0.5)
    n_window = round(window_s * rate_hz)
    if not LEAST_SAMPLES <= n_window <= n_times:
        least_s, most_s = LEAST_SAMPLES / rate_hz, n_times / rate_hz
        fit = f"Try {min(0.5, most_s) if n_window > n_times else max(least_s, min(0.5, most_s)):.3g}."
        raise ValueError(
            f"`window_s` must be from {least_s:.3g} s ({LEAST_SAMPLES} samples) to {most_s:.3g} s (a trial); got "
            f"{window_s:g}. {fit}"
        )
    return TimeFrames(n_times, n_window)


def resolution(frames: TimeFrames, rate_hz: float) -> dict[Hashable | None, Any]:
    """Return length, step and resolution of the windows, as attributes.

    The resolution is the width of the squared window, and of its squared spectrum, at half of its maximum: what happens
    at one time, or at one frequency, is spread so far.

    Examples
    --------
    >>> {name: round(value, 3) for name, value in resolution(TimeFrames(480, 80), 160).items()}
    {'window_s': 0.5, 'step_s': 0.125, 'time_resolution_s': 0.182, 'frequency_resolution_hz': 2.882}
    """
    window_s = frames.n_window / rate_hz
    return {
        "window_s": window_s,
        "step_s": frames.hop / rate_hz,
        "time_resolution_s": _WIDTH_IN_TIME * window_s,
        "frequency_resolution_hz": _WIDTH_IN_FREQUENCY / window_s,
    }
