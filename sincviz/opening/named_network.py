"""Networks of a class that the caller names, with weights from a file."""

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn

from sincviz.networks.attributes import known_attributes
from sincviz.opening.strict_loading import load_strictly, tried
from sincviz.weights.file_content import FileContent
from sincviz.weights.foreign_weights import other_weights
from sincviz.weights.named_weights import checked_values, named_weights
from sincviz.weights.state_dict import NoNetworkError


def named_network(
    model: Callable[..., object] | nn.Module,
    model_args: Mapping[str, Any] | None,
    file: FileContent,
    *,
    channels: Sequence[Mapping[str, Any]] | None,
) -> nn.Module:
    """Return a network of the caller's class with the weights in a file, in evaluation mode.

    Parameters
    ----------
    model : callable | torch.nn.Module
        The class, a function that returns the network, or a network, which is copied.
    model_args : mapping | None
        Arguments of the class or function.
    file : FileContent
        The file that has the weights.
    channels : sequence of dict | None
        The network's channels; passed to a class that takes ``chs_info``.

    Raises
    ------
    TypeError
        If ``model`` is not a class, a function or a network, or does not return a network.
    ValueError
        If the arguments are refused, or the weights do not fit the network.
    """
    network = _built(model, dict(model_args or {}), channels)
    name = type(network).__name__
    names = network.state_dict().keys() | _older_names(network)
    if not names:
        raise ValueError(f"{name} has no weights, so there is nothing to load into it")
    try:
        outline, kind = named_weights(file.outline, names)
    except NoNetworkError as error:
        raise ValueError(
            f"no weight in it has a name of {name}, such as {min(names)}. {_held(file)}"
        ) from error
    checked_values(outline)
    try:
        load_strictly(network, file.read(outline))
    except ValueError as error:
        raise ValueError(
            f"its weights do not fit {name}: {error}. If shapes differ, `model_args` (`--model-args`) are not those of "
            "the training; if names differ, the class is another, or another version"
        ) from error
    network.provenance = {"format": f"{name}, {kind}"}  # type: ignore[assignment]
    return network


def check_scores(network: nn.Module) -> None:
    """Reject a network that fails on a trial of zeros, if it says what size its trials have.

    Raises
    ------
    ValueError
        If it fails.
    """
    known = known_attributes(network)
    if known["n_chans"] is not None and known["n_times"] is not None:
        tried(network, known["n_chans"], known["n_times"])


def _built(
    model: Callable[..., object] | nn.Module,
    model_args: dict[str, Any],
    channels: Sequence[Mapping[str, Any]] | None,
) -> nn.Module:
    if isinstance(model, nn.Module):
        if model_args:
            raise TypeError(
                "`model_args` are for a class or a function; `model` is a network, which was built."
            )
        return copy.deepcopy(model)
    if not callable(model):
        raise TypeError(
            "`model` must be a class of networks, a function that returns one, or a network; got "
            f"{type(model).__name__}. On the command line it is `--model package.module:Class`."
        )
    name = getattr(model, "__name__", type(model).__name__)
    if channels is not None and "chs_info" not in model_args and "chs_info" in _parameters(model):
        model_args = {**model_args, "chs_info": [dict(channel) for channel in channels]}
    try:
        network = model(**model_args)
    except Exception as error:  # whatever its code raises
        reason = " ".join(str(error).split()) or type(error).__name__
        given = ", ".join(f"{key}={value!r:.40}" for key, value in model_args.items()) or "no arguments"
        raise ValueError(
            f"{name} cannot be built from {given}: {reason:.400}. Pass the arguments of its training as `model_args` "
            "(`--model-args`)"
        ) from error
    if not isinstance(network, nn.Module):
        raise TypeError(
            f"`model` must be a class of networks, or a function that returns a `torch.nn.Module`; {name} returned "
            f"{type(network).__name__}."
        )
    return network


def _parameters(model: Callable[..., object]) -> Mapping[str, object]:
    try:
        return inspect.signature(model).parameters
    except (TypeError, ValueError):
        return {}


def _older_names(network: nn.Module) -> set[str]:
    mapping = getattr(network, "mapping", None)
    return {key for key in mapping if isinstance(key, str)} if isinstance(mapping, Mapping) else set()


def _held(file: FileContent) -> str:
    return other_weights(file).partition(". ")[0]
