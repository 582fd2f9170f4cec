"""A table of scalp maps, and what every figure of scalp maps shares."""

import math
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sincviz.eeg.positions import scalp_info
from sincviz.plotting.canvas.lettering import fitted, fitted_apart, hz, widest_mm, wrapped
from sincviz.plotting.canvas.scalp_grid import (
    ColourScale,
    cell_mm,
    colour_scale,
    draw_colour_bar,
    map_mm,
    scalp_figure,
)
from sincviz.plotting.canvas.style import large_pt, small_pt, type_mm

LABEL_MM = 5.0  # for one line beside the maps

_CONTOURS = 4
_MOST_WITH_CONTOURS = 32  # on more and so smaller maps lines hide the colours, and fill the file
_MOST_HEIGHT_MM = 215.0  # of all rows; a page has little more
_LEAST_MAP_MM = 9.0
_LEAST_FOR_UPRIGHT_MM = 16.0  # beside lower maps names lie flat
_MOST_NAME_MM = 34.0
_ROW_LINE_MM = 3.4
_MARKED = "marked"
_RINGED = "ringed"


def scalp_table(
    maps: xr.DataArray,
    marked: NDArray[np.bool_] | None = None,
    *,
    ringed: NDArray[np.bool_] | None = None,
    captions: NDArray[np.str_] | None = None,
) -> Figure:
    """Return a table of maps on one scale, the first dimension down; to be called inside the style.

    Parameters
    ----------
    maps : xarray.DataArray, two dimensions and ``channel``
        With usable positions.
    marked : array of bool, of the shape of ``maps``, or None
        Electrodes to draw as white dots.
    ringed : array of bool, of the shape of ``maps``, or None
        Electrodes to draw as small rings where they are not marked; dots are then larger.
    captions : array of str, one for each map, or None
        A line above each map, below the name of its column.
    """
    dims = [str(dim) for dim in maps.dims if dim != "channel"]
    ordered = maps.transpose(*dims, "channel")
    panels = ordered.to_numpy().reshape(-1, maps.sizes["channel"])
    scale = colour_scale(panels)
    row_names, column_names = (
        [f"filter {value}" if dim == "filter" else str(value) for value in maps[dim].to_numpy()]
        for dim in dims
    )
    n_rows, n_columns = len(row_names), len(column_names)
    size = min(map_mm(n_columns, type_mm(LABEL_MM)), max(_LEAST_MAP_MM, _MOST_HEIGHT_MM / n_rows - 2))
    upright = size >= min(_LEAST_FOR_UPRIGHT_MM, map_mm(n_columns, type_mm(LABEL_MM)))
    if upright:
        row_names = [wrapped(name, 0.9 * size, size_pt=large_pt()) for name in row_names]
        left_mm = type_mm(LABEL_MM) + type_mm(_ROW_LINE_MM) * (n_lines(row_names) - 1)
    else:
        lines = int(size / type_mm(_ROW_LINE_MM))
        row_names = fitted_apart(row_names, _MOST_NAME_MM, lines, size_pt=large_pt())
        left_mm = widest_mm(row_names, size_pt=large_pt())
    size = min(size, map_mm(n_columns, left_mm))
    column_names = fitting(column_names, n_columns, left_mm)
    titles = [column_names] + [[""] * n_columns for _ in range(n_rows - 1)]
    if captions is not None:
        titles = [
            [_below(name, caption, n_columns, left_mm) for name, caption in zip(names, row, strict=True)]
            if any(row)
            else names
            for names, row in zip(titles, captions.reshape(n_rows, n_columns).tolist(), strict=True)
        ]
    figure, grid, bars = scalp_figure(
        n_rows,
        n_columns,
        title_lines=[n_lines(row) for row in titles],
        bar_labels=[quantity(maps)],
        left_mm=left_mm,
        size_mm=size,
    )
    dots, rings = (None if marks is None else marks.reshape(panels.shape) for marks in (marked, ringed))
    above = [title for row in titles for title in row]
    draw_maps(grid.ravel(), panels, above, scale, maps, dots, rings)
    for ax, name in zip(grid[:, 0], row_names, strict=True):
        label_row(ax, name, upright=upright)
    draw_colour_bar(bars[0], scale)
    return figure


def draw_maps(
    axes: NDArray[Any],
    panels: NDArray[Any],
    titles: Sequence[str],
    scale: ColourScale,
    maps: xr.DataArray,
    marked: NDArray[np.bool_] | None = None,
    ringed: NDArray[np.bool_] | None = None,
) -> None:
    """Draw each map, of channels of ``maps``, into axes of its own."""
    import mne

    info = scalp_info(maps)
    n_contours = _CONTOURS if len(panels) <= _MOST_WITH_CONTOURS else 0
    dots = np.zeros(panels.shape, bool) if marked is None else marked
    rings = np.zeros(panels.shape, bool) if ringed is None else ringed & ~dots
    size_pt = 72 * axes[0].get_window_extent().width / axes[0].figure.dpi
    dot = {
        "markersize": min(2.2, 0.035 * size_pt) if ringed is None else min(3.2, 0.045 * size_pt),
        "markerfacecolor": "white",
        "markeredgecolor": "black",
        "markeredgewidth": min(0.4, 0.008 * size_pt),
        "zorder": 10,
        "label": _MARKED,
    }
    # The halo shows on dark colours, the ring on light ones.
    halo = withStroke(linewidth=1.1, foreground="white")
    ring = dot | {"markersize": min(1.9, 0.03 * size_pt), "markerfacecolor": "none", "label": _RINGED}
    # Interpolation inverts one tiny matrix per triangle: threads would only wait for each other, a second per map.
    places: Any = info
    with threadpool_limits(1, "blas"):
        for number, (ax, values, title, dotted, rung) in enumerate(
            zip(axes, panels, titles, dots, rings, strict=False)
        ):
            # Axes that were made elsewhere have another font.
            ax.set_title(title, fontsize=small_pt(), pad=2, linespacing=1.1, parse_math=False,
                         fontfamily=mpl.rcParams["font.family"])  # fmt: skip
            if not np.isfinite(values).all():
                ax.set_axis_off()
                ax.text(0.5, 0.5, _why_empty(maps, number), ha="center", va="center", transform=ax.transAxes)
                continue
            _, contours = mne.viz.plot_topomap(
                values,
                places,
                axes=ax,
                show=False,
                cmap=scale.cmap,
                vlim=(scale.low, scale.high),
                contours=n_contours,
                mask=dotted if dotted.any() else None,
                mask_params=dot if dotted.any() else None,
            )
            if places is info and not dotted.any():
                # With these MNE need not check and project the sensors again for every map.
                where = sensor_places(ax, len(values))
                places = info if where is None else where
            if contours is not None:
                contours.set_linewidth(0.3)
            if rung.any():
                # MNE knows one kind of mark: rings go where it drew the other sensors.
                others = sensor_places(ax, int((~dotted).sum()))
                assert others is not None
                ax.plot(*others[rung[~dotted]].T, "o", path_effects=[halo], **ring)
            for line in ax.lines:
                if line.get_label() not in (_MARKED, _RINGED):
                    line.set_linewidth(0.5)
                    line.set_markersize(min(0.8, 0.016 * size_pt))
                    line.set_markeredgewidth(min(1.0, 0.02 * size_pt))


def sensor_places(ax: Axes, n_channels: int) -> NDArray[np.float64] | None:
    """Return where MNE drew so many sensors as points."""
    points = (part for part in ax.collections if isinstance(part, PathCollection))
    all_places = (np.asarray(part.get_offsets(), float) for part in points)
    return next((places for places in all_places if len(places) == n_channels), None)


def _why_empty(maps: xr.DataArray, number: int) -> str:
    """Return what a map without numbers, in order, is to say."""
    dims = [str(dim) for dim in maps.dims if dim != "channel"]
    if "target" not in dims:
        return "no value" if "band" in dims or "frequency" in dims else "no output"
    at = dict(zip(dims, np.unravel_index(number, [maps.sizes[dim] for dim in dims]), strict=True))
    class_maps = maps.isel(target=at["target"])
    # A contrast needs trials of the class.
    return "no value" if np.isfinite(class_maps.to_numpy()).any() else "no trials"


def label_row(ax: Axes, name: str, *, upright: bool = True) -> None:
    """Write the name of a row left of its first map."""
    ax.text(
        *(-0.06, 0.5, name),
        transform=ax.transAxes,
        rotation=90 if upright else 0,
        ha="right",
        va="center",
        multialignment="center" if upright else "right",
        fontsize=large_pt(),
        parse_math=False,
    )


def fitting(titles: Sequence[str], columns: int, left_mm: float = 0.0) -> list[str]:
    """Return titles with line breaks, no wider than the room above a map; to be called inside the style."""
    return [wrapped(title, cell_mm(columns, left_mm) - 1) for title in titles]


def _below(name: str, caption: str, columns: int, left_mm: float) -> str:
    """Return a name with its caption below; an empty one keeps its line, so that names stay level."""
    line = fitted(caption, cell_mm(columns, left_mm) - 1)
    return f"{name}\n{line}" if name else line


def n_lines(texts: Sequence[str]) -> int:
    """Return the number of lines of the longest text."""
    return max(text.count("\n") + bool(text) for text in texts)


def quantity(values: xr.DataArray) -> str:
    """Return what is drawn and its units, as a label of a scale."""
    name = (
        str(values.name or "value").replace("time_frequency", "time-frequency").replace("_", " ").capitalize()
    )
    units = units_of(values)
    return f"{name} ({units})" if units else name


def units_of(maps: xr.DataArray) -> str:
    """Return the units, nothing for plain numbers."""
    units = str(maps.attrs.get("units", ""))
    return "" if units == "1" else units


def map_titles(maps: xr.DataArray, dims: Sequence[str]) -> list[str]:
    """Return the title of every map, in order."""
    if not dims:
        return [""]
    stacked = (
        maps.isel(channel=0, drop=True).stack(map=dims) if len(dims) > 1 else maps.isel(channel=0, drop=True)
    )
    return [_title(stacked.isel({stacked.dims[0]: index}), dims) for index in range(stacked.size)]


def _title(scalp_map: xr.DataArray, dims: Sequence[str]) -> str:
    coords = {name: coord.item() for name, coord in scalp_map.coords.items() if coord.ndim == 0}
    if "filter" not in coords:
        return ", ".join(str(coords.get(dim, "")) for dim in dims)
    name = f"filter {coords['filter']}"
    if "depth" in coords:
        name += f" ({coords['depth']})"
    low, high = (coords.get(f"measured_{edge}_hz", math.nan) for edge in ("low", "high"))
    return f"{name}\n{hz(low)}–{hz(high)} Hz" if math.isfinite(low) else name
