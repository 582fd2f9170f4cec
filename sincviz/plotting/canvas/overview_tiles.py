"""Tiles of an overview: accuracy, bands, maps and what they are worth, each in a box of its own."""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sincviz._utils.text import p_words
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.plotting.canvas.evidence import with_interval
from sincviz.plotting.canvas.lettering import fitted, fitted_apart, percent, widest_mm
from sincviz.plotting.canvas.sheet import LINE_MM, TITLE_MM, Box, Sheet
from sincviz.plotting.canvas.style import (
    CLASS_COLOURS,
    NOMINAL,
    SEVERITIES,
    small_pt,
    type_mm,
)

_BAD, _UNSURE, _FADED = SEVERITIES["error"], "#999999", "#BBBBBB"
MOST_CLASSES = 4

_AXIS_MM = 8.0  # ticks and label
_ROW_MM = 3.6
_LINE_MM = 5.6  # on which the accuracy lies
_BAR_MM = 8.0  # of colours, with ticks and label
_MOST_NAME_MM = 30.0
_MOST_MAP_MM = 23.0
_MOST_CHANNELS = 6


def accuracy_height() -> float:
    """Return the height of the tile of the accuracy."""
    return type_mm(TITLE_MM + LINE_MM + _LINE_MM + _AXIS_MM - LINE_MM)


def draw_accuracy(sheet: Sheet, box: Box, row: Mapping[Hashable, Any]) -> None:
    """Draw an accuracy with its interval, and what guessing reaches."""
    sheet.title(box, f"Accuracy: right in {row['n_correct']} of {row['n_trials']} trials")
    top = box.top + type_mm(TITLE_MM + LINE_MM)
    ax = sheet.axes(Box(box.left + 2, top, box.width - 5, type_mm(_LINE_MM)))
    sure = row["above_chance"] == "yes"
    colour = NOMINAL if sure else _UNSURE
    ax.plot(
        [row["ci_low"], row["ci_high"]],
        [0.55, 0.55],
        color=colour,
        linewidth=3,
        alpha=0.4,
        solid_capstyle="butt",
    )
    ax.plot([row["accuracy"]], [0.55], "o", color=colour, markersize=5)
    ax.axvline(row["majority"], color="black", linestyle=":", linewidth=0.9)
    ax.set(xlim=(0, 1), ylim=(-1, 1), yticks=[])
    ax.spines["left"].set_visible(False)
    attrs = {"accuracy": row["accuracy"]} | {f"accuracy_{end}": row[end] for end in ("ci_low", "ci_high")}
    chance = {"yes": "above chance", "no": "NOT above chance"}.get(
        row["above_chance"], "above chance: not known"
    )
    p = "" if row["above_chance"] == "unknown" or pd.isna(row["p"]) else f", p {p_words(row['p'])}"
    words = f"{with_interval(attrs, 'accuracy')}, {chance}{p}"
    sheet.write(
        box.left,
        box.top + type_mm(TITLE_MM),
        fitted(words, box.width),
        color="black" if sure else _BAD if row["above_chance"] == "no" else "#555555",
        weight="normal" if sure else "bold",
    )
    # Beside its line, on the side with more room.
    right = row["majority"] <= 0.5
    ax.annotate(
        f"always the most frequent: {row['majority']:.2f}",
        (row["majority"], -0.95),
        xytext=(3 if right else -3, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="bottom",
        color="#444444",
        parse_math=False,
    )


def bands_height(leading: pd.DataFrame, n_classes: int) -> float:
    """Return the height of the tile of the bands."""
    n_bands = leading.index.get_level_values("band").nunique()
    legend = type_mm(LINE_MM) * math.ceil(n_classes / 2) if n_classes > 1 else 0.0
    return (
        type_mm(TITLE_MM)
        + type_mm(_ROW_MM) * n_bands * (1 if n_classes < 3 else 1.3)
        + type_mm(_AXIS_MM)
        + legend
    )


def shown_classes(leading: pd.DataFrame) -> list[str]:
    """Return the classes that an overview shows: those with the largest total, in their order."""
    totals = leading["total"].groupby(level="target", sort=False).first().dropna()
    chosen = totals.nlargest(MOST_CLASSES).index
    return [str(name) for name in totals.index if name in chosen]


def draw_bands(sheet: Sheet, box: Box, leading: pd.DataFrame, classes: Sequence[str], readable: bool) -> None:
    """Draw what each band is worth for each class, with intervals; what is not established is pale."""
    limits = ranges_by_name(leading)
    by_frequency = sorted(limits, key=lambda name: min((low for low, _ in limits[name]), default=math.inf))
    bands = [name for name in by_frequency if leading.xs(name, level="band")["relevance"].notna().any()]
    names = fitted_apart([band_words(name, limits) for name in bands], _MOST_NAME_MM)
    units = str(leading.attrs.get("units", ""))
    rests = "prediction" if leading.attrs.get("outputs") == "numbers" else "decision"
    sheet.title(box, f"Bands that the {rests} rests on" if readable else "Bands: no evidence of what it uses")
    left = widest_mm(names) + 2
    room = 10.0 if len(classes) == 1 and readable else 2.0
    legend = type_mm(LINE_MM) * math.ceil(len(classes) / 2) if len(classes) > 1 else 0.0
    top = box.top + type_mm(TITLE_MM) + legend
    ax = sheet.axes(
        Box(
            box.left + left,
            top,
            box.width - left - room,
            box.height - type_mm(TITLE_MM) - type_mm(_AXIS_MM) - legend,
        )
    )
    height = 0.72 / len(classes)
    for number, name in enumerate(classes):
        rows = leading.loc[name].reindex(bands)
        at = np.arange(len(bands)) + (number - (len(classes) - 1) / 2) * height
        colour = CLASS_COLOURS[number] if readable else _FADED
        sure = rows["established"].fillna(value=False).to_numpy(bool) & readable
        bars = ax.barh(at, rows["relevance"], height * 0.9, color=colour, linewidth=0)
        for bar, is_sure in zip(bars, sure, strict=True):
            bar.set_alpha(1.0 if is_sure else 0.3)
        ax.hlines(
            at, rows["ci_low"], rows["ci_high"], colors="#222222" if readable else "#888888", linewidth=0.8
        )
        if len(classes) == 1 and readable:
            for place, (share, is_sure) in enumerate(zip(rows["share"], sure, strict=True)):
                if is_sure and not math.isnan(share):
                    at_edge = ax.get_yaxis_transform()
                    words = f" {percent(round(share, 2))} %"
                    ax.text(1, place, words, transform=at_edge, va="center", clip_on=False)
    ax.axvline(0, color="black", linewidth=0.5)
    ax.set_yticks(range(len(bands)), names, parse_math=False)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(bands) - 0.5, -0.5)
    ax.locator_params(axis="x", nbins=5)
    label = fitted(f"Worth ({units})" if units else "Worth", box.width - left)
    ax.set_xlabel(label, fontsize=small_pt(), labelpad=1, parse_math=False)
    if len(classes) > 1:
        short = fitted_apart(classes, box.width / 2 - 4)
        for number, name in enumerate(short):
            row, column = divmod(number, 2)
            x, y = box.left + column * box.width / 2, box.top + type_mm(TITLE_MM) + row * type_mm(LINE_MM)
            sheet.write(x, y, "■", color=CLASS_COLOURS[number] if readable else _FADED)
            sheet.write(x + 3, y, name)
