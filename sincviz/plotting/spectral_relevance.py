"""What each frequency is worth for each class: a profile per region, or an image over channels."""

import math

import pandas as pd
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from sincviz.eeg.bands import RHYTHMS
from sincviz.plotting.canvas.channel_images import channel_images
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_cells, check_drawn
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.lettering import fitted, fitted_apart, widest_mm
from sincviz.plotting.canvas.rhythm_shades import name_height_pt, shade_rhythms
from sincviz.plotting.canvas.scalp_table import quantity
from sincviz.plotting.canvas.shown_cells import shown_cells
from sincviz.plotting.canvas.style import (
    CLASS_COLOURS,
    double_column_mm,
    inches,
    large_pt,
    millimetres,
    small_pt,
    style,
    type_mm,
)

DRAWN = {
    "plot_spectral_relevance": DrawnResult(
        xr.DataArray,
        "inspection.spectral_relevance",
        "sincviz.spectral_relevance(model, epochs, trials='contrast')",
        ("target", "region", "frequency"),
    ),
}

_DIMS = {"profile": ("target", "region", "frequency"), "image": ("target", "frequency", "channel")}
_SIDES = ("left", "midline", "right")
_COLUMNS = 3
_PANEL_MM = 17.0
_GAP_MM, _BETWEEN_MM, _RIGHT_MM = 4.0, 2.0, 2.5
_LABELS_MM = 8.5  # below a panel
_LABEL_LINE_MM = 4.0
_LINE_MM = 3.0
_LEGEND_LINE_MM = 4.2
_MOST_TITLE_LINES = 2
_LETTERS = {"delta": "δ", "theta": "θ", "alpha": "α", "beta": "β", "gamma": "γ"}
_DASHES = ("-", "--", ":")
_LEGEND_NAME_MM = 45.0
_HANDLE_MM = 11.0


def plot_spectral_relevance(
    relevance: xr.DataArray, kind: str = "profile", deletion: pd.DataFrame | None = None
) -> Figure:
    """Draw what each frequency is worth for each class, with the evidence for it below.

    Parameters
    ----------
    relevance : xarray.DataArray, dims (target, channel, frequency), or (target, region, frequency) for a profile
        What :func:`sincviz.spectral_relevance` returned; for a profile it is summed here over the channels of each
        region, unless :func:`sincviz.attribution.sum_over_regions` did so.
        Coordinates ``ci_low`` and ``ci_high`` of the same dimensions are drawn as bands around the lines of a profile.
        A coordinate ``region`` of the channels is written below an image: sort channels by it first.
    kind : {"profile", "image"}
        A panel for each region with one line per class, or an image of frequencies over channels for each class.
    deletion : pandas.DataFrame | None
        What :func:`sincviz.deletion_curve` returned; its area is added to the evidence.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide. Regions of the left, the midline and the right stand side by side.

    Raises
    ------
    TypeError
        If it is something else, such as a network; the message says what to call.
    ValueError
        If the kind is unknown, the dimensions are others, or there is nothing to draw.

    Examples
    --------
    >>> values = xr.DataArray([[[1, 3, 2.0]], [[2, 1, 1.0]]], dims=("target", "region", "frequency"), name="relevance",
    ...     coords={"target": ["left", "right"], "region": ["left central"], "frequency": [4.0, 8.0, 12.0]})
    >>> [line.get_label() for line in plot_spectral_relevance(values).axes[0].lines][1:]  # after zero
    ['left', 'right']
    """
    check_drawn("plot_spectral_relevance", relevance)
    if kind not in _DIMS:
        raise ValueError(f"`kind` must be one of {', '.join(map(repr, _DIMS))}; got {kind!r}.")
    dims = _DIMS[kind]
    values = shown_cells(relevance, dims)
    check_cells("plot_spectral_relevance", values, relevance, kind, dims)
    ordered = values.transpose(*dims)
    with style():
        if kind == "image":
            figure, note = channel_images(ordered), ""
        else:
            figure = _profiles(ordered)
            note = "Bands around the lines: intervals." if {"ci_low", "ci_high"} <= set(values.coords) else ""
        write_below(figure, values.attrs, deletion, note=note)
    return figure


def _profiles(values: xr.DataArray) -> Figure:
    """Return the figure: panels of fixed size, for a layout engine takes several times as long."""
    units = str(values["frequency"].attrs.get("units", "Hz"))
    places = _places([str(name) for name in values["region"].to_numpy()])
    n_rows, n_columns = (1 + max(numbers) for numbers in zip(*places, strict=True))
    titles = _titles(values, n_columns)
    names, n_legend_columns = _legend_names(values)
    figure = plt.figure(figsize=(inches(double_column_mm()), inches(_PANEL_MM)))
    panels = [figure.add_axes((0, 0, 1, 1)) for _ in titles]
    for number, ax in enumerate(panels):
        _draw(ax, values.isel(region=number))
    start, end = (float(values["frequency"][at]) for at in (0, -1))
    bottoms, tops = zip(*(ax.get_ylim() for ax in panels), strict=True)
    for ax in panels:
        ax.set(xlim=(min(0.0, start), end if end > 0 else 1.0), ylim=(min(bottoms), max(tops)))
    label = fitted(quantity(values), (_PANEL_MM + 6) * n_rows, 2, size_pt=large_pt())
    left = type_mm(_LABEL_LINE_MM) * (label.count("\n") + 1) + _tick_labels_mm(panels[0]) + 4.0
    across = (double_column_mm() - left - _RIGHT_MM - _GAP_MM * (n_columns - 1)) / n_columns
    rhythms = {_LETTERS[rhythm]: limits for rhythm, limits in RHYTHMS.items()}
    names_pt = 0.0
    for ax in panels:
        ax.set_position((0, 0, across / double_column_mm(), 1))
        if units == "Hz" and end > 0:
            shade_rhythms(ax, rhythms, end)
            above = [text.xyann[1] for text in ax.texts if isinstance(text, Annotation)]
            names_pt = max(names_pt, name_height_pt() + max(above, default=-name_height_pt()))
    title_mm = millimetres((3.0 + names_pt) / 72) + type_mm(_LINE_MM) * (1 + max(map(_breaks, titles)))
    # The lowest panel of each column carries the frequencies.
    labelled = {row for row, column in places if (row + 1, column) not in places}
    top = legend_mm = type_mm(_LEGEND_LINE_MM) * math.ceil(len(names) / n_legend_columns) + 1.0
    tops_mm = []
    for row in range(n_rows):
        tops_mm.append(top + title_mm)
        top += title_mm + _PANEL_MM + (type_mm(_LABELS_MM) if row in labelled else _BETWEEN_MM)
    height = top + 1.0
    figure.set_size_inches(inches(double_column_mm()), inches(height))
    for ax, (row, column), title in zip(panels, places, titles, strict=True):
        x, y = left + column * (across + _GAP_MM), height - tops_mm[row] - _PANEL_MM
        width = double_column_mm()
        ax.set_position((x / width, y / height, across / width, _PANEL_MM / height))
        ax.set_title(title, fontsize=small_pt(), pad=3.0 + names_pt, parse_math=False)
        lowest = (row + 1, column) not in places
        ax.tick_params(labelbottom=lowest, labelleft=(row, column - 1) not in places)
        if lowest:
            ax.set_xlabel(f"Frequency ({units})", parse_math=False)
    middle = (height - (legend_mm + top) / 2) / height
    side = 1.0 / double_column_mm()
    figure.supylabel(label, x=side, y=middle, ha="left", fontsize=large_pt(), parse_math=False)
    # The line of zero was drawn first.
    handles = panels[0].lines[1 : 1 + len(names)]
    legend = figure.legend(handles, names, loc="upper center", ncols=n_legend_columns, borderaxespad=0.2)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


def _titles(values: xr.DataArray, n_columns: int) -> list[str]:
    """Return the names of the regions as they fit above their panels."""
    room = double_column_mm() / n_columns - 14
    return fitted_apart(values["region"].to_numpy(), room, _MOST_TITLE_LINES)


def _breaks(text: str) -> int:
    return text.count("\n")


def _tick_labels_mm(ax: Axes) -> float:
    """Return the width of the numbers beside the axes."""
    low, high = ax.get_ylim()
    at = [tick for tick in ax.yaxis.get_majorticklocs() if low <= tick <= high]
    return widest_mm(ax.yaxis.get_major_formatter().format_ticks(at))


def _legend_names(values: xr.DataArray) -> tuple[list[str], int]:
    """Return the names of the classes, and in how many columns they fit above the panels."""
    names = fitted_apart(values["target"].to_numpy(), _LEGEND_NAME_MM)
    # Matplotlib leaves out names that begin with an underscore.
    names = [f" {name}" if name.startswith("_") else name for name in names]
    fit = int((double_column_mm() - 6) / (widest_mm(names) + _HANDLE_MM))
    return names, max(1, min(len(names), fit))


def _draw(ax: Axes, one: xr.DataArray) -> None:
    """Draw the classes of one region."""
    frequency = one["frequency"].to_numpy()
    ax.axhline(0, color="black", linewidth=0.4, zorder=1)
    for number, target in enumerate(one["target"].to_numpy()):
        colour = CLASS_COLOURS[number % len(CLASS_COLOURS)]
        dash = _DASHES[number // len(CLASS_COLOURS) % len(_DASHES)]
        if {"ci_low", "ci_high"} <= set(one.coords):
            low, high = (
                one[end].transpose("target", "frequency")[number].to_numpy() for end in ("ci_low", "ci_high")
            )
            ax.fill_between(frequency, low, high, color=colour, alpha=0.2, linewidth=0, zorder=2)
        ax.plot(frequency, one[number].to_numpy(), dash, color=colour, linewidth=0.9, zorder=3,
                label=str(target), marker="o" if len(frequency) == 1 else "", markersize=2.4)  # fmt: skip


def _places(regions: list[str]) -> list[tuple[int, int]]:
    """Return row and column of each region: side by side as on the head, or in their order."""
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
