"""Gradients of what is explained at the pre-activation maps, averaged along the path from a baseline."""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from sincviz.analysis.attribution.explained import explained
from sincviz.analysis.attribution.path_gradients import Rule, path_gradients
from sincviz.networks.front_ends import FrontEnd

MapGradients: TypeAlias = Callable[[Tensor, Tensor], list[Tensor]]
"""From maps of the baseline (a batch of one serves all) and of trials to one gradient per class, of the same shape."""


def map_gradients(front_end: FrontEnd, explain: str, rule: Rule) -> MapGradients:
    """Return the function that computes the gradients of every class at the maps.

    If everything after a pointwise activation is linear, the gradient of a score is the activation's slope, which all
    classes share, times weights that all trials share.

    Parameters
    ----------
    front_end : FrontEnd
        The network.
    explain : {"score", "margin", "log_probability"}
        What is explained.
    rule : sequence of (float, float)
        Points on the path and their weights.

    Returns
    -------
    callable
        From (batch, filters, depth, times) twice to a list of the same shape.
    """
    if (
        explain != "score"
        or front_end.activation is None
        or front_end.pooling is None
        or front_end.head is None
    ):
        return lambda start, end: path_gradients(
            lambda maps: explained(front_end.tail(maps), explain), start, end, rule
        )
    activation = front_end.activation
    weights: list[Tensor] = []

    def gradients(start: Tensor, end: Tensor) -> list[Tensor]:
        if not weights:
            weights.extend(_weights_before_pooling(front_end, end))
        (slope,) = path_gradients(lambda maps: activation(maps).reshape(-1, 1), start, end, rule)
        return [slope * of_class for of_class in weights]

    return gradients


def _weights_before_pooling(front_end: FrontEnd, maps: Tensor) -> list[Tensor]:
    """Return what each value of an activated map adds to each class score, in the layout of the maps."""
    assert front_end.pooling is not None  # asked before
    assert front_end.head is not None
    activated = torch.zeros_like(maps[:1]).requires_grad_()
    pooled = front_end.pooling(activated)[0]
    gradients = []
    for weights in front_end.head:
        (gradient,) = torch.autograd.grad((pooled * weights).sum(), activated, retain_graph=True)
        # Maps have the units first in memory, and mixed layouts multiply slowly.
        gradients.append(torch.empty_like(maps[:1]).copy_(gradient))
    return gradients
