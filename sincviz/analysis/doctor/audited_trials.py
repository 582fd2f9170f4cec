"""Trials of an audit: as the network takes them, with its scores; those of its training; rows of the result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray

from sincviz.analysis.accuracy import wilson_interval
from sincviz.analysis.labels import channel_coords
from sincviz.analysis.statistics.exchangeability import structure_of
from sincviz.networks.decoder import Decoder
from sincviz.opening.network import network as opened
from sincviz.trials.classes import check_codes, class_trials
from sincviz.trials.epochs import EpochsOrArray, sampling_rate_hz

SUBJECT, BLOCK = "subject", "block"
FOUND, NOT_FOUND, UNCHECKED = "found", "not found", "could not be checked"

LEAST_LOSS = 0.02
"""Of accuracy: what costs less does not change how a decision is to be read."""

USED_P = 0.01
FEWEST_OF_CLASS = 10
MOST_NAMED = 6
MOST_EXPLAINED = 100
_BATCH = 256


@dataclass(eq=False)
class AuditedTrials:
    """Trials as the network takes them, and its scores.

    Attributes
    ----------
    network : Decoder
        The network.
    x : array, shape (trials, channels, times)
        The trials.
    codes : array of int, shape (trials,)
        The class of each.
    structure : pandas.DataFrame
        Where they come from, as :func:`sincviz.analysis.statistics.exchangeability.trial_structure` returns it.
    rate_hz : float
        Their sampling rate.
    seed : int
        Seed of whatever is drawn.
    scores : array, shape (trials, classes)
        What the network says.
    """

    network: Decoder
    x: NDArray[np.floating]
    codes: NDArray[np.int64]
    structure: pd.DataFrame
    rate_hz: float
    seed: int
    scores: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.scores = scores_of(self.network, self.x)

    @property
    def accuracy(self) -> float:
        """Share of the trials whose class has the highest score."""
        return float((self.scores.argmax(1) == self.codes).mean())

    @property
    def too_few(self) -> str:
        """Why nothing can be said of classes; empty if it can."""
        counts = np.bincount(self.codes)
        if (counts > 0).sum() < 2:
            return "all trials are of one class"
        few = counts[counts > 0].min() < FEWEST_OF_CLASS
        return f"a class has fewer than {FEWEST_OF_CLASS} trials" if few else ""

    def strata(self) -> NDArray[np.int64]:
        """Return numbers of the subjects."""
        if SUBJECT not in self.structure:
            return np.zeros(len(self.codes), np.int64)
        return pd.factorize(self.structure[SUBJECT])[0].astype(np.int64)


@dataclass(eq=False)
class Retraining:
    """Trials of the training, and how a network is trained."""

    trials: AuditedTrials
    train: Callable[[NDArray[np.floating], NDArray[np.int64]], object]

    def trained(self, x: NDArray[np.floating], codes: NDArray[np.int64]) -> Decoder:
        """Return a network trained on these trials."""
        network = opened(self.train(x, codes))
        expected, got = self.trials.scores.shape[1], scores_of(network, x[:1]).shape[1]
        if got != expected:
            raise ValueError(
                f"`train` must return a network with {expected} outputs, as the audited one has; got {got}. Try a "
                "network of the same sizes."
            )
        return network


def audited_trials(
    network: Decoder, epochs: EpochsOrArray, y: ArrayLike | None, sfreq: float | None, seed: int
) -> AuditedTrials:
    """Return trials with the scores of the network.

    Raises
    ------
    ValueError
        If the outputs are numbers, or the classes or the sampling rate are unknown.
    EpochsError
        If the epochs do not fit the network.
    """
    x, codes = class_trials(network, epochs, y)
    rate_hz = sampling_rate_hz(network.sfreq, epochs, sfreq)
    trials = AuditedTrials(network, x, codes, structure_of(network, epochs, x), rate_hz, seed)
    check_codes(codes, trials.scores.shape[1])
    return trials


def retraining_of(
    network: Decoder,
    training: EpochsOrArray | None,
    training_y: ArrayLike | None,
    train: Callable[[NDArray[np.floating], NDArray[np.int64]], object] | None,
    sfreq: float | None,
    seed: int,
) -> Retraining | None:
    """Return the trials of the training and how a network is trained; ``None`` without them.

    Raises
    ------
    TypeError
        If ``train`` is not a function.
    ValueError
        If there is only one of them, or the trials have no classes.
    """
    if (training is None) != (train is None):
        raise ValueError(
            "`training` and `train` belong together: the trials, and a function that returns a network trained on "
            "them. Try `train=functools.partial(sincviz.training.fit, untrained, progress=False)`."
        )
    if training is None or train is None:
        return None
    if not callable(train):
        raise TypeError(f"`train` must be a function of trials and classes; got {type(train).__name__}.")
    return Retraining(audited_trials(network, training, training_y, sfreq, seed), train)


@torch.no_grad()
def scores_of(network: Decoder, x: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the scores of trials, batch by batch, shape (trials, classes)."""
    batches = torch.split(torch.from_numpy(np.ascontiguousarray(x)), _BATCH)
    return torch.cat([network.scores(batch.to(network.device)).cpu() for batch in batches]).double().numpy()


def margins_of(scores: NDArray[np.float64], codes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return by how much the true class is ahead of the best other.

    Examples
    --------
    >>> margins_of(np.array([[1.0, 3.0, 2.0]]), np.array([2])).tolist()
    [-1.0]
    """
    others = scores.copy()
    others[np.arange(len(codes)), codes] = -np.inf
    return np.asarray(scores[np.arange(len(codes)), codes] - others.max(1))


def estimate(correct: NDArray[np.bool_], obtained: str) -> dict[str, Any]:
    """Return an accuracy with its interval."""
    low, high = wilson_interval(int(correct.sum()), len(correct))
    return {"accuracy_without": float(correct.mean()), "ci_low": low, "ci_high": high, "obtained": obtained}


def audit_row(kind: str, status: str, trials: AuditedTrials, **known: Any) -> dict[str, Any]:
    """Return one row of the result; what is not known of it is NaN or empty."""
    nothing = {"reason": "", "ranges_hz": (), "channel_numbers": (), "obtained": ""}
    unknown = dict.fromkeys(
        ("share", "p_tells", "p_used", "loss", "accuracy_without", "ci_low", "ci_high"), np.nan
    )
    row = {"kind": kind, "status": status, "accuracy": trials.accuracy, **nothing, **unknown, **known}
    return row | {"cells": _cell_words(row["ranges_hz"], row["channel_numbers"], trials)}


def _cell_words(ranges: Sequence[tuple[float, float]], numbers: Sequence[int], trials: AuditedTrials) -> str:
    if not ranges:
        return ""
    names = list(channel_coords(trials.network, trials.x.shape[1])["channel"])
    bands = ", ".join(f"{low:.3g}–{high:.3g} Hz" for low, high in ranges)
    return f"{bands} of {', '.join(str(names[number]) for number in numbers)}"
