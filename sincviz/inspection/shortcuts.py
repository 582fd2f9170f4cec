"""Shortcuts, as a section: what else than brain activity the network uses, and the accuracy expected without it."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sincviz import plotting
from sincviz._utils.text import in_brackets, joined, p_words, percent
from sincviz.analysis.doctor.shortcuts import FOUND, NOT_FOUND, UNCHECKED, shortcut_audit
from sincviz.inspection.leading import with_verdict
from sincviz.inspection.measuring import InspectionRun
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import of_trials
from sincviz.report.contents import Figure, Rows, Section, Sentence, Step, Summary, Table

MOST_TRIALS = 400
N_PASSES = 16
"""Three artefacts are exchanged four times each; and what is left."""

NAMES = {
    "eye": "eye movements",
    "muscle": "muscles",
    "line": "line noise",
    "subject": "differences between subjects",
    "block": "differences between blocks",
}


def _audit(run: InspectionRun) -> tuple[pd.DataFrame]:
    run.sound_trials()
    run.needed_classes()
    trials, codes = run.evidence_trials(run.within_reach(N_PASSES, MOST_TRIALS))
    contrast = run.results.get("spectral_relevance") if run.has_contrast else None
    audit = shortcut_audit(run.network, trials, codes, relevance=contrast, seed=run.seed, progress=False)
    return (audit,)


def shortcut_words(inspection: InspectionResults) -> list[str]:
    """Return which shortcuts were found, which were not, and which could not be looked for."""
    if inspection.shortcuts is None or not inspection.verdict["readable"]:
        return []
    audit = inspection.shortcuts
    sentences = [_found_words(NAMES[str(kind)], row) for kind, row in _rows(audit, FOUND)]
    absent = [NAMES[str(kind)] for kind, _ in _rows(audit, NOT_FOUND)]
    if absent:
        sentences.append(f"Not found: {joined(absent)}. That does not mean that there are none.")
    open_rows = list(_rows(audit, UNCHECKED))
    for reason in dict.fromkeys(str(row["reason"]) for _, row in open_rows):
        kinds = [NAMES[str(kind)] for kind, row in open_rows if row["reason"] == reason]
        sentences.append(f"Could not be checked: {joined(kinds)}, because {reason}.")
    return sentences


def _rows(audit: pd.DataFrame, status: str) -> Iterator[tuple[Hashable, Mapping[Hashable, Any]]]:
    chosen = audit[audit["status"] == status]
    yield from zip(chosen.index, chosen.to_dict("records"), strict=True)


def _found_words(name: str, row: Mapping[Hashable, Any]) -> str:
    share = f", {percent(row['share'])} of the relevance" if np.isfinite(row["share"]) else ""
    where = f" ({row['cells']}{share})" if row["cells"] else ""
    words = f"Found: {name}{where}. They tell the classes (p {p_words(row['p_tells'])}), and the network uses them "
    words += f"(p {p_words(row['p_used'])})"
    expected = (
        f"{percent(row['accuracy_without'])}{in_brackets(row['ci_low'], row['ci_high'], percent)}"
        f" ({row['obtained']}) instead of {percent(row['accuracy'])}"
    )
    caution = f" Caution: {row['reason']}." if row["reason"] else ""
    return f"{words}; without them, an accuracy of {expected} is expected.{caution}"


def _shown(inspection: InspectionResults) -> Rows:
    assert inspection.shortcuts is not None  # the table needs it
    rows = [
        (
            NAMES[str(kind)],
            row["status"],
            row["cells"] or row["reason"],
            _number(row["share"]),
            _number(row["accuracy"]),
            ""
            if np.isnan(row["accuracy_without"])
            else f"{percent(row['accuracy_without'])}{in_brackets(row['ci_low'], row['ci_high'], percent)}",
        )
        for kind, row in zip(inspection.shortcuts.index, inspection.shortcuts.to_dict("records"), strict=True)
    ]
    header = ("Shortcut", "Status", "Where, or why not", "Relevance", "Accuracy", "Without it")
    caption = (
        "Found: it tells the classes in these trials, and the network uses it. Without it: the accuracy expected of a "
        "network that cannot use it, with its 95 % interval. Not found does not mean absent."
    )
    return Rows(header, rows, caption)


def _number(share: float) -> str:
    return "" if np.isnan(share) else percent(share)


def _methods(inspection: InspectionResults) -> Iterator[Sentence]:
    if inspection.shortcuts is None:
        return
    yield Sentence(
        "Shortcuts were looked for: components of eyes and muscles (spatio-spectral decomposition; Nikulin et al., "
        "2011) and lines whose size differs between the classes (Kruskal-Wallis test, p < 0.01, corrected) and whose "
        "exchange between trials lowers the margin (t-test, p < 0.01) and the accuracy by two points or more; and "
        "scores that follow the frequency of the classes in subjects or blocks (permutation test within classes).",
        ("nikulin",),
    )


SHORTCUTS: Section[InspectionResults, InspectionRun] = Section(
    name="shortcuts",
    heading="Evidence",
    steps=(Step("Shortcuts", ("shortcuts",), _audit),),
    figures=(
        Figure(
            "shortcuts",
            "Does it use shortcuts?",
            ("shortcuts",),
            lambda inspection: plotting.plot_shortcuts(inspection.shortcuts),
            of_trials(
                "What else than brain activity tells the classes in these trials and is used by the network. Line: its "
                "accuracy. Dots: the accuracy expected of a network that cannot use the shortcut. Not found does not "
                "mean absent."
            ),
        ),
    ),
    tables=(
        Table(
            "shortcuts",
            ("shortcuts",),
            lambda inspection: with_verdict(inspection.shortcuts, inspection),
            title="Shortcuts",
            rows=_shown,
        ),
    ),
    summary=(Summary("shortcuts", "Does it use shortcuts?", shortcut_words),),
    methods=_methods,
)
