"""Results of an inspection, each under its name."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import xarray as xr


@dataclass(frozen=True, eq=False, repr=False)
class InspectionResults:
    """What was measured; see the function of each name. What could not be measured is ``None``.

    Attributes
    ----------
    network, trials : dict
        What network and trials are: sizes, names, units, hashes; ``trials`` is empty without trials.
    bands, resolvability, drift, cutoff_history, response, overlap
        Of the temporal filters.
    importance, spatial_filters, spatial_patterns
        Of the spatial filters.
    predictions, accuracies, confusion
        What the network says of the trials, how often it is right, and which classes it confuses.
    correlations : pandas.DataFrame
        How well it predicts, in place of accuracies, if its outputs are numbers.
    learning_curves : pandas.DataFrame
        Loss and accuracy during training, if the checkpoint stores them.
    relevance : xarray.DataArray, dims (target, filter, channel)
        At the sinc layer.
    spectral_relevance : xarray.DataArray, dims (target, channel, frequency)
        At the input; a contrast between classes where these are known, of two classes their difference.
    band_relevance : xarray.DataArray, dims (target, band, channel)
        The same by band, with intervals.
    class_relevance : xarray.Dataset
        ``spectral``, ``band`` and ``temporal``, the same for every class, also where there are two.
    leading_bands, leading_cells, leading_filters : pandas.DataFrame
        What the decision for each class rests on.
    temporal_relevance : xarray.DataArray, dims (target, channel, time)
        When it lies in the trials; a contrast between classes where these are known.
    time_courses : xarray.DataArray, dims (target, region or channel, time)
        The same in windows of time, with intervals and corrected p-values.
    peaks : pandas.DataFrame
        When each region is at its largest; see :func:`sincviz.statistics.peak_latencies`.
    time_frequency_relevance : xarray.DataArray, dims (target, channel, frequency, time)
        Split over frequency and time.
    evoked_and_induced : xarray.DataArray, dims (target, part, channel, frequency, time)
        The same in its phase-locked part and the rest.
    evoked_shares : pandas.DataFrame
        How much is phase-locked, by band.
    separating_properties : pandas.DataFrame
        Whether evoked responses, power or coupling separate the classes.
    band_power_contrast, csp
        What the trials say without the network.
    deletion, ablation, randomization
        The evidence, on at most 100 of the trials (random networks: 50), drawn evenly from the classes.
    roles : xarray.Dataset, dims (target, band, channel)
        Whether each cell is used, and whether it is informative by itself.
    shortcuts : pandas.DataFrame
        What else than brain activity tells the classes and is used, on at most 400 of the trials; see
        :func:`sincviz.shortcut_audit`.
    seeds : xarray.Dataset, dims (seed, target, band, channel)
        Of an ensemble: the contrast of relevance of every seed, with intervals over trainings and trials.
    seed_agreement : pandas.DataFrame
        How far the seeds agree.
    sensitivity : pandas.DataFrame
        How accuracy and basis change with the preparation, if training trials were passed; see
        :func:`sincviz.inspection.preparation_sensitivity`.
    findings : pandas.DataFrame
        Problems that limit the interpretation.
    verdict : dict
        ``readable`` (bool), whether these trials show what the decisions rest on, and ``reasons``, a list of codes why
        not: ``no_trials``, ``not_finite``, ``trials_do_not_fit``, ``class_order``, ``no_classes``, ``few_trials``,
        ``confounded``, ``chance``, ``seen_trials``, ``unknown_trials``; of outputs that are numbers ``no_targets``,
        ``few_targets``, ``confounded_targets``, ``no_correlation``.
    explorer : xarray.Dataset
        What :meth:`sincviz.inspection.Inspection.explore` shows.
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
    correlations: pd.DataFrame | None = None
    confusion: xr.Dataset | None = None
    learning_curves: pd.DataFrame | None = None
    relevance: xr.DataArray | None = None
    spectral_relevance: xr.DataArray | None = None
    band_relevance: xr.DataArray | None = None
    class_relevance: xr.Dataset | None = None
    leading_bands: pd.DataFrame | None = None
    leading_cells: pd.DataFrame | None = None
    leading_filters: pd.DataFrame | None = None
    temporal_relevance: xr.DataArray | None = None
    time_courses: xr.DataArray | None = None
    peaks: pd.DataFrame | None = None
    time_frequency_relevance: xr.DataArray | None = None
    evoked_and_induced: xr.DataArray | None = None
    evoked_shares: pd.DataFrame | None = None
    separating_properties: pd.DataFrame | None = None
    band_power_contrast: xr.DataArray | None = None
    deletion: pd.DataFrame | None = None
    ablation: xr.Dataset | None = None
    randomization: pd.DataFrame | None = None
    csp: pd.Series | None = None
    roles: xr.Dataset | None = None
    seeds: xr.Dataset | None = None
    seed_agreement: pd.DataFrame | None = None
    shortcuts: pd.DataFrame | None = None
    sensitivity: pd.DataFrame | None = None
    cutoff_history: pd.DataFrame | None = None
    explorer: xr.Dataset | None = None
    missing: dict[str, str] = field(default_factory=dict)
    sections: tuple[str, ...] = ()
    seed: int = 0
