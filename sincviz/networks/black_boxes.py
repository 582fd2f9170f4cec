"""Black boxes: networks of which inputs and scores are known."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from sincviz.networks.described import described
from sincviz.networks.module_copies import evaluated_copy
from sincviz.preparation.steps import Step


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
    numeric : bool
        Whether the outputs are numbers, such as an age, and not scores of classes; their names are ``class_names``.
    preparation : tuple
        Steps of :mod:`sincviz.preparation` that epochs go through before they reach the network.
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
    numeric: bool = False
    preparation: tuple[Step, ...] = ()

    def __repr__(self) -> str:
        return described(f"{self.kind or 'Network'}, of which inputs and scores are known", self)

    def scores(self, x: Tensor) -> Tensor:
        """Return the class scores, shape (batch, classes), of trials (batch, channels, times)."""
        with torch.autocast("cpu", enabled=False):
            return checked_scores(self.module(x.clone()), x)  # it may work in place on its input


def black_box(module: nn.Module, known: Mapping[str, Any]) -> BlackBox:
    """Return a module and what is known of it, as :func:`sincviz.networks.attributes.known_attributes` returns it."""
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
        preparation=known["preparation"] or (),
    )


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


def weights_hash(model: nn.Module) -> str:
    """Return the SHA-256 of a network's state dict."""
    digest = hashlib.sha256()
    for key, value in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
