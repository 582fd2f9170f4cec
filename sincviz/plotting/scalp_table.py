"""A table of scalp maps, and what every figure of scalp maps shares."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sincviz.plotting.lettering import fitted_apart, widest_mm, wrapped
from sincviz.plotting.scalp_grid import (
    ColourScale,
    cell_mm,
    colour_scale,
    draw_colour_bar,
    map_mm,
    scalp_figure,
)
from sincviz.plotting.style import large_pt, small_pt, type_mm
from sincviz.positions import scalp_info

LABEL_MM = 5.0  # for one line beside the maps

_CONTOURS = 4
_MOST_WITH_CONTOURS = 32  # on more and so smaller maps lines hide the colours, and fill the file
_MOST_HEIGHT_MM = 215.0  # of all rows; a page has little more
_LEAST_MAP_MM = 9.0
_LEAST_FOR_UPRIGHT_MM = 16.0  # beside lower maps names lie flat
_MOST_NAME_MM = 34.0
_ROW_LINE_MM = 3.4
_MARKED = "marked"


def scalp_table(maps: xr.DataArray, marked: NDArray[np.bool_] | None = None) -> Figure:
    """Return a table of maps on one scale, the first dimension down; to be called inside the style.

    Parameters
    ----------
    maps : xarray.DataArray, two dimensions and ``channel``
        With usable positions.
    marked : array of bool, of the shape of ``maps``, or None
        Electrodes to draw as white dots.
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
    figure, grid, bars = scalp_figure(
        n_rows,
        n_columns,
        title_lines=[n_lines(column_names)] + [0] * (n_rows - 1),
        bar_labels=[quantity(maps)],
        left_mm=left_mm,
        size_mm=size,
    )
    titles = column_names + [""] * (len(panels) - n_columns)
    dots = None if marked is None else marked.reshape(panels.shape)
    draw_maps(grid.ravel(), panels, titles, scale, maps, dots)
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
) -> None:
    """Draw each map, of channels of ``maps``, into axes of its own."""
    import mne

    info = scalp_info(maps)
    n_contours = _CONTOURS if len(panels) <= _MOST_WITH_CONTOURS else 0
    dots = np.zeros(panels.shape, bool) if marked is None else marked
    size_pt = 72 * axes[0].get_window_extent().width / axes[0].figure.dpi
    dot = {
        "markersize": min(2.2, 0.035 * size_pt),
        "markerfacecolor": "white",
        "markeredgecolor": "black",
        "markeredgewidth": min(0.4, 0.008 * size_pt),
        "zorder": 10,
        "label": _MARKED,
    }
    # Interpolation inverts one tiny matrix per triangle: threads would only wait for each other, a second per map.
    places: Any = info
    with threadpool_limits(1, "blas"):
        for number, (ax, values, title, dotted) in enumerate(zip(axes, panels, titles, dots, strict=False)):
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
                found = _sensor_places(ax, len(values))
                places = info if found is None else found
            if contours is not None:
                contours.set_linewidth(0.3)
            for line in ax.lines:
                if line.get_label() != _MARKED:
                    line.set_linewidth(0.5)
                    line.set_markersize(min(0.8, 0.016 * size_pt))
                    line.set_markeredgewidth(min(1.0, 0.02 * size_pt))


def _sensor_places(ax: Axes, n_channels: int) -> NDArray[np.float64] | None:
    """Return where MNE drew all sensors."""
    found = (np.asarray(part.get_offsets(), float) for part in ax.collections)
    return next((places for places in found if len(places) == n_channels), None)


def _why_empty(maps: xr.DataArray, number: int) -> str:
    """Return what a map without numbers, in order, is to say."""
    dims = [str(dim) for dim in maps.dims if dim != "channel"]
    if "target" not in dims:
        return "no value" if "band" in dims or "frequency" in dims else "no output"
    at = dict(zip(dims, np.unravel_index(number, [maps.sizes[dim] for dim in dims]), strict=True))
    own = maps.isel(target=at["target"])
    # A contrast needs trials of the class.
    return "no value" if np.isfinite(own.to_numpy()).any() else "no trials"


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


def n_lines(texts: Sequence[str]) -> int:
    """Return the number of lines of the longest text."""
    return max(text.count("\n") + bool(text) for text in texts)


def quantity(values: xr.DataArray) -> str:
    """Return what is drawn and its units, as a label of a scale."""
    name = str(values.name or "value").replace("_", " ").capitalize()
    units = units_of(values)
    return f"{name} ({units})" if units else name


def units_of(maps: xr.DataArray) -> str:
    """Return the units, nothing for plain numbers."""
    units = str(maps.attrs.get("units", ""))
    return "" if units == "1" else units
