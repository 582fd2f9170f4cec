"""Heat maps over channels, one below the other on one scale: bands or frequencies up, channels across."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from sincviz.plotting.channel_names import names_below, write_names_below
from sincviz.plotting.lettering import fitted, widest_mm
from sincviz.plotting.scalp_grid import (
    ABOVE_BAR_MM,
    BAR_HEIGHT_MM,
    BELOW_BAR_MM,
    SIDE_MM,
    colour_scale,
    draw_colour_bar,
)
from sincviz.plotting.scalp_table import quantity
from sincviz.plotting.style import DOUBLE_COLUMN_MM, NO_OUTPUT, inches

_ROW_MM = 3.4
_SPECTRUM_MM = 26.0
_TITLE_MM = 5.0
_MOST_ROW_NAME_MM = 30.0
_FREQUENCY_LEFT_MM = 12.0
_BAR_MM = 60.0


def channel_images(values: xr.DataArray, marked: NDArray[np.bool_] | None = None) -> Figure:
    """Return a figure 178 mm wide with one heat map per entry of the first dimension; to be called inside the style.

    Parameters
    ----------
    values : xarray.DataArray, dims (panel, row, channel)
        Rows are bands, or ``frequency``; a coordinate ``region`` of the channels is written below them.
    marked : array of bool, of the shape of ``values``, or None
        Cells that bear a dot.
    """
    titles = [str(name) for name in values[values.dims[0]].to_numpy()]
    titles = [fitted(title, DOUBLE_COLUMN_MM - 2 * SIDE_MM, size_pt=8) for title in titles]
    spectral = values.dims[1] == "frequency"
    rows = [fitted(str(name), _MOST_ROW_NAME_MM) for name in values[values.dims[1]].to_numpy()]
    left = _FREQUENCY_LEFT_MM if spectral else SIDE_MM + 1.5 + widest_mm(rows)
    across = DOUBLE_COLUMN_MM - left - SIDE_MM
    up = _SPECTRUM_MM if spectral else _ROW_MM * len(rows)
    names = [str(name) for name in values["channel"].to_numpy()]
    regions = [str(name) for name in values["region"].to_numpy()] if "region" in values.coords else None
    below = names_below(names, regions, across)
    title_mm = [_TITLE_MM if title else 2.0 for title in titles]
    bar_bottom = BELOW_BAR_MM
    bottom = bar_bottom + BAR_HEIGHT_MM + ABOVE_BAR_MM + below.depth_mm
    height = bottom + sum(title_mm) + up * len(titles)
    figure = plt.figure(figsize=(inches(DOUBLE_COLUMN_MM), inches(height)))

    def add(x: float, y: float, wide: float, high: float, label: str = "") -> Axes:
        share = x / DOUBLE_COLUMN_MM, y / height, wide / DOUBLE_COLUMN_MM, high / height
        return figure.add_axes(share, label=label)

    scale = colour_scale(values.to_numpy())
    cmap = scale.cmap.with_extremes(bad=NO_OUTPUT)
    dots = np.zeros(values.shape, bool) if marked is None else marked
    edges = _edges(values["frequency"].to_numpy()) if spectral else np.arange(len(rows) + 1) - 0.5
    top = height
    for number, title in enumerate(titles):
        top -= title_mm[number] + up
        ax = add(left, top, across, up)
        across_edges = np.arange(len(names) + 1) - 0.5
        ax.pcolormesh(across_edges, edges, values[number].to_numpy(), vmin=scale.low, vmax=scale.high, cmap=cmap,
                      rasterized=True)  # fmt: skip
        row, column = np.nonzero(dots[number])
        if len(row):
            size = min(2.0, 0.5 * across / len(names) * 2.8)
            # The white rim shows on dark cells, the dot on light ones.
            ax.plot(column, row, linestyle="none", marker="o", markersize=size, color="#333333", label="marked",
                    markeredgecolor="white", markeredgewidth=0.2 * size, rasterized=True)  # fmt: skip
        for _, first, _ in below.groups[1:]:
            ax.axvline(first - 0.5, color="black", linewidth=0.3)
        ax.set_title(title, loc="left", fontsize=8, pad=2.5, parse_math=False)
        _name_rows(ax, values, rows)
        ax.set_xlim(-0.5, len(names) - 0.5)
        ax.set_xticks([])
        ax.spines[:].set_visible(False)
    write_names_below(ax, below, across, up)
    label = quantity(values)
    bar = add((DOUBLE_COLUMN_MM - _BAR_MM) / 2, bar_bottom, _BAR_MM, BAR_HEIGHT_MM,
              fitted(label, DOUBLE_COLUMN_MM - 2 * SIDE_MM))  # fmt: skip
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
    ax.set_ylabel("Frequency (Hz)" if units == "Hz" else units.capitalize(), fontsize=7)


def _edges(centres: NDArray[Any]) -> NDArray[np.float64]:
    """Return the edges of cells around their centres."""
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5], float)
    middles = (centres[1:] + centres[:-1]) / 2
    return np.concatenate(
        [[1.5 * centres[0] - 0.5 * centres[1]], middles, [1.5 * centres[-1] - 0.5 * centres[-2]]]
    )
