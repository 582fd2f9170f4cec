"""Heat maps of channels over time, a panel for each class, on one scale."""

import math

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from sincviz.plotting.canvas.cell_areas import outline_areas
from sincviz.plotting.canvas.channel_names import names_beside, write_names_beside
from sincviz.plotting.canvas.lettering import fitted, fitted_apart
from sincviz.plotting.canvas.scalp_grid import (
    ABOVE_BAR_MM,
    BAR_HEIGHT_MM,
    BELOW_BAR_MM,
    SIDE_MM,
    colour_scale,
    draw_colour_bar,
)
from sincviz.plotting.canvas.scalp_table import quantity
from sincviz.plotting.canvas.style import NO_OUTPUT, double_column_mm, inches, large_pt, type_mm
from sincviz.plotting.canvas.time_axis import gap_mm, mark_event, right_mm, time_edges, time_label

_CHANNEL_MM = 3.0  # room for its name
_LOWEST_MM, _LOWEST_OF_MANY_MM, _HIGHEST_MM = 26.0, 20.0, 110.0
_ALL_PANELS_MM = 205.0
_TITLE_MM = 5.0
_AXIS_MM = 8.5  # numbers and label below the panels
_BAR_MM = 60.0
_MOST_COLUMNS = 3


def time_images(values: xr.DataArray, areas: NDArray[np.int_] | None = None) -> Figure:
    """Return a figure 178 mm wide with one heat map per class; to be called inside the style.

    Parameters
    ----------
    values : xarray.DataArray, dims (target, channel, time)
        The first channel is at the top; a coordinate ``region`` of the channels is written beside them.
    areas : array of int, of the shape of ``values``, or None
        Number of the area that a cell lies in, 0 for none; areas are outlined.
    """
    n_panels, n_channels = values.sizes["target"], values.sizes["channel"]
    columns = 2 if n_panels == 4 else min(n_panels, _MOST_COLUMNS)
    n_rows = math.ceil(n_panels / columns)
    title_mm = type_mm(_TITLE_MM) if any(map(str, values["target"].to_numpy())) else 2.0
    least = _LOWEST_MM if n_rows == 1 else _LOWEST_OF_MANY_MM
    most = min(_HIGHEST_MM, max(least, _ALL_PANELS_MM / n_rows - title_mm))
    up = min(most, max(least, type_mm(_CHANNEL_MM) * n_channels))
    regions = [str(name) for name in values["region"].to_numpy()] if "region" in values.coords else None
    beside = names_beside([str(name) for name in values["channel"].to_numpy()], regions, up)
    left, width = SIDE_MM + beside.width_mm, double_column_mm()
    gap = gap_mm(values)
    across = (width - left - max(SIDE_MM, right_mm(values)) - gap * (columns - 1)) / columns
    titles = fitted_apart(values["target"].to_numpy(), across, size_pt=large_pt())
    bottom = type_mm(BELOW_BAR_MM) + BAR_HEIGHT_MM + type_mm(ABOVE_BAR_MM) + type_mm(_AXIS_MM)
    height = bottom + (title_mm + up) * n_rows
    figure = plt.figure(figsize=(inches(width), inches(height)))

    def add(x: float, y: float, wide: float, high: float, label: str = "") -> Axes:
        return figure.add_axes((x / width, y / height, wide / width, high / height), label=label)

    scale = colour_scale(values.to_numpy())
    cmap = scale.cmap.with_extremes(bad=NO_OUTPUT)
    times, channels = time_edges(values), np.arange(n_channels + 1) - 0.5
    for number, title in enumerate(titles):
        row, column = divmod(number, columns)
        ax = add(left + column * (across + gap), height - (title_mm + up) * (row + 1), across, up)
        ax.pcolormesh(times, channels, values[number].to_numpy(), vmin=scale.low, vmax=scale.high, cmap=cmap,
                      rasterized=True)  # fmt: skip
        for _, first, _ in beside.groups[1:]:
            ax.axhline(first - 0.5, color="black", linewidth=0.3)
        if areas is not None and areas[number].any():
            outline_areas(ax, areas[number], times, channels)
        mark_event(ax, values)
        ax.set_title(title, loc="left", fontsize=large_pt(), pad=2.5, parse_math=False)
        ax.set(xlim=(times[0], times[-1]), ylim=(n_channels - 0.5, -0.5), yticks=[])
        ax.xaxis.set_major_locator(MaxNLocator(max(2, int(across / 9)), steps=[1, 2, 2.5, 5, 10]))
        ax.spines[:].set_visible(False)
        if column == 0:
            write_names_beside(ax, beside, across, up)
        # The lowest panel of each column carries the times.
        lowest = number + columns >= n_panels
        ax.tick_params(labelbottom=lowest)
        if lowest:
            ax.set_xlabel(time_label(values), parse_math=False)
    label = fitted(quantity(values), width - 2 * SIDE_MM)
    bar = add((width - _BAR_MM) / 2, type_mm(BELOW_BAR_MM), _BAR_MM, BAR_HEIGHT_MM, label)
    draw_colour_bar(bar, scale)
    return figure
