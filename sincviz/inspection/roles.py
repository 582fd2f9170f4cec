"""Roles, as a section: whether what the network uses tells the classes by itself, and whether what does is used."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz.analysis.evidence.cell_information import EVOKED_EXCLUDED, POWER_EXCLUDED
from sincviz.analysis.evidence.cell_roles import roles_of
from sincviz.inspection.attribution import OF_FREQUENCIES
from sincviz.inspection.explaining import explained
from sincviz.inspection.leading import with_verdict
from sincviz.inspection.maps import or_say_why
from sincviz.inspection.measuring import InspectionRun
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.role_words import MOST_CLASSES, cells_with_roles, has_rows, role_rows, role_words
from sincviz.inspection.words import of_trials
from sincviz.report.contents import Figure, Section, Sentence, Step, Summary, Table
from sincviz.trials.epochs import network_input, sampling_rate_hz

if TYPE_CHECKING:
    import matplotlib.figure


def _roles(run: InspectionRun) -> tuple[xr.Dataset]:
    trials = run.sound_trials()
    run.needed_classes()
    if not run.has_contrast:
        raise ValueError("This compares classes, so it needs trials of two classes or more.")
    explanation = explained(run)
    permuted_codes, strata = run.exchange()
    roles = roles_of(
        explanation.cells,
        network_input(run.network, trials),
        sampling_rate_hz(run.network.sfreq, trials, None),
        pattern=explanation.pattern,
        permuted_codes=permuted_codes,
        strata=strata,
        units=run.kept_together(),
        seed=run.seed,
    )
    return (roles,)


def _draw(inspection: InspectionResults) -> "matplotlib.figure.Figure":
    assert inspection.roles is not None  # the drawing needs it
    return plotting.plot_roles(inspection.roles.isel(target=slice(MOST_CLASSES)))


def _draw_pattern(inspection: InspectionResults) -> "matplotlib.figure.Figure":
    assert inspection.roles is not None  # the drawing needs it
    return plotting.plot_roles(inspection.roles.isel(target=slice(MOST_CLASSES)), "pattern")


def _frame(inspection: InspectionResults) -> pd.DataFrame:
    return cells_with_roles(inspection).set_index(["target", "band", "channel"])


def _methods(inspection: InspectionResults) -> Iterator[Sentence]:
    if inspection.roles is None:
        return
    yield Sentence(
        "Bands of single channels were sorted by whether the network uses them (contrast of relevance, p < 0.05, "
        "corrected, or, where that of any cell is established, a tenth or more of the largest standard deviation of "
        "the relevance within classes) and whether each alone tells the classes (area under the ROC curve of its log "
        "power and of its evoked response, the latter cross-fitted; p < 0.05, corrected, or a limit from all channels, "
        f"corrected likewise; not informative: areas beyond {POWER_EXCLUDED:.2f} by power "
        f"and above {EVOKED_EXCLUDED:.2f} by evoked responses excluded): used without "
        "information of its own (suppressor), informative but not used (redundant), both or neither "
        "(Haufe et al., 2014).",
        ("haufe",),
    )


ROLES: Section[InspectionResults, InspectionRun] = Section(
    name="roles",
    heading="Evidence",
    steps=(OF_FREQUENCIES, Step("Used and informative", ("roles",), _roles)),
    figures=(
        Figure(
            "roles",
            "Is what the network uses also informative?",
            ("roles",),
            or_say_why(_draw),
            of_trials(
                "Maps: by how much each band of a channel moves the score from trial to trial within classes. Dots: "
                "used, and by itself it tells the classes. Crossed rings, suppressors: used, but by itself it does "
                "not; a network may subtract it from other channels to remove noise, or merely let its noise "
                "through, so in these trials it shows no source of what the classes differ in. Diamonds, "
                "redundant: by itself it tells the classes, but this network does not use it. Plot: how well each "
                "cell alone tells the classes (areas of power below 0.5 are mirrored), against how much the network "
                "uses it; suppressors are at the top left, redundant cells at the bottom right. Not shown does not "
                "mean no.",
            ),
        ),
        Figure(
            "pattern_relevance",
            "Where is the signal that it reads?",
            ("roles",),
            or_say_why(_draw_pattern),
            of_trials(
                "The relevance of each band, shared among the channels that show the signal which the network reads "
                "there, whether or not it uses them (pattern relevance, contrast between the classes). Of the methods "
                "in the benchmark of sincviz this finds simulated sources best. It shows where that signal is seen, "
                "with noise that the network does not remove; what the network uses is in the figures of relevance. "
                "Marks and plot as above.",
            ),
        ),
    ),
    tables=(
        Table(
            "roles",
            ("roles",),
            lambda inspection: with_verdict(_frame(inspection), inspection),
            title="Suppressors and redundant cells",
            rows=role_rows,
            applies=has_rows,
        ),
    ),
    arrays=("roles",),
    summary=(Summary("roles", "Is what it uses informative by itself?", role_words),),
    methods=_methods,
)
