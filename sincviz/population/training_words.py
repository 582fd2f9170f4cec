"""Training of a group in words and rows: between which bands filters moved, and how far."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from sincviz._utils.text import counted, in_brackets, points, signed
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.population.results import GroupResults
from sincviz.report.contents import Rows

MOST_FILTERS = 20


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
        good = bands[bands["p"] <= alpha].sort_values("change", key=abs, ascending=False)[:3]
        of = f" in {condition}" if condition else ""
        if bands["p"].isna().all():
            yield (
                f"Training did not move the filters{of} of {subjects}, or moved all alike: there is nothing to test."
            )
        elif not len(good):
            yield (
                f"Training is not shown to have moved the filters{of} between bands otherwise than the same movements "
                f"in a random order would, on average over {subjects} (every p above {alpha:g})."
            )
        else:
            changes = [
                f"{band_words(str(band), limits)} {points(row['change'])}"
                f"{in_brackets(row['ci_low'], row['ci_high'], points)} where {points(row['by_chance'])} is expected"
                for band, row in good.to_dict("index").items()
            ]
            yield (
                f"Training changed the share of the filters' energy{of} in {', '.join(changes)}, in percentage "
                f"points; p at most {alpha:g}, mean over {subjects} with 95% intervals. Expected is what the same "
                "movements, assigned to each network's filters at random, would give."
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
            points(row["by_chance"]),
            "" if pd.isna(row["p"]) else f"{row['p']:.2g}",
        )
        for row in table.reset_index().to_dict("records")
    ]
    header = (
        *(["Condition"] if several else []),
        *("Band", "Before", "After", "Change in points (95%)", "Expected", "p"),
    )
    return Rows(
        header,
        rows,
        "Share of the filters' energy, computed from the kernels; mean over subjects. Expected: if the movements of "
        "each network were assigned to its filters at random; p: corrected for the number of bands.",
    )


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
