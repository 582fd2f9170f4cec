"""Metadata given to a network: channels, classes, units and sampling rate."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np

from sincviz._utils.checks import finite_float
from sincviz.networks.attributes import channels_of, listed_names
from sincviz.networks.signal_spec import chs_info_from_json
from sincviz.preparation.steps import checked_steps

Seen = TypeVar("Seen", bound=Any)
"""A ``FrontEnd`` or a ``BlackBox``."""


def dressed(
    network: Seen,
    *,
    ch_names: Sequence[str] | Sequence[Mapping[str, Any]] | None = None,
    chs_info: Sequence[Mapping[str, Any]] | None = None,
    class_names: Sequence[str] | None = None,
    scale: float | None = None,
    sfreq: float | None = None,
    preparation: Sequence[Any] | None = None,
) -> Seen:
    """Return a network with the given metadata; ``None`` leaves a value as it is.

    Raises
    ------
    ValueError
        If the number of names is wrong, a name occurs twice, or a number is not allowed.
    """
    changes: dict[str, Any] = {}
    if ch_names is not None or chs_info is not None:
        known = network.chs_info if chs_info is None else chs_info
        wanted = None if ch_names is None else listed_names("ch_names", ch_names)
        if ch_names is not None and all(isinstance(one, Mapping) for one in ch_names):
            known = cast(Sequence[Mapping[str, Any]], ch_names)  # `info["chs"]` has positions too
        names, channels = channels_of(wanted, known)
        chans = chs_info_from_json(channels)
        if network.n_chans not in (None, len(names or ())):
            raise ValueError(
                f"`ch_names` must name the network's {network.n_chans} channels in their order; got "
                f"{len(names or ())}: {', '.join(names or ())}."
            )
        changes |= {"ch_names": names, "chs_info": chans}
        if "n_chans" in {entry.name for entry in dataclasses.fields(network)}:
            changes["n_chans"] = len(names or ())
    if class_names is not None:
        classes = listed_names("class_names", class_names)
        n_outputs = network.n_outputs
        # A single output distinguishes two classes.
        parameter = "output_names" if network.numeric else "class_names"
        allowed = (
            (None, len(classes), 1) if len(classes) == 2 and not network.numeric else (None, len(classes))
        )
        if n_outputs not in allowed or len(set(classes)) < len(classes):
            raise ValueError(
                f"`{parameter}` must be {n_outputs} different names, in the order of the outputs; got "
                f"{len(classes)}: {', '.join(classes)}."
            )
        changes["class_names"] = classes
    if scale is not None:
        changes["units_per_volt"] = finite_float("scale", scale, above=0, advice=1e6)
    if sfreq is not None:
        rate_hz = finite_float("sfreq", sfreq, above=0, advice=250)
        if network.sfreq is not None and not np.isclose(network.sfreq, rate_hz, rtol=1e-5):
            raise ValueError(
                f"`sfreq` must be that of the network, which was made for {network.sfreq:g} Hz; got {rate_hz:g}. Leave "
                f"it out, and resample the trials: `epochs.resample({network.sfreq:g})`."
            )
        changes["sfreq"] = rate_hz if network.sfreq is None else network.sfreq
    if preparation is not None:
        changes["preparation"] = checked_steps(preparation)
    return dataclasses.replace(network, **changes) if changes else network
