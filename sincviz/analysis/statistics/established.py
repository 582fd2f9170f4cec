"""Corrected p-values: which cells of a relevance are established, by the largest cell of permuted trials."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.checks import checked_seed, positive_int
from sincviz._utils.progress import followed, shows_progress
from sincviz.analysis.statistics.intervals import check_targets, codes_of_targets
from sincviz.analysis.statistics.numeric_contrast import is_of_numbers, studentised, target_rows
from sincviz.analysis.statistics.trial_average import checked_trials
from sincviz.analysis.statistics.two_classes import first_minus_second

ALPHA = 0.05
N_PERMUTATIONS = 2000
LEAST_SPREAD = 0.1  # of the most variable cell's: less does not move a score, and is not tested
_AT_ONCE = 2**22  # values of one product
_LEAST_VARIANCE = 1e-6  # of the variance over all trials


@shows_progress
def corrected_p(
    values: xr.DataArray,
    *,
    trials: str = "all",
    permuted_codes: NDArray[np.int64] | None = None,
    strata: NDArray[np.int64] | None = None,
    n_permutations: int = N_PERMUTATIONS,
    seed: int = 0,
    progress: bool = True,
) -> xr.DataArray:
    """Return p-values of all cells, corrected for their number by permutation.

    The contrast of every cell between the trials of a class and the others, over its standard error (Welch's), is
    compared with the largest of all cells when the classes are permuted over the trials [1]_ [2]_ (of numeric targets:
    the slope over its standard error, when the targets are); the mean over all
    trials (``trials="all"``) with the largest when the signs of trials are drawn at random. So the probability of one
    or more cells below 0.05 is 5 % if no mean differs, however many cells there are and however correlated, and, with
    about ten trials in the smaller class, also if the classes have unequal variances.

    Parameters
    ----------
    values : xarray.DataArray, dims (trial, target, ...)
        One value per trial, such as ``relevance(..., per_trial=True)``; for the contrast with the coordinate
        ``class_name``.
    trials : {"all", "contrast"}
        As for :func:`sincviz.statistics.bootstrap_intervals`.
    permuted_codes : array of int, shape (permutations, trials) | None
        Classes of the trials in every permutation, if not all trials are exchangeable; of numeric targets the number of
        the trial whose target each gets; ``None`` exchanges all.
    strata : array of int, shape (trials,) | None
        Strata within which trials are exchanged, such as subjects and runs; differences between them are removed.
    n_permutations : int
        Number of permutations if none are given.
    seed : int
        Seed of the permutations.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.DataArray, dims (target, ...)
        Two-sided p-values. NaN (not established) where a value is not finite, a class has no contrast, or the standard
        deviation over all trials is less than a tenth of that of the most variable cell.

    Raises
    ------
    ValueError
        If the classes are unknown, or a setting is out of range.

    References
    ----------
    .. [1] Westfall, P. H., & Young, S. S. (1993). Resampling-based multiple testing. Wiley.
    .. [2] Janssen, A. (1997). Studentized permutation tests for non-i.i.d. hypotheses and the generalized
       Behrens-Fisher problem. Statistics & Probability Letters, 36, 9-21.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> names = ["a", "b"] * 20
    >>> values = xr.DataArray(rng.standard_normal((40, 2, 30)), {"class_name": ("trial", names), "target": ["a", "b"]},
    ...                       ("trial", "target", "cell"))
    >>> values[::2, 0, 3] += 3  # larger for the first class in its members trials
    >>> p = corrected_p(values, trials="contrast")
    >>> np.argwhere(p.values < 0.05).tolist()
    [[0, 3]]
    """
    n_permutations = positive_int("n_permutations", n_permutations)
    contrast = checked_trials(trials) == "contrast"
    of_numbers = contrast and is_of_numbers(values)
    if of_numbers:
        check_targets(values)
    values = first_minus_second(values) if contrast else values
    n_trials, n_targets = values.shape[:2]
    flat = values.to_numpy().reshape(n_trials, n_targets, -1).astype(float)
    if contrast:
        flat = flat - _means(flat, np.zeros(n_trials, int) if strata is None else strata)
    with np.errstate(invalid="ignore", divide="ignore"):
        # The same for every permutation, so any constant will do; this one makes cells alike.
        scaled = flat / flat.std(0)
    # The spread over all trials does not depend on the classes, so leaving cells out by it keeps the probabilities.
    spread = np.where(np.isfinite(flat).all(0), flat.std(0), 0.0).max(0)
    tested = (spread > 0) & (spread >= LEAST_SPREAD * spread.max())
    scaled = np.where(np.isfinite(scaled) & tested, scaled, 0.0)
    rng = np.random.default_rng(checked_seed(seed))
    members: list[NDArray[Any]]
    rows_of: Callable[[NDArray[Any], NDArray[np.float64]], Iterator[tuple[slice, NDArray[np.float64]]]]
    if contrast:
        codes = np.arange(n_trials) if of_numbers else codes_of_targets(values)
        if permuted_codes is None:
            permuted_codes = rng.permuted(np.tile(codes, (n_permutations, 1)), axis=1)
        if of_numbers:
            members, rows_of = target_rows(values, permuted_codes, strata), studentised
        else:
            members = [np.vstack([codes, permuted_codes]) == number for number in range(n_targets)]
            rows_of = _welch
    else:
        signs = np.vstack([np.ones(n_trials), rng.choice([-1.0, 1.0], (n_permutations, n_trials))])
        members, rows_of = [signs] * n_targets, _means_of_signed
    observed = np.empty(flat.shape[1:])
    largest = np.zeros(len(members[0]) - 1)
    for number in followed(range(n_targets), "Permuting", "class"):
        for rows, statistic in rows_of(members[number], scaled[:, number]):
            size = np.abs(statistic)
            if rows.start == 0:
                observed[number], size, rows = size[0], size[1:], slice(1, rows.stop)
            here = slice(rows.start - 1, rows.stop - 1)
            largest[here] = np.maximum(largest[here], size.max(1, initial=0.0))
    # The last digits of a sum depend on its order.
    reached = np.sort(largest * (1 + 1e-9))
    as_large = len(reached) - np.searchsorted(reached, observed, side="left")
    p = (1 + as_large) / (1 + len(reached))
    p[~np.isfinite(flat).all(0) | ~tested] = np.nan
    if contrast and not of_numbers:
        present = np.isin(np.arange(n_targets), codes) & (len(np.unique(codes)) > 1)
        p[~present] = np.nan
    kept = {name: coord for name, coord in values.coords.items() if "trial" not in coord.dims}
    attrs = {"corrected_for": "number of cells (largest of permuted trials)", "n_permutations": len(reached)}
    return xr.DataArray(p.reshape(values.shape[1:]), kept, values.dims[1:], "p", attrs)


def _means(values: NDArray[np.float64], strata: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return for every trial the mean of its stratum."""
    _, numbers = np.unique(strata, return_inverse=True)
    counts = np.bincount(numbers)
    members = (numbers == np.arange(len(counts))[:, None]) / counts[:, None]
    means: NDArray[np.float64] = np.tensordot(members, values, 1)[numbers]
    return means


def _welch(members: NDArray[Any], values: NDArray[np.float64]) -> Iterator[tuple[slice, NDArray[np.float64]]]:
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


def _means_of_signed(
    members: NDArray[Any], values: NDArray[np.float64]
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield the mean over trials, shape (rows, cells), for every row of members."""
    for rows in _blocks(members, values):
        yield rows, members[rows] @ values / len(values)


def _blocks(members: NDArray[Any], values: NDArray[np.float64]) -> Iterator[slice]:
    step = max(2, _AT_ONCE // max(1, values.shape[1]))
    for start in range(0, len(members), step):
        yield slice(start, min(start + step, len(members)))
