"""Any network that maps trials to class scores, as the analyses of its inputs and scores see it."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from sincviz.front_ends import front_end, knows_front_end, unwrapped, weights_hash
from sincviz.live_networks import is_live_network
from sincviz.models.precision import is_narrow


class Decoder(Protocol):
    """What goes in and what comes out; a :class:`sincviz.FrontEnd` is one too."""

    @property
    def scores(self) -> Any:
        """Trials (batch, channels, times) to class scores (batch, classes), in evaluation."""

    @property
    def n_chans(self) -> int | None:
        """Number of channels; ``None`` where any is taken."""

    @property
    def n_times(self) -> int | None:
        """Samples of a trial; ``None`` where any number is taken."""

    @property
    def n_outputs(self) -> int | None:
        """Number of class scores, if known."""

    @property
    def sfreq(self) -> float | None:
        """Sampling rate in Hz, if known."""

    @property
    def ch_names(self) -> list[str] | None:
        """Channels in the network's order, if known."""

    @property
    def chs_info(self) -> list[dict[str, Any]] | None:
        """Channels with positions, if known."""

    @property
    def units_per_volt(self) -> float | None:
        """Factor from volts to the network's units, if known."""

    @property
    def class_names(self) -> list[str] | None:
        """Names of the scores, if known."""

    @property
    def weights_sha256(self) -> str:
        """Hash of the weights."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """What is known of the training."""

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the network."""

    @property
    def device(self) -> torch.device:
        """Where the network is."""


@dataclass(frozen=True, eq=False)
class BlackBox:
    """A network of which only inputs and scores are known; ``module`` is a copy in evaluation mode."""

    module: nn.Module
    n_chans: int | None
    n_times: int | None
    n_outputs: int | None
    sfreq: float | None
    ch_names: list[str] | None
    chs_info: list[dict[str, Any]] | None
    units_per_volt: float | None
    class_names: list[str] | None
    weights_sha256: str
    dtype: torch.dtype
    device: torch.device
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def scores(self, x: Tensor) -> Tensor:
        """Return the class scores, shape (batch, classes), of trials (batch, channels, times)."""
        with torch.autocast("cpu", enabled=False):
            return checked_scores(self.module(x), x)


def decoder(model: object) -> Decoder:
    """Return what analyses of inputs and scores need to know of a network.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Anything that :func:`sincviz.front_end` knows, or any module that maps (batch, channels, times) to
        (batch, classes). Of such a module the attributes ``chs_info``, ``sfreq``, ``n_times``, ``n_outputs``, ``scale``
        and ``class_names`` are read where it has them.

    Returns
    -------
    FrontEnd | BlackBox
        Detached or copied: the network is not changed by what follows.

    Raises
    ------
    TypeError
        If this is no network.

    Examples
    --------
    >>> decoder(nn.Sequential(nn.Flatten(), nn.Linear(6, 2))).scores(torch.zeros(1, 2, 3)).shape
    torch.Size([1, 2])
    """
    if isinstance(model, BlackBox):
        return model
    inner = unwrapped(model)
    if is_live_network(inner) and not hasattr(inner, "get_config"):
        return _black_box(inner)
    if isinstance(inner, nn.Module) and not knows_front_end(inner):
        return _black_box(inner)
    return cast(Decoder, front_end(inner))


def evaluated_copy(model: object) -> nn.Module:
    """Return a copy of the network in evaluation mode, which can be looked into and changed.

    A network of 16 bits is copied in single precision, in which the trials are.

    Raises
    ------
    TypeError
        If this is no module, as a :class:`sincviz.FrontEnd` is none.
    """
    inner = unwrapped(model)
    if not isinstance(inner, nn.Module):
        raise TypeError(
            f"This needs the network itself, whose layers it looks into; got {type(inner).__name__}. Pass the "
            "`torch.nn.Module`."
        )
    # What a layer keeps of its last forward pass is part of a graph, which cannot be copied.
    kept = [value for layer in inner.modules() for value in vars(layer).values() if isinstance(value, Tensor)]
    detached = {id(value): value.detach().clone() for value in kept if not value.is_leaf}
    try:
        copied = copy.deepcopy(inner, detached).eval().requires_grad_(False)
        return copied.float() if is_narrow(copied) else copied
    except RuntimeError as error:
        raise TypeError(
            f"{type(inner).__name__} cannot be copied: {error} Delete what it keeps of its last forward pass."
        ) from None


def checked_scores(scores: Any, x: Tensor) -> Tensor:
    """Return class scores if they are such: one row per trial."""
    if isinstance(scores, Tensor) and scores.ndim == 2 and len(scores) == len(x):
        return scores
    got = f"the shape {tuple(scores.shape)}" if isinstance(scores, Tensor) else type(scores).__name__
    raise TypeError(
        f"The network must map (batch, channels, times) to class scores (batch, classes); of {tuple(x.shape)} it makes "
        f"{got}. Wrap it in a module that does."
    )


def _black_box(module: nn.Module) -> BlackBox:
    known = {
        name: _known(module, name)
        for name in ("chs_info", "sfreq", "n_times", "n_chans", "n_outputs", "scale", "class_names")
    }
    channels = known["chs_info"]
    copied = evaluated_copy(module)
    first = next(iter(copied.parameters()), torch.zeros(0))
    return BlackBox(
        module=copied,
        n_chans=len(channels) if channels else known["n_chans"],
        n_times=known["n_times"],
        n_outputs=known["n_outputs"],
        sfreq=known["sfreq"],
        ch_names=[channel["ch_name"] for channel in channels] if channels else None,
        chs_info=channels,
        # Of somebody else's network: a factor below 1 is some other scale.
        units_per_volt=known["scale"]
        if isinstance(known["scale"], int | float) and known["scale"] >= 1
        else None,
        class_names=known["class_names"],
        weights_sha256=weights_hash(module),
        dtype=first.dtype,
        device=first.device,
        provenance=_known(module, "provenance") or {},
    )


def _known(module: nn.Module, name: str) -> Any:
    """Return an attribute of somebody else's network, unless it is a weight or not to be had."""
    try:
        value = getattr(module, name, None)
    except ValueError:  # braindecode's networks raise it for what they were not told
        return None
    return None if isinstance(value, Tensor | nn.Module) else value
