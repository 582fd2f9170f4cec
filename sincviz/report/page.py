"""One self-contained HTML page: an mne.Report of an inspection."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt

from sincviz import plotting
from sincviz._utils.text import listed
from sincviz.inspection.facts import system_facts
from sincviz.inspection.inspection import Inspection
from sincviz.plotting.canvas.style import millimetres
from sincviz.report.drawings import DRAWINGS, Drawing, drawings_of, reasons_of
from sincviz.report.html import empty_page, figure_html, render, save_page, style_sheet, table_html
from sincviz.report.methods import methods_paragraph
from sincviz.report.summary import (
    accuracy_words,
    alarm_words,
    basis_words,
    certainty_words,
    not_evidence,
    suspicion_words,
    unsuspected_words,
    verdict_words,
)
from sincviz.report.tables import (
    accuracy_rows,
    band_rows,
    confusion_rows,
    leading_rows,
    system_rows,
)
from sincviz.report.words import data_words, network_words

_NOTEBOOK_DPI = 120
HEADINGS = {
    "bands": "Bands",
    "responses": "Responses",
    "maps": "Scalp maps",
    "relevance": "Relevance",
    "evidence": "Evidence",
    "training": "Training history",
}


def write_html(
    found: Inspection, path: Path, pictures: Mapping[str, tuple[Path, float]], title: str | None
) -> None:
    """Write the page.

    Parameters
    ----------
    found : Inspection
        What was measured.
    path : pathlib.Path
        The file to write; one that is there is replaced.
    pictures : mapping of str to (pathlib.Path, float)
        PNG file and width in mm of each figure, by its name.
    title : str | None
        Heading; ``None`` names the classes.
    """
    page = empty_page(title or default_title(found))
    for section, name, html in _parts(found, pictures):
        page.add_html(html, name, section=section, tags=(section.lower().replace(" ", "-"),))
    save_page(page, path)


def default_title(found: Inspection) -> str:
    """Return a heading that names the classes."""
    return f"{found.network['kind']}: {listed(found.network['class_names'], 4)}"


def summary_html(found: Inspection) -> str:
    """Return the summary, a few figures and the findings, for a notebook."""
    css = style_sheet()
    # What is after the first media rule is about the page, not about these parts.
    own = "\n".join(line for line in css.split("@media")[0].splitlines() if line.startswith(".sincviz"))
    return f"<style>{own}</style>{_summary(found)}{''.join(_shown(found))}{_findings(found)}"


def _shown(found: Inspection) -> Iterator[str]:
    """Yield a few figures for a notebook; they keep the pixels that a screen shows."""
    made = {drawing.name: drawing for drawing in drawings_of(found)}
    maps = "filters_and_patterns" if "filters_and_patterns" in made else "spatial_maps"
    with tempfile.TemporaryDirectory(prefix="sincviz-") as folder:
        for drawing in (made[name] for name in ("relevance", maps, "bands") if name in made):
            figure, picture = drawing.draw(found), Path(folder, "figure.png")
            plotting.save_figure(figure, picture, dpi=_NOTEBOOK_DPI)
            plt.close(figure)
            yield _figure(found, drawing, picture, millimetres(figure.get_figwidth()))


def _figure(found: Inspection, drawing: Drawing, picture: Path, width_mm: float) -> str:
    of_trials = drawing.is_of_trials(found)
    warning = not_evidence(found) if of_trials else ""
    caption = f"{warning} {drawing.caption} {data_words(found, of_trials=of_trials)}".strip()
    return figure_html(drawing.title, caption, picture, width_mm)


def _parts(found: Inspection, pictures: Mapping[str, tuple[Path, float]]) -> "Iterator[tuple[str, str, str]]":
    """Yield section, title and HTML of every part of the page, in order."""
    yield "Summary", "What this network uses", _summary(found)
    if found.leading_bands is not None:
        yield "Summary", "By class and band", table_html(*leading_rows(found))
    yield "Summary", "Findings and what to do", _findings(found)
    reasons = reasons_of(found)
    made = {drawing.name for drawing in drawings_of(found)} & set(pictures)
    for section, heading in HEADINGS.items():
        if section not in found.sections:
            continue
        for drawing in DRAWINGS:
            if drawing.section == section and drawing.name in made:
                yield heading, drawing.title, _figure(found, drawing, *pictures[drawing.name])
        yield from ((heading, name, table_html(*rows)) for name, rows in _tables_of(section, found))
        missing = [
            (drawing.title, reasons[drawing.title])
            for drawing in DRAWINGS
            if drawing.section == section and drawing.title in reasons
        ]
        if missing:
            yield heading, "What could not be made", render("missing", reasons=missing)
    text, references = methods_paragraph(found)
    yield "Methods", "A paragraph for the paper", render("methods", text=text, references=references)
    yield "System", "Versions and hashes", table_html(*system_rows(found, system_facts()))


def _tables_of(section: str, found: Inspection) -> Iterator[tuple[str, tuple[Sequence[str], list[Any], str]]]:
    if section == "bands" and found.bands is not None:
        yield "The bands in numbers", band_rows(found.bands)
    if section == "evidence" and found.accuracies is not None:
        yield "Accuracy", accuracy_rows(found.accuracies)
    if section == "evidence" and found.predictions is not None and "true" in found.predictions:
        yield "What the network says of each class", confusion_rows(found)


def _summary(found: Inspection) -> str:
    return render(
        "summary",
        network=network_words(found),
        data=data_words(found, of_trials=bool(found.trials)),
        verdict=verdict_words(found),
        alarm=alarm_words(found),
        accuracy=accuracy_words(found),
        basis=basis_words(found),
        certainty=certainty_words(found),
        suspicion=suspicion_words(found),
        no_suspicion=unsuspected_words(found),
    )


def _findings(found: Inspection) -> str:
    return render("findings", rows=found.findings.to_dict("records"))
