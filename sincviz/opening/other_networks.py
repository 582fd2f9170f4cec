"""Networks other than SincShallowNet from files: rebuilt from shapes, or of a class that the caller names."""

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from sincviz._utils.checks import finite_float
from sincviz._utils.text import listed
from sincviz.errors import CheckpointError, SincvizError, warn
from sincviz.networks.attributes import listed_names
from sincviz.opening.named_network import check_scores, named_network
from sincviz.opening.rebuilding import rebuilt
from sincviz.weights.known_architectures import recognised
from sincviz.weights.named_weights import not_finite
from sincviz.weights.network_file import folder_configuration, weights_in_folder
from sincviz.weights.state_dict import holds_sinc_shallow
from sincviz.weights.weights_file import read_weights_file

Channels = Sequence[Mapping[str, Any]]
_OF_ANY = ("class_names", "scale")
_SIZES = ("n_chans", "n_times", "n_outputs", "sfreq")


def other_network(
    path: str | os.PathLike[str],
    *,
    model: Callable[..., object] | nn.Module | None,
    model_args: Mapping[str, Any] | None,
    channels: Channels | None,
    trial: tuple[int, float] | None,
    given: Mapping[str, Any],
) -> nn.Module | None:
    """Return the network in a file, in evaluation mode; ``None`` if it is for :func:`read_network` to open or refuse.

    Parameters
    ----------
    path : path-like
        A file of weights, or a folder of the Hugging Face Hub.
    model, model_args
        The caller's class and its arguments; ``None`` if the architecture is to be recognised.
    channels : sequence of dict | None
        The network's channels.
    trial : tuple of (int, float) | None
        Samples and sampling rate of trials.
    given : mapping
        Parameters that the file may not store, ``class_names`` and ``scale`` among them.

    Raises
    ------
    CheckpointError
        If the weights are damaged, or fit neither the network nor what was given.
    MissingDependencyError
        If the weights are of a known architecture and braindecode is not installed.
    TypeError
        If a parameter is unknown.
    """
    path = Path(path)
    if path.is_dir() and model is None and not (path / "config.json").is_file():
        return None
    place = weights_in_folder(path) if path.is_dir() else path
    file = read_weights_file(place)
    own = {name: value for name, value in given.items() if name not in _OF_ANY}
    try:
        if model is not None:
            rate_hz = own.pop("sfreq", None)  # which most classes do not take
            if own:
                raise TypeError(
                    f"With `model`, {listed([f'`{name}`' for name in own])} must be in `model_args`, on the command "
                    "line `--model-args`."
                )
            network = named_network(model, model_args, file, channels=channels)
            samples = {} if trial is None else {"n_times": trial[0], "sfreq": trial[1]}
            _keep_sizes(network, {**samples, "sfreq": rate_hz or samples.get("sfreq"), **(model_args or {})})
        else:
            if holds_sinc_shallow(file.outline) or (found := recognised(file.outline)) is None:
                return None
            config = folder_configuration(path) if path.is_dir() else {}
            network = rebuilt(
                found, file, str(path), given=own, config=config, channels=channels, trial=trial
            )
        _describe(network, file.outline, given, channels)
        if lost := not_finite(network.state_dict()):
            warn(
                f"Some weights in {path} are not finite, so nothing that depends on them can be interpreted: "
                f"{listed(lost)}. Train again with a lower learning rate, or load an earlier checkpoint."
            )
        elif model is not None:
            check_scores(network)
    except (SincvizError, TypeError):
        raise
    except (LookupError, ValueError, AttributeError, RuntimeError, ArithmeticError, MemoryError) as error:
        reason = " ".join(str(error).split()).removesuffix(".") or type(error).__name__
        raise CheckpointError(f"{path} cannot be opened: {reason:.1200}.") from error
    return network


def _describe(network: nn.Module, outline: Any, given: Mapping[str, Any], channels: Channels | None) -> None:
    """Set what is known of a network and not part of its construction."""
    names = given.get("class_names")
    if names is None:
        names = _stored_names(outline)
    if names is not None:
        network.class_names = listed_names("class_names", names)  # type: ignore[assignment]
    if given.get("scale") is not None:
        network.scale = finite_float("scale", given["scale"], above=0)  # type: ignore[assignment]
    if channels is None:
        return
    n_chans = getattr(network, "n_chans", None)
    if isinstance(n_chans, int) and n_chans != len(channels):
        raise ValueError(f"`chs_info` names {len(channels)} channels, but it has {n_chans}")
    try:
        network.chs_info = list(channels)  # type: ignore[assignment]
    except AttributeError:  # braindecode's networks take it when they are built
        network.ch_names = [channel["ch_name"] for channel in channels]  # type: ignore[assignment]


def _keep_sizes(network: nn.Module, sizes: Mapping[str, Any]) -> None:
    """Set sizes and sampling rate that a class was told, or trials have, if it does not keep them itself."""
    for name in _SIZES:
        value = sizes.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            with contextlib.suppress(AttributeError):  # a property
                if getattr(network, name, None) is None:
                    setattr(network, name, value)


def _stored_names(outline: Any) -> list[str] | None:
    """Return class names that were stored beside the weights, under that name."""
    for place in (outline, outline.get("hyper_parameters") if isinstance(outline, dict) else None):
        names = place.get("class_names") if isinstance(place, dict) else None
        if (
            isinstance(names, list | tuple)
            and names
            and all(isinstance(one, str) and one.strip() for one in names)
        ):
            return list(names)
    return None
