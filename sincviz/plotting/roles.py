"""Roles: where what a network uses and what tells the classes by itself are the same, and where not."""

import math

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sincviz.eeg.positions import check_positions
from sincviz.eeg.role_words import NOT_SHOWN, REDUNDANT, ROLES, SUPPRESSOR
from sincviz.errors import PositionsError
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn, check_number_of_maps
from sincviz.plotting.canvas.evidence import bands_in_hz, write_below
from sincviz.plotting.canvas.glyphs import legible
from sincviz.plotting.canvas.lettering import fitted, wrapped
from sincviz.plotting.canvas.role_marks import MARKS, legend_entries, mark_roles
from sincviz.plotting.canvas.role_scatter import role_scatter
from sincviz.plotting.canvas.scalp_grid import colour_scale, draw_colour_bar
from sincviz.plotting.canvas.scalp_table import draw_maps, n_lines, sensor_places, units_of
from sincviz.plotting.canvas.shown_cells import named_rest
from sincviz.plotting.canvas.style import (
    double_column_mm,
    inches,
    large_pt,
    single_column_mm,
    small_pt,
    style,
    type_mm,
)

DRAWN = {
    "plot_roles": DrawnResult(
        xr.Dataset, "inspection.roles", "sincviz.evidence.roles(model, epochs)", ("role",)
    ),
}

MOST_TARGETS = 4
"""More do not fit on a page."""

_QUANTITIES = {
    "spread": "Score moved by the cell",
    "relevance": "Relevance",
    "pattern": "Pattern relevance",
}
_ENDS = ("", "_ci_low", "_ci_high")

_SCATTER = 0.36  # of the width
_AXIS_MM, _LABEL_MM = 13.0, 9.0  # left of and below the scatter
_HEIGHT_MM, _MAPS_MM, _LOWEST_MM = 58.0, 30.0, 34.0
_PAGE_MM = 190.0  # of all targets
_LINE_MM, _NAME_MM, _SIDE_MM = 3.2, 5.0, 2.0
_BAR_MM, _BAR_ROOM_MM, _BAR_WIDTH_MM = 2.2, 10.0, 50.0
_FULL_MM = 30.0  # marks are smaller on smaller maps


def plot_roles(roles: xr.Dataset, quantity: str = "spread") -> Figure:
    """Draw what a network uses of each cell, and whether the cell alone tells the classes.

    Parameters
    ----------
    roles : xarray.Dataset, dims (target, band, channel)
        What :func:`sincviz.evidence.roles` returned.
    quantity : {"spread", "relevance", "pattern"}
        What is drawn as maps and upwards: by how much the cell moves the score from trial to trial within classes, what
        it adds to the contrast of the classes, or what their patterns explain of that. A cell that cancels noise moves
        the score, but adds hardly anything to the contrast.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide: scalp maps, one for each band, on which every electrode is marked by its role, and beside them all
        cells of all bands, by how well each alone tells the classes (ROC area of its power or its evoked response,
        whichever is surer; 0.5 tells nothing, areas of power below it are mirrored) and by the quantity, with 95 %
        intervals where there is a role. Without usable positions there are no maps, and the figure is 88 mm wide.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the quantity is unknown, the dataset is not over (target, band, channel), lacks a variable or has no values,
        or there are more than 4 targets.

    Examples
    --------
    >>> from sincviz import datasets
    >>> epochs, truth = datasets.simulate_motor_imagery(4)
    >>> places = np.array([channel["loc"][:3] for channel in epochs.info["chs"]]).T
    >>> places = {axis: ("channel", at) for axis, at in zip("xyz", places, strict=True)}
    >>> maps = truth.scalp_map.reset_coords(drop=True).assign_coords(places)
    >>> left, right, parietal = (abs(maps.isel(source=at, drop=True)).drop_attrs() for at in (0, 1, 4))
    >>> informative, distracting = (left + right) / left.max(), parietal / parietal.max()
    >>> spread = informative**4 + 0.7 * distracting**6
    >>> used, tells = spread > 0.3, informative > 0.6
    >>> values = {"relevance": informative**4, "spread": spread, "power_area": 0.5 + 0.3 * informative}
    >>> ends = {"": 0.0, "_ci_low": -0.05, "_ci_high": 0.05}
    >>> cells = xr.Dataset({name + end: value + by for name, value in values.items() for end, by in ends.items()})
    >>> cells["role"] = xr.where(used & tells, "used and informative", xr.where(used, "suppressor", "neither"))
    >>> cells["role"] = cells.role.where(used | ~tells, "redundant")
    >>> figure = plot_roles(cells.expand_dims(target=["left against right"], band=["alpha"]))
    >>> sorted(set(cells.role.values.tolist()))
    ['neither', 'redundant', 'suppressor', 'used and informative']
    """
    check_drawn("plot_roles", roles)
    _check(roles, quantity)
    cells = named_rest(roles).transpose("target", "band", "channel", ...)
    finite = np.isfinite(cells[quantity].to_numpy()).any((0, 2))
    if not finite.any():
        raise ValueError("No cell has a value; there is nothing to draw.")
    cells = cells.isel(band=finite)
    if roles.attrs.get("readable") == "no":
        cells = cells.assign(role=xr.full_like(cells["role"], NOT_SHOWN, dtype="U9"))
    on_scalp = _has_positions(cells)
    if on_scalp:
        check_number_of_maps(cells[quantity])
    with style():
        figure, n_unnamed = _figure(cells, quantity, on_scalp)
        more = f" ({n_unnamed} more have no room)" if n_unnamed else ""
        named = cells["role"].isin((SUPPRESSOR, REDUNDANT)).any()
        note = (
            "ROC area: how well the cell alone tells the classes, by its power or its evoked response, whichever is "
            "surer; 0.5: not at all. Areas of power below 0.5 are mirrored. Lines: 95% intervals."
        ) + (f" Named: suppressors and redundant cells{more}." if named else "")
        write_below(figure, roles.attrs, note=" ".join(filter(None, [note, bands_in_hz(roles)])))
    return figure


def _check(roles: xr.Dataset, quantity: str) -> None:
    """Raise if roles cannot be drawn."""
    if quantity not in _QUANTITIES:
        raise ValueError(f"`quantity` must be one of {', '.join(map(repr, _QUANTITIES))}; got {quantity!r}.")
    wanted = ["role", *(f"{quantity}{end}" for end in _ENDS)]
    lacking = [name for name in wanted if name not in roles]
    if lacking or set(roles["role"].dims) != {"target", "band", "channel"} or not roles["role"].size:
        wrong = f"lacks {', '.join(lacking)}" if lacking else f"is over {dict(roles['role'].sizes)}"
        raise ValueError(
            "`roles` must have roles and values over (target, band, channel), not empty; this dataset "
            f"{wrong}. Pass what `sincviz.evidence.roles` returned."
        )
    unknown = set(roles["role"].to_numpy().astype(str).ravel().tolist()) - set(ROLES)
    if unknown:
        raise ValueError(
            f"A role must be one of {', '.join(map(repr, ROLES))}; got {', '.join(map(repr, sorted(unknown)))}."
        )
    if roles.sizes["target"] > MOST_TARGETS:
        raise ValueError(
            f"One figure shows the roles for at most {MOST_TARGETS} targets; got {roles.sizes['target']}. Choose: "
            f"`roles.isel(target=slice({MOST_TARGETS}))`."
        )


def _has_positions(cells: xr.Dataset) -> bool:
    try:
        check_positions(cells["role"])
    except PositionsError:
        return False
    return True


def _figure(cells: xr.Dataset, drawn: str, on_scalp: bool) -> tuple[Figure, int]:
    """Return the figure, and how many cells found no room for their names."""
    targets = [str(name) for name in cells["target"].to_numpy()]
    width = double_column_mm() if on_scalp else single_column_mm()
    scatter_mm = _SCATTER * width if on_scalp else width - _SIDE_MM
    maps_mm = width - scatter_mm - 2 * _SIDE_MM
    titles = [str(name) for name in cells["band"].to_numpy()]
    size_mm, n_columns, titles = _map_grid(titles, maps_mm, len(targets)) if on_scalp else (0.0, 1, titles)
    title_mm = type_mm(_LINE_MM) * n_lines(titles) + 1.0 if on_scalp else 0.0
    n_rows = math.ceil(len(titles) / n_columns) if on_scalp else 0
    name_mm = type_mm(_NAME_MM) if len(targets) > 1 else 0.0
    axis_mm = type_mm(_LABEL_MM)
    lowest_mm = (_HEIGHT_MM if len(targets) == 1 else _LOWEST_MM) + axis_mm
    block_mm = max(n_rows * (size_mm + title_mm), lowest_mm) + name_mm + 2.0
    entries = legend_entries(set(cells["role"].to_numpy().astype(str).ravel()))
    n_wide = len(entries) if on_scalp else 1
    legend_mm = type_mm(_LINE_MM + 0.8) * math.ceil(len(entries) / n_wide) + 2.0
    bar_mm = type_mm(_BAR_ROOM_MM) + _BAR_MM if on_scalp else 0.0
    height = len(targets) * block_mm + bar_mm + legend_mm + 1.0
    figure = plt.figure(figsize=(inches(width), inches(height)))

    def add(left: float, top: float, across: float, up: float, label: str) -> Axes:
        place = (left / width, 1 - (top + up) / height, across / width, up / height)
        return figure.add_axes(place, label=label)

    scale = colour_scale(cells[drawn].to_numpy())
    n_unnamed = 0
    for number, name in enumerate(targets):
        of_target = cells.isel(target=number)
        top = number * block_mm + name_mm + 1.0
        if name_mm:
            figure.text(_SIDE_MM / width, 1 - (top - name_mm + 1.0) / height, fitted(legible(name), 0.85 * width),
                        va="top", fontsize=large_pt(), weight="bold", parse_math=False)  # fmt: skip
        left = maps_mm + 2 * _SIDE_MM + _AXIS_MM if on_scalp else _AXIS_MM
        # Room for half a number of the axis.
        ax = add(left, top + 1.0, width - left - 3.0, block_mm - name_mm - axis_mm - 3.0, name)
        n_unnamed += role_scatter(ax, of_target, drawn)
        ax.set_xlabel("ROC area of the cell alone")
        ax.set_ylabel(fitted(_words(cells, drawn), block_mm - name_mm), parse_math=False)
        if on_scalp:
            cell_mm = maps_mm / n_columns
            # The maps of few bands stand in the middle.
            start = top + max(0.0, (block_mm - name_mm - 2.0 - n_rows * (size_mm + title_mm)) / 2)
            places = [
                add(
                    _SIDE_MM + (at % n_columns) * cell_mm + (cell_mm - size_mm) / 2,
                    start + (at // n_columns) * (size_mm + title_mm) + title_mm,
                    *(size_mm, size_mm, f"{name}: {title}"),
                )
                for at, title in enumerate(titles)
            ]
            grid = np.array(places, object)
            draw_maps(grid, of_target[drawn].to_numpy(), titles, scale, of_target[drawn])
            for ax, roles_of_band in zip(grid, of_target["role"].to_numpy().astype(str), strict=True):
                _mark(ax, roles_of_band, size_mm)
                if scale.low == 0:
                    _hide_contours_below_zero(ax)
    if on_scalp:
        label = fitted(_words(cells, drawn), maps_mm)
        bar_left = _SIDE_MM + (maps_mm - _BAR_WIDTH_MM) / 2
        bar = add(bar_left, len(targets) * block_mm + 2.0, _BAR_WIDTH_MM, _BAR_MM, label)
        draw_colour_bar(bar, scale)
    legend = add(0.0, height - legend_mm, width, legend_mm, "legend")
    legend.set_axis_off()
    legend.legend(handles=entries, loc="center", ncols=n_wide, borderpad=0, handletextpad=0.3, columnspacing=1.6,
                  handlelength=1.2, fontsize=small_pt())  # fmt: skip
    return figure, n_unnamed


def _map_grid(names: list[str], width_mm: float, n_targets: int) -> tuple[float, int, list[str]]:
    """Return the size of a map, the number of columns (few rows of large maps), and the titles in lines."""
    page_mm = _PAGE_MM / n_targets

    def size_mm(n_columns: int) -> float:
        n_rows = math.ceil(len(names) / n_columns)
        high = page_mm / n_rows - type_mm(_LINE_MM) - 2.0 if n_targets > 1 or n_rows > 2 else _MAPS_MM
        return min(_MAPS_MM, 0.96 * width_mm / n_columns, high)

    numbers = range(1, len(names) + 1)
    largest_mm = max(map(size_mm, numbers))
    n_rows = math.ceil(len(names) / max(number for number in numbers if size_mm(number) > 0.9 * largest_mm))
    best = math.ceil(len(names) / n_rows)  # rows of equal length
    return size_mm(best), best, [wrapped(name, width_mm / best - 1) for name in names]


def _mark(ax: Axes, roles: NDArray[np.str_], size_mm: float) -> None:
    """Mark electrodes where the map shows them as points."""
    places = sensor_places(ax, len(roles))
    if places is None:
        return  # a map without values
    for points in ax.collections:
        if len(np.asarray(points.get_offsets())) == len(roles):
            points.set_visible(False)
    for role in MARKS:
        if (roles == role).any():
            x, y = places[roles == role].T
            mark_roles(ax, x, y, role, scale=min(1.0, size_mm / _FULL_MM))


def _hide_contours_below_zero(ax: Axes) -> None:
    """Hide where the interpolation falls below zero, though no value does."""
    for part in ax.collections:
        if isinstance(part, QuadContourSet):
            levels = np.asarray(part.levels)
            colours = np.broadcast_to(to_rgba_array(part.get_edgecolor()), (len(levels), 4)).copy()
            colours[levels <= 0] = 0.0
            part.set_edgecolor(colours.tolist())


def _words(cells: xr.Dataset, name: str) -> str:
    """Return what is drawn, with its units."""
    units = units_of(cells["relevance"]) if "relevance" in cells else ""
    return f"{_QUANTITIES[name]} ({units})" if units else _QUANTITIES[name]
