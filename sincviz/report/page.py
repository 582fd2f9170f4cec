"""One self-contained HTML page of results: an mne.Report that is a loop over sections."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sincviz.report.contents import (
    Contents,
    LivePart,
    Results,
    Rows,
    Section,
    Shown,
    drawings_of,
    reasons_of,
    rows_of,
)
from sincviz.report.html import empty_page, figure_html, render, save_page, table_html
from sincviz.report.methods import methods_paragraph
from sincviz.report.system import system_facts

Part = tuple[str, str, str]
"""Heading, title and HTML."""


def write_html(
    results: Results,
    contents: Contents[Results],
    sections: tuple[Section[Results, Any], ...],
    path: Path,
    pictures: Mapping[str, tuple[Path, float]],
    title: str | None,
) -> None:
    """Write the page.

    Parameters
    ----------
    results : object
        What was measured.
    contents : Contents
        What it consists of.
    sections : tuple of Section
        Those to show.
    path : pathlib.Path
        The file to write; one that is there is replaced.
    pictures : mapping of str to (pathlib.Path, float)
        PNG file and width in mm of each figure, by its name.
    title : str | None
        Heading; ``None`` takes that of the contents.
    """
    page = empty_page(title or contents.title(results))
    live = contents.live(results) if contents.live else None
    for heading, name, html in _parts(results, contents, sections, pictures, live):
        page.add_html(html, name, section=heading, tags=(heading.lower().replace(" ", "-"),))
    save_page(page, path, (live.script_hash,) if live else ())


def summary_html(results: Results, contents: Contents[Results]) -> str:
    """Return what a page begins with: what the results are of, then each question and its answer."""
    questions = [
        (
            summary,
            list(summary.sentences(results)),
            "" if summary.otherwise is None else summary.otherwise(results),
        )
        for section in contents.sections
        for summary in section.summary
    ]
    return render("summary", lead=contents.lead(results), questions=questions)


def findings_html(results: Shown) -> str:
    """Return the findings and what to do about each."""
    return render("findings", rows=results.findings.to_dict("records"))


def _parts(
    results: Results,
    contents: Contents[Results],
    sections: tuple[Section[Results, Any], ...],
    pictures: Mapping[str, tuple[Path, float]],
    live: LivePart | None,
) -> Iterator[Part]:
    """Yield every part of the page, in order."""
    opening = _opening_html(results, contents, sections, pictures)
    yield "Summary", contents.lead_title, opening + summary_html(results, contents)
    if live:
        yield "Explorer", live.title, live.html
    yield "Doctor", "Findings and what to do", findings_html(results)
    for section in sections:
        if section.heading:
            yield from _of_section(results, section, pictures, contents.opening)
    text, references = methods_paragraph(results, contents.sections)
    yield "Methods", "A paragraph for the paper", render("methods", text=text, references=references)
    rows = [*system_facts().items(), *contents.settings(results)]
    yield "System", "Versions and settings", table_html(*Rows(("What", "Value"), rows, ""))


def _opening_html(
    results: Results,
    contents: Contents[Results],
    sections: tuple[Section[Results, Any], ...],
    pictures: Mapping[str, tuple[Path, float]],
) -> str:
    """Return the figure that the page begins with; empty if there is none."""
    drawings = {drawing.name: drawing for section in sections for drawing in drawings_of(section, results)}
    shown = [name for name in contents.opening if name in drawings and name in pictures]
    if not shown:
        return ""
    first = drawings[shown[0]]
    narrow = pictures[shown[1]][0] if len(shown) > 1 else None
    return figure_html(first.title, first.caption, *pictures[first.name], narrow=narrow)


def _of_section(
    results: Results,
    section: Section[Results, Any],
    pictures: Mapping[str, tuple[Path, float]],
    opening: tuple[str, ...],
) -> Iterator[Part]:
    heading = section.heading
    for drawing in drawings_of(section, results):
        if drawing.name in pictures and drawing.name not in opening:
            html = figure_html(drawing.title, drawing.caption, *pictures[drawing.name])
            yield heading, drawing.title, html
    yield from ((heading, title, table_html(*rows)) for title, rows in rows_of(section, results))
    reasons = reasons_of(section, results)
    if reasons:
        yield heading, "What could not be made", render("missing", reasons=list(reasons.items()))
