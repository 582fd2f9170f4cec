"""Names beside points, none over another: what finds no room is left out."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from sincviz.plotting.canvas.lettering import text_width_pt
from sincviz.plotting.canvas.style import small_pt

_AROUND = ((1, 0), (-1, 0), (0.7, 1), (-0.7, 1), (0.7, -1), (-0.7, -1), (0, 1), (0, -1))
_NEAR_PT = (5.0, 9.0, 15.0, 23.0)
_FAR_PT = 6.0  # from here on a line leads to the point
_ON_SCREEN = 1.08


def label_points(
    ax: Axes, places: Sequence[tuple[float, float]], names: Sequence[str], obstacles: NDArray[np.float64]
) -> int:
    """Write names beside points, in their order, and return how many found no room.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        With its limits and its place in the figure.
    places : sequence of (float, float)
        In data.
    names : sequence of str
        One for each, in one line.
    obstacles : array, shape (points, 2)
        In data: what names should not cover.
    """
    to_pt = 72 / ax.figure.dpi
    room = np.array(ax.get_window_extent().extents) * to_pt
    points = to_pt * ax.transData.transform(obstacles) if len(obstacles) else np.empty((0, 2))
    taken: list[NDArray[np.float64]] = []
    n_left_out = 0
    for place, name in zip(places, names, strict=True):
        at = to_pt * ax.transData.transform(place)
        size = np.array([_ON_SCREEN * text_width_pt(name), 1.15 * small_pt()])
        boxes = [_box(at, size, np.array(way), distance) for distance in _NEAR_PT for way in _AROUND]
        free = [box for box in boxes if _inside(box, room) and not any(_meet(box, other) for other in taken)]
        if not free:
            n_left_out += 1
            continue
        # Of the boxes that are free, the first that covers the fewest points.
        box = min(free, key=lambda one: _n_covered(one, points))
        taken.append(box)
        ax.annotate(
            name,
            place,
            tuple((box[:2] + box[2:]) / 2 - at),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=small_pt(),
            parse_math=False,
            zorder=20,
            path_effects=[withStroke(linewidth=1.6, foreground="white")],
        )
        if _gap(box, at) > _FAR_PT:
            # A line of its own: it is no part of the text's box.
            nearest = np.clip(at, box[:2], box[2:]) - at
            line = {"arrowstyle": "-", "linewidth": 0.4, "color": "#666666", "shrinkA": 0, "shrinkB": 2}
            ax.annotate("", place, tuple(nearest), textcoords="offset points", arrowprops=line, zorder=19)
    return n_left_out


def _box(
    at: NDArray[np.float64], size: NDArray[np.float64], way: NDArray[np.float64], distance: float
) -> NDArray[np.float64]:
    middle = at + way * distance + np.sign(way) * size / 2
    return np.concatenate([middle - size / 2, middle + size / 2])


def _inside(box: NDArray[np.float64], room: NDArray[np.float64]) -> bool:
    return bool((box[:2] >= room[:2] + 1).all() and (box[2:] <= room[2:] - 1).all())


def _meet(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool((np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]) > -1).all())


def _n_covered(box: NDArray[np.float64], points: NDArray[np.float64]) -> int:
    return int(((points > box[:2] - 1) & (points < box[2:] + 1)).all(1).sum())


def _gap(box: NDArray[np.float64], at: NDArray[np.float64]) -> float:
    return float(np.hypot(*np.maximum(0, np.maximum(box[:2] - at, at - box[2:]))))
