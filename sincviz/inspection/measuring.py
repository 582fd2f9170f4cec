"""One inspection while it is under way: its trials, what was measured so far, and what steps ask of both."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from torch.utils.flop_counter import FlopCounterMode

from sincviz.analysis.accuracy import label_permutations
from sincviz.analysis.correlation import target_permutations
from sincviz.analysis.evidence.prediction import structure_in
from sincviz.analysis.statistics.exchangeability import exchangeable_trials
from sincviz.analysis.statistics.number_exchange import exchangeable_numbers
from sincviz.errors import FrontEndError
from sincviz.networks.black_boxes import BlackBox
from sincviz.networks.front_ends import front_end
from sincviz.networks.units import FrontEnd
from sincviz.trials.epochs import EpochsOrArray, n_trials_of, network_input, some_of
from sincviz.trials.numeric_targets import Targets, are_numbers, target_levels
from sincviz.trials.selection import evenly_drawn

MOST_EVIDENCE_TRIALS = 100
"""Deletion, ablation and CSP take at most so many trials, drawn evenly from the classes."""

MOST_RANDOMIZATION_TRIALS = MOST_EVIDENCE_TRIALS // 2
"""Random networks must be explained anew, one by one."""

MOST_WORK = 2e12
"""Floating-point operations of one step of the evidence: minutes on two cores."""

FEWEST_IN_REACH = 16

NEEDS_TRIALS = "This needs trials: pass epochs (`--epochs my-epo.fif`)."
NEEDS_CLASSES = "This needs the class of every trial, which is not known: pass `y`, or see the findings."
NEEDS_TARGETS = (
    "This needs the target of every trial, a number for each output, which is not known: pass `y`."
)
OF_NUMBERS = "This is about classes, but the outputs of this network are numbers."
NOT_FINITE = "Weights of the network are not finite: see the findings."


class InspectionRun:
    """One inspection while it is under way: every step may use what earlier ones measured.

    Attributes
    ----------
    network : FrontEnd | BlackBox
        The network.
    given_trials, trials : epochs, array or None
        All trials, and those that the network is read from: without those of its training, if there are others.
    y : array | None
        Labels as given.
    codes : array, shape (trials,) or (trials, outputs) | None
        Number of the class of each of ``trials``, or what each output should be.
    structure : pandas.DataFrame
        Where these come from.
    seed : int
        Of every random draw.
    held_out : bool
        Whether the user says that the network was not trained on the trials.
    results : dict
        What was measured.
    missing : dict of str to str
        What could not be measured, and why.
    numbers : array of int | None
        Where ``trials`` stand among all trials; ``None`` if they are all.
    work_per_trial : float | None
        Floating-point operations of the network for one trial, once they were counted.
    wanted : frozenset of str | None
        Names of the results that were asked for; ``None`` means all.
    explained : Explained | None
        What :func:`sincviz.inspection.explaining.explained` keeps.
    power, of_trials : xarray.DataArray | None
        Power spectrum of the trials, and the relevance of every cell in each of them.
    model, training : object, mne.BaseEpochs | None
        The network as it was passed, and trials to train it anew on, if this was asked for.
    follow : callable
        Goes through a long list, and shows how far it is.
    """

    def __init__(
        self,
        network: FrontEnd | BlackBox,
        trials: EpochsOrArray | None,
        y: ArrayLike | None,
        codes: Targets | None,
        *,
        seed: int,
        held_out: bool,
    ) -> None:
        self.network, self.given_trials, self.trials = network, trials, trials
        self.y, self.codes, self.seed, self.held_out = y, codes, seed, held_out
        self.structure = pd.DataFrame()
        self.results: dict[str, Any] = {}
        self.missing: dict[str, str] = {}
        self.work_per_trial: float | None = None
        self.numbers: NDArray[np.int64] | None = None
        self.power: xr.DataArray | None = None
        self.explained: object = None
        self.wanted: frozenset[str] | None = None
        self.of_trials: xr.DataArray | None = None
        self.model: object = None
        self.training: Any = None
        self.follow: Callable[[Sequence[Any]], Iterable[Any]] = iter

    @property
    def front_end(self) -> FrontEnd:
        """The network's front end; raises why there is none."""
        try:
            return front_end(self.network)
        except FrontEndError as error:
            kind = getattr(self.network, "kind", type(self.network).__name__)
            raise ValueError(f"{kind} has no filters that can be read: {error.reason}.") from None

    @property
    def has_contrast(self) -> bool:
        """Whether the trials are of two known classes or more, or have different targets."""
        if are_numbers(self.codes):
            return bool((np.ptp(self.codes, axis=0) > 0).any())
        return self.codes is not None and len(np.unique(self.codes)) > 1

    @property
    def averaged(self) -> str:
        """How relevance is averaged: see ``trials`` of :func:`sincviz.relevance`."""
        return "contrast" if self.has_contrast else "all"

    @property
    def is_broken(self) -> bool:
        """Whether weights of the network are not finite."""
        return "not_finite" in set(self.results["findings"]["check"])

    @property
    def n_seen(self) -> int | None:
        """How many of the trials are known from the network's training."""
        table = self.results.get("predictions")
        if table is None or "seen_in_training" not in table:
            return None
        return int(table["seen_in_training"].sum())

    def needed(self, name: str) -> Any:
        """Return a result, or raise why it is missing."""
        if self.results.get(name) is None:
            raise ValueError(self.missing.get(name, "The results that this needs were not measured."))
        return self.results[name]

    def needed_trials(self) -> EpochsOrArray:
        """Return the trials, or raise that there are none."""
        if self.trials is None:
            raise ValueError(NEEDS_TRIALS)
        return self.trials

    def sound_trials(self) -> EpochsOrArray:
        """Return the trials if relevance can mean something."""
        trials = self.needed_trials()
        if self.is_broken:
            raise ValueError(NOT_FINITE)
        return trials

    def within_reach(self, n_runs: float, most: int) -> int:
        """Return on how many trials, ``most`` at most, a network of this size can be run so often in a few minutes.

        Raises
        ------
        ValueError
            If these are too few to mean something.
        """
        if self.work_per_trial is None:
            few = some_of(self.needed_trials(), slice(1))
            x = torch.from_numpy(network_input(self.network, few)).to(self.network.device)
            with torch.no_grad(), FlopCounterMode(display=False) as counter:
                # Counting hooks into modules, which what follows the cut of a traced network does not allow.
                (getattr(self.network, "module", None) or self.network.scores)(x.clone())
            self.work_per_trial = counter.get_total_flops()
        n_trials = int(min(most, MOST_WORK / max(1.0, n_runs * self.work_per_trial)))
        if n_trials < min(FEWEST_IN_REACH, most, n_trials_of(self.needed_trials())):
            raise ValueError(
                f"One trial takes this network {self.work_per_trial / 1e9:.2g} billion operations, so it would take "
                "too long here. Its function measures it: see `sincviz.evidence`."
            )
        return n_trials

    def needed_codes(self) -> Targets:
        """Return the number of the class of every trial, or its targets, or raise that they are not known."""
        if self.codes is None:
            raise ValueError(NEEDS_TARGETS if self.network.numeric else NEEDS_CLASSES)
        return self.codes

    def classes(self) -> NDArray[np.int64] | None:
        """Return the number of the class of every trial, if trials have classes and these are known."""
        return None if self.codes is None or are_numbers(self.codes) else np.asarray(self.codes, np.int64)

    def needed_classes(self) -> NDArray[np.int64]:
        """Return the number of the class of every trial, or raise that it is not known, or that there are none."""
        codes = self.needed_codes()
        if are_numbers(codes):
            raise ValueError(OF_NUMBERS)
        return np.asarray(codes, np.int64)

    def evidence_trials(self, most: int) -> tuple[EpochsOrArray, Targets]:
        """Return at most so many trials, drawn evenly from the classes or targets, and these."""
        trials, codes = self.sound_trials(), self.needed_codes()
        chosen = evenly_drawn(target_levels(codes), most, self.seed)
        return some_of(trials, chosen), codes[chosen]

    def read_structure(self, table: pd.DataFrame) -> None:
        """Take from a table of predictions where trials come from, and read the network on those that are new to it."""
        self.structure = structure_in(table)
        seen = table.get("seen_in_training", pd.Series(False, table.index)).to_numpy(bool)
        if not seen.any() or seen.all():
            return
        kept = np.flatnonzero(~seen)
        self.trials, self.structure = some_of(self.needed_trials(), kept), self.structure.iloc[kept]
        self.numbers = kept
        self.codes = None if self.codes is None else self.codes[kept]

    def exchange(self) -> tuple[NDArray[np.int64], NDArray[np.int64]] | tuple[None, None]:
        """Return which labels change places with which, if the recordings or the order of trials determine that."""
        if self.codes is None or not self.has_contrast:
            return None, None
        if are_numbers(self.codes):
            return target_permutations(self.structure, self.codes, self.seed) or (None, None)
        return label_permutations(self.structure, np.asarray(self.codes, np.int64), self.seed) or (None, None)

    def kept_together(self) -> NDArray[np.int64] | None:
        """Return groups of trials that halves must not split, such as windows that share signal; ``None`` if none."""
        if self.codes is None:
            return None
        if are_numbers(self.codes):
            trials = exchangeable_numbers(self.structure, self.codes)
            if trials.attrs["shifted"]:
                return trials["stratum"].to_numpy()
        else:
            trials = exchangeable_trials(self.structure, np.asarray(self.codes, np.int64))
        return None if trials.attrs["unit"] == "trial" else trials["unit"].to_numpy()

    def fewest(self) -> int:
        """Return the number of trials of the smallest class that has any; of all trials if there is no contrast."""
        if self.codes is None or are_numbers(self.codes) or not self.has_contrast:
            return n_trials_of(self.needed_trials())
        return int(np.unique(self.codes, return_counts=True)[1].min())
