"""Images of frequencies over time, a panel for each region, placed as on the head."""

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from sincviz.eeg.bands import RHYTHMS
from sincviz.plotting.canvas.cell_areas import cell_edges, outline_areas
from sincviz.plotting.canvas.lettering import fitted, fitted_apart, widest_mm
from sincviz.plotting.canvas.region_panels import is_leftmost, is_lowest, panel_places, panel_titles
from sincviz.plotting.canvas.region_profiles import RHYTHM_LETTERS
from sincviz.plotting.canvas.scalp_grid import (
    ABOVE_BAR_MM,
    BAR_HEIGHT_MM,
    BELOW_BAR_MM,
    SIDE_MM,
    colour_scale,
    draw_colour_bar,
)
from sincviz.plotting.canvas.scalp_table import quantity
from sincviz.plotting.canvas.style import NO_OUTPUT, double_column_mm, inches, large_pt, small_pt, type_mm
from sincviz.plotting.canvas.time_axis import gap_mm, mark_event, right_mm, time_edges, time_label

_HIGHEST_MM, _LOWEST_MM, _PAGE_MM = 20.0, 9.0, 235.0
_BETWEEN_MM = 2.0
_LABEL_LINE_MM, _LINE_MM = 4.0, 3.0
_NAME_MM = 6.5  # of a block
_NUMBERS_MM, _AXIS_MM = 4.5, 8.5  # below a panel: numbers, and numbers with the label
_LETTERS_MM = 5.0  # names of rhythms on the right
_LETTER_MM = 2.4  # the least height of a rhythm whose name is written
_BAR_MM = 60.0


def least_height_mm(n_blocks: int, regions: list[str]) -> float:
    """Return about how high the figure is with the lowest panels."""
    places = panel_places(regions)
    n_rows = 1 + max(row for row, _ in places)
    n_numbered = len({place[0] for place in places if is_lowest(place, places)})
    block_mm = _NAME_MM + n_rows * (_LINE_MM + 1.0 + _LOWEST_MM)
    block_mm += n_numbered * _NUMBERS_MM + (n_rows - n_numbered) * _BETWEEN_MM
    return n_blocks * block_mm + _AXIS_MM + BELOW_BAR_MM + ABOVE_BAR_MM + BAR_HEIGHT_MM


def region_images(values: xr.DataArray, areas: NDArray[np.int_] | None = None) -> Figure:
    """Return a figure 178 mm wide with a block of panels for each entry; to be called inside the style.

    Parameters
    ----------
    values : xarray.DataArray, dims (block, region, frequency, time)
        What is written above each block is the coordinate ``block``.
    areas : array of int, of the shape of ``values``, or None
        Number of the area that a cell lies in, 0 for none; areas are outlined.
    """
    width = double_column_mm()
    places = panel_places([str(name) for name in values["region"].to_numpy()])
    n_rows, n_columns = (1 + max(numbers) for numbers in zip(*places, strict=True))
    names = [str(name) for name in values["block"].to_numpy()]
    units = str(values["frequency"].attrs.get("units", "Hz"))
    label = "Frequency (Hz)" if units == "Hz" else f"Frequency ({units})"
    times, frequencies = time_edges(values), cell_edges(values["frequency"].to_numpy())
    frequencies[0] = max(0.0, frequencies[0])
    titles = panel_titles(values["region"].to_numpy(), n_columns)
    title_mm = type_mm(_LINE_MM) * (1 + max(title.count("\n") for title in titles)) + 1.0
    name_mm = type_mm(_NAME_MM) if any(names) else 0.0
    numbered = {place[0] for place in places if is_lowest(place, places)}
    below_mm = [type_mm(_NUMBERS_MM) if row in numbered else _BETWEEN_MM for row in range(n_rows)]
    fixed_mm = len(names) * (name_mm + n_rows * title_mm + sum(below_mm))
    fixed_mm += type_mm(_AXIS_MM) - type_mm(_NUMBERS_MM)
    fixed_mm += type_mm(BELOW_BAR_MM) + BAR_HEIGHT_MM + type_mm(ABOVE_BAR_MM)
    up = min(_HIGHEST_MM, max(_LOWEST_MM, (_PAGE_MM - fixed_mm) / (n_rows * len(names))))
    height = fixed_mm + up * n_rows * len(names)
    figure = plt.figure(figsize=(inches(width), inches(height)))
    highest = frequencies[-1]
    hz_ticks = _ticks(float(frequencies[0]), float(highest), up)
    label = fitted(label, (title_mm + up) * n_rows, 2 if n_rows > 1 else 3, size_pt=large_pt())
    left = type_mm(_LABEL_LINE_MM) * (1 + label.count("\n")) + widest_mm(hz_ticks[1]) + 4.0
    # Bold is wider.
    names = fitted_apart(names, 0.85 * (width - left - 2), size_pt=large_pt())
    letters_mm = max(right_mm(values), type_mm(_LETTERS_MM) if units == "Hz" else 0.0)
    gap = gap_mm(values)
    across = (width - left - letters_mm - gap * (n_columns - 1)) / n_columns
    scale = colour_scale(values.to_numpy())
    cmap = scale.cmap.with_extremes(bad=NO_OUTPUT)
    top = height
    for block, name in enumerate(names):
        if name_mm:
            figure.text(left / width, (top - 2.2) / height, name,
                        va="top", fontsize=large_pt(), weight="bold", parse_math=False)  # fmt: skip
        top -= name_mm
        start = top - title_mm
        tops_mm = []
        for row in range(n_rows):
            tops_mm.append(top - title_mm)
            top -= title_mm + up + below_mm[row]
        middle = (start + top + below_mm[-1]) / 2
        figure.text(1.0 / width, middle / height, label, rotation=90, ha="left", va="center",
                    multialignment="center", fontsize=large_pt(), parse_math=False)  # fmt: skip
        for number, (place, title) in enumerate(zip(places, titles, strict=True)):
            row, column = place
            ax = figure.add_axes(
                (
                    (left + column * (across + gap)) / width,
                    (tops_mm[row] - up) / height,
                    across / width,
                    up / height,
                ),
                label=f"{name}: {title}",
            )
            ax.pcolormesh(times, frequencies, values[block, number].to_numpy(), vmin=scale.low, vmax=scale.high,
                          cmap=cmap, rasterized=True)  # fmt: skip
            if areas is not None and areas[block, number].any():
                outline_areas(ax, areas[block, number], times, frequencies)
            mark_event(ax, values)
            ax.set(xlim=(times[0], times[-1]), ylim=(float(frequencies[0]), float(highest)))
            ax.set_title(title, fontsize=small_pt(), pad=2.0, parse_math=False)
            ax.spines[:].set_visible(False)
            ax.xaxis.set_major_locator(MaxNLocator(max(2, int(across / 8)), steps=[1, 2, 2.5, 5, 10]))
            ax.set_yticks(*hz_ticks)
            lowest = is_lowest(place, places)
            ax.tick_params(labelbottom=lowest, labelleft=is_leftmost(place, places))
            if lowest and block == len(names) - 1:
                ax.set_xlabel(time_label(values), parse_math=False)
            if units == "Hz" and (row, column + 1) not in places:
                _name_rhythms(ax, frequencies[0], frequencies[-1], up)
    bar = figure.add_axes(
        (
            (width - _BAR_MM) / 2 / width,
            type_mm(BELOW_BAR_MM) / height,
            _BAR_MM / width,
            BAR_HEIGHT_MM / height,
        ),
        label=fitted(quantity(values), width - 2 * SIDE_MM),
    )
    draw_colour_bar(bar, scale)
    return figure


def _ticks(low: float, high: float, up_mm: float) -> tuple[list[float], list[str]]:
    """Return ticks beside the axes and what is written there."""
    locator = MaxNLocator(max(2, int(up_mm / 5)), steps=[1, 2, 2.5, 5, 10])
    ticks = [float(tick) for tick in locator.tick_values(low, high) if low <= tick <= high]
    decimals = max((len(f"{tick:.4g}".partition(".")[2]) for tick in ticks), default=0)
    return ticks, [f"{tick:.{decimals}f}" for tick in ticks]


def _name_rhythms(ax: Axes, low_hz: float, high_hz: float, up_mm: float) -> None:
    """Mark the limits of the rhythms right of the axes, and name those that are high enough."""
    beside = ax.get_yaxis_transform()
    for rhythm, limits in RHYTHMS.items():
        low, high = max(low_hz, limits[0]), min(high_hz, limits[1])
        if low >= high:
            continue
        for limit in limits:
            if low_hz < limit < high_hz:
                ax.plot([1, 1 + 1 / 60], [limit, limit], transform=beside, clip_on=False, linewidth=0.4,
                        color="#444444", scalex=False, scaley=False, label="limit of a rhythm")  # fmt: skip
        if (high - low) / (high_hz - low_hz) * up_mm >= type_mm(_LETTER_MM):
            ax.annotate(RHYTHM_LETTERS[rhythm], (1, (low + high) / 2), (4, 0), xycoords=("axes fraction", "data"),
                        textcoords="offset points", va="center_baseline", ha="left", color="#444444",
                        annotation_clip=False)  # fmt: skip
