"""The transfer function of a bank of kernels."""

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from sincviz.front_ends import FrontEnd

Floats = NDArray[np.float64]


def impulse_responses(parts: FrontEnd) -> Floats:
    """Return the kernels in double precision, shape (filters, taps)."""
    kernels: Floats = parts.kernels.cpu().double().numpy()
    return kernels


def transfer_function(
    kernels: Floats, *, sfreq: float, n_freqs: int
) -> tuple[Floats, NDArray[np.complex128]]:
    """Return the transfer functions of kernels, the delay of half a kernel removed.

    Parameters
    ----------
    kernels : array, shape (filters, taps)
        Impulse responses.
    sfreq : float
        Sampling rate in Hz.
    n_freqs : int
        Number of frequencies from 0 to the Nyquist frequency, both included.

    Returns
    -------
    frequency_hz : array, shape (n_freqs,)
        Frequencies in Hz.
    response : complex array, shape (filters, n_freqs)
        Real for a symmetric kernel.

    Examples
    --------
    >>> frequency_hz, response = transfer_function(np.array([[0.25, 0.5, 0.25]]), sfreq=100, n_freqs=3)
    >>> np.abs(response).round(6).tolist()  # (1 + cos(2 pi f / sfreq)) / 2
    [[1.0, 0.5, 0.0]]
    """
    frequency_hz = np.linspace(0, sfreq / 2, n_freqs)
    _, response = scipy.signal.freqz(kernels.T[:, :, None], worN=frequency_hz, fs=sfreq)
    centre_s = (kernels.shape[1] - 1) / 2 / sfreq
    return frequency_hz, response * np.exp(2j * np.pi * frequency_hz * centre_s)
