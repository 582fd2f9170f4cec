"""Sensitivity to preparation: accuracy and basis of networks that were trained anew, side by side."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from sincviz._utils.text import counted
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.glyphs import legible
from sincviz.plotting.canvas.lettering import fitted_apart, percent
from sincviz.plotting.canvas.style import INITIAL, NOMINAL, ORDERED, double_column_mm, inches, style, type_mm

DRAWN = {
    "plot_sensitivity": DrawnResult(
        pd.DataFrame,
        "inspection.sensitivity",
        "sincviz.inspect(model, epochs, sensitivity=training).sensitivity",
        ("accuracy_changed", "bands_changed"),
    ),
}

_ROW_MM, _AROUND_MM, _NAME_MM = 4.6, 19.0, 44.0
_NEEDED = (
    "changed",
    "accuracy",
    "ci_low",
    "ci_high",
    "above_chance",
    "accuracy_changed",
    "bands_changed",
    "agreement",
)
_SHARE = "share_"
_FIRST = "other"  # what no band covers is below 1 Hz
_NAMES = {_FIRST: "below 1 Hz"}
_PALE = 0.3


def plot_sensitivity(table: pd.DataFrame) -> Figure:
    """Draw the accuracy, the bands and the agreement of networks that were trained under other preparations.

    Parameters
    ----------
    table : pandas.DataFrame
        What :func:`sincviz.inspection.preparation_sensitivity` returned; its first row is what others are compared
        with.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide, with three panels of one row for each variation: the accuracy with its 95 % interval, filled where
        it changed; the share of each band in the relevance, pale where the network is not above chance; and the
        agreement with the network as trained.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If a column is missing, or there are no rows.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"changed": ["nothing", "highpass", "reference", "person"], "accuracy": [0.84, 0.55, 0.83, 0.78],
    ...      "above_chance": [True, False, True, True], "accuracy_changed": [False, True, False, False],
    ...      "bands_changed": ["", "", "", "delta"], "agreement": [0.9, 0.1, 0.85, 0.6],
    ...      "share_delta": [0.55, 0.2, 0.5, 0.3], "share_alpha": [0.3, 0.5, 0.35, 0.5],
    ...      "share_beta": [0.15, 0.3, 0.15, 0.2]},
    ...     index=["as trained", "high-pass at 4 Hz", "average reference", "without person 3"])
    >>> table = table.assign(ci_low=table.accuracy - 0.08, ci_high=table.accuracy + 0.07)
    >>> table.attrs["chance"] = 0.5
    >>> figure = plot_sensitivity(table)
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()][:2]
    ['as trained', 'high-pass at 4 Hz']
    """
    check_drawn("plot_sensitivity", table)
    bands = _checked_bands(table)
    with style():
        height = type_mm(_AROUND_MM) + type_mm(_ROW_MM) * len(table)
        figure, (of_accuracy, of_bands, of_agreement) = plt.subplots(
            1, 3, figsize=(inches(double_column_mm()), inches(height)), sharey=True, width_ratios=(3, 3.4, 1.5),
            layout="constrained",
        )  # fmt: skip
        rows = np.arange(len(table))
        _draw_accuracy(of_accuracy, table, rows)
        _draw_bands(of_bands, table, rows, bands)
        _draw_agreement(of_agreement, table, rows)
        kinds = table["changed"].to_numpy()
        for ax in (of_accuracy, of_bands, of_agreement):
            ax.tick_params(axis="y", length=0)
            for at in np.flatnonzero(kinds[1:] != kinds[:-1]):
                ax.axhline(at + 0.5, color=INITIAL, linewidth=0.3, zorder=0)
        names = fitted_apart([legible(str(name)) for name in table.index], _NAME_MM)
        of_accuracy.set_yticks(rows, names, parse_math=False)
        of_accuracy.set_ylim(len(table) - 0.4, -0.6)
        # Bars of the first row may be pale.
        handles = [Patch(color=colour, label=_NAMES.get(band, band)) for band, colour in _colours(bands)]
        figure.legend(
            handles=handles, loc="outside upper right", ncols=len(bands), handlelength=1.0, columnspacing=1.2
        )
        write_below(figure, {}, note=_note(table))
    return figure


def _draw_accuracy(ax: Axes, table: pd.DataFrame, rows: NDArray[np.int64]) -> None:
    accuracy, changed = table["accuracy"].to_numpy(float), table["accuracy_changed"].to_numpy(bool)
    ax.axvline(accuracy[0], color=INITIAL, linewidth=0.8, zorder=1, label="_as trained")
    if (chance := table.attrs.get("chance")) is not None:
        ax.axvline(
            float(chance), color=INITIAL, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1, label="_chance"
        )
    ax.hlines(rows, table["ci_low"], table["ci_high"], colors=NOMINAL, linewidth=1.3, zorder=2)
    for chosen, colour in ((changed, NOMINAL), (~changed, "white")):
        ax.plot(accuracy[chosen], rows[chosen], linestyle="none", marker="o", markersize=4.2, color=colour,
                markeredgecolor=NOMINAL, markeredgewidth=0.9, zorder=3,
                label="_changed" if colour == NOMINAL else "_not shown to change")  # fmt: skip
    low = min(float(table["ci_low"].min()), float(table.attrs.get("chance", 1.0)))
    ax.set_xlim(max(0.0, low - 0.04), min(1.02, float(table["ci_high"].max()) + 0.04))
    ax.xaxis.set_major_formatter(percent)
    ax.set_xlabel("Accuracy (%)")


def _draw_bands(ax: Axes, table: pd.DataFrame, rows: NDArray[np.int64], bands: list[str]) -> None:
    above = table["above_chance"].to_numpy(bool)
    start = np.zeros(len(table))
    for band, colour in _colours(bands):
        share = table[_SHARE + band].fillna(0.0).to_numpy(float)
        bars = ax.barh(
            rows, share, left=start, height=0.62, color=colour, label=_NAMES.get(band, band), zorder=2
        )
        for bar, is_above in zip(bars, above, strict=True):
            bar.set_alpha(1.0 if is_above else _PALE)
        start += share
    for row in rows[table["bands_changed"].fillna("").to_numpy() != ""]:
        ax.plot(
            [1.035],
            [row],
            marker="o",
            markersize=4.2,
            color=NOMINAL,
            clip_on=False,
            label="_changed",
            zorder=3,
        )
    ax.set_xlim(0, 1.07)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    ax.xaxis.set_major_formatter(percent)
    ax.set_xlabel("Share of the relevance (%)")


def _colours(bands: list[str]) -> list[tuple[str, str]]:
    return [
        (band, to_hex(ORDERED(place)))
        for band, place in zip(bands, np.linspace(0.05, 0.95, len(bands)), strict=True)
    ]


def _draw_agreement(ax: Axes, table: pd.DataFrame, rows: NDArray[np.int64]) -> None:
    values, above = table["agreement"].to_numpy(float), table["above_chance"].to_numpy(bool)
    if np.isfinite(values[0]):
        ax.axvline(values[0], color=INITIAL, linewidth=0.8, zorder=1)
    for chosen, alpha in ((above, 1.0), (~above, _PALE)):
        ax.plot(values[chosen], rows[chosen], linestyle="none", marker="D", markersize=3.4, color=INITIAL, alpha=alpha,
                markeredgewidth=0, zorder=3)  # fmt: skip
    lowest = np.nanmin(np.append(values, 0.0))
    ax.set_xlim(min(-0.05, lowest - 0.05), 1.05)
    ax.set_xlabel("Agreement")


def _note(table: pd.DataFrame) -> str:
    seeds = table["n_seeds"].iloc[0] if "n_seeds" in table else None
    means = "" if seeds is None else f"Means of {counted(int(seeds), 'network')} of different seeds. "
    chance = " Dashed: share of the most frequent class." if "chance" in table.attrs else ""
    pale = (
        ""
        if table["above_chance"].all()
        else " Pale: not above chance, so it rests on nothing that can be read."
    )
    return (
        f"{means}Grey lines: trained anew as it was.{chance} Lines: 95% interval over trials. Filled dots: the "
        "accuracy, or the share of a band, changed by more than seeds and trials explain; others may have, too. "
        f"Agreement: correlation of the relevance of all bands of channels; in the first row between seeds.{pale}"
    )


def _checked_bands(table: pd.DataFrame) -> list[str]:
    bands = [str(name).removeprefix(_SHARE) for name in table if str(name).startswith(_SHARE)]
    missing = [name for name in _NEEDED if name not in table]
    if missing or not bands:
        raise ValueError(
            f"`table` lacks {', '.join(missing) or 'the shares of bands'}. Pass what `preparation_sensitivity` "
            "returned."
        )
    if table.empty:
        raise ValueError("`table` has no rows; there is nothing to draw.")
    return sorted(bands, key=lambda band: band != _FIRST)
