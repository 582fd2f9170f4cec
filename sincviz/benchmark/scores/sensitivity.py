"""Sensitivity: how much an attribution changes when trials change little."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sincviz._utils.checks import checked_seed, finite_float, positive_int

if TYPE_CHECKING:
    from sincviz.benchmark.cases import Case

Attribute: TypeAlias = Callable[[nn.Module, Tensor, int], NDArray[np.floating] | Tensor]
"""A method: from network, trials and target to an attribution, ([trials,] channels, times or rfft bins)."""


def largest_change(
    attribution: NDArray[np.floating], perturbed: Iterable[NDArray[np.floating]]
) -> NDArray[np.float64]:
    r"""Return the largest relative change of each attribution.

    :math:`\max_j \|A(x + \delta_j) - A(x)\| / \|A(x)\|`, with the Frobenius norm; the numerator is the maximal
    sensitivity of [1]_.

    Parameters
    ----------
    attribution : ndarray, shape (trials, channels, columns)
        Of the trials as they are.
    perturbed : iterable of ndarray, each shape (trials, channels, columns)
        Of the trials as they were changed.

    Returns
    -------
    ndarray, shape (trials,)
        The change; NaN where the attribution is zero.

    References
    ----------
    .. [1] Yeh, Hsieh, Suggala, Inouye & Ravikumar (2019), On the (in)fidelity and sensitivity of explanations, Advances
       in Neural Information Processing Systems 32.

    Examples
    --------
    >>> largest_change(np.ones((1, 1, 4)), [np.ones((1, 1, 4)), np.full((1, 1, 4), 1.5)]).tolist()
    [0.5]
    """
    size = np.linalg.norm(attribution.astype(float), axis=(1, 2))
    largest = np.zeros(len(size))
    for changed in perturbed:
        largest = np.maximum(largest, np.linalg.norm(changed - attribution.astype(float), axis=(1, 2)))
    return np.asarray(np.divide(largest, size, out=np.full(len(size), np.nan), where=size > 0))


def max_sensitivity(
    method: Attribute,
    case: "Case",
    *,
    radius: float = 0.1,
    n_samples: int = 10,
    n_trials: int = 20,
    target: int = 0,
    seed: int = 0,
) -> float:
    """Return the largest relative change of an attribution near a trial, mean over trials; 0 is stable.

    Parameters
    ----------
    method : callable
        Takes network, trials and target; it is called ``n_samples + 1`` times.
    case : Case
        Network and trials.
    radius : float
        Largest change of a sample, in standard deviations of the trials over all channels and times.
    n_samples : int
        Changes to try, drawn evenly from the cube of that radius.
    n_trials : int
        Trials to use, the first ones.
    target : int
        The class score to attribute.
    seed : int
        Seed of the changes.

    Returns
    -------
    float
        The mean of :func:`largest_change` over trials; of a method without trials that of its average. NaN if an
        attribution is zero throughout.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    radius = finite_float("radius", radius, above=0, advice=0.1)
    n_samples, n_trials = positive_int("n_samples", n_samples), positive_int("n_trials", n_trials)
    x = case.x[:n_trials]
    rng = torch.Generator().manual_seed(checked_seed(seed))
    radius_uv = radius * float(case.x.std())

    def attributed(trials: Tensor) -> NDArray[np.float64]:
        returned = method(case.model, trials, target)
        values = returned.detach().cpu().numpy() if isinstance(returned, Tensor) else np.asarray(returned)
        return np.asarray(values[None] if values.ndim == 2 else values, np.float64)

    changes = (radius_uv * (2 * torch.rand(x.shape, generator=rng) - 1) for _ in range(n_samples))
    relative = largest_change(attributed(x.clone()), (attributed(x + change) for change in changes))
    return float(np.nanmean(relative)) if np.isfinite(relative).any() else float("nan")
