"""Heat maps over channels, one below the other on one scale: bands or frequencies up, channels across."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from sincviz.plotting.canvas.cell_areas import cell_edges, outline_areas
from sincviz.plotting.canvas.channel_names import names_below, write_names_below
from sincviz.plotting.canvas.lettering import fitted, fitted_apart, widest_mm
from sincviz.plotting.canvas.scalp_grid import (
    ABOVE_BAR_MM,
    BAR_HEIGHT_MM,
    BELOW_BAR_MM,
    SIDE_MM,
    colour_scale,
    draw_colour_bar,
)
from sincviz.plotting.canvas.scalp_table import quantity
from sincviz.plotting.canvas.style import NO_OUTPUT, double_column_mm, inches, large_pt, small_pt, type_mm

_ROW_MM = 3.4
_SPECTRUM_MM = 26.0
_OUTLINED_SPECTRUM_MM = 38.0
_TITLE_MM = 5.0
_MOST_ROW_NAME_MM = 30.0
_FREQUENCY_LEFT_MM = 12.0
_BAR_MM = 60.0
_MOST_HEIGHT_MM = 240.0
_MOST_COLUMNS = 3
_GAP_MM = 4.0
_LOW_SPECTRUM_MM = 15.0


def channel_images(
    values: xr.DataArray,
    marked: NDArray[np.bool_] | None = None,
    *,
    areas: NDArray[np.int_] | None = None,
) -> Figure:
    """Return a figure 178 mm wide with one heat map per entry of the first dimension; to be called inside the style.

    Parameters
    ----------
    values : xarray.DataArray, dims (panel, row, channel)
        Rows are bands, or ``frequency``; a coordinate ``region`` of the channels is written below them.
    marked : array of bool, of the shape of ``values``, or None
        Cells that bear a dot.
    areas : array of int, of the shape of ``values``, or None
        Number of the area that a cell lies in, 0 for none; areas are outlined.
    """
    spectral = values.dims[1] == "frequency"
    rows = [] if spectral else fitted_apart(values[values.dims[1]].to_numpy(), _MOST_ROW_NAME_MM)
    regions = [str(name) for name in values["region"].to_numpy()] if "region" in values.coords else None
    names = [str(name) for name in values["channel"].to_numpy()]
    left = type_mm(_FREQUENCY_LEFT_MM) if spectral else SIDE_MM + 1.5 + widest_mm(rows)
    panel_names = values[values.dims[0]].to_numpy()
    n_panels = len(panel_names)
    title_mm = type_mm(_TITLE_MM) if any(map(str, panel_names)) else 2.0
    width = double_column_mm()
    # Side by side where one below the other would be higher than a page.
    for columns in range(1, _MOST_COLUMNS + 1):
        tall = _SPECTRUM_MM if areas is None else _OUTLINED_SPECTRUM_MM
        up = (tall if columns == 1 else _LOW_SPECTRUM_MM) if spectral else type_mm(_ROW_MM) * len(rows)
        across = (width - left - SIDE_MM - _GAP_MM * (columns - 1)) / columns
        below = names_below(names, regions, across)
        bottom = type_mm(BELOW_BAR_MM) + BAR_HEIGHT_MM + type_mm(ABOVE_BAR_MM) + below.depth_mm
        height = bottom + (title_mm + up) * math.ceil(n_panels / columns)
        if height <= _MOST_HEIGHT_MM:
            break
    titles = fitted_apart(panel_names, across + (SIDE_MM if columns == 1 else 0), size_pt=large_pt())
    figure = plt.figure(figsize=(inches(width), inches(height)))

    def add(x: float, y: float, wide: float, high: float, label: str = "") -> Axes:
        return figure.add_axes((x / width, y / height, wide / width, high / height), label=label)

    scale = colour_scale(values.to_numpy())
    cmap = scale.cmap.with_extremes(bad=NO_OUTPUT)
    dots = np.zeros(values.shape, bool) if marked is None else marked
    edges = cell_edges(values["frequency"].to_numpy()) if spectral else np.arange(len(rows) + 1) - 0.5
    for number, title in enumerate(titles):
        at, column = divmod(number, columns)
        ax = add(left + column * (across + _GAP_MM), height - (title_mm + up) * (at + 1), across, up)
        across_edges = np.arange(len(names) + 1) - 0.5
        ax.pcolormesh(across_edges, edges, values[number].to_numpy(), vmin=scale.low, vmax=scale.high, cmap=cmap,
                      rasterized=True)  # fmt: skip
        rows_marked, columns_marked = np.nonzero(dots[number])
        if len(rows_marked):
            size = min(2.0, 0.5 * across / len(names) * 2.8)
            # The white rim shows on dark cells, the dot on light ones.
            ax.plot(columns_marked, rows_marked, linestyle="none", marker="o", markersize=size, color="#333333",
                    label="marked", markeredgecolor="white", markeredgewidth=0.2 * size, rasterized=True)  # fmt: skip
        for _, first, _ in below.groups[1:]:
            ax.axvline(first - 0.5, color="black", linewidth=0.3)
        if areas is not None and areas[number].any():
            outline_areas(ax, areas[number], across_edges, edges)
        ax.set_title(title, loc="left", fontsize=large_pt(), pad=2.5, parse_math=False)
        _name_rows(ax, values, rows)
        ax.tick_params(labelleft=column == 0)
        if column > 0:
            ax.set_ylabel("")
        ax.set_xlim(-0.5, len(names) - 0.5)
        ax.set_xticks([])
        ax.spines[:].set_visible(False)
        # Below the lowest panel of each column.
        if number + columns >= n_panels:
            write_names_below(ax, below, across, up)
    label = fitted(quantity(values), width - 2 * SIDE_MM)
    bar = add((width - _BAR_MM) / 2, type_mm(BELOW_BAR_MM), _BAR_MM, BAR_HEIGHT_MM, label)
    draw_colour_bar(bar, scale)
    return figure


def _name_rows(ax: Axes, values: xr.DataArray, rows: Sequence[str]) -> None:
    if values.dims[1] != "frequency":
        ax.set_yticks(range(len(rows)), rows, parse_math=False)
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.tick_params(axis="y", length=0)
        return
    units = str(values["frequency"].attrs.get("units", "Hz"))
    ax.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]))
    ax.set_ylabel("Frequency (Hz)" if units == "Hz" else units.capitalize(), fontsize=small_pt())
