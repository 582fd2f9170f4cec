"""What follows the cut of a network: scores from the values that enter the first non-linearities."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_unflatten

from sincviz.networks.tracing.affine_cut import AffineCut
from sincviz.networks.tracing.operations import NotTraceableError, call, is_signal, run_with


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
                names.append(getattr(func, "__name__", str(func)))
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
        entering: dict[int, dict[int, Tensor]] = {}
        for members, tensor in zip(cut.tensors, tensors, strict=True):
            for member in members:
                number, at = cut.places[member]
                entering.setdefault(number, {})[at] = tensor

        def run(number: int, func: Any, values: list[Any], structure: Any) -> Any:
            if number in hollow:
                return hollow[number]
            for at, tensor in entering.get(number, {}).items():
                # An activation may work in place.
                values[at] = tensor.reshape(values[at].shape).clone()
            return call(func, values, structure)

        return run_with(module, first.new_zeros(()).expand(batch, n_chans, n_times), run)

    return tail


def _hollow(result: Any) -> Any:
    """Return the same with tensors that need no memory."""
    values, structure = tree_flatten(result)
    hollow = [value.new_zeros(()).expand(value.shape) if is_signal(value) else value for value in values]
    return tree_unflatten(hollow, structure)
