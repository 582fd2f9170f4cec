"""One self-contained HTML page: an mne.Report of a group."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from sincviz._utils.text import counted
from sincviz.inspection.facts import system_facts
from sincviz.population.group import Group
from sincviz.report.group_drawings import group_drawings
from sincviz.report.group_methods import group_methods
from sincviz.report.group_tables import group_tables, network_rows
from sincviz.report.group_words import (
    accuracy_words,
    agreement_words,
    band_use_words,
    cluster_words,
    count_words,
    drift_words,
    filter_words,
    readable_words,
    shift_words,
    subjects_words,
)
from sincviz.report.html import empty_page, figure_html, render, save_page, table_html
from sincviz.report.tables import Rows

SECTIONS = ("Bands on the scalp", "Frequencies", "Band use", "Runs", "Filters", "Training")


def write_group_html(
    found: Group, path: Path, pictures: Mapping[str, tuple[Path, float]], title: str | None
) -> None:
    """Write the page.

    Parameters
    ----------
    found : Group
        What was measured.
    path : pathlib.Path
        The file to write; one that is there is replaced.
    pictures : mapping of str to (pathlib.Path, float)
        PNG file and width in mm of each figure, by its name.
    title : str | None
        Heading; ``None`` says how many networks and subjects there are.
    """
    page = empty_page(title or default_title(found))
    for section, name, html in _parts(found, pictures):
        page.add_html(html, name, section=section, tags=(section.lower().replace(" ", "-"),))
    save_page(page, path)


def default_title(found: Group) -> str:
    """Return a heading that says how many networks and subjects there are."""
    facts = found.facts
    return f"{counted(facts['n_read'], 'network')} of {counted(facts['n_subjects'], 'subject')}"


def _parts(found: Group, pictures: Mapping[str, tuple[Path, float]]) -> Iterator[tuple[str, str, str]]:
    """Yield section, title and HTML of every part of the page, in order."""
    yield "Summary", "What these networks have in common", render("group_summary", **_summary(found))
    yield "Summary", "Findings and what to do", render("findings", rows=found.findings.to_dict("records"))
    drawings = list(group_drawings(found))
    tables = list(group_tables(found))
    for section in SECTIONS:
        for drawing in drawings:
            if drawing.section == section and drawing.picture.name in pictures:
                title = drawing.picture.title
                yield section, title, figure_html(title, drawing.caption, *pictures[drawing.picture.name])
        yield from ((own, name, table_html(*rows)) for own, name, rows in tables if own == section)
    if found.missing:
        yield "Summary", "What could not be measured", render("missing", reasons=list(found.missing.items()))
    yield "Networks", "Every row of the manifest", table_html(*network_rows(found.networks))
    text, references = group_methods(found)
    yield "Methods", "A paragraph for the paper", render("methods", text=text, references=references)
    yield "System", "Versions and settings", table_html(*_system_rows(found))


def _summary(found: Group) -> dict[str, object]:
    return {
        "lead": next(iter(count_words(found))),
        "subjects": f"Subjects: {subjects_words(found)}.",
        "accuracy": [*accuracy_words(found), *readable_words(found)],
        "clusters": list(cluster_words(found)),
        "use": list(band_use_words(found)),
        "runs": [*agreement_words(found), *filter_words(found)],
        "training": [*drift_words(found), *shift_words(found)],
    }


def _system_rows(found: Group) -> Rows:
    rows = [*system_facts().items(), *((name, str(value)) for name, value in found.facts["settings"].items())]
    return ("What", "Value"), rows, ""
