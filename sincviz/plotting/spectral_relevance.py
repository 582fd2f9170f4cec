"""What each frequency is worth for each class: a profile per region, or an image over channels."""

import math

import pandas as pd
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from sincviz.plotting.channel_images import channel_images
from sincviz.plotting.evidence import write_below
from sincviz.plotting.lettering import fitted, widest_mm
from sincviz.plotting.rhythm_shades import shade_rhythms
from sincviz.plotting.scalp_table import quantity
from sincviz.plotting.style import CLASS_COLOURS, DOUBLE_COLUMN_MM, inches, style
from sincviz.rhythms import RHYTHMS

_DIMS = {"profile": ("target", "region", "frequency"), "image": ("target", "frequency", "channel")}
_SIDES = ("left", "midline", "right")
_COLUMNS = 3
_PANEL_MM = 26.0
_LABELS_MM = 7.0  # below a panel
_LINE_MM = 3.0
_LEGEND_LINE_MM = 4.2
_MOST_TITLE_LINES = 2
_LETTERS = {"delta": "δ", "theta": "θ", "alpha": "α", "beta": "β", "gamma": "γ"}
_DASHES = ("-", "--", ":")
_LEGEND_NAME_MM = 45.0
_HANDLE_MM = 11.0


def plot_spectral_relevance(
    values: xr.DataArray, kind: str = "profile", deletion: pd.DataFrame | None = None
) -> Figure:
    """Draw what each frequency is worth for each class, with the evidence for it below.

    Parameters
    ----------
    values : xarray.DataArray, dims (target, region, frequency), or (target, channel, frequency) for an image
        What :func:`sincviz.spectral_relevance` returned, for a profile summed over the channels of each region.
        Coordinates ``low`` and ``high`` of the same dimensions are drawn as bands around the lines of a profile.
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
    ValueError
        If the kind is unknown, the dimensions are others, or there is nothing to draw.

    Examples
    --------
    >>> values = xr.DataArray([[[1, 3, 2.0]], [[2, 1, 1.0]]], dims=("target", "region", "frequency"), name="relevance",
    ...     coords={"target": ["left", "right"], "region": ["left central"], "frequency": [4.0, 8.0, 12.0]})
    >>> [line.get_label() for line in plot_spectral_relevance(values).axes[0].lines][1:]  # after zero
    ['left', 'right']
    """
    if kind not in _DIMS:
        raise ValueError(f"`kind` must be one of {', '.join(map(repr, _DIMS))}; got {kind!r}.")
    dims = _DIMS[kind]
    if set(values.dims) != set(dims) or len(values.dims) != len(dims) or values.size == 0:
        raise ValueError(
            f"`kind={kind!r}` draws an array over {', '.join(sorted(dims))} with one entry or more; got "
            f"{dict(values.sizes)}."
        )
    ordered = values.transpose(*dims)
    with style():
        if kind == "image":
            figure, note = channel_images(ordered), ""
        else:
            figure = _profiles(ordered)
            note = "Bands around the lines: intervals." if {"low", "high"} <= set(values.coords) else ""
        write_below(figure, values.attrs, deletion, note=note)
    return figure


def _profiles(values: xr.DataArray) -> Figure:
    in_hz = values["frequency"].attrs.get("units", "Hz") == "Hz"
    regions = [str(name) for name in values["region"].to_numpy()]
    places = _places(regions)
    n_rows, n_columns = (1 + max(numbers) for numbers in zip(*places, strict=True))
    titles = [fitted(name, DOUBLE_COLUMN_MM / n_columns - 14, _MOST_TITLE_LINES) for name in regions]
    names, n_legend_columns = _legend_names(values)
    panel_mm = _PANEL_MM + _LINE_MM * max(title.count("\n") for title in titles)
    labelled = {row for row, column in places if (row + 1, column) not in places}
    height = (
        _LABELS_MM * len(labelled)
        + panel_mm * n_rows
        + _LEGEND_LINE_MM * math.ceil(len(names) / n_legend_columns)
    )
    figure, grid = plt.subplots(
        n_rows,
        n_columns,
        figsize=(inches(DOUBLE_COLUMN_MM), inches(height)),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    panels: list[Axes] = [grid[place] for place in places]
    for ax in grid.ravel():
        if ax not in panels:
            ax.remove()
    figure.draw_without_rendering()  # the names of rhythms need the width of the panels
    left, right = (float(values["frequency"][end]) for end in (0, -1))
    unit = "Hz" if in_hz else str(values["frequency"].attrs["units"])
    for number, (ax, place, title) in enumerate(zip(panels, places, titles, strict=True)):
        _draw(ax, values.isel(region=number))
        pad = 3.0
        if in_hz and right > 0:
            shade_rhythms(ax, {_LETTERS[rhythm]: limits for rhythm, limits in RHYTHMS.items()}, right)
            pad += 9 + max((text.xyann[1] for text in ax.texts if isinstance(text, Annotation)), default=-9)
        ax.set_title(title, fontsize=7, pad=pad, parse_math=False)
        # The lowest panel of each column carries the frequencies.
        if (place[0] + 1, place[1]) not in places:
            ax.tick_params(labelbottom=True)
            ax.set_xlabel(f"Frequency ({unit})", parse_math=False)
        else:
            ax.tick_params(labelbottom=False)
    panels[0].set_xlim(min(0.0, left), right if right > 0 else 1.0)
    figure.supylabel(fitted(quantity(values), panel_mm * n_rows, 2, size_pt=8), fontsize=8, parse_math=False)
    # The line of zero was drawn first.
    handles = panels[0].lines[1 : 1 + len(names)]
    legend = figure.legend(handles, names, loc="outside upper center", ncols=n_legend_columns)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


def _legend_names(values: xr.DataArray) -> tuple[list[str], int]:
    """Return the names of the classes, and in how many columns they fit above the panels."""
    names = [fitted(str(name), _LEGEND_NAME_MM) for name in values["target"].to_numpy()]
    # Matplotlib leaves out names that begin with an underscore.
    names = [f" {name}" if name.startswith("_") else name for name in names]
    fit = int((DOUBLE_COLUMN_MM - 6) / (widest_mm(names) + _HANDLE_MM))
    return names, max(1, min(len(names), fit))


def _draw(ax: Axes, one: xr.DataArray) -> None:
    """Draw the classes of one region."""
    frequency = one["frequency"].to_numpy()
    ax.axhline(0, color="black", linewidth=0.4, zorder=1)
    for number, target in enumerate(one["target"].to_numpy()):
        colour = CLASS_COLOURS[number % len(CLASS_COLOURS)]
        dash = _DASHES[number // len(CLASS_COLOURS) % len(_DASHES)]
        if {"low", "high"} <= set(one.coords):
            low, high = (
                one[end].transpose("target", "frequency")[number].to_numpy() for end in ("low", "high")
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
