"""Jackknife: intervals of what is computed from all trials at once, by leaving out groups of trials, one by one."""

import numpy as np
import scipy
from numpy.typing import NDArray

N_GROUPS = 10
FEWEST_GROUPS = 4
LEVEL = 0.95


def trial_groups(codes: NDArray[np.int64], n_groups: int = N_GROUPS) -> NDArray[np.int64]:
    """Return to which group each trial belongs: consecutive trials of its class, at least two in each group.

    Examples
    --------
    >>> trial_groups(np.array([0, 1] * 6), 3).tolist()
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
    """
    counts = np.bincount(codes)
    n_groups = max(1, min(n_groups, int(counts[counts > 0].min()) // 2))
    groups = np.zeros(len(codes), np.int64)
    for code in np.flatnonzero(counts):
        groups[codes == code] = np.arange(counts[code]) * n_groups // counts[code]
    return groups


def jackknife_intervals(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % intervals of the first row, which is of all trials; every other one lacks a group.

    With :math:`g` groups the variance is :math:`(g - 1)` times that of the rows without a group, and the quantiles are
    those of Student's t with :math:`g - 1` degrees of freedom [1]_. NaN where there are fewer than four groups.

    References
    ----------
    .. [1] Shao, J., and Tu, D. (1995). The jackknife and bootstrap. Springer (delete-d jackknife of groups).

    Examples
    --------
    >>> low, high = jackknife_intervals(np.array([[2.0], [1.9], [2.1], [1.9], [2.1]]))
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([1.45], [2.55])
    """
    first, without = values[0], values[1:]
    n_groups = len(without)
    if n_groups < FEWEST_GROUPS:
        return np.full(first.shape, np.nan), np.full(first.shape, np.nan)
    error = np.sqrt((n_groups - 1) * np.var(without, axis=0))
    half = error * scipy.stats.t.ppf((1 + LEVEL) / 2, n_groups - 1)
    return first - half, first + half
