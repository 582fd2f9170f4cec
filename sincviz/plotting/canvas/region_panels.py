"""Panels of scalp regions: where each stands, and what is written above it."""

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes

from sincviz.plotting.canvas.lettering import fitted_apart, widest_mm
from sincviz.plotting.canvas.style import double_column_mm

_SIDES = ("left", "midline", "right")
_COLUMNS = 3
_MOST_TITLE_LINES = 2
_BESIDE_TITLES_MM = 14.0  # a column's share of what stands beside the panels, and gaps


def panel_places(regions: Sequence[str]) -> list[tuple[int, int]]:
    """Return row and column of each region: side by side as on the head, or in their order.

    Examples
    --------
    >>> panel_places(["left frontal", "midline central", "right central"])
    [(0, 0), (1, 1), (1, 2)]
    """
    sides = [region.partition(" ")[0] for region in regions]
    lobes = [region.partition(" ")[2] for region in regions]
    paired = [side in _SIDES and lobe != "" for side, lobe in zip(sides, lobes, strict=True)]
    if not all(ok or region == "other" for ok, region in zip(paired, regions, strict=True)):
        return [divmod(number, _COLUMNS) for number in range(len(regions))]
    rows = list(dict.fromkeys(lobe or "other" for lobe in lobes))
    columns = [side for side in _SIDES if side in sides] or ["other"]
    return [
        (rows.index(lobe or "other"), columns.index(side) if side in columns else 0)
        for side, lobe in zip(sides, lobes, strict=True)
    ]


def panel_titles(regions: Iterable[object], n_columns: int) -> list[str]:
    """Return the names of the regions as they fit above their panels; to be called inside the style."""
    room = double_column_mm() / n_columns - _BESIDE_TITLES_MM
    return fitted_apart(regions, room, _MOST_TITLE_LINES)


def is_lowest(place: tuple[int, int], places: Sequence[tuple[int, int]]) -> bool:
    """Return whether nothing stands right below a panel: it then carries the labels of the axis."""
    row, column = place
    return (row + 1, column) not in places


def is_leftmost(place: tuple[int, int], places: Sequence[tuple[int, int]]) -> bool:
    """Return whether nothing stands right beside a panel, on its left."""
    row, column = place
    return (row, column - 1) not in places


def keep_ticks(panels: Sequence[Axes]) -> float:
    """Keep the ticks beside the axes, which would be others in a figure of another size; return their labels' width."""
    low, high = panels[0].get_ylim()
    at = [tick for tick in panels[0].yaxis.get_majorticklocs() if low <= tick <= high]
    for ax in panels:
        ax.yaxis.set_ticks(at)
    return widest_mm(panels[0].yaxis.get_major_formatter().format_ticks(at))
