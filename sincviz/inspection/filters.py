"""Temporal filters, as sections: bands, responses, and how cut-offs moved in training."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz.analysis.evidence.learning import learning_curves
from sincviz.analysis.filters.bands import learned_bands
from sincviz.analysis.filters.drift import cutoff_drift, cutoff_history
from sincviz.analysis.filters.overlap import filter_overlap, resolvability
from sincviz.analysis.filters.response import filter_response
from sincviz.eeg.band_limits import ranges_of
from sincviz.eeg.band_words import band_words
from sincviz.eeg.bands import OTHER, RHYTHMS
from sincviz.inspection.measuring import InspectionRun
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import of_weights
from sincviz.networks.ensembles import is_ensemble
from sincviz.report.contents import Figure, Rows, Section, Sentence, Step, Table

MOST_FILTERS = 64
"""Of more filters, figures show the most important."""


def _bands(run: InspectionRun) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, xr.DataArray]:
    front_end = run.front_end
    return (
        learned_bands(front_end),
        resolvability(front_end, run.given_trials),
        cutoff_drift(front_end),
        filter_overlap(front_end),
    )


def _history(run: InspectionRun) -> tuple[pd.DataFrame]:
    history = cutoff_history(run.front_end)
    if history is None:
        raise ValueError(
            "The checkpoint does not store its cut-offs during training; `sincviz train` records them."
        )
    return (history,)


def _learning_curves(run: InspectionRun) -> tuple[pd.DataFrame]:
    curves = learning_curves(run.network)
    if curves is None and is_ensemble(run.network):
        raise ValueError(
            "An ensemble has no learning curve of its own; see those of its networks, file by file."
        )
    if curves is None:
        raise ValueError("The checkpoint does not store its learning curves; `sincviz train` records them.")
    return (curves,)


def are_free(bands: pd.DataFrame) -> bool:
    """Return whether filters have no cut-offs, as the kernels of most networks."""
    return "low_hz" in bands and bool(bands["low_hz"].isna().all())


def _overlap_of(inspection: InspectionResults, filters: list[int]) -> xr.DataArray:
    assert inspection.overlap is not None  # the drawing needs it
    return inspection.overlap.sel(filter=filters, other_filter=filters)


def _response_of_shown(inspection: InspectionResults) -> xr.Dataset:
    assert inspection.response is not None  # the drawing needs it
    return (
        inspection.response
        if inspection.bands is None
        else inspection.response.sel(filter=shown_filters(inspection))
    )


def band_rows(bands: pd.DataFrame, resolvable: pd.DataFrame) -> Rows:
    """Return the bands as computed, and as written where there are cut-offs."""
    rest = band_words(OTHER, ranges_of(RHYTHMS))
    if are_free(bands):
        return Rows(
            ("Filter", "As computed, −3 dB (Hz)", "Peak (Hz)", "Energy in that band", "Rhythm at the peak"),
            [
                (
                    number,
                    f"{row['measured_low_hz']:.1f}–{row['measured_high_hz']:.1f}",
                    f"{row['peak_hz']:.1f}",
                    f"{share:.0%}",
                    rest if row["rhythm"] == OTHER else row["rhythm"],
                )
                if pd.notna(row["peak_hz"])
                else (number, "passes nothing", "", "", "")
                for (number, row), share in zip(
                    bands.iterrows(), resolvable.loc[bands.index, "measured_energy"], strict=True
                )
            ],
            "Energy in that band: the share of the kernel's energy within 3 dB of its peak. Where it is small, the "
            "filter passes other frequencies too.",
        )
    rows = [
        (
            number,
            f"{row['low_hz']:.1f}–{row['high_hz']:.1f}",
            f"{row['measured_low_hz']:.1f}–{row['measured_high_hz']:.1f}",
            f"{row['peak_hz']:.1f}",
            f"{row['in_band_energy']:.0%}",
            rest if row["rhythm"] == OTHER else row["rhythm"],
        )
        for number, row in bands.iterrows()
    ]
    header = ("Filter", "As written (Hz)", "As computed, −3 dB (Hz)", "Peak (Hz)", "Energy in band", "Rhythm")
    return Rows(
        header, rows, "Energy in band: the share of the kernel's energy between its cut-offs as written."
    )


def shown_filters(inspection: InspectionResults) -> list[int]:
    """Return the numbers of the filters that figures show: the most important, if there are too many for all."""
    assert inspection.bands is not None  # the drawing needs it
    numbers = inspection.bands.index.to_numpy()
    if len(numbers) <= MOST_FILTERS:
        return [int(number) for number in numbers]
    if inspection.importance is None:
        return [int(number) for number in numbers[:MOST_FILTERS]]
    order = np.argsort(-inspection.importance["filter_importance"].to_numpy(), kind="stable")[:MOST_FILTERS]
    return sorted(int(number) for number in numbers[order])


def _which(inspection: InspectionResults) -> str:
    """Say which filters a figure shows, if not all."""
    n_filters = 0 if inspection.bands is None else len(inspection.bands)
    if n_filters <= MOST_FILTERS:
        return ""
    which = "first" if inspection.importance is None else "most important"
    return f" Shown are the {MOST_FILTERS} {which} of {n_filters} filters; the tables have all."


def _of_some(caption: str) -> Callable[[InspectionResults], str]:
    """Return what makes the caption of a figure that does not show all of very many filters."""
    return lambda inspection: of_weights(caption + _which(inspection))(inspection)


def _of_filters(with_cutoffs: str, free: str) -> Callable[[InspectionResults], str]:
    """Return what makes a caption, with other words where filters have no cut-offs."""

    def words(inspection: InspectionResults) -> str:
        is_free = inspection.bands is not None and are_free(inspection.bands)
        return _of_some(free if is_free else with_cutoffs)(inspection)

    return words


def _methods(inspection: InspectionResults) -> Iterator[Sentence]:
    if inspection.bands is not None:
        yield Sentence(
            "Bands are reported as the −3 dB limits of the kernels' frequency response"
            + ("." if are_free(inspection.bands) else ", not as their nominal cut-offs.")
        )


BANDS: Section[InspectionResults, InspectionRun] = Section(
    name="bands",
    heading="Filters",
    steps=(Step("Bands", ("bands", "resolvability", "drift", "overlap"), _bands),),
    figures=(
        Figure(
            "bands",
            "Bands of the filters",
            ("bands",),
            lambda inspection: plotting.plot_bands(inspection.bands.loc[shown_filters(inspection)]),
            _of_filters(
                "One row per filter. Blue: between the two learned cut-offs, as written in the network. Orange: "
                "where the kernel's gain is within 3 dB of its peak, as computed. Dashed: before training, where "
                "that is known. Where blue is narrower than orange, the kernel is too short for the band as "
                "written: trust the orange.",
                "One row per filter. Dot: where the kernel's gain is largest; line: where it is within 3 dB of that. A "
                "filter passes other frequencies too, weaker: see its response.",
            ),
        ),
        Figure(
            "overlap",
            "How alike the filters are",
            ("overlap",),
            lambda inspection: plotting.plot_overlap(_overlap_of(inspection, shown_filters(inspection))),
            _of_some(
                "Each cell compares two filters: 1 means that they pass the same. Blocks of dark cells are "
                "filters that learned the same thing; what they show is not independent."
            ),
        ),
    ),
    tables=(
        Table(
            "bands",
            ("bands",),
            lambda inspection: inspection.bands,
            title="The bands in numbers",
            rows=lambda inspection: band_rows(
                inspection.bands.loc[shown_filters(inspection)], inspection.resolvability
            ),
        ),
        Table("resolvability", ("resolvability",), lambda inspection: inspection.resolvability),
        Table("drift", ("drift",), lambda inspection: inspection.drift),
    ),
    arrays=("overlap",),
    methods=_methods,
)


RESPONSES: Section[InspectionResults, InspectionRun] = Section(
    name="responses",
    heading="Filters",
    steps=(Step("Responses", ("response",), lambda run: (filter_response(run.front_end),)),),
    figures=(
        Figure(
            "responses",
            "Response of every filter",
            ("response",),
            lambda inspection: plotting.plot_responses(_response_of_shown(inspection)),
            _of_filters(
                "One panel per filter: gain in dB relative to the filter's peak over frequency. Blue: between the "
                "cut-offs as written. Orange: within 3 dB of the peak. What is high outside the blue leaks "
                "through.",
                "One panel per filter: gain in dB relative to the filter's peak over frequency. Orange: within 3 dB of "
                "the peak. Everything that is high passes.",
            ),
        ),
        Figure(
            "responses_overlay",
            "All responses together",
            ("response",),
            lambda inspection: plotting.plot_responses(_response_of_shown(inspection), overlay=True),
            _of_some(
                "The same gains in one panel, each filter a line, coloured from the lowest to the highest peak."
            ),
        ),
        Figure(
            "cumulative_response",
            "What the whole filter bank passes",
            ("response",),
            lambda inspection: plotting.plot_cumulative_response(inspection.response),
            of_weights(
                "The power that all filters pass together, over frequency: filters gather at its peaks. It shows what "
                "the network can use, not what it does use."
            ),
        ),
    ),
    arrays=("response",),
)


TRAINING: Section[InspectionResults, InspectionRun] = Section(
    name="training",
    heading="Filters",
    steps=(
        Step("Training", ("cutoff_history",), _history),
        Step("Learning curves", ("learning_curves",), _learning_curves),
    ),
    figures=(
        Figure(
            "cutoff_history",
            "How the cut-offs moved",
            ("cutoff_history",),
            lambda inspection: plotting.plot_cutoff_history(inspection.cutoff_history),
            of_weights(
                "Centre (left) and width (right) of each filter's band as written, over the epochs of training; "
                "lines are coloured from the lowest centre to the highest. Filters whose lines stay flat kept the "
                "band that they were given."
            ),
        ),
    ),
    tables=(
        Table(
            "cutoff_history",
            ("cutoff_history",),
            lambda inspection: inspection.cutoff_history.set_index("epoch"),
        ),
    ),
)
