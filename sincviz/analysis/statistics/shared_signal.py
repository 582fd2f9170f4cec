"""Shared signal: trials that overlap in time, and trials that occur twice."""

import hashlib
from collections import OrderedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MOST_CHANNELS = 3
"""Enough channels to detect shared signal: no two recordings agree in so many samples of even one."""

_TAPS = 16
_LEAST_SHARE = 10  # an overlap of less than a tenth of a trial is not looked for
_ANGLE = 3e-4
_SAME = 1e-3  # relative residual: far above the rounding of single precision, far below that of other signal
_ALIKE = 0.8  # correlation that confirms what events say of a window that was filtered or scaled by itself
_MOST_PARTNERS = 8
_CACHE: "OrderedDict[bytes, pd.DataFrame]" = OrderedDict()


def probe_channels(trials: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return at most three channels that are not flat, spread over the array.

    Parameters
    ----------
    trials : array, shape (trials, channels, times)
        Some of the trials.
    """
    moving = np.flatnonzero((np.ptp(trials, axis=2) > 0).all(0))
    moving = moving if len(moving) else np.arange(trials.shape[1])
    chosen: NDArray[np.int64] = moving[np.unique(np.linspace(0, len(moving) - 1, MOST_CHANNELS).astype(int))]
    return chosen


def shared_signal(signals: NDArray[np.floating], samples: NDArray[np.int64] | None = None) -> pd.DataFrame:
    """Return which trials begin with signal that is also in another trial.

    The signal itself is compared, up to a constant and a factor for each channel, so baseline correction and scaling of
    single trials do not hide it. If events give the onsets of trials, windows that should overlap are compared too,
    with a tolerance for filter artefacts at the ends of a trial.

    Parameters
    ----------
    signals : array, shape (trials, channels, times)
        The trials, at a few channels (:func:`probe_channels`).
    samples : array of int, shape (trials,) | None
        Sample at which each trial begins. Other numbers do no harm: the signal decides.

    Returns
    -------
    pandas.DataFrame
        One row per pair: ``trial``, ``other``, and ``shift``, the sample of ``other`` at which ``trial`` begins;
        0 means that one is a copy of the other.

    Examples
    --------
    >>> signal = np.random.default_rng(0).standard_normal((1, 300))
    >>> windows = np.stack([signal[:, start : start + 100] for start in (0, 50, 200)])
    >>> shared_signal(windows).values.tolist()
    [[1, 0, 50]]
    """
    values = np.ascontiguousarray(signals, np.float64)
    of_samples = b"" if samples is None else np.ascontiguousarray(samples, np.int64).tobytes()
    key = hashlib.blake2b(values.tobytes() + of_samples + str(values.shape).encode(), digest_size=16).digest()
    if key not in _CACHE:
        _CACHE[key] = _pairs(values, samples)
        while len(_CACHE) > 16:  # an inspection asks for the same trials again and again
            _CACHE.popitem(last=False)
    return _CACHE[key]


def _pairs(signals: NDArray[np.float64], samples: NDArray[np.int64] | None) -> pd.DataFrame:
    pairs = _by_signal(signals)
    if samples is not None:
        pairs |= _by_events(signals, samples)
    return pd.DataFrame(sorted(pairs), columns=["trial", "other", "shift"], dtype=int)


def _by_signal(signals: NDArray[np.float64]) -> set[tuple[int, int, int]]:
    n_trials, _, n_times = signals.shape
    step = max(1, n_times // (_LEAST_SHARE * _TAPS))
    n_starts = n_times - _TAPS * step
    if n_starts < 1 or n_trials < 2:
        return set()
    first = signals[:, 0]
    # Differences between samples remove a constant, and their direction removes a factor.
    changes = first[:, step:] - first[:, :-step]
    weights = np.random.default_rng(0).standard_normal((2, _TAPS))
    one, two = (
        sum(weight * changes[:, tap * step : tap * step + n_starts] for tap, weight in enumerate(row))
        for row in weights
    )
    angle = np.arctan2(two, one)
    flat = np.hypot(one, two) <= 1e-9 * max(float(np.abs(first).max()), 1e-300)
    places = np.flatnonzero(~flat.ravel())
    order = places[np.argsort(angle.ravel()[places], kind="stable")]
    in_order = angle.ravel()[order]
    begin = np.searchsorted(in_order, angle[:, 0] - _ANGLE)
    end = np.searchsorted(in_order, angle[:, 0] + _ANGLE)
    taps = step * np.arange(_TAPS)
    pairs: set[tuple[int, int, int]] = set()
    for trial in np.flatnonzero(~flat[:, 0]):
        others, shifts = np.divmod(order[begin[trial] : end[trial]], n_starts)
        keep = (others != trial) & ((shifts > 0) | (others < trial))
        others, shifts = others[keep], shifts[keep]
        here, there = changes[trial, taps], changes[others[:, None], shifts[:, None] + taps]
        scale = np.sqrt((here**2).sum() * (there**2).sum(1))
        near = there @ here > (1 - _SAME**2) * scale
        others, shifts = others[near], shifts[near]
        nearest = np.argsort(np.abs(others - trial), kind="stable")[:_MOST_PARTNERS]
        for other, shift in zip(others[nearest].tolist(), shifts[nearest].tolist(), strict=True):
            if _residual(signals[trial], signals[other], shift) < _SAME:
                pairs.add((int(trial), other, shift))
    return pairs


def _by_events(signals: NDArray[np.float64], samples: NDArray[np.int64]) -> set[tuple[int, int, int]]:
    """Return windows that begin inside the previous one, if the signals agree there."""
    n_times = signals.shape[2]
    order = np.argsort(samples, kind="stable")
    shifts = np.diff(samples[order])
    pairs = set()
    for where in np.flatnonzero(n_times - shifts >= max(_TAPS, n_times // _LEAST_SHARE)):
        other, trial, shift = int(order[where]), int(order[where + 1]), int(shifts[where])
        if _residual(signals[trial], signals[other], shift) < np.sqrt(1 - _ALIKE**2):
            pairs.add((trial, other, shift))
    return pairs


def _residual(trial: NDArray[np.float64], other: NDArray[np.float64], shift: int) -> float:
    """Return the relative residual after fitting a factor and a constant, for the worst channel that is not flat."""
    n_shared = trial.shape[1] - shift
    here, there = np.diff(trial[:, :n_shared]), np.diff(other[:, shift:])
    here_size, there_size = (here**2).sum(1), (there**2).sum(1)
    moving = (here_size > 0) & (there_size > 0)
    if not moving.any():
        return np.inf
    product = (here * there).sum(1)[moving]
    explained = np.where(product > 0, product**2, 0) / (here_size * there_size)[moving]
    return float(np.sqrt(np.maximum(1 - explained, 0)).max())
