"""Mean replacement: what a unit adds to the scores, for networks whose head is not linear."""

import torch
from torch import Tensor

from sincviz.networks.units import FrontEnd
from sincviz.trials.epochs import EpochsOrArray, input_batches
from sincviz.trials.moments import moments_of_units


@torch.no_grad()
def replacement_variances(front_end: FrontEnd, epochs: EpochsOrArray) -> tuple[int, Tensor, Tensor]:
    """Return how much the scores change from trial to trial when units are replaced with their mean.

    The mean is that of the pre-activation map over trials and times. What all scores change alike has no effect on a
    decision and is removed. Where a linear head follows the activation and the pooling, the change is the
    contribution of the unit, less a constant: the variance is the same.

    Parameters
    ----------
    front_end : FrontEnd
        The network.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials.

    Returns
    -------
    n_trials : int
        Number of trials.
    by_unit : torch.Tensor, shape (scores, filters, depth)
        Variance over trials of the change for each unit.
    by_filter : torch.Tensor, shape (scores, filters)
        The same for all units of a filter together.
    """
    mean = moments_of_units(front_end, epochs).mean.to(front_end.device, front_end.dtype)[..., None]
    n_trials = 0
    sums = squares = first = torch.zeros(0)
    for batch in input_batches(front_end, epochs):
        maps = front_end.maps(torch.from_numpy(batch).to(front_end.device))
        changes = _changes(front_end, maps, mean).cpu().double()
        if n_trials == 0:
            # A variance needs a point near the mean to keep its digits.
            first = changes[:1]
            sums = squares = torch.zeros_like(changes[0])
        n_trials += len(batch)
        sums = sums + (changes - first).sum(0)
        squares = squares + (changes - first).square().sum(0)
    variance = (squares / n_trials - (sums / n_trials).square()).clamp(min=0)
    return n_trials, variance[..., 1:], variance[..., 0]


def _changes(front_end: FrontEnd, maps: Tensor, mean: Tensor) -> Tensor:
    """Return the changes of the scores, shape (batch, scores, filters, 1 + depth): the whole filter, then each unit."""
    scores = front_end.tail(maps)
    filters, depth = mean.shape[:2]
    of_filters = []
    for filter_ in range(filters):
        kept = maps[:, filter_].clone()
        maps[:, filter_] = mean[filter_]
        changes = [scores - front_end.tail(maps)]
        for unit in range(depth if depth > 1 else 0):
            maps[:, filter_] = kept
            maps[:, filter_, unit] = mean[filter_, unit]
            changes.append(scores - front_end.tail(maps))
        maps[:, filter_] = kept
        of_filters.append(torch.stack(changes * (2 if depth == 1 else 1), -1))
    whole = torch.stack(of_filters, 2)
    return whole - whole.mean(1, keepdim=True) if whole.shape[1] > 1 and not front_end.numeric else whole
