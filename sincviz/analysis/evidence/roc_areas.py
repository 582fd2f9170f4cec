"""ROC areas: how well single numbers tell two classes, for many cells and permutations at once."""

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def roc_areas(values: Floats, members: Bools, folds: NDArray[np.int64] | None = None) -> Floats:
    """Return the area under the ROC curve for telling the members by larger values.

    Parameters
    ----------
    values : array, shape (..., trials)
        One number per trial.
    members : array of bool, shape (permutations, trials)
        Which trials are in the class.
    folds : array of int, shape (trials,) | None
        Only trials of the same fold are compared with each other.

    Returns
    -------
    array, shape (..., permutations)
        0.5 is chance; NaN where nothing can be compared.

    Examples
    --------
    >>> roc_areas(np.array([1.0, 2.0, 3.0, 4.0]), np.array([[False, True, False, True]])).tolist()
    [0.75]
    """
    larger, pairs = 0.0, 0.0
    for fold in _parts(folds, values.shape[-1]):
        here = members[:, fold].astype(float)
        n_own, n_rest = here.sum(1), (1 - here).sum(1)
        ranks = scipy.stats.rankdata(values[..., fold], axis=-1)
        larger = larger + ranks @ here.T - n_own * (n_own + 1) / 2
        pairs = pairs + n_own * n_rest
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(larger / pairs)


def area_intervals(
    values: Floats,
    members: Bools,
    level: float,
    folds: NDArray[np.int64] | None = None,
    widening: float = 1.0,
) -> tuple[Floats, Floats]:
    """Return confidence intervals of :func:`roc_areas` of one row of members, shape (...).

    The variance is that of the shares of the other class that each trial exceeds [1]_; the intervals are ``widening``
    times as wide, for trials that are not independent.

    References
    ----------
    .. [1] DeLong, E. R., DeLong, D. M., & Clarke-Pearson, D. L. (1988). Comparing the areas under two or more
       correlated receiver operating characteristic curves. Biometrics, 44, 837-845.

    Examples
    --------
    >>> values = np.random.default_rng(0).standard_normal(100)
    >>> low, high = area_intervals(values, np.arange(100) < 50, 0.95)
    >>> bool(low < 0.5 < high)
    True
    """
    exceeded = np.full(values.shape, np.nan)
    for fold in _parts(folds, values.shape[-1]):
        of_fold, here = values[..., fold], members[fold]
        ranks = scipy.stats.rankdata(of_fold, axis=-1)
        placed = np.full(of_fold.shape, np.nan)
        for own in (here, ~here):
            if own.any() and not own.all():
                among = scipy.stats.rankdata(of_fold[..., own], axis=-1)
                placed[..., own] = (ranks[..., own] - among) / (~own).sum()
        exceeded[..., fold] = placed
    area = roc_areas(values, members[None], folds)[..., 0]
    variance = 0.0
    for own in (members, ~members):
        count = np.isfinite(exceeded[..., own]).sum(-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.nansum(exceeded[..., own], -1) / count
            squares = np.nansum((exceeded[..., own] - mean[..., None]) ** 2, -1)
            variance = variance + squares / (count - 1) / count
    half = widening * scipy.stats.t.ppf((1 + level) / 2, max(len(members) - 2, 1)) * np.sqrt(variance)
    return np.clip(area - half, 0, 1), np.clip(area + half, 0, 1)


def _parts(folds: NDArray[np.int64] | None, n_trials: int) -> list[NDArray[np.intp]]:
    if folds is None:
        return [np.arange(n_trials)]
    return [np.flatnonzero(folds == fold) for fold in np.unique(folds)]
