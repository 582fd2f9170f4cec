"""Checks of settings that a checkpoint does not store."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from sincviz._utils.text import listed
from sincviz.analysis.doctor.findings import Finding
from sincviz.errors import EpochsError
from sincviz.networks.black_boxes import BlackBox
from sincviz.networks.units import FrontEnd
from sincviz.trials.epochs import EpochsOrArray, network_input, some_of

UNITS = {
    **dict.fromkeys(("min_freq", "first_freq", "freq_stride", "bandwidth"), " Hz"),
    **dict.fromkeys(("pool_size", "pool_stride", "n_times"), " samples"),
    "scale": " per volt",
}


def not_finite(network: BlackBox) -> Iterator[Finding]:
    """Report weights that are NaN or infinite, of a network without a front end."""
    weights = {**dict(network.module.named_parameters()), **dict(network.module.named_buffers())}
    broken = [name for name, value in weights.items() if not torch.isfinite(value).all()]
    if broken:
        yield Finding(
            "not_finite",
            "error",
            "Some weights are not finite: nothing that depends on them can be interpreted.",
            f"NaN or infinite values in: {listed(broken, 6)}.",
            "Train again with a lower learning rate, or load an earlier checkpoint.",
        )


def changing_scores(network: FrontEnd | BlackBox, epochs: EpochsOrArray) -> Iterator[Finding]:
    """Report a network that draws random numbers in evaluation."""
    try:
        x = torch.from_numpy(network_input(network, some_of(epochs, slice(4)))).to(network.device)
    except EpochsError:  # another finding
        return
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        first, second = network.scores(x), network.scores(x)
    if not torch.equal(first, second) and torch.isfinite(first).all():
        change = float((first - second).abs().max())
        yield Finding(
            "changing_scores",
            "error",
            "The scores of the same trials change from run to run: the network draws random numbers in evaluation.",
            f"Two runs on {len(x)} trials differ by up to {change:.2g}, where scores have a standard deviation of "
            f"{float(first.std(0).mean()):.2g}.",
            "Switch off what is random, such as dropout that ignores `model.eval()`, and inspect it again.",
        )


def assumed(network: FrontEnd | BlackBox) -> Iterator[Finding]:
    """Report settings that the checkpoint does not store and that were assumed on loading."""
    settings = network.provenance.get("assumed")
    if not isinstance(settings, Mapping):
        return
    # Dropout does nothing to a network that is read; a scale may have been corrected since.
    corrected = "scale" if network.units_per_volt != settings.get("scale") else None
    settings = {name: value for name, value in settings.items() if name not in ("drop_prob", corrected)}
    if not settings:
        return
    passed = next(iter(settings))
    opened = f"`load_checkpoint(path, {'chs_info' if passed == 'ch_names' else passed}=...)`"
    live = str(network.provenance.get("format", "live network")).startswith("live network")
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
            if isinstance(network, BlackBox) or network.traced or network.initial_cutoffs is not None
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
