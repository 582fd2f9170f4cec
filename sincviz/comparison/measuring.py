"""One comparison while it is under way: both networks, the trials, and what was measured so far."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sincviz.inspection.inspection import Inspection
from sincviz.inspection.measuring import NEEDS_TRIALS, NOT_FINITE
from sincviz.networks.front_ends import FrontEnd
from sincviz.trials.epochs import EpochsOrArray, n_trials_of, some_of


class ComparisonRun:
    """One comparison while it is under way: every step may use what earlier ones measured.

    Attributes
    ----------
    front_ends : (FrontEnd, FrontEnd)
        Both networks.
    inspections : (Inspection, Inspection)
        What was measured of each.
    trials : epochs, array or None
        The trials that neither network was trained on, or all if there are no others.
    codes : list of array, shape (trials,), or of None
        Number of the class of each trial, as each network orders them.
    seed : int
        Of every random draw.
    results : dict
        What was measured.
    missing : dict of str to str
        What could not be measured, and why.
    """

    def __init__(
        self,
        front_ends: tuple[FrontEnd, FrontEnd],
        inspections: tuple[Inspection, Inspection],
        trials: EpochsOrArray | None,
        codes: Sequence[NDArray[np.int64] | None],
        *,
        seed: int,
    ) -> None:
        self.front_ends, self.inspections, self.seed = front_ends, inspections, seed
        self.results: dict[str, Any] = {}
        self.missing: dict[str, str] = {}
        kept = None if trials is None else _new_to_both(inspections, n_trials_of(trials))
        self.trials = trials if trials is None or kept is None else some_of(trials, kept)
        self.codes = [of if of is None or kept is None else of[kept] for of in codes]
        self.kept = kept

    @property
    def averaged(self) -> str:
        """How relevance is averaged: see ``trials`` of :func:`sincviz.spectral_relevance`."""
        several = [codes is not None and len(np.unique(codes)) > 1 for codes in self.codes]
        return "contrast" if all(several) else "all"

    def needed(self, name: str) -> Any:
        """Return a result, or raise why it is missing."""
        if self.results.get(name) is None:
            raise ValueError(self.missing.get(name, "What this is about was not measured."))
        return self.results[name]

    def needed_trials(self) -> EpochsOrArray:
        """Return the trials, or raise that there are none."""
        self.check_finite()
        if self.trials is None:
            raise ValueError(NEEDS_TRIALS)
        return self.trials

    def check_finite(self) -> None:
        """Raise if weights of a network are not finite, so that nothing it answers means anything."""
        if any("not_finite" in one.verdict["reasons"] for one in self.inspections):
            raise ValueError(NOT_FINITE)


def _new_to_both(inspections: tuple[Inspection, Inspection], n_trials: int) -> NDArray[np.int64] | None:
    """Return the trials that neither network was trained on; ``None`` if that is all of them, or none."""
    seen = np.zeros(n_trials, bool)
    for inspection in inspections:
        if inspection.predictions is not None and "seen_in_training" in inspection.predictions:
            seen |= inspection.predictions["seen_in_training"].to_numpy(bool)
    return np.flatnonzero(~seen) if seen.any() and not seen.all() else None
