"""Spatial filters, as a section: weights, patterns and which units matter."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz.analysis.maps.spatial import relative_maps, spatial_filters, spatial_patterns
from sincviz.analysis.maps.unit_importance import has_linear_head, importance, most_important
from sincviz.errors import PositionsError
from sincviz.inspection.measuring import MOST_EVIDENCE_TRIALS, InspectionRun
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import of_trials, of_weights
from sincviz.plotting.canvas.drawn_results import TooManyMapsError
from sincviz.report.contents import Figure, Section, Sentence, Step, Table
from sincviz.trials.epochs import n_trials_of, some_of

if TYPE_CHECKING:
    import matplotlib.figure


MOST_MAPS = 32


MOST_PAIRS = 8

MOST_REPLACEMENTS = 10_000
"""Trials times units."""

FEWEST_REPLACED = 20


_MAPS = (
    "One map per unit (a temporal filter and one of its spatial filters), the most important first, "
    "32 at most, each relative to its largest value. With trials these are patterns: where the activity that the "
    "unit picks up lies. Without trials they are weights, which also suppress what the unit must not pick up, and "
    "do not show where sources lie."
)


def _importance(run: InspectionRun) -> tuple[xr.Dataset]:
    front_end, trials = run.front_end, run.trials
    if trials is not None and not has_linear_head(front_end):
        # What follows is run again for every unit: of many units fewer trials have to do.
        n_units = front_end.spatial.shape[0] * front_end.spatial.shape[1]
        most = run.within_reach(n_units, min(MOST_EVIDENCE_TRIALS, MOST_REPLACEMENTS // n_units))
        if most < FEWEST_REPLACED:
            raise ValueError(
                f"With {n_units} units it would take too long here: `sincviz.importance(model, epochs)` measures it."
            )
        every = n_trials_of(trials)
        trials = some_of(trials, np.unique(np.linspace(0, every - 1, min(most, every), dtype=int)))
    return (importance(front_end, trials),)


def _important_first(maps: xr.DataArray, inspection: InspectionResults, most: int) -> xr.DataArray:
    """Return the shapes of the maps, the most important first where that is known."""
    if inspection.importance is None:
        return relative_maps(maps).isel(filter=slice(max(1, most // maps.sizes["depth"])))
    return relative_maps(most_important(maps, inspection.importance, most))


def _spatial_maps(inspection: InspectionResults) -> "matplotlib.figure.Figure":
    maps = inspection.spatial_filters if inspection.spatial_patterns is None else inspection.spatial_patterns
    assert maps is not None  # the drawing needs it
    return plotting.plot_topomaps(_important_first(maps, inspection, MOST_MAPS))


def _pairs(inspection: InspectionResults) -> "matplotlib.figure.Figure":
    assert inspection.spatial_filters is not None
    assert inspection.spatial_patterns is not None  # the drawing needs both
    return plotting.plot_spatial_filters_and_patterns(
        _important_first(inspection.spatial_filters, inspection, MOST_PAIRS),
        _important_first(inspection.spatial_patterns, inspection, MOST_PAIRS),
    )


def or_say_why(
    draw: Callable[[InspectionResults], "matplotlib.figure.Figure"],
) -> Callable[[InspectionResults], "matplotlib.figure.Figure"]:
    """Draw, or say in place of the figure why it cannot be drawn."""

    def drawn(inspection: InspectionResults) -> "matplotlib.figure.Figure":
        try:
            return draw(inspection)
        except (PositionsError, TooManyMapsError) as error:
            return plotting.plot_notice("Scalp maps of this network cannot be drawn.", str(error))

    return drawn


def _caption(inspection: InspectionResults) -> str:
    """Say of patterns what the trials are, of weights what the network was trained on."""
    of = of_weights if inspection.spatial_patterns is None else of_trials
    return of(_MAPS + _products(inspection))(inspection)


def _products(inspection: InspectionResults) -> str:
    """Say how much of units a single map shows, where they are no products."""
    if inspection.network.get("separable", True):
        return ""
    if inspection.spatial_patterns is None:
        return f" One map stands for {inspection.network['separability']:.0%} of a unit's weights (median)."
    share = float(inspection.spatial_patterns["explained"].median())
    return (
        " Units see other places at other frequencies: a map shows what they see where they let most through on these "
        f"trials, and stands for {share:.0%} of their output (median)."
    )


def _unit_table(units_of: xr.Dataset) -> pd.DataFrame:
    """Return one row per unit: importance, weights, spread, and what it adds to each class."""
    units = ["importance", *(name for name in ("weight_norm", "feature_std") if name in units_of)]
    table = units_of[units].to_dataframe()[units]
    for name in units_of["target"].to_numpy():
        table[f"contribution_{name}"] = units_of["contribution"].sel(target=name).to_series()
    return table


def _map_table(maps: xr.DataArray) -> pd.DataFrame:
    """Return one row per unit, one column per channel."""
    units = maps.stack(unit=("filter", "depth")).transpose("unit", "channel")  # noqa: PD013 (of xarray)
    return pd.DataFrame(units.to_numpy(), units.indexes["unit"], units["channel"].to_numpy())


def _methods(inspection: InspectionResults) -> Iterator[Sentence]:
    if inspection.spatial_patterns is not None:
        fitted = "" if inspection.network.get("separable", True) else ", fitted to its output on the trials"
        yield Sentence(
            "Scalp maps show patterns (Haufe et al., 2014), computed for each unit with the covariance of "
            f"the trials filtered by its own temporal filter{fitted} (Petrosyan et al., 2021).",
            ("haufe", "petrosyan"),
        )


MAPS: Section[InspectionResults, InspectionRun] = Section(
    name="maps",
    heading="Maps",
    steps=(
        Step("Spatial filters", ("spatial_filters",), lambda run: (spatial_filters(run.front_end),)),
        Step("Importance", ("importance",), _importance),
        Step(
            "Patterns",
            ("spatial_patterns",),
            lambda run: (spatial_patterns(run.front_end, run.needed_trials()),),
        ),
    ),
    figures=(
        Figure(
            "spatial_maps",
            "Scalp maps of the units",
            ("spatial_filters",),
            or_say_why(_spatial_maps),
            _caption,
        ),
        Figure(
            "filters_and_patterns",
            "Weights and patterns of the leading units",
            ("spatial_filters", "spatial_patterns"),
            or_say_why(_pairs),
            of_trials(
                "Above: the weights with which a unit mixes the channels. Below: its pattern, the activity that "
                "drives it (computed with the covariance of the trials as filtered by this unit's filter). "
                "Interpret the patterns."
            ),
        ),
    ),
    tables=(
        Table("importance", ("importance",), lambda inspection: _unit_table(inspection.importance)),
        Table(
            "spatial_filters", ("spatial_filters",), lambda inspection: _map_table(inspection.spatial_filters)
        ),
        Table(
            "spatial_patterns",
            ("spatial_patterns",),
            lambda inspection: _map_table(inspection.spatial_patterns),
        ),
    ),
    arrays=("importance", "spatial_filters", "spatial_patterns"),
    methods=_methods,
)
