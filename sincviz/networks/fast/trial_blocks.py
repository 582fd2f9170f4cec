"""Blocks of trials small enough for a processor's cache."""

import torch
from torch import Tensor

BLOCK_BYTES = 2**20


def in_blocks(x: Tensor) -> bool:
    """Return whether this batch is better computed in blocks: on a CPU, unless compiled or traced.

    Compilers do better with the whole batch; a trace must hold for other numbers of trials.
    """
    recorded = torch.compiler.is_compiling() or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    return x.device.type == "cpu" and not recorded


def trial_blocks(x: Tensor, values_per_trial: int) -> tuple[Tensor, ...]:
    """Split a batch into blocks of trials whose maps stay in the cache, where :func:`in_blocks` says so.

    Parameters
    ----------
    x : torch.Tensor, shape (batch, ...)
        The batch.
    values_per_trial : int
        Number of values that the largest map of one trial holds.

    Returns
    -------
    tuple of torch.Tensor
        Views of the batch, in order; at least one.

    Examples
    --------
    >>> len(trial_blocks(torch.zeros(64, 22, 1000), 64 * 1000))
    16
    """
    if not in_blocks(x):
        return (x,)
    return torch.split(x, max(1, BLOCK_BYTES // (values_per_trial * x.element_size())))
