"""Both halves of a network: up to what enters its first non-linearities, and from there to the scores."""

import copy
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_unflatten

from sincviz.networks.tracing.affine_cut import AffineCut, affine_cut
from sincviz.networks.tracing.operations import (
    NotTraceableError,
    call,
    is_signal,
    name_of,
    run_with,
    values_at,
)

Front: TypeAlias = Callable[[Tensor], list[Tensor]]
"""From trials (batch, channels, times) to the tensors of a cut, (batch, values of a trial) each."""

Tail: TypeAlias = Callable[[Sequence[Tensor]], Any]
"""From these tensors to the output of the network."""

_SAME_SCORES = 1e-3  # of the scores' spread: single precision in another order
_SIZES = (1e-2, 10.0, 1e3, 1e5)
"""Of the noise on which scores are compared."""


def halves(module: nn.Module, n_chans: int, n_times: int) -> tuple[Front, Tail]:
    """Return the affine half of a network and what follows it, verified on noise.

    Raises
    ------
    NotTraceableError
        If it cannot be cut.

    Examples
    --------
    >>> module = nn.Sequential(nn.Conv1d(3, 4, 9), nn.ELU(), nn.Flatten(), nn.Linear(4 * 92, 2))
    >>> front, tail = halves(module, 3, 100)
    >>> x = torch.randn(2, 3, 100)
    >>> front(x)[0].shape, bool(torch.allclose(tail(front(x)), module(x)))
    (torch.Size([2, 368]), True)
    """
    _, cut, _ = cut_in_double_precision(module, n_chans, n_times)
    front, tail = front_of(module, cut), tail_of(module, cut, n_chans, n_times)
    check_halves(module, lambda x: tail(front(x)), n_chans, n_times)
    return front, tail


def cut_in_double_precision(
    module: nn.Module, n_chans: int, n_times: int
) -> tuple[nn.Module, AffineCut, torch.dtype]:
    """Return a copy of the network on the CPU, where it is cut, and the precision in which it runs, double if it can.

    Raises
    ------
    NotTraceableError
        If it cannot be cut.
    """
    failure: Exception = NotTraceableError("it could not be run")
    for dtype in (torch.float64, torch.float32):
        copied = copy.deepcopy(module).cpu()
        copied = copied.double() if dtype == torch.float64 else copied.float()
        for values in (*copied.parameters(), *copied.buffers()):
            if values.is_complex():
                values.data = values.data.to(torch.complex128 if dtype == torch.float64 else torch.complex64)
        try:
            return copied, affine_cut(copied, n_chans, n_times, dtype), dtype
        except NotTraceableError:
            raise
        except Exception as error:  # any network may fail in any way in double precision
            failure = error
    raise NotTraceableError(f"its operations cannot be followed ({first_line(failure)})")


@torch.enable_grad()
@torch.inference_mode(False)
def check_halves(module: nn.Module, scores_of: Callable[[Tensor], Any], n_chans: int, n_times: int) -> None:
    """Raise if both halves together do not return the network's scores for noise.

    Raises
    ------
    NotTraceableError
        If they do not, or cannot be run by themselves.
    """
    like = next(module.parameters(), torch.zeros(0))
    generator = torch.Generator().manual_seed(3)
    for size in _SIZES:
        x = size * torch.randn(3, n_chans, n_times, generator=generator)
        x = x.to(like.device, like.dtype).requires_grad_()
        with torch.autocast(x.device.type, enabled=False):
            expected = module(x.clone())
        try:
            scores = scores_of(x)
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            raise NotTraceableError(
                f"it cannot be continued after its first non-linearity ({first_line(error)})"
            ) from None
        if not (
            isinstance(scores, Tensor) and isinstance(expected, Tensor) and scores.shape == expected.shape
        ):
            raise NotTraceableError("its output is no tensor of scores")
        if expected.requires_grad and not scores.requires_grad:
            raise NotTraceableError(
                "what follows its first non-linearity is computed in a way that hides its gradient"
            )
        if not same_scores(scores.detach(), expected.detach()):
            raise NotTraceableError("what enters its first non-linearities does not determine its scores")


def same_scores(scores: Tensor, expected: Tensor) -> bool:
    """Return whether scores are the same up to the rounding of single precision."""
    spread = float((expected - expected.mean(0)).abs().max()) if len(expected) > 1 else 0.0
    allowed = _SAME_SCORES * max(spread, 1e-2 * float(expected.abs().max()), 1e-9)
    return not float((scores - expected).abs().max()) > allowed


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, as part of a sentence."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def front_of(module: nn.Module, cut: AffineCut) -> Front:
    """Return the function from trials to the tensors of a cut; what follows is not run, and gradients flow back."""
    places = [cut.places[members[0]] for members in cut.tensors]
    axes = [cut.batch_axes[members[0]] for members in cut.tensors]
    same_way = {1: True}

    def front(x: Tensor) -> list[Tensor]:
        if len(x) not in same_way:
            same_way[len(x)] = cut.holds_for(module, len(x), *x.shape[1:])
        if not same_way[len(x)]:  # so many trials take another way through the network
            singles = [values_at(module, one, places) for one in torch.split(x, 1)]
            return [
                torch.cat([_values(single[number], 1, axes[number]) for single in singles])
                for number in range(len(places))
            ]
        reached = zip(values_at(module, x, places), axes, strict=True)
        return [_values(value, len(x), axis) for value, axis in reached]

    return front


def _values(tensor: Tensor, batch: int, axis: int) -> Tensor:
    """Return the real numbers of every trial, shape (batch, values)."""
    first = tensor.movedim(axis, 0)
    return (torch.view_as_real(first) if first.is_complex() else first).reshape(batch, -1)


def _as_there(values: Tensor, tensor: Tensor, axis: int) -> Tensor:
    """Return the same numbers as the tensor of which they are, which an activation may change in place."""
    shape = tensor.movedim(axis, 0).shape
    if tensor.is_complex():
        return torch.view_as_complex(values.reshape(*shape, 2).contiguous()).movedim(0, axis).clone()
    return values.reshape(shape).movedim(0, axis).clone()


def tail_of(
    module: nn.Module, cut: AffineCut, n_chans: int, n_times: int
) -> Callable[[Sequence[Tensor]], Any]:
    """Return the function from the tensors of a cut, (batch, values of a trial) each, to the output of the network.

    Affine operations, which make what enters the cut, are not done: their results are placeholders of the right shape.
    So the function costs what follows the cut, and has the gradient of that.

    Parameters
    ----------
    module : torch.nn.Module
        In evaluation mode.
    cut : AffineCut
        Where it is cut.
    n_chans, n_times : int
        Size of a trial.
    """
    of_batches: dict[tuple[int, torch.dtype, torch.device], dict[int, Any]] = {}

    def placeholders(batch: int, like: Tensor) -> dict[int, Any]:
        key = (batch, like.dtype, like.device)
        if key not in of_batches:
            kept: dict[int, Any] = {}
            names: list[str] = []

            def run(number: int, func: Any, values: list[Any], structure: Any) -> Any:
                names.append(name_of(func))
                result = call(func, values, structure)
                if number in cut.affine_operations:
                    kept[number] = _hollow(result)
                return result

            with torch.no_grad():
                run_with(module, like.new_zeros(batch, n_chans, n_times), run)
            if tuple(names) != cut.operations:
                if batch == 1:
                    raise NotTraceableError("its operations differ from one input to another")
                kept = {}
            of_batches[key] = kept
        return of_batches[key]

    def tail(tensors: Sequence[Tensor]) -> Any:
        first = tensors[0]
        batch = first.shape[0]
        hollow = placeholders(batch, first)
        if not hollow and batch > 1:  # so many trials take another way through the network
            return torch.cat([tail([tensor[row : row + 1] for tensor in tensors]) for row in range(batch)])
        entering: dict[int, dict[int, tuple[Tensor, int]]] = {}
        for members, tensor in zip(cut.tensors, tensors, strict=True):
            for member in members:
                number, at = cut.places[member]
                entering.setdefault(number, {})[at] = tensor, cut.batch_axes[member]

        def run(number: int, func: Any, values: list[Any], structure: Any) -> Any:
            if number >= len(cut.operations) or name_of(func) != cut.operations[number]:
                raise RuntimeError(
                    "The network does other operations than when it was read. Remove hooks that were set on its "
                    "modules since, or on all modules."
                )
            if number in hollow:
                return hollow[number]
            for at, (tensor, axis) in entering.get(number, {}).items():
                values[at] = _as_there(tensor, values[at], axis)
            return call(func, values, structure)

        return run_with(module, first.new_zeros(()).expand(batch, n_chans, n_times), run)

    return tail


def _hollow(result: Any) -> Any:
    """Return the same with tensors that need no memory."""
    values, structure = tree_flatten(result)
    hollow = [value.new_zeros(()).expand(value.shape) if is_signal(value) else value for value in values]
    return tree_unflatten(hollow, structure)
