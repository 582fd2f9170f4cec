"""Front ends: the filters and maps of a network before its first non-linearity."""

import copy
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import singledispatch
from typing import Any, cast

import torch
from torch import Tensor, nn

from sincviz.networks.attributes import known_attributes
from sincviz.networks.black_boxes import BlackBox, black_box, weights_hash
from sincviz.networks.dressing import dressed
from sincviz.networks.live_networks import from_live_network, is_live_network
from sincviz.networks.module_copies import maps_alike
from sincviz.networks.normalization import gain_and_shift, recorded_statistics
from sincviz.networks.precision import is_narrow
from sincviz.networks.shapes import taking
from sincviz.networks.sinc_shallow import SincShallowNet
from sincviz.networks.tracing.traced_front_ends import traced_front_end
from sincviz.networks.units import FrontEnd, RecordedStatistics
from sincviz.networks.wrappers import has_forward, held_networks, unwrapped
from sincviz.preparation.steps import checked_steps
from sincviz.weights.activation import POINTWISE
from sincviz.weights.deduction import start_is_assumed

__all__ = ["FrontEnd", "RecordedStatistics", "front_end", "knows_front_end", "unwrapped", "weights_hash"]

ANY_NETWORK = (
    "`sincviz.spectral_relevance(model, epochs)`, `sincviz.ablate(model, epochs)` and "
    "`sincviz.deletion_curve(model, epochs)`"
)
"""Analyses that need only inputs and scores."""


@singledispatch
def front_end(model: object) -> FrontEnd:
    """Return the front end of a network, as the analyses need it.

    Register your own network with ``@front_end.register``.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        The network, braindecode's SincShallowNet, or an object that holds one: a fitted classifier of skorch or
        braindecode, a scikit-learn pipeline whose last step is one, a LightningModule, a compiled or data-parallel
        network.

    Returns
    -------
    FrontEnd
        Detached tensors; the network is not changed. A 16-bit network is read in single precision. Where nothing is
        registered, the front end is found by tracing: see ``traced`` of it.

    Raises
    ------
    TypeError
        If this is not a network, or nothing is registered for it and its first operations are not a convolution in
        time.

    Examples
    --------
    >>> opened = front_end(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128))
    >>> opened.kernels.shape, opened.spatial.shape
    (torch.Size([32, 33]), torch.Size([32, 2, 3]))
    """
    inner = unwrapped(model)
    if inner is not model:
        return _filled(front_end(inner), known_attributes(model))
    if is_live_network(inner):
        ours = from_live_network(inner)
        if has_forward(inner) and not maps_alike(ours, inner, ours.n_chans, ours.n_times):
            raise TypeError(
                f"{type(inner).__name__} has the weights of a SincShallowNet but returns different scores, so it can "
                f"only be read like any network: {ANY_NETWORK}."
            )
        known = known_attributes(inner)
        dressed_front_end = dressed(
            front_end(ours),
            **{name: known[name] for name in ("ch_names", "chs_info", "class_names", "scale", "preparation")},
        )
        return replace(dressed_front_end, weights_sha256=weights_hash(inner))
    if isinstance(inner, nn.Module) and (held := _held(inner)) is not None:
        name, network = held
        held_front_end = front_end(network)
        if not maps_alike(network, inner, held_front_end.n_chans, held_front_end.n_times or 4096):
            raise TypeError(
                f"{type(inner).__name__} holds a network as `.{name}` but returns different scores from it. To "
                f"read the network inside, pass `model.{name}`; to read the whole, use {ANY_NETWORK}."
            )
        return _filled(held_front_end, known_attributes(inner))
    if isinstance(inner, nn.Module):
        return front_end(black_box(inner, known_attributes(model)))
    raise TypeError(not_a_network(inner))


@front_end.register
def _(model: FrontEnd) -> FrontEnd:
    return model


@front_end.register
def _(model: BlackBox) -> FrontEnd:
    if not model.tried and None not in (model.n_chans, model.n_times):
        noise = 10 * torch.randn(
            2, model.n_chans or 1, model.n_times or 1, generator=torch.Generator().manual_seed(0)
        )
        model, _ = taking(model, noise.to(model.device, model.dtype))
    return traced_front_end(model)


@front_end.register
def _(model: SincShallowNet) -> FrontEnd:
    if is_narrow(model):
        return replace(front_end(copy.deepcopy(model).float()), weights_sha256=weights_hash(model))
    first, mixing = cast(tuple[nn.BatchNorm2d, nn.Conv2d], tuple(model.depthwiseconv))
    second, activation, pooling = cast(
        tuple[nn.BatchNorm2d, nn.Module, nn.Module], tuple(model.temporal_aggregation)[:3]
    )
    shape = (model.num_time_filters, model.depth_multiplier)
    with torch.no_grad():
        spatial = mixing.weight.detach().clone().reshape(*shape, model.n_chans)
        gain, shift = gain_and_shift(first, *recorded_statistics(first))
        second_gain, second_shift = (
            part.reshape(shape) for part in gain_and_shift(second, *recorded_statistics(second))
        )

        # A copy in evaluation mode: like the tensors it keeps the current state of the network.
        activation, pooling, head = copy.deepcopy((activation, pooling, model.final_layer))
        for layer in (activation, pooling, head):
            layer.eval().requires_grad_(False)

        def activated(maps: Tensor) -> Tensor:
            return cast(Tensor, activation(maps.flatten(1, 2).unsqueeze(2)))

        def pooled(maps: Tensor) -> Tensor:
            windows: Tensor = pooling(maps.flatten(1, 2).unsqueeze(2))
            return windows.reshape(len(maps), *shape, -1)

        def features(maps: Tensor) -> Tensor:
            windows: Tensor = pooling(activated(maps))
            return windows.reshape(len(maps), *shape, -1)

        pointwise = isinstance(activation, POINTWISE) and isinstance(pooling, nn.AvgPool2d)

        def tail(maps: Tensor) -> Tensor:
            scores: Tensor = head(features(maps).flatten(1))
            return scores

        start = None if start_is_assumed(model.provenance) else model.initial_cutoffs()
        return FrontEnd(
            kernels=model.kernels(),
            cutoffs=model.cutoffs(),
            initial_cutoffs=start,
            spatial=spatial,
            scale=gain[:, None] * second_gain,
            bias=shift[:, None] * spatial.sum(2) * second_gain + second_shift,
            padding=model.sinc_filter_layer.padding,
            tail=tail,
            sfreq=model.sfreq,
            ch_names=model.ch_names,
            chs_info=model.chs_info,
            weights_sha256=weights_hash(model),
            n_times=model.n_times,
            units_per_volt=model.scale,
            class_names=model.class_names,
            features=features,
            head=head.weight.reshape(-1, *shape, model.n_pooled),
            activation=activation if pointwise else None,
            pooling=pooled if pointwise else None,
            recorded=_recorded(first, second, shape),
            provenance=dict(model.provenance),
            initial_kernels=None if start is None else model.sinc_filter_layer.kernels_of(start),
            sinc_layer=copy.deepcopy(model.sinc_filter_layer).requires_grad_(False),
            preparation=checked_steps(model.preparation),
        )


def _recorded(first: nn.BatchNorm2d, second: nn.BatchNorm2d, shape: tuple[int, int]) -> RecordedStatistics:
    _, variance = recorded_statistics(second)
    return RecordedStatistics(
        filtered_variance=recorded_statistics(first)[1].clone(),
        unit_mean=second.bias.detach().clone().reshape(shape),
        unit_std=(second.weight.abs() * (variance / (variance + second.eps)).sqrt()).reshape(shape),
        momentum=first.momentum,
    )


def knows_front_end(model: object) -> bool:
    """Return whether :func:`front_end` knows or has registered this network, or one that it holds."""
    if is_registered(model) or is_live_network(model):
        return True
    return isinstance(model, nn.Module) and _held(model) is not None


def is_registered(model: object) -> bool:
    """Return whether a front end was registered for this kind of network."""
    return front_end.dispatch(type(model)) is not front_end.dispatch(object)


def not_a_network(model: object) -> str:
    """Return what an object is, which is no network, and what can be done with it."""
    kind = type(model).__name__
    message = f"sincviz does not know the front end of {kind}: it is not a network. "
    if isinstance(model, str | os.PathLike):
        return message + f"Open the file first: `model = sincviz.load_checkpoint({os.fspath(model)!r})`."
    if isinstance(model, Mapping):
        return message + (
            "For weights alone, `torch.save(weights, 'weights.pt')`, then `sincviz.load_checkpoint('weights.pt')`; or "
            "load them into their network and pass that."
        )
    if isinstance(model, type):
        name = model.__name__
        return f"{name} is a class, not a network. Create an instance and load its weights: `{name}(...)`."
    return message + (
        "Pass the network first, then trials: a `torch.nn.Module`, such as a SincShallowNet, or a fitted classifier; "
        "`@sincviz.networks.front_end.register` registers your own kind of network."
    )


def _held(module: nn.Module) -> tuple[str, nn.Module] | None:
    """Return the name and network if a module, such as a LightningModule, holds one with a known front end."""
    return next((one for one in held_networks(module).items() if knows_front_end(one[1])), None)


def _filled(front_end: FrontEnd, known: Mapping[str, Any]) -> FrontEnd:
    """Return a front end, with missing values taken from its wrapper."""
    front_end_values = {
        "ch_names": front_end.ch_names,
        "class_names": front_end.class_names,
        "scale": front_end.units_per_volt,
        "preparation": front_end.preparation or None,
    }
    missing = {name: known[name] for name, value in front_end_values.items() if value is None}
    if "ch_names" in missing:
        missing["chs_info"] = known["chs_info"]
    return dressed(front_end, **missing)
