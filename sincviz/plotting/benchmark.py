"""The benchmark of attribution methods: ROC areas over networks of known truth, and differences to the best."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from sincviz._utils.checks import positive_int
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.lettering import fitted_apart, widest_mm
from sincviz.plotting.canvas.style import (
    INITIAL,
    MEASURED,
    NOMINAL,
    double_column_mm,
    inches,
    large_pt,
    style,
    type_mm,
)

_CALL = "sincviz.benchmark.summary(results)"
DRAWN = {
    "plot_benchmark": DrawnResult(pd.DataFrame, _CALL, _CALL, ("cells_area", "difference", "n_networks")),
}

_HEADINGS = {"frequency": "Bands × channels", "time": "Channels × windows"}
_MARKERS = {"contrast": "o", "mean": "s", "magnitude": "^", "as returned": "D"}
_SHADE = "#EEF1F6"
_KINDS = {"sincviz": NOMINAL, "others": MEASURED, "references": INITIAL}
_COLUMNS = (
    "label",
    "method",
    "variant",
    "domain",
    "note",
    "cells_area",
    "cells_area_ci_low",
    "cells_area_ci_high",
)
_DIFFERENCES = ("difference", "difference_ci_low", "difference_ci_high", "difference_to")
_TWO_LINES_MM = 6.4
_ROW_MM, _ABOVE_MM, _BELOW_MM, _SIDE_MM, _BETWEEN_MM = 4.6, 11.0, 9.0, 1.5, 3.5
_MOST_NAME_MM = 36.0
_GAP_MM, _RIGHT_MM = 5.0, 2.5
_APART = 0.22  # of a row, between the variants of a method
_AREAS_SHARE = 0.58  # of what the names leave


def plot_benchmark(table: pd.DataFrame, n_methods: int | None = None) -> Figure:
    """Draw how well attribution methods find the known truth, and which of them can be told apart from the best.

    Parameters
    ----------
    table : pandas.DataFrame
        What :func:`sincviz.benchmark.summary` returned, over all conditions.
    n_methods : int | None
        Draw only so many methods of each part, the best; ``None`` draws all.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide: bands × channels at the left, channels × windows at the right, if there are both. Methods are
        sorted by the mean ROC area of their best variant; lines are intervals over networks. Beside the areas stand
        the paired differences of these variants: filled where the interval excludes 0.

    Raises
    ------
    TypeError
        If the input is of another type; the message says what to call.
    ValueError
        If ``n_methods`` is below 1, or the table lacks a column, holds single conditions, or no method has a ROC area.

    Examples
    --------
    >>> areas = {"Method A": 0.88, "Method B": 0.79, "Method C": 0.71, "Random numbers": 0.5}
    >>> rows = [{"label": label, "method": label, "note": "", "domain": domain, "variant": variant, "n_networks": 60,
    ...          "cells_area": area - less, "difference": area - less - 0.88, "difference_to": "Method A, contrast"}
    ...         for domain, harder in (("frequency", 0.0), ("time", 0.03)) for label, area in areas.items()
    ...         for variant, less in (("contrast", harder), ("mean", harder + 0.04))]
    >>> table = pd.DataFrame(rows)
    >>> for name in ("cells_area", "difference"):
    ...     table[f"{name}_ci_low"], table[f"{name}_ci_high"] = table[name] - 0.02, table[name] + 0.02
    >>> figure = plot_benchmark(table)
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['Method A', 'Method B', 'Method C', 'Random numbers']
    """
    check_drawn("plot_benchmark", table)
    rows = _checked(table)
    if n_methods is not None:
        n_methods = positive_int("n_methods", n_methods)
    domains = [name for name in _HEADINGS if (rows["domain"] == name).any()]
    with style():
        width = double_column_mm()
        half = (width - 2 * _SIDE_MM - _BETWEEN_MM * (len(domains) - 1)) / len(domains)
        orders = {name: _order(rows[rows["domain"] == name])[:n_methods] for name in domains}
        names_mm = min(_MOST_NAME_MM * 2 / len(domains), half / 2)
        names_of = {name: _names(rows[rows["domain"] == name], orders[name], names_mm) for name in domains}
        two_lines = any("\n" in name for names in names_of.values() for name in names)
        above, below = type_mm(_ABOVE_MM), type_mm(_BELOW_MM)
        row_mm = type_mm(_TWO_LINES_MM if two_lines else _ROW_MM)
        height = above + below + row_mm * max(map(len, orders.values()))
        figure = plt.figure(figsize=(inches(width), inches(height)))
        left = _SIDE_MM
        for name in domains:
            order = orders[name]
            own = rows[(rows["domain"] == name) & rows["method"].isin(order)]
            names = names_of[name]
            start = left + widest_mm(names) + 2.5
            room = left + half - start - _GAP_MM - _RIGHT_MM
            tall = row_mm * len(order)
            bottom = height - above - tall
            box = start / width, bottom / height, _AREAS_SHARE * room / width, tall / height
            areas = figure.add_axes(box, label=f"{name}: areas")
            box = (
                (start + _AREAS_SHARE * room + _GAP_MM) / width,
                box[1],
                (1 - _AREAS_SHARE) * room / width,
                box[3],
            )
            differences = figure.add_axes(box, label=f"{name}: differences", sharey=areas)
            _draw_areas(areas, own, order)
            _draw_differences(differences, own, order)
            areas.set_yticks(range(len(order)), names, parse_math=False, linespacing=1.0)
            figure.text(start / width, (height - above + 1.5) / height, _HEADINGS[name], fontsize=large_pt(),
                        ha="left", va="bottom")  # fmt: skip
            left += half + _BETWEEN_MM
        drawn = rows[rows["method"].isin([method for order in orders.values() for method in order])]
        figure.legend(handles=_keys(drawn), loc="upper center", ncols=7, borderaxespad=0.4)
        write_below(figure, {}, note=_note(rows, domains))
    return figure


def _order(rows: pd.DataFrame) -> list[str]:
    """Return the methods, the one with the highest area of any variant first."""
    best = rows.groupby("method", sort=True)["cells_area"].max()
    return [str(name) for name in best.sort_values(ascending=False, kind="stable").index]


def _names(rows: pd.DataFrame, order: list[str], width_mm: float) -> list[str]:
    labels = rows.drop_duplicates("method").set_index("method")["label"]
    return fitted_apart([labels[method] for method in order], width_mm, 2)


def _draw_areas(ax: Axes, rows: pd.DataFrame, order: list[str]) -> None:
    ax.axvline(0.5, color="black", linewidth=0.6, linestyle=":", zorder=1)
    for place, method in enumerate(order):
        own = rows[rows["method"] == method]
        shown = [variant for variant in _MARKERS if (own["variant"] == variant).any()]
        for number, variant in enumerate(shown):
            row = own[own["variant"] == variant].iloc[0]
            at = place + _APART * (number - (len(shown) - 1) / 2)
            _draw_dot(ax, at, row, "cells_area", full=True)
    for place in range(1, len(order), 2):
        ax.axhspan(place - 0.5, place + 0.5, color=_SHADE, linewidth=0, zorder=0)
    lowest = float(np.nanmin(rows[["cells_area", "cells_area_ci_low"]].to_numpy(float)))
    # Without anything near chance the axis need not reach there.
    ax.set(xlabel="ROC area", xlim=(lowest - 0.02 if lowest > 0.6 else min(0.45, lowest - 0.02), 1.01))
    ax.set(ylim=(len(order) - 0.5, -0.5))
    ax.xaxis.set_major_locator(MaxNLocator(3))
    ax.tick_params(axis="y", length=0)


def _draw_differences(ax: Axes, rows: pd.DataFrame, order: list[str]) -> None:
    ax.axvline(0, color="black", linewidth=0.6, zorder=1)
    best = rows.sort_values("cells_area", ascending=False, kind="stable").drop_duplicates("method")
    for place, method in enumerate(order):
        row = best[best["method"] == method].iloc[0]
        excludes_zero = row["difference_ci_low"] > 0 or row["difference_ci_high"] < 0
        _draw_dot(ax, place, row, "difference", full=bool(excludes_zero))
    for place in range(1, len(order), 2):
        ax.axhspan(place - 0.5, place + 0.5, color=_SHADE, linewidth=0, zorder=0)
    values = best[list(_DIFFERENCES[:3])].to_numpy(float)
    low, high = (float(end) for end in (np.nanmin(values), np.nanmax(values)))
    around = 0.06 * max(high - low, 0.02)
    ax.set(xlabel="Difference", xlim=(min(low, -0.01) - around, max(high, 0.0) + around))
    ax.xaxis.set_major_locator(MaxNLocator(2))
    ax.tick_params(axis="y", length=0, labelleft=False)


def _draw_dot(ax: Axes, at: float, row: pd.Series, score: str, *, full: bool) -> None:
    colour = _KINDS[_kind(row)]
    ax.hlines(at, row[f"{score}_ci_low"], row[f"{score}_ci_high"], colors=colour, linewidth=0.9, zorder=2)
    ax.plot(row[score], at, marker=_MARKERS[row["variant"]], color=colour, markersize=3.2, markeredgewidth=0.7,
            markerfacecolor=colour if full else "white", linestyle="none", zorder=3)  # fmt: skip


def _kind(row: pd.Series) -> str:
    if str(row["note"]).startswith("reference"):
        return "references"
    return "sincviz" if str(row["method"]).startswith("sincviz.") else "others"


def _keys(rows: pd.DataFrame) -> list[Line2D]:
    """Return the entries of the legend: kinds by colour, variants by marker, of those that are there."""
    kinds = {_kind(row) for _, row in rows.iterrows()}
    squares = [
        Line2D([], [], color=colour, linewidth=2.5, label=name)
        for name, colour in _KINDS.items()
        if name in kinds
    ]
    variants = set(rows["variant"])
    return squares + [
        Line2D([], [], color="black", marker=marker, linestyle="none", markersize=3.2, label=name)
        for name, marker in _MARKERS.items()
        if name in variants
    ]


def _note(rows: pd.DataFrame, domains: list[str]) -> str:
    sentences = []
    for name in domains:
        own = rows[rows["domain"] == name]
        counts = sorted({int(count) for count in own["n_networks"]})
        over = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else f"{counts[0]}"
        sentences.append(f"{_HEADINGS[name]}: {over} networks, compared with {own['difference_to'].iloc[0]}.")
    sentences.append(
        "Lines: 95 % bootstrap intervals over networks. Difference: paired, of the variant with the highest area; "
        "hollow where the interval includes 0. Dotted: chance."
    )
    return " ".join(sentences)


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have an area, if the table can be drawn."""
    missing = sorted({*_COLUMNS, *_DIFFERENCES, "n_networks"} - set(table.columns))
    if missing:
        raise ValueError(f"The table lacks {', '.join(missing)}; pass what `{_CALL}` returned.")
    single = [name for name in ("condition", "architecture") if name in table.columns]
    if single:
        raise ValueError(
            f"The table has a row per {single[0]}; one figure shows all together. Pass `{_CALL}`, or the rows of one "
            f"{single[0]} without this column."
        )
    has_area = np.isfinite(table["cells_area"].to_numpy(float))
    rows: pd.DataFrame = table[has_area]
    rows = rows[rows["domain"].isin(list(_HEADINGS)) & rows["variant"].isin(list(_MARKERS))]
    if rows.empty:
        raise ValueError("No method of the table has a ROC area; there is nothing to draw.")
    return rows
