"""Gradients at the input of any network: in closed form where the front end is known, else by autograd or captum."""

import warnings
import zlib
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from sincviz.analysis.attribution.explained import explained
from sincviz.analysis.attribution.map_gradients import MapGradients, map_gradients
from sincviz.analysis.attribution.path_gradients import AT_THE_END, Rule, gauss_legendre, path_gradients
from sincviz.errors import MethodError
from sincviz.networks.black_boxes import BlackBox
from sincviz.networks.decoder import Decoder, checked_scores, evaluated_copy
from sincviz.networks.fast.trial_blocks import trial_blocks
from sincviz.networks.tracing.halves import Front, halves
from sincviz.networks.tracing.operations import NotTraceableError
from sincviz.networks.units import FrontEnd

Gradients: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""From trials and their baseline, (batch, channels, times) each, to (classes, batch, channels, times)."""

AVERAGED = ("integrated_gradients", "gradient_x_input", "amplitude_gradient")
_MAPS_PER_TRIAL = 6


def input_gradients(model: object, network: Decoder, *, method: str, explain: str, n_steps: int) -> Gradients:
    """Return the function that computes the gradients that a method averages.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        The network.
    network : Decoder
        The same, as :func:`sincviz.networks.decoder.decoder` sees it.
    method : str
        One of ``methods.INPUT_METHODS``.
    explain : str
        What is explained.
    n_steps : int
        Steps of integrated gradients, draws of gradient SHAP.

    Returns
    -------
    callable
        Its output, times the difference between trials and baseline, is the attribution.

    Raises
    ------
    TypeError
        If captum needs the layers and there is no module. The returned function raises ``MethodError`` if the scores
        have no gradient.
    """
    rule = gauss_legendre(n_steps) if method == "integrated_gradients" else AT_THE_END
    if method in AVERAGED and isinstance(network, FrontEnd):
        gradients_of = map_gradients(network, explain, rule)
        return lambda x, start: _in_closed_form(network, x, start, gradients_of)
    if method in AVERAGED:
        module = Explained(network.scores, explain)
        if method == "integrated_gradients" and isinstance(network, BlackBox):
            return _from_the_cut(network, module, rule)
        return lambda x, start: _along_the_path(module, x, start, rule)
    scores = network.scores if method == "gradient_shap" else evaluated_copy(model)
    return _by_captum(Explained(scores, explain), method, n_steps)


class Explained(nn.Module):
    """A network that returns what is explained."""

    def __init__(self, network: Callable[[Tensor], Tensor], explain: str) -> None:
        super().__init__()
        self.network = network
        self.explain = explain

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, classes) of (batch, channels, times)."""
        with torch.autocast("cpu", enabled=False):
            output = explained(checked_scores(self.network(x), x), self.explain)
        if torch.is_grad_enabled() and x.requires_grad and not output.requires_grad:
            raise MethodError(
                "The scores have no gradient: `forward` does not use its input, or leaves torch on the way, for "
                "example by `.detach()`, `.numpy()` or `torch.no_grad()`. Compute the scores in torch throughout. "
                "`sincviz.evidence.predictions(model, epochs)` and `sincviz.ablate(model, epochs)` need no gradients."
            )
        return output


def _in_closed_form(front_end: FrontEnd, x: Tensor, start: Tensor, gradients_of: MapGradients) -> Tensor:
    size = front_end.spatial.shape[0] * front_end.spatial.shape[1] * x.shape[2]
    of_blocks = []
    for block, first in zip(trial_blocks(x, size), trial_blocks(start.expand_as(x), size), strict=True):
        first = first[:1] if len(start) == 1 else first
        gradients = gradients_of(front_end.maps(first), front_end.maps(block))
        of_blocks.append(torch.stack([front_end.input_gradient(gradient, block) for gradient in gradients]))
    return torch.cat(of_blocks, 1)


def _from_the_cut(network: BlackBox, whole: Explained, rule: Rule) -> Gradients:
    """Return the same as :func:`_along_the_path`, where the affine half of the network is run twice, not in every step.

    What enters the first non-linearities is on a straight path too; its averaged gradient goes back through the affine
    half once.
    """
    parts: list[tuple[Front, Explained] | None] = []

    def gradients(x: Tensor, start: Tensor) -> Tensor:
        if not parts:
            parts.append(_halves(network, whole, *x.shape[1:]))
        if parts[0] is None:
            return _along_the_path(whole, x, start, rule)
        front, tail = parts[0]
        with torch.no_grad():
            size = sum(values.shape[1] for values in front(x[:1]))
        blocks = trial_blocks(x, size)
        starts = [start] * len(blocks) if len(start) == 1 else torch.split(start, len(blocks[0]))
        of_blocks = []
        for block, first in zip(blocks, starts, strict=True):
            point = block.detach().clone().requires_grad_()
            end = torch.cat(front(point), 1)
            with torch.no_grad():
                begin = torch.cat(front(first), 1)
            at_cut = path_gradients(tail, begin, end.detach(), rule)
            back = [torch.autograd.grad(end, point, one, retain_graph=True)[0] for one in at_cut]
            of_blocks.append(torch.stack(back).detach())
        return torch.cat(of_blocks, 1)

    return gradients


def _halves(
    network: BlackBox, whole: Explained, n_chans: int, n_times: int
) -> tuple[Front, Explained] | None:
    """Return the affine half of a network, and what is explained as a function of its values, if it can be cut."""
    try:
        front, tail = halves(network.module, n_chans, n_times)
    except NotTraceableError:
        return None
    like = torch.zeros(1, n_chans, n_times, dtype=network.dtype, device=network.device).requires_grad_()
    reached = front(like)
    if not all(values.requires_grad for values in reached):  # the whole network says why
        return None
    sizes = [values.shape[1] for values in reached]
    return front, Explained(lambda values: tail(torch.split(values, sizes, 1)), whole.explain)


def _along_the_path(module: Explained, x: Tensor, start: Tensor, rule: Rule) -> Tensor:
    of_blocks = []
    # How large the maps of an unknown network are is not known: often they hold several times the values of a trial.
    blocks = trial_blocks(x, _MAPS_PER_TRIAL * x[0].numel())
    starts = [start] * len(blocks) if len(start) == 1 else torch.split(start, len(blocks[0]))
    for block, first in zip(blocks, starts, strict=True):
        of_blocks.append(torch.stack(path_gradients(module, first, block, rule)))
    return torch.cat(of_blocks, 1)


def _by_captum(module: Explained, method: str, n_steps: int) -> Gradients:
    from captum import attr

    def gradients(x: Tensor, start: Tensor) -> Tensor:
        with torch.no_grad():
            n_classes = module(x[:1]).shape[1]
        start = start.expand_as(x)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # captum's remarks on its own hooks
            return torch.stack([gradient_of(x, start, number) for number in range(n_classes)])

    def gradient_of(x: Tensor, start: Tensor, number: int) -> Tensor:
        gradient: Tensor
        match method:
            case "deep_lift":
                engine = attr.DeepLift(module, multiply_by_inputs=False)
                gradient = engine.attribute(x, start, target=number)
            case "gradient_shap":
                gradient = _gradient_shap(module, x, start, number, n_steps)
            case "guided_backprop":
                gradient = attr.GuidedBackprop(module).attribute(x.clone().requires_grad_(), target=number)
            case _:
                gradient = attr.Deconvolution(module).attribute(x.clone().requires_grad_(), target=number)
        return gradient.detach()

    return gradients


def _gradient_shap(module: Explained, x: Tensor, start: Tensor, number: int, n_draws: int) -> Tensor:
    """Return gradients averaged over random points between each trial and its baseline."""
    from captum import attr

    engine = attr.GradientShap(module, multiply_by_inputs=False)
    gradients = []
    state = np.random.get_state()  # noqa: NPY002 (captum draws from there)
    try:
        with torch.random.fork_rng():
            # captum draws a baseline for each trial from all; one trial at a time keeps each with its own.
            for trial, first in zip(torch.split(x, 1), torch.split(start, 1), strict=True):
                # The same trial has the same draws, whichever trials stand beside it.
                seed = zlib.crc32(trial.detach().cpu().numpy().tobytes()) + number
                np.random.seed(seed % 2**32)  # noqa: NPY002
                torch.manual_seed(seed)
                gradients.append(engine.attribute(trial, first, n_samples=n_draws, stdevs=0.0, target=number))
    finally:
        np.random.set_state(state)  # noqa: NPY002
    return torch.cat(gradients)
