"""The steps of an inspection: each may use what earlier ones found, and says why it could not be done."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from sincviz.analysis.accuracy import label_permutations
from sincviz.analysis.attribution.cells import cell_relevance
from sincviz.analysis.attribution.leading import leading_bands, leading_cells, leading_filters
from sincviz.analysis.attribution.power_direction import power_direction
from sincviz.analysis.attribution.sinc_layer import relevance
from sincviz.analysis.attribution.spectral import spectral_relevance
from sincviz.analysis.doctor.doctor import diagnose
from sincviz.analysis.doctor.findings import Finding
from sincviz.analysis.doctor.line_noise import power_spectrum
from sincviz.analysis.doctor.memory_checks import SURELY_TOLD_P, memorised
from sincviz.analysis.doctor.relevance_checks import (
    of_established_classes,
    relevance_findings,
    with_relevance_findings,
)
from sincviz.analysis.evidence.ablation import ablate
from sincviz.analysis.evidence.data_contrast import band_power_contrast, csp_accuracy, yardstick_accuracies
from sincviz.analysis.evidence.deletion import deletion_curve
from sincviz.analysis.evidence.prediction import ALL, accuracies, predictions, structure_in
from sincviz.analysis.evidence.randomization import randomization_test
from sincviz.analysis.filters.bands import learned_bands
from sincviz.analysis.filters.drift import cutoff_drift, cutoff_history
from sincviz.analysis.filters.overlap import filter_overlap, resolvability
from sincviz.analysis.filters.response import filter_response
from sincviz.analysis.maps.spatial import spatial_filters, spatial_patterns
from sincviz.analysis.maps.unit_importance import has_linear_head, importance
from sincviz.analysis.statistics.established import corrected_p
from sincviz.analysis.statistics.exchangeability import exchangeable_trials
from sincviz.analysis.statistics.intervals import bootstrap_intervals
from sincviz.eeg.bands import RHYTHMS
from sincviz.eeg.sums import sum_over_bands
from sincviz.errors import SincvizError, did_you_mean
from sincviz.inspection.facts import trial_facts
from sincviz.networks.front_ends import FrontEnd
from sincviz.trials.epochs import EpochsOrArray, n_trials_of, some_of
from sincviz.verdict import marked, verdict_on

SECTIONS = ("bands", "responses", "maps", "relevance", "evidence", "training")
MOST_EVIDENCE_TRIALS = 100
"""Deletion, ablation and CSP take at most so many trials, drawn evenly from the classes."""

MOST_RANDOMIZATION_TRIALS = MOST_EVIDENCE_TRIALS // 2
"""Random networks must be explained anew, one by one."""

N_RANDOM_NETWORKS = 3
LEAST_FOR_INTERVALS = 5
"""Of each class; the bootstrap's intervals cover too rarely below about ten."""

ABLATED_BANDS = {f"below {min(RHYTHMS.values())[0]:g} Hz": (0.0, min(RHYTHMS.values())[0]), **RHYTHMS}
"""The rhythms, and what is slower: drifts and eye movements are there."""

OF_TRIALS = (
    *(
        "relevance",
        "spectral_relevance",
        "band_relevance",
        "leading_bands",
        "leading_cells",
        "leading_filters",
    ),
    *("deletion", "ablation", "randomization", "importance", "spatial_patterns", "predictions", "accuracies"),
)
"""What is marked with the verdict on the trials."""

_NEEDS_TRIALS = "This needs trials: pass epochs (`--epochs my-epo.fif`)."
_NEEDS_CLASSES = "This needs the class of every trial, which is not known: pass `y`, or see the findings."
_NOT_FINITE = "Weights of the network are not finite: see the findings."


class Measuring:
    """One inspection while it is under way: every step may use what earlier ones found."""

    def __init__(
        self,
        model: object,
        parts: FrontEnd,
        trials: EpochsOrArray | None,
        y: ArrayLike | None,
        codes: NDArray[np.int64] | None,
        sections: tuple[str, ...],
        seed: int,
        held_out: bool,
    ) -> None:
        self.model, self.parts, self.trials, self.y, self.codes = model, parts, trials, y, codes
        self.sections, self.seed, self.held_out = sections, seed, held_out
        self.power: xr.DataArray | None = None
        self.structure = pd.DataFrame()
        self.found: dict[str, Any] = {}
        self.missing: dict[str, str] = {}
        self.of_trials: xr.DataArray | None = None
        self._compare_classes()

    def _compare_classes(self) -> None:
        self.several = self.codes is not None and len(np.unique(self.codes)) > 1
        self.kind = "contrast" if self.several else "all"

    def steps(self) -> "Iterator[tuple[str, tuple[str, ...], Callable[[], tuple[Any, ...]]]]":
        """Yield of every step: what it does, the fields that it finds, how."""
        parts, trials, y = self.parts, self.trials, self.y
        yield "Findings", ("findings",), lambda: (diagnose(parts, trials, y),)
        if trials is not None:
            yield "Trials", ("trials",), lambda: (trial_facts(parts, trials, self.codes),)
            yield "Predictions", ("predictions", "accuracies"), self._predictions
        if "bands" in self.sections:
            yield (
                "Bands",
                ("bands", "resolvability", "drift", "overlap"),
                lambda: (
                    learned_bands(parts),
                    resolvability(parts, trials),
                    cutoff_drift(parts),
                    filter_overlap(parts),
                ),
            )
        if "responses" in self.sections:
            yield "Responses", ("response",), lambda: (filter_response(parts),)
        if "maps" in self.sections:
            yield "Spatial filters", ("spatial_filters",), lambda: (spatial_filters(parts),)
            yield "Importance", ("importance",), self._importance
            yield "Patterns", ("spatial_patterns",), lambda: (spatial_patterns(parts, self._some_trials()),)
        if "relevance" in self.sections or "evidence" in self.sections:
            # The evidence is about this.
            yield (
                "Relevance of frequencies",
                ("spectral_relevance", "band_relevance", "leading_bands", "leading_cells"),
                self._of_bands,
            )
        if "relevance" in self.sections:
            yield "Relevance of filters", ("relevance", "leading_filters"), self._of_filters
            yield "Contrast in the data", ("band_power_contrast",), self._contrast
        if "evidence" in self.sections:
            yield "Deletion", ("deletion",), self._deletion
            yield "Ablation", ("ablation",), self._ablation
            yield "Randomisation", ("randomization",), self._randomization
            yield "Decoding without the network", ("csp",), self._csp
        if "training" in self.sections:
            yield "Training", ("cutoff_history",), self._history

    def do(self, fields: tuple[str, ...], measure: Callable[[], tuple[Any, ...]]) -> None:
        """Measure, or note why that cannot be."""
        try:
            self.found |= dict(zip(fields, measure(), strict=True))
        except (SincvizError, ValueError, TypeError) as error:
            if "findings" in fields:
                raise  # without findings there is no inspection
            self.missing |= dict.fromkeys(fields, str(error))

    def finish(self) -> None:
        """Judge whether the trials let the network be read, and mark every result that comes from them."""
        verdict = self._verdict()
        self._add_findings(self._memorised())
        spectrum = self.found.get("spectral_relevance")
        # Without a contrast, what all classes share would raise suspicion.
        if spectrum is not None and self.several and verdict["readable"]:
            known = of_established_classes(spectrum, self.found.get("leading_bands"))
            self._add_findings(relevance_findings(known, self.power, self.of_trials))
        self.found["verdict"] = verdict
        if self.trials is None:
            return
        said = {"held_out": "said"} if self.held_out and self._n_seen() is None else {}
        for name in OF_TRIALS:
            if self.found.get(name) is not None:
                result = self.found[name]
                if "p" in getattr(result, "coords", ()) and not verdict["readable"]:
                    # Nothing is established by such trials, also where attributes get lost on the way.
                    result = self.found[name] = result.assign_coords(p=result["p"] * np.nan)
                result.attrs = marked(dict(result.attrs), verdict) | said

    def _add_findings(self, more: list[Finding]) -> None:
        self.found["findings"] = with_relevance_findings(self.found["findings"], more)

    def _memorised(self) -> list[Finding]:
        """Return the finding that only memory explains the accuracy, where the network knew the trials or may have."""
        csp, rows, n_seen = self.found.get("csp"), self.found.get("accuracies"), self._n_seen()
        all_seen = n_seen is not None and n_seen == self.found["trials"]["n_trials"]
        if rows is None or not (all_seen or n_seen is None) or rows.loc[ALL, "above_chance"] != "yes":
            return []
        if csp is not None and float(csp["p"]) < SURELY_TOLD_P:
            return []  # no need to ask the other decoders
        try:
            trials, codes = self._evidence_trials(MOST_EVIDENCE_TRIALS)
            of_decoders = yardstick_accuracies(self.parts, trials, codes, seed=self.seed)
        except (SincvizError, ValueError):  # too few trials for a cross-validation
            return []
        found = memorised(rows.loc[ALL].to_dict(), of_decoders, n_seen=n_seen, held_out=self.held_out)
        return [] if found is None else [found]

    def _verdict(self) -> dict[str, Any]:
        return verdict_on(
            self.found["findings"],
            self.found.get("trials", {}),
            self.found.get("accuracies"),
            n_seen=self._n_seen(),
            held_out=self.held_out or self._is_of_new_recordings(),
        )

    def _is_of_new_recordings(self) -> bool:
        """Tell whether every trial comes from a recording that the network is known not to know."""
        table = self.found.get("predictions")
        return table is not None and "new_in" in table and bool((table["new_in"] != "").all())

    def _n_seen(self) -> int | None:
        table = self.found.get("predictions")
        if table is None or "seen_in_training" not in table:
            return None
        return int(table["seen_in_training"].sum())

    def _some_trials(self) -> EpochsOrArray:
        if self.trials is None:
            raise ValueError(_NEEDS_TRIALS)
        return self.trials

    def _sound_trials(self) -> EpochsOrArray:
        """Return the trials if relevance can mean something."""
        trials = self._some_trials()
        if self._is_broken():
            raise ValueError(_NOT_FINITE)
        return trials

    def _evidence_trials(self, most: int) -> tuple[EpochsOrArray, NDArray[np.int64]]:
        trials = self._sound_trials()
        if self.codes is None:
            raise ValueError(_NEEDS_CLASSES)
        chosen = evenly_drawn(self.codes, most, self.seed)
        return some_of(trials, chosen), self.codes[chosen]

    def _predictions(self) -> tuple[pd.DataFrame, pd.DataFrame | None]:
        table = predictions(self.parts, self._some_trials(), self.codes)
        if self._is_broken():
            self.missing["accuracies"] = _NOT_FINITE
        elif self.codes is None:
            self.missing["accuracies"] = _NEEDS_CLASSES
        found = None if "accuracies" in self.missing else accuracies(table)
        self.structure = structure_in(table)
        if "seen_in_training" in table:
            self._leave_out(table["seen_in_training"].to_numpy(bool))
        return table, found

    def _leave_out(self, seen: NDArray[np.bool_]) -> None:
        """Read the network on trials that it was not trained on, if there are any."""
        if not seen.any() or seen.all():
            return
        kept = np.flatnonzero(~seen)
        self.trials, self.structure = some_of(self._some_trials(), kept), self.structure.iloc[kept]
        self.codes = None if self.codes is None else self.codes[kept]
        self._compare_classes()

    def _is_broken(self) -> bool:
        return "not_finite" in set(self.found["findings"]["check"])

    def _importance(self) -> tuple[xr.Dataset]:
        if not has_linear_head(self.parts):
            raise ValueError("This needs a network whose head is linear.")
        return (importance(self.parts, self.trials),)

    def _of_bands(self) -> tuple[xr.DataArray, xr.DataArray, pd.DataFrame, pd.DataFrame]:
        trials = self._sound_trials()
        spectrum = spectral_relevance(self.parts, trials, self.codes, trials=self.kind)
        self.power = power_spectrum(self.parts, trials)
        single = cell_relevance(self.parts, trials, self.codes)
        self.of_trials = single
        cells = self._with_intervals(single, spectrum)
        of_bands = self._with_intervals(single.sum("channel", skipna=False, keep_attrs=True), spectrum)
        total = self._with_intervals(single.sum(("band", "channel"), skipna=False, keep_attrs=True), spectrum)
        of_bands = of_bands.assign_coords(
            {f"total_{end}": ("target", total[end].to_numpy()) for end in ("low", "high")}
        )
        direction = power_direction(self.parts, trials, single)
        return spectrum, cells, leading_bands(of_bands, cells, spectrum), leading_cells(cells, direction)

    def _with_intervals(self, single: xr.DataArray, spectrum: xr.DataArray) -> xr.DataArray:
        cells = bootstrap_intervals(single, trials=self.kind, seed=self.seed)
        cells.attrs |= sum_over_bands(spectrum).attrs
        if "subject" in self.structure and (n_subjects := self.structure["subject"].nunique()) > 1:
            cells.attrs["interval"] += f" of these {n_subjects} subjects"
        permuted_codes, strata = self._exchange()
        p = corrected_p(
            single, trials=self.kind, permuted_codes=permuted_codes, strata=strata, seed=self.seed
        )
        cells = cells.assign_coords(p=(cells.dims, p.to_numpy()))
        if self._fewest() < LEAST_FOR_INTERVALS:
            # A bootstrap of so few trials is too sure of itself.
            nothing = xr.full_like(cells["low"], np.nan)
            cells = cells.assign_coords(low=nothing, high=nothing)
            cells.attrs["interval"] = f"none: fewer than {LEAST_FOR_INTERVALS} trials"
        return cells

    def _exchange(self) -> tuple[NDArray[np.int64], NDArray[np.int64]] | tuple[None, None]:
        """Return which labels change places with which, where the recordings or the order of trials tell that."""
        if self.kind != "contrast" or self.codes is None:
            return None, None
        return label_permutations(self.structure, self.codes, self.seed) or (None, None)

    def _kept_together(self) -> NDArray[np.int64] | None:
        """Return what no half of the trials may tear apart, such as windows that share signal; ``None`` if nothing."""
        if self.codes is None:
            return None
        trials = exchangeable_trials(self.structure, self.codes)
        return None if trials.attrs["unit"] == "trial" else trials["unit"].to_numpy()

    def _fewest(self) -> int:
        """Return how many trials the smallest class has that has any; all of them where there is no contrast."""
        if self.kind == "all" or self.codes is None:
            return n_trials_of(self._some_trials())
        return int(np.unique(self.codes, return_counts=True)[1].min())

    def _of_filters(self) -> tuple[xr.DataArray, pd.DataFrame]:
        found = relevance(self.parts, self._sound_trials(), self.codes, trials=self.kind)
        return found, leading_filters(found.sum("channel", skipna=False, keep_attrs=True))

    def _contrast(self) -> tuple[xr.DataArray]:
        trials = self._some_trials()
        if self.codes is None:
            raise ValueError(_NEEDS_CLASSES)
        found = band_power_contrast(self.parts, trials, self.codes)
        if not np.isfinite(found).any():
            raise ValueError("This needs two trials or more of two classes.")
        return (found,)

    def _deletion(self) -> tuple[pd.DataFrame]:
        trials = self._sound_trials()
        if self.codes is None:
            raise ValueError(_NEEDS_CLASSES)
        if not self.several:
            raise ValueError("This needs trials of two classes or more.")
        self._needed("band_relevance")
        found = deletion_curve(
            self.parts,
            trials,
            self.codes,
            ranking=self.of_trials,
            groups=self._kept_together(),
            tested=evenly_drawn(self.codes, MOST_EVIDENCE_TRIALS, self.seed),
            n_random=1,
            seed=self.seed,
            progress=False,
        )
        return (found,)

    def _ablation(self) -> tuple[xr.Dataset]:
        trials, codes = self._evidence_trials(MOST_EVIDENCE_TRIALS)
        regions = _regions(self._needed("band_relevance"))
        found = ablate(
            self.parts, trials, codes, bands=ABLATED_BANDS, channels=regions, seed=self.seed, progress=False
        )
        return (found,)

    def _randomization(self) -> tuple[pd.DataFrame]:
        trials, codes = self._evidence_trials(MOST_RANDOMIZATION_TRIALS)
        found = randomization_test(
            self.model,
            trials,
            codes,
            trials=self.kind,
            n_draws=N_RANDOM_NETWORKS,
            seed=self.seed,
            progress=False,
        )
        return (found,)

    def _csp(self) -> tuple[pd.Series]:
        trials, codes = self._evidence_trials(MOST_EVIDENCE_TRIALS)
        return (csp_accuracy(self.parts, trials, codes, seed=self.seed),)

    def _history(self) -> tuple[pd.DataFrame]:
        history = cutoff_history(self.parts)
        if history is None:
            raise ValueError("The checkpoint does not tell how it was trained: `sincviz train` records it.")
        return (history,)

    def _needed(self, name: str) -> Any:
        if self.found.get(name) is None:
            raise ValueError(self.missing.get(name, "What this is about was not measured."))
        return self.found[name]


def checked_sections(only: Sequence[str] | None) -> tuple[str, ...]:
    """Return the sections to measure, in their order.

    Raises
    ------
    ValueError
        If one is unknown, or there is none.
    """
    if only is None:
        return SECTIONS
    unknown = [name for name in only if name not in SECTIONS]
    if unknown or isinstance(only, str) or not only:
        meant = "".join(did_you_mean(str(name), SECTIONS) for name in unknown[:1])
        raise ValueError(f"`only` must name sections out of {', '.join(SECTIONS)}; got {only!r}.{meant}")
    return tuple(name for name in SECTIONS if name in only)


def evenly_drawn(codes: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """Return the numbers of at most so many trials, drawn evenly from the classes, in their order.

    Examples
    --------
    >>> evenly_drawn(np.array([0, 0, 0, 0, 1]), 2, seed=0).tolist()
    [2, 4]
    """
    order = np.random.default_rng(seed).permutation(len(codes))
    # The first of every class, then the second of every class, and so on.
    rank = np.empty(len(codes), int)
    for code in np.unique(codes):
        members = order[codes[order] == code]
        rank[members] = np.arange(len(members))
    chosen = order[np.argsort(rank[order], kind="stable")][:most]
    return np.sort(chosen)


def _regions(cells: xr.DataArray) -> Mapping[str, Sequence[str]] | None:
    """Return the channels of each region of the scalp; ``None`` where names tell none."""
    if "region" not in cells.coords:
        return None
    regions: dict[str, list[str]] = {}
    for name, region in zip(cells["channel"].to_numpy(), cells["region"].to_numpy(), strict=True):
        regions.setdefault(str(region), []).append(str(name))
    return regions if len(regions) > 1 else None
