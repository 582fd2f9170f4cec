"""Ensembles: several networks, such as those of several seeds, as one network whose scores are their mean."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor, nn

from sincviz.errors import FrontEndError
from sincviz.networks.attributes import known_attributes
from sincviz.networks.black_boxes import black_box, weights_hash
from sincviz.networks.channel_mixing import ChannelMixing
from sincviz.networks.front_ends import front_end, knows_front_end
from sincviz.networks.shapes import TwoScores, WithColumn, WithDimension
from sincviz.networks.shared_metadata import shared_metadata
from sincviz.networks.sinc_conv import SincConv
from sincviz.networks.units import FrontEnd, RecordedStatistics
from sincviz.networks.wrappers import unwrapped


class Ensemble(nn.Module):
    """Several networks of the same input and output as one, whose scores are the mean of theirs.

    Every analysis takes it like a single network. Where the filters of the networks can be read, its filters are
    those of all of them, one network after the other.

    Parameters
    ----------
    members : sequence of torch.nn.Module
        The networks, or fitted classifiers that hold them; they are not copied.

    Attributes
    ----------
    members : torch.nn.ModuleList
        The networks.
    chs_info, ch_names, class_names, scale, sfreq, preparation, n_times, n_chans, n_outputs, provenance
        What the networks share, as in :class:`sincviz.SincShallowNet`; ``None`` if none of them knows it.

    Raises
    ------
    TypeError
        If one of them is not a network.
    ValueError
        If there are none, or their channels, samples, classes, sampling rates or units differ.

    Examples
    --------
    >>> from sincviz import SincShallowNet, learned_bands
    >>> networks = [SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128, num_time_filters=4).eval()
    ...             for _ in range(3)]
    >>> ensemble, x = Ensemble(networks), torch.randn(5, 3, 256)
    >>> bool(torch.allclose(ensemble(x), sum(network(x) for network in networks) / 3, atol=1e-6))
    True
    >>> len(learned_bands(ensemble))
    12
    """

    def __init__(self, members: Sequence[object]) -> None:
        super().__init__()
        networks = _networks(members)
        shared = shared_metadata([known_attributes(member) for member in members])
        self.members = nn.ModuleList(networks)
        self.train(networks[0].training)
        self.n_chans, self.n_times, self.n_outputs = shared["n_chans"], shared["n_times"], shared["n_outputs"]
        self.sfreq, self.scale, self.preparation = shared["sfreq"], shared["scale"], shared["preparation"]
        self.chs_info, self.ch_names = shared["chs_info"], shared["ch_names"]
        self.class_names, self.provenance = shared["class_names"], shared["provenance"]

    def forward(self, x: Tensor) -> Tensor:
        """Return the mean of the networks' scores, shape (batch, classes), of trials (batch, channels, times)."""
        return torch.stack([member(x) for member in self.members]).mean(0)


def members(model: object) -> list[nn.Module]:
    """Return the networks of an ensemble.

    Parameters
    ----------
    model : Ensemble | SeedClassifier | FrontEnd | BlackBox
        The ensemble, or what holds it.

    Returns
    -------
    list of torch.nn.Module
        The networks themselves, in the order of their seeds.

    Raises
    ------
    TypeError
        If it is a single network.

    Examples
    --------
    >>> [type(member).__name__ for member in members(Ensemble([nn.Flatten(), nn.Flatten()]))]
    ['Flatten', 'Flatten']
    """
    inner = layers_to_ensemble(model)[-1]
    if not isinstance(inner, Ensemble):
        raise TypeError(
            f"`model` must be an ensemble of several networks; got {type(inner).__name__}. Train several seeds with "
            "`sincviz.training.fit_many`, or combine networks: `sincviz.networks.Ensemble([one, other])`."
        )
    return list(inner.members)


def is_ensemble(model: object) -> bool:
    """Return whether a network, or what holds it, is an ensemble.

    Examples
    --------
    >>> is_ensemble(Ensemble([nn.Flatten()])), is_ensemble(nn.Flatten())
    (True, False)
    """
    return isinstance(layers_to_ensemble(model)[-1], Ensemble)


def layers_to_ensemble(model: object) -> list[object]:
    """Return the network and everything inside it, down to an ensemble if there is one.

    Opening a network may put it behind a matrix that mixes channels, or between changes of its shapes.

    Examples
    --------
    >>> mixed = ChannelMixing(Ensemble([nn.Flatten()]), torch.eye(2))
    >>> [type(layer).__name__ for layer in layers_to_ensemble(mixed)]
    ['ChannelMixing', 'Ensemble']
    """
    layers: list[object] = [unwrapped(model)]
    while (inner := _inside(layers[-1])) is not None:
        layers.append(inner)
    return layers


def _inside(layer: object) -> object | None:
    inner: object = None
    if isinstance(layer, ChannelMixing):
        inner = layer.decoder
    elif isinstance(layer, WithDimension | WithColumn | TwoScores):
        inner = layer.module
    return None if inner is None else unwrapped(inner)


def declares_front_end(ensemble: Ensemble) -> bool:
    """Return whether the front ends of all networks are declared; others are found by tracing the whole."""
    return all(knows_front_end(member) for member in ensemble.members)


@front_end.register
def _(model: Ensemble) -> FrontEnd:
    known = known_attributes(model)
    if not declares_front_end(model):
        # Tracing reads the first convolutions of all networks as one bank of filters.
        return front_end(replace(black_box(model, known), kind=kind_of(model)))
    parts = [front_end(member) for member in model.members]
    joined = _joined(parts)
    return replace(
        joined,
        ch_names=known["ch_names"],
        chs_info=known["chs_info"],
        class_names=known["class_names"],
        units_per_volt=known["scale"],
        preparation=known["preparation"] or (),
        weights_sha256=weights_hash(model),
        provenance=dict(known["provenance"] or {})
        | _of_filters(model, [len(part.kernels) for part in parts]),
        kind=kind_of(model),
    )


def kind_of(model: Ensemble) -> str:
    """Return how an ensemble is called: by number and class of its networks."""
    kinds = {type(member).__name__ for member in model.members}
    return f"Ensemble of {len(model.members)} {kinds.pop() if len(kinds) == 1 else 'networks'}"


def _of_filters(model: Ensemble, sizes: list[int]) -> dict[str, Any]:
    """Return which network every filter belongs to: its seed, else its number."""
    seeds = (model.provenance or {}).get("seeds") or list(range(len(model.members)))
    return {
        "seed_of_filter": [int(seed) for seed, size in zip(seeds, sizes, strict=True) for _ in range(size)]
    }


def _joined(parts: list[FrontEnd]) -> FrontEnd:
    """Return one front end with the filters of all, in order."""
    first = parts[0]
    _check_comparable(parts)
    sizes = [len(part.kernels) for part in parts]
    n_members = len(parts)

    def each(maps: Tensor, name: str) -> list[Tensor]:
        pieces = torch.split(maps, sizes, 1)
        return [getattr(part, name)(piece) for part, piece in zip(parts, pieces, strict=True)]

    def tail(maps: Tensor) -> Tensor:
        return torch.stack(each(maps, "tail")).mean(0)

    def along_filters(name: str) -> Callable[[Tensor], Tensor] | None:
        return (
            None
            if any(getattr(part, name) is None for part in parts)
            else lambda x: torch.cat(each(x, name), 1)
        )

    layer = _joined_layer(parts)
    kernels, scale = torch.cat([part.kernels for part in parts]), torch.cat([part.scale for part in parts])
    cutoffs, start = _cat(parts, "cutoffs"), _cat(parts, "initial_cutoffs")
    initial_kernels = _cat(parts, "initial_kernels")
    if layer is not None and cutoffs is not None:
        # A layer scales its whole bank to a standard deviation of 1, so each kernel gets another factor here.
        own, kernels = kernels, layer.kernels_of(cutoffs).to(kernels)
        middle = kernels.shape[1] // 2
        scale = scale * (own[:, middle] / kernels[:, middle])[:, None]
        initial_kernels = None if start is None else layer.kernels_of(start).to(kernels)
    heads = _cat(parts, "head", 1)
    fronts = any(part.front is not None for part in parts)
    return FrontEnd(
        kernels=kernels,
        cutoffs=cutoffs,
        initial_cutoffs=start,
        spatial=torch.cat([part.spatial for part in parts]),
        scale=scale,
        bias=torch.cat([part.bias for part in parts]),
        padding=first.padding,
        tail=tail,
        sfreq=first.sfreq,
        ch_names=first.ch_names,
        chs_info=first.chs_info,
        n_times=first.n_times,
        features=along_filters("features"),
        head=None if heads is None else heads / n_members,
        activation=first.activation if _same_activation(parts) else None,
        pooling=along_filters("pooling") if _same_activation(parts) else None,
        recorded=_recorded(parts),
        initial_kernels=initial_kernels,
        sinc_layer=layer,
        unit_kernels=_cat(parts, "unit_kernels"),
        stride=first.stride,
        front=(lambda x: torch.cat([part.maps(x) for part in parts], 1)) if fronts else None,
        numeric=first.numeric,
    )


def _check_comparable(parts: list[FrontEnd]) -> None:
    values: dict[str, list[Any]] = {
        "lengths of their filters in samples": [part.kernels.shape[1] for part in parts],
        "numbers of spatial filters": [part.spatial.shape[1] for part in parts],
        "paddings": [part.pad for part in parts],
        "strides": [part.stride for part in parts],
        "kinds of kernels": ["joint" if part.unit_kernels is not None else "product" for part in parts],
    }
    for what, found in values.items():
        if len(set(found)) > 1:
            reason = f"the {what} of its networks differ ({', '.join(map(str, found))})"
            raise FrontEndError(f"The filters of this ensemble cannot be read together: {reason}.", reason)


def _cat(parts: list[FrontEnd], name: str, dim: int = 0) -> Tensor | None:
    values = [getattr(part, name) for part in parts]
    return None if any(value is None for value in values) else torch.cat(values, dim)


def _joined_layer(parts: list[FrontEnd]) -> SincConv | None:
    """Return one sinc layer with the cut-offs of all, if all have the same settings."""
    layers = [part.sinc_layer for part in parts]
    first = layers[0]
    if first is None or any(layer is None for layer in layers):
        return None
    known = cast(list[SincConv], layers)
    if len({(layer.sfreq, layer.time_filter_len, layer.min_freq, layer.padding) for layer in known}) > 1:
        return None
    joined = copy.deepcopy(first)
    joined.low_freqs = nn.Parameter(torch.cat([layer.low_freqs.detach() for layer in known], 1), False)
    joined.bandwidths = nn.Parameter(torch.cat([layer.bandwidths.detach() for layer in known], 1), False)
    joined.num_time_filters = joined.low_freqs.shape[1]
    joined.ones = torch.ones_like(joined.low_freqs)[None, None]
    return joined


def _same_activation(parts: list[FrontEnd]) -> bool:
    """Return whether all apply the same function; one with learned parameters need not be the same."""
    found = [part.activation for part in parts]
    if any(one is None for one in found):
        return False
    if not all(isinstance(one, nn.Module) for one in found):
        return all(one is found[0] for one in found)
    modules = cast(list[nn.Module], found)
    first = modules[0]
    return all(
        type(one) is type(first)
        and repr(one) == repr(first)
        and all(torch.equal(a, b) for a, b in zip(one.parameters(), first.parameters(), strict=True))
        for one in modules
    )


def _recorded(parts: list[FrontEnd]) -> RecordedStatistics | None:
    known = [part.recorded for part in parts if part.recorded is not None]
    if len(known) < len(parts) or len({one.momentum for one in known}) > 1:
        return None
    variances = [one.filtered_variance for one in known if one.filtered_variance is not None]
    return RecordedStatistics(
        filtered_variance=torch.cat(variances) if len(variances) == len(known) else None,
        unit_mean=torch.cat([one.unit_mean for one in known]),
        unit_std=torch.cat([one.unit_std for one in known]),
        momentum=known[0].momentum,
    )


def _networks(members: Sequence[object]) -> list[nn.Module]:
    if isinstance(members, str | Mapping) or not hasattr(members, "__len__"):
        raise TypeError(
            f"`members` must be a list of networks; got {type(members).__name__}. Try `Ensemble([one, other])`."
        )
    if len(members) == 0:
        raise ValueError("`members` must hold at least one network; got none. Try `Ensemble([one, other])`.")
    networks = [unwrapped(member) for member in members]
    for number, network in enumerate(networks):
        if not isinstance(network, nn.Module):
            raise TypeError(
                f"`members` must be networks, each a `torch.nn.Module`; got {type(network).__name__} at place "
                f"{number}. Open files first: `sincviz.load_checkpoint(path)`."
            )
    return networks
