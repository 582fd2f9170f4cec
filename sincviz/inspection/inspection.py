"""Everything that can be read from one network, in one place."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from sincviz._utils.checks import checked_seed
from sincviz._utils.progress import shows_progress, silenced, switched_off, tqdm
from sincviz.inspection.facts import network_facts
from sincviz.inspection.measuring import SECTIONS, Measuring, checked_sections
from sincviz.networks.wrappers import unwrapped
from sincviz.opening.inputs import with_or_without_trials
from sincviz.trials.classes import classes_if_known
from sincviz.trials.epochs import EpochsOrArray, input_batches, ready, warned_once


@dataclass(frozen=True, eq=False, repr=False)
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
    leading_bands, leading_cells, leading_filters : pandas.DataFrame
        What the decision for each class rests on.
    band_power_contrast, csp
        What the trials say without the network.
    deletion, ablation, randomization
        The evidence, on at most 100 of the trials (random networks: 50), drawn evenly from the classes.
    findings : pandas.DataFrame
        What keeps all this from being believed.
    verdict : dict
        ``readable`` (bool), whether these trials show what the decisions rest on, and ``reasons``, a list of codes why
        not: ``no_trials``, ``not_finite``, ``trials_do_not_fit``, ``class_order``, ``no_classes``, ``few_trials``,
        ``confounded``, ``chance``, ``seen_trials``, ``unknown_trials``.
    missing : dict of str to str
        What could not be measured, and why.
    sections : tuple of str
        What was asked for.
    seed : int
        Seed of every random draw.
    """

    network: dict[str, Any]
    findings: pd.DataFrame
    verdict: dict[str, Any] = field(default_factory=lambda: {"readable": False, "reasons": ["no_trials"]})
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
    leading_cells: pd.DataFrame | None = None
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

    @shows_progress
    def report(
        self,
        path: str | os.PathLike[str],
        *,
        title: str | None = None,
        style: str = "sincviz",
        overwrite: bool = False,
        progress: bool = True,
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
        progress : bool
            Show a progress bar.

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

    def __repr__(self) -> str:
        from sincviz.report.screen import screen_text

        return screen_text(self)

    def _repr_html_(self) -> str:
        from sincviz.report.page import summary_html

        return summary_html(self)


def inspect(
    model: object,
    epochs: EpochsOrArray | None = None,
    y: ArrayLike | None = None,
    *,
    only: Sequence[str] | None = None,
    held_out: bool = False,
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
    held_out : bool
        Say that the network was not trained on these trials, where the checkpoint does not tell. Without it such
        trials do not show what the decisions rest on. Trials that the checkpoint knows from training stay known.
    seed : int
        Seed of the trials that the evidence takes, of intervals and of random networks.
    progress : bool
        Show a progress bar that names each step.

    Returns
    -------
    Inspection
        What was measured; printed in one screen of words, in a notebook with pictures.

    Raises
    ------
    TypeError
        If the network is unknown.
    EpochsError
        If the epochs do not fit the network.
    ValueError
        If a section is unknown, ``seed`` is not between 0 and 2**31 - 1, or labels were given and do not fit.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> found = inspect(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128))
    >>> len(found.bands), found.spatial_patterns is None
    (32, True)
    """
    sections, seed = checked_sections(only), checked_seed(seed)
    parts, epochs, y = with_or_without_trials(model, epochs, y)
    hidden = switched_off() if progress else True
    with warned_once(parts, epochs), silenced():  # one bar is enough
        trials = None if epochs is None else ready(epochs)
        codes = None
        if trials is not None:
            next(
                iter(input_batches(parts, trials))
            )  # what does not fit is refused before the first long step
            codes = classes_if_known(parts, trials, y, needed=False)
        measuring = Measuring(parts, parts, trials, y, codes, sections, seed, held_out)
        steps = list(measuring.steps())
        # The notebook's and the terminal's bar; quiet where nobody looks.
        with tqdm(steps, "Measuring", unit="step", leave=False, disable=hidden) as bar:
            for words, fields, measure in bar:
                bar.set_description(words)
                measuring.do(fields, measure)
    with silenced():
        measuring.finish()
    return Inspection(
        network=network_facts(parts, unwrapped(parts)),
        missing=measuring.missing,
        sections=sections,
        seed=seed,
        **measuring.found,
    )
