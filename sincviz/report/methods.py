"""The methods paragraph: what was done, in the past tense, with the references that belong to it."""

from collections.abc import Sequence
from typing import Any

from sincviz.report.contents import Results, Section
from sincviz.report.references import REFERENCES


def methods_paragraph(results: Results, sections: Sequence[Section[Results, Any]]) -> tuple[str, list[str]]:
    """Return a paragraph that can be pasted into a paper, and its references in alphabetical order.

    Parameters
    ----------
    results : object
        What was measured.
    sections : sequence of Section
        What it consists of; what was not measured has no sentence.

    Returns
    -------
    text : str
        What was done, and nothing that was not.
    references : list of str
        Each once.
    """
    sentences = [
        sentence
        for section in sections
        if section.methods is not None
        for sentence in section.methods(results)
    ]
    cited = {key for sentence in sentences for key in sentence.cited}
    return " ".join(sentence.text for sentence in sentences), sorted(REFERENCES[key] for key in cited)
