"""What a network uses of each cell against how well the cell alone tells the classes."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from sincviz.eeg.role_areas import telling_areas
from sincviz.eeg.role_words import REDUNDANT, SUPPRESSOR, USED_AND_INFORMATIVE
from sincviz.plotting.canvas.glyphs import legible
from sincviz.plotting.canvas.lettering import fitted
from sincviz.plotting.canvas.point_labels import label_points
from sincviz.plotting.canvas.role_marks import MARKS, mark_roles
from sincviz.plotting.canvas.style import INITIAL

MOST_NAMES = 8

_NAME_MM = 26.0
_WITH_INTERVALS = (USED_AND_INFORMATIVE, REDUNDANT, SUPPRESSOR)
_MARGIN = 0.06


def role_scatter(ax: Axes, cells: xr.Dataset, quantity: str) -> int:
    """Draw the cells of one target, and return how many suppressors and redundant ones found no room for a name.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        At its final place.
    cells : xarray.Dataset, dims (band, channel)
        Of one target.
    quantity : str
        What is drawn upwards.
    """
    telling = telling_areas(cells).transpose("band", "channel")
    cells = cells.transpose("band", "channel")
    roles = cells["role"].to_numpy().astype(str)
    x, x_low, x_high = (telling[name].to_numpy() for name in ("area", "ci_low", "ci_high"))
    y, y_low, y_high = (cells[f"{quantity}{end}"].to_numpy() for end in ("", "_ci_low", "_ci_high"))
    known = np.isfinite(x) & np.isfinite(y)
    ax.axhline(0, color=INITIAL, linewidth=0.5, zorder=1)
    ax.axvline(0.5, color=INITIAL, linewidth=0.5, linestyle=":", zorder=1)
    for role, mark in MARKS.items():
        of_role = known & (roles == role)
        if not of_role.any():
            continue
        if role in _WITH_INTERVALS:
            style: dict[str, Any] = {
                "color": mark.colour,
                "linewidth": 0.5,
                "alpha": 0.55,
                "zorder": 5 + mark.above,
            }
            ax.hlines(y[of_role], x_low[of_role], x_high[of_role], **style)
            ax.vlines(x[of_role], y_low[of_role], y_high[of_role], **style)
        mark_roles(ax, x[of_role], y[of_role], role, scale=0.9)
    drawn = known & np.isin(roles, _WITH_INTERVALS)
    ax.set_xlim(*_limits([x[known], x_low[drawn], x_high[drawn]], (0.45, 0.6)))
    ax.set_ylim(*_limits([y[known], y_low[drawn], y_high[drawn]], (0.0, 0.0)))
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    return _name_cells(ax, cells, roles, x, y, known)


def _limits(values: list[NDArray[np.float64]], least: tuple[float, float]) -> tuple[float, float]:
    """Return limits that hold all values and the least range, with a margin."""
    every = np.concatenate([*values, least])
    every = every[np.isfinite(every)]
    low, high = float(every.min()), float(every.max())
    margin = _MARGIN * (high - low or 1.0)
    return low - margin, high + margin


def _name_cells(
    ax: Axes,
    cells: xr.Dataset,
    roles: NDArray[np.str_],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    known: NDArray[np.bool_],
) -> int:
    """Write names at suppressors, the most used first, and at redundant cells, the most telling first."""
    named: list[tuple[int, int]] = []
    for role, size in ((SUPPRESSOR, np.abs(y)), (REDUNDANT, x)):
        places = np.argwhere(known & (roles == role))
        order = np.argsort(-size[tuple(places.T)], kind="stable")
        named += [(int(row), int(column)) for row, column in places[order]]
    bands, channels = (cells[dim].to_numpy().astype(str) for dim in ("band", "channel"))
    names = [
        fitted(legible(f"{channels[column]}, {bands[row]}"), _NAME_MM) for row, column in named[:MOST_NAMES]
    ]
    without = label_points(
        ax,
        [(float(x[place]), float(y[place])) for place in named[:MOST_NAMES]],
        names,
        np.stack([x[known], y[known]], 1),
    )
    return without + len(named[MOST_NAMES:])
