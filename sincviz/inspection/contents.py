"""Contents of an inspection: its sections, in the order of the page."""

from collections.abc import Iterator
from typing import Any

from sincviz._utils.text import listed
from sincviz.inspection.accuracy import ACCURACY
from sincviz.inspection.attribution import RELEVANCE
from sincviz.inspection.evidence import EVIDENCE
from sincviz.inspection.explorer import EXPLORER, live_part
from sincviz.inspection.filters import BANDS, RESPONSES, TRAINING
from sincviz.inspection.findings import ARTEFACTS, FINDINGS
from sincviz.inspection.leading import LEADING, with_verdict
from sincviz.inspection.maps import MAPS
from sincviz.inspection.network import NETWORK
from sincviz.inspection.overview import NAMES, OVERVIEW
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.roles import ROLES
from sincviz.inspection.seeds import SEEDS, UNSTABLE_SEEDS
from sincviz.inspection.sensitivity import SENSITIVITY
from sincviz.inspection.shortcuts import SHORTCUTS
from sincviz.inspection.time import TIME
from sincviz.inspection.words import data_words, network_words, slow_words, verdict_words
from sincviz.report.contents import Contents, Paragraph

SECTIONS = (
    *(
        NETWORK,
        OVERVIEW,
        FINDINGS,
        UNSTABLE_SEEDS,
        BANDS,
        RESPONSES,
        TRAINING,
        ACCURACY,
        LEADING,
        MAPS,
        RELEVANCE,
        TIME,
        ROLES,
        SEEDS,
        EVIDENCE,
        SHORTCUTS,
        SENSITIVITY,
    ),
    *(EXPLORER, ARTEFACTS),
)


def _title(inspection: InspectionResults) -> str:
    """Return a heading that names the classes."""
    return f"{inspection.network['kind']}: {listed(inspection.network['class_names'], 4)}"


def _lead(inspection: InspectionResults) -> tuple[Paragraph, ...]:
    slow = slow_words(inspection)
    return (
        *([Paragraph(slow, "verdict")] if slow else []),
        Paragraph(network_words(inspection), "lead"),
        Paragraph(data_words(inspection, of_trials=bool(inspection.trials))),
        Paragraph(verdict_words(inspection), "verdict"),
    )


def _settings(inspection: InspectionResults) -> Iterator[tuple[str, str]]:
    """Yield seed and hashes."""
    yield "seed", str(inspection.seed)
    yield "SHA-256 of the weights", inspection.network["weights_sha256"]
    if inspection.trials:
        yield "SHA-256 of the trials, as the network sees them", inspection.trials["sha256"]
    for name, value in inspection.network["training"].items():
        words = (
            ", ".join(f"{key} = {one}" for key, one in value.items()) if isinstance(value, dict) else value
        )
        yield f"training: {name}", str(words)


def _facts(inspection: InspectionResults) -> dict[str, Any]:
    bands, accuracies = inspection.leading_bands, inspection.accuracies
    return {
        "seed": inspection.seed,
        "network": inspection.network,
        "trials": inspection.trials,
        "verdict": inspection.verdict,
        "accuracy": None if accuracies is None else accuracies.reset_index().to_dict("records"),
        **_correlation(inspection),
        "leading_bands": None
        if bands is None
        else with_verdict(bands, inspection).reset_index().to_dict("records"),
    }


def _correlation(inspection: InspectionResults) -> dict[str, Any]:
    if inspection.correlations is None:
        return {}
    return {"correlation": inspection.correlations.reset_index().to_dict("records")}


CONTENTS = Contents(
    sections=SECTIONS,
    title=_title,
    lead_title="What this network uses",
    lead=_lead,
    settings=_settings,
    facts=_facts,
    facts_file="inspection.json",
    opening=NAMES,
    live=live_part,
)
