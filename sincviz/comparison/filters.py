"""Filters, as sections: matched bands and matched scalp maps."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz._utils.text import coefficient, counted, shown_name
from sincviz.analysis.filters.pairs import filter_pairs
from sincviz.analysis.maps.spatial import relative_maps
from sincviz.comparison.measuring import ComparisonRun
from sincviz.comparison.results import ComparisonResults
from sincviz.inspection.inspection import Inspection
from sincviz.report.contents import Figure, Rows, Section, Sentence, Step, Summary, Table

ALIKE = 0.8
"""Overlap of responses from which a pair of filters is called close."""

MOVED_HZ = 1.0
"""Peaks of a close pair that are further apart are told."""

MOST_MAPS = 8


def _pairs(run: ComparisonRun) -> tuple[pd.DataFrame]:
    run.check_finite()
    return (filter_pairs(*run.front_ends, *_maps_of(run)),)


def _maps_of(run: ComparisonRun) -> list[xr.DataArray | None]:
    """Return the patterns of both networks, or if one has none the weights of both."""
    patterns = [one.spatial_patterns for one in run.inspections]
    if all(one is not None for one in patterns):
        return patterns
    return [one.spatial_filters for one in run.inspections]


def _paired_maps(run: ComparisonRun) -> tuple[xr.DataArray]:
    """Return the map of each of the most important filters of the first network beside that of its match."""
    pairs = run.needed("filters")
    first, second = _maps_of(run)
    if pairs["map_similarity"].isna().all() or first is None or second is None:
        raise ValueError(
            "No filters match, or the networks have other channels or other numbers of spatial filters."
        )
    second = second.sel(channel=first["channel"].to_numpy())  # the same, in another order
    matched = pairs[(pairs.index >= 0) & pairs["map_similarity"].notna()]
    matched = matched.loc[_important_first(run.inspections[0], matched.index)[:MOST_MAPS]]
    rows = []
    for number, other_number in zip(matched.index, matched["other_filter"], strict=True):
        ours, theirs = first.sel(filter=number), second.sel(filter=other_number)
        cosines = _directions(ours.to_numpy()) @ _directions(theirs.to_numpy()).T
        unit, other_unit = np.unravel_index(np.abs(cosines).argmax(), cosines.shape)
        # The sign of a spatial filter is arbitrary.
        sign = 1.0 if cosines[unit, other_unit] >= 0 else -1.0
        rows.append(np.stack([ours[unit].to_numpy(), sign * theirs[other_unit].to_numpy()]))
    places = {name: coord for name, coord in first.coords.items() if coord.dims == ("channel",)}
    names = [f"{one} · {other}" for one, other in zip(matched.index, matched["other_filter"], strict=True)]
    values = xr.DataArray(
        np.stack(rows),
        places | {"filters": names, "network": ["first", "second"]},
        ("filters", "network", "channel"),
        "map",
    )
    return (relative_maps(values.transpose("network", "filters", "channel")),)


def _important_first(inspection: Inspection, numbers: pd.Index) -> pd.Index:
    if inspection.importance is None:
        return numbers
    importance = inspection.importance["filter_importance"].to_series()
    return importance.loc[numbers].sort_values(ascending=False, kind="stable").index


def _directions(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1.0))


def filters_in_words(comparison: ComparisonResults) -> Iterator[str]:
    """Yield how many filters correspond, and how many of these have other peaks."""
    pairs = comparison.filters
    if pairs is None:
        return
    close = pairs[pairs["overlap"] >= ALIKE]
    moved = int((close["peak_shift_hz"].abs() > MOVED_HZ).sum())
    n_first, n_second = (
        counted(int(inspection.bands["peak_hz"].notna().sum()), "filter")
        for inspection in (comparison.first, comparison.second)
        if inspection.bands is not None
    )
    alike = close["map_similarity"].mean()
    what = "weights on the scalp" if comparison.first.spatial_patterns is None else "patterns on the scalp"
    maps = "" if np.isnan(alike) else f"; their {what} have a similarity of {coefficient(alike)} (mean)"
    yield (
        f"{len(close)} of {n_first} of {shown_name(comparison.names[0])} have a close match among {n_second} of "
        f"{shown_name(comparison.names[1])} (overlap of the responses of {ALIKE:g} or more){maps}. The peaks of "
        f"{moved} of these pairs lie more than {MOVED_HZ:g} Hz apart."
    )


def filter_rows(comparison: ComparisonResults) -> Rows:
    """Return the matched filters."""
    assert comparison.filters is not None  # the table needs it
    first, second = map(shown_name, comparison.names)
    rows = [
        (
            *("–" if one < 0 else one for one in (number, row["other_filter"])),
            _band(row, ""),
            _band(row, "other_"),
            "" if pd.isna(row["peak_shift_hz"]) else f"{row['peak_shift_hz']:+.1f}",
            coefficient(row["overlap"]),
            coefficient(row["map_similarity"]),
        )
        for number, row in zip(comparison.filters.index, comparison.filters.to_dict("records"), strict=True)
    ]
    header = (
        *(f"Filter of {first}", f"Filter of {second}", f"Band of {first} (Hz)", f"Band of {second} (Hz)"),
        *("Shift of the peak (Hz)", "Responses alike", "Maps alike"),
    )
    return Rows(
        header,
        rows,
        "Bands are measured (−3 dB). Alike: cosine of the amplitude responses, and of the scalp maps.",
    )


def _band(row: Mapping[Hashable, Any], prefix: str) -> str:
    if pd.isna(row[f"{prefix}peak_hz"]):
        return ""
    return f"{row[f'{prefix}measured_low_hz']:.1f}–{row[f'{prefix}measured_high_hz']:.1f}"


def _methods(comparison: ComparisonResults) -> Iterator[Sentence]:
    if comparison.filters is not None:
        yield Sentence(
            "Filters of the two networks were matched by the overlap (cosine) of their amplitude responses with the "
            "Hungarian method (Kuhn, 1955).",
            ("kuhn",),
        )


FILTERS: Section[ComparisonResults, ComparisonRun] = Section(
    name="filters",
    heading="Filters",
    steps=(Step("Filters", ("filters",), _pairs),),
    figures=(
        Figure(
            "filters",
            "Bands of matched filters",
            ("filters",),
            lambda comparison: plotting.plot_filter_pairs(
                comparison.filters.sort_values("peak_hz"), comparison.names
            ),
            lambda comparison: (
                "One row per pair of filters, lowest peak first: measured band (−3 dB) and peak of each. Right: how "
                "alike their responses and scalp maps are. A dash stands for a filter without a match."
            ),
        ),
    ),
    tables=(
        Table(
            "filters",
            ("filters",),
            lambda comparison: comparison.filters,
            title="Matched filters in numbers",
            rows=filter_rows,
        ),
    ),
    summary=(Summary("filters", "Did they learn the same filters?", filters_in_words),),
    methods=_methods,
)


MAPS: Section[ComparisonResults, ComparisonRun] = Section(
    name="maps",
    heading="Maps",
    steps=(Step("Maps", ("maps",), _paired_maps),),
    figures=(
        Figure(
            "maps",
            "Scalp maps of matched filters",
            ("maps",),
            lambda comparison: plotting.plot_topomaps(
                comparison.maps.assign_coords(network=[shown_name(name) for name in comparison.names])
            ),
            lambda comparison: (
                "The filters of the first network that can move the scores most, each above its match, with its most "
                "similar unit; every map relative to its largest value, the sign of the second as of the first."
            ),
        ),
    ),
    arrays=("maps",),
)
