"""Kernels of units as products of a spatial and a temporal filter."""

from dataclasses import dataclass

import torch
from torch import Tensor

_PRODUCT = 1 - 1e-6
"""Share of a kernel's energy in its best product from which it is one."""

_SAME_DIRECTION = 1 - 1e-6


@dataclass(frozen=True)
class Products:
    """Kernels as products: temporal (filters, taps), spatial (filters, depth, channels), and which unit is which."""

    temporal: Tensor
    spatial: Tensor
    units: Tensor
    separable: bool


def best_products(kernels: Tensor) -> Products:
    """Return the best product of a spatial and a temporal filter for every unit, units of one temporal filter together.

    The temporal filter has a gain of 1 at its peak, and the spatial filter the rest.
    """
    left, values, right = _leading_vectors(kernels)
    energy = kernels.square().sum((1, 2))
    peak = (
        torch.fft.rfft(right, 4096 if right.shape[1] <= 4096 else right.shape[1])
        .abs()
        .amax(1)
        .clamp(min=1e-300)
    )
    # The largest tap is positive: a pair of vectors has no sign of its own.
    sign = torch.sign(right.gather(1, right.abs().argmax(1, keepdim=True)))
    sign[sign == 0] = 1
    temporal = right * sign / peak[:, None]
    spatial = left * sign * (values * peak)[:, None]
    numbers = torch.arange(len(kernels))
    if not bool((values.square() >= _PRODUCT * energy).all()):
        return Products(temporal, spatial[:, None], numbers[:, None], separable=False)
    groups = _same_filters(right * sign, energy)
    if len({len(group) for group in groups}) > 1:
        groups = [[number] for number in range(len(kernels))]
    units = torch.tensor(groups)
    first = units[:, 0]
    # Signs and gains agree in a group, since the temporal filters are the same.
    return Products(temporal[first], spatial[units], units, separable=True)


def _leading_vectors(kernels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the first singular vectors and values of kernels (units, channels, taps)."""
    left, values, right = torch.linalg.svd(kernels, full_matrices=False)
    return left[:, :, 0], values[:, 0], right[:, 0]


def _same_filters(temporal: Tensor, energy: Tensor) -> list[list[int]]:
    """Return the numbers of the units that share a temporal filter; units without weights have none."""
    groups: list[list[int]] = []
    firsts = temporal.new_zeros(0, temporal.shape[1])
    for number, one in enumerate(temporal):
        alike = (
            torch.nonzero(firsts @ one > _SAME_DIRECTION).flatten()
            if float(energy[number]) > 0
            else torch.zeros(0)
        )
        if len(alike):
            groups[int(alike[0])].append(number)
        else:
            groups.append([number])
            firsts = torch.cat([firsts, one[None] if float(energy[number]) > 0 else 0 * one[None]])
    return groups
