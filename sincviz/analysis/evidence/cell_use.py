"""Cell use: whether a network uses a cell, such as a band of a channel, by its relevance in single trials."""

import numpy as np
import scipy
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.statistics.established import ALPHA
from sincviz.analysis.statistics.intervals import LEVEL
from sincviz.eeg.role_words import NO, NOT_SHOWN, YES

USED_SHARE = 0.1
"""A cell that moves the score by less than this part of what the strongest cell does is not called used for that."""

UNUSED_SHARE = 0.02
"""A cell is not used if it moves the score, and adds to its contrast, by less than this part of the strongest cell."""


def spreads(single: NDArray[np.floating], members: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how far each cell moves the score within the class and the others.

    Parameters
    ----------
    single : array, shape (trials, targets, ...)
        Relevance of every trial.
    members : array of bool, shape (targets, trials)
        The trials of each target's class.

    Returns
    -------
    array, shape (3, targets, ...)
        Standard deviation with a 95 % interval; NaN of fewer than four trials.

    Examples
    --------
    >>> single = np.random.default_rng(0).standard_normal((400, 1))
    >>> spread, low, high = spreads(single, np.arange(400)[None] < 200)
    >>> bool(low[0] < 1 < high[0])
    True
    """
    spread = np.full((3, *single.shape[1:]), np.nan)
    n_trials = len(single)
    if n_trials < 4:
        return spread
    for target, own in enumerate(members):
        squares = np.empty(single[:, target].shape)
        for which in (own, ~own):
            if which.any():
                squares[which] = (single[which, target] - single[which, target].mean(0)) ** 2
        mean = squares.sum(0) / (n_trials - 2)
        half = scipy.stats.t.ppf((1 + LEVEL) / 2, n_trials - 2) * squares.std(0) / np.sqrt(n_trials)
        spread[:, target] = np.sqrt(np.maximum([mean, mean - half, mean + half], 0.0))
    return spread


def used_words(
    average: xr.DataArray, p: NDArray[np.float64], spread: NDArray[np.float64]
) -> NDArray[np.str_]:
    """Return whether the network uses each cell.

    Parameters
    ----------
    average : xarray.DataArray, dims (target, ...)
        Contrast of the relevance, with intervals.
    p : array, shape (targets, ...)
        Corrected p-values.
    spread : array, shape (3, targets, ...)
        What :func:`spreads` returned.

    Returns
    -------
    array of str, shape (targets, ...)
        "yes", "no" or "not shown".
    """
    cells = tuple(range(1, p.ndim))
    established = p < ALPHA
    any_established = established.any(cells, keepdims=True)
    size = np.abs(average.to_numpy())
    reach = np.fmax(np.abs(average["ci_low"].to_numpy()), np.abs(average["ci_high"].to_numpy()))
    with np.errstate(invalid="ignore"):
        largest, widest = (np.nanmax(of, axis=cells, keepdims=True, initial=0.0) for of in (size, spread[0]))
        moves = spread[1] >= USED_SHARE * widest
        still = (spread[2] <= UNUSED_SHARE * widest) & (reach <= UNUSED_SHARE * largest) & (widest > 0)
    return np.where(established | (any_established & moves), YES, np.where(still, NO, NOT_SHOWN))
