"""Overview: one picture of what a network uses, how well it decodes and how sure that is."""

import math
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from sincviz._utils.text import counted
from sincviz.eeg.bands import RHYTHMS
from sincviz.plotting.canvas import overview_tiles as tiles
from sincviz.plotting.canvas.certainty import certainties, certainty_height, draw_certainty
from sincviz.plotting.canvas.correlation_tile import correlation_height, draw_correlation
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.lettering import fitted, wrapped
from sincviz.plotting.canvas.overview_maps import Maps, map_tile, map_tiles
from sincviz.plotting.canvas.rhythm_shades import shade_rhythms
from sincviz.plotting.canvas.sheet import LINE_MM, TITLE_MM, Box, Sheet, Tile
from sincviz.plotting.canvas.style import (
    MEASURED,
    NOMINAL,
    SEVERITIES,
    double_column_mm,
    inches,
    large_pt,
    single_column_mm,
    style,
    type_mm,
)
from sincviz.verdict import READABLE, WEIGHTS_ONLY, warning_words

DRAWN = {
    "plot_overview": DrawnResult(
        pd.DataFrame, "inspection.bands", "sincviz.learned_bands(model)", ("in_band_energy", "peak_hz")
    ),
}

_LED_BY = {
    "relevance": "of the filters with the largest relevance",
    "importance": "those that can move the scores most",
}
"""What makes a unit a leading one: ``attrs["led_by"]`` of the units."""
_SIDE_MM, _GAP_MM, _BETWEEN_MM = 3.0, 6.0, 1.5
_IN_A_ROW, _IN_A_NARROW_ROW = 6, 4
_BANK_MM = 42.0


def plot_overview(
    bands: pd.DataFrame | None,
    units: xr.DataArray | None = None,
    *,
    accuracies: pd.DataFrame | None = None,
    leading_bands: pd.DataFrame | None = None,
    band_relevance: xr.DataArray | None = None,
    deletion: pd.DataFrame | None = None,
    randomization: pd.DataFrame | None = None,
    correlations: pd.DataFrame | None = None,
    columns: int = 2,
) -> Figure:
    """Draw in one picture how well a network decodes, on which bands and places that rests, and how sure it is.

    Parameters
    ----------
    bands : pandas.DataFrame | None
        What :func:`sincviz.learned_bands` returned; needed, and drawn, where there is no relevance.
    units : xarray.DataArray, dims (unit, channel), or None
        Patterns (or weights) of the leading units, such as ``relative_maps(most_important(patterns, importance))``;
        three are drawn, six where there is no relevance.
    accuracies : pandas.DataFrame | None
        ``Inspection.accuracies``; the trials held out are drawn, or all.
    leading_bands : pandas.DataFrame | None
        ``Inspection.leading_bands``.
    band_relevance : xarray.DataArray, dims (target, band, channel), or None
        ``Inspection.band_relevance``: of one target its three leading bands are drawn on the scalp, of several the
        first of each.
    deletion, randomization : pandas.DataFrame | None
        What :func:`sincviz.deletion_curve` and :func:`sincviz.evidence.randomization_test` returned.
    correlations : pandas.DataFrame | None
        ``Inspection.correlations``, in place of accuracies for outputs that are numbers.
    columns : {2, 1}
        Columns of a journal that the figure spans.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide, or 88 mm without the lines on how to read it, which then belong into its caption. What these trials
        do not let one read is grey, and the reason stands above. Of more than four classes those with the largest total
        are drawn. Channels without positions are bars.

    Raises
    ------
    TypeError
        If the bands are of another type, such as a network; the message says what to call.
    ValueError
        If ``columns`` is neither 1 nor 2, or there are no filters.

    Examples
    --------
    >>> from sincviz import datasets
    >>> epochs, truth = datasets.simulate_motor_imagery(4)
    >>> places = np.array([channel["loc"][:3] for channel in epochs.info["chs"]]).T
    >>> places = {axis: ("channel", at) for axis, at in zip("xyz", places, strict=True)}
    >>> maps = truth.scalp_map.reset_coords(drop=True).assign_coords(places)
    >>> target, bands = ["left against right"], ["alpha", "beta", "theta", "gamma", "delta"]
    >>> cells = maps.sel(source="mu_right_hemisphere") - maps.sel(source="mu_left_hemisphere")
    >>> cells = cells * xr.DataArray([[1.0, 0.6, 0.05, 0.0, 0.0]], {"target": target, "band": bands})
    >>> cells = cells.assign_coords(ci_low=cells - 0.5, ci_high=cells + 0.5).assign_attrs(units="score")
    >>> worth, half = np.array([1.2, 0.7, 0.1, 0.02, 0.01]), 0.2
    >>> leading = pd.DataFrame({"relevance": worth, "ci_low": worth - half, "ci_high": worth + half, "p": 0.001,
    ...     "established": worth > half, "share": worth / worth.sum(), "total": worth.sum()},
    ...     pd.MultiIndex.from_product([target, bands], names=["target", "band"]))
    >>> leading = leading.assign(band_low_hz=[8, 13, 4, 30, 1], band_high_hz=[13, 30, 8, 45, 4])
    >>> leading.attrs = {"units": "score", "readable": "yes", "n_trials": 120}
    >>> accuracies = pd.DataFrame({"accuracy": 0.85, "ci_low": 0.77, "ci_high": 0.9, "n_correct": 102, "n_trials": 120,
    ...     "majority": 0.5, "above_chance": "yes", "p": 1e-6}, ["held out"])
    >>> figure = plot_overview(None, accuracies=accuracies, leading_bands=leading, band_relevance=cells)
    >>> figure.texts[0].get_text()
    'These trials can show what the network uses.'
    """
    if leading_bands is None or bands is not None:
        check_drawn("plot_overview", bands)
    if columns not in (1, 2):
        raise ValueError(f"`columns` must be 1 or 2; got {columns!r}.")
    if bands is not None and bands.empty:
        raise ValueError("There are no filters, so there is nothing to draw.")
    marked = next((one.attrs for one in (leading_bands, accuracies, correlations) if one is not None), {})
    readable = marked.get("readable", "yes") == "yes"
    with style():
        width = double_column_mm() if columns == 2 else single_column_mm()
        classes = [] if leading_bands is None else tiles.shown_classes(leading_bands)
        left = _left(accuracies, leading_bands if readable else None, band_relevance, deletion, randomization)
        if correlations is not None:
            left = [_predicted(correlations), *left]
        right = _right(bands, leading_bands, classes, readable)
        most = _IN_A_ROW if columns == 2 else _IN_A_NARROW_ROW
        of_maps = map_tiles(leading_bands, band_relevance, units, classes, readable, most=most)
        head = _headline(
            accuracies if correlations is None else correlations, leading_bands, marked, width - 2 * _SIDE_MM
        )
        top = 2.0 + type_mm(3.6) * (head[0].count("\n") + 1) + type_mm(LINE_MM) * (bool(head[1]) + 0.5)
        sheet = Sheet(plt.figure(figsize=(inches(width), inches(10))))
        places: list[tuple[Tile, Box]] = []
        for row in _arranged(left, right, of_maps, columns):
            x, across = _SIDE_MM, width - 2 * _SIDE_MM - _GAP_MM * (len(row) - 1)
            widths = [across * tile.share / sum(one.share for one in row) for tile in row]
            depth = max(tile.height(own) for tile, own in zip(row, widths, strict=True))
            for tile, own in zip(row, widths, strict=True):
                places.append((tile, Box(x, top, own, depth)))
                x += own + _GAP_MM
            top += depth + _BETWEEN_MM
        sheet.figure.set_size_inches(inches(width), inches(top))
        colour = "black" if readable else SEVERITIES["error"]
        sheet.write(_SIDE_MM, 2.0, head[0], fontsize=large_pt(), weight="bold", color=colour)
        if head[1]:
            below = 2.0 + type_mm(3.6) * (head[0].count("\n") + 1)
            sheet.write(_SIDE_MM, below, head[1], color="#333333")
        for tile, box in places:
            tile.draw(sheet, box)
        write_below(sheet.figure, {}, note=_note(leading_bands, readable, units, columns))
    return sheet.figure


def _headline(
    accuracies: pd.DataFrame | None, leading: pd.DataFrame | None, marked: Any, width_mm: float
) -> tuple[str, str]:
    """Return the verdict, and what was compared."""
    if leading is None and accuracies is None:
        return wrapped(WEIGHTS_ONLY, width_mm, size_pt=large_pt(), weight="bold"), ""
    verdict = wrapped(warning_words(dict(marked)) or READABLE, width_mm, size_pt=large_pt(), weight="bold")
    if leading is None:
        return verdict, ""
    names = list(dict.fromkeys(leading.index.get_level_values("target")))
    n_trials = leading.attrs.get("n_trials")
    words = [", ".join(map(str, names)), "" if n_trials is None else counted(int(n_trials), "trial")]
    return verdict, fitted(" · ".join(filter(None, words)), width_mm)


def _left(
    accuracies: pd.DataFrame | None,
    leading: pd.DataFrame | None,
    cells: xr.DataArray | None,
    deletion: pd.DataFrame | None,
    randomization: pd.DataFrame | None,
) -> list[Tile]:
    """Return the tiles on how well the network decodes and how sure the rest is."""
    found = []
    if accuracies is not None:
        judged = accuracies.to_dict("index")["held out" if "held out" in accuracies.index else "all"]
        found.append(
            Tile(
                1.0,
                lambda _: tiles.accuracy_height(),
                lambda sheet, box: tiles.draw_accuracy(sheet, box, judged),
            )
        )
    if leading is not None:
        lines = certainties(leading, cells, deletion, randomization)
        found.append(
            Tile(
                1.0,
                lambda width: certainty_height(lines, width),
                lambda sheet, box: draw_certainty(sheet, box, lines),
            )
        )
    return found


def _predicted(correlations: pd.DataFrame) -> Tile:
    """Return the tile on how well the network predicts numbers, on trials held out or on all."""
    kinds = set(correlations.index.get_level_values("trials"))
    rows = pd.DataFrame(correlations.xs("held out" if "held out" in kinds else "all", level="trials"))
    return Tile(
        1.0, lambda _: correlation_height(rows), lambda sheet, box: draw_correlation(sheet, box, rows)
    )


def _right(
    bands: pd.DataFrame | None, leading: pd.DataFrame | None, classes: list[str], readable: bool
) -> Tile | None:
    """Return the tile of the bands: what they are worth, or those of the filters."""
    if leading is not None and classes:
        return Tile(
            1.0,
            lambda _: tiles.bands_height(leading, len(classes)),
            lambda sheet, box: tiles.draw_bands(sheet, box, leading, classes, readable),
        )
    if bands is None:
        return None
    return Tile(1.0, lambda _: _BANK_MM, lambda sheet, box: _draw_bank(sheet, box, bands))


def _arranged(left: list[Tile], right: Tile | None, of_maps: list[Maps], columns: int) -> list[list[Tile]]:
    """Return the tiles of each row."""
    of_bands = [] if right is None else [right]
    maps = [map_tile(one) for one in of_maps]
    if columns == 1:
        rows = [[tile] for tile in (*left[:1], *of_bands)] + [maps] + [[tile] for tile in left[1:]]
    else:
        rows = [[*([_stacked(left)] if left else []), *of_bands], maps]
    return [row for row in rows if row]


def _stacked(parts: list[Tile]) -> Tile:
    """Return tiles one below the other as one."""

    def height(width: float) -> float:
        return sum(part.height(width) for part in parts) + _BETWEEN_MM * (len(parts) - 1)

    def draw(sheet: Sheet, box: Box) -> None:
        top = box.top
        for part in parts:
            own = part.height(box.width)
            part.draw(sheet, Box(box.left, top, box.width, own))
            top += own + _BETWEEN_MM

    return Tile(1.2, height, draw)


def _draw_bank(sheet: Sheet, box: Box, bands: pd.DataFrame) -> None:
    """Draw the band that each filter computes, lowest peak first, and its cut-offs as written."""
    sheet.title(box, "Bands of the filters")
    top = box.top + type_mm(TITLE_MM + 3.5)
    ax = sheet.axes(Box(box.left + 9, top, box.width - 11, box.height - type_mm(TITLE_MM + 3.5 + 8)))
    ordered = bands.sort_values("peak_hz", kind="stable")
    at = np.arange(len(ordered))
    ax.hlines(at, ordered["measured_low_hz"], ordered["measured_high_hz"], colors=MEASURED, linewidth=1.2,
              label="as computed (−3 dB)")  # fmt: skip
    ax.plot(ordered[["low_hz", "high_hz"]].to_numpy(), at, "|", color=NOMINAL, markersize=3)
    ends = ordered[["measured_high_hz", "high_hz"]].to_numpy(float)
    end = float(np.nanmax(ends, initial=1.0)) * 1.05
    shade_rhythms(ax, RHYTHMS, end if math.isfinite(end) else 1.0)
    ax.set(xlim=(0, end), ylim=(-1, len(ordered)), yticks=[])
    ax.set_xlabel("Frequency (Hz)", labelpad=1)
    ax.set_ylabel(counted(len(ordered), "filter"))


def _note(leading: pd.DataFrame | None, readable: bool, units: xr.DataArray | None, columns: int) -> str:
    """Return how the picture is to be read, and what it leaves out."""
    notes = []
    if leading is None:
        notes.append("Orange: the band that a kernel computes (−3 dB); blue: its cut-offs as written.")
    else:
        attrs = leading.attrs
        contrast = str(attrs.get("contrast_of", ""))
        if contrast and readable and columns == 2:
            notes.append(
                f"Worth: how much more the input raises the score difference, {contrast}, in trials of the first than "
                "of the second: what separates them."
            )
        elif readable and columns == 2 and attrs.get("outputs") == "numbers":
            notes.append(
                "Worth: how much more of the output comes from there where the target is one standard deviation higher."
            )
        elif readable and columns == 2 and attrs.get("trials") == "contrast":
            notes.append(
                "Worth: how much more the input raises the score of a class in its trials than in others."
            )
        if readable and columns == 2:
            notes.append("Lines: 95% intervals. Pale: not established; white dots: established (p < 0.05).")
        elif not readable:
            notes.append("Grey: measured, but no evidence of what the network uses.")
        names = list(dict.fromkeys(map(str, leading.index.get_level_values("target"))))
        shown = tiles.shown_classes(leading)
        if len(shown) < len(names):
            notes.append(f"{len(shown)} of {len(names)} classes: those with the largest total.")
    if units is not None and columns == 2:
        led_by = units.attrs.get("led_by", "importance")
        notes.append(f"Leading units: {_LED_BY[led_by]}.")
    if units is not None and units.name == "spatial_filter":
        notes.append("Weights do not show where sources lie.")
    return " ".join(notes)
