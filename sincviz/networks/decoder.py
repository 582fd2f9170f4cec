"""Decoders: any network that maps trials to class scores, as seen by analyses of inputs and scores."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol, cast

import torch
from torch import nn

from sincviz.networks.attributes import known_attributes
from sincviz.networks.black_boxes import BlackBox, black_box, checked_scores
from sincviz.networks.ensembles import Ensemble, declares_front_end, kind_of
from sincviz.networks.front_ends import front_end, is_registered, knows_front_end
from sincviz.networks.module_copies import evaluated_copy
from sincviz.networks.units import FrontEnd
from sincviz.networks.wrappers import unwrapped
from sincviz.preparation.steps import Step

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
    def numeric(self) -> bool:
        """Whether the outputs are numbers, such as an age, and not scores of classes."""

    @property
    def weights_sha256(self) -> str:
        """Hash of the weights."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """What is known of the training."""

    @property
    def preparation(self) -> tuple[Step, ...]:
        """Steps that epochs go through before they reach the network."""

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the network."""

    @property
    def device(self) -> torch.device:
        """Where the network is."""


def decoder(model: object) -> Decoder:
    """Return a network as analyses of inputs and scores need it.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        A network whose front end is declared, or any module that maps (batch, channels, times) to
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
            if knows_front_end(inner) and (not isinstance(inner, Ensemble) or declares_front_end(inner)):
                return cast(Decoder, front_end(model))
        except TypeError:
            if is_registered(inner) and not isinstance(inner, Ensemble):
                raise
        box = black_box(inner, known_attributes(model))
        return replace(box, kind=kind_of(inner)) if isinstance(inner, Ensemble) else box
    return cast(Decoder, front_end(model))
