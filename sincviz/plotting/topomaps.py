"""Scalp maps on one colour scale."""

import math
from typing import Any, cast

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sincviz.eeg.positions import check_positions
from sincviz.plotting.canvas.drawn_results import (
    DrawnResult,
    check_drawn,
    check_map_dims,
    check_number_of_maps,
)
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.glyphs import legible
from sincviz.plotting.canvas.scalp_grid import colour_scale, draw_colour_bar, scalp_figure
from sincviz.plotting.canvas.scalp_table import (
    LABEL_MM,
    draw_maps,
    fitting,
    label_row,
    map_titles,
    n_lines,
    quantity,
    scalp_table,
    units_of,
)
from sincviz.plotting.canvas.style import style, type_mm
from sincviz.verdict import warning_words

DRAWN = {
    "plot_topomaps": DrawnResult(
        xr.DataArray, "inspection.spatial_filters", "sincviz.spatial_filters(model)"
    ),
    "plot_spatial_filters_and_patterns": DrawnResult(
        xr.DataArray,
        "inspection.spatial_filters, inspection.spatial_patterns",
        "sincviz.spatial_filters(model), sincviz.spatial_patterns(model, epochs)",
    ),
}

_MOST_COLUMNS = 8


def plot_topomaps(maps: xr.DataArray, axes: NDArray[Any] | Axes | None = None) -> Figure:
    r"""Draw scalp maps side by side on one colour scale.

    Maps over ``unit``, or ``filter`` and ``depth``, are drawn in their order, each titled with its filter and the
    band that the filter's kernel passes. Two other dimensions (such as ``target`` and ``band``) make a table of
    maps, the first one down. Sort and normalise first, with :func:`sincviz.maps.most_important` and
    :func:`sincviz.maps.relative_maps`.

    Parameters
    ----------
    maps : xarray.DataArray, dims (..., channel)
        At most two dimensions beside ``channel``. Positions are its coordinates ``x``, ``y``, ``z`` in metres.
    axes : array of matplotlib.axes.Axes | None
        Where to draw, one per map; ``None`` makes a figure 178 mm wide with a colour bar and labels.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. Every map has the same limits, symmetric around zero where there are negative values. A map
        that is not finite is replaced by the words "no output" (of a filter), "no trials" (of a class) or "no value".

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    PositionsError
        If the position of a channel is missing, zero, shared with another's or off the head, or there is one channel.
    ValueError
        If there is no dimension ``channel``, no map, more than two other dimensions, more than 200 maps in a figure, or
        fewer axes than maps.

    Examples
    --------
    >>> from sincviz import datasets
    >>> epochs, truth = datasets.simulate_motor_imagery(4)
    >>> places = np.array([channel["loc"][:3] for channel in epochs.info["chs"]]).T
    >>> places = {axis: ("channel", at) for axis, at in zip("xyz", places, strict=True)}
    >>> maps = truth.scalp_map.reset_coords(drop=True).assign_coords(places)
    >>> names = ["mu, left", "mu, right", "beta, left", "beta, right", "parietal alpha"]
    >>> figure = plot_topomaps(maps.assign_coords(source=names))
    >>> [ax.get_title() for ax in figure.axes[:2]]
    ['mu, left', 'mu, right']
    """
    check_drawn("plot_topomaps", maps)
    dims = _checked_dims(maps)
    if axes is None:
        check_number_of_maps(maps)
    check_positions(maps)
    scale = colour_scale(maps.to_numpy())
    as_table = len(dims) == 2 and "depth" not in dims
    panels = maps.transpose(*dims, "channel").to_numpy().reshape(-1, maps.sizes["channel"])
    with style():
        if axes is not None:
            given = np.asarray(axes, object).ravel()
            if len(given) < len(panels):
                raise ValueError(
                    f"Each map needs an axis of its own; got {len(given)} for {len(panels)} maps."
                )
            titles = map_titles(maps, dims)
            draw_maps(given, panels, [legible(title) for title in titles], scale, maps)
            return cast(Figure, given[0].figure.figure)
        if as_table:
            figure = scalp_table(maps)
            write_below(figure, {}, strong=warning_words(maps.attrs))
            return figure
        columns = _columns(len(panels), maps.sizes[dims[-1]] if len(dims) == 2 else 1)
        titles = fitting(map_titles(maps, dims), columns)
        rows = math.ceil(len(panels) / columns)
        figure, grid, bars = scalp_figure(
            rows, columns, title_lines=[n_lines(titles)] * rows, bar_labels=[quantity(maps)]
        )
        for surplus in grid.ravel()[len(panels) :]:
            surplus.remove()
        draw_maps(grid.ravel(), panels, titles, scale, maps)
        draw_colour_bar(bars[0], scale)
        write_below(figure, {}, strong=warning_words(maps.attrs))
    return figure


def plot_spatial_filters_and_patterns(filters: xr.DataArray, patterns: xr.DataArray) -> Figure:
    """Draw the weights of units above their patterns.

    The upper map of a pair shows the weights, which also suppress what the unit must not pick up; the lower one
    shows the pattern: where the activity that it picks up comes from.

    Parameters
    ----------
    filters, patterns : xarray.DataArray, dims (unit, channel) or (filter, depth, channel)
        Of the same units in the same order, such as :func:`sincviz.maps.most_important` returns.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide, at most eight pairs in a row; one colour bar for each of the two, or one for both where they
        share units and limits.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    PositionsError
        If the position of a channel is missing, zero, shared with another's or off the head, or there is one channel.
    ValueError
        If filters and patterns are of different units, or there are none.

    Examples
    --------
    >>> from sincviz import datasets
    >>> epochs, truth = datasets.simulate_motor_imagery(40)
    >>> places = np.array([channel["loc"][:3] for channel in epochs.info["chs"]]).T
    >>> places = {axis: ("channel", at) for axis, at in zip("xyz", places, strict=True)}
    >>> maps = truth.scalp_map.reset_coords(drop=True).assign_coords(places)
    >>> patterns = maps.rename("spatial_pattern")
    >>> covariance = np.cov(np.hstack(1e6 * epochs.get_data(copy=False)))
    >>> weights = patterns.copy(data=patterns.data @ np.linalg.inv(covariance)).rename("weights").drop_attrs()
    >>> figure = plot_spatial_filters_and_patterns(weights, patterns)
    >>> len(figure.axes)  # 5 pairs and two colour bars
    12
    """
    for maps in (filters, patterns):
        check_drawn("plot_spatial_filters_and_patterns", maps)
    dims = _checked_dims(filters)
    check_number_of_maps(filters)
    if filters.dims != patterns.dims or filters.shape != patterns.shape:
        raise ValueError(
            f"Filters and patterns must be of the same units; got {dict(filters.sizes)} and {dict(patterns.sizes)}."
        )
    if map_titles(filters, dims) != map_titles(patterns, dims):
        raise ValueError("Filters and patterns must be of the same units in the same order.")
    check_positions(filters)
    check_positions(patterns)
    above, below = (
        maps.transpose(*dims, "channel").to_numpy().reshape(-1, maps.sizes["channel"])
        for maps in (filters, patterns)
    )
    scales = colour_scale(above), colour_scale(below)
    shared = scales[0] == scales[1] and filters.attrs.get("units") == patterns.attrs.get("units")
    with style():
        columns = _columns(len(above), 1)
        titles = fitting(map_titles(filters, dims), columns, type_mm(LABEL_MM))
        blocks = math.ceil(len(titles) / columns)
        figure, grid, bars = scalp_figure(
            2 * blocks,
            columns,
            title_lines=[n_lines(titles), 0] * blocks,
            bar_labels=[_at_the_start(units_of(filters))]
            if shared
            else [quantity(filters), quantity(patterns)],
            left_mm=type_mm(LABEL_MM),
        )
        for number, maps, rows, name in ((0, filters, above, "weights"), (1, patterns, below, "pattern")):
            panels = grid[number::2].ravel()
            for surplus in panels[len(titles) :]:
                surplus.remove()
            draw_maps(panels, rows, titles if number == 0 else [""] * len(titles), scales[number], maps)
            for first in grid[number::2, 0]:
                label_row(first, name)
        for bar, scale in zip(bars, scales, strict=False):
            draw_colour_bar(bar, scale)
        write_below(figure, {}, strong=warning_words(patterns.attrs))
    return figure


def _columns(n_maps: int, together: int) -> int:
    """Return the number of columns, so that maps that belong together stay in one row."""
    if n_maps <= _MOST_COLUMNS:
        return n_maps
    return max(together, _MOST_COLUMNS // together * together)


def _at_the_start(units: str) -> str:
    """Return units as a label begins with them; a micro sign has no capital."""
    return units if units.startswith("µ") else units[:1].upper() + units[1:]


def _checked_dims(maps: xr.DataArray) -> list[str]:
    check_map_dims(maps)
    return [str(dim) for dim in maps.dims if dim != "channel"]
