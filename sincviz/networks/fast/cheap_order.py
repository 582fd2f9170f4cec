"""Forward pass up to the head with the channels mixed first: the same function for a fraction of the work.

Filtering, normalisation (given its statistics) and mixing are linear. So ``filters × depth`` mixed signals are
filtered instead of ``filters × channels`` recorded ones, and the normalisations become factors and summands.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn

from sincviz.networks.fast.elu_pooling import elu_pooled, in_memory, normalized_elu_pooled, pools_elu
from sincviz.networks.fast.filtered_moments import filtered_moments
from sincviz.networks.fast.recomputation import recomputed
from sincviz.networks.fast.spatial_maps import SpatialConv, spatial_maps
from sincviz.networks.fast.trial_blocks import in_blocks, trial_blocks
from sincviz.networks.normalization import gain_and_shift, record_statistics, recorded_statistics
from sincviz.networks.precision import in_single_precision, widened
from sincviz.networks.sinc_conv import SincConv
from sincviz.weights.activation import POINTWISE


def features(x: Tensor, sinc: SincConv, depthwise: nn.Sequential, aggregation: nn.Sequential) -> Tensor:
    """Return ``aggregation(depthwise(sinc(x)))``, running statistics included, as cheaply as these layers allow.

    Layers that have a hook or were replaced by other layers are called.

    Parameters
    ----------
    x : torch.Tensor, shape (batch, channels, times)
        The input.
    sinc : SincConv
        The temporal filters.
    depthwise : torch.nn.Sequential
        Normalisation and spatial filters.
    aggregation : torch.nn.Sequential
        Normalisation, activation, pooling, and what follows.

    Returns
    -------
    torch.Tensor, shape (batch, features)
        The input of the head.

    Raises
    ------
    ValueError
        If training has too few values to normalise; nothing is recorded then.
    """
    if not _may_skip(depthwise, (sinc, *depthwise), (SincConv, nn.BatchNorm2d, (SpatialConv, nn.Conv2d))):
        return cast(Tensor, aggregation(depthwise(sinc(x))))
    first, mixing = cast("tuple[nn.BatchNorm2d, nn.Conv2d]", tuple(depthwise))
    if not _mixes_channels_only(mixing, x.shape[1]):
        return cast(Tensor, aggregation(depthwise(sinc(x))))
    normalize_activate_pool = tuple(aggregation)[:3]
    second = normalize_activate_pool[0]
    _check_enough_values(x, sinc, first, second)

    may_skip = _may_skip(aggregation, normalize_activate_pool, (nn.BatchNorm2d, POINTWISE, nn.AvgPool2d))
    if not may_skip or (second.training and not in_blocks(x)):

        def maps(x: Tensor, weights: Tensor) -> Tensor:
            return spatial_maps(x, weights, *_filters_of_units(x, sinc, first, weights), sinc.pad)

        return cast(Tensor, aggregation(in_single_precision(maps, x, mixing.weight.flatten(1))))

    def pooled(x: Tensor, weights: Tensor) -> Tensor:
        return _pooled(x, weights, *_filters_of_units(x, sinc, first, weights), sinc.pad, aggregation)

    return cast(Tensor, aggregation[3:](in_single_precision(pooled, x, mixing.weight.flatten(1))))


def _pooled(
    x: Tensor, weights: Tensor, taps: Tensor, bias: Tensor, pad: int, aggregation: nn.Sequential
) -> Tensor:
    """Return the output of the first three layers of the aggregation for the spatial maps."""
    second, activation, pooling = cast("tuple[nn.BatchNorm2d, nn.Module, nn.Module]", tuple(aggregation)[:3])
    if not second.training:
        gain, shift = gain_and_shift(second, *recorded_statistics(second))
        taps, bias = taps * gain[:, None], bias * gain + shift
    if not in_blocks(x):
        return cast(Tensor, pooling(activation(spatial_maps(x, weights, taps, bias, pad))))
    maps = (
        spatial_maps(block, weights, taps, bias, pad) for block in trial_blocks(x, len(weights) * x.shape[2])
    )
    if second.training:
        return _normalized_and_pooled(list(maps), second, activation, pooling)
    if pools_elu(pooling, activation):
        return elu_pooled(maps, pooling)
    return torch.cat([recomputed(lambda block: pooling(activation(block)), block) for block in maps])


def _normalized_and_pooled(
    maps: list[Tensor], normalization: nn.BatchNorm2d, activation: nn.Module, pooling: nn.Module
) -> Tensor:
    """Return the pooled activation of maps that are normalised by their own statistics, which are recorded."""
    weight, bias = widened(normalization.weight), widened(normalization.bias)
    if pools_elu(pooling, activation) and in_memory(*maps, weight, bias):
        pooled, mean, variance = normalized_elu_pooled(maps, pooling, weight, bias, normalization.eps)
    else:
        mean, variance = cast("tuple[Tensor, Tensor]", _Moments.apply(*maps))  # type: ignore[no-untyped-call]
        gain, shift = gain_and_shift(normalization, mean, variance)

        def normalize_and_pool(block: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
            normalized = torch.addcmul(shift[:, None, None], block, gain[:, None, None])
            return cast(Tensor, pooling(activation(normalized)))

        pooled = torch.cat([recomputed(normalize_and_pool, block, gain, shift) for block in maps])
    record_statistics(normalization, mean, variance, count=sum(block[:, 0].numel() for block in maps))
    return pooled


def _filters_of_units(
    x: Tensor, sinc: SincConv, normalization: nn.BatchNorm2d, weights: Tensor
) -> tuple[Tensor, Tensor]:
    """Return impulse response and bias of every unit, the first normalisation folded in."""
    kernels = widened(sinc.kernels())
    if normalization.training:
        mean, variance = filtered_moments(x.to(kernels.dtype), kernels, pad=sinc.pad)
        record_statistics(normalization, mean, variance, count=_values_per_unit(x, sinc) * x.shape[1])
    else:
        mean, variance = recorded_statistics(normalization)
    gain, shift = gain_and_shift(normalization, mean, variance)
    depth = weights.shape[0] // kernels.shape[0]
    taps = (gain[:, None] * kernels).repeat_interleave(depth, 0)
    return taps, shift.repeat_interleave(depth) * weights.sum(1)


class _Moments(torch.autograd.Function):
    """Mean and biased variance of every unit over blocks of maps; of its graph only the maps are kept."""

    @staticmethod
    def forward(*maps: Tensor) -> tuple[Tensor, Tensor]:
        count = sum(part[:, 0].numel() for part in maps)
        mean = torch.stack([part.sum((0, 2, 3)) for part in maps]).sum(0) / count
        squares = [(part - mean[:, None, None]).square().sum((0, 2, 3)) for part in maps]
        return mean, torch.stack(squares).sum(0) / count

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, Tensor]) -> None:
        ctx.save_for_backward(output[0], *inputs)

    @staticmethod
    def backward(ctx: Any, of_mean: Tensor, of_variance: Tensor) -> tuple[Tensor, ...]:
        mean, *maps = ctx.saved_tensors
        count = sum(part[:, 0].numel() for part in maps)
        factor = 2 * of_variance / count
        summand = of_mean / count - factor * mean
        return tuple(torch.addcmul(summand[:, None, None], part, factor[:, None, None]) for part in maps)


def _values_per_unit(x: Tensor, sinc: SincConv) -> int:
    return x.shape[0] * (x.shape[2] + 2 * sinc.pad - sinc.time_filter_len + 1)


def _check_enough_values(x: Tensor, sinc: SincConv, first: nn.Module, second: nn.Module) -> None:
    values = _values_per_unit(x, sinc)
    if (first.training and values * x.shape[1] < 2) or (second.training and values < 2):
        raise ValueError(
            f"Training needs more than one value per filter to normalise; got an input of {tuple(x.shape)}. "
            "Try a larger batch."
        )


def _may_skip(
    parent: nn.Module,
    layers: tuple[nn.Module, ...],
    kinds: tuple[type[nn.Module] | tuple[type[nn.Module], ...], ...],
) -> bool:
    """Return whether calling these layers equals computing what their types are known to do."""
    return (
        len(layers) == len(kinds)
        and all(map(_is_plain, layers, kinds))
        and not any(map(_is_heard, (parent, *layers)))
    )


def _mixes_channels_only(layer: nn.Conv2d, n_chans: int) -> bool:
    """Return whether every unit is a weighted sum of the channels of its filter."""
    return (
        getattr(layer, "bias", None) is None  # replicas have only the parameters that are tensors
        and layer.groups == layer.in_channels
        and layer.kernel_size == (n_chans, 1)
        and layer.stride[1] == 1
        and layer.padding == (0, 0)
    )


def _is_plain(layer: nn.Module, kind: type[nn.Module] | tuple[type[nn.Module], ...]) -> bool:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if isinstance(layer, nn.BatchNorm2d) and (layer.running_mean is None or layer.weight is None):
        return False
    # A subclass that computes something else (such as a synchronised normalisation) has a `forward` of its own.
    return any(isinstance(layer, one) and type(layer).forward is one.forward for one in kinds)


def _is_heard(layer: nn.Module) -> bool:
    # PyTorch has no public way to ask.
    return bool(
        layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks or layer._backward_pre_hooks
    )
