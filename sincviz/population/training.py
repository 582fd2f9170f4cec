"""Training of a group, as a section: where it moved the filters, over subjects."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz.analysis.filters.movements import N_PERMUTATIONS, movement_test
from sincviz.analysis.filters.occupancy import AFTER, BEFORE
from sincviz.analysis.statistics.subjects import subject_test
from sincviz.eeg.band_limits import BAND_LIMITS, ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.eeg.bands import OTHER
from sincviz.population.measuring import GroupRun
from sincviz.population.results import GroupResults
from sincviz.population.training_words import drift_rows, drift_words, n_drifted, shift_rows, shift_words
from sincviz.report.contents import Figure, Section, Sentence, Step, Summary, Table

if TYPE_CHECKING:
    import matplotlib.figure


def occupancy_change(
    occupancy: xr.DataArray,
    exchanged: xr.DataArray,
    *,
    n_permutations: int = N_PERMUTATIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Test whether training moved the filters' energy between bands otherwise than by chance.

    By chance: if each network's movements were assigned to its filters at random; see
    :func:`sincviz.filters.movement_test`. Networks of one seed may start from the same random weights, and are assigned
    movements in the same order.

    Parameters
    ----------
    occupancy : xarray.DataArray, dims (training, condition, subject, band)
        Share of the filters' energy in each band, runs averaged within subjects.
    exchanged : xarray.DataArray, dims (run, filter, movement, band)
        What :func:`sincviz.filters.exchanged_occupancy` returned for each network, with the coordinates ``condition``,
        ``subject`` and ``seed`` of the runs.
    n_permutations : int
        Number of random assignments.
    seed : int
        Seed of these.

    Returns
    -------
    pandas.DataFrame
        Index (condition, band): mean ``before`` and ``after``, their difference ``change`` with its interval ``ci_low``
        and ``ci_high`` over subjects; the change ``by_chance``, mean over all assignments, and ``p``, corrected for the
        number of bands; the limits of the band, ``band_low_hz`` and
        ``band_high_hz``, NaN for ``other``, whose ranges are text in ``band_rest_hz``. Conditions of a single
        subject are left out.

    Raises
    ------
    ValueError
        If it is not known where the filters started, or no condition has two subjects.
    """
    if not np.isfinite(occupancy.sel(training=BEFORE)).any():
        raise ValueError("The checkpoints do not store where the cut-offs were before training.")
    change = occupancy.sel(training=AFTER, drop=True) - occupancy.sel(training=BEFORE, drop=True)
    tables = {}
    for name in _repeated_conditions(change):
        moved = change.sel(condition=name, drop=True).dropna("subject", how="all")
        shares = occupancy.sel(condition=name, subject=moved["subject"], drop=True)
        tested = subject_test(moved).rename(mean="change")
        of_condition = exchanged.isel(run=exchanged["condition"].to_numpy() == name)
        of_condition = of_condition.isel(run=of_condition["subject"].isin(moved["subject"]).to_numpy())
        null = movement_test(
            of_condition,
            of_condition["subject"].to_numpy().tolist(),
            together=of_condition["seed"].to_numpy().tolist(),
            n_permutations=n_permutations,
            seed=seed,
        )
        tested["by_chance"], tested["p"] = tested["change"] - null["beyond"], null["p"]
        means = {stage: shares.sel(training=stage, drop=True).mean("subject") for stage in (BEFORE, AFTER)}
        table = tested.assign(means).to_dataframe()
        limits = [column for column in BAND_LIMITS if column in table]
        tables[name] = table[["before", "after", "change", "ci_low", "ci_high", "by_chance", "p", *limits]]
    return pd.concat(tables, names=["condition", "band"])


def filter_shifts(shift_hz: xr.DataArray, initial_hz: xr.DataArray) -> pd.DataFrame:
    """Test which filters move in the same direction in all subjects; untrained or drifting filters do not.

    Parameters
    ----------
    shift_hz : xarray.DataArray, dims (condition, subject, filter)
        How far the middle of each filter's cut-offs moved, runs averaged within subjects.
    initial_hz : xarray.DataArray, dims (run, filter)
        Where it started in every run.

    Returns
    -------
    pandas.DataFrame
        Index (condition, filter): ``initial_hz``, the mean ``shift_hz`` with its interval ``ci_low`` and ``ci_high``,
        ``p`` and ``q`` over subjects. Conditions of a single subject are left out.

    Raises
    ------
    ValueError
        If filters of the same number do not start alike, or no condition has two subjects.
    """
    start = initial_hz.to_numpy()
    if not np.isfinite(start).all() or np.ptp(start, axis=0).max() > 1e-3:
        raise ValueError("Filters with the same number do not start at the same frequency in all networks.")
    tables = {}
    for name in _repeated_conditions(shift_hz):
        table = subject_test(shift_hz.sel(condition=name, drop=True)).rename(mean="shift_hz").to_dataframe()
        table.insert(0, "initial_hz", start[0])
        tables[name] = table[["initial_hz", "shift_hz", "ci_low", "ci_high", "p", "q"]]
    return pd.concat(tables, names=["condition", "filter"])


def _repeated_conditions(values: xr.DataArray) -> list[str]:
    """Return the conditions that two subjects or more have."""
    names = [str(name) for name in values["condition"].to_numpy()]
    repeated = [
        name for name in names if values.sel(condition=name).dropna("subject", how="all").sizes["subject"] > 1
    ]
    if not repeated:
        raise ValueError("Fewer than two subjects have values. A test over subjects needs at least two.")
    return repeated


def _occupancy_change(run: GroupRun) -> pd.DataFrame:
    return occupancy_change(
        run.of_bands("occupancy"),
        run.of_bands("exchanged_occupancy"),
        n_permutations=run.n_permutations,
        seed=run.seed,
    )


def _drift(group: GroupResults, condition: str) -> "matplotlib.figure.Figure":
    assert group.drift is not None  # the drawing needs both
    assert group.occupancy is not None
    table = group.drift[group.drift.index.get_level_values("condition") == condition].droplevel("condition")
    limits = ranges_by_name(table)
    table = table.rename(index={OTHER: band_words(OTHER, limits)})
    table.attrs = {"n_subjects": n_drifted(group.occupancy, condition), "alpha": group.facts["alpha"]}
    return plotting.plot_drift(table)


def _methods(group: GroupResults) -> Iterator[Sentence]:
    if group.drift is not None:
        yield Sentence(
            "The change of the share of the filters' energy in each band during training, computed from the kernels, "
            "was compared with what the same movements would give if they were assigned to the filters of each network "
            "at random (permutation test of the mean over subjects; largest deviation over bands; networks of one seed "
            "in the same order).",
        )
    if group.filter_drift is not None:
        yield Sentence(
            "The shift of the centre between each filter's cut-offs during training was tested by t tests over "
            "subjects, "
            "corrected over filters by the false-discovery rate (Benjamini and Hochberg, 1995).",
            ("benjamini",),
        )


TRAINING: Section[GroupResults, GroupRun] = Section(
    name="training",
    heading="Filters",
    steps=(
        Step(
            "Occupancy of bands",
            ("occupancy",),
            lambda run: (run.of_bands("occupancy").transpose("training", ...),),
        ),
        Step("Drift", ("drift",), lambda run: (_occupancy_change(run),)),
        Step(
            "Drift of filters",
            ("filter_drift",),
            lambda run: (filter_shifts(run.of_bands("shift_hz"), run.of_bands("initial_hz")),),
        ),
    ),
    figures=(
        Figure(
            "drift",
            "Where training moved the filters",
            ("drift", "occupancy"),
            _drift,
            lambda group: (
                "Share of the filters' energy in each band before training and after, mean over subjects, and the "
                "change with its 95% interval over subjects. Bars: the change expected if the movements of each "
                "network were assigned to its filters at random. Filters that were not trained do not move."
            ),
            cases=lambda group: group.drift.index.unique("condition"),
        ),
    ),
    tables=(
        Table(
            "drift",
            ("drift",),
            lambda group: group.drift,
            title="Before and after in numbers",
            rows=lambda group: drift_rows(group.drift, group),
        ),
        Table(
            "filter_drift",
            ("filter_drift",),
            lambda group: group.filter_drift,
            title="How far filters moved",
            rows=lambda group: shift_rows(group.filter_drift),
        ),
    ),
    arrays=("occupancy",),
    summary=(
        Summary(
            "training",
            "What did training change?",
            lambda group: [*drift_words(group), *shift_words(group)],
        ),
    ),
    methods=_methods,
)
