"""Attributes of live networks, their own or set by the user on the network or its wrapper."""

import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import nn

from sincviz._utils.checks import finite_float
from sincviz._utils.text import listed
from sincviz.eeg.channel_names import named_twice
from sincviz.networks.signal_spec import chs_info_from_json
from sincviz.networks.wrappers import layers_around
from sincviz.preparation.steps import checked_steps

OF_TRIALS = ("chs_info", "ch_names", "class_names", "scale", "sfreq", "preparation")
"""Attributes that may be set on the network or on any wrapper around it."""

OF_NETWORKS = ("n_times", "n_chans", "n_outputs", "provenance")
"""Attributes that are read from the network itself only."""


def known_attributes(model: object) -> dict[str, Any]:
    """Return what is known of a network from its attributes, ``None`` for what is not known.

    Attributes that the network lacks are read from its wrappers, such as a classifier, as are the class names in
    ``classes_`` of a fitted classifier.

    Returns
    -------
    dict
        ``chs_info``, ``ch_names``, ``class_names``, ``scale``, ``sfreq``, ``preparation``, ``n_times``, ``n_chans``,
        ``n_outputs`` and ``provenance``.

    Raises
    ------
    TypeError, ValueError
        If one of the first six was set to a value that is not allowed.

    Examples
    --------
    >>> network = nn.Linear(3, 2)
    >>> network.ch_names, network.scale = ["C3", "Cz", "C4"], 1e6
    >>> known = known_attributes(nn.DataParallel(network))
    >>> known["n_chans"], known["scale"], known["sfreq"]
    (3, 1000000.0, None)
    """
    layers = list(layers_around(model))[::-1]
    known = {name: _first(layers, name) for name in OF_TRIALS}
    known |= {name: _first(layers[:1], name) for name in OF_NETWORKS}
    known["class_names"] = known["class_names"] or _names_of_classes(layers)
    known["ch_names"], known["chs_info"] = channels_of(known["ch_names"], known["chs_info"])
    if known["ch_names"]:
        known["n_chans"] = len(known["ch_names"])
    return known


def channels_of(
    ch_names: Sequence[str] | None, chs_info: Sequence[Mapping[str, Any]] | None
) -> tuple[list[str] | None, list[dict[str, Any]] | None]:
    """Return names and channels that agree: given names take precedence, positions are matched by name."""
    known = {channel["ch_name"]: dict(channel) for channel in chs_info or ()}
    names = list(known) if ch_names is None else list(ch_names)
    if not names:
        return None, None
    return names, [known.get(name, {"ch_name": name}) for name in names]


def _first(layers: list[Any], name: str) -> Any:
    values = (_known(layer, name) for layer in layers)
    return next((value for value in values if value is not None), None)


def listed_names(name: str, values: Any) -> list[str]:
    """Return names that were given as a list, or as the channels of an ``mne.Info``.

    Raises
    ------
    TypeError
        If this is not a list of names.
    ValueError
        If there are none, one is empty, or channels are named twice.

    Examples
    --------
    >>> listed_names("ch_names", ("C3", b"Cz")), listed_names("ch_names", [{"ch_name": "C4"}])
    (['C3', 'Cz'], ['C4'])
    """
    channels = name == "ch_names"
    example = "['C3', 'Cz', 'C4']" if channels else "['left', 'right']"
    if isinstance(values, str) and "," in values:
        example = str([part.strip() for part in values.split(",")])
    expected = f"`{name}` must be a list of names; got {values!r:.80}. Try {name}={example}."
    if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__iter__"):
        raise TypeError(expected)
    names = [_one_name(value) for value in values]
    if None in names:
        raise TypeError(expected)
    checked = [one for one in names if one is not None]
    if not checked or not all(one.strip() for one in checked):
        raise ValueError(
            f"`{name}` must not be empty or contain empty names; got {checked!r:.80}. Try {example}."
        )
    if channels and (double := named_twice(checked)):
        raise ValueError(f"`{name}` names channels twice: {listed(double)}. Rename one of each pair.")
    return checked


def _one_name(value: Any) -> str | None:
    value = value.get("ch_name") if isinstance(value, Mapping) else value
    if isinstance(value, bytes):
        return value.decode()
    return str(value) if isinstance(value, str | numbers.Integral) else None


def _known(layer: Any, name: str) -> Any:
    """Return an attribute of any object; values that a user may set are checked."""
    try:
        value = getattr(layer, name, None)
    except (ValueError, AttributeError):  # braindecode's networks raise it for unset attributes
        return None
    if value is None or _is_part(layer, name, value):
        return None
    if name not in OF_TRIALS:
        if name == "provenance":
            return value if isinstance(value, Mapping) else None
        return value if isinstance(value, numbers.Integral) and int(value) > 0 else None
    try:
        return _allowed_value(name, value)
    except (TypeError, ValueError) as error:
        advice = f" {type(layer).__name__} has it as an attribute: correct it or delete it."
        if isinstance(layer, nn.Module):
            advice += " If it means something else there, pass `torch.nn.Sequential(network)`."
        raise type(error)(f"{error}{advice}") from None


def _allowed_value(name: str, value: Any) -> Any:
    if name == "chs_info":
        return value if chs_info_from_json(value) else None
    if name == "preparation":
        return checked_steps(value) or None
    if name in ("ch_names", "class_names"):
        return None if _is_list(value) and len(value) == 0 else listed_names(name, value)
    number = finite_float(name, value, above=0, advice=1e6 if name == "scale" else 250)
    # In a foreign network a factor below 1 is some other scale, such as that of attention.
    return None if name == "scale" and number < 1 else number


def _is_part(layer: Any, name: str, value: Any) -> bool:
    """Return whether an attribute is part of the computation, such as a method or a learned scale, not metadata."""
    held = isinstance(layer, nn.Module) and name in layer._buffers
    gains = name == "scale" and hasattr(
        layer, "units_per_volt"
    )  # networks that were already opened name their factor so
    return held or gains or callable(value) or isinstance(value, nn.Parameter)


def _names_of_classes(layers: list[Any]) -> list[str] | None:
    """Return the labels of a fitted classifier if they are names; numbers are output numbers."""
    for layer in layers:
        labels: Any = getattr(layer, "classes_", None)
        if _is_list(labels) and len(labels) > 1 and all(isinstance(label, str) for label in labels):
            return [str(label) for label in labels]
    return None


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)
