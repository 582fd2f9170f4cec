"""Faithfulness: what it costs the network to lose the cells that an attribution ranks first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sincviz._utils.checks import checked_seed, positive_int
from sincviz.analysis.evidence.halves import trial_halves
from sincviz.benchmark.scores.averages import (
    AttributionsByTarget,
    checked_attributions,
    has_trials,
    relevance_of,
)
from sincviz.benchmark.scores.grid import FREQUENCY, cells_of, column_members
from sincviz.benchmark.scores.replacement import OPERATORS, replacements

if TYPE_CHECKING:
    from sincviz.benchmark.cases import Case

FRACTIONS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)

BATCH_SIZE = 20
"""So few trials and their maps fit in a processor's cache."""

FAITHFULNESS_SCORES = tuple(
    f"deletion_{measure}/{operator}" for operator in OPERATORS for measure in ("accuracy", "margin")
)

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DeletionReference:
    """What deletion needs of a case, whatever the method.

    Attributes
    ----------
    halves : array of int, shape (trials,)
        The half, 0 or 1, of every trial.
    changes : dict of str to Tensor
        For each operator replacement minus trial, as spectra or samples.
    margins : ndarray, shape (trials,)
        Margin of the true class over the best other in unchanged trials.
    random : dict of str to ndarray, shape (2, fractions)
        For each operator accuracy and margin with cells deleted in random order.
    seed : int
        Seed of all of it.
    """

    halves: NDArray[np.int64]
    changes: dict[str, Tensor]
    margins: Floats
    random: dict[str, Floats]
    seed: int


def deletion_reference(case: "Case", *, n_random: int = 3, seed: int = 0) -> DeletionReference:
    """Return what :func:`faithfulness` needs of a case; compute it once for all methods.

    Parameters
    ----------
    case : Case
        Network, trials and classes.
    n_random : int
        Random orders, drawn anew for every trial.
    seed : int
        Seed of halves, replacements and orders.

    Returns
    -------
    DeletionReference
        Halves, replacements, and the curves of random orders.

    Raises
    ------
    ValueError
        If a class has fewer than two trials.
    """
    seed, n_random = checked_seed(seed), positive_int("n_random", n_random)
    y = case.y.numpy()
    if np.bincount(y).min() < 2:
        raise ValueError(
            f"Every class needs two trials, one to make the order and one to test it; got {np.bincount(y).tolist()}."
        )
    changes = {}
    for operator in OPERATORS:
        change = replacements(case.x, operator, seed) - case.x
        changes[operator] = torch.fft.rfft(change, dim=2) if case.domain == FREQUENCY else change
    members = torch.from_numpy(column_members(case)).float()
    n_cells = case.x.shape[1] * len(members)
    rng = np.random.default_rng(seed)
    orders = [
        torch.from_numpy(rng.permuted(np.tile(np.arange(n_cells), (len(y), 1)), axis=1))
        for _ in range(n_random)
    ]
    random = {
        operator: np.mean([_curves(case, ranks, members, change) for ranks in orders], axis=0)
        for operator, change in changes.items()
    }
    return DeletionReference(
        halves=trial_halves(y, seed=seed),
        changes=changes,
        margins=_margins(case, case.x),
        random=random,
        seed=seed,
    )


def faithfulness(
    case: "Case", attributions: AttributionsByTarget, variant: str, reference: DeletionReference
) -> dict[str, float]:
    """Return how much more the network loses with the first cells of the relevance than with random ones.

    The order is made on one half of the trials and tested on the other, both ways: tested on the trials that made it,
    an order picks what happens to help in these.

    Parameters
    ----------
    case : Case
        Network, trials and classes.
    attributions : mapping of int to array or tensor, shape (trials, channels, times or rfft bins)
        Attributions of all trials to the score of each class.
    variant : {"contrast", "mean", "magnitude"}
        The average that ranks the cells, largest first.
    reference : DeletionReference
        What :func:`deletion_reference` returned for this case.

    Returns
    -------
    dict of str to float
        For each operator ``"deletion_accuracy/<operator>"`` and ``"deletion_margin/<operator>"``, see
        :func:`faithfulness_of_halves`; NaN if there are no trials, or the attribution is not in the plane in which
        the truth is known.
    """
    arrays = checked_attributions(case, attributions)
    if not has_trials(arrays):
        return dict.fromkeys(FAITHFULNESS_SCORES, float("nan"))
    y = case.y.numpy()
    of_halves = {
        half: relevance_of(arrays, y, variant, np.flatnonzero(reference.halves == half)) for half in (0, 1)
    }
    return faithfulness_of_halves(case, of_halves, reference)


def faithfulness_of_halves(
    case: "Case", relevance_by_half: Mapping[int, NDArray[np.floating]], reference: DeletionReference
) -> dict[str, float]:
    """Return how much more the network loses with the first cells of two relevances than with random ones.

    Parameters
    ----------
    case : Case
        Network, trials and classes.
    relevance_by_half : mapping of int to ndarray, shape (channels, times or rfft bins)
        For 0 and 1 the relevance made from the trials of that half; it is tested on the other.
    reference : DeletionReference
        What :func:`deletion_reference` returned for this case.

    Returns
    -------
    dict of str to float
        For each operator the mean over the shares of cells deleted, 0.5, 1, 2, 5, 10, 20 and 50 %, of the value with
        random cells minus that with the first cells of the order. ``"deletion_accuracy/<operator>"`` is a difference
        of accuracies, ``"deletion_margin/<operator>"`` one of mean margins of the true class, in multiples of the mean
        absolute margin. The shares are almost even on a logarithmic scale, so that the first cells count most. 0
        is a random order. NaN if the relevance is not in the plane in which the truth is known.
    """
    cells = cells_of(case, np.stack([np.asarray(relevance_by_half[half], float) for half in (0, 1)]))
    if cells is None:
        return dict.fromkeys(FAITHFULNESS_SCORES, float("nan"))
    rng = np.random.default_rng(reference.seed)
    of_trials = torch.from_numpy(_ranks(cells[1 - reference.halves], rng))
    members = torch.from_numpy(column_members(case)).float()
    unit = np.array([1.0, max(np.abs(reference.margins).mean(), np.finfo(float).tiny)])
    scores = {}
    for operator, change in reference.changes.items():
        lost = (reference.random[operator] - _curves(case, of_trials, members, change)).mean(axis=1) / unit
        scores[f"deletion_accuracy/{operator}"], scores[f"deletion_margin/{operator}"] = map(float, lost)
    return scores


def deleted(case: "Case", gone: Tensor, members: Tensor, change: Tensor) -> Tensor:
    """Return trials with some cells replaced.

    Parameters
    ----------
    case : Case
        Trials, and the plane of the cells.
    gone : torch.Tensor of bool, shape (trials, channels, columns)
        Cells to replace.
    members : torch.Tensor, shape (columns, bins or times)
        1 where a bin or sample belongs to the column.
    change : torch.Tensor, shape (trials, channels, bins or times)
        Replacement minus trial, as spectra or samples.

    Returns
    -------
    torch.Tensor, shape (trials, channels, times)
        The trials. Bins are replaced in the spectrum of the whole trial, samples as they are.
    """
    replaced: Tensor = (gone.to(members.dtype) @ members) * change
    if case.domain == FREQUENCY:
        replaced = torch.fft.irfft(replaced, n=case.x.shape[2], dim=2)
    return torch.add(case.x, replaced)


def _curves(case: "Case", ranks: Tensor, members: Tensor, change: Tensor) -> Floats:
    """Return accuracy and mean margin with each fraction of cells deleted, shape (2, fractions)."""
    by_cell = ranks.reshape(len(ranks), case.x.shape[1], len(members))
    curves = []
    for fraction in FRACTIONS:
        gone = by_cell < max(1, round(fraction * ranks.shape[1]))
        margins = _margins(case, deleted(case, gone, members, change))
        curves.append(((margins > 0).mean(), margins.mean()))
    return np.transpose(curves)


def _margins(case: "Case", x: Tensor) -> Floats:
    """Return the score of the true class minus the best other, shape (trials,)."""
    with torch.no_grad():
        scores = torch.cat([case.model(batch) for batch in torch.split(x, BATCH_SIZE)]).double().numpy()
    own = np.arange(scores.shape[1]) == case.y.numpy()[:, None]
    others = np.where(own, -np.inf, scores)
    return np.asarray(scores[own] - others.max(axis=1))


def _ranks(cells: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the place of each cell in the order of every trial, largest first; of equal cells in random order.

    Parameters
    ----------
    cells : ndarray, shape (trials, channels, columns)
        The relevance that ranks the cells of each trial.
    rng : numpy.random.Generator
        Draws the order of equal cells for every trial anew, so that a constant relevance is as good as random orders.

    Returns
    -------
    array of int, shape (trials, channels * columns)
        From 0, the first to be deleted.
    """
    values = cells.reshape(len(cells), -1)
    order = np.lexsort((rng.random(values.shape), -values), axis=1)
    ranks = np.empty(values.shape, np.int64)
    np.put_along_axis(ranks, order, np.arange(values.shape[1])[None], axis=1)
    return ranks
