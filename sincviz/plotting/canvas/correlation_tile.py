"""Tile of an overview: how well a network predicts numbers."""

from typing import Any

import pandas as pd

from sincviz._utils.text import p_words
from sincviz.plotting.canvas.evidence import with_interval
from sincviz.plotting.canvas.glyphs import legible
from sincviz.plotting.canvas.lettering import fitted
from sincviz.plotting.canvas.sheet import LINE_MM, TITLE_MM, Box, Sheet
from sincviz.plotting.canvas.style import NOMINAL, SEVERITIES, small_pt, type_mm

_ROW_MM = 4.0
_AXIS_MM = 8.0
_MOST = 4  # outputs, those that are predicted best
_UNSURE = "#999999"
_CHANCE = {"yes": "above chance", "no": "NOT above chance"}


def correlation_height(rows: pd.DataFrame) -> float:
    """Return the height of the tile of these outputs."""
    n_rows = min(len(rows), _MOST)
    return type_mm(TITLE_MM) + type_mm(LINE_MM + _ROW_MM) * n_rows + type_mm(_AXIS_MM)


def draw_correlation(sheet: Sheet, box: Box, rows: pd.DataFrame) -> None:
    """Draw the correlation of each output with its interval, chance dotted; rows are named by output."""
    n_trials = int(rows["n_trials"].iloc[0])
    sheet.title(box, fitted(f"Correlation with the targets of {n_trials} trials", box.width))
    shown = rows.sort_values("correlation", ascending=False, kind="stable").head(_MOST)
    top = box.top + type_mm(TITLE_MM)
    row_mm = type_mm(LINE_MM + _ROW_MM)
    ax = sheet.axes(Box(box.left + 2, top, box.width - 5, row_mm * len(shown)))
    low = min(0.0, float(shown[["correlation", "ci_low"]].min().min()) - 0.05)
    for number, (name, row) in enumerate(shown.to_dict("index").items()):
        sure = row["above_chance"] == "yes"
        colour = NOMINAL if sure else _UNSURE
        at = number + 0.75
        ax.plot([row["ci_low"], row["ci_high"]], [at, at], color=colour, linewidth=3, alpha=0.4,
                solid_capstyle="butt")  # fmt: skip
        ax.plot([row["correlation"]], [at], "o", color=colour, markersize=5)
        words = f"{legible(str(name))}: {_words(row)}"
        faint = SEVERITIES["error"] if row["above_chance"] == "no" else "#555555"
        sheet.write(
            box.left,
            top + row_mm * number,
            fitted(words, box.width),
            color="black" if sure else faint,
            weight="normal" if sure else "bold",
        )
        ax.vlines(0, number + 0.55, number + 1, color="black", linestyle=":", linewidth=0.9)
    ax.set(xlim=(low, 1), ylim=(len(shown), 0), yticks=[])
    ax.set_xlabel("Correlation", fontsize=small_pt(), labelpad=1)
    ax.spines["left"].set_visible(False)


def _words(row: Any) -> str:
    attrs = {"correlation": row["correlation"]}
    attrs |= {f"correlation_{end}": row[end] for end in ("ci_low", "ci_high")}
    chance = _CHANCE.get(row["above_chance"], "above chance: not known")
    p = "" if row["above_chance"] == "unknown" or pd.isna(row["p"]) else f", p {p_words(row['p'])}"
    return f"{with_interval(attrs, 'correlation') or 'always the same'}, {chance}{p}"
