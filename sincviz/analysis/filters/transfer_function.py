"""Transfer functions of a bank of kernels."""

import numpy as np
from numpy.typing import NDArray

from sincviz.networks.front_ends import FrontEnd

Floats = NDArray[np.float64]


def impulse_responses(front_end: FrontEnd) -> Floats:
    """Return the kernels in double precision, shape (filters, taps).

    Units that are no product of a temporal and a spatial filter have one kernel for each channel: shape (filters,
    kernels, taps).
    """
    units = front_end.unit_kernels
    kernels: Floats = (front_end.kernels if units is None else units.flatten(1, 2)).cpu().double().numpy()
    return kernels


def amplitude_response(kernels: Floats, *, sfreq: float, n_freqs: int) -> tuple[Floats, Floats]:
    r"""Return frequencies in Hz and the amplitude responses of filters, shape (filters, n_freqs).

    A filter of several kernels has the response :math:`\sqrt{\sum_c |H_c(f)|^2}`: the amplitude of its output for
    white noise of that frequency that is independent from channel to channel.

    Examples
    --------
    >>> kernels = np.array([[[0.25, 0.5, 0.25], [0.25, -0.5, 0.25]]])  # low-pass on one channel, high-pass on another
    >>> frequency_hz, amplitude = amplitude_response(kernels, sfreq=100, n_freqs=3)
    >>> amplitude.round(3).tolist()
    [[1.0, 0.707, 1.0]]
    """
    if kernels.ndim == 2:
        frequency_hz, response = transfer_function(kernels, sfreq=sfreq, n_freqs=n_freqs)
        return frequency_hz, np.abs(response)
    # The power of all kernels of a filter is the transform of the sum of their autocorrelations (Wiener-Khinchin).
    taps, n_fft = kernels.shape[-1], 2 * (n_freqs - 1)
    every = max(1, -(-2 * taps // n_fft))
    short = (np.abs(np.fft.rfft(kernels, 2 * taps)) ** 2).sum(1)
    lags = np.fft.irfft(short, 2 * taps)
    around = np.zeros((len(kernels), every * n_fft))
    around[:, :taps] = lags[:, :taps]
    if taps > 1:
        around[:, -taps + 1 :] = lags[:, -taps + 1 :]
    power = np.fft.rfft(around).real[:, ::every]
    return np.linspace(0, sfreq / 2, n_freqs), np.sqrt(power.clip(min=0))


def amplitude_at(frequency_hz: Floats, kernels: Floats, *, sfreq: float) -> Floats:
    """Return the same at any frequencies."""
    amplitude: Floats = np.abs(response_at(frequency_hz, kernels, sfreq=sfreq))
    return amplitude if amplitude.ndim == 2 else np.sqrt(np.square(amplitude).sum(1))


def transfer_function(
    kernels: Floats, *, sfreq: float, n_freqs: int
) -> tuple[Floats, NDArray[np.complex128]]:
    """Return the transfer functions of kernels, the delay of half a kernel removed.

    Parameters
    ----------
    kernels : array, shape (..., taps)
        Impulse responses.
    sfreq : float
        Sampling rate in Hz.
    n_freqs : int
        Number of frequencies from 0 to the Nyquist frequency, both included; at least 2.

    Returns
    -------
    frequency_hz : array, shape (n_freqs,)
        Frequencies in Hz.
    response : complex array, shape (..., n_freqs)
        Real for a symmetric kernel.

    Examples
    --------
    >>> frequency_hz, response = transfer_function(np.array([[0.25, 0.5, 0.25]]), sfreq=100, n_freqs=3)
    >>> np.abs(response).round(6).tolist()  # (1 + cos(2 pi f / sfreq)) / 2
    [[1.0, 0.5, 0.0]]
    """
    frequency_hz = np.linspace(0, sfreq / 2, n_freqs)
    taps, n_fft = kernels.shape[-1], 2 * (n_freqs - 1)
    # Every so many bins of a transform that is long enough for the kernel.
    every = max(1, -(-taps // n_fft))
    response = np.fft.rfft(kernels, every * n_fft)[..., ::every]
    return frequency_hz, response * np.exp(1j * np.pi * frequency_hz * (taps - 1) / sfreq)


def response_at(frequency_hz: Floats, kernels: Floats, *, sfreq: float) -> NDArray[np.complex128]:
    """Return the transfer functions of kernels at any frequencies, the delay of half a kernel removed.

    Examples
    --------
    >>> response_at(np.array([0.0, 25.0]), np.array([[0.25, 0.5, 0.25]]), sfreq=100).real.round(6).tolist()
    [[1.0, 0.5]]
    """
    taps = kernels.shape[-1]
    times_s = (np.arange(taps) - (taps - 1) / 2) / sfreq
    # One product; SciPy's `freqz` does the same and takes a second to import.
    response: NDArray[np.complex128] = kernels.astype(complex) @ np.exp(
        -2j * np.pi * np.outer(times_s, frequency_hz)
    )
    return response
