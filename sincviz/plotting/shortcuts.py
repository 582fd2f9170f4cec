"""Shortcuts: the accuracy of a network, and what is expected of one that cannot use each of them."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.glyphs import legible
from sincviz.plotting.canvas.lettering import percent, wrapped
from sincviz.plotting.canvas.style import (
    INITIAL,
    MEASURED,
    double_column_mm,
    inches,
    small_pt,
    style,
    type_mm,
)

DRAWN = {
    "plot_shortcuts": DrawnResult(
        pd.DataFrame,
        "inspection.shortcuts",
        "sincviz.shortcut_audit(model, epochs)",
        ("status", "accuracy_without"),
    ),
}

_ROW_MM = 8.0
_AROUND_MM = 20.0
_WORDS_MM = 84.0
_FOUND = "found"


def plot_shortcuts(audit: pd.DataFrame) -> Figure:
    """Draw the accuracy of a network and that expected without each shortcut, and say where it was found.

    Parameters
    ----------
    audit : pandas.DataFrame
        What :func:`sincviz.shortcut_audit` returned: a row for each kind, with ``status``, ``reason``, ``cells``,
        ``share``, ``accuracy``, ``accuracy_without``, ``ci_low`` and ``ci_high``.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide. A line at the accuracy of the network; for each kind that was found a dot with its 95 % interval,
        and at the right the cells; for the others, why there is none.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If a column is missing, or there are no rows.

    Examples
    --------
    >>> audit = pd.DataFrame(
    ...     {"status": ["found", "not found", "found"], "reason": ["", "no line stands out", ""],
    ...      "cells": ["0–4 Hz of Fp1, Fp2", "", "30–45 Hz of T7, T8"], "share": [0.45, np.nan, 0.12],
    ...      "accuracy": 0.91, "accuracy_without": [0.68, np.nan, 0.86], "ci_low": [0.61, np.nan, 0.8],
    ...      "ci_high": [0.75, np.nan, 0.91], "obtained": "retrained on trials without it"},
    ...     index=["eye", "line", "muscle"])
    >>> figure = plot_shortcuts(audit)
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['eye', 'line', 'muscle']
    """
    check_drawn("plot_shortcuts", audit)
    needed = {"status", "reason", "cells", "share", "accuracy", "accuracy_without", "ci_low", "ci_high"}
    if missing := sorted(needed - set(audit)):
        raise ValueError(f"`audit` lacks {', '.join(missing)}. Pass what `shortcut_audit` returned.")
    if audit.empty:
        raise ValueError("`audit` has no rows; there is nothing to draw.")
    with style():
        height = type_mm(_AROUND_MM + _ROW_MM * len(audit))
        figure, (ax, words) = plt.subplots(
            1,
            2,
            figsize=(inches(double_column_mm()), inches(height)),
            sharey=True,
            width_ratios=[1, 1.15],
            layout="constrained",
        )
        now = float(audit["accuracy"].iloc[0])
        ax.axvline(now, color=INITIAL, linewidth=0.8, zorder=1)
        rows = np.arange(len(audit))
        for row, one in zip(rows, audit.to_dict("records"), strict=True):
            _draw_row(ax, int(row), one)
            words.text(
                0, row, wrapped(_words(one), _WORDS_MM), va="center", fontsize=small_pt(), parse_math=False
            )
        ax.set_ylim(len(audit) - 0.5, -0.5)
        ax.set_yticks(rows, [legible(str(kind)) for kind in audit.index], parse_math=False)
        ax.tick_params(axis="y", length=0)
        ax.set_xlim(_limits(audit))
        ax.xaxis.set_major_formatter(percent)
        ax.set_xlabel("Accuracy (%)")
        words.set_xlim(0, 1)
        words.axis("off")
        write_below(figure, audit.attrs, note=_note(audit, now))
    return figure


def _draw_row(ax: Axes, row: int, one: Mapping[Hashable, Any]) -> None:
    value, low, high = (float(one[name]) for name in ("accuracy_without", "ci_low", "ci_high"))
    if one["status"] != _FOUND or not np.isfinite(value):
        return
    ax.plot(
        [float(one["accuracy"]), value],
        [row, row],
        color=MEASURED,
        linewidth=0.6,
        linestyle=":",
        zorder=2,
    )
    ax.plot([low, high], [row, row], color=MEASURED, linewidth=1.2, zorder=3, label="interval")
    ax.plot(
        [value], [row], color=MEASURED, marker="o", markersize=4, linestyle="none", zorder=4, label="without"
    )


def _words(one: Mapping[Hashable, Any]) -> str:
    if one["status"] != _FOUND:
        return f"{one['status']}: {one['reason']}"
    share = float(one["share"])
    of_relevance = f" ({share:.0%} of the relevance)" if np.isfinite(share) else ""
    return legible(f"{one['cells']}{of_relevance}")


def _limits(audit: pd.DataFrame) -> tuple[float, float]:
    values = audit[["accuracy", "accuracy_without", "ci_low", "ci_high"]].to_numpy(float)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return max(0.0, min(low, 0.45) - 0.05), min(1.0, max(high, 0.55) + 0.05)


def _note(audit: pd.DataFrame, now: float) -> str:
    sentences = [f"Grey line: the accuracy of the network, {now:.0%}."]
    found = audit[audit["status"] == _FOUND]
    if len(found):
        how = "; ".join(dict.fromkeys(found.get("obtained", pd.Series(dtype=str)).astype(str)))
        sentences.append(f"Dots: expected without the shortcut, with 95 % intervals ({how}).")
    sentences.append("Not found does not mean absent.")
    return " ".join(sentences)
