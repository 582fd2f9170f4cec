"""Completeness: whether attributions add up to the change of the score."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from sincviz.benchmark.scores.averages import AttributionsByTarget, checked_attributions, has_trials

if TYPE_CHECKING:
    from sincviz.benchmark.cases import Case


def completeness_error(case: "Case", attributions: AttributionsByTarget) -> float:
    r"""Return how much of the change of the score from a trial of zeros is missed; 0 is complete.

    .. math:: \frac{\sum_i |\sum_j A_{ij} - (s(x_i) - s(0))|}{\sum_i |s(x_i) - s(0)|}

    over trials ``i``, for each target; the largest of them, as ``attrs["completeness_error"]`` of
    :func:`sincviz.spectral_relevance`. It says something only of methods whose values are shares of the score.

    Parameters
    ----------
    case : Case
        Network and trials.
    attributions : mapping of int to array or tensor, shape ([trials,] channels, times or rfft bins)
        Attributions of all trials to the score of each class; all bins count.

    Returns
    -------
    float
        The error; NaN if there are no trials, or a score does not change.
    """
    arrays = checked_attributions(case, attributions)
    if not has_trials(arrays):
        return float("nan")
    with torch.no_grad():
        change = (case.model(case.x) - case.model(torch.zeros_like(case.x[:1]))).double().numpy()
    errors = []
    for target, values in arrays.items():
        missed = values.sum(axis=(1, 2), dtype=float) - change[:, target]
        total = np.abs(change[:, target]).sum()
        errors.append(np.abs(missed).sum() / total if total > 0 else np.nan)
    return float(np.max(errors))
