"""Contents of a comparison: its sections, in the order of the page."""

from collections.abc import Iterator
from typing import Any

from markupsafe import escape

from sincviz._utils.text import shown_name
from sincviz.comparison.attribution import RELEVANCE
from sincviz.comparison.decisions import DECISIONS
from sincviz.comparison.filters import FILTERS, MAPS
from sincviz.comparison.results import ComparisonResults, verdicts_in_words
from sincviz.explorer.embedding import explorer_html, script_hash
from sincviz.inspection.explorer import payload
from sincviz.inspection.words import data_words, network_words
from sincviz.report.contents import Contents, LivePart, Paragraph, summary_of

SECTIONS = (DECISIONS, FILTERS, MAPS, RELEVANCE)


def summary_words(comparison: ComparisonResults) -> list[str]:
    """Return how well both decode, where they differ, and what can be read."""
    answers = summary_of(CONTENTS, comparison)
    return [
        *verdicts_in_words(comparison),
        *(sentence for sentences in answers.values() for sentence in sentences),
    ]


def _title(comparison: ComparisonResults) -> str:
    return " and ".join(shown_name(name) for name in comparison.names)


def _lead(comparison: ComparisonResults) -> tuple[Paragraph, ...]:
    return (
        *(
            Paragraph(f"{shown_name(name)}: {network_words(inspection)}", "lead")
            for name, inspection in comparison.inspections.items()
        ),
        Paragraph(data_words(comparison.first, of_trials=bool(comparison.first.trials))),
        *(Paragraph(words, "verdict") for words in verdicts_in_words(comparison)),
    )


def _settings(comparison: ComparisonResults) -> Iterator[tuple[str, str]]:
    yield "seed", str(comparison.seed)
    for name, inspection in comparison.inspections.items():
        yield f"SHA-256 of the weights of {shown_name(name)}", inspection.network["weights_sha256"]
    if comparison.first.trials:
        yield "SHA-256 of the trials, as the first network sees them", comparison.first.trials["sha256"]


def _facts(comparison: ComparisonResults) -> dict[str, Any]:
    return {
        "seed": comparison.seed,
        "names": list(comparison.names),
        "networks": [inspection.network for inspection in comparison.inspections.values()],
        "verdicts": [inspection.verdict for inspection in comparison.inspections.values()],
        "trials": comparison.first.trials,
        "decisions": None if comparison.decisions is None else dict(comparison.decisions.attrs),
    }


def _explorers(comparison: ComparisonResults) -> LivePart | None:
    """Return the explorers of both networks, folded up."""
    texts = {name: payload(inspection) for name, inspection in comparison.inspections.items()}
    html = "".join(
        f"<details class='sincviz'><summary>{escape(shown_name(name))}</summary>{explorer_html(text)}</details>"
        for name, text in texts.items()
        if text is not None
    )
    return LivePart("Explore and edit both", html, script_hash()) if html else None


CONTENTS = Contents(
    sections=SECTIONS,
    title=_title,
    lead_title="What two networks have in common",
    lead=_lead,
    settings=_settings,
    facts=_facts,
    facts_file="comparison.json",
    live=_explorers,
)
