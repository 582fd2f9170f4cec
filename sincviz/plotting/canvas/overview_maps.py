"""Maps of an overview: relevance of the leading bands and the leading units, or their largest channels as bars."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap

from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.eeg.positions import check_positions
from sincviz.errors import PositionsError
from sincviz.plotting.canvas.intervals import excludes_zero
from sincviz.plotting.canvas.lettering import fitted, fitted_apart, wrapped
from sincviz.plotting.canvas.scalp_grid import ColourScale, colour_scale, draw_colour_bar
from sincviz.plotting.canvas.scalp_table import draw_maps, map_titles, quantity
from sincviz.plotting.canvas.sheet import LINE_MM, TITLE_MM, Box, Sheet, Tile
from sincviz.plotting.canvas.style import MEASURED, NOMINAL, small_pt, type_mm

_MOST_BANDS = 3
_LEAST_OF_LARGEST = 0.1
_FADED = "#BBBBBB"
_BAR_MM = 8.0  # of colours, with ticks and label
_MOST_MAP_MM = 22.0
_MOST_CHANNELS = 6


@dataclass(frozen=True)
class Maps:
    """One tile of maps."""

    maps: xr.DataArray
    titles: list[str]
    title: str
    label: str
    sure: np.ndarray | None
    readable: bool

    @property
    def on_scalp(self) -> bool:
        """Whether the channels can be placed."""
        try:
            check_positions(self.maps)
        except PositionsError:
            return False
        return True


def map_tiles(
    leading: pd.DataFrame | None,
    cells: xr.DataArray | None,
    units: xr.DataArray | None,
    classes: list[str],
    readable: bool,
    *,
    most: int,
) -> list[Maps]:
    """Return the relevance of the leading bands, and the leading units."""
    found = []
    if leading is not None and cells is not None and classes:
        chosen = [
            (name, band)
            for name in classes
            for band in _leading_of(leading.loc[[name]].droplevel("target"), len(classes))
        ]
        chosen = chosen[: most if units is None else most - 2]
        limits = ranges_by_name(leading)
        one_class = len(classes) == 1
        sure = excludes_zero(cells)
        names, bands = ([str(name) for name in cells[dim].to_numpy()] for dim in ("target", "band"))
        rows = [(names.index(name), bands.index(band)) for name, band in chosen]
        ordered = cells.transpose("target", "band", "channel")
        maps = xr.concat([ordered[at].drop_vars(["target", "band"]) for at in rows], "map")
        titles = [
            band_words(band, limits).replace(" (", "\n(")
            if one_class
            else f"{fitted(name, 24)}\n{band_words(band, limits).partition(' (')[0]}"
            for name, band in chosen
        ]
        title = "Where: leading bands" if readable else "Where: no evidence"
        ordered_sure = None
        if sure is not None:
            at_cells = xr.DataArray(sure, dims=cells.dims).transpose("target", "band", "channel").to_numpy()
            ordered_sure = np.array([at_cells[at] for at in rows])
        found.append(Maps(maps, titles, title, quantity(cells.rename("relevance")), ordered_sure, readable))
    if units is not None:
        shown = units.isel(unit=slice(min(most // 2, most - len(found[0].titles)) if found else most))
        weights = units.name == "spatial_filter"
        what = "Leading units: weights" if weights else "Leading units: patterns"
        label = "Relative to the largest"
        found.append(Maps(shown, _unit_titles(shown), what, label, None, readable))
    return found


def _leading_of(rows: pd.DataFrame, n_classes: int) -> list[str]:
    """Return the bands of a class that are drawn on the scalp, the largest first."""
    rows = rows[rows["relevance"].notna()]
    largest = rows["relevance"].max()
    kept = rows[rows["established"] & (rows["relevance"] >= _LEAST_OF_LARGEST * largest)]
    kept = rows if kept.empty else kept
    return [
        str(name)
        for name in kept.index[: 1 if n_classes > 1 or not rows["established"].any() else _MOST_BANDS]
    ]


def map_tile(of: Maps) -> Tile:
    """Return the tile that draws these maps side by side."""
    return Tile(
        float(len(of.titles)),
        lambda width: _height(width, of.titles, of.on_scalp),
        lambda sheet, box: _draw(
            sheet,
            box,
            of.maps,
            of.titles,
            title=of.title,
            label=of.label,
            sure=of.sure,
            on_scalp=of.on_scalp,
            readable=of.readable,
        ),
    )


def _draw(
    sheet: Sheet,
    box: Box,
    maps: xr.DataArray,
    titles: Sequence[str],
    *,
    title: str,
    label: str,
    sure: np.ndarray | None,
    on_scalp: bool,
    readable: bool,
) -> None:
    """Draw maps (one row of ``maps`` each) side by side on one scale, or their largest channels as bars."""
    sheet.title(box, title)
    panels = maps.to_numpy()
    columns, scale = len(panels), colour_scale(panels)
    if not readable:
        scale = ColourScale(scale.low, scale.high, _faded(scale.cmap))
    size, cell = _size_mm(box.width, columns), box.width / columns
    titles = _titles(titles, box.width)
    n_lines = max(2, *(text.count("\n") + 1 for text in titles))
    above = type_mm(LINE_MM) * n_lines + 0.6
    axes = np.empty(len(panels), object)
    top = box.top + type_mm(TITLE_MM) + above
    for column in range(columns):
        inside = Box(box.left + column * cell + (cell - size) / 2, top, size, size)
        if not on_scalp:
            inside = Box(box.left + column * cell + 9, top, cell - 12, size - 2)
        axes[column] = sheet.axes(inside)
    if not on_scalp:
        for ax, values, text, row_sure in zip(
            axes, panels, titles, [None] * len(panels) if sure is None else sure, strict=True
        ):
            _channel_bars(ax, maps["channel"].to_numpy(), values, text, row_sure, readable)
        return
    draw_maps(axes, panels, titles, scale, maps, sure)
    wide = min(26.0, box.width - 12)  # the numbers at its ends need room
    bar = sheet.axes(
        Box(box.left + (box.width - wide) / 2, box.top + box.height - type_mm(_BAR_MM), wide, 1.6),
        label=label if "\n" not in wrapped(label, box.width) else label.partition(" (")[0],
    )
    draw_colour_bar(bar, scale)


def _size_mm(width_mm: float, columns: int) -> float:
    """Return the width of each of so many maps in a row."""
    return min(_MOST_MAP_MM, width_mm / columns - 2)


def _height(width_mm: float, titles: Sequence[str], on_scalp: bool) -> float:
    """Return the height of a tile of maps; to be called inside the style."""
    n_lines = max(2, *(text.count("\n") + 1 for text in _titles(titles, width_mm)))
    row = _size_mm(width_mm, len(titles)) + type_mm(LINE_MM) * n_lines + 0.6
    return type_mm(TITLE_MM) + row + (type_mm(_BAR_MM + 0.5) if on_scalp else 2.0)


def _titles(titles: Sequence[str], width_mm: float) -> list[str]:
    return [wrapped(title, width_mm / len(titles) - 0.5) for title in titles]


def _channel_bars(
    ax: Axes, names: np.ndarray, values: np.ndarray, title: str, sure: np.ndarray | None, readable: bool
) -> None:
    """Draw the channels with the largest values."""
    order = np.argsort(-np.abs(np.nan_to_num(values)), kind="stable")[:_MOST_CHANNELS]
    colours = [MEASURED if values[number] >= 0 else NOMINAL for number in order]
    bars = ax.barh(range(len(order)), values[order], color=colours if readable else _FADED, linewidth=0)
    for bar, number in zip(bars, order, strict=True):
        bar.set_alpha(1.0 if sure is None or sure[number] else 0.3)
    ax.axvline(0, color="black", linewidth=0.5)
    ax.set_yticks(range(len(order)), fitted_apart(names[order], 8.0), parse_math=False)
    ax.set_ylim(_MOST_CHANNELS - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.set_title(title, fontsize=small_pt(), pad=2, parse_math=False)


def _unit_titles(maps: xr.DataArray) -> list[str]:
    """Return the name of every unit, with its band."""
    return map_titles(maps, [str(dim) for dim in maps.dims if dim != "channel"])


def _faded(cmap: Colormap) -> Colormap:
    """Return the colours of a map that is no evidence: nearly grey."""
    colours = cmap(np.linspace(0, 1, 256))
    colours[:, :3] = 0.25 * colours[:, :3] + 0.75 * 0.85
    return ListedColormap(colours)
