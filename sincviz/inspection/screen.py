"""An inspection in words, on one screen of a terminal."""

import dataclasses
import textwrap
from collections.abc import Iterator

from sincviz._utils.text import counted, shown
from sincviz.analysis.doctor.findings import SEVERITIES
from sincviz.inspection.accuracy import accuracy_words
from sincviz.inspection.leading import basis_words
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.seeds import seed_words
from sincviz.inspection.time_words import time_words
from sincviz.inspection.words import network_words, slow_words, verdict_words

COLUMNS, LINES = 80, 22  # of a terminal of 24 lines two are left for the prompt


_INDENT = 2


_MOST_CLASSES = 2


def screen_text(inspection: InspectionResults) -> str:
    """Return what an inspection is of and what it says, in at most 22 lines of 80 columns.

    Parameters
    ----------
    inspection : Inspection
        What was measured.

    Returns
    -------
    str
        Paragraphs; what is too long ends with an ellipsis.
    """
    return "\n".join(line for text, most in _paragraphs(inspection) for line in _wrapped(text, most))


def _paragraphs(inspection: InspectionResults) -> Iterator[tuple[str, int]]:
    """Yield each paragraph and the lines that it may take; a verdict with a basis after it is short."""
    if slow := slow_words(inspection):
        yield slow, 3
    yield network_words(inspection), 3
    yield verdict_words(inspection), 4
    yield accuracy_words(inspection)[0], 4
    if inspection.verdict["readable"]:
        words = basis_words(inspection)
        yield from ((sentence, 3) for sentence in words[1 : 1 + _MOST_CLASSES] or words)
        if inspection.seed_agreement is not None and (of_seeds := seed_words(inspection)):
            yield of_seeds[0], 2
        when = time_words(inspection)
        if len(when) == 1:
            yield when[0].replace("For ", "When, for ", 1), 2
    yield _findings(inspection), 3
    kept = [name for name in _RESULTS if getattr(inspection, name) is not None]
    yield f"Measured: {', '.join(f'.{name}' for name in kept)}", 3
    if inspection.missing:
        yield f"Not measured: {counted(len(inspection.missing), 'result')}; `.missing` says why.", 1
    yield '`.report("report.html")` writes a page, `.save("folder")` everything.', 1


_RESULTS = tuple(field.name for field in dataclasses.fields(InspectionResults) if field.default is None)


def _findings(inspection: InspectionResults) -> str:
    rows = inspection.findings
    if rows.empty:
        return "Findings: none."
    counts = rows["severity"].astype(str).value_counts()
    counted_findings = ", ".join(counted(int(counts[one]), one) for one in SEVERITIES if one in counts)
    return f"Findings (`.findings`): {counted_findings}. The first: {rows['finding'].iloc[0]}"


def _wrapped(text: str, most: int) -> list[str]:
    return textwrap.wrap(
        shown(" ".join(text.split())),
        COLUMNS,
        subsequent_indent=" " * _INDENT,
        max_lines=most,
        placeholder=" …",
        break_on_hyphens=False,
    )
