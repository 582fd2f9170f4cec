"""Identity of trials by their signal, whatever their units, offsets and order of channels."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

N_FEATURES = 10
TOLERANCE = 66
"""Quanta, that is 1e-3 standard deviations of a feature, by which the same trial may differ in single precision."""

NEAR = 4000
"""Quanta by which it may differ after rounding to the steps of a file (0.1 µV and more). Independent trials are rarely
as close (the nearest two of 10^5 were 10,000 quanta apart), so it counts where that happens to several."""

LEAST_NEAR, LEAST_SHARE_NEAR = 3, 0.05

_DIGITS = 5
_QUANTUM = 2.0**-16
_LARGEST = 16**_DIGITS // 2 - 1
_NO_SIGNAL = "-" * (N_FEATURES * _DIGITS)
_LAGS = 32
_TIMES = 192
_WEAKEST = 1e-9
_FLATTEST = 1e-4
_ZERO = 1e-20
_BLOCK = 2**16
_HEX = np.full(256, -1, np.int64)
_HEX[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)


def trial_fingerprints(trials: ArrayLike) -> list[str]:
    """Return a fingerprint of each trial: a text that depends only on its signal.

    The same trial has the same fingerprint, to rounding, in single precision, in other units, after an offset or a
    trend was removed from a channel, with channels in another order, and after each channel was divided by a constant
    (such as its standard deviation). Several trials that were rounded to the steps of a file are recognised, too.
    :func:`known_trials` and :func:`duplicate_trials` compare fingerprints; the texts of the same trial need not be
    equal, because rounding can cross a quantisation step.

    Parameters
    ----------
    trials : array, shape (trials, channels, times)
        Trials as the network sees them, in any unit, with at least eight samples.

    Returns
    -------
    list of str
        50 characters for each trial; all ``-`` if a trial has no signal to identify it by: flat, not finite, or so
        short or so regular that its power does not change over time.

    Raises
    ------
    ValueError
        If the array does not have three dimensions.

    Notes
    -----
    Second differences of each channel over 1/32 of the trial (which take away offsets and trends), of unit power, at up
    to 192 times, are squared and summed over channels to a power *p* over time. Of *p* / (*p* + *q*), with *q* the
    upper quartile of *p* (so that huge samples do not hide the others), standardised over time, the fingerprint keeps
    ten projections on fixed random signs, in steps of 1/65536 of a standard deviation.

    Examples
    --------
    >>> trials = np.random.default_rng(0).standard_normal((3, 4, 100))
    >>> volts = 1e-6 * trials[[2, 1], ::-1].astype(np.float32)
    >>> known_trials(trial_fingerprints(volts), trial_fingerprints(trials[1:2])).tolist()
    [False, True]
    """
    data = np.asarray(trials)
    if data.ndim != 3:
        raise ValueError(f"Trials must have the shape (trials, channels, times); got {data.shape}.")
    n_trials, n_channels, n_times = data.shape
    lag = max(1, n_times // _LAGS)
    if n_channels == 0 or n_times <= 2 * lag + 1:
        return [_NO_SIGNAL] * n_trials
    # Blocks that fit into the processor's cache.
    block = max(1, _BLOCK // (n_channels * min(n_times, _TIMES)))
    fingerprints: list[str] = []
    for start in range(0, n_trials, block):
        features = _features(_power(data[start : start + block], lag))
        fingerprints += _written(features)
    return fingerprints


def known_trials(fingerprints: Sequence[str], known: Sequence[str]) -> NDArray[np.bool_]:
    """Return which trials are among the known ones.

    Parameters
    ----------
    fingerprints : sequence of str
        What :func:`trial_fingerprints` returned for the trials in question.
    known : sequence of str
        What it returned for the known ones.

    Returns
    -------
    numpy.ndarray of bool, shape (trials,)
        False for a trial that has no signal to identify it by.

    Raises
    ------
    ValueError
        If one of the texts is not a fingerprint.

    Examples
    --------
    >>> one, two, three = trial_fingerprints(np.random.default_rng(0).standard_normal((3, 2, 64)))
    >>> known_trials([one, two, three], [three, one]).tolist()
    [True, False, True]
    """
    (values, has_signal), (others, others_have_signal) = _read(fingerprints), _read(known)
    is_known = np.zeros(len(values), bool)
    if has_signal.any() and others_have_signal.any():
        distances, _ = cKDTree(others[others_have_signal]).query(
            values[has_signal], p=np.inf, distance_upper_bound=NEAR + 0.5
        )
        near = np.isfinite(distances)
        rounded = near.sum() >= max(LEAST_NEAR, LEAST_SHARE_NEAR * len(values))
        is_known[has_signal] = near if rounded else distances <= TOLERANCE
    return is_known


def duplicate_trials(fingerprints: Sequence[str]) -> list[tuple[int, ...]]:
    """Return the trials that occur more than once.

    Parameters
    ----------
    fingerprints : sequence of str
        What :func:`trial_fingerprints` returned.

    Returns
    -------
    list of tuple of int
        Indices of the trials that are the same, one tuple for each trial that occurs at least twice, ordered by first
        occurrence. Trials that have no signal to identify them by are in none.

    Raises
    ------
    ValueError
        If one of the texts is not a fingerprint.

    Examples
    --------
    >>> trials = np.random.default_rng(0).standard_normal((4, 2, 64))
    >>> duplicate_trials(trial_fingerprints(trials[[0, 1, 0, 2, 1, 0]]))
    [(0, 2, 5), (1, 4)]
    """
    values, has_signal = _read(fingerprints)
    numbers = np.flatnonzero(has_signal)
    if len(numbers) < 2:
        return []
    pairs = cKDTree(values[has_signal]).query_pairs(TOLERANCE + 0.5, p=np.inf, output_type="ndarray")
    graph = scipy.sparse.coo_array((np.ones(len(pairs)), pairs.T), shape=(len(numbers), len(numbers)))
    _, labels = scipy.sparse.csgraph.connected_components(graph, directed=False)
    order = np.argsort(labels, kind="stable")
    groups = np.split(numbers[order], np.flatnonzero(np.diff(labels[order])) + 1)
    return sorted(tuple(group.tolist()) for group in groups if len(group) > 1)


def training_trials(provenance: Mapping[str, Any]) -> list[str]:
    """Return the fingerprints of its training trials that a network stores; none if it has none.

    Parameters
    ----------
    provenance : mapping
        Provenance of the network. Its entry ``training_trials`` is used if it is a list of fingerprints and nothing
        else; the entry of earlier versions of sincviz (``training_trials_sha256``) could not distinguish trials.

    Examples
    --------
    >>> training_trials({"training_trials_sha256": ["0123456789ab"]})
    []
    """
    stored = provenance.get("training_trials")
    if not isinstance(stored, list | tuple) or not all(isinstance(one, str) for one in stored):
        return []
    try:
        _read(stored)
    except ValueError:
        return []
    return list(stored)


def remembers_all(provenance: Mapping[str, Any]) -> bool:
    """Return whether a network was trained only on :func:`training_trials`, as far as its provenance says.

    Examples
    --------
    >>> remembers_all({"training_trials": ["0" * 50], "training_trials_complete": False})
    False
    """
    return bool(training_trials(provenance)) and provenance.get("training_trials_complete", True) is True


def seen_in_training(provenance: Mapping[str, Any], fingerprints: Sequence[str]) -> NDArray[np.bool_] | None:
    """Return which trials a network was trained on, or ``None`` if that is not known.

    Parameters
    ----------
    provenance : mapping
        Provenance of the network. ``training_trials_complete`` is ``False`` if it had been trained before, on trials
        that were not recorded: an answer is then given only if all trials are known.
    fingerprints : sequence of str
        What :func:`trial_fingerprints` returned for the trials in question.

    Examples
    --------
    >>> one, two = trial_fingerprints(np.random.default_rng(0).standard_normal((2, 2, 64)))
    >>> seen_in_training({"training_trials": [one]}, [one, two]).tolist()
    [True, False]
    >>> print(seen_in_training({"training_trials": [one], "training_trials_complete": False}, [one, two]))
    None
    """
    known = training_trials(provenance)
    if not known:
        return None
    seen = known_trials(fingerprints, known)
    return seen if seen.all() or remembers_all(provenance) else None


def remembered_trials(earlier: Mapping[str, Any], fingerprints: Sequence[str]) -> dict[str, Any]:
    """Return the provenance entries for the trials of another training, added to those of earlier ones.

    Parameters
    ----------
    earlier : mapping
        The provenance before the training.
    fingerprints : sequence of str
        What :func:`trial_fingerprints` returned for the trials of the training.

    Examples
    --------
    >>> one, two = sorted(trial_fingerprints(np.random.default_rng(0).standard_normal((2, 2, 64))))
    >>> remembered_trials({"training_trials": [two]}, [one]) == {"training_trials": [one, two]}
    True
    >>> remembered_trials({"format": "state dict"}, [one])["training_trials_complete"]
    False
    """
    before = training_trials(earlier)
    remembered: dict[str, Any] = {"training_trials": sorted({*before, *fingerprints})}
    trained = {"format", "training_data_sha256", "training_trials", "training_trials_sha256"} & set(earlier)
    if trained and not remembers_all(earlier):
        remembered["training_trials_complete"] = False
    return remembered


def _power(trials: NDArray[Any], lag: int) -> NDArray[np.float64]:
    """Return the power over time, shape (trials, times), summed over channels of unit power."""
    step = -(-(trials.shape[2] - 2 * lag) // _TIMES)
    with np.errstate(all="ignore"):
        changes = np.multiply(trials[:, :, lag:-lag:step], -2.0, dtype=np.float64)
        changes += trials[:, :, 2 * lag :: step]
        changes += trials[:, :, : -2 * lag : step]
        np.square(changes, out=changes)
        powers = changes.mean(axis=2)
        # A channel of rounding errors alone must not be scaled to unit power.
        floor = _WEAKEST * powers.max(axis=1, keepdims=True)
        weights = 1 / np.where(powers + floor > 0, powers + floor, 1)
        power: NDArray[np.float64] = np.matmul(weights[:, None], changes)[:, 0]
    return power


def _features(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return features of standard deviation one, shape (trials, features), NaN where there is no signal."""
    # A quarter of the trial may be huge, or three quarters zero, without hiding the rest.
    rank = 3 * power.shape[1] // 4
    scale = np.partition(power, rank, axis=1)[:, rank, None]
    with np.errstate(all="ignore"):
        scale = np.where(
            scale > _ZERO * power.max(axis=1, keepdims=True), scale, power.mean(axis=1, keepdims=True)
        )
        share = power / (power + scale)
        level = share.mean(axis=1, keepdims=True)
        share -= level
        spread = np.sqrt(np.square(share).mean(axis=1, keepdims=True))
        share /= np.where(spread > _FLATTEST * level, spread, np.nan)
        features: NDArray[np.float64] = share @ _signs(power.shape[1])
    return features


@lru_cache(maxsize=16)
def _signs(n_times: int) -> NDArray[np.float64]:
    """Return fixed random signs, shape (times, features), divided by the root of the number of times."""
    # A hash, since NumPy does not promise the same random numbers in every version.
    digits = hashlib.shake_256(b"sincviz: signs of a trial's fingerprint").digest(
        -(-n_times * N_FEATURES // 8)
    )
    bits = np.unpackbits(np.frombuffer(digits, np.uint8))[: n_times * N_FEATURES]
    signs: NDArray[np.float64] = (2.0 * bits.reshape(n_times, N_FEATURES) - 1) / np.sqrt(n_times)
    return signs


def _written(features: NDArray[np.float64]) -> list[str]:
    finite: NDArray[np.bool_] = np.all(np.isfinite(features), axis=1)
    quanta = np.rint(np.where(finite[:, None], features, 0) / _QUANTUM)
    numbers = (np.clip(quanta, -_LARGEST, _LARGEST) + _LARGEST).astype(np.int64)
    return [
        "".join([f"{number:05x}" for number in row]) if has_signal else _NO_SIGNAL
        for row, has_signal in zip(numbers.tolist(), finite.tolist(), strict=True)
    ]


def _read(fingerprints: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return features in quanta, shape (trials, features), and which trials have a signal."""
    width = N_FEATURES * _DIGITS
    for one in fingerprints:
        if len(one) != width or not one.isascii():
            raise ValueError(
                f"A fingerprint has {width} hexadecimal digits; got {one[: 2 * width]!r}. "
                "Make them with `trial_fingerprints`."
            )
    letters = np.array(list(fingerprints), f"S{width}").view(np.uint8).reshape(-1, width)
    has_signal: NDArray[np.bool_] = np.any(letters != ord("-"), axis=1)
    digits = _HEX[letters].reshape(-1, N_FEATURES, _DIGITS)
    if (digits[has_signal] < 0).any():
        wrong = fingerprints[int(np.flatnonzero(has_signal & (digits < 0).any(axis=(1, 2)))[0])]
        raise ValueError(
            f"A fingerprint has {width} hexadecimal digits; got {wrong!r}. Make them with `trial_fingerprints`."
        )
    values: NDArray[np.int64] = digits @ 16 ** np.arange(_DIGITS)[::-1]
    return values, has_signal
