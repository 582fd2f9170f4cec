"""Channels over time in one panel, and their scalp maps at chosen times above it."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch
from numpy.typing import NDArray

from sincviz.eeg.positions import AXES
from sincviz.plotting.canvas.channel_names import apart
from sincviz.plotting.canvas.lettering import fitted, fitted_apart, wrapped
from sincviz.plotting.canvas.position_colours import draw_key, position_colours
from sincviz.plotting.canvas.region_panels import keep_ticks
from sincviz.plotting.canvas.scalp_grid import (
    ABOVE_BAR_MM,
    BAR_HEIGHT_MM,
    BELOW_BAR_MM,
    SIDE_MM,
    colour_scale,
    draw_colour_bar,
)
from sincviz.plotting.canvas.scalp_table import draw_maps, n_lines, quantity
from sincviz.plotting.canvas.style import double_column_mm, inches, large_pt, type_mm
from sincviz.plotting.canvas.time_axis import mark_event, moment, right_mm, time_label, time_units

MOST_MAPS_IN_A_ROW = 10
MOST_ROWS_OF_MAPS = 3

_PANEL_MM = 28.0
_MOST_MAP_MM, _BETWEEN_MAPS_MM = 24.0, 2.0
_LINES_MM = 5.0  # between maps and panel
_NAME_MM, _LINE_MM, _LABEL_LINE_MM = 4.5, 3.1, 4.0
_NUMBERS_MM, _AXIS_MM = 5.0, 8.5  # below a panel: numbers, and numbers with the label
_LEAST_LEFT_MM = 14.0
_BAR_MM = 60.0
_GUIDE, _GUIDE_PT = "#777777", 0.4


def time_joint(
    values: xr.DataArray, chosen: Sequence[int], marked: NDArray[np.bool_] | None = None
) -> Figure:
    """Return a figure 178 mm wide with a panel and a row of maps for each class; to be called inside the style.

    Parameters
    ----------
    values : xarray.DataArray, dims (target, channel, time)
        With usable positions.
    chosen : sequence of int
        Times of the maps, by their number, in increasing order.
    marked : array of bool, of the shape of ``values``, or None
        Electrodes to draw as white dots in the maps.
    """
    width = double_column_mm()
    names = [str(name) for name in values["target"].to_numpy()]
    figure = plt.figure(figsize=(inches(width), inches(_PANEL_MM)))
    panels = [figure.add_axes((0, 0, 1, 1)) for _ in names]
    positions_m = np.stack([values[axis].to_numpy() for axis in AXES], 1).astype(float)
    colours = position_colours(positions_m)
    times = values["time"].to_numpy()
    for ax, lines in zip(panels, values.to_numpy(), strict=True):
        _draw_lines(ax, times, lines, colours)
    bottoms, tops = zip(*(ax.get_ylim() for ax in panels), strict=True)
    first, last = (times[0], times[-1]) if len(times) > 1 else (times[0] - 0.5, times[0] + 0.5)
    for ax in panels:
        ax.set(xlim=(first, last), ylim=(min(bottoms), max(tops)))
        mark_event(ax, values)
    label = fitted(quantity(values), _PANEL_MM + 8, 2, size_pt=large_pt())
    numbers_mm = keep_ticks(panels)
    left = max(_LEAST_LEFT_MM, type_mm(_LABEL_LINE_MM) * (label.count("\n") + 1) + numbers_mm + 4.0)
    across = width - left - right_mm(values)
    names = fitted_apart(names, across, size_pt=large_pt())
    size = min(_MOST_MAP_MM, (across + _BETWEEN_MAPS_MM) / len(chosen) - _BETWEEN_MAPS_MM)
    moments = [wrapped(moment(float(times[at]), time_units(values)), size + 1.5) for at in chosen]
    name_mm = type_mm(_NAME_MM) if any(names) else 1.0
    above_mm = name_mm + type_mm(_LINE_MM) * n_lines(moments) + 1.0
    block_mm = above_mm + size + _LINES_MM + _PANEL_MM + type_mm(_NUMBERS_MM)
    bar_mm = type_mm(BELOW_BAR_MM) + BAR_HEIGHT_MM + type_mm(ABOVE_BAR_MM)
    height = block_mm * len(names) + type_mm(_AXIS_MM) - type_mm(_NUMBERS_MM) + bar_mm
    figure.set_size_inches(inches(width), inches(height))

    def box(x: float, y: float, wide: float, high: float) -> tuple[float, float, float, float]:
        return (x / width, y / height, wide / width, high / height)

    wanted = np.clip((times[list(chosen)] - first) / (last - first) * across, size / 2, across - size / 2)
    middles = _beside_each_other(wanted, size, across)
    map_axes = []
    for number, (ax, name) in enumerate(zip(panels, names, strict=True)):
        top = height - block_mm * number
        bottom = top - block_mm + type_mm(_NUMBERS_MM)
        ax.set_position(box(left, bottom, across, _PANEL_MM))
        maps_y = bottom + _PANEL_MM + _LINES_MM
        row = [figure.add_axes(box(left + x - size / 2, maps_y, size, size), label="map") for x in middles]
        for at, map_ax in zip(chosen, row, strict=True):
            ax.axvline(times[at], zorder=1, color=_GUIDE, linewidth=_GUIDE_PT)
            figure.add_artist(
                ConnectionPatch((0.5, 0.0), (times[at], 1.0), "axes fraction", ax.get_xaxis_transform(),
                                axesA=map_ax, axesB=ax, color=_GUIDE, linewidth=_GUIDE_PT)
            )  # fmt: skip
        map_axes += row
        figure.text(left / width, (top - 0.5) / height, name, va="top",
                    ha="left", fontsize=large_pt(), parse_math=False)  # fmt: skip
        figure.text(1.0 / width, (bottom + _PANEL_MM / 2) / height, label, rotation=90, ha="left", va="center",
                    multialignment="center", fontsize=large_pt(), parse_math=False)  # fmt: skip
    panels[-1].set_xlabel(time_label(values), parse_math=False)
    key_mm = left - SIDE_MM
    draw_key(
        figure.add_axes(box(1.5, height - above_mm - (size + key_mm) / 2, key_mm, key_mm), label="key"),
        positions_m,
        colours,
    )
    maps = values.isel(time=list(chosen)).transpose("target", "time", "channel")
    scale = colour_scale(maps.to_numpy())
    dots = None if marked is None else marked[:, :, list(chosen)].transpose(0, 2, 1)
    n_channels = values.sizes["channel"]
    draw_maps(
        np.array(map_axes, object),
        maps.to_numpy().reshape(-1, n_channels),
        moments * len(names),
        scale,
        maps,
        None if dots is None else dots.reshape(-1, n_channels),
    )
    bar = figure.add_axes(box((width - _BAR_MM) / 2, type_mm(BELOW_BAR_MM), _BAR_MM, BAR_HEIGHT_MM),
                          label=fitted(quantity(values), width - 2 * SIDE_MM))  # fmt: skip
    draw_colour_bar(bar, scale)
    return figure


def _beside_each_other(wanted_mm: NDArray[np.float64], size_mm: float, across_mm: float) -> list[float]:
    """Return middles of maps near the wanted ones, so that maps do not touch: some give way left, others right."""
    least, end = size_mm + _BETWEEN_MAPS_MM, across_mm - size_mm / 2
    to_right = np.array(apart(wanted_mm.tolist(), least, end))
    to_left = across_mm - np.array(apart((across_mm - wanted_mm)[::-1].tolist(), least, end))[::-1]
    return [float(middle) for middle in (to_right + to_left) / 2]


def _draw_lines(
    ax: Axes, times: NDArray[np.floating], lines: NDArray[np.floating], colours: NDArray[np.float64]
) -> None:
    ax.axhline(0, color="black", linewidth=0.4, zorder=1)
    for line, colour in zip(lines, colours, strict=True):
        ax.plot(times, line, color=colour, linewidth=0.8, zorder=2, label="channel",
                marker="o" if len(times) == 1 else "", markersize=2.0)  # fmt: skip
