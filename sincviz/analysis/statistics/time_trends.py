"""Time trends: whether classes become more or less frequent with time; stretches in which they hardly do."""

import math

import numpy as np
import scipy
from numpy.typing import NDArray

MOST_PARTS = 8
LEAST_IN_PART = 8  # trials
LEAST_OF_CLASS = 5  # trials of the rarest class that a part of the time should have


def trend_p(stratum: NDArray[np.int64], codes: NDArray[np.int64]) -> float:
    """Return the p-value of a test that classes are equally frequent at all times of each stratum.

    Parameters
    ----------
    stratum : array of int, shape (trials,)
        Number of the recording of each trial, trials of each in the order of time.
    codes : array of int, shape (trials,)
        The class of each trial.

    Returns
    -------
    float
        Twice the smaller p of two tests: of the places of each class within the strata (rank test, for a rise or fall),
        and of the frequencies of classes in parts of the time (chi-squared, for any other change).

    Examples
    --------
    >>> rising = np.random.default_rng(0).random(160) < np.linspace(0.2, 0.8, 160)
    >>> trend_p(np.zeros(160, int), rising.astype(int)) < 1e-3
    True
    """
    present, codes, counts = np.unique(codes, return_inverse=True, return_counts=True)
    if len(present) < 2:
        return 1.0
    place = relative_places(stratum)
    n_parts = min(MOST_PARTS, len(codes) // LEAST_IN_PART, int(counts.min()) // LEAST_OF_CLASS)
    of_parts = 1.0
    if n_parts > 1:
        cell = np.floor(place * n_parts).astype(np.int64) * len(present) + codes
        table = np.bincount(cell, minlength=n_parts * len(present)).reshape(n_parts, -1)
        expected = np.outer(table.sum(1), counts) / len(codes)
        statistic = float((np.square(table - expected) / expected).sum())
        of_parts = float(scipy.special.chdtrc((n_parts - 1) * (len(present) - 1), statistic))
    # Of two classes the one falls where the other rises.
    tests = len(present) if len(present) > 2 else 1
    of_ranks = min(_rank_p(stratum, place, codes == code) for code in range(tests)) * tests
    return min(1.0, 2 * min(of_ranks, of_parts))


def relative_places(stratum: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return where each trial stands in its stratum, above 0 and below 1.

    Examples
    --------
    >>> relative_places(np.array([0, 1, 0, 1, 1, 1])).tolist()
    [0.25, 0.125, 0.75, 0.375, 0.625, 0.875]
    """
    return _places_and_sizes(stratum)[0]


def stretches_of_time(stratum: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which part of the time of its stratum each trial is in: eighths, or fewer parts of eight trials or more.

    Examples
    --------
    >>> np.bincount(stretches_of_time(np.zeros(40, int))).tolist()
    [8, 8, 8, 8, 8]
    """
    place, size = _places_and_sizes(stratum)
    n_parts = np.clip(size // LEAST_IN_PART, 1, MOST_PARTS)
    return np.floor(place * n_parts).astype(np.int64)


def _places_and_sizes(stratum: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return where each trial stands in its stratum, and how many trials that has."""
    _, number, counts = np.unique(stratum, return_inverse=True, return_counts=True)
    order = np.argsort(number, kind="stable")
    count = np.empty(len(number), np.int64)
    count[order] = np.arange(len(number)) - np.repeat(np.cumsum(counts) - counts, counts)
    size = counts[number]
    return (count + 0.5) / size, size


def _rank_p(stratum: NDArray[np.int64], place: NDArray[np.float64], members: NDArray[np.bool_]) -> float:
    """Return p, two-sided, of the sum of the places of a class (Wilcoxon's test, stratified)."""
    number = np.unique(stratum, return_inverse=True)[1]
    n, n_members = np.bincount(number), np.bincount(number, members)
    # Places 1/2n, 3/2n ... have the mean 1/2 and the variance (n + 1) / 12 n.
    variance = float((n_members * (n - n_members) / n * (n + 1) / (12 * n)).sum())
    total = float((place[members] - 0.5).sum())
    return math.erfc(abs(total) / math.sqrt(2 * variance)) if variance > 0 else 1.0
