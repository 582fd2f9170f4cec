"""Cells of an image, and lines around those that belong together."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray


def cell_edges(centres: NDArray[Any]) -> NDArray[np.float64]:
    """Return the edges of cells around their centres.

    Examples
    --------
    >>> cell_edges(np.array([1.0, 2.0, 4.0])).tolist()
    [0.5, 1.5, 3.0, 5.0]
    """
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5], float)
    middles = (centres[1:] + centres[:-1]) / 2
    return np.concatenate(
        [[1.5 * centres[0] - 0.5 * centres[1]], middles, [1.5 * centres[-1] - 0.5 * centres[-2]]]
    )


def outline_areas(
    ax: Axes, areas: NDArray[np.int_], x: NDArray[np.floating], y: NDArray[np.floating], *, clip: bool = False
) -> None:
    """Draw lines where cells of one area meet cells of another or of none.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    areas : array of int, shape (rows, columns)
        Number of the area that a cell lies in, 0 for none.
    x, y : array
        Edges of columns and rows.
    clip : bool
        Draw nothing outside the axes: some cells lie beyond its limits.
    """
    around = np.pad(areas, 1)
    upright = zip(*np.nonzero(around[1:-1, 1:] != around[1:-1, :-1]), strict=True)
    flat = zip(*np.nonzero(around[1:, 1:-1] != around[:-1, 1:-1]), strict=True)
    lines = [[(x[column], y[row]), (x[column], y[row + 1])] for row, column in upright]
    lines += [[(x[column], y[row]), (x[column + 1], y[row])] for row, column in flat]
    # The white rim shows on dark cells, the line on light ones.
    for colour, width, label in (("white", 1.5, "rim"), ("black", 0.7, "outline")):
        drawn = LineCollection(lines, colors=colour, linewidths=width, capstyle="projecting")
        drawn.set(label=label, clip_on=clip, zorder=5)
        ax.add_collection(drawn)
