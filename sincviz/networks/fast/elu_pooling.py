r"""Normalisation, ELU and average pooling of maps, the defaults of SincShallowNet, in few passes through the memory.

With :math:`e = \exp(\min(y, 0))`, ELU is :math:`\max(y, 0) + e - 1` and its derivative is :math:`e`. So the way back
needs one exponential of the maps, and neither the activation nor the pooling again.
"""

import functools
from collections.abc import Iterable
from typing import Any, TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

_MOST_SHARES = 2**17  # of samples in windows; with more PyTorch's own loop is faster, and needs no table


def pools_elu(pooling: nn.Module, activation: nn.Module) -> TypeGuard[nn.AvgPool2d]:
    """Return whether these two layers are what this module computes."""
    return (
        type(activation) is nn.ELU
        and activation.alpha == 1
        and type(pooling) is nn.AvgPool2d
        and pooling.divisor_override is None
        and not pooling.ceil_mode
        and _pair(pooling.kernel_size)[0] == _pair(pooling.stride)[0] == 1
        and _pair(pooling.padding)[0] == 0
    )


def in_memory(*tensors: Tensor) -> bool:
    """Return whether these are more than stand-ins, which the transforms of ``torch.func`` compute with."""
    try:
        return all(tensor.untyped_storage() is not None for tensor in tensors)
    except (NotImplementedError, RuntimeError):
        return False


def elu_pooled(maps: Iterable[Tensor], pooling: nn.AvgPool2d) -> Tensor:
    """Return ``pooling(elu(maps))``; for the backward pass only the maps are kept.

    Parameters
    ----------
    maps : iterable of torch.Tensor, shape (trials, units, 1, times) each
        Blocks of trials.
    pooling : torch.nn.AvgPool2d
        Over times.

    Returns
    -------
    torch.Tensor, shape (all trials, units, 1, windows)
        Means of the windows; differentiable.
    """
    if torch.is_grad_enabled():
        return torch.cat([_EluPooled.apply(part, pooling) for part in maps])  # type: ignore[no-untyped-call]
    return torch.cat([_pool(_elu(part), pooling) for part in maps])


class _EluPooled(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(maps: Tensor, pooling: nn.AvgPool2d) -> Tensor:
        return _pool(_elu(maps), pooling)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        maps, ctx.pooling = inputs
        ctx.save_for_backward(maps)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (maps,) = ctx.saved_tensors
        # A backward pass may be asked for under autocast.
        with torch.autocast("cpu", enabled=False):
            return _unpool(gradient, maps, ctx.pooling).mul_(maps.clamp(max=0).exp_()), None


def normalized_elu_pooled(
    maps: list[Tensor], pooling: nn.AvgPool2d, weight: Tensor, bias: Tensor, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the pooled ELU of maps that are normalised by their own statistics.

    Parameters
    ----------
    maps : list of torch.Tensor, shape (trials, units, 1, times) each
        Blocks of trials; units are contiguous in memory (channels last).
    pooling : torch.nn.AvgPool2d
        Over times.
    weight, bias : torch.Tensor, shape (units,)
        Of the batch normalisation.
    eps : float
        Added to the variance.

    Returns
    -------
    pooled : torch.Tensor, shape (all trials, units, 1, windows)
        Means of the windows; differentiable.
    mean, variance : torch.Tensor, shape (units,)
        Statistics of the maps, the variance biased; for the record, without a gradient.
    """
    result: tuple[Tensor, Tensor, Tensor] = _NormalizedEluPooled.apply(weight, bias, pooling, eps, *maps)  # type: ignore[no-untyped-call]
    return result


class _NormalizedEluPooled(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, weight: Tensor, bias: Tensor, pooling: nn.AvgPool2d, eps: float, *maps: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        scratch = torch.empty_like(maps[0])
        count = sum(part[:, 0].numel() for part in maps)
        mean = torch.stack([_sums(part) for part in maps]).sum(0) / count
        squares = [_sums(torch.sub(part, _wide(mean), out=_like(scratch, part)).square_()) for part in maps]
        variance = torch.stack(squares).sum(0) / count
        gain = weight * torch.rsqrt(variance + eps)
        shift = bias - mean * gain
        ctx.pooling, ctx.eps = pooling, eps
        ctx.save_for_backward(weight, bias, mean, variance, *maps)
        ctx.mark_non_differentiable(mean, variance)
        other = torch.empty_like(scratch)
        pooled = [
            _pool(_elu(_normalized(part, gain, shift, scratch), out=_like(other, part)), pooling)
            for part in maps
        ]
        return torch.cat(pooled), mean, variance

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        with torch.autocast("cpu", enabled=False):
            return _normalized_gradients(ctx, gradient)


def _normalized_gradients(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    weight, bias, mean, variance, *maps = ctx.saved_tensors
    if torch.is_grad_enabled() or not in_memory(gradient):
        # A gradient of this gradient is wanted, or many at once: operations must not write into given memory.
        of_weight, of_bias, *of_maps = torch.func.vjp(
            lambda *inputs: _plainly(ctx.pooling, ctx.eps, *inputs), weight, bias, *maps
        )[1](gradient)
        return of_weight, of_bias, None, None, *of_maps
    deviation = torch.rsqrt(variance + ctx.eps)
    gain = weight * deviation
    shift = bias - mean * gain
    scratch = torch.empty_like(maps[0])
    sizes = [len(part) for part in maps]
    # A large piece of memory is reused by the next step; small ones go back to the system, which clears them again.
    whole = torch.empty(
        (sum(sizes), *maps[0].shape[1:]), dtype=scratch.dtype, memory_format=torch.channels_last
    )
    backs = torch.split(whole, sizes)
    sums, products = [], []
    for part, of_pooled, back in zip(maps, torch.split(gradient, sizes), backs, strict=True):
        slope = _normalized(part, gain, shift, scratch).clamp_(max=0).exp_()
        torch.mul(_unpool(of_pooled, part, ctx.pooling), slope, out=back)
        sums.append(_sums(back))
        products.append(_sums(torch.sub(part, _wide(mean), out=slope).mul_(back)))
    of_bias = torch.stack(sums).sum(0)
    of_weight = deviation * torch.stack(products).sum(0)
    # Every value also moves the mean and the variance that all are normalised by.
    count = sum(part[:, 0].numel() for part in maps)
    slope_of_maps = -gain * deviation * of_weight / count
    constant = -gain * of_bias / count - mean * slope_of_maps
    for part, back in zip(maps, backs, strict=True):
        summand = _normalized(part, slope_of_maps, constant, scratch)
        torch.addcmul(summand, back, _wide(gain), out=back)
    return of_weight, of_bias, None, None, *backs


def _plainly(pooling: nn.AvgPool2d, eps: float, weight: Tensor, bias: Tensor, *maps: Tensor) -> Tensor:
    """Return the pooled maps in operations that can be differentiated as often as wanted."""
    whole = torch.cat(maps)
    variance, mean = torch.var_mean(whole, (0, 2, 3), correction=0)
    normalized = _wide(weight * torch.rsqrt(variance + eps)) * (whole - _wide(mean)) + _wide(bias)
    return _pool(F.elu(normalized), pooling)


def _wide(values: Tensor) -> Tensor:
    return values[:, None, None]


def _like(scratch: Tensor, maps: Tensor) -> Tensor:
    """Return memory for as many trials; the last block may be shorter."""
    return scratch[: len(maps)]


def _normalized(maps: Tensor, gain: Tensor, shift: Tensor, scratch: Tensor) -> Tensor:
    return torch.addcmul(_wide(shift), maps, _wide(gain), out=_like(scratch, maps))


def _sums(maps: Tensor) -> Tensor:
    return maps.sum((0, 2, 3))


def _elu(maps: Tensor, out: Tensor | None = None) -> Tensor:
    """Return ELU with the precision of numbers near 1; PyTorch's is more precise near 0, and takes longer."""
    # exp(y) - 1 is below y only by rounding, so this is the larger of the two on both sides of 0.
    return torch.maximum(maps, torch.clamp(maps, max=0, out=out).exp_().sub_(1), out=out)


def _pool(maps: Tensor, pooling: nn.AvgPool2d) -> Tensor:
    return F.avg_pool2d(
        maps, pooling.kernel_size, pooling.stride, pooling.padding, False, pooling.count_include_pad
    )


def _unpool(gradient: Tensor, maps: Tensor, pooling: nn.AvgPool2d) -> Tensor:
    """Return the gradient at what was pooled: pooling's transpose."""
    size, stride, padding = map(_pair, (pooling.kernel_size, pooling.stride, pooling.padding))
    times, windows = maps.shape[3], gradient.shape[3]
    by_window = gradient.squeeze(2).transpose(1, 2)
    if times * windows > _MOST_SHARES:
        # A gradient whose units are not contiguous would take eight times as long.
        by_unit = by_window.contiguous().transpose(1, 2).unsqueeze(2)
        back: Tensor = torch.ops.aten.avg_pool2d_backward(
            by_unit, maps, size, stride, padding, False, pooling.count_include_pad, None
        )
        return back
    # Samples in the same windows have the same gradient: it is computed once, by a small product, and copied.
    shares, row_of_time = _shares_of_windows(times, size[1], stride[1], padding[1], pooling.count_include_pad)
    rows = torch.matmul(torch.from_numpy(shares).to(gradient), by_window)
    return rows.index_select(1, torch.from_numpy(row_of_time)).transpose(1, 2).unsqueeze(2)


@functools.lru_cache(maxsize=32)
def _shares_of_windows(
    times: int, size: int, stride: int, padding: int, count_include_pad: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the share of a sample in the mean of each window, once where it is the same for neighbours.

    The second array has the row of the first that belongs to each sample.
    """
    first = np.arange((times + 2 * padding - size) // stride + 1) * stride - padding
    last = np.minimum(first + size, times + padding)
    n_averaged = last - first if count_include_pad else np.minimum(last, times) - np.maximum(first, 0)
    time = np.arange(times)[:, None]
    shares = ((time >= first) & (time < last)) / n_averaged
    is_new = np.any(shares[1:] != shares[:-1], axis=1)
    return shares[np.append(True, is_new)], np.append(0, is_new.cumsum())


def _pair(size: int | tuple[int, int]) -> tuple[int, int]:
    return size if isinstance(size, tuple) else (size, size)
