"""Calibration: whether intervals over trials are right."""

from typing import TYPE_CHECKING

import numpy as np

from sincviz.analysis.evidence.halves import trial_halves
from sincviz.benchmark.scores.averages import (
    AttributionsByTarget,
    checked_attributions,
    has_trials,
    weighted_trials,
)
from sincviz.benchmark.scores.grid import cells_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sincviz.benchmark.cases import Case

NORMAL_QUANTILE = 1.96


def calibration(
    case: "Case", attributions: AttributionsByTarget, variant: str, *, n_splits: int = 10, seed: int = 0
) -> float:
    r"""Return in how many cells two halves of the trials agree within their standard errors; 0.95 is right.

    The share of cells with :math:`|m_1 - m_2| \leq 1.96 \sqrt{s_1^2 + s_2^2}`, where ``m`` is the relevance of one half
    of the trials, with every class divided evenly, and ``s`` its standard error, which follows from the variances over
    the trials of each class. Mean over several ways to divide them.

    Halves drawn at random differ as much as the trials do, so any attribution of single trials is near 0.95: an error
    that all of them share does not show. The share is larger where few trials have most of the relevance, because the
    half that has them has their standard error too; there a normal interval is not to be trusted.

    Parameters
    ----------
    case : Case
        Trials and classes.
    attributions : mapping of int to array or tensor, shape ([trials,] channels, times or rfft bins)
        Attributions of all trials to the score of each class.
    variant : {"contrast", "mean", "magnitude"}
        The average.
    n_splits : int
        How often trials are divided.
    seed : int
        Seed of the halves.

    Returns
    -------
    float
        The share; NaN if there are no trials, the attribution is not in the plane in which the truth is known, a half
        has fewer than two trials of a class, or no cell varies.
    """
    arrays = checked_attributions(case, attributions)
    if not has_trials(arrays):
        return float("nan")
    cells = {target: cells_of(case, values) for target, values in _magnitudes(arrays, variant).items()}
    y = case.y.numpy()
    if any(values is None for values in cells.values()) or np.bincount(y).min() < 4:
        return float("nan")
    shares = []
    for split in range(n_splits):
        halves = trial_halves(y, seed=seed + split)
        means, variances = [], []
        for half in (0, 1):
            chosen = np.flatnonzero(halves == half)
            added = weighted_trials(cells, y, variant, chosen)  # type: ignore[arg-type]
            means.append(added.sum(axis=0))
            of_class = [added[y[chosen] == code] for code in np.unique(y)]
            variances.append(sum(len(one) * one.var(axis=0, ddof=1) for one in of_class))
        error = np.sqrt(variances[0] + variances[1])
        # Equal values have a standard error of rounding only.
        varies = error > 1e-12 * np.abs(means).max()
        if varies.any():
            near = np.abs(means[0] - means[1]) <= NORMAL_QUANTILE * error
            shares.append(near[varies].mean())
    return float(np.mean(shares)) if shares else float("nan")


def _magnitudes(arrays: "dict[int, NDArray[np.floating]]", variant: str) -> "dict[int, NDArray[np.floating]]":
    """Return absolute values where the variant is of them: those of a cell are summed, not the other way round."""
    return {target: np.abs(values) for target, values in arrays.items()} if variant == "magnitude" else arrays
