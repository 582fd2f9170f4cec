"""Names below or beside an axis of channels, however many there are, and brackets around their regions."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from sincviz.plotting.canvas.lettering import fitted, fitted_apart, widest_mm, wrapped
from sincviz.plotting.canvas.style import small_pt, type_mm

_LINE_MM = 2.9  # of 7 pt
_TICK_MM = 1.0
_MOST_NAME_MM = 40.0
_MOST_DEPTH_MM = 40.0
_MOST_BESIDE_MM = 22.0
_MOST_REGION_MM = 32.0
_GREY = "#444444"


@dataclass(frozen=True)
class NamesBelow:
    """What is written below an axis of channels, and how much room it takes.

    Attributes
    ----------
    names : sequence of str
        Of all channels, shortened.
    flat : bool
        Names lie flat, for they are narrower than their channel.
    every : int
        Only every so many channels are named.
    rows : int
        Rows of names below each other, for names wider than channels.
    row_mm, depth_mm : float
        Height of one row, and of everything.
    groups : sequence of (str, int, int)
        Name, first and last channel of each region.
    groups_flat : bool
        Names of regions lie flat.
    """

    names: Sequence[str]
    flat: bool
    every: int
    rows: int
    row_mm: float
    depth_mm: float
    groups: Sequence[tuple[str, int, int]]
    groups_flat: bool


def names_below(names: Sequence[str], regions: Sequence[str] | None, width_mm: float) -> NamesBelow:
    """Return what to write below an axis so wide; to be called inside the style."""
    names = fitted_apart(names, _MOST_NAME_MM)
    cell = width_mm / len(names)
    longest = widest_mm(names)
    flat = longest <= cell - 1
    row_mm = type_mm(_LINE_MM) if flat else longest + 0.6
    rows, every = 1, 1
    if not flat:
        rows = math.ceil(type_mm(_LINE_MM) / cell)
        if rows * row_mm > _MOST_DEPTH_MM:
            rows, every = 1, rows
    depth_mm = _TICK_MM + rows * row_mm
    groups = _groups(regions, width_mm)
    broken = [(wrapped(name, (last + 1 - first) * cell - 1), first, last) for name, first, last in groups]
    # Two lines of whole words.
    groups_flat = all(
        one[0].count("\n") < 2 and one[0].split() == name.split()
        for one, (name, _, _) in zip(broken, groups, strict=True)
    )
    if groups_flat:
        groups = broken
    if groups:
        n_lines = 1 + max(name.count("\n") for name, _, _ in groups)
        names_mm = (
            type_mm(_LINE_MM) * n_lines
            if groups_flat
            else 2 * _TICK_MM + widest_mm([name for name, _, _ in groups])
        )
        depth_mm += 2 * _TICK_MM + names_mm
    return NamesBelow(names, flat, every, rows, row_mm, depth_mm, groups, groups_flat)


def write_names_below(ax: Axes, below: NamesBelow, width_mm: float, height_mm: float) -> None:
    """Write them below axes of this size whose channels lie at 0, 1, 2 ..."""
    transform = ax.get_xaxis_transform()

    def lines(x: Sequence[Sequence[float]], y_mm: Sequence[Sequence[float]]) -> None:
        for xs, ys in zip(x, y_mm, strict=True):
            ax.plot(xs, [-y / height_mm for y in ys], transform=transform, clip_on=False, color=_GREY,
                    linewidth=0.4, solid_capstyle="butt")  # fmt: skip

    def write(x: float, y_mm: float, text: str, flat: bool) -> None:
        ax.text(x, -y_mm / height_mm, text, transform=transform, rotation=0 if flat else 90, ha="center",
                va="top", fontsize=small_pt(), parse_math=False)  # fmt: skip

    for at, name in list(enumerate(below.names))[:: below.every]:
        top = _TICK_MM + (at // below.every) % below.rows * below.row_mm
        lines([[at, at]], [[0, top - 0.3]])
        write(at, top, name, below.flat)
    if not below.groups:
        return
    top = 2 * _TICK_MM + below.rows * below.row_mm
    middles = [(first + last) / 2 for _, first, last in below.groups]
    per_mm = len(below.names) / width_mm
    places = (
        middles if below.groups_flat else apart(middles, type_mm(_LINE_MM) * per_mm, len(below.names) - 0.5)
    )
    for (name, first, last), middle, place in zip(below.groups, middles, places, strict=True):
        lines([[first - 0.35, last + 0.35]], [[top, top]])
        if not below.groups_flat:
            lines([[middle, place]], [[top, top + 2 * _TICK_MM]])
        write(place, top + (0.5 if below.groups_flat else 2.3) * _TICK_MM, name, below.groups_flat)


@dataclass(frozen=True)
class NamesBeside:
    """What is written left of an axis of channels from top to bottom, and how much room it takes.

    Attributes
    ----------
    names : sequence of str
        Of all channels, shortened.
    every : int
        Only every so many channels are named.
    names_mm, width_mm : float
        Width of the names, and of everything.
    groups : sequence of (str, int, int)
        Name, first and last channel of each region.
    """

    names: Sequence[str]
    every: int
    names_mm: float
    width_mm: float
    groups: Sequence[tuple[str, int, int]]


def names_beside(names: Sequence[str], regions: Sequence[str] | None, height_mm: float) -> NamesBeside:
    """Return what to write left of an axis so high; to be called inside the style."""
    names = fitted_apart(names, _MOST_BESIDE_MM)
    every = max(1, math.ceil(type_mm(_LINE_MM) * len(names) / height_mm))
    names_mm = _TICK_MM + 0.5 + widest_mm(names[::every])
    width_mm = names_mm
    groups = [
        (fitted(name, _MOST_REGION_MM), first, last) for name, first, last in _groups(regions, height_mm)
    ]
    if groups:
        width_mm += 4 * _TICK_MM + widest_mm([name for name, _, _ in groups])
    return NamesBeside(names, every, names_mm, width_mm, groups)


def write_names_beside(ax: Axes, beside: NamesBeside, width_mm: float, height_mm: float) -> None:
    """Write them left of axes of this size whose channels lie at 0, 1, 2 ... from top to bottom."""
    transform = ax.get_yaxis_transform()

    def lines(x_mm: Sequence[float], y: Sequence[float]) -> None:
        ax.plot([-x / width_mm for x in x_mm], y, transform=transform, clip_on=False, color=_GREY,
                linewidth=0.4, solid_capstyle="butt", scalex=False, scaley=False)  # fmt: skip

    def write(x_mm: float, y: float, text: str) -> None:
        ax.text(-x_mm / width_mm, y, text, transform=transform, ha="right", va="center_baseline",
                fontsize=small_pt(), parse_math=False)  # fmt: skip

    for at, name in list(enumerate(beside.names))[:: beside.every]:
        lines([0, 0.7 * _TICK_MM], [at, at])
        write(_TICK_MM, at, name)
    if not beside.groups:
        return
    bracket = beside.names_mm + _TICK_MM
    middles = [(first + last) / 2 for _, first, last in beside.groups]
    per_mm = len(beside.names) / height_mm
    places = apart(middles, type_mm(_LINE_MM) * per_mm, len(beside.names) - 0.5)
    for (name, first, last), middle, place in zip(beside.groups, middles, places, strict=True):
        lines([bracket, bracket], [first - 0.35, last + 0.35])
        lines([bracket, bracket + 2 * _TICK_MM], [middle, place])
        write(bracket + 2.3 * _TICK_MM, place, name)


def _groups(regions: Sequence[str] | None, width_mm: float) -> list[tuple[str, int, int]]:
    """Return name, first and last channel of consecutive equal regions; none if they are too many to be named."""
    groups, first = [], 0
    for region, members in itertools.groupby([] if regions is None else regions):
        size = len(list(members))
        groups.append((fitted(region, _MOST_NAME_MM), first, first + size - 1))
        first += size
    return groups if len(groups) * type_mm(_LINE_MM) <= width_mm else []


def apart(middles: Sequence[float], least: float, end: float) -> list[float]:
    """Return places near the middles that are so far apart and do not pass the end.

    Examples
    --------
    >>> apart([1.0, 1.5, 9.0], 2.0, 9.5)
    [1.0, 3.0, 9.0]
    """
    places = np.array(middles, float)
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + least)
    places[-1] = min(places[-1], end)
    for index in range(len(places) - 2, -1, -1):
        places[index] = min(places[index], places[index + 1] - least)
    return [float(place) for place in places]
