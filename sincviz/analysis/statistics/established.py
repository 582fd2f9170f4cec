"""Corrected p-values: which cells of a relevance are established, by the largest cell of permuted trials."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.checks import checked_seed, positive_int
from sincviz._utils.progress import followed, shows_progress
from sincviz.analysis.statistics.trial_permutations import LEAST_SPREAD, permuted_trials, share_as_large

__all__ = ["ALPHA", "LEAST_SPREAD", "N_PERMUTATIONS", "corrected_p"]

ALPHA = 0.05
N_PERMUTATIONS = 2000


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
        Strata within which trials are exchanged, such as subjects and runs; differences between them are removed. With
        ``trials="all"`` nothing is exchanged, and they are not used.
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
    rng = np.random.default_rng(checked_seed(seed))
    permuted = permuted_trials(values, trials, permuted_codes, strata, n_permutations, rng)
    values = permuted.single
    observed = np.empty(permuted.tested.shape)
    largest = np.zeros(permuted.n_permutations)
    for number in followed(range(len(observed)), "Permuting", "class"):
        for rows, statistic in permuted.statistics(number):
            size = np.abs(statistic)
            if rows.start == 0:
                observed[number], size, rows = size[0], size[1:], slice(1, rows.stop)
            here = slice(rows.start - 1, rows.stop - 1)
            largest[here] = np.maximum(largest[here], size.max(1, initial=0.0))
    p = np.where(permuted.tested, share_as_large(largest, observed), np.nan)
    kept = {name: coord for name, coord in values.coords.items() if "trial" not in coord.dims}
    attrs = {"corrected_for": "number of cells (largest of permuted trials)", "n_permutations": len(largest)}
    return xr.DataArray(p.reshape(values.shape[1:]), kept, values.dims[1:], "p", attrs)
