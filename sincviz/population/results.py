"""Results of a group, each under its name, and what several parts of the page ask of them."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import xarray as xr

from sincviz.population.averages import READ
from sincviz.population.verdicts import doubt_words


@dataclass(frozen=True, eq=False)
class GroupResults:
    """What many networks have in common. What could not be measured is ``None``; ``missing`` says why.

    Attributes
    ----------
    networks : pandas.DataFrame
        One row per row of the manifest: what became of it.
    facts : dict
        What all networks are, and how they were read: settings, sizes, versions, what training sets share.
    run_contrasts : xarray.DataArray, dims (run, band, channel)
        What separates the classes, of every network.
    band_contrasts : xarray.DataArray, dims (condition, subject, target, band, channel)
        The same, averaged within subjects.
    spectral_contrasts : xarray.DataArray, dims (condition, subject, target, frequency, channel)
        The same by frequency.
    temporal_contrasts : xarray.DataArray, dims (condition, subject, target, channel, time)
        The same in windows of time, counted from the event.
    band_use : xarray.DataArray, dims (condition, subject, band)
        Share of each band; the coordinates ``mean``, ``ci_low`` and ``ci_high`` (condition, band) are those of all
        subjects.
    band_test, spectral_test : xarray.Dataset
        Over subjects; dims (comparison, target, band or frequency, channel).
    time_test : xarray.Dataset
        Over subjects; dims (comparison, target, channel, time).
    clusters : pandas.DataFrame
        Every cluster of these tests.
    agreement : xarray.DataArray, dims (run, other_run)
        Rank agreement of what the networks use.
    agreement_by_subject : pandas.DataFrame
        The same in numbers.
    matching : xarray.Dataset, dims (run, filter)
        Which filters correspond to each other.
    filter_stability : pandas.DataFrame
        How alike these are.
    unit_clusters : xarray.Dataset, dims (cluster, subject, channel)
        Units of all networks with one scalp pattern and one band, and the people who have them; see
        :func:`sincviz.maps.cluster_units`.
    occupancy : xarray.DataArray, dims (training, condition, subject, band)
        How much of the filters lies in each band, before training and after.
    drift, filter_drift : pandas.DataFrame
        How that changed, and which filters move the same way in all subjects.
    findings : pandas.DataFrame
        Problems that limit the interpretation: columns ``severity``, ``check``, ``finding``, ``remedy``.
    missing : dict of str to str
        What could not be measured, and why.
    """

    networks: pd.DataFrame
    facts: dict[str, Any]
    findings: pd.DataFrame
    run_contrasts: xr.DataArray | None = None
    band_contrasts: xr.DataArray | None = None
    spectral_contrasts: xr.DataArray | None = None
    temporal_contrasts: xr.DataArray | None = None
    band_use: xr.DataArray | None = None
    band_test: xr.Dataset | None = None
    spectral_test: xr.Dataset | None = None
    time_test: xr.Dataset | None = None
    clusters: pd.DataFrame | None = None
    agreement: xr.DataArray | None = None
    agreement_by_subject: pd.DataFrame | None = None
    matching: xr.Dataset | None = None
    filter_stability: pd.DataFrame | None = None
    unit_clusters: xr.Dataset | None = None
    occupancy: xr.DataArray | None = None
    drift: pd.DataFrame | None = None
    filter_drift: pd.DataFrame | None = None
    missing: dict[str, str] = field(default_factory=dict)


def has_several_runs(group: GroupResults) -> bool:
    """Return whether a subject has more than one run of one condition."""
    used = group.networks[group.networks["status"] == READ]
    return bool(used.duplicated(["subject", "condition"]).any())


def paired_comparisons(group: GroupResults) -> list[str]:
    """Return the names of the comparisons between two conditions."""
    return [f"{one} − {other}" for one, other in itertools.combinations(group.facts["conditions"], 2)]


def with_doubt(caption: str) -> Callable[[GroupResults], str]:
    """Return what makes a caption, with a warning if what networks have in common is doubtful."""
    return lambda group: f"{caption} {doubt_words(group.networks)}".rstrip()
