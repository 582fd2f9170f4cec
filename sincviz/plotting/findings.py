"""The doctor's findings as a table that can stand in a report or a supplement."""

import textwrap
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sincviz.plotting.style import DOUBLE_COLUMN_MM, SEVERITIES, inches, style

_CHARACTERS = 118  # of 7 pt that fit into a line
_LINE_MM = 3.1
_MARGIN_MM = 3.0
_BETWEEN_MM = 2.6
_TEXT_MM = 24.0  # left edge of the text


@dataclass(frozen=True)
class _Entry:
    severity: str
    lines: list[tuple[str, bool]]


def plot_findings(findings: pd.DataFrame) -> Figure:
    """Write findings one under the other: severity, what was found, on what grounds, what to do.

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
    ValueError
        If the table lacks a column.

    Examples
    --------
    >>> from sincviz import SincShallowNet, diagnose
    >>> figure = plot_findings(diagnose(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)))
    >>> figure.texts[0].get_text()
    'warning'
    """
    missing = sorted({"severity", "finding", "evidence", "remedy"} - set(findings.columns))
    if missing:
        raise ValueError(f"The table lacks {', '.join(missing)}; pass what `diagnose` returned.")
    entries = [_entry(row) for row in findings.to_dict("records")] or [
        _Entry("", [("Nothing was found that keeps this network from being read.", True)])
    ]
    height = (
        2 * _MARGIN_MM + sum(_BETWEEN_MM + _LINE_MM * len(entry.lines) for entry in entries) - _BETWEEN_MM
    )
    with style():
        figure = plt.figure(figsize=(inches(DOUBLE_COLUMN_MM), inches(height)))
        top = height - _MARGIN_MM
        for entry in entries:
            bottom = top - _LINE_MM * len(entry.lines)
            if entry.severity:
                mark = Rectangle(
                    (_MARGIN_MM / DOUBLE_COLUMN_MM, bottom / height),
                    1.2 / DOUBLE_COLUMN_MM,
                    (top - bottom) / height,
                    transform=figure.transFigure,
                    facecolor=SEVERITIES[entry.severity],
                    linewidth=0,
                )
                figure.add_artist(mark)
                _write(figure, _MARGIN_MM + 2.6, top, height, entry.severity, strong=True)
            for number, (line, strong) in enumerate(entry.lines):
                _write(figure, _TEXT_MM, top - _LINE_MM * number, height, line, strong=strong)
            top = bottom - _BETWEEN_MM
    return figure


def _write(figure: Figure, x_mm: float, y_mm: float, height: float, text: str, *, strong: bool) -> None:
    figure.text(
        x_mm / DOUBLE_COLUMN_MM,
        y_mm / height,
        text,
        va="top",
        weight="bold" if strong else "normal",
        color="black" if strong else "#333333",
        parse_math=False,
    )


def _entry(row: dict[Hashable, Any]) -> _Entry:
    lines = [(line, True) for line in textwrap.wrap(str(row["finding"]), round(0.88 * _CHARACTERS))]
    for part in (row["evidence"], f"What to do: {row['remedy']}"):
        lines += [(line, False) for line in textwrap.wrap(str(part), _CHARACTERS)]
    return _Entry(str(row["severity"]), lines)
