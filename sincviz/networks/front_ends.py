"""Front ends: the filters and maps of a network before its first non-linearity."""

import copy
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import singledispatch
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sincviz.networks.attributes import known_attributes
from sincviz.networks.described import described
from sincviz.networks.dressing import dressed
from sincviz.networks.fast.spatial_maps import filtered_back, spatial_maps
from sincviz.networks.live_networks import from_live_network, is_live_network
from sincviz.networks.module_copies import maps_alike
from sincviz.networks.normalization import gain_and_shift, recorded_statistics
from sincviz.networks.precision import is_narrow, widened
from sincviz.networks.sinc_conv import SincConv
from sincviz.networks.sinc_shallow import SincShallowNet
from sincviz.networks.wrappers import has_forward, held_networks, unwrapped
from sincviz.weights.activation import POINTWISE
from sincviz.weights.deduction import start_is_assumed

__all__ = ["FrontEnd", "RecordedStatistics", "front_end", "knows_front_end", "unwrapped", "weights_hash"]

ANY_NETWORK = (
    "`sincviz.spectral_relevance(model, epochs)`, `sincviz.ablate(model, epochs)` and "
    "`sincviz.deletion_curve(model, epochs)`"
)
"""Analyses that need only inputs and scores."""


@dataclass(frozen=True, eq=False)
class RecordedStatistics:
    """Statistics of the training data that the normalisations before the first non-linearity recorded.

    Attributes
    ----------
    filtered_variance : torch.Tensor, shape (filters,)
        Variance of each filter's output over trials, channels and times, in the network's units.
    unit_mean, unit_std : torch.Tensor, shape (filters, depth)
        Mean and standard deviation of the pre-activation map of each unit.
    momentum : float | None
        Weight of a new batch in PyTorch's convention; ``None`` is the average of all batches.
    """

    filtered_variance: Tensor
    unit_mean: Tensor
    unit_std: Tensor
    momentum: float | None

    def __post_init__(self) -> None:
        """Keep values only, where the statistics of trials are."""
        for name in ("filtered_variance", "unit_mean", "unit_std"):
            object.__setattr__(self, name, getattr(self, name).detach().cpu())


@dataclass(frozen=True, eq=False, repr=False)
class FrontEnd:
    """A temporal and a depthwise spatial convolution, all normalisation folded in.

    ``tail(scale · filter(spatial · x) + bias)`` equals ``model(x)`` in evaluation.

    Attributes
    ----------
    kernels : torch.Tensor, shape (filters, taps)
        Impulse responses of the temporal filters.
    cutoffs, initial_cutoffs : torch.Tensor, shape (filters, 2), or None
        Low and high cut-off in Hz, now and before training; ``None`` if filters are free or the start is
        unknown.
    spatial : torch.Tensor, shape (filters, depth, channels)
        Weights of the spatial filters as in the network.
    scale, bias : torch.Tensor, shape (filters, depth)
        Factor and summand that normalisation applies to each unit.
    padding : str
        ``"same"`` or ``"valid"``.
    tail : callable
        Pre-activation maps (batch, filters, depth, times) to class scores (batch, classes), in evaluation.
    sfreq : float
        Sampling rate in Hz.
    ch_names : list of str | None
        Channels in the network's order.
    chs_info : list of dict | None
        Channels with positions, as in ``mne.Info["chs"]``.
    weights_sha256 : str
        Hash of the network's weights, stored in every result; this and all that follow are optional.
    n_times : int | None
        Samples of a trial; ``None`` if any number is accepted.
    units_per_volt : float | None
        Factor from volts to the network's units, 1e6 for microvolts.
    class_names : list of str | None
        Names of the scores, in order.
    features : callable | None
        Pre-activation maps to the input of a linear head, shape (batch, filters, depth, windows).
    head : torch.Tensor, shape (classes, filters, depth, windows), or None
        Weights of that head.
    activation, pooling : callable | None
        The non-linearity, applied to every value alike, and the linear map after it that makes ``features``; with them
        gradients need no derivative of the whole tail.
    recorded : RecordedStatistics | None
        Statistics of the folded normalisations.
    provenance : mapping
        What is known of the training, as in :attr:`SincShallowNet.provenance`.
    initial_kernels : torch.Tensor, shape (filters, taps), or None
        Impulse responses before training; ``None`` if unknown.
    sinc_layer : SincConv | None
        A copy of the layer that makes kernels from cut-offs; ``None`` if filters are free.
    module : torch.nn.Module | None
        The network itself, for analyses of its layers; :func:`sincviz.network` stores a copy of it here.
    """

    kernels: Tensor
    cutoffs: Tensor | None
    initial_cutoffs: Tensor | None
    spatial: Tensor
    scale: Tensor
    bias: Tensor
    padding: str
    tail: Callable[[Tensor], Tensor]
    sfreq: float
    ch_names: list[str] | None
    chs_info: list[dict[str, Any]] | None
    weights_sha256: str = ""
    n_times: int | None = None
    units_per_volt: float | None = None
    class_names: list[str] | None = None
    features: Callable[[Tensor], Tensor] | None = None
    head: Tensor | None = None
    activation: Callable[[Tensor], Tensor] | None = None
    pooling: Callable[[Tensor], Tensor] | None = None
    recorded: RecordedStatistics | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    initial_kernels: Tensor | None = None
    sinc_layer: SincConv | None = None
    module: nn.Module | None = None

    def __post_init__(self) -> None:
        """Keep values only: a registered network may give its parameters."""
        for name, value in vars(self).items():
            if isinstance(value, Tensor):
                object.__setattr__(self, name, value.detach())

    def __repr__(self) -> str:
        of = "" if self.module is None else f" of {type(self.module).__name__}"
        n_filters, depth = self.spatial.shape[:2]
        return described(f"FrontEnd{of} | {n_filters} temporal filters, {depth} spatial ones each", self)

    @property
    def n_chans(self) -> int:
        """Number of channels."""
        return self.spatial.shape[2]

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the network."""
        return self.kernels.dtype

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.kernels.device

    @property
    def n_outputs(self) -> int:
        """Number of class scores."""
        if self.head is not None:
            return len(self.head)
        with torch.no_grad():
            # The shortest signal that is surely long enough, if any length is accepted.
            n_times = 4096 if self.n_times is None else self.n_times
            return self.scores(self.spatial.new_zeros(1, self.n_chans, n_times)).shape[1]

    @property
    def pad(self) -> tuple[int, int]:
        """Zeros that filtering puts before and after a signal; an odd one comes after, as in PyTorch."""
        total = self.kernels.shape[1] - 1 if self.padding == "same" else 0
        return total // 2, total - total // 2

    def maps(self, x: Tensor) -> Tensor:
        """Return the pre-activation maps, shape (batch, filters, depth, times), of trials (batch, channels, times)."""
        filters, depth, _ = self.spatial.shape
        taps = self._taps()
        before, after = self.pad
        x = widened(x)
        # The convolution pads both sides equally; the extra zero of an even kernel is added here.
        padded = F.pad(x, (0, after - before)) if after > before else x
        units = spatial_maps(padded, self.spatial.flatten(0, 1), taps, self.bias.flatten(), before)
        return units.reshape(len(x), filters, depth, -1)

    def mixed_gradient(self, gradient: Tensor) -> Tensor:
        """Return the gradient at the mixed channels ``spatial · x``, given that at the maps.

        Parameters
        ----------
        gradient : torch.Tensor, shape (batch, filters, depth, times of the maps)
            At the pre-activation maps.

        Returns
        -------
        torch.Tensor, shape (batch, filters, depth, times of the input)
            Filtered back through the kernels, with their scale; mixed back with ``spatial`` it is the input's.
        """
        filters, depth, _ = self.spatial.shape
        before, after = self.pad
        back = filtered_back(gradient.flatten(1, 2).unsqueeze(2), self._taps(), before)
        return back[..., : back.shape[2] - (after - before)].reshape(len(gradient), filters, depth, -1)

    def _taps(self) -> Tensor:
        """Return the impulse response of every unit, shape (filters × depth, taps), with its scale."""
        return (self.scale[..., None] * self.kernels[:, None]).flatten(0, 1)

    def scores(self, x: Tensor) -> Tensor:
        """Return the class scores, shape (batch, classes), of trials (batch, channels, times)."""
        return self.tail(self.maps(x))


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
        Detached tensors; the network is not changed. A 16-bit network is read in single precision.

    Raises
    ------
    TypeError
        If nothing is registered for this kind of network.

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
            **{name: known[name] for name in ("ch_names", "chs_info", "class_names", "scale")},
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
    raise TypeError(unknown_network(inner))


@front_end.register
def _(model: FrontEnd) -> FrontEnd:
    return model


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


def unknown_network(model: object) -> str:
    """Return why an object has no front end, and what can be done with it."""
    kind = type(model).__name__
    if isinstance(model, nn.Module) or hasattr(model, "weights_sha256"):
        return (
            f"sincviz does not know the front end of {getattr(model, 'kind', kind)}, so it has no filters to read. For "
            f"any network use {ANY_NETWORK}. Your own network with a temporal and a spatial convolution can be "
            "registered with `@sincviz.networks.front_end.register`."
        )
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
    }
    missing = {name: known[name] for name, value in front_end_values.items() if value is None}
    if "ch_names" in missing:
        missing["chs_info"] = known["chs_info"]
    return dressed(front_end, **missing)


def weights_hash(model: nn.Module) -> str:
    """Return the SHA-256 of a network's state dict."""
    digest = hashlib.sha256()
    for key, value in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
