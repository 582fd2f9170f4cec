"""What trials are compared with: silence, the mean of each channel, the mean trial of the class, or one's own."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from sincviz.analysis.statistics.trial_average import checked_trials
from sincviz.networks.decoder import Decoder
from sincviz.trials.epochs import EpochsOrArray, input_batches

BASELINES = ("zero", "channel_mean", "class_mean")

Baseline: TypeAlias = str | ArrayLike
"""One of ``BASELINES``, or a signal of one's own in the network's units, shape (channels, times)."""

BaselineOf: TypeAlias = Callable[[Tensor, slice], Tensor]


def baseline_of(
    network: Decoder, epochs: EpochsOrArray, codes: NDArray[np.int64] | None, baseline: Baseline
) -> BaselineOf:
    """Return the function that knows the baseline of some trials, given the trials and where they stand.

    Raises
    ------
    ValueError
        If the baseline is unknown, has another shape, or is the mean of classes that are not known.
    """
    if not isinstance(baseline, str):
        return _own(np.asarray(baseline), network)
    if baseline == "zero":
        return lambda x, which: torch.zeros_like(x[:1])
    if baseline == "channel_mean":
        return lambda x, which: x.mean(2, keepdim=True).expand_as(x)
    if baseline == "class_mean":
        if codes is None:
            raise ValueError("The baseline 'class_mean' needs the class of every trial: pass `y`.")
        means = _class_means(network, epochs, codes)
        return lambda x, which: means[codes[which]].to(x)
    raise ValueError(
        f"`baseline` must be one of {', '.join(map(repr, BASELINES))} or an array (channels, times); got {baseline!r}."
    )


def baseline_name(baseline: Baseline) -> str:
    """Return what a result says of its baseline."""
    return baseline.replace("_", " ") if isinstance(baseline, str) else "the user's own"


def needs_classes(trials: str, baseline: Baseline) -> bool:
    """Return whether the class of every trial must be known.

    Raises
    ------
    ValueError
        If it is unknown over which trials is averaged.
    """
    return checked_trials(trials) != "all" or (isinstance(baseline, str) and baseline == "class_mean")


def _own(signal: NDArray[np.generic], network: Decoder) -> BaselineOf:
    if signal.ndim != 2 or not np.isfinite(signal).all():
        raise ValueError(
            f"A baseline of your own must be finite numbers of the shape (channels, times); got the shape "
            f"{signal.shape}."
        )

    def take(x: Tensor, which: slice) -> Tensor:
        if signal.shape[0] != x.shape[1] or signal.shape[1] not in (1, x.shape[2]):
            raise ValueError(
                f"The baseline must have the shape {tuple(x.shape[1:])}, or one value per channel; got {signal.shape}."
            )
        return torch.as_tensor(signal).to(x).expand_as(x[:1])

    return take


def _class_means(network: Decoder, epochs: EpochsOrArray, codes: NDArray[np.int64]) -> Tensor:
    """Return the mean trial of each class, shape (classes, channels, times)."""
    start = 0
    sums: Tensor | None = None
    for batch in input_batches(network, epochs):
        x = torch.from_numpy(batch).double()
        members = torch.nn.functional.one_hot(
            torch.from_numpy(codes[start : start + len(x)]), int(codes.max()) + 1
        )
        part = torch.einsum("bk,bct->kct", members.double(), x)
        sums = part if sums is None else sums + part
        start += len(x)
    assert sums is not None  # there are trials
    counts = torch.from_numpy(np.bincount(codes)).clamp(min=1)
    return sums / counts[:, None, None]
