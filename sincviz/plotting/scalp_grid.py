"""Axes for scalp maps at fixed sizes in print, and the one colour scale they share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sincviz.plotting.style import AMOUNT, DOUBLE_COLUMN_MM, SIGNED, inches

SIDE_MM = 3.0
BAR_HEIGHT_MM = 2.2
BELOW_BAR_MM = 9.0  # ticks and label
ABOVE_BAR_MM = 3.0
MOST_MAP_MM = 30.0
LINE_MM = 3.0


@dataclass(frozen=True)
class ColourScale:
    """Limits and colours that several maps share: symmetric where values have signs."""

    low: float
    high: float
    cmap: Colormap


def colour_scale(values: NDArray[np.floating]) -> ColourScale:
    """Return the scale of these values: from zero up, or symmetric around zero where some are negative."""
    finite = values[np.isfinite(values)]
    largest = float(np.abs(finite).max()) if finite.size else 0.0
    largest = largest if largest > 0 else 1.0
    if finite.size and finite.min() < 0:
        return ColourScale(-largest, largest, SIGNED)
    return ColourScale(0.0, largest, AMOUNT)


def scalp_figure(
    rows: int,
    columns: int,
    *,
    title_lines: Sequence[int],
    header_mm: float = 0.0,
    left_mm: float = 0.0,
    bars: int = 1,
) -> tuple[Figure, NDArray[np.object_], list[Axes]]:
    """Return a figure at double-column width with a grid of square axes and axes for colour bars.

    Parameters
    ----------
    rows, columns : int
        Of maps.
    title_lines : sequence of int
        Lines of text above the maps of each row.
    header_mm, left_mm : float
        Room above all maps and left of them.
    bars : int
        Colour bars side by side below the maps.

    Returns
    -------
    figure, axes (rows, columns), axes of the bars
    """
    width = DOUBLE_COLUMN_MM
    cell = (width - left_mm - 2 * SIDE_MM) / columns
    size = min(MOST_MAP_MM, 0.94 * cell)
    depth = np.cumsum([size + 2.0 + LINE_MM * lines for lines in title_lines])
    height = header_mm + depth[-1] + ABOVE_BAR_MM + BAR_HEIGHT_MM + BELOW_BAR_MM
    figure = plt.figure(figsize=(inches(width), inches(height)))
    axes = np.empty((rows, columns), object)
    for row in range(rows):
        bottom = height - header_mm - depth[row] + 1.0
        for column in range(columns):
            left = left_mm + SIDE_MM + column * cell + (cell - size) / 2
            axes[row, column] = figure.add_axes((left / width, bottom / height, size / width, size / height))
    share = (width - left_mm) / bars
    bar_width = min(60.0, 0.7 * share)
    bar_axes = [
        figure.add_axes(
            (
                (left_mm + (number + 0.5) * share - bar_width / 2) / width,
                BELOW_BAR_MM / height,
                bar_width / width,
                BAR_HEIGHT_MM / height,
            )
        )
        for number in range(bars)
    ]
    return figure, axes, bar_axes


def draw_colour_bar(ax: Axes, scale: ColourScale, label: str) -> None:
    """Draw the scale into axes of its own."""
    mappable = ScalarMappable(Normalize(scale.low, scale.high), scale.cmap)
    ticks = [scale.low, 0.0, scale.high] if scale.low < 0 else [0.0, scale.high]
    bar = ax.figure.colorbar(mappable, cax=ax, orientation="horizontal", ticks=ticks)
    bar.outline.set_linewidth(0.4)
    bar.ax.set_xticks(ticks, [f"{tick:.2g}".replace("-", "−") for tick in ticks])
    bar.ax.tick_params(length=1.5, pad=1.5)
    bar.set_label(label, labelpad=1.5, fontsize=7)
