"""Signals of the shown trials in as few bytes as they may take: integers and their scale."""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FINEST, _COARSEST = 13, 4  # steps of the typical channel's standard deviation, as powers of two
_SAMPLED = 8  # trials, to foresee the size
BASE64 = 4 / 3


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


def coded_signals(signals: NDArray[np.floating], most_bytes: float) -> CodedSignals:
    """Return signals with the finest step with which they take at most so many bytes of a page.

    Parameters
    ----------
    signals : array, shape (trials, channels, times)
        The trials, finite.
    most_bytes : float
        Of the page; the coarsest step, a sixteenth of the typical channel's standard deviation, may take more.

    Examples
    --------
    >>> signals = np.random.default_rng(0).standard_normal((4, 3, 100))
    >>> coded = coded_signals(signals, most_bytes=4000)
    >>> coded.integers.dtype, bool(abs(coded.decoded - signals).max() < 1e-3)
    (dtype('int16'), True)
    """
    typical = float(np.median(signals.std(-1))) or float(np.abs(signals).max()) or 1.0
    some = signals[:: -(-len(signals) // _SAMPLED)]
    for power in range(_FINEST, _COARSEST - 1, -1):
        coded = _rounded(some, typical * 2.0**-power)
        if n_page_bytes(coded.integers) * len(signals) / len(some) <= most_bytes:
            break
    return _rounded(signals, typical * 2.0**-power)


def n_page_bytes(values: NDArray[np.int16]) -> float:
    """Return how many bytes of a page integers take."""
    return len(zlib.compress(planes(values), 6)) * BASE64


def planes(values: NDArray[np.int16]) -> bytes:
    """Return 16-bit integers over (..., time) as a page holds them, which compresses better.

    Differences from sample to sample, non-negative for even and negative for odd numbers, all lower bytes first.

    Examples
    --------
    >>> list(planes(np.array([[3, 2, 258]], np.int16)))
    [6, 1, 0, 0, 0, 2]
    """
    steps = np.diff(values, axis=-1, prepend=np.int16(0))  # modulo 2**16, which the sum undoes
    zigzag = ((steps << 1) ^ (steps >> 15)).astype("<u2")
    return np.ascontiguousarray(zigzag.view(np.uint8).reshape(-1, 2).T).tobytes()


def _rounded(signals: NDArray[np.floating], step: float) -> CodedSignals:
    largest = np.abs(signals).max(-1)
    scale = np.maximum(step, largest / 32767).astype(np.float32)
    return CodedSignals(np.round(signals / scale[..., None]).astype(np.int16), scale)
