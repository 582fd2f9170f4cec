"""Band replacement: a band from another trial keeps the statistics and removes the information about the trial."""

import copy
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from sincviz.analysis.evidence.agreement import Agreement, agreement_of
from sincviz.analysis.statistics.exchangeability import structure_of
from sincviz.analysis.trial_evidence import trial_evidence
from sincviz.networks.decoder import Decoder
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.classes import check_codes, labelled_trials
from sincviz.trials.epochs import EpochsOrArray, sampling_rate_hz
from sincviz.trials.identity import trial_fingerprints

_BATCH = 256

REPLACEMENTS = ("other_trial", "zero")


@dataclass
class ReplaceableTrials:
    """Trials in which any band of any channel can be replaced, and how well the network does on them.

    Attributes
    ----------
    network : Decoder
        The network.
    trials : torch.Tensor, shape (trials, channels, times)
        The trials.
    codes : torch.Tensor of int, shape (trials,), or of float, shape (trials, outputs)
        The class of each trial, or what each output should be.
    sfreq_hz : float
        Their sampling rate.
    replacement : {"other_trial", "zero"}
        Replacement of a band: that of a random other trial of any class, or nothing.
    seed : int
        Seed of the choice of other trials.
    structure : pandas.DataFrame | None
        Where the trials come from, as :func:`sincviz.analysis.statistics.exchangeability.trial_structure` returns it.
    parts : array of int, shape (trials,) | None
        The other trial comes from the same part, such as one half of the trials; ``None``: from all of them.
    """

    network: Decoder
    trials: Tensor
    codes: Tensor
    sfreq_hz: float
    replacement: str = "other_trial"
    seed: int = 0
    structure: pd.DataFrame | None = None
    parts: NDArray[np.int64] | None = None
    change: Tensor = field(init=False)
    agreement: Agreement | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.replacement not in REPLACEMENTS:
            raise ValueError(
                f"`replacement` must be 'other_trial' or 'zero'; got {self.replacement!r}. (Random phases are not "
                "offered: they keep the power of a band, and with it all information that a power decoder uses.)"
            )
        if self.replacement == "other_trial" and len(self.trials) < 2:
            raise ValueError(
                f"A band is taken from another trial, so two or more trials are needed; got {len(self.trials)}."
            )
        spectrum = torch.fft.rfft(self.trials)
        if self.replacement == "zero":
            self.change = -spectrum
        else:
            rng = np.random.default_rng(self.seed)
            other = other_trials(len(self.trials), rng, self.parts)
            self.change = spectrum[torch.from_numpy(other)] - spectrum
        if self.network.numeric:
            self.agreement = agreement_of(self.codes.numpy(), self._scores(self.trials).numpy())

    def evidence(self) -> dict[Hashable | None, Any]:
        """Return the attributes that describe the trials of a result."""
        return trial_evidence(
            self.network,
            self.codes.numpy(),
            self._scores(self.trials).numpy(),
            trial_fingerprints(self.trials.numpy()),
            self.structure,
        )

    def measures(self) -> dict[str, NDArray[np.float64]]:
        """Return how well the network does in every unchanged trial.

        Returns
        -------
        dict of str to array, shape (trials,)
            ``accuracy``, whether it is right, and ``score``, the margin of the true class over the best other, positive
            if it is; of outputs that are numbers ``correlation`` and ``score``, as in
            :class:`sincviz.analysis.evidence.agreement.Agreement`.
        """
        return self._measures(self.trials)

    def measures_without(self, cells: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
        """Return the same with these cells replaced.

        Parameters
        ----------
        cells : array of bool, shape (channels, frequencies) or (trials, channels, frequencies)
            What is replaced, in all trials or in each.
        """
        (channels,) = np.nonzero(cells.any(-1).reshape(-1, cells.shape[-2]).any(0))
        mask = torch.from_numpy(cells[..., channels, :])
        picked = torch.from_numpy(channels)
        delta = torch.fft.irfft(self.change[:, picked] * mask, self.trials.shape[2])
        changed = self.trials.clone()
        changed[:, picked] += delta.to(changed.dtype)
        return self._measures(changed)

    def some(self, numbers: NDArray[np.int64]) -> "ReplaceableTrials":
        """Return some of the trials, with the same replacements."""
        few, picked = copy.copy(self), torch.from_numpy(numbers)
        few.trials, few.codes, few.change = self.trials[picked], self.codes[picked], self.change[picked]
        few.parts = None if self.parts is None else self.parts[numbers]
        few.structure = None if self.structure is None else self.structure.iloc[numbers]
        if self.agreement is not None:
            few.agreement = replace(self.agreement, targets=self.agreement.targets[numbers])
        return few

    @torch.no_grad()
    def _scores(self, trials: Tensor) -> Tensor:
        return torch.cat(
            [
                self.network.scores(batch.to(self.network.device)).cpu()
                for batch in torch.split(trials, _BATCH)
            ]
        ).double()

    def _measures(self, trials: Tensor) -> dict[str, NDArray[np.float64]]:
        scores = self._scores(trials)
        if self.agreement is not None:
            outputs = scores.numpy()
            return {
                "correlation": self.agreement.correlations(outputs),
                "score": self.agreement.scores(outputs),
            }
        true_score = scores.gather(1, self.codes[:, None])[:, 0]
        best_other = scores.scatter(1, self.codes[:, None], -torch.inf).amax(1)
        margins = (true_score - best_other).numpy()
        return {"accuracy": (margins > 0).astype(float), "score": margins}


def replaceable_trials(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None,
    *,
    replacement: str = "other_trial",
    sfreq: float | None = None,
    seed: int = 0,
    parts: NDArray[np.int64] | None = None,
) -> ReplaceableTrials:
    """Return the trials as the network takes them, with their classes.

    Raises
    ------
    ValueError
        If the classes are unknown or do not match the trials, there are fewer than two trials or scores, or the
        sampling rate is unknown.
    EpochsError
        If the epochs do not fit the network.
    """
    network, epochs, y = analysis_inputs(model, epochs, y)
    x, codes = labelled_trials(network, epochs, y)
    trials = torch.from_numpy(x)
    rate_hz = sampling_rate_hz(network.sfreq, epochs, sfreq)
    with torch.no_grad():
        n_scores = network.scores(trials[:1].to(network.device)).shape[1]
    if n_scores < 2 and not network.numeric:
        raise ValueError("The network has one score, so there is no margin over another class to lose.")
    check_codes(codes, n_scores)
    structure = structure_of(network, epochs, x)
    return ReplaceableTrials(
        network, trials, torch.from_numpy(codes), rate_hz, replacement, seed, structure, parts
    )


def other_trials(
    n_trials: int, rng: np.random.Generator, parts: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Return another trial for each trial: the next one in a random order, of the same part if there are parts."""
    order = rng.permutation(n_trials)
    other = np.empty(n_trials, np.int64)
    of_all = np.zeros(n_trials, np.int64) if parts is None else parts
    for part in np.unique(of_all):
        members = order[of_all[order] == part]
        other[members] = np.roll(members, 1)
    return other


def in_bands(limits: Sequence[tuple[float, float]], n_times: int, sfreq: float) -> NDArray[np.bool_]:
    """Return which frequencies of a trial's spectrum lie in each band, shape (bands, frequencies)."""
    frequency_hz = np.fft.rfftfreq(n_times, 1 / sfreq)
    low, high = np.array(limits, float).reshape(-1, 2, 1).transpose(1, 0, 2)
    return (frequency_hz >= low) & (frequency_hz < high)
