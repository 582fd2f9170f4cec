"""Randomisation: how similar an attribution is to that of networks which have learned nothing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sincviz._utils.checks import checked_seed, positive_int
from sincviz.analysis.evidence.random_networks import (
    changeable_copy,
    layers_with_weights,
    with_random_layers,
)
from sincviz.analysis.statistics.ranks import spearman
from sincviz.benchmark.scores.averages import AttributionsByTarget, checked_attributions, relevance_of
from sincviz.benchmark.scores.grid import cells_of, channels_of
from sincviz.benchmark.scores.sensitivity import Attribute

if TYPE_CHECKING:
    from sincviz.benchmark.cases import Case

RANDOMISATION_SCORES = ("randomisation_spearman", "randomisation_pearson")


def randomisation(
    method: Attribute,
    case: "Case",
    attributions: AttributionsByTarget,
    variants: Sequence[str],
    *,
    n_draws: int = 2,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Return how similar the relevance is to that of networks in which all layers were drawn anew [1]_.

    An attribution that is the same for every network shows the trials, not the network. Some similarity is due:
    cells without power have little relevance in any network.

    Parameters
    ----------
    method : callable
        Takes network, trials and target; it is called once for each draw and class.
    case : Case
        Network and trials.
    attributions : mapping of int to array or tensor, shape ([trials,] channels, times or rfft bins)
        What the method returned for the trained network.
    variants : sequence of {"contrast", "mean", "magnitude", "as returned"}
        The averages to compare.
    n_draws : int
        Random networks.
    seed : int
        Seed of the networks.

    Returns
    -------
    dict of str to dict of str to float
        For each variant ``"randomisation_spearman"`` and ``"randomisation_pearson"``: correlations of the magnitudes of
        cells (of channels, if the attribution is not in the plane in which the truth is known), mean over draws. NaN
        where one of them is constant in every draw.

    References
    ----------
    .. [1] Adebayo, Gilmer, Muelly, Goodfellow, Hardt & Kim (2018), Sanity checks for saliency maps, Advances in Neural
       Information Processing Systems 31.
    """
    seed, n_draws = checked_seed(seed), positive_int("n_draws", n_draws)
    inner = changeable_copy(case.model)
    layers = layers_with_weights(inner, case.x)
    found: dict[str, list[tuple[float, float]]] = {variant: [] for variant in variants}
    for draw in range(n_draws):
        network = with_random_layers(inner, layers, case.x, seed + draw)
        returned = {target: method(network, case.x.clone(), target) for target in attributions}
        for variant in variants:
            trained, drawn = (_magnitudes(case, of, variant) for of in (attributions, returned))
            found[variant].append((spearman(trained, drawn), _pearson(trained, drawn)))
    return {
        variant: dict(zip(RANDOMISATION_SCORES, map(_mean, zip(*pairs, strict=True)), strict=True))
        for variant, pairs in found.items()
    }


def _mean(values: Sequence[float]) -> float:
    """Return the mean of those that are known."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _magnitudes(case: "Case", attributions: AttributionsByTarget, variant: str) -> NDArray[np.float64]:
    relevance = relevance_of(checked_attributions(case, attributions), case.y.numpy(), variant)
    cells = cells_of(case, relevance)
    return np.abs(channels_of(case, relevance) if cells is None else cells)


def _pearson(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
