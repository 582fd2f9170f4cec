"""Scores of one attribution that need nothing but the known truth."""

from typing import TYPE_CHECKING

import numpy as np

from sincviz.benchmark.scores.averages import AttributionsByTarget, checked_attributions, relevance_of
from sincviz.benchmark.scores.grid import FREQUENCY, TIME, cells_of, channels_of, true_cells_of
from sincviz.benchmark.scores.localisation import error_hz, error_ms
from sincviz.benchmark.scores.recovery import average_precision, best_rank, mass, rank_accuracy, roc_area
from sincviz.benchmark.scores.suppressors import suppressor_cells, suppressor_shares

if TYPE_CHECKING:
    from sincviz.benchmark.cases import Case

TRUTH_SCORES = (
    "cells_area",
    "average_precision",
    "mass",
    "best_rank",
    "rank_accuracy",
    "channels_area",
    "error_hz",
    "error_ms",
    "suppressor_share",
    "suppressor_share_positive",
)


def scores_of(case: "Case", attributions: AttributionsByTarget, variant: str) -> dict[str, float]:
    """Return how well the attributions of one case agree with its truth.

    Parameters
    ----------
    case : Case
        Network, trials and truth.
    attributions : mapping of int to array or tensor, shape ([trials,] channels, times or rfft bins)
        AttributionsByTarget of all trials to the score of each class.
    variant : {"contrast", "mean", "magnitude", "as returned"}
        The average, see :func:`sincviz.benchmark.scores.averages.relevance_of`.

    Returns
    -------
    dict of str to float
        With the keys ``TRUTH_SCORES``. NaN where a score does not apply: all but ``channels_area`` if the attribution
        is not in the plane in which the truth is known, ``error_hz`` in time and ``error_ms`` in frequency, shares of
        suppressors where there are none.

    Raises
    ------
    ValueError
        If the attributions do not fit the case, are not finite, or do not have the variant.
    """
    relevance = relevance_of(checked_attributions(case, attributions), case.y.numpy(), variant)
    true = true_cells_of(case)
    scores = dict.fromkeys(TRUTH_SCORES, float("nan"))
    scores["channels_area"] = roc_area(channels_of(case, relevance), np.asarray(true.any(axis=1)))
    cells = cells_of(case, relevance)
    if cells is None:
        return scores
    scores["cells_area"] = roc_area(cells, true)
    scores["average_precision"] = average_precision(cells, true)
    scores["mass"] = mass(cells, true)
    scores["best_rank"] = best_rank(cells, true)
    scores["rank_accuracy"] = rank_accuracy(cells, true)
    scores["error_hz"] = error_hz(case, relevance) if case.domain == FREQUENCY else float("nan")
    scores["error_ms"] = error_ms(case, relevance) if case.domain == TIME else float("nan")
    shares = suppressor_shares(cells, suppressor_cells(case))
    scores["suppressor_share"], scores["suppressor_share_positive"] = shares
    return scores
