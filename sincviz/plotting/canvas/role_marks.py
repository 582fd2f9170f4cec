"""Marks of what a cell is to a network and to the classes: one shape and colour for each role."""

import functools
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike

from sincviz.eeg.role_words import NEITHER, NOT_SHOWN, REDUNDANT, SUPPRESSOR, USED_AND_INFORMATIVE
from sincviz.plotting.canvas.style import MEASURED, NOMINAL

_CROSS = 0.5 * 2**0.5  # where diagonals meet a circle of radius 1


@dataclass(frozen=True)
class RoleMark:
    """How cells of a role are marked: shape, size, colours, and what a legend says."""

    shape: str
    size_pt: float
    colour: str
    face: str
    words: str
    halo: bool = True
    above: int = 0


MARKS = {
    NOT_SHOWN: RoleMark("$?$", 2.8, "#8A8A8A", "#8A8A8A", "not shown", halo=False),
    NEITHER: RoleMark("o", 1.4, "#555555", "#555555", "neither", halo=False, above=1),
    USED_AND_INFORMATIVE: RoleMark("o", 3.4, "black", "black", "used and informative", above=2),
    REDUNDANT: RoleMark("D", 3.6, NOMINAL, "white", "redundant: informative, not used", above=3),
    SUPPRESSOR: RoleMark(
        "crossed ring", 5.0, MEASURED, "white", "suppressor: used, not informative", above=4
    ),
}
"""In the order in which they are drawn: what must be seen comes last."""

LEGEND = (USED_AND_INFORMATIVE, SUPPRESSOR, REDUNDANT, NEITHER, NOT_SHOWN)


def mark_roles(ax: Axes, x: ArrayLike, y: ArrayLike, role: str, *, scale: float = 1.0) -> None:
    """Draw the marks of a role at these places."""
    mark = MARKS[role]
    (line,) = ax.plot(x, y, linestyle="none", **_shape(role, scale), zorder=10 + mark.above, label=role)
    if mark.halo:
        # The halo parts the mark from dark colours.
        line.set_path_effects([withStroke(linewidth=1.3 * scale + 0.5, foreground="white")])


def legend_entries(roles: set[str]) -> list[Line2D]:
    """Return what a legend shows of these roles, in a fixed order."""
    return [
        Line2D([], [], linestyle="none", label=MARKS[role].words, **_shape(role, 1.0))
        for role in LEGEND
        if role in roles
    ]


def _shape(role: str, scale: float) -> dict[str, Any]:
    mark = MARKS[role]
    return {
        "marker": _crossed_ring() if mark.shape == "crossed ring" else MarkerStyle(mark.shape),
        "markersize": mark.size_pt * scale,
        "markerfacecolor": mark.face,
        "markeredgecolor": mark.colour,
        "markeredgewidth": (0.2 if mark.face == mark.colour else 0.8) * scale,
    }


@functools.cache
def _crossed_ring() -> MarkerStyle:
    strokes = [Path([(-_CROSS, sign * -_CROSS), (_CROSS, sign * _CROSS)]) for sign in (1, -1)]
    return MarkerStyle(Path.make_compound_path(Path.unit_circle(), *strokes))
