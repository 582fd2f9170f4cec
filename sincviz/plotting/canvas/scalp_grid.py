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

from sincviz.plotting.canvas.lettering import wrapped
from sincviz.plotting.canvas.style import AMOUNT, SIGNED, double_column_mm, inches, small_pt, type_mm

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


def cell_mm(columns: int, left_mm: float = 0.0) -> float:
    """Return the width that each of so many maps in a row has, its margins included."""
    return (double_column_mm() - left_mm - 2 * SIDE_MM) / columns


def map_mm(columns: int, left_mm: float = 0.0) -> float:
    """Return the width and height of each of so many maps in a row."""
    return min(MOST_MAP_MM, 0.94 * cell_mm(columns, left_mm))


def scalp_figure(
    rows: int,
    columns: int,
    *,
    title_lines: Sequence[int],
    bar_labels: Sequence[str],
    left_mm: float = 0.0,
    size_mm: float | None = None,
) -> tuple[Figure, NDArray[np.object_], list[Axes]]:
    """Return a figure at double-column width with a grid of square axes and axes for colour bars.

    Parameters
    ----------
    rows, columns : int
        Of maps.
    title_lines : sequence of int
        Lines of text above the maps of each row.
    bar_labels : sequence of str
        What the colour bars, side by side below the maps, say.
    left_mm : float
        Room left of all maps.
    size_mm : float | None
        Width and height of a map; ``None`` takes all the room that a row has.

    Returns
    -------
    figure, axes (rows, columns), axes of the bars
    """
    width = double_column_mm()
    cell, size = cell_mm(columns, left_mm), size_mm or map_mm(columns, left_mm)
    share = (width - left_mm) / len(bar_labels)
    labels = [_bar_label(label, share - SIDE_MM) for label in bar_labels]
    below_bar = type_mm(BELOW_BAR_MM) + type_mm(LINE_MM) * max(label.count("\n") for label in labels)
    depth = np.cumsum([size + 2.0 + type_mm(LINE_MM) * lines for lines in title_lines])
    height = depth[-1] + type_mm(ABOVE_BAR_MM) + BAR_HEIGHT_MM + below_bar
    figure = plt.figure(figsize=(inches(width), inches(height)))

    def add(left: float, bottom: float, across: float, up: float, label: str = "") -> Axes:
        return figure.add_axes((left / width, bottom / height, across / width, up / height), label=label)

    axes = np.empty((rows, columns), object)
    for row in range(rows):
        for column in range(columns):
            left = left_mm + SIDE_MM + column * cell + (cell - size) / 2
            axes[row, column] = add(left, height - depth[row] + 1.0, size, size)
    bar_width = min(60.0, 0.7 * share)
    bars = [
        add(left_mm + (number + 0.5) * share - bar_width / 2, below_bar, bar_width, BAR_HEIGHT_MM, label)
        for number, label in enumerate(labels)
    ]
    return figure, axes, bars


def draw_colour_bar(ax: Axes, scale: ColourScale) -> None:
    """Draw the scale into axes of its own, and write their label below."""
    mappable = ScalarMappable(Normalize(scale.low, scale.high), scale.cmap)
    ticks = [scale.low, 0.0, scale.high] if scale.low < 0 else [0.0, scale.high]
    bar = ax.figure.colorbar(mappable, cax=ax, orientation="horizontal", ticks=ticks)
    bar.outline.set_linewidth(0.4)
    bar.ax.set_xticks(ticks, [f"{tick:.3g}".replace("-", "−") for tick in ticks])
    bar.ax.tick_params(length=1.5, pad=1.5)
    bar.set_label(str(ax.get_label()), labelpad=1.5, fontsize=small_pt(), parse_math=False)


def _bar_label(label: str, width_mm: float) -> str:
    """Return the label in one line, or with its unit below it."""
    if "\n" not in wrapped(label, width_mm):
        return label
    return wrapped(label.replace(" (", "\n(", 1), width_mm)
