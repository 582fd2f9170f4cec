"""Permutations of single trials: the statistics of every cell when classes, targets or signs mean nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.statistics.intervals import check_targets, codes_of_targets
from sincviz.analysis.statistics.numeric_contrast import is_of_numbers, studentised, target_rows
from sincviz.analysis.statistics.trial_average import checked_trials
from sincviz.analysis.statistics.two_classes import first_minus_second

LEAST_SPREAD = 0.1  # of the most variable cell's: less does not move a score, and is not tested
_AT_ONCE = 2**22  # values of one product
_LEAST_VARIANCE = 1e-6  # of the variance over all trials

Rows = Iterator[tuple[slice, NDArray[np.float64]]]


@dataclass(frozen=True, eq=False)
class PermutedTrials:
    """Single trials, and what each permutation makes of them.

    Attributes
    ----------
    single : xarray.DataArray, dims (trial, target, ...)
        The trials, of two classes the first minus the second.
    tested : array of bool, shape (targets, cells)
        Cells that are finite and vary enough, of targets that have a contrast.
    n_permutations : int
        Number of permutations.
    """

    single: xr.DataArray
    tested: NDArray[np.bool_]
    n_permutations: int
    _scaled: NDArray[np.float64]
    _members: list[NDArray[Any]]
    _rows_of: Callable[[NDArray[Any], NDArray[np.float64]], Rows]

    def statistics(self, target: int) -> Rows:
        """Yield a statistic of every cell, shape (rows, cells), and which rows these are; row 0 is the observed one.

        Of contrasts it is Welch's t (of numeric targets the slope over its standard error), of all trials their mean
        over the standard deviation that they have with their own signs. Cells that are not tested are 0.
        """
        return self._rows_of(self._members[target], self._scaled[:, target])

    def t_values(self, target: int) -> Rows:
        """Yield :meth:`statistics`, of all trials with the standard error that they have with the signs of the row."""
        if self._rows_of is not _means_of_signed:
            yield from self.statistics(target)
            return
        # Signs change no square.
        squares = (self._scaled[:, target] ** 2).mean(0)
        for rows, means in self.statistics(target):
            variances = np.maximum(squares - means**2, _LEAST_VARIANCE) / max(len(self._scaled) - 1, 1)
            yield rows, means / np.sqrt(variances)

    def n_different(self) -> int:
        """Return how many permutations differ, the observed one included."""
        return len(np.unique(np.concatenate(self._members, axis=1), axis=0))


def permuted_trials(
    values: xr.DataArray,
    trials: str,
    permuted_codes: NDArray[np.int64] | None,
    strata: NDArray[np.int64] | None,
    n_permutations: int,
    rng: np.random.Generator,
) -> PermutedTrials:
    """Return single trials with their permutations.

    Parameters
    ----------
    values, trials, permuted_codes, strata, n_permutations
        As for :func:`sincviz.statistics.corrected_p`.
    rng : numpy.random.Generator
        Source of the permutations.

    Raises
    ------
    ValueError
        If the classes are unknown.
    """
    contrast = checked_trials(trials) == "contrast"
    of_numbers = contrast and is_of_numbers(values)
    if of_numbers:
        check_targets(values)
    values = first_minus_second(values) if contrast else values
    n_trials, n_targets = values.shape[:2]
    flat = values.to_numpy().reshape(n_trials, n_targets, -1).astype(float)
    if contrast:
        flat = flat - _means(flat, np.zeros(n_trials, int) if strata is None else strata)
    # The spread over all trials does not depend on the classes, so leaving cells out by it keeps the probabilities.
    finite = np.isfinite(flat).all(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        # The same for every permutation, so any constant will do; this one makes cells alike.
        scaled = flat / flat.std(0)
        spread = np.where(finite, flat.std(0), 0.0).max(0)
    varies = (spread > 0) & (spread >= LEAST_SPREAD * spread.max(initial=0.0))
    scaled = np.where(np.isfinite(scaled) & varies, scaled, 0.0)
    tested = finite & varies
    members: list[NDArray[Any]]
    rows_of: Callable[[NDArray[Any], NDArray[np.float64]], Rows]
    if contrast:
        codes = np.arange(n_trials) if of_numbers else codes_of_targets(values)
        if permuted_codes is None:
            permuted_codes = _exchanged(codes, strata, n_permutations, rng)
        if of_numbers:
            members, rows_of = target_rows(values, permuted_codes, strata), studentised
        else:
            members = [np.vstack([codes, permuted_codes]) == number for number in range(n_targets)]
            rows_of = _welch
            present = np.isin(np.arange(n_targets), codes) & (len(np.unique(codes)) > 1)
            tested &= present[:, None]
    else:
        signs = np.vstack([np.ones(n_trials), rng.choice([-1.0, 1.0], (n_permutations, n_trials))])
        members, rows_of = [signs] * n_targets, _means_of_signed
    return PermutedTrials(values, tested, len(members[0]) - 1, scaled, members, rows_of)


def share_as_large(largest: NDArray[np.float64], observed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of permutations, the observed one included, whose largest is at least what was observed.

    Examples
    --------
    >>> share_as_large(np.array([1.0, 2.0, 3.0]), np.array([2.0, 5.0])).tolist()
    [0.75, 0.25]
    """
    # The last digits of a sum depend on its order.
    reached = np.sort(largest * (1 + 1e-9))
    as_large = len(reached) - np.searchsorted(reached, observed, side="left")
    return np.asarray((1 + as_large) / (1 + len(reached)))


def _exchanged(
    codes: NDArray[np.int64],
    strata: NDArray[np.int64] | None,
    n_permutations: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return the codes in random orders, shape (permutations, trials), exchanged within strata."""
    if strata is None:
        return rng.permuted(np.tile(codes, (n_permutations, 1)), axis=1)
    number = np.unique(strata, return_inverse=True)[1].ravel()
    orders = np.argsort(number + rng.random((n_permutations, len(codes))), axis=1)
    exchanged = np.empty_like(orders)
    exchanged[:, np.argsort(number, kind="stable")] = codes[orders]
    return exchanged


def _means(values: NDArray[np.float64], strata: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return for every trial the mean of its stratum."""
    _, numbers = np.unique(strata, return_inverse=True)
    counts = np.bincount(numbers)
    members = (numbers == np.arange(len(counts))[:, None]) / counts[:, None]
    means: NDArray[np.float64] = np.tensordot(members, values, 1)[numbers]
    return means


def _welch(members: NDArray[Any], values: NDArray[np.float64]) -> Rows:
    """Yield the difference of means over its standard error, shape (rows, cells), for every row of members."""
    n_own = members.sum(1, keepdims=True).astype(float)
    n_rest = members.shape[1] - n_own
    sums, squares = values.sum(0), (values**2).sum(0)
    for rows in _blocks(members, values):
        of_row = members[rows].astype(float)
        one, of_one = of_row @ values, of_row @ values**2
        variances = 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            difference = one / n_own[rows] - (sums - one) / n_rest[rows]
            for total, square, n in (
                (one, of_one, n_own[rows]),
                (sums - one, squares - of_one, n_rest[rows]),
            ):
                # A single trial has no variance: use that of all trials, which is 1.
                spread = np.where(n > 1, (square - total**2 / n) / np.maximum(n - 1, 1), 1.0)
                variances = variances + np.maximum(spread, _LEAST_VARIANCE) / n
            yield rows, np.nan_to_num(difference / np.sqrt(variances))


def _means_of_signed(members: NDArray[Any], values: NDArray[np.float64]) -> Rows:
    """Yield the mean over trials, shape (rows, cells), for every row of members."""
    for rows in _blocks(members, values):
        yield rows, members[rows] @ values / len(values)


def _blocks(members: NDArray[Any], values: NDArray[np.float64]) -> Iterator[slice]:
    step = max(2, _AT_ONCE // max(1, values.shape[1]))
    for start in range(0, len(members), step):
        yield slice(start, min(start + step, len(members)))
