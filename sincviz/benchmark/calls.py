"""Calls of a method: batch by batch and class by class, checked, on a copy of the network that it may not change."""

import copy
import random
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sincviz.benchmark.failures import failure_words
from sincviz.benchmark.methods import Method
from sincviz.errors import MethodError

BATCH_SIZE = 50
_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
)


@dataclass(frozen=True, eq=False)
class Attributions:
    """What a method returned for every class and trial of a case.

    Attributes
    ----------
    values : ndarray, shape (classes, trials, channels, n), or (classes, channels, n) without trials
        The last axis is over times, or over the bins of ``numpy.fft.rfft``.
    domain : {"time", "frequency"}
        Which of the two.
    seconds : float
        Duration of all calls.
    """

    values: NDArray[np.float64]
    domain: str
    seconds: float

    @property
    def per_trial(self) -> bool:
        """Whether there is a value for every trial."""
        return self.values.ndim == 4


def attributions(
    method: Method,
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    *,
    n_classes: int = 2,
    seed: int = 0,
    of: str = "this case",
) -> Attributions:
    """Call a method for every class, on batches of about 50 trials with the same share of each class.

    Parameters
    ----------
    method : Method
        What to call.
    model : torch.nn.Module
        The network; the method is given a copy.
    x : torch.Tensor, shape (trials, channels, times)
        Trials; the method is given a copy of each batch.
    y : torch.Tensor, shape (trials,)
        Their classes.
    n_classes : int
        Number of class scores.
    seed : int
        The generators of PyTorch, NumPy and Python are seeded before every call, each time with another number that
        follows from it, and restored at the end.
    of : str
        What messages call the case.

    Returns
    -------
    Attributions
        In the order of the trials. Averages that a method made itself are averaged over batches.

    Raises
    ------
    MethodError
        If the method fails, returns something else than it may, or changes the network or the trials.

    Examples
    --------
    >>> from sincviz.benchmark.methods import named_method
    >>> x = torch.randn(6, 3, 20)
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(60, 2))
    >>> result = attributions(named_method(lambda model, x, target: x), network, x, torch.tensor([0, 1] * 3))
    >>> result.values.shape, result.domain
    ((2, 6, 3, 20), 'time')
    """
    given = copy.deepcopy(model)
    parts = batches(y.numpy())
    found: dict[int, list[NDArray[np.float64]]] = {target: [] for target in range(n_classes)}
    seconds = 0.0
    # Other numbers for every network: the same ones would agree or disagree with the truth of all of them.
    of_network = [seed, zlib.crc32(of.encode())]
    with _seeded(of_network) as reseed, torch.enable_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the method, which is not ours
        for rows in parts:
            for target in range(n_classes):
                batch = x[rows].clone()
                classes = (y[rows].clone(),) if method.takes_classes else ()
                reseed(len(found[target]) * n_classes + target)
                started = time.perf_counter()
                returned = _call(method, given, batch, target, classes, of)
                seconds += time.perf_counter() - started
                if not torch.equal(batch.detach(), x[rows]):
                    raise MethodError(
                        f"{method.name} changed the trials of {of}. Work on a copy: x = x.clone()."
                    )
                found[target].append(_checked(returned, tuple(batch.shape), f"{method.name} on {of}"))
    if change := _change(model, given):
        raise MethodError(
            f"{method.name} changed the network of {of}: {change}. Work on copy.deepcopy(model)."
        )
    values, domain = _joined(found, parts, x.shape[2], f"{method.name} on {of}")
    return Attributions(values, domain, seconds)


def checked_call(method: Method, of: str) -> Callable[[nn.Module, Tensor, int], NDArray[np.float64]]:
    """Return a method as a function that checks what is returned, and computes nothing twice.

    The scores that change the network or the trials call it. Random numbers of the method follow from what it is given.
    """
    known: dict[tuple[int, int, int], NDArray[np.float64]] = {}

    def call(model: nn.Module, x: Tensor, target: int) -> NDArray[np.float64]:
        key = (fingerprint(model), zlib.crc32(x.detach().contiguous().numpy().tobytes()), target)
        if key not in known:
            with _seeded([0]) as reseed, torch.enable_grad(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reseed(zlib.crc32(repr(key).encode()))  # other trials or weights, other numbers
                returned = _call(method, model, x.detach().clone(), target, (), of)
            known[key] = _checked(returned, tuple(x.shape), f"{method.name} on {of}")
        return known[key]

    return call


def fingerprint(model: nn.Module) -> int:
    """Return a number that is another one when a weight is another one."""
    found = zlib.crc32(repr(model).encode())
    for tensor in (*model.parameters(), *model.buffers()):
        found = zlib.crc32(tensor.detach().cpu().numpy().tobytes(), found)
    return found


def batches(y: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    """Return the rows of each batch; each has the same share of every class, as near as can be.

    Examples
    --------
    >>> [rows.tolist() for rows in batches(np.repeat([0, 1], 30))][0][:3]
    [0, 2, 4]
    """
    n_batches = -(-len(y) // BATCH_SIZE)
    order = np.argsort(y, kind="stable")
    return [np.sort(order[first::n_batches]) for first in range(n_batches)]


def _call(
    method: Method, model: nn.Module, x: Tensor, target: int, classes: tuple[Tensor, ...], of: str
) -> Any:
    try:
        return method.function(model, x, target, **dict(zip(("y",), classes, strict=False)))
    except Exception as error:  # whatever the method raises
        raise MethodError(f"{method.name} failed on {of}: {failure_words(error)}") from error


def _checked(returned: Any, shape: tuple[int, ...], what: str) -> NDArray[np.float64]:
    """Return what a method returned as an array, if it may return that."""
    n_trials, n_chans, n_times = shape
    if isinstance(returned, Tensor):
        returned = returned.detach().cpu()
        returned = returned.float() if returned.dtype in (torch.bfloat16, torch.float16) else returned
    try:
        values = np.asarray(returned)
    except Exception as error:
        raise MethodError(
            f"{what} returned a {type(returned).__name__}. Return a Tensor or an array."
        ) from error
    if values.dtype.kind not in "fiub":
        kind = type(returned).__name__ if values.dtype.kind == "O" else f"values of type {values.dtype}"
        raise MethodError(f"{what} returned {kind}. Return real numbers, as a Tensor or an array.")
    n_bins = n_times // 2 + 1
    allowed = [
        (n_trials, n_chans, n_times),
        (n_trials, n_chans, n_bins),
        (n_chans, n_times),
        (n_chans, n_bins),
    ]
    if values.shape not in allowed:
        words = ("over times", "over the bins of rfft", "times without trials", "bins without trials")
        listed = ", ".join(f"{one} {word}" for one, word in zip(allowed, words, strict=True))
        raise MethodError(
            f"{what} returned the shape {values.shape}; allowed are {listed}. {_advice(values.shape, allowed)}"
        )
    if not np.isfinite(values).all():
        n_bad = int((~np.isfinite(values)).sum())
        raise MethodError(
            f"{what} returned {n_bad} of {values.size} values that are not finite. Guard divisions and logarithms."
        )
    return values.astype(np.float64)


def _advice(shape: tuple[int, ...], allowed: list[tuple[int, ...]]) -> str:
    """Return what to do with an array of another shape."""
    flat = tuple(size for size in shape if size != 1)
    if flat in allowed:
        return "Remove the dimensions of size 1: squeeze()."
    if len(shape) == 4 and (shape[0], *shape[2:]) in allowed[:2]:
        return "Select the class: attribution[:, target]."
    if shape[:1] == shape[1:2] == allowed[2][:1] and shape[1:] in allowed[2:]:
        return "Return one class at a time."
    return (
        "Return one value for every sample of `x`, as x * gradient does, or for every bin. Divide the value of a band "
        "or window equally among its bins or samples."
    )


def _joined(
    found: dict[int, list[NDArray[np.float64]]], batches: list[NDArray[np.intp]], n_times: int, what: str
) -> tuple[NDArray[np.float64], str]:
    """Return the values of all classes and trials in one array, and their domain."""
    kinds = {(values.ndim, values.shape[-1]) for parts in found.values() for values in parts}
    if len(kinds) > 1:
        raise MethodError(
            f"{what} returned arrays of different kinds for different classes or batches. Return one."
        )
    (n_dims, last) = kinds.pop()
    sizes = np.array([len(rows) for rows in batches])
    if n_dims == 2:
        values = np.stack([np.average(parts, axis=0, weights=sizes) for parts in found.values()])
    else:
        order = np.argsort(np.concatenate(batches))
        values = np.stack([np.concatenate(parts)[order] for parts in found.values()])
    return values, "time" if last == n_times else "frequency"


def _change(before: nn.Module, after: nn.Module) -> str:
    """Return what is different between a network and the copy that a method was given; empty if nothing is."""
    modules, now = dict(before.named_modules()), dict(after.named_modules())
    if [(name, type(one)) for name, one in modules.items()] != [
        (name, type(one)) for name, one in now.items()
    ]:
        return "its layers are others"
    for name, module in now.items():
        where = name or "the network itself"
        if module.training != modules[name].training:
            return f"{where} is in {'training' if module.training else 'evaluation'} mode"
        if any(len(getattr(module, kind)) != len(getattr(modules[name], kind)) for kind in _HOOKS):
            return f"a hook is left in {where}"
        if ("forward" in vars(module)) != ("forward" in vars(modules[name])):
            return f"the forward of {where} is another"
    stored = dict(before.named_parameters()) | dict(before.named_buffers())
    for name, tensor in (dict(after.named_parameters()) | dict(after.named_buffers())).items():
        if name not in stored:
            return f"{name} is new"
        if tensor.requires_grad != stored[name].requires_grad:
            return f"requires_grad of {name} is {tensor.requires_grad}"
        if tensor.shape != stored[name].shape or not torch.equal(tensor, stored[name]):
            return f"the values of {name} are others"
    return ""


@contextmanager
def _seeded(seed: list[int]) -> Iterator[Any]:
    """Yield a function that seeds all generators; their states come back at the end."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002 (what methods draw from)

    def reseed(call: int) -> None:
        own = int(np.random.SeedSequence([*seed, call]).generate_state(1)[0])
        random.seed(own)
        np.random.seed(own)  # noqa: NPY002
        torch.manual_seed(own)

    with torch.random.fork_rng(devices=[]):
        try:
            yield reseed
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002
