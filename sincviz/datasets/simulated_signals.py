"""Time courses of the simulated EEG."""

import numpy as np
from scipy.fft import irfft, next_fast_len, rfftfreq

from sincviz.datasets.head_model import FloatArray

BLINK_DURATION_S = 0.35
RAMP_S = 0.2  # how long a desynchronisation takes to set in, and to end


def _n_fft(n_times: int) -> int:
    """Return a length beyond that of the epoch, so that the end of an epoch does not wrap around to its beginning."""
    return int(next_fast_len(n_times + n_times // 4, real=True))


def pink(n_times: int, sfreq: float) -> FloatArray:
    """Return the amplitude spectrum of noise with power 1/f, flat below 1 Hz."""
    return np.asarray(1 / np.sqrt(np.maximum(rfftfreq(_n_fft(n_times), 1 / sfreq), 1.0)))


def in_band(n_times: int, sfreq: float, low_hz: float, high_hz: float) -> FloatArray:
    """Return 1 for the frequencies from `low_hz` to `high_hz`, else 0."""
    frequency = rfftfreq(_n_fft(n_times), 1 / sfreq)
    return np.asarray((frequency >= low_hz) & (frequency <= high_hz), dtype=np.float64)


def share(spectrum: FloatArray, n_times: int, sfreq: float, low_hz: float, high_hz: float) -> float:
    """Return the share of a spectrum's power that lies in a band."""
    power = np.square(spectrum[1:-1])  # as in coloured_noise
    return float(power @ in_band(n_times, sfreq, low_hz, high_hz)[1:-1] / power.sum())


def coloured_noise(
    shape: tuple[int, ...], spectrum: FloatArray, n_times: int, rng: np.random.Generator
) -> FloatArray:
    """Return Gaussian noise of unit variance, shape ``(*shape, n_times)``, with this amplitude spectrum."""
    n_fft = _n_fft(n_times)
    # Zero and the last bin stay empty: the others all count twice, so the variance is 2 Σ|a|²/n².
    amplitude = spectrum[1:-1] * n_fft / (2 * np.sqrt(np.square(spectrum[1:-1]).sum()))
    coefficients = np.zeros((*shape, len(spectrum)), dtype=np.complex128)
    normal = rng.standard_normal((*shape, 2 * len(amplitude))).view(np.complex128)
    coefficients[..., 1:-1] = normal * amplitude
    return np.asarray(irfft(coefficients, n_fft)[..., :n_times])


def rhythm(
    power: FloatArray, low_hz: float, high_hz: float, n_times: int, sfreq: float, rng: np.random.Generator
) -> FloatArray:
    """Return band noise with the given variance in every trial, shape ``(trials, times)``."""
    noise = coloured_noise(power.shape, in_band(n_times, sfreq, low_hz, high_hz), n_times, rng)
    return np.asarray(np.sqrt(power)[:, None] * noise)


def blinks(height: FloatArray, n_times: int, sfreq: float, rng: np.random.Generator) -> FloatArray:
    """Return one bump of the given height per trial, at a random time, shape ``(trials, times)``."""
    time_s = np.arange(n_times) / sfreq
    center_s = rng.uniform(0, time_s[-1], (len(height), 1))
    phase = np.clip((time_s - center_s) / BLINK_DURATION_S, -0.5, 0.5)
    return np.asarray(height[:, None] * np.cos(np.pi * phase) ** 2)


def hum(
    n_trials: int, n_times: int, sfreq: float, line_noise_hz: float, rng: np.random.Generator
) -> FloatArray:
    """Return a sine of unit variance and random phase, shape ``(trials, times)``."""
    phase = rng.uniform(0, 2 * np.pi, (n_trials, 1))
    return np.asarray(np.sqrt(2) * np.sin(2 * np.pi * line_noise_hz * np.arange(n_times) / sfreq + phase))


def desynchronisation(time_s: FloatArray, onset_s: float | None, offset_s: float | None) -> FloatArray:
    """Return the fraction of the full loss of power at each time, shape ``(times,)``.

    It rises and falls as a raised cosine of 0.2 s with half of the loss at onset and offset. Without an onset it is
    1 from the first time on, without an offset to the last.

    Examples
    --------
    >>> desynchronisation(np.array([0.0, 0.45, 0.5, 0.6, 2.0]), 0.5, 2.0).round(3).tolist()
    [0.0, 0.146, 0.5, 1.0, 0.5]
    """
    fraction = np.ones_like(time_s)
    if onset_s is not None:
        fraction *= _ramp(time_s - onset_s)
    if offset_s is not None:
        fraction *= 1 - _ramp(time_s - offset_s)
    return fraction


def _ramp(time_s: FloatArray) -> FloatArray:
    """Return a raised cosine from 0 to 1 that is one half at time 0."""
    return np.asarray((1 + np.sin(np.pi * np.clip(time_s / RAMP_S, -0.5, 0.5))) / 2)


def peaks(latency_s: FloatArray, width_s: float, time_s: FloatArray) -> FloatArray:
    """Return one Gaussian of height 1 per trial, shape ``(trials, times)``.

    Parameters
    ----------
    latency_s : ndarray, shape (trials,)
        Where it peaks.
    width_s : float
        Full width at half maximum.
    time_s : ndarray, shape (times,)
        Times of the samples.

    Examples
    --------
    >>> peaks(np.array([0.2]), 0.1, np.array([0.1, 0.15, 0.2, 0.25])).round(4).tolist()
    [[0.0625, 0.5, 1.0, 0.5]]
    """
    return np.asarray(np.exp(-4 * np.log(2) * np.square((time_s - latency_s[:, None]) / width_s)))
