"""Path gradients: gradients averaged along the straight path from a baseline, for integrated gradients."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

Rule = Sequence[tuple[float, float]]
AT_THE_END: Rule = ((1.0, 1.0),)
"""The plain gradient, as a rule of one step."""


def gauss_legendre(n_steps: int) -> Rule:
    """Return points on the path from 0 to 1 and their weights, exact for polynomials of degree 2 × n_steps - 1.

    Examples
    --------
    >>> gauss_legendre(1)
    ((0.5, 1.0),)
    """
    nodes, weights = np.polynomial.legendre.leggauss(n_steps)
    return tuple(zip((0.5 + nodes / 2).tolist(), (weights / 2).tolist(), strict=True))


def path_gradients(
    function: Callable[[Tensor], Tensor], start: Tensor, end: Tensor, rule: Rule
) -> list[Tensor]:
    """Return the gradient of every class, averaged along the path.

    Parameters
    ----------
    function : callable
        From (batch, ...) to one value per class, (batch, classes); trials must not depend on one another.
    start, end : torch.Tensor, shape (batch, ...)
        Where the path begins (a batch of one serves all) and ends.
    rule : sequence of (float, float)
        Points on the path, 0 at the start, and their weights.

    Returns
    -------
    list of torch.Tensor, shape (batch, ...) each
        One per class, in the memory layout of ``end``; all classes of a step come from one forward pass.
    """
    total: list[Tensor] = []
    for place, weight in rule:
        point = end.detach() if place == 1 else torch.lerp(start, end, place)
        point = point.detach().requires_grad_()
        values = function(point).sum(0)
        for number, value in enumerate(values):
            (gradient,) = torch.autograd.grad(value, point, retain_graph=number < len(values) - 1)
            if len(total) <= number:
                total.append(gradient if weight == 1 else gradient * weight)
            else:
                total[number].add_(gradient, alpha=weight)
    return total
