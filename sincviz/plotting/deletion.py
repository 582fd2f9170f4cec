"""Deletion curves: how accuracy falls as cells are removed from the input in order of their rank."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.evidence import NOT_ABOVE_CHANCE, against_random, with_interval, write_below
from sincviz.plotting.canvas.style import (
    INITIAL,
    MEASURED,
    NOMINAL,
    SEVERITIES,
    inches,
    large_pt,
    single_column_mm,
    style,
)

DRAWN = {
    "plot_deletion": DrawnResult(
        pd.DataFrame,
        "inspection.deletion",
        "sincviz.deletion_curve(model, epochs)",
        ("order", "share_removed"),
    ),
}

_ORDERS = {
    "most relevant first": (MEASURED, "-"),
    "random": (INITIAL, "--"),
    "least relevant first": (NOMINAL, "-."),
}
_QUANTITIES = {"accuracy": "Accuracy", "correlation": "Correlation"}
_ENDS = ("", "_ci_low", "_ci_high")
_MOST_POINTS = 25  # beyond, points would hide the lines


def plot_deletion(curve: pd.DataFrame, ax: Axes | None = None) -> Figure:
    """Draw accuracy against the share of cells removed: the most relevant first, the least, or at random.

    Of a network whose outputs are numbers, the correlation with the targets is drawn.

    Parameters
    ----------
    curve : pandas.DataFrame
        What :func:`sincviz.deletion_curve` returned.
    ax : matplotlib.axes.Axes | None
        Where to draw; ``None`` makes a figure 88 mm wide, with a legend above and the evidence below.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. Lines are labelled by their order, the shaded field by its area: the larger it is, the
        more accuracy rests on what is called relevant.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the table is empty, lacks a column or names another order.

    Examples
    --------
    >>> share = np.linspace(0, 1, 11)
    >>> powers = {"most relevant first": 0.4, "random": 1.2, "least relevant first": 4}
    >>> lines = [pd.DataFrame({"order": order, "share_removed": share, "accuracy": 0.88 - 0.38 * share**power})
    ...          for order, power in powers.items()]
    >>> curve = pd.concat(lines, ignore_index=True)
    >>> curve = curve.assign(accuracy_ci_low=curve.accuracy - 0.05, accuracy_ci_high=curve.accuracy + 0.04)
    >>> curve.attrs = {"accuracy_area": 0.10, "accuracy_area_ci_low": 0.07, "accuracy_area_ci_high": 0.13}
    >>> figure = plot_deletion(curve)
    >>> figure.legends[0].get_texts()[-1].get_text()
    'area 0.10 (0.07–0.13)'
    """
    check_drawn("plot_deletion", curve)
    quantity = _checked(curve)
    columns = [f"{quantity}{end}" for end in _ENDS]
    with style():
        is_new_figure = ax is None
        if ax is None:
            size = inches(single_column_mm()), inches(70)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        rows = {order: curve[curve["order"] == order].sort_values("share_removed") for order in _ORDERS}
        for order, (colour, dash) in _ORDERS.items():
            ranked = rows[order]
            if ranked.empty:
                continue
            share, low, high = (ranked[name] for name in ("share_removed", *columns[1:]))
            ax.fill_between(share, low, high, color=colour, alpha=0.15,
                            linewidth=0, zorder=2)  # fmt: skip
            ax.plot(share, ranked[quantity], dash, color=colour, label=order, zorder=4, linewidth=1.2,
                    marker="o" if len(ranked) <= _MOST_POINTS else "", markersize=2.4)  # fmt: skip
        chance = curve.attrs.get("majority", curve.attrs.get("chance_level"))
        if quantity == "correlation":
            chance = 0.0
        if chance is not None and np.isfinite(chance):
            ax.axhline(chance, color="black", linewidth=0.6, linestyle=":", zorder=3, label="chance")
        area = with_interval(curve.attrs, f"{quantity}_area")
        _shade_area(ax, rows["most relevant first"], rows["random"], quantity, area)
        lowest = min(0.0, float(curve[f"{quantity}_ci_low"].min()) - 0.02)
        ax.set(
            xlim=(0, 1),
            ylim=(lowest, 1.02),
            xlabel="Share of cells removed",
            ylabel=_QUANTITIES[quantity],
        )
        figure = ax.figure.figure
        if is_new_figure:
            figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
            against = against_random(curve.attrs)
            words = f" {against[0].upper()}{against[1:]}." if against else ""
            write_below(figure, curve.attrs, note=f"Shaded bands: intervals of the {quantity}.{words}")
        else:
            ax.legend(loc="upper right")
            if curve.attrs.get("above_chance") == "no":
                ax.set_title(NOT_ABOVE_CHANCE.strip(" :"), color=SEVERITIES["error"], fontsize=large_pt())
    return figure


def _shade_area(
    ax: Axes, relevant_first: pd.DataFrame, at_random: pd.DataFrame, quantity: str, area: str
) -> None:
    if relevant_first.empty or at_random.empty or not area:
        return
    around = pd.concat([relevant_first, at_random.iloc[::-1]])
    # Hatched: the lines' own bands lie on it.
    ax.fill(around["share_removed"], around[quantity], facecolor="none", edgecolor=MEASURED, alpha=0.5,
            hatch="////", linewidth=0, zorder=1, label=f"area {area}")  # fmt: skip


def _checked(curve: pd.DataFrame) -> str:
    """Return what is drawn, accuracy or correlation, if the table can be."""
    quantity = next((name for name in _QUANTITIES if name in curve), "accuracy")
    columns = {"order", "share_removed", *(f"{quantity}{end}" for end in _ENDS)}
    missing = sorted(columns - set(curve.columns))
    if missing or curve.empty:
        wrong = f"lacks {', '.join(missing)}" if missing else "is empty"
        raise ValueError(f"The table {wrong}; pass what `deletion_curve` returned.")
    unknown = sorted(set(curve["order"]) - set(_ORDERS))
    if unknown:
        raise ValueError(f"`order` must be one of {', '.join(_ORDERS)}; got {', '.join(map(str, unknown))}.")
    return quantity
