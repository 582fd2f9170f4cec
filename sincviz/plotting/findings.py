"""Findings, and notices in place of figures, that can stand in a report."""

import pandas as pd
from matplotlib.figure import Figure

from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.paragraphs import Paragraph, write_paragraphs
from sincviz.plotting.canvas.style import SEVERITIES, style

DRAWN = {
    "plot_findings": DrawnResult(
        pd.DataFrame, "inspection.findings", "sincviz.diagnose(model)", ("finding", "remedy")
    ),
}


def plot_findings(findings: pd.DataFrame) -> Figure:
    """Write findings one below the other: severity, finding, evidence, remedy.

    Parameters
    ----------
    findings : pandas.DataFrame
        What :func:`sincviz.diagnose` returned.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide, as high as the text needs.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the table lacks a column.

    Examples
    --------
    >>> from sincviz import SincShallowNet, diagnose
    >>> figure = plot_findings(diagnose(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)))
    >>> figure.texts[0].get_text()
    'warning'
    """
    check_drawn("plot_findings", findings)
    missing = sorted({"severity", "finding", "evidence", "remedy"} - set(findings.columns))
    if missing:
        raise ValueError(f"The table lacks {', '.join(missing)}; pass what `diagnose` returned.")
    paragraphs = [
        Paragraph(
            str(row["finding"]),
            (str(row["evidence"]), f"What to do: {row['remedy']}"),
            label=str(row["severity"]),
            colour=SEVERITIES[row["severity"]],
        )
        for row in findings.to_dict("records")
    ]
    with style():
        return write_paragraphs(
            paragraphs or [Paragraph("No problems were found that limit the interpretation of this network.")]
        )


def plot_notice(what: str, why: str) -> Figure:
    """Say in place of a figure why it is missing.

    Parameters
    ----------
    what, why : str
        What is missing, and for what reason.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide, as high as the text needs.

    Examples
    --------
    >>> figure = plot_notice("Scalp maps cannot be drawn.", "Channel A1 has no position.")
    >>> [text.get_text() for text in figure.texts]
    ['Scalp maps cannot be drawn.', 'Channel A1 has no position.']
    """
    with style():
        return write_paragraphs([Paragraph(what, (why,))])
