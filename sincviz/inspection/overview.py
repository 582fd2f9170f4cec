"""Overview, as a section: the one picture that page and notebook begin with."""

from typing import TYPE_CHECKING

import xarray as xr

from sincviz import plotting
from sincviz._utils.text import joined
from sincviz.analysis.maps.spatial import relative_maps
from sincviz.analysis.maps.unit_importance import most_important
from sincviz.inspection.measuring import InspectionRun
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.role_words import suppressors_among
from sincviz.inspection.words import of_trials, of_weights
from sincviz.report.contents import Figure, Section

if TYPE_CHECKING:
    import matplotlib.figure

_MOST_UNITS = 6
NAMES = ("overview", "overview_narrow")
"""Of the figure, and of the same for narrow screens and single columns."""


def overview(inspection: InspectionResults, columns: int = 2) -> "matplotlib.figure.Figure":
    """Return the one picture of an inspection."""
    maps = inspection.spatial_filters if inspection.spatial_patterns is None else inspection.spatial_patterns
    units = None
    if maps is not None and inspection.importance is not None:
        units = relative_maps(_leading_units(most_important(maps, inspection.importance), inspection))
    return plotting.plot_overview(
        inspection.bands,
        units,
        accuracies=inspection.accuracies,
        correlations=inspection.correlations,
        leading_bands=inspection.leading_bands,
        band_relevance=inspection.band_relevance,
        deletion=inspection.deletion,
        randomization=inspection.randomization,
        columns=columns,
    )


def _leading_units(units: xr.DataArray, inspection: InspectionResults) -> xr.DataArray:
    """Return the units that matter most: of the filters with the largest relevance, each by its most important unit.

    Without relevance, those that can move the scores most.
    """
    if inspection.leading_filters is None or not inspection.verdict["readable"]:
        return units.isel(unit=slice(_MOST_UNITS))
    worth = inspection.leading_filters["relevance"].groupby("filter").sum()
    filters = worth[worth > 0].sort_values(ascending=False, kind="stable").index[:_MOST_UNITS]
    numbers = units["filter"].to_numpy().tolist()
    chosen = [numbers.index(number) for number in filters if number in numbers]
    return units.isel(unit=chosen).assign_attrs(led_by="relevance")


def _caption(inspection: InspectionResults) -> str:
    if inspection.leading_bands is None:
        return of_weights(
            "What the weights say: the bands of the filters and the maps of the leading units."
        )(inspection)
    words = of_trials(
        "How well the network decodes, which bands and places its decision rests on, what its leading units see, and "
        "what was checked: green is shown, orange is not shown or doubtful, grey could not be checked. Lines are 95% "
        "intervals; what is pale is not established, white dots are (p < 0.05, corrected)."
    )(inspection)
    return " ".join(filter(None, [words, _suppressors(inspection)]))


def _suppressors(inspection: InspectionResults) -> str:
    """Return which of the leading channels are no places of information; empty if none are known to be none."""
    assert inspection.leading_bands is not None  # asked before
    found = []
    for row in inspection.leading_bands.reset_index().to_dict("records"):
        names = suppressors_among(inspection, row["target"], row["band"], row["channels"])
        found += [f"{', '.join(names)} in {row['band']}"] if names else []
    named = joined(list(dict.fromkeys(found))) if found else ""
    return (
        f"Used, but without class information of their own that these trials show: {named}." if named else ""
    )


def _applies(inspection: InspectionResults) -> bool:
    return inspection.bands is not None or inspection.leading_bands is not None


OVERVIEW: Section[InspectionResults, InspectionRun] = Section(
    name="overview",
    heading="",
    figures=tuple(
        Figure(
            name,
            "At a glance",
            (),
            lambda inspection, columns=columns: overview(inspection, columns),
            _caption,
            applies=_applies,
        )
        for name, columns in zip(NAMES, (2, 1), strict=True)
    ),
    always=True,
)
