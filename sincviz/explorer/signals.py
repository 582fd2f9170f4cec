"""Signals of the shown trials in as few bytes as they may take: integers and their scale."""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_toeplitz

FINEST, TO_LOOK_AT = 13.0, 6.0
"""Steps in the typical change from sample to sample, as powers of two: to compute with, and to look at."""

_COARSEST, _FINER = 3.5, 0.25
_SAMPLED = 8  # trials, to foresee the size
_LARGEST = 32000  # leaves room for what earlier errors add
_BASE64 = 4 / 3

_ORDER = 8
_FLOOR = 0.03  # of what the bank passes most: edits move filters to where there were none


@dataclass(frozen=True)
class CodedSignals:
    """Signals as integers.

    Attributes
    ----------
    integers : array of int16, shape (trials, channels, times)
        The signals, divided by their scale and rounded.
    scale : array of float32, shape (trials, channels)
        What an integer stands for, in the network's units.
    """

    integers: NDArray[np.int16]
    scale: NDArray[np.float32]

    @property
    def decoded(self) -> NDArray[np.float32]:
        """The signals that a page has, shape (trials, channels, times)."""
        decoded: NDArray[np.float32] = self.integers * self.scale[..., None]
        return decoded


def coded_signals(
    signals: NDArray[np.floating],
    kernels: NDArray[np.floating],
    most_bytes: float,
    finest: float = FINEST,
) -> CodedSignals:
    """Return signals with the finest step with which they take at most so many bytes of a page.

    Parameters
    ----------
    signals : array, shape (trials, channels, times)
        The trials, finite.
    kernels : array, shape (filters, taps)
        Of the network: errors are moved to frequencies that these let pass least.
    most_bytes : float
        Of the page; the coarsest step, an eleventh of the typical change from sample to sample, may take more.
    finest : float
        The finest step is this power of two less than that change.

    Examples
    --------
    >>> signals = np.random.default_rng(0).standard_normal((4, 3, 100))
    >>> coded = coded_signals(signals, np.ones((1, 5)), most_bytes=4000)
    >>> coded.integers.dtype, bool(abs(coded.decoded - signals).max() < 2e-3)
    (dtype('int16'), True)
    """
    typical = float(np.median(np.diff(signals).std(-1))) or float(np.abs(signals).max()) or 1.0
    feedback = error_feedback(kernels)
    some = signals[:: -(-len(signals) // _SAMPLED)]
    power = finest
    for sample in (some, signals):
        while power > _COARSEST:
            coded = _rounded(sample, typical * 2.0**-power, feedback)
            excess = n_page_bytes(coded.integers) * len(signals) / len(sample) - most_bytes
            if excess <= 0:
                break
            # Half the size of a step is a bit for every sample.
            power -= max(_FINER, _FINER * (excess / signals.size * 8 / _BASE64 // _FINER))
    return _rounded(signals, typical * 2.0 ** -max(power, _COARSEST), feedback)


def n_page_bytes(values: NDArray[np.int16]) -> float:
    """Return how many bytes of a page integers take."""
    return len(zlib.compress(planes(values), 6)) * _BASE64


def planes(values: NDArray[np.int16]) -> bytes:
    """Return 16-bit integers over (..., time) as a page holds them, which compresses better.

    Differences from sample to sample, negative ones as odd and others as even numbers, all lower bytes first.

    Examples
    --------
    >>> list(planes(np.array([[3, 2, 258]], np.int16)))
    [6, 1, 0, 0, 0, 2]
    """
    steps = np.diff(values, axis=-1, prepend=np.int16(0))  # modulo 2**16, which the sum undoes
    zigzag = ((steps << 1) ^ (steps >> 15)).astype("<u2")
    return np.ascontiguousarray(zigzag.view(np.uint8).reshape(-1, 2).T).tobytes()


def error_feedback(kernels: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return which part of earlier errors of rounding the next one makes good, the latest first.

    The errors then have the spectrum that the bank passes least: that of the prediction error of what it passes [1]_.

    References
    ----------
    .. [1] Gerzon, M., & Craven, P. G. (1989). Optimal noise shaping and dither of digital signals. 87th AES Convention.

    Examples
    --------
    >>> round(float(error_feedback(np.ones((1, 5)))[0]), 1)  # low frequencies pass: the next error undoes the last
    -0.6
    """
    power = (np.abs(np.fft.rfft(kernels.astype(float), 1024)) ** 2).sum(0)
    if not 0 < power.max() < np.inf:
        return np.zeros(_ORDER)
    correlation = np.fft.irfft(power / power.max() + _FLOOR)
    coefficients: NDArray[np.float64] = solve_toeplitz(correlation[:_ORDER], -correlation[1 : _ORDER + 1])
    return coefficients


def _rounded(signals: NDArray[np.floating], step: float, feedback: NDArray[np.float64]) -> CodedSignals:
    largest = np.abs(signals).max(-1)
    scale = np.maximum(step, largest / _LARGEST).astype(np.float32)
    exact = signals / scale[..., None].astype(float)
    integers = np.empty(signals.shape, np.int16)
    errors = np.zeros((len(feedback), *signals.shape[:2]))
    for time in range(signals.shape[2]):
        wanted = exact[..., time] + np.tensordot(feedback, errors, 1)
        integers[..., time] = np.round(wanted)
        errors = np.concatenate([(integers[..., time] - wanted)[None], errors[:-1]])
    return CodedSignals(integers, scale)
