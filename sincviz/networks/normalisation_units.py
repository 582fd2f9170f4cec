"""Amplitude of trials against the running statistics of a network's first batch normalisation."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from sincviz.networks.module_copies import evaluated_copy

SUBJECTS_DIFFER = 0.7  # decades of amplitude
UNITS_DIFFER = 1.0  # decades of amplitude: subjects differ by less than 0.7, units by 3 or 6


@torch.no_grad()
def decades_off(module: nn.Module, x: Tensor) -> float | None:
    """Return by how many powers of ten trials exceed the training trials, before the first batch normalisation.

    Parameters
    ----------
    module : torch.nn.Module
        The network; it is not changed.
    x : torch.Tensor, shape (batch, channels, times)
        Trials, as the network takes them.

    Returns
    -------
    float | None
        In amplitude; ``None`` if no batch normalisation has running statistics of a signal.

    Examples
    --------
    >>> network = nn.Sequential(nn.BatchNorm1d(2), nn.Flatten(), nn.Linear(20, 2))
    >>> x = torch.randn(50, 2, 10)
    >>> decades_off(network.eval(), x) is None
    True
    >>> _ = network.train()(x)
    >>> network[0].running_var.fill_(1e-12)
    tensor([1.0000e-12, 1.0000e-12])
    >>> round(decades_off(network.eval(), x))
    6
    """
    copied = evaluated_copy(module)
    layers = [layer for layer in copied.modules() if isinstance(layer, _BatchNorm) and _remembers(layer)]
    seen: list[tuple[_BatchNorm, Tensor]] = []

    def note(layer: _BatchNorm, inputs: tuple[Tensor, ...]) -> None:
        if not seen:
            seen.append((layer, inputs[0]))

    for layer in layers:
        layer.register_forward_pre_hook(note)
    with torch.autocast("cpu", enabled=False):
        copied(x)
    if not seen:
        return None
    layer, before = seen[0]
    variance = before.double().transpose(0, 1).flatten(1).var(1)
    assert layer.running_var is not None  # it has running statistics
    ratio = (variance / layer.running_var.double()).cpu().numpy()
    ratio = ratio[np.isfinite(ratio) & (ratio > 0)]
    return float(np.median(np.log10(ratio))) / 2 if len(ratio) else None


def _remembers(layer: _BatchNorm) -> bool:
    """Return whether a batch normalisation has seen a signal; its variances start at 1."""
    return layer.running_var is not None and not bool((layer.running_var == 1).all())
