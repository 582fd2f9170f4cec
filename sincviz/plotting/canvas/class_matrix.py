"""A matrix of classes over bands with the numbers in its cells."""

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sincviz.plotting.canvas.glyphs import legible
from sincviz.plotting.canvas.lettering import fitted, fitted_apart, widest_mm
from sincviz.plotting.canvas.scalp_grid import (
    ABOVE_BAR_MM,
    BAR_HEIGHT_MM,
    BELOW_BAR_MM,
    SIDE_MM,
    ColourScale,
    colour_scale,
    draw_colour_bar,
)
from sincviz.plotting.canvas.scalp_table import quantity
from sincviz.plotting.canvas.style import NO_OUTPUT, double_column_mm, inches, single_column_mm, type_mm

_NAME_MM = 32.0
_CELL_MM = 6.0
_LINE_MM = 3.0
_MOST_LINES = 3


def class_matrix(cells: xr.DataArray, doubtful: NDArray[np.bool_] | None) -> tuple[Figure, str]:
    """Return the figure, and what marks cells that may be zero; to be called inside the style.

    Parameters
    ----------
    cells : xarray.DataArray, two dimensions
        The first goes down.
    doubtful : array of bool, of the shape of ``cells``, or None
        Cells whose interval includes zero.
    """
    values = cells.to_numpy()
    scale = colour_scale(values)
    targets, bands = ([legible(str(name)) for name in cells[dim].to_numpy()] for dim in cells.dims)
    unsure = np.zeros(values.shape, bool) if doubtful is None else doubtful
    written = _numbers(values, unsure)
    targets = fitted_apart(targets, _NAME_MM, 2)
    left = SIDE_MM + 1.5 + widest_mm(targets)
    number_mm = widest_mm([text for row in written for text in row]) + 1.0
    narrow = (single_column_mm() - left - SIDE_MM) / len(bands)
    words = [word for name in bands for word in name.split()]
    width = single_column_mm() if narrow >= max(number_mm, widest_mm(words) + 1) else double_column_mm()
    across = width - left - SIDE_MM
    written_out = number_mm <= across / len(bands)
    upright = across / len(bands) < 8
    bands = (
        fitted_apart(bands, _NAME_MM)
        if upright
        else fitted_apart(bands, across / len(bands) - 1, _MOST_LINES)
    )
    above = 2.0 + (
        widest_mm(bands) if upright else type_mm(_LINE_MM) * max(name.count("\n") + 1 for name in bands)
    )
    up = max(
        type_mm(_CELL_MM), 1.1 * type_mm(_LINE_MM) * max(name.count("\n") + 1 for name in targets)
    ) * len(targets)
    bottom = type_mm(BELOW_BAR_MM) + BAR_HEIGHT_MM + type_mm(ABOVE_BAR_MM) - 1
    height = bottom + up + above + 1
    figure = plt.figure(figsize=(inches(width), inches(height)))
    ax = figure.add_axes((left / width, bottom / height, across / width, up / height))
    edges = [np.arange(size + 1) - 0.5 for size in values.shape]
    cmap = scale.cmap.with_extremes(bad=NO_OUTPUT)
    ax.pcolormesh(*edges[::-1], values, vmin=scale.low, vmax=scale.high, cmap=cmap, rasterized=True)
    for (row, column), value in np.ndenumerate(values):
        if written_out:
            ax.text(column, row, written[row][column], ha="center", va="center", parse_math=False,
                    color=_ink(value, scale, bool(unsure[row, column])))  # fmt: skip
        elif unsure[row, column]:
            ax.plot(column, row, "o", color=_ink(value, scale, True), markersize=1.6, markeredgewidth=0)
    ax.set_xlim(-0.5, len(bands) - 0.5)
    ax.set_ylim(len(targets) - 0.5, -0.5)
    ax.set_xticks(range(len(bands)), bands, rotation=90 if upright else 0, parse_math=False, linespacing=1.1,
                  va="bottom" if upright else "baseline")  # fmt: skip
    ax.set_yticks(range(len(targets)), targets, parse_math=False, linespacing=1.0)
    ax.tick_params(length=0, pad=2, labeltop=True, labelbottom=False)
    ax.spines[:].set_visible(False)
    bar_mm = min(60.0, across)
    bar = figure.add_axes(
        (
            (left + (across - bar_mm) / 2) / width,
            type_mm(BELOW_BAR_MM) / height,
            bar_mm / width,
            BAR_HEIGHT_MM / height,
        ),
        label=fitted(quantity(cells), width - 2 * SIDE_MM),
    )
    draw_colour_bar(bar, scale)
    return figure, "In parentheses" if written_out else "Dots"


def _numbers(values: NDArray[np.floating], unsure: NDArray[np.bool_]) -> list[list[str]]:
    """Return what is written into each cell, all with as many decimals."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if finite.size else 0.0
    shape = ".2f" if 0.1 <= largest < 100 or largest == 0 else ".0f" if 100 <= largest < 1e4 else ".1e"
    shape = ".3f" if 0.01 <= largest < 0.1 else shape
    return [
        [
            "–" if not np.isfinite(value) else f"({text})" if doubt else text
            for value, doubt in zip(row, doubts, strict=True)
            for text in [f"{value:z{shape}}".replace("-", "−")]
        ]
        for row, doubts in zip(values, unsure, strict=True)
    ]


def _ink(value: float, scale: ColourScale, unsure: bool) -> str:
    """Return the colour of writing that can be read on the colour of a value."""
    if not np.isfinite(value):
        return "black"
    red, green, blue, _ = scale.cmap((value - scale.low) / (scale.high - scale.low))
    dark = 0.3 * red + 0.6 * green + 0.1 * blue < 0.5
    return ("#D8D8D8" if dark else "#505050") if unsure else ("white" if dark else "black")
