"""Decoders: any network that maps trials to class scores, as seen by analyses of inputs and scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from sincviz.networks.attributes import known_attributes
from sincviz.networks.described import described
from sincviz.networks.front_ends import FrontEnd, front_end, is_registered, knows_front_end, weights_hash
from sincviz.networks.module_copies import evaluated_copy
from sincviz.networks.wrappers import unwrapped

__all__ = ["BlackBox", "Decoder", "checked_scores", "decoder", "evaluated_copy"]


class Decoder(Protocol):
    """Interface of inputs and outputs; a :class:`sincviz.networks.FrontEnd` has it too."""

    @property
    def scores(self) -> Any:
        """Trials (batch, channels, times) to class scores (batch, classes), in evaluation."""

    @property
    def n_chans(self) -> int | None:
        """Number of channels; ``None`` if any number is accepted."""

    @property
    def n_times(self) -> int | None:
        """Samples of a trial; ``None`` if any number is accepted."""

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


@dataclass(frozen=True, eq=False, repr=False)
class BlackBox:
    """A network of which only inputs and class scores are known.

    Attributes
    ----------
    module : torch.nn.Module
        A copy in evaluation mode, which takes (batch, channels, times).
    n_chans, n_times, n_outputs : int | None
        Sizes; ``None`` if unknown.
    sfreq : float | None
        Sampling rate in Hz.
    ch_names : list of str | None
        Channels in the network's order.
    chs_info : list of dict | None
        Channels with positions, as in ``mne.Info["chs"]``.
    units_per_volt : float | None
        Factor from volts to the network's units, 1e6 for microvolts.
    class_names : list of str | None
        Names of the scores, in order.
    weights_sha256 : str
        Hash of the network's weights.
    dtype, device
        Precision, and where the network is.
    provenance : mapping
        What is known of the training.
    kind : str
        Name of the network's class.
    tried : bool
        Whether it was tried on trials: ``module`` accepts them, and ``n_outputs`` is right.
    """

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
    kind: str = ""
    tried: bool = False

    def __repr__(self) -> str:
        return described(f"{self.kind or 'Network'}, of which inputs and scores are known", self)

    def scores(self, x: Tensor) -> Tensor:
        """Return the class scores, shape (batch, classes), of trials (batch, channels, times)."""
        with torch.autocast("cpu", enabled=False):
            return checked_scores(self.module(x), x)


def decoder(model: object) -> Decoder:
    """Return a network as analyses of inputs and scores need it.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Anything that :func:`sincviz.networks.front_ends` knows, or any module that maps (batch, channels, times) to
        (batch, classes). The attributes ``chs_info``, ``sfreq``, ``n_times``, ``n_outputs``, ``scale`` and
        ``class_names`` of such a module are read if it has them.

    Returns
    -------
    FrontEnd | BlackBox
        Detached or copied: the network itself is not changed.

    Raises
    ------
    TypeError
        If this is not a network.

    Examples
    --------
    >>> decoder(nn.Sequential(nn.Flatten(), nn.Linear(6, 2))).scores(torch.zeros(1, 2, 3)).shape
    torch.Size([1, 2])
    """
    if isinstance(model, BlackBox | FrontEnd):
        return cast(Decoder, model)
    inner = unwrapped(model)
    if isinstance(inner, nn.Module):
        try:
            if knows_front_end(inner):
                return cast(Decoder, front_end(model))
        except TypeError:
            if is_registered(inner):
                raise
        return _black_box(inner, known_attributes(model))
    return cast(Decoder, front_end(model))


def checked_scores(scores: Any, x: Tensor) -> Tensor:
    """Return class scores after checking that they have one row per trial."""
    if isinstance(scores, Tensor) and scores.ndim == 2 and len(scores) == len(x):
        return scores
    got = f"the shape {tuple(scores.shape)}" if isinstance(scores, Tensor) else type(scores).__name__
    raise TypeError(
        f"The network must map (batch, channels, times) to class scores (batch, classes); for {tuple(x.shape)} "
        "it returns "
        f"{got}. Wrap it in a module that does."
    )


def _black_box(module: nn.Module, known: Mapping[str, Any]) -> BlackBox:
    copied = evaluated_copy(module)
    first = next(iter(copied.parameters()), torch.zeros(0))
    return BlackBox(
        module=copied,
        n_chans=known["n_chans"],
        n_times=known["n_times"],
        n_outputs=known["n_outputs"],
        sfreq=known["sfreq"],
        ch_names=known["ch_names"],
        chs_info=known["chs_info"],
        units_per_volt=known["scale"],
        class_names=known["class_names"],
        weights_sha256=weights_hash(module),
        dtype=first.dtype,
        device=first.device,
        provenance=known["provenance"] or {},
        kind=type(module).__name__,
    )
