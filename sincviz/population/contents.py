"""Contents of a group: its sections, in the order of the page."""

from collections.abc import Iterator
from typing import Any

from sincviz._utils.text import counted
from sincviz.population.band_use import BAND_USE
from sincviz.population.clusters import BANDS, FREQUENCIES, TIMES
from sincviz.population.networks import ACCURACY, NETWORKS, count_words, subjects_words
from sincviz.population.results import GroupResults
from sincviz.population.runs import FILTERS, RUNS
from sincviz.population.training import TRAINING
from sincviz.population.unit_clusters import UNIT_CLUSTERS
from sincviz.report.contents import Contents, Paragraph, summary_of

SECTIONS = (ACCURACY, BANDS, FREQUENCIES, TIMES, RUNS, BAND_USE, FILTERS, UNIT_CLUSTERS, TRAINING, NETWORKS)


def summary_words(group: GroupResults) -> list[str]:
    """Return what was read, how well it decodes, what is significant, and how far runs agree."""
    answers = summary_of(CONTENTS, group)
    return [*count_words(group), *(sentence for sentences in answers.values() for sentence in sentences)]


def _title(group: GroupResults) -> str:
    """Return a heading that says how many networks and subjects there are."""
    facts = group.facts
    return f"{counted(facts['n_read'], 'network')} of {counted(facts['n_subjects'], 'subject')}"


def _lead(group: GroupResults) -> tuple[Paragraph, ...]:
    return Paragraph(" ".join(count_words(group)), "lead"), Paragraph(f"Subjects: {subjects_words(group)}.")


def _settings(group: GroupResults) -> Iterator[tuple[str, str]]:
    yield from ((name, str(value)) for name, value in group.facts["settings"].items())


def _facts(group: GroupResults) -> dict[str, Any]:
    clusters = group.clusters
    return {
        **group.facts,
        "significant_clusters": []
        if clusters is None
        else clusters[clusters["significant"]].to_dict("records"),
    }


CONTENTS = Contents(
    sections=SECTIONS,
    title=_title,
    lead_title="What these networks have in common",
    lead=_lead,
    settings=_settings,
    facts=_facts,
    facts_file="group.json",
    kept="what was measured in the networks",
)
