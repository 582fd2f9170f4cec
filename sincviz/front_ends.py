"""What an analysis needs to know of a network: its filters and maps before the first non-linearity."""

import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, cast

import torch
from torch import Tensor, nn

from sincviz.models.normalization import gain_and_shift, recorded_statistics
from sincviz.models.sinc_shallow import SincShallowNet


@dataclass(frozen=True, eq=False)
class FrontEnd:
    """A temporal and a depthwise spatial convolution, all normalisation folded in.

    ``tail(scale · filter(spatial · x) + bias)`` equals ``model(x)`` in evaluation.

    Attributes
    ----------
    kernels : torch.Tensor, shape (filters, taps)
        Impulse responses of the temporal filters.
    cutoffs, initial_cutoffs : torch.Tensor, shape (filters, 2), or None
        Low and high cut-off in Hz, now and before training; ``None`` where filters are free.
    spatial : torch.Tensor, shape (filters, depth, channels)
        Weights of the spatial filters as they stand in the network.
    scale, bias : torch.Tensor, shape (filters, depth)
        What normalisation multiplies each unit with and adds to it.
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
        Hash of the network's weights, noted in every result; may be left empty.
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


@singledispatch
def front_end(model: object) -> FrontEnd:
    """Return what the analyses need to know of a network.

    Register your own network with ``@front_end.register``.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        The network, a fitted skorch classifier, a compiled or data-parallel network, or braindecode's
        SincShallowNet.

    Returns
    -------
    FrontEnd
        Detached tensors; the network is not changed.

    Raises
    ------
    TypeError
        If nothing is registered for this kind of network.

    Examples
    --------
    >>> parts = front_end(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128))
    >>> parts.kernels.shape, parts.spatial.shape
    (torch.Size([32, 33]), torch.Size([32, 2, 3]))
    """
    inner = unwrapped(model)
    if inner is not model:
        return front_end(inner)
    if isinstance(model, nn.Module) and "sinc_filter_layer.low_freqs" in model.state_dict():
        return front_end(_from_live_network(model))
    raise TypeError(
        f"sincviz does not know the front end of {type(model).__name__}. Pass a SincShallowNet or a fitted "
        "classifier, or register your network with `@sincviz.front_end.register`."
    )


@front_end.register
def _(model: FrontEnd) -> FrontEnd:
    return model


@front_end.register
def _(model: SincShallowNet) -> FrontEnd:
    first, mixing = cast(tuple[nn.BatchNorm2d, nn.Conv2d], tuple(model.depthwiseconv))
    second, activation, pooling, _, flatten = cast(
        tuple[nn.BatchNorm2d, *tuple[Any, ...]], tuple(model.temporal_aggregation)
    )
    shape = (model.num_time_filters, model.depth_multiplier)
    with torch.no_grad():
        spatial = mixing.weight.detach().clone().reshape(*shape, model.n_chans)
        gain, shift = gain_and_shift(first, *recorded_statistics(first))
        second_gain, second_shift = (
            part.reshape(shape) for part in gain_and_shift(second, *recorded_statistics(second))
        )

        # A copy in evaluation mode: like the tensors it keeps what the network is now.
        layers = copy.deepcopy(nn.Sequential(activation, pooling, flatten, model.final_layer))
        layers.eval().requires_grad_(False)

        def tail(maps: Tensor) -> Tensor:
            scores: Tensor = layers(maps.flatten(1, 2).unsqueeze(2))
            return scores

        return FrontEnd(
            kernels=model.kernels(),
            cutoffs=model.cutoffs(),
            initial_cutoffs=model.initial_cutoffs(),
            spatial=spatial,
            scale=gain[:, None] * second_gain,
            bias=shift[:, None] * spatial.sum(2) * second_gain + second_shift,
            padding=model.sinc_filter_layer.padding,
            tail=tail,
            sfreq=model.sfreq,
            ch_names=model.ch_names,
            chs_info=model.chs_info,
            weights_sha256=_weights_hash(model),
        )


def unwrapped(model: Any) -> Any:
    """Return the network inside a fitted classifier, a compiled or a data-parallel network."""
    if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
        return unwrapped(model.module)
    for attribute in ("module_", "_orig_mod"):
        if hasattr(model, attribute):
            return unwrapped(getattr(model, attribute))
    return model


def _from_live_network(model: nn.Module) -> SincShallowNet:
    """Return ours, from a network with the same state dict that tells its own configuration."""
    if not hasattr(model, "get_config"):
        raise TypeError(
            f"{type(model).__name__} has the weights of a SincShallowNet but no `get_config`. Build a "
            "`sincviz.SincShallowNet` with its settings and `load_state_dict(model.state_dict())`."
        )
    ours = SincShallowNet.from_config(cast(Any, model).get_config())
    ours.load_state_dict({key: value.cpu() for key, value in model.state_dict().items()})
    return ours.eval()


def _weights_hash(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for key, value in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
