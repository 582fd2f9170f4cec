"""Checks of settings that a checkpoint does not store."""

from collections.abc import Iterator, Mapping
from typing import Any

from sincviz.analysis.doctor.findings import Finding
from sincviz.networks.front_ends import FrontEnd

UNITS = {
    **dict.fromkeys(("min_freq", "first_freq", "freq_stride", "bandwidth"), " Hz"),
    **dict.fromkeys(("pool_size", "pool_stride", "n_times"), " samples"),
    "scale": " per volt",
}


def assumed(front_end: FrontEnd) -> Iterator[Finding]:
    """Report settings that the checkpoint does not store and that were assumed on loading."""
    settings = front_end.provenance.get("assumed")
    if not isinstance(settings, Mapping):
        return
    # Dropout does nothing to a network that is read; a scale may have been corrected since.
    corrected = "scale" if front_end.units_per_volt != settings.get("scale") else None
    settings = {name: value for name, value in settings.items() if name not in ("drop_prob", corrected)}
    if not settings:
        return
    passed = next(iter(settings))
    opened = f"`load_checkpoint(path, {'chs_info' if passed == 'ch_names' else passed}=...)`"
    live = str(front_end.provenance.get("format", "live network")).startswith("live network")
    settable = [
        f"{name}={settings[name]!r}" for name in ("ch_names", "class_names", "scale") if name in settings
    ]
    yield Finding(
        "assumed",
        "note",
        f"The {'network' if live else 'file'} does not store all settings: defaults were assumed for the missing ones.",
        ("Assumed: " if live else "")
        + ", ".join(_written(name, value) for name, value in settings.items())
        + (
            "."
            if front_end.initial_cutoffs is not None
            else "; so it is not known how far the cut-offs moved."
        ),
        f"State what differs: `model = sincviz.network(model, {', '.join(settable)})`."
        if live and settable
        else f"Save its `state_dict()`, open it and pass what differs: {opened}."
        if live
        else f"Pass what differs: {opened}.",
    )


def _written(name: str, value: Any) -> str:
    if name == "ch_names":
        return "the channels of the epochs, in their order"
    if name == "class_names":
        return f"class_names = {' | '.join(map(str, value))} (event codes in ascending order)"
    return (
        f"{name} = {value:g}{UNITS.get(name, '')}" if isinstance(value, int | float) else f"{name} = {value}"
    )
