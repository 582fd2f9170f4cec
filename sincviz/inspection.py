"""Everything that can be read from one network, measured."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from tqdm.auto import tqdm

from sincviz.analysis.ablation import ablate
from sincviz.analysis.bands import learned_bands
from sincviz.analysis.cell_relevance import cell_relevance
from sincviz.analysis.data_contrast import band_power_contrast, csp_accuracy
from sincviz.analysis.decision_basis import leading_bands, leading_filters
from sincviz.analysis.deletion import deletion_curve
from sincviz.analysis.doctor import diagnose
from sincviz.analysis.drift import cutoff_drift, cutoff_history
from sincviz.analysis.grouping import group_frequencies
from sincviz.analysis.importance import has_linear_head, importance
from sincviz.analysis.intervals import bootstrap_intervals
from sincviz.analysis.labels import with_known_classes
from sincviz.analysis.predictions import accuracies, predictions
from sincviz.analysis.randomization import randomization_test
from sincviz.analysis.relevance import relevance
from sincviz.analysis.relevance_checks import relevance_findings, with_relevance_findings
from sincviz.analysis.resolvability import filter_overlap, resolvability
from sincviz.analysis.response import filter_response
from sincviz.analysis.spatial import spatial_filters, spatial_patterns
from sincviz.analysis.spectral_relevance import spectral_relevance
from sincviz.classes import classes_if_known
from sincviz.epochs import EpochsOrArray, input_batches, ready, some_of, warned_once
from sincviz.errors import SincvizError
from sincviz.front_ends import FrontEnd, front_end, unwrapped
from sincviz.network_facts import network_facts, trial_facts
from sincviz.rhythms import RHYTHMS

SECTIONS = ("bands", "responses", "maps", "relevance", "evidence", "training")
MOST_EVIDENCE_TRIALS = 100
"""Deletion, ablation and CSP take at most so many trials, drawn evenly from the classes."""

MOST_RANDOMIZATION_TRIALS = MOST_EVIDENCE_TRIALS // 2
"""Random networks must be explained anew, one by one."""

N_RANDOM_NETWORKS = 3

ABLATED_BANDS = {f"below {min(RHYTHMS.values())[0]:g} Hz": (0.0, min(RHYTHMS.values())[0]), **RHYTHMS}
"""The rhythms, and what is slower: drifts and eye movements are there."""

_NEEDS_TRIALS = "This needs trials: pass epochs (`--epochs my-epo.fif`)."
_NEEDS_CLASSES = "This needs the class of every trial, which is not known: see the findings."
_NOT_FINITE = "Weights of the network are not finite: see the findings."


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was measured; see the function of each name. What could not be measured is ``None``.

    Attributes
    ----------
    network, trials : dict
        What network and trials are: sizes, names, units, hashes; ``trials`` is empty without trials.
    bands, resolvability, drift, cutoff_history, response, overlap
        Of the temporal filters.
    importance, spatial_filters, spatial_patterns
        Of the spatial filters.
    predictions, accuracies
        What the network says of the trials, and how often it is right.
    relevance : xarray.DataArray, dims (target, filter, channel)
        At the sinc layer.
    spectral_relevance : xarray.DataArray, dims (target, channel, frequency)
        At the input; a contrast between classes where these are known.
    band_relevance : xarray.DataArray, dims (target, band, channel)
        The same by band, with intervals.
    leading_bands, leading_filters : pandas.DataFrame
        What the decision for each class rests on.
    band_power_contrast, csp
        What the trials say without the network.
    deletion, ablation, randomization
        The evidence, on ``evidence_trials`` of the trials.
    findings : pandas.DataFrame
        What keeps all this from being believed.
    missing : dict of str to str
        What could not be measured, and why.
    seed : int
        Seed of every random draw.
    """

    network: dict[str, Any]
    findings: pd.DataFrame
    trials: dict[str, Any] = field(default_factory=dict)
    bands: pd.DataFrame | None = None
    resolvability: pd.DataFrame | None = None
    drift: pd.DataFrame | None = None
    overlap: xr.DataArray | None = None
    response: xr.Dataset | None = None
    spatial_filters: xr.DataArray | None = None
    importance: xr.Dataset | None = None
    spatial_patterns: xr.DataArray | None = None
    predictions: pd.DataFrame | None = None
    accuracies: pd.DataFrame | None = None
    relevance: xr.DataArray | None = None
    spectral_relevance: xr.DataArray | None = None
    band_relevance: xr.DataArray | None = None
    leading_bands: pd.DataFrame | None = None
    leading_filters: pd.DataFrame | None = None
    band_power_contrast: xr.DataArray | None = None
    deletion: pd.DataFrame | None = None
    ablation: xr.Dataset | None = None
    randomization: pd.DataFrame | None = None
    csp: pd.Series | None = None
    cutoff_history: pd.DataFrame | None = None
    missing: dict[str, str] = field(default_factory=dict)
    sections: tuple[str, ...] = SECTIONS
    seed: int = 0

    def report(
        self,
        path: str | os.PathLike[str],
        *,
        title: str | None = None,
        style: str = "sincviz",
        overwrite: bool = False,
    ) -> None:
        """Write one self-contained HTML page, atomically.

        Parameters
        ----------
        path : path-like
            The file to write; its folder must exist.
        title : str | None
            Heading of the page; ``None`` names the classes.
        style : {"sincviz", "neuroimage", "nature", "ieee"}
            Widths and fonts of the figures.
        overwrite : bool
            Replace an earlier page.

        Raises
        ------
        FileExistsError
            If there is such a file and ``overwrite`` is false.
        """
        from sincviz.report.folder import write_page

        write_page(self, path, title=title, style=style, overwrite=overwrite)

    def save(
        self,
        folder: str | os.PathLike[str],
        *,
        formats: Sequence[str] = ("png",),
        title: str | None = None,
        style: str = "sincviz",
        overwrite: bool = False,
        progress: bool = True,
    ) -> list[str]:
        """Write tables (CSV), arrays (netCDF), figures, ``inspection.json`` and ``report.html`` to a folder.

        Everything is made beside its place first: if that fails, or is killed, the folder is as it was.

        Parameters
        ----------
        folder : path-like
            Where to write; made if it does not exist.
        formats : sequence of {"png", "pdf", "svg"}
            Of the figures.
        title : str | None
            Heading of the page; ``None`` names the classes.
        style : {"sincviz", "neuroimage", "nature", "ieee"}
            Widths and fonts of the figures.
        overwrite : bool
            Replace the files of an earlier inspection; those that this one does not have are removed.
        progress : bool
            Show a progress bar.

        Returns
        -------
        list of str
            Names of the files.

        Raises
        ------
        FileExistsError
            If the folder holds files of these names and ``overwrite`` is false; nothing is written.
        ValueError
            If a format or style is unknown.
        """
        from sincviz.report.folder import write_folder

        return write_folder(
            self, folder, formats=formats, title=title, style=style, overwrite=overwrite, progress=progress
        )

    def _repr_html_(self) -> str:
        from sincviz.report.page import summary_html

        return summary_html(self)


def inspect(
    model: object,
    epochs: EpochsOrArray | None = None,
    y: ArrayLike | None = None,
    *,
    only: Sequence[str] | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Inspection:
    """Measure everything that can be read from a network.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Anything that :func:`sincviz.front_end` knows.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times), or None
        Trials, best such that were not used in training; without them there are no patterns, no relevance and no
        evidence.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``.
    only : sequence of {"bands", "responses", "maps", "relevance", "evidence", "training"} | None
        Sections to measure; ``None`` means all. The findings are always there.
    seed : int
        Seed of the trials that the evidence takes, of intervals and of random networks.
    progress : bool
        Show a progress bar that names each step.

    Returns
    -------
    Inspection
        What was measured; in a notebook it shows itself.

    Raises
    ------
    TypeError
        If the network is unknown.
    EpochsError
        If the epochs do not fit the network.
    ValueError
        If a section is unknown, or labels were given and do not fit.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> found = inspect(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128))
    >>> len(found.bands), found.spatial_patterns is None
    (32, True)
    """
    sections = checked_sections(only)
    parts = front_end(model)
    with warned_once(parts, epochs):
        trials = None if epochs is None else ready(epochs)
        codes = None
        if trials is not None:
            next(
                iter(input_batches(parts, trials))
            )  # what does not fit is refused before the first long step
            codes = classes_if_known(parts, trials, y, needed=False)
        measuring = _Measuring(model, parts, trials, y, codes, sections, seed)
        steps = list(measuring.steps())
        # The notebook's and the terminal's bar; quiet where nobody looks.
        with tqdm(steps, "Measuring", unit="step", leave=False, disable=None if progress else True) as bar:
            for words, fields, measure in bar:
                bar.set_description(words)
                measuring.do(fields, measure)
    return measuring.finished()


class _Measuring:
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
    ) -> None:
        self.model, self.parts, self.trials, self.y, self.codes = model, parts, trials, y, codes
        self.sections, self.seed = sections, seed
        self.found: dict[str, Any] = {}
        self.missing: dict[str, str] = {}
        self.several = codes is not None and len(np.unique(codes)) > 1
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
                ("spectral_relevance", "band_relevance", "leading_bands"),
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
            self.missing |= dict.fromkeys(fields, str(error))

    def finished(self) -> Inspection:
        spectrum = self.found.get("spectral_relevance")
        # Without a contrast, what all classes share would raise suspicion.
        if spectrum is not None and self.several:
            self.found["findings"] = with_relevance_findings(
                self.found["findings"], relevance_findings(spectrum)
            )
        return Inspection(
            network=network_facts(self.parts, unwrapped(self.model)),
            missing=self.missing,
            sections=self.sections,
            seed=self.seed,
            **self.found,
        )

    def _some_trials(self) -> EpochsOrArray:
        if self.trials is None:
            raise ValueError(_NEEDS_TRIALS)
        return self.trials

    def _sound_trials(self) -> EpochsOrArray:
        """Return the trials if relevance can mean something."""
        trials = self._some_trials()
        if "not_finite" in set(self.found["findings"]["check"]):
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
        if self.codes is None:
            self.missing["accuracies"] = _NEEDS_CLASSES
        return table, None if self.codes is None else accuracies(table)

    def _importance(self) -> tuple[xr.Dataset]:
        if not has_linear_head(self.parts):
            raise ValueError("This needs a network whose head is linear.")
        return (importance(self.parts, self.trials),)

    def _of_bands(self) -> tuple[xr.DataArray, xr.DataArray, pd.DataFrame]:
        trials = self._sound_trials()
        spectrum = spectral_relevance(self.parts, trials, self.codes, trials=self.kind)
        single = cell_relevance(self.parts, trials, self.codes)
        cells = self._with_intervals(single, spectrum)
        of_bands = self._with_intervals(single.sum("channel", skipna=False, keep_attrs=True), spectrum)
        return spectrum, cells, leading_bands(of_bands, cells, spectrum)

    def _with_intervals(self, single: xr.DataArray, spectrum: xr.DataArray) -> xr.DataArray:
        cells = bootstrap_intervals(single, trials=self.kind, seed=self.seed)
        cells.attrs |= group_frequencies(spectrum).attrs
        return cells

    def _of_filters(self) -> tuple[xr.DataArray, pd.DataFrame]:
        found = relevance(self.parts, self._sound_trials(), self.codes, trials=self.kind)
        return found, leading_filters(found.sum("channel", skipna=False, keep_attrs=True))

    def _contrast(self) -> tuple[xr.DataArray]:
        trials = self._some_trials()
        if self.codes is None:
            raise ValueError(_NEEDS_CLASSES)
        return (band_power_contrast(self.parts, trials, self.codes),)

    def _deletion(self) -> tuple[pd.DataFrame]:
        trials, codes = self._evidence_trials(MOST_EVIDENCE_TRIALS)
        if not self.several:
            raise ValueError("This needs trials of two classes or more.")
        cells = self._needed("band_relevance")
        ranking = with_known_classes(cells)
        return (deletion_curve(self.parts, trials, codes, ranking, seed=self.seed, progress=False),)

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
        raise ValueError(f"`only` must name sections out of {', '.join(SECTIONS)}; got {only!r}.")
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
