"""Kernels of what enters the first non-linearities: probed with impulses, verified on noise."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from sincviz.networks.tracing.affine_cut import AffineCut
from sincviz.networks.tracing.operations import NotTraceableError, Place, values_at

_TIME_INVARIANT = {torch.float64: 1e-6, torch.float32: 1e-3}
_SILENT = {torch.float64: 1e-12, torch.float32: 1e-6}
"""Share of a kernel's largest value below which a lag is outside it."""

_PROBED_AT_ONCE = 16
_MOST_IMPULSES = 20_000
_SHIFT = 48
_USUAL_STRIDES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 20, 24, 25, 32, 48, 50, 64, 75, 100)
_LEAST_INSIDE = 0.25


@dataclass(frozen=True)
class ProbedTensor:
    """One tensor that enters the first non-linearities, as a bank of spatio-temporal kernels.

    The output of unit u at step m is ``bias[u, m] + Σ kernels[u, c, j] · x[c, stride · m - before + j]``.

    Attributes
    ----------
    kernels : torch.Tensor, shape (units, channels, taps)
        As a convolution of PyTorch has them, in double precision.
    before : int
        Samples of the input before the step that a kernel begins with.
    stride : int
        Samples of the input from one output to the next.
    bias : torch.Tensor, shape (units, times)
        Output for silence.
    shape : tuple of int
        Of the tensor for one trial.
    axis : int
        Its time axis.
    edges : tuple of int
        Outputs at the beginning and at the end for which the kernels do not hold, as those of padded layers in a row.
    error : float
        Largest error of the kernels on noise elsewhere, relative to the largest output.
    """

    kernels: Tensor
    before: int
    stride: int
    bias: Tensor
    shape: tuple[int, ...]
    axis: int
    edges: tuple[int, int]
    error: float

    @property
    def n_out(self) -> int:
        """Number of outputs in time."""
        return self.bias.shape[1]

    def of_units(self, values: Tensor) -> Tensor:
        """Return values (batch, units, times) as the tensor has them, shape (batch, values of a trial)."""
        others = [size for at, size in enumerate(self.shape) if at != self.axis]
        return values.reshape(len(values), *others, self.n_out).movedim(-1, self.axis + 1).flatten(1)

    def to_units(self, tensor: Tensor, batch: int) -> Tensor:
        """Return the tensor as (batch, units, times)."""
        return tensor.reshape(batch, *self.shape).movedim(self.axis + 1, -1).reshape(batch, -1, self.n_out)


@torch.no_grad()
def probed(
    module: nn.Module, cut: AffineCut, place: Place, n_chans: int, n_times: int, dtype: torch.dtype
) -> ProbedTensor:
    """Return the kernels of what enters a place of the cut.

    Raises
    ------
    NotTraceableError
        If it is not a convolution of the input in time.
    """
    silence = torch.zeros(1, n_chans, n_times, dtype=dtype)
    batch_axis = cut.batch_axes[cut.places.index(place)]
    rest = values_at(module, silence, [place])[0].movedim(batch_axis, 0)
    if rest.is_complex():
        raise NotTraceableError("complex numbers enter the first non-linearity")
    # One trial: where the network puts channels into the batch, they are units here.
    shape = tuple(rest.shape)
    middle = n_times // 2
    at_once = _PROBED_AT_ONCE if cut.holds_for(module, _PROBED_AT_ONCE, n_chans, n_times) else 1

    def responses(impulses: Iterable[tuple[Tensor, int]]) -> Tensor:
        """Return the responses to impulses (weights of channels, time), shape (impulses, *shape)."""
        every, found = list(impulses), []
        for start in range(0, len(every), at_once):
            some = every[start : start + at_once]
            x = silence.repeat(len(some), 1, 1)
            for row, (weights, time) in zip(x, some, strict=True):
                row[:, time] = weights
            reached = values_at(module, x, [place])[0].movedim(batch_axis, 0)
            found.append(reached.reshape(len(x), *shape) - rest)
        return torch.cat(found)

    axis, stride = _time_axis(responses, shape, n_chans, n_times, dtype)
    if stride * n_chans > _MOST_IMPULSES:
        raise NotTraceableError(
            f"of what enters its first non-linearity only every {stride}th sample is kept"
        )
    n_out = shape[axis]
    bias = rest.movedim(axis, -1).reshape(-1, n_out)

    channels = torch.eye(n_chans, dtype=dtype)
    for probes in (range(middle, middle + stride), (*range(stride), *range(n_times - stride, n_times))):
        values = responses((weights, time) for time in probes for weights in channels)
        values = values.movedim(axis + 1, -1).reshape(len(probes), n_chans, -1, n_out)
        kernels, before = _kernels(values, list(probes), stride, n_times, dtype)
        edges, error, inside = _verified(
            module,
            place,
            batch_axis,
            ProbedTensor(kernels, before, stride, bias, shape, axis, (0, 0), 0.0),
            n_times,
            dtype,
        )
        if inside >= _LEAST_INSIDE:
            return ProbedTensor(kernels, before, stride, bias, shape, axis, edges, error)
    raise NotTraceableError("what enters its first non-linearity is not the input convolved in time")


def _time_axis(responses, shape, n_chans: int, n_times: int, dtype: torch.dtype) -> tuple[int, int]:  # type: ignore[no-untyped-def]
    """Return the axis, and the stride, along which a later impulse is a later response."""
    middle = n_times // 2
    weights = torch.randn(n_chans, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).to(dtype)
    candidates = []
    for axis in sorted(range(len(shape)), key=lambda at: -shape[at]):
        if shape[axis] < 2:
            continue
        most = n_times / (shape[axis] - 1)
        near = {int(n_times / shape[axis]), round(n_times / shape[axis]), int(most), round(most)}
        candidates += [
            (axis, stride) for stride in sorted({*near, *_USUAL_STRIDES}) if 1 <= stride <= most + 1
        ]
    if not candidates:
        raise NotTraceableError("what enters its first non-linearity has no time axis")
    shifts = {stride: stride * max(1, min(_SHIFT, n_times // 8) // stride) for _, stride in candidates}
    times = sorted({middle - shift for shift in shifts.values() if middle >= shift})
    found = responses([(weights, time) for time in (middle, *times)])
    at_middle, at_time = found[0], dict(zip(times, found[1:], strict=True))
    largest = at_middle.abs().max().clamp(min=1e-300)
    best = (np.inf, 0, 1)
    for axis, stride in candidates:
        if middle - shifts[stride] not in at_time:
            continue
        steps = shifts[stride] // stride
        earlier, n_out = at_time[middle - shifts[stride]], shape[axis]
        if steps >= n_out:
            continue
        a, b = earlier.narrow(axis, 0, n_out - steps), at_middle.narrow(axis, steps, n_out - steps)
        in_view = min(float(a.square().sum()), float(b.square().sum()))
        if in_view < 0.5 * float(at_middle.square().sum()):
            continue
        # Where the response runs out of the signal it is not the same.
        error = float((a - b).square().sum().sqrt() / at_middle.square().sum().sqrt())
        if error < best[0] - 1e-9:
            best = (error, axis, stride)
    if best[0] > 0.5 or float(largest) <= 1e-300:
        raise NotTraceableError("what enters its first non-linearity does not shift in time with the input")
    return best[1], best[2]


def _kernels(
    values: Tensor, times: list[int], stride: int, n_times: int, dtype: torch.dtype
) -> tuple[Tensor, int]:
    """Return kernels (units, channels, taps) and where they begin, from responses (times, channels, units, outputs)."""
    n_out = values.shape[3]
    most_before = n_out * stride
    kernels = values.new_zeros(values.shape[2], values.shape[1], most_before + n_times)
    for row, time in zip(values, times, strict=True):
        # x[time] enters output m with tap j = time - stride · m + before
        taps = time - stride * torch.arange(n_out) + most_before
        kernels[:, :, taps] = row.transpose(0, 1)
    loudest = kernels.abs().amax((0, 1))
    kept = torch.nonzero(loudest > _SILENT[dtype] * loudest.max()).flatten()
    if len(kept) == 0:
        raise NotTraceableError("its first non-linearity does not depend on the input")
    low, high = int(kept[0]), int(kept[-1])
    return kernels[:, :, low : high + 1].double(), most_before - low


def _verified(
    module: nn.Module,
    place: Place,
    batch_axis: int,
    tensor: ProbedTensor,
    n_times: int,
    dtype: torch.dtype,
) -> tuple[tuple[int, int], float, float]:
    """Return outputs at the edges where kernels do not hold, their error elsewhere, and the share of the rest."""
    n_chans = tensor.kernels.shape[1]
    x = torch.randn(1, n_chans, n_times, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    truth = (
        tensor.to_units(values_at(module, x.to(dtype), [place])[0].movedim(batch_axis, 0), 1)[0].double()
        - tensor.bias.double()
    )
    error = (
        (convolved(x, tensor.kernels, tensor.before, tensor.stride, tensor.n_out)[0] - truth).abs().amax(0)
    )
    error = error / truth.abs().max().clamp(min=1e-300)
    good = (error <= _TIME_INVARIANT[dtype]).tolist()
    # The longest stretch of outputs for which the kernels hold.
    runs, start = [], None
    for number, ok in enumerate([*good, False]):
        if ok and start is None:
            start = number
        elif not ok and start is not None:
            runs.append((number - start, start, number))
            start = None
    if not runs:
        return (0, 0), float(error.min()), 0.0
    length, first, end = max(runs)
    return (first, tensor.n_out - end), float(error[first:end].max()), length / tensor.n_out


def convolved(x: Tensor, kernels: Tensor, before: int, stride: int, n_out: int) -> Tensor:
    """Return trials (batch, channels, times) through kernels (units, channels, taps), silence around them.

    Returns
    -------
    torch.Tensor, shape (batch, units, n_out)
    """
    after = stride * (n_out - 1) - before + kernels.shape[2] - x.shape[2]
    padded = torch.nn.functional.pad(x, (before, after))
    return torch.nn.functional.conv1d(padded, kernels.to(x.dtype), stride=stride)
