"""First non-linearities of a network: what enters them is affine in the input, and determines the output."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten

from sincviz.networks.tracing.operations import (
    NotTraceableError,
    Place,
    call,
    name_of,
    operation_names,
    run_with,
    signals,
    values_at,
)

_A, _B = 0.7, -1.3
_AFFINE = {torch.float64: 1e-7, torch.float32: 1e-4}
_SCALES = (1e-2, 1e1, 1e5)
"""Inputs from a hundredth to a hundred thousand: what is linear for small or for large ones may not be for others."""


@dataclass(frozen=True)
class AffineCut:
    """Where a network stops to be affine.

    Attributes
    ----------
    places : tuple of (int, int)
        Operation and position of every affine tensor that enters a non-linear operation.
    tensors : tuple of tuple of int
        Numbers of the places that hold the same values, one tuple for each tensor.
    affine_operations : frozenset of int
        Operations whose results are affine in the input: what follows the cut does not need them.
    first_nonlinear : tuple of str
        Names of the first non-linear operations.
    operations : tuple of str
        Names of all operations, for one trial.
    normalisations : tuple of int or None
        Number of the batch normalisation that makes each tensor, if one does.
    batch_axes : tuple of int
        Axis of the trials at each place, which may have more in it.
    """

    places: tuple[Place, ...]
    tensors: tuple[tuple[int, ...], ...]
    affine_operations: frozenset[int]
    first_nonlinear: tuple[str, ...]
    operations: tuple[str, ...]
    normalisations: tuple[int | None, ...]
    batch_axes: tuple[int, ...]

    def holds_for(self, module: nn.Module, batch: int, n_chans: int, n_times: int) -> bool:
        """Return whether so many trials run through the same operations as one, so that places mean the same."""
        like = next(module.parameters(), torch.zeros(0))
        silence = torch.zeros(batch, n_chans, n_times, dtype=like.dtype, device=like.device)
        return operation_names(module, silence) == self.operations


@dataclass(frozen=True)
class _Step:
    name: str
    inputs: dict[int, NDArray[np.float64]]
    outputs: list[NDArray[np.float64]]


@torch.no_grad()
def affine_cut(
    module: nn.Module, n_chans: int, n_times: int, dtype: torch.dtype = torch.float64
) -> AffineCut:
    """Return where a network stops to be affine.

    Every operation is watched on 0, x, y and a·x + b·y, small and large. What comes out of an affine operation is
    affine in the input on these four, up to rounding; the first operations for which that fails are the first
    non-linearities.

    Raises
    ------
    NotTraceableError
        If the operations or scores change from one input or run to another, or no operation is non-linear.
    """
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(1, n_chans, n_times, generator=generator, dtype=torch.float64) for _ in range(2))
    # For every scale the steps at 0, x, y and a·x + b·y.
    # Single precision cannot tell small signals on a large offset from rounding.
    scales = _SCALES if dtype == torch.float64 else _SCALES[1:]
    runs = [
        [_watched(module, (scale * one).to(dtype)) for one in (0 * x, x, y, _A * x + _B * y)]
        for scale in scales
    ]
    if len({tuple(step.name for step in steps) for four in runs for steps in four}) > 1:
        raise NotTraceableError("its operations depend on the values of the input")
    again = _watched(module, (scales[-1] * x).to(dtype))
    if again and any(
        not np.array_equal(one, other, equal_nan=True)
        for one, other in zip(again[-1].outputs, runs[-1][1][-1].outputs, strict=False)
    ):
        raise NotTraceableError("its scores change from run to run")
    places: list[Place] = []
    sums: list[NDArray[np.float64]] = []
    affine, names = set(), []
    for number in range(len(runs[0][0])):
        at_scales = [[steps[number] for steps in four] for four in runs]
        common = set.intersection(*(set(step.inputs) for four in at_scales for step in four))
        kinds = {
            at: _kind_of_all([[step.inputs[at] for step in four] for four in at_scales], dtype)
            for at in sorted(common)
        }
        n_outputs = min(len(step.outputs) for four in at_scales for step in four)
        results = [
            _kind_of_all([[step.outputs[at] for step in four] for four in at_scales], dtype)
            for at in range(n_outputs)
        ]
        entering = [at for at, kind in kinds.items() if kind == "affine"]
        if "other" in results:
            if entering:
                names.append(at_scales[0][0].name)
            places += [(number, at) for at in entering]
            sums += [np.stack([step.inputs[at] for step in at_scales[0]]) for at in entering]
        elif "affine" in results:
            affine.add(number)
    steps = runs[0]
    if not places:
        raise NotTraceableError("no operation could be found that is not affine")
    same = _same(sums)
    return AffineCut(
        places=tuple(places),
        tensors=same,
        affine_operations=frozenset(affine),
        first_nonlinear=tuple(dict.fromkeys(names)),
        operations=tuple(step.name for step in steps[0]),
        normalisations=tuple(_normalisation(sums[one[0]], steps, places[one[0]][0]) for one in same),
        batch_axes=_batch_axes(module, places, n_chans, n_times, dtype),
    )


def _batch_axes(
    module: nn.Module, places: Sequence[Place], n_chans: int, n_times: int, dtype: torch.dtype
) -> tuple[int, ...]:
    """Return the axis that grows with the number of trials, for each place; the first if that is not known."""
    one, two = (torch.zeros(batch, n_chans, n_times, dtype=dtype) for batch in (1, 2))
    try:
        shapes = [[value.shape for value in values_at(module, x, list(places))] for x in (one, two)]
    except NotTraceableError:
        return (0,) * len(places)
    axes = []
    for small, large in zip(*shapes, strict=True):
        grown = [axis for axis, (a, b) in enumerate(zip(small, large, strict=False)) if a != b]
        axes.append(grown[0] if len(grown) == 1 and len(small) == len(large) else 0)
    return tuple(axes)


def _watched(module: nn.Module, x: Tensor) -> list[_Step]:
    steps: list[_Step] = []

    def run(number: int, func: Any, values: list[Any], structure: Any) -> Any:
        inputs = {at: _summary(value) for at, value in signals(values)}
        result = call(func, values, structure)
        outputs = [_summary(value) for _, value in signals(tree_flatten(result)[0])]
        if not outputs and inputs and result is None:  # such as an assignment to a part of a tensor
            outputs = [_summary(value) for _, value in signals(values)[:1]]
        steps.append(_Step(name_of(func), inputs, outputs))
        return result

    run_with(module, x, run)
    return steps


def _summary(value: Tensor) -> NDArray[np.float64]:
    """Return four linear combinations of a tensor's values: it is affine in the input if these are.

    The last two do not depend on the order of the values, and tell whether two tensors hold the same ones.
    """
    flat = value.detach().reshape(-1)
    flat = (torch.view_as_real(flat.contiguous()).reshape(-1) if flat.is_complex() else flat).cpu().double()
    weights = _weights(1 << max(0, int(flat.numel() - 1).bit_length()))[:, : flat.numel()]
    return np.array([*(weights @ flat).tolist(), float(flat.sum()), float(flat.numel())])


@lru_cache(maxsize=2)
def _weights(size: int) -> Tensor:
    return torch.randn(2, size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def _kind_of_all(scales: Sequence[Sequence[NDArray[np.float64]]], dtype: torch.dtype) -> str:
    """Return what is true at every scale: affine, or constant, else other."""
    kinds = [_kind(values, dtype) for values in scales]
    if "other" in kinds:
        return "other"
    return "affine" if "affine" in kinds else "constant"


def _kind(values: Sequence[NDArray[np.float64]], dtype: torch.dtype) -> str:
    """Return ``"constant"``, ``"affine"`` or ``"other"`` for values at 0, x, y and a·x + b·y."""
    o, x, y, mixed = values
    if len({value[-1] for value in values}) > 1 or not np.isfinite(values).all():
        return "other"
    size = max(np.abs(x - o).max(), np.abs(y - o).max(), np.abs(mixed - o).max())
    if size <= 1e-5 * _AFFINE[dtype] * max(np.abs(o).max(), 1e-300):
        return "constant"
    return (
        "affine"
        if np.abs(mixed - o - _A * (x - o) - _B * (y - o)).max() <= _AFFINE[dtype] * size
        else "other"
    )


def _normalisation(values: NDArray[np.float64], steps: list[list[_Step]], before: int) -> int | None:
    """Return the number of the last batch normalisation before an operation whose result is what enters there."""
    for number in reversed(range(before)):
        if steps[0][number].name == "batch_norm":
            made = np.stack([run[number].outputs[0] for run in steps])
            return number if _agree(values, made) else None
    return None


def _agree(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return np.allclose(one, other, rtol=1e-9, atol=1e-12 * np.abs(other[:, :3]).max())


def _same(sums: list[NDArray[np.float64]]) -> tuple[tuple[int, ...], ...]:
    groups: list[list[int]] = []
    for number, one in enumerate(sums):
        for group in groups:
            if _agree(sums[group[0]], one):
                group.append(number)
                break
        else:
            groups.append([number])
    return tuple(map(tuple, groups))
