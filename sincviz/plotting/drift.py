"""Where training moved the filters' energy, over subjects."""

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
_COLUMNS = ("before", "after", "change", "ci_low", "ci_high", "q")


def plot_drift(drift: pd.DataFrame) -> Figure:
    """Draw the share of the filters' energy in each band before and after training, and how it changed.

    Parameters
    ----------
    drift : pandas.DataFrame
        One row per band, of one condition: ``before``, ``after``, ``change`` with ``ci_low`` and ``ci_high``, and
        ``q``; shares are numbers that are 1 for all of the energy. The index is the band, or condition and band.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide: shares at the left, changes with their intervals at the right and q beside them. Changes are
        filled where q is small.

    Raises
    ------
    TypeError
        If it is something else, such as a network; the message says what to call.
    ValueError
        If the table is empty, lacks a column or is of several conditions.

    Examples
    --------
    >>> row = {"before": 0.2, "after": 0.4, "change": 0.2, "ci_low": 0.1, "ci_high": 0.3, "q": 0.004}
    >>> figure = plot_drift(pd.DataFrame([row], index=pd.Index(["alpha"], name="band")))
    >>> [text.get_text() for text in figure.axes[1].texts]
    ['q = 0.004']
    >>> plt.close(figure)
    """
    check_drawn("plot_drift", drift)
    one, condition = _one_condition(drift)
    alpha = float(drift.attrs.get("alpha", 0.05))
    rows = np.arange(len(one))
    sure, unsure = (one["q"] <= alpha).to_numpy(), (one["q"] > alpha).to_numpy()
    with style():
        names = fitted_apart(one.index, _NAME_MM, 2)
        size = inches(double_column_mm()), inches(type_mm(_AROUND_MM) + type_mm(_ROW_MM) * len(one))
        figure, (left, right) = plt.subplots(1, 2, figsize=size, sharey=True, layout="constrained")
        left.hlines(
            rows, one["before"], one["after"], colors=NOMINAL, linewidth=0.8, zorder=2, label="_change"
        )
        left.plot(one["before"], rows, linestyle="none", marker="o", color=INITIAL, markerfacecolor="white",
                  markersize=4.0, markeredgewidth=0.9, zorder=3, label="before training")  # fmt: skip
        left.plot(one["after"], rows, linestyle="none", marker="o", color=NOMINAL, markersize=4.0, zorder=4,
                  label="after training")  # fmt: skip
        left.set(xlabel="Share of the filters' energy (%)", ylim=(len(one) - 0.4, -0.6))
        left.set_xlim(left=0)
        right.axvline(0, color="black", linewidth=0.6, zorder=1)
        right.hlines(rows, one["ci_low"], one["ci_high"], colors=NOMINAL, linewidth=1.2, zorder=2)
        for chosen, marker, face, label in (
            (sure, "D", NOMINAL, f"q ≤ {alpha:g}"),
            (unsure, "D", "white", f"q > {alpha:g}"),
            (~sure & ~unsure, "x", NOMINAL, "no test"),
        ):
            # The legend names nothing that is not there.
            if chosen.any():
                right.plot(one["change"][chosen], rows[chosen], linestyle="none", marker=marker, color=NOMINAL,
                           markerfacecolor=face, markersize=3.6, zorder=3, label=label)  # fmt: skip
        for row, q in zip(rows, one["q"], strict=True):
            right.annotate(f"q {p_words(q)}" if np.isfinite(q) else "", (1, row), xytext=(4, 0), va="center",
                           xycoords=("axes fraction", "data"), textcoords="offset points")  # fmt: skip
        right.set_xlabel("Change (percentage points)")
        left.set_yticks(rows, names, parse_math=False, linespacing=1.0)
        for ax in (left, right):
            ax.tick_params(axis="y", length=0)
            ax.xaxis.set_major_formatter(percent)
        keys = zip(left.get_legend_handles_labels(), right.get_legend_handles_labels(), strict=True)
        figure.legend(*(some + others for some, others in keys), loc="outside upper center", ncols=4)
        write_below(figure, drift.attrs, note=_note(drift, one, condition))
    return figure


def _note(drift: pd.DataFrame, one: pd.DataFrame, condition: str) -> str:
    n_subjects = drift.attrs.get("n_subjects")
    over = "subjects" if n_subjects is None else f"{n_subjects:.0f} subjects"
    parts = [
        f"Condition: {condition}." if condition else "",
        f"Mean over {over}; lines: 95 % intervals of the change.",
    ]
    parts.append("q: t test of each band's change, Benjamini–Hochberg over bands.")
    return " ".join(filter(None, [*parts, bands_in_hz(one)]))


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
