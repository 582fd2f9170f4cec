"""Profiles over frequencies or times: a panel for each region, a line for each class."""

import math

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from numpy.typing import NDArray

from sincviz.eeg.bands import RHYTHMS
from sincviz.plotting.canvas.cell_areas import cell_edges
from sincviz.plotting.canvas.lettering import fitted, fitted_apart, widest_mm
from sincviz.plotting.canvas.region_panels import (
    is_leftmost,
    is_lowest,
    keep_ticks,
    panel_places,
    panel_titles,
)
from sincviz.plotting.canvas.rhythm_shades import name_height_pt, shade_rhythms
from sincviz.plotting.canvas.scalp_table import quantity
from sincviz.plotting.canvas.style import (
    CLASS_COLOURS,
    double_column_mm,
    inches,
    large_pt,
    millimetres,
    small_pt,
    type_mm,
)
from sincviz.plotting.canvas.time_axis import gap_mm, mark_event, right_mm, time_edges, time_label

_PANEL_MM = 17.0
_GAP_MM, _BETWEEN_MM, _RIGHT_MM = 4.0, 2.0, 2.5
_LABELS_MM = 8.5  # below a panel
_LABEL_LINE_MM = 4.0
_LINE_MM = 3.0
_LEGEND_LINE_MM = 4.2
RHYTHM_LETTERS = {"delta": "δ", "theta": "θ", "alpha": "α", "beta": "β", "gamma": "γ"}
_DASHES = ("-", "--", ":")
_LEGEND_NAME_MM = 45.0
_HANDLE_MM = 11.0
_BAR_MM = 1.0  # each row of bars
_MOST_BARS_MM = 6.0
_ALPHA, _PALE = 0.05, 0.35


def region_profiles(
    values: xr.DataArray, *, established: NDArray[np.bool_] | None = None, peaks: pd.DataFrame | None = None
) -> Figure:
    """Return a figure 178 mm wide with one panel for each region; to be called inside the style.

    Parameters
    ----------
    values : xarray.DataArray, dims (target, region, frequency or time)
        Coordinates ``ci_low`` and ``ci_high`` of these dimensions are bands around the lines.
    established : array of bool, of the shape of ``values``, or None
        Where a bar stands below the lines, in the colour of its class.
    peaks : pandas.DataFrame | None
        Index (target, region), columns ``latency_s``, ``ci_low``, ``ci_high`` and ``relevance``: markers, pale where
        ``p`` is not below 0.05.
    """
    # Panels of fixed size: a layout engine takes several times as long.
    dim = str(values.dims[2])
    regions = [str(name) for name in values["region"].to_numpy()]
    places = panel_places(regions)
    n_rows, n_columns = (1 + max(numbers) for numbers in zip(*places, strict=True))
    titles = panel_titles(values["region"].to_numpy(), n_columns)
    names, n_legend_columns = _legend_names(values)
    figure = plt.figure(figsize=(inches(double_column_mm()), inches(_PANEL_MM)))
    panels = [figure.add_axes((0, 0, 1, 1)) for _ in titles]
    for number, ax in enumerate(panels):
        _draw(ax, values.isel(region=number))
        if peaks is not None:
            _draw_peaks(ax, values, number, peaks)
    bottoms, tops = zip(*(ax.get_ylim() for ax in panels), strict=True)
    bottom, top = min(bottoms), max(tops)
    if established is not None and established.any():
        bottom = _draw_bars(panels, values, established, bottom, top)
    left, right = _limits(values)
    for ax in panels:
        ax.set(xlim=(left, right), ylim=(bottom, top))
    label = fitted(quantity(values), (_PANEL_MM + 6) * n_rows, 2 if n_rows > 1 else 3, size_pt=large_pt())
    beside = type_mm(_LABEL_LINE_MM) * (label.count("\n") + 1) + keep_ticks(panels) + 4.0
    gap, right_of = (gap_mm(values), right_mm(values)) if dim == "time" else (_GAP_MM, _RIGHT_MM)
    across = (double_column_mm() - beside - right_of - gap * (n_columns - 1)) / n_columns
    names_pt = 0.0
    for ax in panels:
        ax.set_position((0, 0, across / double_column_mm(), 1))
        if dim == "frequency":
            names_pt = max(names_pt, _shade(ax, values))
        else:
            mark_event(ax, values)
    title_mm = millimetres((3.0 + names_pt) / 72) + type_mm(_LINE_MM) * (1 + max(map(_breaks, titles)))
    # The lowest panel of each column carries the labels of the axis.
    labelled = {place[0] for place in places if is_lowest(place, places)}
    depth = legend_mm = type_mm(_LEGEND_LINE_MM) * math.ceil(len(names) / n_legend_columns) + 1.0
    tops_mm = []
    for row in range(n_rows):
        tops_mm.append(depth + title_mm)
        depth += title_mm + _PANEL_MM + (type_mm(_LABELS_MM) if row in labelled else _BETWEEN_MM)
    height = depth + 1.0
    figure.set_size_inches(inches(double_column_mm()), inches(height))
    for ax, place, title in zip(panels, places, titles, strict=True):
        row, column = place
        x, y = beside + column * (across + gap), height - tops_mm[row] - _PANEL_MM
        width = double_column_mm()
        ax.set_position((x / width, y / height, across / width, _PANEL_MM / height))
        ax.set_title(title, fontsize=small_pt(), pad=3.0 + names_pt, parse_math=False)
        lowest = is_lowest(place, places)
        ax.tick_params(labelbottom=lowest, labelleft=is_leftmost(place, places))
        if lowest:
            ax.set_xlabel(_axis_label(values), parse_math=False)
    middle = (height - (legend_mm + depth) / 2) / height
    side = 1.0 / double_column_mm()
    figure.supylabel(label, x=side, y=middle, ha="left", fontsize=large_pt(), parse_math=False)
    # The line of zero was drawn first.
    handles = panels[0].lines[1 : 1 + len(names)]
    legend = figure.legend(handles, names, loc="upper center", ncols=n_legend_columns, borderaxespad=0.2)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


def _axis_label(values: xr.DataArray) -> str:
    if values.dims[2] == "time":
        return time_label(values)
    return f"Frequency ({values['frequency'].attrs.get('units', 'Hz')})"


def _limits(values: xr.DataArray) -> tuple[float, float]:
    """Return the limits of the axis: frequencies begin at 0, times where they begin."""
    start, end = (float(values[values.dims[2]][at]) for at in (0, -1))
    if values.dims[2] == "frequency":
        return min(0.0, start), end if end > 0 else 1.0
    return (start, end) if start < end else (start - 0.5, end + 0.5)


def _shade(ax: Axes, values: xr.DataArray) -> float:
    """Shade the rhythms of frequencies in Hz, and return the room in points that their names take."""
    end = float(values["frequency"][-1])
    if values["frequency"].attrs.get("units", "Hz") != "Hz" or end <= 0:
        return 0.0
    shade_rhythms(ax, {RHYTHM_LETTERS[rhythm]: limits for rhythm, limits in RHYTHMS.items()}, end)
    above = [text.xyann[1] for text in ax.texts if isinstance(text, Annotation)]
    return name_height_pt() + max(above, default=-name_height_pt())


def _breaks(text: str) -> int:
    return text.count("\n")


def _legend_names(values: xr.DataArray) -> tuple[list[str], int]:
    """Return the names of the classes, and in how many columns they fit above the panels."""
    names = fitted_apart(values["target"].to_numpy(), _LEGEND_NAME_MM)
    # Matplotlib leaves out names that begin with an underscore.
    names = [f" {name}" if name.startswith("_") else name for name in names]
    fit = int((double_column_mm() - 6) / (widest_mm(names) + _HANDLE_MM))
    return names, max(1, min(len(names), fit))


def _colour(number: int) -> str:
    return CLASS_COLOURS[number % len(CLASS_COLOURS)]


def _draw(ax: Axes, profiles: xr.DataArray) -> None:
    """Draw the classes of one region."""
    dim = profiles.dims[1]
    at = profiles[dim].to_numpy()
    ax.axhline(0, color="black", linewidth=0.4, zorder=1)
    for number, target in enumerate(profiles["target"].to_numpy()):
        colour = _colour(number)
        dash = _DASHES[number // len(CLASS_COLOURS) % len(_DASHES)]
        if {"ci_low", "ci_high"} <= set(profiles.coords):
            low, high = (
                profiles[end].transpose("target", dim)[number].to_numpy() for end in ("ci_low", "ci_high")
            )
            ax.fill_between(at, low, high, color=colour, alpha=0.2, linewidth=0, zorder=2)
        ax.plot(at, profiles[number].to_numpy(), dash, color=colour, linewidth=0.9, zorder=3,
                label=str(target), marker="o" if len(at) == 1 else "", markersize=2.4)  # fmt: skip


def _draw_peaks(ax: Axes, values: xr.DataArray, region: int, peaks: pd.DataFrame) -> None:
    """Draw the peaks of one region: a circle at each, with the interval of its latency."""
    names = [str(name) for name in values["target"].to_numpy()]
    here = str(values["region"].to_numpy()[region])
    for _, peak in peaks.reset_index().iterrows():
        target = str(peak["target"])
        known = np.isfinite([float(peak["latency_s"]), float(peak["relevance"])]).all()
        if str(peak["region"]) != here or target not in names or not known:
            continue
        colour, y = _colour(names.index(target)), float(peak["relevance"])
        alpha = _PALE if "p" in peaks and not peak["p"] < _ALPHA else 1.0
        ax.plot([peak["ci_low"], peak["ci_high"]], [y, y], color=colour, linewidth=1.1, zorder=5,
                label="interval of the peak", solid_capstyle="butt", alpha=alpha)  # fmt: skip
        ax.plot([peak["latency_s"]], [y], linestyle="none", marker="o", markersize=3.4, zorder=6, label="peak",
                markerfacecolor="white", markeredgecolor=colour, markeredgewidth=0.9, alpha=alpha)  # fmt: skip


def _draw_bars(
    panels: list[Axes], values: xr.DataArray, established: NDArray[np.bool_], bottom: float, top: float
) -> float:
    """Draw bars where cells are established, a row for each class that has any; return the new lower limit."""
    rows = np.flatnonzero(established.any((1, 2)))
    row_mm = min(_BAR_MM, _MOST_BARS_MM / len(rows))
    room_mm = row_mm * len(rows) + 0.5
    edges = time_edges(values) if values.dims[2] == "time" else cell_edges(values["frequency"].to_numpy())
    for region, ax in enumerate(panels):
        for row, target in enumerate(rows):
            y = (room_mm - (row + 0.5) * row_mm) / _PANEL_MM
            change = np.flatnonzero(np.diff(np.pad(established[target, region].astype(int), 1)))
            bars = [[(edges[first], y), (edges[end], y)] for first, end in change.reshape(-1, 2)]
            drawn = LineCollection(bars, colors=_colour(int(target)), linewidths=72 * inches(0.7 * row_mm),
                                   transform=ax.get_xaxis_transform(), capstyle="butt")  # fmt: skip
            drawn.set(label="established", zorder=4)
            ax.add_collection(drawn, autolim=False)
    return bottom - (top - bottom) * room_mm / (_PANEL_MM - room_mm)
