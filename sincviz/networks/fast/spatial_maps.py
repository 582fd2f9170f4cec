"""Maps of the spatial filters: channels mixed first and filtered afterwards, by filters × depth convolutions."""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sincviz.networks.fast.lagged_products import lagged_products, padded_length
from sincviz.networks.fast.trial_blocks import in_blocks
from sincviz.networks.precision import in_single_precision


class SpatialConv(nn.Conv2d):
    """The spatial filters as a layer: a depthwise convolution over all channels, ``depth`` units per filter."""

    def __init__(self, filters: int, depth: int, n_chans: int) -> None:
        super().__init__(filters, filters * depth, (n_chans, 1), groups=filters, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the units' maps, shape (batch, units, 1, times), of (batch, filters, channels, times)."""
        return in_single_precision(partial(F.conv2d, groups=self.groups), x, self.weight)


def spatial_maps(x: Tensor, weights: Tensor, taps: Tensor, bias: Tensor, pad: int) -> Tensor:
    """Mix the channels into units and filter each unit with its own taps.

    Parameters
    ----------
    x : torch.Tensor, shape (batch, channels, times)
        The input.
    weights : torch.Tensor, shape (units, channels)
        Spatial filters.
    taps : torch.Tensor, shape (units, taps)
        Impulse responses, applied without being reversed (as a convolution layer does).
    bias : torch.Tensor, shape (units,)
        Added to every sample of a unit.
    pad : int
        Zeros put before and after the signal.

    Returns
    -------
    torch.Tensor, shape (batch, units, 1, times + 2 × pad - taps + 1)
        The maps; units are contiguous in memory (channels last).
    """
    return in_single_precision(_spatial_maps, x, weights, taps, bias, pad)


def _spatial_maps(x: Tensor, weights: Tensor, taps: Tensor, bias: Tensor, pad: int) -> Tensor:
    # Where the input's gradient is wanted it is often the only one; PyTorch's own convolution leaves out the rest.
    if torch.is_grad_enabled() and in_blocks(x) and not x.requires_grad:
        maps: Tensor = _SpatialMaps.apply(x, weights, taps, bias, pad)  # type: ignore[no-untyped-call]
        return maps
    return _filtered(_mixed(x, weights), taps, bias, pad)


def filtered_back(gradient: Tensor, taps: Tensor, pad: int) -> Tensor:
    """Return the gradient at the mixed channels, given that at the maps: the filters' transpose.

    Parameters
    ----------
    gradient : torch.Tensor, shape (batch, units, 1, times of the maps)
        At the maps.
    taps : torch.Tensor, shape (units, taps)
        Impulse responses.
    pad : int
        Zeros that filtering put before and after the signal.

    Returns
    -------
    torch.Tensor, shape (batch, units, times)
        At the mixed channels.
    """
    return in_single_precision(_filtered, gradient, taps.flip(1), None, taps.shape[1] - 1 - pad).squeeze(2)


def _mixed(x: Tensor, weights: Tensor) -> Tensor:
    # (batch, times, units) in memory is channels-last, where a depthwise convolution is fast; `bmm` copies nothing.
    mixed = torch.bmm(x.transpose(1, 2), weights.T.expand(x.shape[0], -1, -1))
    return mixed.transpose(1, 2).unsqueeze(2)


def _filtered(mixed: Tensor, taps: Tensor, bias: Tensor | None, pad: int) -> Tensor:
    return F.conv2d(mixed, taps[:, None, None, :], bias, padding=(0, pad), groups=taps.shape[0])


class _SpatialMaps(torch.autograd.Function):
    """The same for an input that needs no gradient: mixed again in the backward pass, with a fast way to the taps."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, weights: Tensor, taps: Tensor, bias: Tensor, pad: int) -> Tensor:
        return _filtered(_mixed(x, weights), taps, bias, pad)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        x, weights, taps, _, ctx.pad = inputs
        ctx.save_for_backward(x, weights, taps)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        # A backward pass may be asked for under autocast.
        with torch.autocast("cpu", enabled=False):
            return _gradients(ctx, gradient)


def _gradients(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    x, weights, taps = ctx.saved_tensors
    times, n_taps = gradient.shape[3], taps.shape[1]
    of_mixed = filtered_back(gradient, taps, ctx.pad)
    of_weights = (of_mixed @ x.transpose(1, 2)).sum(0)
    if not ctx.needs_input_grad[2]:
        return None, of_weights, None, gradient.sum((0, 2, 3)), None
    # Mixed again with the units first in memory, as the products need it.
    missing = padded_length(times, n_taps) - x.shape[2] - ctx.pad
    padded = F.pad(x.transpose(0, 1), (ctx.pad, missing))
    mixed = (weights @ padded.flatten(1)).unflatten(1, padded.shape[1:])
    of_taps = lagged_products(gradient.squeeze(2).transpose(0, 1), mixed, n_taps)
    return None, of_weights, of_taps, gradient.sum((0, 2, 3)), None
