"""Target trials: which trials belong to the class of each target, in what folds, and with labels that mean nothing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sincviz.analysis.accuracy import label_permutations
from sincviz.analysis.evidence.roc_areas import Bools
from sincviz.analysis.statistics.jackknife import trial_groups

N_FOLDS = 5
N_PERMUTATIONS = 500
"""Enough for a p-value below 0.05; every one fits the evoked responses anew."""


@dataclass(frozen=True, eq=False)
class TargetTrials:
    """Which trials belong to the class of each target, also with labels that mean nothing.

    Attributes
    ----------
    members : array of bool, shape (targets, trials)
        The trials of each target's class.
    permuted : array of bool, shape (targets, permutations, trials)
        The same with permuted labels.
    folds : array of int, shape (trials,)
        Evoked responses come from the trials of the other folds.
    strata : array of int, shape (trials,)
        Differences of power between these, such as subjects, are removed.
    n_units : int
        Number of trials, or of groups of them that are not independent.
    """

    members: Bools
    permuted: Bools
    folds: NDArray[np.int64]
    strata: NDArray[np.int64]
    n_units: int

    @property
    def widening(self) -> float:
        """By how much standard errors over trials grow if all trials of a unit say the same."""
        return float(np.sqrt(self.members.shape[1] / self.n_units))

    def n_units_of_less(self, target: int) -> float:
        """Return how many independent trials a target's class has, or the others if they are fewer."""
        n_own, n_trials = int(self.members[target].sum()), self.members.shape[1]
        return float(min(n_own, n_trials - n_own) * self.n_units / n_trials)


def target_trials(
    codes: NDArray[np.int64],
    n_targets: int,
    permuted_codes: NDArray[np.int64] | None = None,
    strata: NDArray[np.int64] | None = None,
    units: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> TargetTrials:
    """Return the trials of each target; of two classes one target, the first.

    Parameters
    ----------
    codes : array of int, shape (trials,)
        Number of the class of each trial.
    n_targets : int
        Number of targets.
    permuted_codes, strata
        As for :func:`sincviz.statistics.corrected_p`.
    units : array of int, shape (trials,) | None
        Trials that folds must not split.
    seed : int
        Seed of the permutations if none are given.
    """
    number = (
        np.zeros(len(codes), int) if strata is None else np.unique(strata, return_inverse=True)[1].ravel()
    )
    if permuted_codes is None:
        permuted_codes = _shuffled(codes, number, np.random.default_rng(seed))
    permuted = permuted_codes[:N_PERMUTATIONS]
    unit = np.arange(len(codes)) if units is None else np.unique(units, return_inverse=True)[1].ravel()
    first = np.unique(unit, return_index=True)[1]
    known = np.maximum(codes, 0)
    return TargetTrials(
        np.array([codes == code for code in range(n_targets)]),
        np.array([permuted == code for code in range(n_targets)]),
        trial_groups(known[first], N_FOLDS)[unit],
        number,
        len(first),
    )


def permutations_of(
    structure: pd.DataFrame, codes: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the permuted codes and the strata; where no label can change places, none: then nothing can be shown."""
    exchanged = label_permutations(structure, codes, seed)
    return (codes[None][:0], np.zeros(len(codes), np.int64)) if exchanged is None else exchanged


def _shuffled(
    codes: NDArray[np.int64], strata: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return the codes in random orders within strata, shape (permutations, trials)."""
    shuffled = np.tile(codes, (N_PERMUTATIONS, 1))
    for stratum in np.unique(strata):
        here = np.flatnonzero(strata == stratum)
        shuffled[:, here] = rng.permuted(shuffled[:, here], axis=1)
    return shuffled
