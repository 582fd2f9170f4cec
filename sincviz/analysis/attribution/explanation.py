"""Explanations: what all attributions share, from batches to averages and their evidence."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sincviz.analysis.statistics.exchangeability import trial_structure
from sincviz.analysis.statistics.shared_signal import probe_channels
from sincviz.analysis.statistics.trial_average import trial_weights
from sincviz.analysis.statistics.two_classes import DIFFERENCE_ERROR
from sincviz.analysis.trial_evidence import trial_evidence
from sincviz.errors import warn
from sincviz.networks.decoder import Decoder
from sincviz.trials.classes import check_codes
from sincviz.trials.epochs import EpochsOrArray, input_batches, n_trials_of
from sincviz.trials.identity import trial_fingerprints
from sincviz.trials.numeric_targets import Targets

COMPLETE_ENOUGH = 0.05
_LAST_DIGITS = 1e-4

Start = TypeVar("Start")
"""The baseline of a batch, or several."""


class Path(NamedTuple):
    """Two factors of an attribution at the input: their product is what each sample adds.

    Attributes
    ----------
    signal : torch.Tensor, shape (batch, channels, times)
        Trials minus their baseline.
    gradients : torch.Tensor, shape (classes, batch, channels, times)
        Averaged on the way from the baseline.
    start : torch.Tensor, shape (1 or batch, channels, times)
        The baseline; one serves all trials.
    """

    signal: Tensor
    gradients: Tensor
    start: Tensor


@dataclass(frozen=True)
class Attribution:
    """Attribution of a batch of trials: the value of each input for each class, and what values should add up to.

    Attributes
    ----------
    values : torch.Tensor, shape (batch, classes, ...)
        The attribution.
    scores : torch.Tensor, shape (batch, classes)
        Class scores.
    change : torch.Tensor, shape (batch, classes), or None
        What is explained, minus its value at the baseline; ``None`` if values are not meant to add up.
    paths : tuple of Path
        One for each baseline, at the input; empty at other layers.
    """

    values: Tensor
    scores: Tensor
    change: Tensor | None
    paths: tuple[Path, ...] = ()


class Collector(Protocol):
    """What is kept of an attribution besides its values, batch by batch."""

    def add(self, attribution: Attribution, which: slice) -> None:
        """Take a batch, and its position among all trials."""
        ...


@dataclass
class Explanation:
    """The attribution of all trials.

    Attributes
    ----------
    values : array, shape (classes, ...), or (trials, classes, ...) for each trial
        Averages over trials.
    completeness_error : array, shape (classes,), or None
        Sum over trials of what the shares miss, over the sum of what they should add up to.
    difference_error : float | None
        The same of two classes' difference.
    evidence : dict
        Attributes that describe the trials of the result.
    also : sequence of Collector
        What else was kept.
    """

    values: NDArray[np.floating[Any]]
    completeness_error: NDArray[np.float64] | None
    difference_error: float | None
    evidence: dict[Hashable | None, Any]
    also: Sequence[Collector] = ()


def explain_trials(
    attribute: Callable[[Tensor, Start], Attribution],
    network: Decoder,
    epochs: EpochsOrArray,
    codes: Targets | None,
    *,
    trials: str,
    baseline: Callable[[Tensor, slice], Start],
    per_trial: bool = False,
    kept_as: Callable[[NDArray[Any]], NDArray[Any]] = lambda values: values,
    also: Sequence[Collector] = (),
    batch_size: int = 64,
) -> Explanation:
    """Attribute batch by batch, and keep only averages unless ``per_trial``.

    Parameters
    ----------
    attribute : callable
        From a batch and its baseline to an :class:`Attribution`.
    network : Decoder
        The network.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials.
    codes : array of int, shape (trials,), or of float, shape (trials, outputs), or None
        The class of each trial, or what each output should be.
    trials : {"all", "contrast"}
        As in :func:`sincviz.analysis.statistics.trial_average.trial_weights`.
    baseline : callable
        From a batch and its position among all trials to what ``attribute`` takes.
    per_trial : bool
        Keep every trial's attribution.
    kept_as : callable
        What is kept of the attribution of single trials, from (batch, classes, ...).
    also : sequence of Collector
        What else is kept.
    batch_size : int
        Most trials in a batch.

    Returns
    -------
    Explanation
        Averages and evidence.

    Raises
    ------
    ValueError
        If ``per_trial`` is combined with an average over trials.
    """
    if per_trial and trials != "all":
        raise ValueError(
            f"`per_trial` keeps single trials and `trials={trials!r}` averages them: choose one. "
            "`bootstrap_intervals` computes the contrast from single trials."
        )
    n_trials = n_trials_of(epochs)
    tally = _Tally()
    weights: Tensor | None = None
    kept: list[NDArray[np.floating[Any]]] = []
    total: Any = 0.0
    start = 0
    for batch in input_batches(network, epochs, batch_size):
        which = slice(start, start + len(batch))
        x = torch.from_numpy(batch).to(network.device)
        attribution = attribute(x, baseline(x, which))
        values = attribution.values.detach()
        if weights is None:
            check_codes(codes, attribution.scores.shape[1])
            weights = torch.from_numpy(trial_weights(trials, n_trials, values.shape[1], codes))
        tally.add(batch, attribution)
        for collector in also:
            collector.add(attribution, which)
        if per_trial:
            kept.append(kept_as(values.cpu().numpy()))
        else:
            batch_weights = weights[:, which].to(values.device, values.dtype)
            total = total + torch.einsum("kb,bk...->k...", batch_weights, values).double().cpu()
        start += len(batch)
    error, difference_error = tally.completeness_errors()
    # For a single score of a class it is not known which class it stands for.
    judged = codes if network.numeric or attribution.scores.shape[1] > 1 else None
    structure = None
    if judged is not None:
        known = network.provenance.get("training_recordings", ())
        structure = trial_structure(epochs, np.concatenate(tally.signals), known)
    evidence = trial_evidence(network, judged, np.concatenate(tally.scores), tally.fingerprints, structure)
    if error is not None:
        evidence["completeness_error"] = float(error.max())
    if trials == "contrast" and not network.numeric and difference_error is not None:
        evidence[DIFFERENCE_ERROR] = difference_error
    averages = np.concatenate(kept) if per_trial else total.numpy()
    return Explanation(averages, error, difference_error, evidence, also)


def missed_of(attribution: Attribution) -> tuple[NDArray[np.float64], ...]:
    """Return what the shares of a batch miss, what they should add up to, and the size of the scores.

    Each is summed over trials, shape (classes,); of two classes, their difference stands behind them.
    """
    assert attribution.change is not None  # asked before
    change = attribution.change.detach().double()
    shares = attribution.values.detach().double().flatten(2).sum(2)
    scores = attribution.scores.detach().double()
    change, shares, scores = (_with_difference(of_classes) for of_classes in (change, shares, scores))
    return tuple(part.abs().sum(0).cpu().numpy() for part in (shares - change, change, scores))


def error_of(
    missed: NDArray[np.float64], due: NDArray[np.float64], size: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the completeness errors of what :func:`missed_of` returned, summed over batches."""
    # Trials that are their own baseline change nothing but the last digits of the scores.
    due = np.maximum(due, _LAST_DIGITS * size)
    with np.errstate(divide="ignore", invalid="ignore"):
        error: NDArray[np.float64] = np.where(missed == 0, 0.0, missed / due)
    return error


@dataclass
class _Tally:
    """Running totals over batches."""

    scores: list[NDArray[np.floating[Any]]] = field(default_factory=list)
    signals: list[NDArray[Any]] = field(default_factory=list)
    picks: NDArray[np.int64] | None = None
    fingerprints: list[str] = field(default_factory=list)
    missed: tuple[NDArray[np.float64], ...] | None = None

    def add(self, batch: NDArray[Any], attribution: Attribution) -> None:
        self.scores.append(attribution.scores.detach().double().cpu().numpy())
        self.picks = probe_channels(batch) if self.picks is None else self.picks
        self.signals.append(batch[:, self.picks])
        self.fingerprints.extend(trial_fingerprints(batch))
        if attribution.change is not None:
            missed = missed_of(attribution)
            self.missed = missed if self.missed is None else tuple(map(np.add, self.missed, missed))

    def completeness_errors(self) -> tuple[NDArray[np.float64] | None, float | None]:
        """Return the error of each class, and of two classes' difference."""
        if self.missed is None:
            return None, None
        error = error_of(*self.missed)
        n_classes = self.scores[0].shape[1]
        return error[:n_classes], None if n_classes != 2 else float(error[2])


def _with_difference(of_classes: Tensor) -> Tensor:
    """Put the difference of two classes, first minus second, behind them, shape (batch, classes or 3)."""
    if of_classes.shape[1] != 2:
        return of_classes
    return torch.cat([of_classes, of_classes[:, :1] - of_classes[:, 1:]], 1)


def warn_if_incomplete(method: str, error: NDArray[np.float64] | None, instead: str) -> None:
    """Warn if shares do not add up to what they should explain."""
    if error is not None and not np.isfinite(error).all():
        warn(f"The shares of {method!r} are not finite. Check the weights with `diagnose`.")
    elif error is not None and error.max() > COMPLETE_ENOUGH:
        warn(
            f"The shares of {method!r} miss {error.max():.0%} of the change of what they explain (completeness error; "
            f"more than {COMPLETE_ENOUGH:.0%}). {instead}"
        )
