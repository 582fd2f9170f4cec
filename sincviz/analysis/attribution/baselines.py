"""Baselines that trials are compared with: silence, surrogates, channel means, class means, or your own."""

import warnings
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from sincviz.analysis.statistics.trial_average import checked_trials
from sincviz.networks.decoder import Decoder
from sincviz.trials.epochs import EpochsOrArray, input_batches, n_trials_of, network_input, some_of
from sincviz.trials.numeric_targets import Targets, are_numbers

BASELINES = ("zero", "surrogates", "channel_mean", "class_mean")
N_SURROGATES = 4

_MOST_MIXED = 32

Baseline: TypeAlias = str | ArrayLike
"""``"auto"``, one of ``BASELINES``, or your own signal in the network's units, shape (channels, times)."""

BaselineOf: TypeAlias = Callable[[Tensor, slice | NDArray[np.int64]], Tensor]
"""From some trials and their position among all to their baseline; a batch of one serves all."""


def baselines_of(
    network: Decoder, epochs: EpochsOrArray, codes: Targets | None, baseline: Baseline
) -> tuple[BaselineOf, ...]:
    """Return the functions of all baselines, over which attributions are averaged: surrogates are several."""
    if isinstance(baseline, str) and baseline == "surrogates":
        return tuple(_always(one) for one in torch.split(_surrogates(network, epochs), 1))
    return (baseline_of(network, epochs, codes, baseline),)


def baseline_of(
    network: Decoder, epochs: EpochsOrArray, codes: Targets | None, baseline: Baseline
) -> BaselineOf:
    """Return a function that gives the baseline of some trials, from the trials and their position among all.

    Raises
    ------
    ValueError
        If the baseline is unknown, has the wrong shape, or is a class mean and the classes are not known.
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
        if are_numbers(codes):
            raise ValueError(
                "The outputs of this network are numbers, so there is no class whose mean trial could be the baseline "
                "('class_mean'). Try 'channel_mean'."
            )
        means = _class_means(network, epochs, np.asarray(codes, np.int64))
        return lambda x, which: means[codes[which]].to(x)
    raise ValueError(
        f"`baseline` must be 'auto', {', '.join(map(repr, BASELINES))} or an array (channels, times); got {baseline!r}."
    )


def baseline_name(baseline: Baseline) -> str:
    """Return the baseline in words, as results state it."""
    return baseline.replace("_", " ") if isinstance(baseline, str) else "the user's own"


def needs_classes(trials: str, baseline: Baseline) -> bool:
    """Return whether the class of every trial must be known.

    Raises
    ------
    ValueError
        If ``trials`` is unknown.
    """
    return checked_trials(trials) != "all" or (isinstance(baseline, str) and baseline == "class_mean")


def evenly_drawn(epochs: EpochsOrArray, most: int) -> NDArray[np.int64]:
    """Return the numbers of so many trials, from the first to the last."""
    n_trials = n_trials_of(epochs)
    return np.linspace(0, n_trials - 1, min(n_trials, most)).round().astype(np.int64)


def quietly_read(network: Decoder, epochs: EpochsOrArray, numbers: NDArray[np.int64]) -> Tensor:
    """Return some trials; what there is to warn of is said when all are read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.from_numpy(network_input(network, some_of(epochs, numbers))).to(network.device)


def _always(signal: Tensor) -> BaselineOf:
    return lambda x, which: signal.to(x)


def _surrogates(network: Decoder, epochs: EpochsOrArray) -> Tensor:
    """Return signals with the average spectra and cross-spectra of some trials and random phases.

    Every trial counts alike, at median power, so an artefact does not make the surrogates.
    """
    x = quietly_read(network, epochs, evenly_drawn(epochs, _MOST_MIXED)).double()
    power = x.square().mean((1, 2), keepdim=True)
    x = x * torch.where(power > 0, power.median() / power, 0.0).sqrt()
    spectra = torch.fft.rfft(x.cpu())
    n_times, shape = x.shape[2], (N_SURROGATES, len(x), 1, spectra.shape[2])
    # One phase for all channels keeps their cross-spectra.
    phases = torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    turned = torch.polar(torch.ones_like(phases), 2 * np.pi * phases)
    for real in (0, *([-1] if n_times % 2 == 0 else [])):
        turned[..., real] = torch.where(phases[..., real] < 0.5, -1.0, 1.0).to(turned.dtype)
    mixed = torch.stack([(of_one * spectra).sum(0) for of_one in turned])
    surrogates: Tensor = torch.fft.irfft(mixed, n_times) / len(x) ** 0.5
    return surrogates.to(network.device, network.dtype)


def _own(signal: NDArray[np.generic], network: Decoder) -> BaselineOf:
    if signal.ndim != 2 or not np.isfinite(signal).all():
        raise ValueError(
            f"Your own baseline must hold finite numbers in an array of shape (channels, times); got shape "
            f"{signal.shape}."
        )

    def take(x: Tensor, which: slice | NDArray[np.int64]) -> Tensor:
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
