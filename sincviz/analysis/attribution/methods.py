"""Attribution methods by name, and tests of which of them work on a given network."""

import warnings

import pandas as pd
import torch
from torch import Tensor, nn

from sincviz._utils.progress import followed, shows_progress
from sincviz.analysis.attribution.explanation import COMPLETE_ENOUGH
from sincviz.analysis.attribution.gradients import input_gradients
from sincviz.errors import FrontEndError, MethodError
from sincviz.networks.decoder import Decoder, decoder, evaluated_copy
from sincviz.networks.front_ends import FrontEnd, front_end, unwrapped
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.epochs import EpochsOrArray, input_batches

SINC_LAYER_METHODS = ("integrated_gradients", "gradient_x_activation", "gradient")
INPUT_METHODS = (
    *("integrated_gradients", "gradient_x_input", "amplitude_gradient", "deep_lift", "gradient_shap"),
    *("guided_backprop", "deconvolution"),
)
FOREIGN_METHODS = ("lrp", "layer_grad_cam")
"""Known from elsewhere; sincviz does not use them."""

ALL_METHODS = tuple(dict.fromkeys((*SINC_LAYER_METHODS, *INPUT_METHODS, *FOREIGN_METHODS)))

_SAME = 1e-5
_N_TEST_TRIALS = 16
_INSTEAD = "integrated_gradients"


@shows_progress
@torch.enable_grad()
@torch.inference_mode(False)
def applicable_methods(model: object, epochs: EpochsOrArray, *, progress: bool = True) -> pd.DataFrame:
    """Return which attribution methods work on a network, by trying them.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any network that maps trials to class scores.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials; the first 16 are used.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    pandas.DataFrame, index ``method``
        ``applies``; ``reason``, why a method does not apply; ``instead``, what to use.

    Raises
    ------
    TypeError
        If this is not a network.
    EpochsError
        If the trials do not fit the network.

    Examples
    --------
    >>> import numpy as np
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> table = applicable_methods(model, np.random.default_rng(0).standard_normal((4, 3, 256)))
    >>> table.index[table.applies].tolist()
    ['integrated_gradients', 'gradient_x_activation', 'gradient', 'gradient_x_input', 'amplitude_gradient',
     'deep_lift', 'gradient_shap']
    >>> table.reason["guided_backprop"]
    'It equals the gradient on this network, which has no ReLU to guide through.'
    """
    network, epochs, _ = analysis_inputs(model, epochs, classes=False)
    x = torch.from_numpy(next(input_batches(network, epochs, _N_TEST_TRIALS))).to(network.device)
    network.scores(x[:1])  # raises if the output is not class scores
    rows = [
        (method, reason == "", reason, "" if reason == "" else instead(method))
        for method in followed(ALL_METHODS, "Trying", "method")
        for reason in [_refusal(method, network, network, x, torch.zeros_like(x))]
    ]
    return pd.DataFrame(rows, columns=["method", "applies", "reason", "instead"]).set_index("method")


def checked_method(method: str, offered: tuple[str, ...], model: object) -> None:
    """Raise if a function does not offer this method, or the method needs layers that the network does not expose.

    Raises
    ------
    ValueError
        If the name is unknown.
    MethodError
        If another function offers the method.
    """
    if method in offered:
        return
    listed = ", ".join(map(repr, offered))
    if method in INPUT_METHODS:
        raise MethodError(f"{method!r} works at the input, not at the sinc layer: see `spectral_relevance`.")
    if method in SINC_LAYER_METHODS:
        raise MethodError(f"{method!r} works at the sinc layer, not at the input: see `relevance`.")
    if method in FOREIGN_METHODS:
        reason = _foreign_refusal(method, model, None)
        raise MethodError(f"{method!r} cannot be used. {reason} Use {instead(method)!r}.")
    raise ValueError(f"`method` must be one of {listed}; got {method!r}.")


def check_is_share(method: str, function: str) -> None:
    """Raise if a method returns no shares, which alone can be split over time.

    Raises
    ------
    MethodError
        If it is the derivative with respect to amplitudes.
    """
    if method == "amplitude_gradient":
        raise MethodError(
            "'amplitude_gradient' belongs to the frequencies of a whole trial, so it has no times; got "
            f"`method={method!r}`. Use `spectral_relevance`, or {_INSTEAD!r} in `{function}`."
        )


def check_applies(method: str, model: object, x: Tensor, start: Tensor) -> None:
    """Raise if a method does not work on this network, as these trials show.

    Raises
    ------
    MethodError
        With the reason, and what to use instead.
    """
    reason = _refusal(method, model, decoder(model), x[:_N_TEST_TRIALS], start[:_N_TEST_TRIALS])
    if reason:
        raise MethodError(f"{method!r} cannot be used on this network. {reason} Use {instead(method)!r}.")


def instead(method: str) -> str:
    """Return the method to use in place of one that does not work."""
    return "gradient_x_input" if method in ("guided_backprop", "deconvolution") else _INSTEAD


def _refusal(method: str, model: object, network: Decoder, x: Tensor, start: Tensor) -> str:
    """Return why a method does not work here; empty if it does."""
    match method:
        case "gradient" | "gradient_x_activation":
            try:
                front_end(network)
            except FrontEndError as error:
                return f"It works at the filters, and none can be read: {error.reason}."
        case "deep_lift":
            return _deep_lift_refusal(model, network, x, start)
        case "guided_backprop" | "deconvolution":
            return _guided_refusal(method, model, network, x, start)
        case "lrp" | "layer_grad_cam":
            return _foreign_refusal(method, model, x)
        case _:
            pass
    return ""


def _no_layers(model: object) -> str:
    if isinstance(unwrapped(model), FrontEnd):
        return "It needs the layers, which a `FrontEnd` does not expose: pass the network itself."
    return ""


def _deep_lift_refusal(model: object, network: Decoder, x: Tensor, start: Tensor) -> str:
    if reason := _no_layers(model):
        return reason
    multipliers = input_gradients(model, network, method="deep_lift", explain="score", n_steps=1)
    try:
        shares = ((x - start) * multipliers(x, start)).sum((2, 3)).T
    except Exception as error:  # captum cannot follow a module that is used twice, among others
        return f"captum fails on it: {_first_line(error)}."
    with torch.no_grad():
        change = network.scores(x) - network.scores(start)
    error_share = float((shares - change).abs().sum() / change.abs().sum().clamp(min=1e-30))
    if error_share <= COMPLETE_ENOUGH:
        return ""
    return (
        f"Its shares miss {error_share:.0%} of the change of the scores (more than {COMPLETE_ENOUGH:.0%}): it has no "
        "rule for a non-linearity of this network."
    )


def _guided_refusal(method: str, model: object, network: Decoder, x: Tensor, start: Tensor) -> str:
    if reason := _no_layers(model):
        return reason
    try:
        guided, plain = (
            input_gradients(model, network, method=name, explain="score", n_steps=1)(x, start)
            for name in (method, "gradient_x_input")
        )
    except Exception as error:  # whatever captum fails with is the answer
        return f"captum fails on it: {_first_line(error)}."
    if (guided - plain).abs().max() <= _SAME * plain.abs().max():
        return "It equals the gradient on this network, which has no ReLU to guide through."
    return ""


def _foreign_refusal(method: str, model: object, x: Tensor | None) -> str:
    if reason := _no_layers(model):
        return reason
    refusal = _lrp_refusal if method == "lrp" else _grad_cam_refusal
    with torch.autocast("cpu", enabled=False):
        return refusal(evaluated_copy(model), x)


def _lrp_refusal(module: nn.Module, x: Tensor | None) -> str:
    from captum.attr import LRP

    split = "It gives no gradient at the input, so it cannot be split over frequencies or filters."
    if x is None:
        return split
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            LRP(module).attribute(x[:1].clone().requires_grad_(), target=0)
    except Exception as error:  # whatever captum fails with is the answer
        return f"It has no rule for this network ({_first_line(error)})."
    return split


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def _grad_cam_refusal(module: nn.Module, x: Tensor | None) -> str:
    coarse = "It weights whole feature maps, so it says nothing about frequencies."
    convolutions = [layer for layer in module.modules() if isinstance(layer, nn.Conv1d | nn.Conv2d)]
    if x is None or not convolutions:
        return coarse
    shapes: list[tuple[int, ...]] = []
    handle = convolutions[-1].register_forward_hook(lambda _, __, output: shapes.append(tuple(output.shape)))
    try:
        with torch.no_grad():
            module(x[:1])
    finally:
        handle.remove()
    # (batch, maps, channels, times), or without the channels
    if all(len(shape) < 4 or 1 in shape[2:] for shape in shapes):
        return "It is flat over channels: the last convolution has mixed them."
    return coarse
