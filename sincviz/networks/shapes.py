"""Adapters, found by trying, for networks with another input shape or a single output."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from sincviz.networks.black_boxes import BlackBox, checked_scores
from sincviz.networks.units import FrontEnd

PLACES = {1: "(batch, 1, channels, times)", 3: "(batch, channels, times, 1)"}
"""Where networks with two-dimensional convolutions expect a dimension of size one."""

_FAILURES = (
    RuntimeError,
    ValueError,
    TypeError,
    LookupError,
    AssertionError,
    NotImplementedError,
    AttributeError,
)
_RESHAPED = ("View", "Squeeze", "Unsqueeze", "Reshape", "UnsafeView", "Alias", "Select", "Slice")


class WithDimension(nn.Module):
    """A network whose input gets an extra dimension of size one."""

    def __init__(self, module: nn.Module, place: int) -> None:
        super().__init__()
        self.module = module
        self.place = place

    def forward(self, x: Tensor) -> Tensor:
        """Return the network's output for (batch, channels, times)."""
        scores: Tensor = self.module(x.unsqueeze(self.place))
        return scores


class WithColumn(nn.Module):
    """A network whose scores (batch,) are reshaped to a column."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores, shape (batch, 1)."""
        scores: Tensor = self.module(x)
        return scores[:, None]


class TwoScores(nn.Module):
    """A network with a single output, read as the scores of two classes.

    A logit z becomes (−z/2, z/2), whose softmax is the logistic function of z; a probability p becomes (1 − p, p).
    """

    def __init__(self, module: nn.Module, *, probability: bool = False) -> None:
        super().__init__()
        self.module = module
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores, shape (batch, 2)."""
        return two_scores(self.module(x), probability=self.probability)


def two_scores(score: Tensor, *, probability: bool = False) -> Tensor:
    """Return the scores of two classes, shape (batch, 2), from a single one, shape (batch, 1).

    Examples
    --------
    >>> two_scores(torch.tensor([[4.0]])).tolist(), two_scores(torch.tensor([[0.75]]), probability=True).tolist()
    ([[-2.0, 2.0]], [[0.25, 0.75]])
    """
    return torch.cat([1 - score, score] if probability else [-score / 2, score / 2], 1)


@torch.no_grad()
def taking(network: BlackBox, x: Tensor) -> tuple[BlackBox, str]:
    """Return a network that accepts trials of this shape, and what had to be done, as text.

    Parameters
    ----------
    network : BlackBox
        The network.
    x : torch.Tensor, shape (batch, channels, times)
        Some trials, as the network takes them.

    Raises
    ------
    TypeError
        If it accepts them in no shape, or its output is not class scores.
    """
    # The channels of a single trial would pass for a batch.
    few = x[:2] if len(x) > 1 else x.repeat(2, 1, 1)
    tried, failure = _tried(network.module, few)
    place = 0
    if tried is None:
        for other in PLACES:
            tried, _ = _tried(WithDimension(network.module, other), few)
            if tried is not None:
                place = other
                break
    if tried is None:
        if not isinstance(failure, Exception):
            checked_scores(failure, few)
        raise TypeError(
            f"{network.kind} does not accept trials of shape (batch, {x.shape[1]} channels, {x.shape[2]} "
            "times), nor as "
            f"{' or '.join(PLACES.values())}: {_first_line(failure)}. Check the number of channels and samples that it "
            "was built for. If it expects another shape, wrap it in a module that takes (batch, channels, times) and "
            "returns class scores (batch, classes)."
        )
    module, scores = tried
    changed = replace(network, module=module, n_outputs=scores.shape[1], tried=True)
    return changed, f"trials are passed to it as {PLACES[place]}" if place else ""


def with_two_scores(network: BlackBox | FrontEnd, x: Tensor | None = None) -> tuple[BlackBox | FrontEnd, str]:
    """Return a network with a single output as one with two scores, and how the output was read, as text.

    Parameters
    ----------
    network : BlackBox | FrontEnd
        A network with one output.
    x : torch.Tensor, shape (batch, channels, times)
        Trials to try it on.

    Raises
    ------
    ValueError
        If its classes have other than two names.
    """
    names = network.class_names or ["0", "1"]
    if len(names) != 2:
        raise ValueError(
            "A single output is read as the score of the second of two classes, so `class_names` must be two names, or "
            f"None; got {names!r}. Try ['left', 'right']; if it is a number, "
            f"`model = sincviz.network(model, output_names={names[:1]!r})`."
        )
    which = f"class 1{'' if network.class_names is None else f', {names[1]!r}'}"
    if isinstance(network, FrontEnd):
        tail, head = network.tail, network.head
        changed = replace(
            network,
            tail=lambda maps: two_scores(tail(maps)),
            head=None if head is None else torch.cat([-head / 2, head / 2]),
            module=None if network.module is None else TwoScores(network.module),
        )
        return changed, f"its single output is read as the logit of {which}: above 0 means that class"
    probability = x is not None and _makes_probabilities(network.module, x[:2])
    changed_box = replace(
        network, module=TwoScores(network.module, probability=probability), n_outputs=2, tried=True
    )
    if probability:
        return (
            changed_box,
            f"its single output is read as the probability of {which}: above 0.5 means that class",
        )
    return changed_box, f"its single output is read as the logit of {which}: above 0 means that class"


def _makes_probabilities(module: nn.Module, x: Tensor) -> bool:
    """Return whether the last operation of a network is the logistic function."""
    with torch.enable_grad(), torch.inference_mode(False), torch.autocast("cpu", enabled=False):
        node = module(x.clone().requires_grad_()).grad_fn
    while node is not None and node.name().startswith(_RESHAPED) and node.next_functions:
        node = node.next_functions[0][0]
    return node is not None and node.name().startswith("Sigmoid")


def _tried(module: nn.Module, x: Tensor) -> tuple[tuple[nn.Module, Tensor] | None, Any]:
    """Return module and scores, or ``None`` and the reason: an error, or the output."""
    try:
        # A network may draw random numbers, of which the caller's are not to be taken.
        with torch.autocast("cpu", enabled=False), torch.random.fork_rng(devices=[]):
            scores = module(x.clone())
    except _FAILURES as error:
        return None, error
    if isinstance(scores, Tensor) and scores.shape == (len(x),):
        module, scores = WithColumn(module), scores[:, None]
    if isinstance(scores, Tensor) and scores.ndim == 2 and len(scores) == len(x):
        return (module, scores), None
    return None, scores


def _first_line(failure: object) -> str:
    text = str(failure).strip()
    return (text or type(failure).__name__).splitlines()[0].rstrip(".")
