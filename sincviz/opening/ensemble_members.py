"""Networks of an opened ensemble, each opened with the same metadata."""

import copy
from dataclasses import fields, replace
from typing import Any, cast

from torch import nn

from sincviz.networks.attributes import known_attributes
from sincviz.networks.black_boxes import BlackBox, black_box
from sincviz.networks.channel_mixing import ChannelMixing
from sincviz.networks.decoder import decoder
from sincviz.networks.ensembles import Ensemble, layers_to_ensemble, members
from sincviz.networks.front_ends import FrontEnd, knows_front_end

_SHARED = ("sfreq", "ch_names", "chs_info", "units_per_volt", "class_names", "numeric", "preparation")
_OF_BOXES = ("n_chans", "n_times", "n_outputs")


def opened_members(whole: FrontEnd | BlackBox) -> list[FrontEnd | BlackBox]:
    """Return the networks of an ensemble as it was opened: with its metadata, at the same channels.

    Parameters
    ----------
    whole : FrontEnd | BlackBox
        What :func:`sincviz.network` returned for an ensemble.

    Raises
    ------
    TypeError
        If it is a single network.

    Examples
    --------
    >>> from sincviz import network
    >>> ensemble = Ensemble([nn.Sequential(nn.Flatten(), nn.Linear(6, 2)) for _ in range(2)])
    >>> whole = network(ensemble, ch_names=["C3", "C4"], sfreq=100)
    >>> [one.ch_names for one in opened_members(whole)]
    [['C3', 'C4'], ['C3', 'C4']]
    """
    layers = layers_to_ensemble(whole)
    opened = []
    for member in members(whole):
        module = _within(layers, member)
        # What is traced is not traced before its sizes are known.
        one = cast(
            FrontEnd | BlackBox,
            decoder(module) if knows_front_end(member) else black_box(module, known_attributes(member)),
        )
        shared: dict[str, Any] = {name: getattr(whole, name) for name in _SHARED}
        if isinstance(one, BlackBox):
            shared |= {name: getattr(whole, name) for name in _OF_BOXES} | {"tried": _is_tried(whole)}
        known = {entry.name for entry in fields(one)}
        opened.append(replace(one, **{name: value for name, value in shared.items() if name in known}))
    return opened


def _within(layers: list[object], member: nn.Module) -> nn.Module:
    """Return a network in the place of the ensemble."""
    module = member
    for layer in reversed(layers):
        if not isinstance(layer, Ensemble):
            outer: Any = copy.copy(layer)
            # The dictionary of children is shared with the original.
            outer._modules = dict(outer._modules)
            setattr(outer, "decoder" if isinstance(layer, ChannelMixing) else "module", module)
            module = outer
    return module


def _is_tried(whole: FrontEnd | BlackBox) -> bool:
    return whole.tried if isinstance(whole, BlackBox) else True
