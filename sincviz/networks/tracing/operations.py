"""Operations of a network in the order in which it runs them: watched, stopped or replaced on the way."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_unflatten

Place: TypeAlias = tuple[int, int]
"""An operation's number, and the position of a tensor among its arguments."""


class NotTraceableError(Exception):
    """The operations of a network cannot be followed."""


class _Enough(BaseException):
    """The wanted operations were seen."""


class _Operations(TorchFunctionMode):
    """Numbers the operations, and lets ``run`` do each."""

    def __init__(self, run: Callable[[int, Any, list[Any], Any], Any]) -> None:
        super().__init__()
        self.number, self.run = -1, run

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        self.number += 1
        values, structure = tree_flatten((args, dict(kwargs or {})))
        return self.run(self.number, func, values, structure)


def name_of(func: Any) -> str:
    """Return the name of an operation."""
    return getattr(func, "__name__", str(func))


def call(func: Any, values: list[Any], structure: Any) -> Any:
    """Do an operation with flattened arguments."""
    args, kwargs = tree_unflatten(values, structure)
    return func(*args, **kwargs)


def is_signal(value: object) -> bool:
    """Return whether an argument or result can carry a signal."""
    return isinstance(value, Tensor) and (value.is_floating_point() or value.is_complex())


def signals(values: Sequence[Any]) -> list[tuple[int, Tensor]]:
    """Return the tensors among flattened values that can carry a signal, with their positions."""
    return [(at, value) for at, value in enumerate(values) if is_signal(value)]


def run_with(module: nn.Module, x: Tensor, run: Callable[[int, Any, list[Any], Any], Any]) -> Any:
    """Return a network's output where ``run(number, func, values, structure)`` does every operation.

    Operations that start inside another one, such as those of an activation, are not numbered.
    """
    # A network may work in place on its input.
    given = x.clone()
    with torch.autocast(x.device.type, enabled=False), _Operations(run):
        return module(given)


def operation_names(module: nn.Module, x: Tensor) -> tuple[str, ...]:
    """Return the operations of a network in their order."""
    names: list[str] = []

    def run(number: int, func: Any, values: list[Any], structure: Any) -> Any:
        names.append(name_of(func))
        return call(func, values, structure)

    with torch.no_grad():
        run_with(module, x, run)
    return tuple(names)


def arguments_at(module: nn.Module, x: Tensor, wanted: int) -> dict[str, Any] | None:
    """Return the arguments of a batch normalisation by their names; ``None`` if they cannot be told."""
    found: list[dict[str, Any]] = []

    def run(number: int, func: Any, values: list[Any], structure: Any) -> Any:
        if number == wanted:
            args, kwargs = tree_unflatten(values, structure)
            found.append(inspect.signature(nn.functional.batch_norm).bind(*args, **kwargs).arguments)
            raise _Enough
        return call(func, values, structure)

    try:
        with torch.no_grad():
            run_with(module, x, run)
    except _Enough:
        return {"weight": None, "bias": None, "eps": 1e-5, "momentum": 0.1} | found[0]
    except TypeError:  # not PyTorch's own function
        return None
    return None


def values_at(module: nn.Module, x: Tensor, places: Sequence[Place]) -> list[Tensor]:
    """Return what reaches these places, shape as there; what follows the last of them is not run.

    Raises
    ------
    NotTraceableError
        If the network does not come to all of them, or a place holds no tensor.
    """
    wanted: dict[int, set[int]] = {}
    for number, position in places:
        wanted.setdefault(number, set()).add(position)
    reached: dict[Place, Tensor] = {}

    def run(number: int, func: Any, values: list[Any], structure: Any) -> Any:
        for position in wanted.get(number, ()):
            if position < len(values) and is_signal(values[position]):
                reached[number, position] = values[position].clone()
        if len(reached) == len(places):
            raise _Enough
        return call(func, values, structure)

    try:
        run_with(module, x, run)
    except _Enough:
        return [reached[place] for place in places]
    raise NotTraceableError("its operations differ from one input to another")
