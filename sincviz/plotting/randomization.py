"""Randomisation: whether explanations change when the network loses what it has learned."""

import math

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.lettering import fitted_apart, widest_mm, wrapped
from sincviz.plotting.canvas.style import (
    INITIAL,
    MEASURED,
    NOMINAL,
    SEVERITIES,
    double_column_mm,
    inches,
    large_pt,
    style,
    type_mm,
)

DRAWN = {
    "plot_randomization": DrawnResult(
        pd.DataFrame,
        "inspection.randomization",
        "sincviz.randomization_test(model, epochs)",
        ("layer", "similarity"),
    ),
}

_KINDS = {
    "cascading": ("layers up to this one, from the output", NOMINAL, "o", -0.16),
    "independent": ("this layer alone", MEASURED, "s", 0.16),
    "wrong class": ("another class's explanation", INITIAL, "D", 0.0),
    "wrong targets": ("explanation by other trials' targets", INITIAL, "D", 0.0),
}
_APART = ("wrong class", "wrong targets")
_MEASURES = {
    "Similarity to the original": ("similarity", "ci_low", "ci_high"),
    "Similarity of magnitudes": ("magnitude_similarity", "magnitude_ci_low", "magnitude_ci_high"),
}
_ROW_MM = 6.0
_AROUND_MM = 30.0
_NAME_MM = 40.0
_VERDICTS = {
    "differs": ("Differs: explanations change when the network loses what it has learned.", "black"),
    "stays": (
        "STAYS: explanations stay similar when the network loses what it has learned.",
        SEVERITIES["error"],
    ),
    "inconclusive": (
        "Inconclusive: the draws do not show whether explanations change when the network loses what it has learned.",
        "black",
    ),
}


def plot_randomization(table: pd.DataFrame) -> Figure:
    """Draw how similar explanations are before and after layers lose what they have learned.

    Parameters
    ----------
    table : pandas.DataFrame
        What :func:`sincviz.randomization_test` returned.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide: the similarity at the left, that of magnitudes at the right; layers go down in the order of the
        table, and the explanation of the wrong class stands apart at the bottom. The verdict is written above.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the table is empty, lacks a column or names another kind.

    Examples
    --------
    >>> similar = {"final_layer": 0.35, "depthwiseconv": 0.12, "sinc_filter_layer": 0.05}
    >>> rows = [{"kind": kind, "layer": layer, "similarity": factor * value}
    ...         for kind, factor in (("cascading", 1), ("independent", 1.4)) for layer, value in similar.items()]
    >>> table = pd.DataFrame([*rows, {"kind": "wrong class", "layer": "", "similarity": -0.6}])
    >>> table = table.assign(ci_low=table.similarity - 0.1, ci_high=table.similarity + 0.1,
    ...     magnitude_similarity=0.3 + 0.4 * abs(table.similarity))
    >>> table["magnitude_ci_low"] = table.magnitude_similarity - 0.1
    >>> table["magnitude_ci_high"] = table.magnitude_similarity + 0.1
    >>> table.attrs = {"outcome": "differs", "threshold": 0.5}
    >>> figure = plot_randomization(table)
    >>> figure.axes[0].get_title("left")
    'Differs: explanations change when the network loses what it has learned.'
    """
    check_drawn("plot_randomization", table)
    _check(table)
    layers = list(dict.fromkeys(table.loc[~table["kind"].isin(_APART), "layer"]))
    apart = [kind for kind in _APART if (table["kind"] == kind).any()]
    places = {layer: float(number) for number, layer in enumerate(layers)}
    wrong = len(layers) + (0.4 if layers else 0.0)
    last = wrong if apart else len(layers) - 1
    with style():
        names = fitted_apart(layers, _NAME_MM, 2) + apart
        size = inches(double_column_mm()), inches(type_mm(_AROUND_MM) + type_mm(_ROW_MM) * (last + 1))
        figure, axes = plt.subplots(1, 2, figsize=size, sharey=True, layout="constrained")
        for ax, (label, columns) in zip(axes, _MEASURES.items(), strict=True):
            for kind in _KINDS:
                rows = table[table["kind"] == kind]
                at = [wrong if kind in _APART else places[layer] for layer in rows["layer"]]
                _draw(ax, rows, at, kind, columns)
            ax.set(xlabel=label, ylim=(last + 0.6, -0.6))
            ax.axvline(0, color="black", linewidth=0.4, zorder=1)
            ax.tick_params(axis="y", length=0)
            if apart and layers:
                ax.axhline(wrong - 0.7, color="#999999", linewidth=0.4)
        threshold = table.attrs.get("threshold")
        if threshold is not None and math.isfinite(threshold):
            axes[0].axvline(threshold, color="black", linewidth=0.8, linestyle="--", zorder=2,
                            label=f"threshold {threshold:g}".replace("-", "−"))  # fmt: skip
        axes[0].set_yticks(
            [*places.values(), *([wrong] if apart else [])], names, parse_math=False, linespacing=1.0
        )
        for ax, (_, low, high) in zip(axes, _MEASURES.values(), strict=True):
            ax.set_xlim(min(-0.05, table[low].min() - 0.05), max(1.05, table[high].max() + 0.05))
        verdict, colour = _VERDICTS.get(
            str(table.attrs.get("outcome")), ("Not known whether explanations change.", "black")
        )
        room = double_column_mm() - widest_mm(names) - 8
        verdict = wrapped(verdict, room, size_pt=large_pt(), weight="bold")
        axes[0].set_title(verdict, loc="left", fontsize=large_pt(), weight="bold", color=colour, pad=5)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
        write_below(figure, table.attrs)
    return figure


def _draw(ax: Axes, rows: pd.DataFrame, at: list[float], kind: str, columns: tuple[str, str, str]) -> None:
    if rows.empty:
        return
    meaning, colour, marker, shift = _KINDS[kind]
    value, low, high = (rows[column].to_numpy(float) for column in columns)
    y = [place + shift for place in at]
    ax.hlines(y, low, high, colors=colour, linewidth=1.0, zorder=3)
    ax.plot(value, y, linestyle="none", marker=marker, color=colour, markersize=3.5, zorder=4,
            label=f"{kind}: {meaning}")  # fmt: skip


def _check(table: pd.DataFrame) -> None:
    needed = {"kind", "layer"} | {column for columns in _MEASURES.values() for column in columns}
    missing = sorted(needed - set(table.columns))
    if missing or table.empty:
        wrong = f"lacks {', '.join(missing)}" if missing else "is empty"
        raise ValueError(f"The table {wrong}; pass what `randomization_test` returned.")
    unknown = sorted(set(table["kind"].astype(str)) - set(_KINDS))
    if unknown:
        raise ValueError(f"`kind` must be one of {', '.join(_KINDS)}; got {', '.join(unknown)}.")
