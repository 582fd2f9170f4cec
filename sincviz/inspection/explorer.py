"""Explorer, as a section: the part of the page that shows filters, scalp and trials together, and can be edited."""

from typing import Any

import xarray as xr

from sincviz._utils.text import listed
from sincviz.explorer.contents import explorer_dataset
from sincviz.explorer.embedding import explorer_html, script_hash
from sincviz.explorer.payload import payload_text
from sincviz.inspection.accuracy import accuracy_words
from sincviz.inspection.attribution import RELEVANCE
from sincviz.inspection.filters import BANDS, RESPONSES, TRAINING
from sincviz.inspection.maps import MAPS
from sincviz.inspection.measuring import NOT_FINITE, InspectionRun
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.time import OF_BOTH, OF_TIMES
from sincviz.inspection.words import verdict_words
from sincviz.report.contents import LivePart, Section, Step

_RESULTS = (
    *("importance", "drift", "response", "spatial_filters", "spatial_patterns", "relevance"),
    *("spectral_relevance", "temporal_relevance", "time_frequency_relevance", "band_relevance"),
    *("predictions", "accuracies", "findings", "cutoff_history", "roles"),
)
_CURVES = {"loss": ("train_loss", "valid_loss"), "accuracy": ("valid_accuracy",)}


def _contents(run: InspectionRun) -> tuple[xr.Dataset]:
    if run.is_broken:
        raise ValueError(NOT_FINITE)
    if run.network.numeric:
        raise ValueError(
            "The explorer shows decisions between classes, but the outputs of this network are numbers."
        )
    measured: dict[str, Any] = {name: run.results.get(name) for name in _RESULTS}
    contents = explorer_dataset(
        run.front_end,
        run.trials,
        run.classes(),
        bands=run.needed("bands"),
        numbers=run.numbers,
        cell_relevance=run.of_trials,
        words={"labels": run.y is not None, "history": _history(run)},
        seed=run.seed,
        **measured,
    )
    return (contents,)


def _history(run: InspectionRun) -> dict[str, Any] | None:
    """Return loss and accuracy over the epochs of training."""
    curves = run.results.get("learning_curves")
    if curves is None:
        return None
    # As the cut-offs, from before training on.
    kinds = {
        kind: {name.split("_")[0]: [None, *curves[name].tolist()] for name in names if name in curves}
        for kind, names in _CURVES.items()
    }
    return {"epochs": [0, *curves["epoch"].tolist()]} | kinds


def payload(inspection: InspectionResults) -> str | None:
    """Return what the explorer of a page carries, with the verdict; ``None`` if it was not measured."""
    if inspection.explorer is None:
        return None
    names = inspection.network["class_names"]
    # Where nothing can be read, no cell has a role.
    unknown = () if inspection.verdict["readable"] else ("band_role",)
    return payload_text(
        inspection.explorer.drop_vars(unknown, errors="ignore").assign_attrs(
            kind=inspection.network["kind"],
            title=" against ".join(names) if len(names) == 2 else listed(names),
            readable=inspection.verdict["readable"],
            verdict=verdict_words(inspection),
            accuracy=_with_words(inspection),
        )
    )


def _with_words(inspection: InspectionResults) -> dict[str, Any] | None:
    assert inspection.explorer is not None  # checked by the caller
    accuracy = inspection.explorer.attrs["accuracy"]
    return None if accuracy is None else accuracy | {"words": " ".join(accuracy_words(inspection))}


def live_part(inspection: InspectionResults) -> LivePart | None:
    """Return the explorer as a part of the page."""
    text = payload(inspection)
    if text is None:
        return None
    assert inspection.explorer is not None  # there is a text of it
    title = "Explore and edit" if inspection.explorer.attrs["can_recompute"] else "Explore"
    return LivePart(title, explorer_html(text, owns_address=True), script_hash())


EXPLORER: Section[InspectionResults, InspectionRun] = Section(
    name="explorer",
    heading="",
    steps=(
        *(step for section in (BANDS, RESPONSES, TRAINING, MAPS, RELEVANCE) for step in section.steps),
        OF_TIMES,
        OF_BOTH,
        Step("Explorer", ("explorer",), _contents),
    ),
)
"""What is above the sections of the topics, and shows what they measure."""
