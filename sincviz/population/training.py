"""Training of a group, as a section: where it moved the filters, over subjects."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz._utils.text import counted, in_brackets, points, signed
from sincviz.analysis.filters.occupancy import AFTER, BEFORE
from sincviz.analysis.statistics.subjects import subject_test
from sincviz.eeg.band_limits import BAND_LIMITS, ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.eeg.bands import OTHER
from sincviz.population.measuring import GroupRun
from sincviz.population.results import GroupResults
from sincviz.report.contents import Figure, Rows, Section, Sentence, Step, Summary, Table

if TYPE_CHECKING:
    import matplotlib.figure


MOST_FILTERS = 20


def occupancy_change(occupancy: xr.DataArray) -> pd.DataFrame:
    """Test whether training moved the filters' energy between bands.

    Parameters
    ----------
    occupancy : xarray.DataArray, dims (training, condition, subject, band)
        Share of the filters' energy in each band, runs averaged within subjects.

    Returns
    -------
    pandas.DataFrame
        Index (condition, band): mean ``before`` and ``after``, their difference ``change`` with its interval ``ci_low``
        and ``ci_high``, ``p``, ``q`` and ``effect_size`` over subjects; the limits of the band, ``band_low_hz`` and
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
        means = {stage: shares.sel(training=stage, drop=True).mean("subject") for stage in (BEFORE, AFTER)}
        table = tested.assign(means).to_dataframe()
        limits = [column for column in BAND_LIMITS if column in table]
        tables[name] = table[
            ["before", "after", "change", "ci_low", "ci_high", "p", "q", "effect_size", *limits]
        ]
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


def n_drifted(occupancy: xr.DataArray, condition: str) -> int:
    """Return how many subjects have filters before training and after.

    Examples
    --------
    >>> shares = xr.DataArray([[[[0.5], [np.nan]]], [[[0.6], [0.7]]]],
    ...                       {"condition": [""]}, ("training", "condition", "subject", "band"))
    >>> n_drifted(shares, "")
    1
    """
    shares = occupancy.sel(condition=condition).transpose("training", "subject", "band").to_numpy()
    return int(np.isfinite(shares).all(0).any(1).sum())


def drift_words(group: GroupResults) -> Iterator[str]:
    """Yield between which bands training moved the filters."""
    if group.drift is None or group.occupancy is None:
        return
    alpha = group.facts["alpha"]
    limits = ranges_by_name(group.drift)
    for condition in group.drift.index.unique("condition"):
        bands = group.drift.xs(condition, level="condition")
        subjects = counted(n_drifted(group.occupancy, condition), "subject")
        good = bands[bands["q"] <= alpha].sort_values("change", key=abs, ascending=False)[:3]
        of = f" in {condition}" if condition else ""
        if bands["q"].isna().all():
            yield f"Training changed the filters{of} of {subjects} identically or not at all: there is nothing to test."
        elif not len(good):
            yield (
                f"Training is not shown to have moved the filters{of} between bands on average over {subjects} "
                f"(every q above {alpha:g})."
            )
        else:
            changes = [
                f"{band_words(str(band), limits)} {points(row['change'])}"
                f"{in_brackets(row['ci_low'], row['ci_high'], points)}"
                for band, row in good.to_dict("index").items()
            ]
            yield (
                f"Training changed the share of the filters' energy{of} in {', '.join(changes)}, in percentage "
                f"points; q at most {alpha:g}, mean over {subjects} with 95% intervals."
            )


def shift_words(group: GroupResults) -> Iterator[str]:
    """Yield how many filters training moved in one direction, and how far."""
    if group.filter_drift is None or group.occupancy is None:
        return
    alpha = group.facts["alpha"]
    for condition in group.filter_drift.index.unique("condition"):
        filters = group.filter_drift.xs(condition, level="condition")
        good = filters[filters["q"] <= alpha]
        subjects = counted(n_drifted(group.occupancy, condition), "subject")
        of = f" in {condition}" if condition else ""
        most = (
            f", the farthest by {signed(good['shift_hz'].loc[good['shift_hz'].abs().idxmax()], 2)} Hz"
            if len(good)
            else ""
        )
        yield (
            f"Training moved {len(good)} of {counted(len(filters), 'filter')}{of} in one direction on average over "
            f"{subjects} (q at most {alpha:g}){most}."
        )


def drift_rows(table: pd.DataFrame, group: GroupResults) -> Rows:
    """Return the shares of the bands before training and after."""
    limits = ranges_by_name(table)
    several = len(table.index.unique("condition")) > 1
    rows = [
        (
            *([row["condition"]] if several else []),
            band_words(row["band"], limits),
            f"{row['before']:.1%}",
            f"{row['after']:.1%}",
            points(row["change"]) + in_brackets(row["ci_low"], row["ci_high"], points),
            "" if pd.isna(row["q"]) else f"{row['q']:.2g}",
        )
        for row in table.reset_index().to_dict("records")
    ]
    header = (*(["Condition"] if several else []), "Band", "Before", "After", "Change in points (95%)", "q")
    return Rows(header, rows, "Share of the filters' energy, computed from the kernels; mean over subjects.")


def shift_rows(table: pd.DataFrame) -> Rows:
    """Return how far filters moved, smallest q first."""
    several = len(table.index.unique("condition")) > 1
    surest = table.sort_values("p", kind="stable").iloc[:MOST_FILTERS]
    rows = [
        (
            *([row["condition"]] if several else []),
            row["filter"],
            f"{row['initial_hz']:.1f}",
            signed(row["shift_hz"], 2)
            + in_brackets(row["ci_low"], row["ci_high"], lambda value: signed(value, 2)),
            "" if pd.isna(row["q"]) else f"{row['q']:.2g}",
        )
        for row in surest.reset_index().to_dict("records")
    ]
    header = (*(["Condition"] if several else []), "Filter", "Started at (Hz)", "Moved by (Hz, 95%)", "q")
    rest = f" Of {len(table)} the {MOST_FILTERS} with the smallest q." if len(table) > len(surest) else ""
    return Rows(
        header, rows, f"Centre between the cut-offs of filters with the same start, mean over subjects.{rest}"
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
            "The share of the filters' energy in each band, computed from the kernels, was compared before and "
            "after training by t tests over subjects, corrected over bands by the false-discovery rate (Benjamini "
            "and "
            "Hochberg, 1995).",
            ("benjamini",),
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
        Step("Drift", ("drift",), lambda run: (occupancy_change(run.of_bands("occupancy")),)),
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
                "change with its 95% interval over subjects. Filters that were not trained do not move."
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
