"""Bootstrap intervals over trials."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.checks import check_share, checked_seed, positive_int
from sincviz._utils.progress import followed, shows_progress
from sincviz.analysis.statistics.numeric_contrast import TARGET_VALUE, contributions, is_of_numbers
from sincviz.analysis.statistics.trial_average import checked_trials, trial_weights
from sincviz.analysis.statistics.two_classes import FIRST, SECOND, first_minus_second

LEVEL = 0.95
N_RESAMPLES = 1000
_CELLS_AT_ONCE = 4096


@shows_progress
def bootstrap_intervals(
    values: xr.DataArray,
    *,
    trials: str = "all",
    level: float = LEVEL,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    progress: bool = True,
) -> xr.DataArray:
    """Average single trials, with a bootstrap confidence interval for every cell.

    Trials are drawn with replacement (for the contrast within each class); percentiles are widened for small numbers
    of trials [1]_. Below about ten trials per class the coverage is still slightly too low.

    Parameters
    ----------
    values : xarray.DataArray, dims (trial, target, ...)
        One value per trial, such as ``relevance(..., per_trial=True)``, grouped or not. For the contrast its ``trial``
        must have the coordinate ``class_name``, or of numeric targets ``target_value``, dims (trial, target).
    trials : {"all", "contrast"}
        The mean over all trials, or the mean over the trials of the class minus the mean over the others; of two
        classes one contrast, that of their difference, first minus second. Of numeric targets the mean of the values
        times the standardised target.
    level : float
        Coverage of the intervals, between 0 and 1.
    n_resamples : int
        Number of bootstrap resamples.
    seed : int
        Seed of the draws.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.DataArray, dims (target, ...)
        Averages; the coordinates ``ci_low`` and ``ci_high``, of the same dimensions, are the intervals, NaN if
        there is only one trial.

    Raises
    ------
    ValueError
        If there is no dimension ``trial`` or ``target``, the classes are unknown, or a setting is out of range.

    References
    ----------
    .. [1] Hesterberg, T. C. (2015). What teachers should know about the bootstrap. The American Statistician, 69,
       371-386 (expanded percentile interval).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = xr.DataArray(rng.standard_normal((50, 1)) + 3, dims=("trial", "target"), coords={"target": ["a"]})
    >>> average = bootstrap_intervals(values)
    >>> bool(average.ci_low < average < average.ci_high)
    True
    """
    check_single_trials(values)
    check_share("level", level, LEVEL)
    n_resamples, seed = positive_int("n_resamples", n_resamples), checked_seed(seed)
    weighted = weighted_trials(values, trials)
    values, weights = weighted.single, weighted.weights
    n_trials, n_classes = values.shape[:2]
    counts = resampled_counts(weighted.strata, n_resamples, seed)
    flat = weighted.terms.to_numpy().reshape(n_trials, n_classes, -1)
    results = np.empty((3, n_classes, flat.shape[2]))
    for number in followed(range(n_classes), "Resampling", "class"):
        results[0, number] = weights[number] @ flat[:, number]
        results[1:, number] = _percentiles(
            counts * weights[number], flat[:, number], level, weighted.smallest(number)
        )
    dims = values.dims[1:]
    average, low, high = results.reshape(3, *values.shape[1:])
    kept = {name: coord for name, coord in values.coords.items() if "trial" not in coord.dims}
    attrs = values.attrs | {
        "trials": trials,
        "interval": f"{level:.0%} bootstrap over trials",
        "n_resamples": n_resamples,
    }
    return xr.DataArray(average, kept, dims, values.name, attrs).assign_coords(
        ci_low=(dims, low), ci_high=(dims, high)
    )


@dataclass(frozen=True, eq=False)
class WeightedTrials:
    """Single trials with what each weighs in the average of every target.

    Attributes
    ----------
    single : xarray.DataArray, dims (trial, target, ...)
        The trials, of two classes the first minus the second.
    terms : xarray.DataArray, dims (trial, target, ...)
        What is averaged: the same, of numeric targets what each trial contributes.
    weights : array, shape (targets, trials)
        Weights of the trials.
    strata : array of int, shape (trials,)
        Trials that are resampled together: the class of each.
    """

    single: xr.DataArray
    terms: xr.DataArray
    weights: NDArray[np.float64]
    strata: NDArray[np.int64]

    def smallest(self, target: int) -> int:
        """Return the number of trials of the smaller of the two groups that are compared."""
        members = self.weights[target] > 0
        return len(members) if members.all() else int(min(members.sum(), (~members).sum()))


def weighted_trials(values: xr.DataArray, trials: str) -> WeightedTrials:
    """Return single trials, dims (trial, target, ...), with their weights in the average ``trials``.

    Raises
    ------
    ValueError
        If the classes are unknown.
    """
    codes, terms = None, values
    if checked_trials(trials) == "contrast" and is_of_numbers(values):
        check_targets(values)
        terms = contributions(values)
    elif trials == "contrast":
        values = terms = first_minus_second(values)
        codes = codes_of_targets(values)
    n_trials, n_classes = values.shape[:2]
    n_compared = 2 if FIRST in values.coords else n_classes
    weights = trial_weights(trials if codes is not None else "all", n_trials, n_compared, codes)[:n_classes]
    strata = np.zeros(n_trials, int) if codes is None else np.unique(codes, return_inverse=True)[1]
    return WeightedTrials(values, terms, weights, strata)


def check_targets(values: xr.DataArray) -> None:
    """Raise an error if the numeric targets of single trials are not known.

    Raises
    ------
    ValueError
        If the coordinate is missing.
    """
    if TARGET_VALUE not in values.coords:
        raise ValueError(
            f"The contrast needs the targets of every trial: the coordinate `{TARGET_VALUE}`. Compute the values with "
            "`y` and `per_trial=True`."
        )


def codes_of_targets(values: xr.DataArray) -> NDArray[np.int64]:
    """Return the number of the target that each trial belongs to, -1 for none; of two classes as one 0 and 1."""
    if "class_name" not in values.coords:
        raise ValueError(
            "The contrast needs the class of every trial: the coordinate `class_name`. Compute the values with `y` (or "
            "epochs) and `per_trial=True`."
        )
    targets = [values[FIRST], values[SECOND]] if FIRST in values.coords else [values["target"]]
    names = [str(name) for target in targets for name in target.to_numpy()]
    return np.array(
        [names.index(name) if name in names else -1 for name in values["class_name"].to_numpy().astype(str)]
    )


def mean_intervals(
    values: NDArray[np.floating], *, level: float = LEVEL, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the confidence interval of the mean over the first axis, for every column.

    Examples
    --------
    >>> low, high = mean_intervals(np.array([[1.0], [2.0], [3.0]] * 20))
    >>> bool(low[0] < 2 < high[0])
    True
    """
    n_trials = len(values)
    counts = resampled_counts(np.zeros(n_trials, int), n_resamples, seed)
    low, high = _percentiles(counts / n_trials, values.reshape(n_trials, -1), level, n_trials)
    return low.reshape(values.shape[1:]), high.reshape(values.shape[1:])


def resampled_counts(strata: NDArray[np.int64], n_resamples: int, seed: int) -> NDArray[np.float64]:
    """Return how often each trial was drawn, shape (resamples, trials); strata keep their size."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((n_resamples, len(strata)))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        counts[:, members] = rng.multinomial(
            len(members), np.full(len(members), 1 / len(members)), n_resamples
        )
    return counts


def share_outside(level: float, n_trials: int) -> float:
    """Return the share of resamples below (and above) an interval, less than nominal for few trials.

    Examples
    --------
    >>> round(share_outside(0.95, 10), 4), round(share_outside(0.95, 1000), 4)
    (0.0086, 0.0248)
    """
    student = scipy.stats.t.ppf((1 - level) / 2, n_trials - 1)
    return float(scipy.stats.norm.cdf(student * np.sqrt(n_trials / (n_trials - 1))))


def check_single_trials(values: xr.DataArray) -> None:
    """Raise an error if values are not of single trials.

    Raises
    ------
    ValueError
        If their first dimensions are not trial and target.
    """
    if values.dims[:2] != ("trial", "target"):
        raise ValueError(
            f"`values` must have the dimensions (trial, target, ...); got {values.dims}. Compute them "
            "with `per_trial=True`."
        )


def _percentiles(
    weights: NDArray[np.float64], values: NDArray[np.floating], level: float, n_trials: int
) -> NDArray[np.float64]:
    """Return low and high end, shape (2, cells), of weighted sums over trials."""
    if n_trials < 2:
        return np.full((2, values.shape[1]), np.nan)
    tail = share_outside(level, n_trials)
    return np.concatenate(
        [np.quantile(weights @ block, [tail, 1 - tail], axis=0) for block in _blocks(values)], axis=1
    )


def _blocks(values: NDArray[np.floating]) -> Iterator[NDArray[np.floating]]:
    for start in range(0, values.shape[1], _CELLS_AT_ONCE):
        yield values[:, start : start + _CELLS_AT_ONCE].astype(np.float64)
