"""Drift: where training moved the filters' energy, over subjects."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from sincviz._utils.text import p_words
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.evidence import bands_in_hz, write_below
from sincviz.plotting.canvas.lettering import fitted_apart, percent
from sincviz.plotting.canvas.style import INITIAL, NOMINAL, double_column_mm, inches, style, type_mm

DRAWN = {
    "plot_drift": DrawnResult(pd.DataFrame, "group.drift", marks=("before", "after", "change")),
}

_ROW_MM = 5.5
_AROUND_MM = 22.0
_NAME_MM = 34.0
_COLUMNS = ("before", "after", "change", "ci_low", "ci_high", "by_chance", "p")


def plot_drift(drift: pd.DataFrame) -> Figure:
    """Draw the share of the filters' energy in each band before and after training, and how it changed.

    Parameters
    ----------
    drift : pandas.DataFrame
        One row per band, of one condition: ``before``, ``after``, ``change`` with ``ci_low`` and ``ci_high``,
        ``by_chance``, and ``p``; shares are fractions (1 is all of the energy). The index is the band, or condition and
        band.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide: shares at the left, changes with their intervals at the right, with a bar at the change that is
        expected by chance, and p beside them. Markers are filled where p is small.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the table is empty, lacks a column or is of several conditions.

    Examples
    --------
    >>> bands = pd.Index(["delta", "theta", "alpha", "beta", "gamma"], name="band")
    >>> drift = pd.DataFrame({"before": [0.05, 0.12, 0.2, 0.38, 0.25], "change": [0.01, 0.02, 0.16, -0.05, -0.14],
    ...     "by_chance": [0.01, 0.01, 0.02, -0.01, -0.03], "p": [0.8, 0.55, 0.0004, 0.07, 0.002]}, bands)
    >>> drift = drift.assign(after=drift.before + drift.change, ci_low=drift.change - 0.05, ci_high=drift.change + 0.05)
    >>> figure = plot_drift(drift)
    >>> [text.get_text() for text in figure.axes[1].texts][2]
    'p < 0.001'
    """
    check_drawn("plot_drift", drift)
    bands, condition = _one_condition(drift)
    alpha = float(drift.attrs.get("alpha", 0.05))
    rows = np.arange(len(bands))
    sure, unsure = (bands["p"] <= alpha).to_numpy(), (bands["p"] > alpha).to_numpy()
    with style():
        names = fitted_apart(bands.index, _NAME_MM, 2)
        size = inches(double_column_mm()), inches(type_mm(_AROUND_MM) + type_mm(_ROW_MM) * len(bands))
        figure, (left, right) = plt.subplots(1, 2, figsize=size, sharey=True, layout="constrained")
        left.hlines(
            rows, bands["before"], bands["after"], colors=NOMINAL, linewidth=0.8, zorder=2, label="_change"
        )
        left.plot(bands["before"], rows, linestyle="none", marker="o", color=INITIAL, markerfacecolor="white",
                  markersize=4.0, markeredgewidth=0.9, zorder=3, label="before training")  # fmt: skip
        left.plot(bands["after"], rows, linestyle="none", marker="o", color=NOMINAL, markersize=4.0, zorder=4,
                  label="after training")  # fmt: skip
        left.set(xlabel="Share of the filters' energy (%)", ylim=(len(bands) - 0.4, -0.6))
        left.set_xlim(left=0)
        right.axvline(0, color="black", linewidth=0.6, zorder=1)
        right.hlines(rows, bands["ci_low"], bands["ci_high"], colors=NOMINAL, linewidth=1.2, zorder=2)
        right.plot(bands["by_chance"], rows, linestyle="none", marker="|", color=INITIAL, markersize=7,
                   markeredgewidth=1.2, zorder=2.5, label="expected by chance")  # fmt: skip
        for chosen, marker, face, label in (
            (sure, "D", NOMINAL, f"p ≤ {alpha:g}"),
            (unsure, "D", "white", f"p > {alpha:g}"),
            (~sure & ~unsure, "x", NOMINAL, "no test"),
        ):
            # The legend names nothing that is not there.
            if chosen.any():
                right.plot(bands["change"][chosen], rows[chosen], linestyle="none", marker=marker, color=NOMINAL,
                           markerfacecolor=face, markersize=3.6, zorder=3, label=label)  # fmt: skip
        for row, p in zip(rows, bands["p"], strict=True):
            right.annotate(f"p {p_words(p)}" if np.isfinite(p) else "", (1, row), xytext=(4, 0), va="center",
                           xycoords=("axes fraction", "data"), textcoords="offset points")  # fmt: skip
        right.set_xlabel("Change (percentage points)")
        left.set_yticks(rows, names, parse_math=False, linespacing=1.0)
        for ax in (left, right):
            ax.tick_params(axis="y", length=0)
            ax.xaxis.set_major_formatter(percent)
        keys = zip(left.get_legend_handles_labels(), right.get_legend_handles_labels(), strict=True)
        figure.legend(*(some + others for some, others in keys), loc="outside upper center", ncols=5)
        write_below(figure, drift.attrs, note=_note(drift, bands, condition))
    return figure


def _note(drift: pd.DataFrame, bands: pd.DataFrame, condition: str) -> str:
    n_subjects = drift.attrs.get("n_subjects")
    over = "subjects" if n_subjects is None else f"{n_subjects:.0f} subjects"
    sentences = [
        f"Condition: {condition}." if condition else "",
        f"Mean over {over}; lines: 95 % intervals of the change.",
    ]
    sentences.append(
        "By chance: each network's movements assigned to its filters at random. p: permutation test of the difference "
        "from that, corrected over bands."
    )
    return " ".join(filter(None, [*sentences, bands_in_hz(bands)]))


def _one_condition(drift: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    missing = sorted(set(_COLUMNS) - set(drift.columns))
    if missing or drift.empty:
        wrong = f"lacks {', '.join(missing)}" if missing else "is empty"
        raise ValueError(f"The table {wrong}; it must have a row per band.")
    if "condition" not in drift.index.names or drift.index.nlevels == 1:
        return drift, ""
    names = [str(name) for name in drift.index.unique("condition")]
    if len(names) > 1:
        raise ValueError(
            f"One condition is drawn at a time; got {', '.join(names)}. Choose one: `drift.loc[{names[0]!r}]`."
        )
    return drift.droplevel("condition"), names[0]
