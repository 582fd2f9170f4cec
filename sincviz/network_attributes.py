"""What a live network says of itself, or was told by the user who set attributes on it or on its wrapper."""

import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn

from sincviz.wrappers import layers_around

OF_TRIALS = ("chs_info", "ch_names", "class_names", "scale", "sfreq")
"""What may be set on the network or on any wrapper around it."""

OF_NETWORKS = ("n_times", "n_chans", "n_outputs", "provenance")
"""What only the network itself tells."""


def attributes_told(model: object) -> dict[str, Any]:
    """Return what is known of a network by its attributes, ``None`` where it does not tell.

    Of wrappers, such as a classifier, those attributes are read that the network inside lacks, and the names of
    classes that a fitted classifier knows as ``classes_``.

    Returns
    -------
    dict
        ``chs_info``, ``ch_names``, ``class_names``, ``scale``, ``sfreq``, ``n_times``, ``n_chans``, ``n_outputs`` and
        ``provenance``.

    Examples
    --------
    >>> network = nn.Linear(3, 2)
    >>> network.ch_names, network.scale = ["C3", "Cz", "C4"], 1e6
    >>> told = attributes_told(nn.DataParallel(network))
    >>> told["n_chans"], told["scale"], told["sfreq"]
    (3, 1000000.0, None)
    """
    layers = list(layers_around(model))[::-1]
    told = {name: _first(layers, name) for name in OF_TRIALS}
    told |= {name: _first(layers[:1], name) for name in OF_NETWORKS}
    told["class_names"] = told["class_names"] or _names_of_classes(layers)
    told["ch_names"], told["chs_info"] = channels_of(told["ch_names"], told["chs_info"])
    if told["ch_names"]:
        told["n_chans"] = len(told["ch_names"])
    return told


def channels_of(
    ch_names: Sequence[str] | None, chs_info: Sequence[Mapping[str, Any]] | None
) -> tuple[list[str] | None, list[dict[str, Any]] | None]:
    """Return names and channels that agree: names that were given count, positions are those of the same names."""
    known = {channel["ch_name"]: dict(channel) for channel in chs_info or ()}
    names = list(known) if ch_names is None else list(ch_names)
    if not names:
        return None, None
    return names, [known.get(name, {"ch_name": name}) for name in names]


def _first(layers: list[Any], name: str) -> Any:
    values = (_known(layer, name) for layer in layers)
    return next((value for value in values if value is not None), None)


def _known(layer: Any, name: str) -> Any:
    """Return an attribute of somebody else's object if it is what its name says here."""
    try:
        value = getattr(layer, name, None)
    except (ValueError, AttributeError):  # braindecode's networks raise it for what they were not told
        return None
    if value is None or isinstance(value, Tensor | nn.Module):
        return None
    match name:
        case "chs_info":
            fits = _is_list(value) and all(isinstance(one, Mapping) and "ch_name" in one for one in value)
        case "ch_names" | "class_names":
            fits = _is_list(value) and len(value) > 0
            value = [str(one) for one in value] if fits else value
        case "scale":
            # Of somebody else's network: a factor below 1 is some other scale.
            fits = isinstance(value, numbers.Real) and 1 <= float(value) < np.inf
        case "sfreq":
            fits = isinstance(value, numbers.Real) and 0 < float(value) < np.inf
        case "provenance":
            fits = isinstance(value, Mapping)
        case _:
            fits = isinstance(value, numbers.Integral) and int(value) > 0
    return value if fits else None


def _names_of_classes(layers: list[Any]) -> list[str] | None:
    """Return the labels of a fitted classifier if they are names; numbers are those of the outputs."""
    for layer in layers:
        labels: Any = getattr(layer, "classes_", None)
        if _is_list(labels) and len(labels) > 1 and all(isinstance(label, str) for label in labels):
            return [str(label) for label in labels]
    return None


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)
