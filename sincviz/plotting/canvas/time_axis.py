"""The axis of time: its label, the event at 0, and moments in words."""

import math

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sincviz.plotting.canvas.cell_areas import cell_edges
from sincviz.plotting.canvas.lettering import widest_mm

_MARK = "#444444"
_LEAST_GAP_MM = 4.0


def time_units(values: xr.DataArray | xr.Dataset) -> str:
    """Return the units of the times: seconds unless they say otherwise."""
    return str(values["time"].attrs.get("units", "s"))


def time_label(values: xr.DataArray | xr.Dataset) -> str:
    """Return the label of the axis.

    Examples
    --------
    >>> time_label(xr.DataArray([1.0], {"time": [0.1]}))
    'Time (s)'
    """
    return f"Time ({time_units(values)})"


def moment(time: float, units: str) -> str:
    """Return a moment in words: seconds as milliseconds.

    Examples
    --------
    >>> moment(0.35, "s"), moment(-0.1004, "s"), moment(87, "samples")
    ('350 ms', '−100 ms', 'sample 87')
    """
    if units == "s":
        return f"{1000 * time:z.0f} ms".replace("-", "−")
    return f"sample {time:g}" if units == "samples" else f"{time:g} {units}"


def time_edges(values: xr.DataArray) -> NDArray[np.float64]:
    """Return the edges of the cells of time: those of the windows in which values were summed, if they were.

    Examples
    --------
    >>> time_edges(xr.DataArray([1.0, 2.0], {"time": [0.0, 1.0]})).tolist()
    [-0.5, 0.5, 1.5]
    """
    if {"time_low_s", "time_high_s"} <= set(values.coords):
        return np.append(values["time_low_s"].to_numpy(), values["time_high_s"].to_numpy()[-1]).astype(float)
    return cell_edges(values["time"].to_numpy())


def mark_event(ax: Axes, values: xr.DataArray) -> None:
    """Draw a thin line at time 0, if that lies between the first time and the last."""
    first, last = (float(values["time"][at]) for at in (0, -1))
    if first < 0 < last:
        ax.axvline(0, color=_MARK, linewidth=0.5, zorder=4, label="event")


def gap_mm(values: xr.DataArray) -> float:
    """Return how far panels side by side must be apart for the numbers below them; to be called inside the style."""
    return max(_LEAST_GAP_MM, 1.0 + sum(_numbers_mm(values)) / 2)


def right_mm(values: xr.DataArray) -> float:
    """Return the room that the last number needs right of the axes; to be called inside the style."""
    return 0.7 + _numbers_mm(values)[1] / 2


def _numbers_mm(values: xr.DataArray) -> tuple[float, float]:
    """Return the widths of the first number and of the last below an axis."""
    first, last = (float(values["time"][at]) for at in (0, -1))
    digits = max(0, 1 - math.floor(math.log10((last - first or 1.0) / 1.5)))
    widths = [widest_mm([f"{time:.{digits}f}".replace("-", "−")]) for time in (first, last)]
    return widths[0], widths[1]


def window_words(values: xr.DataArray) -> str:
    """Return a sentence on the windows in which values were summed; empty if they were not.

    Examples
    --------
    >>> window_words(xr.DataArray([1.0], attrs={"window_width_s": 0.05}))
    'Summed in windows of 50 ms.'
    """
    width_s = values.attrs.get("window_width_s")
    return "" if width_s is None else f"Summed in windows of {moment(float(width_s), 's')}."


def selected_words(values: xr.DataArray | xr.Dataset) -> str:
    """Return a sentence on the band, frequency or part that was selected; empty if none was.

    Examples
    --------
    >>> selected_words(xr.DataArray([1.0], {"band": "alpha", "frequency": 10.0}, ["time"]))
    'Band: alpha. Frequency: 10 Hz.'
    """
    words = []
    for name in ("band", "frequency", "part"):
        if name in values.coords and values.coords[name].ndim == 0:
            value = values.coords[name].item()
            if not isinstance(value, str):
                value = f"{value:.4g} {values.coords[name].attrs.get('units', 'Hz')}"
            words.append(f"{name.capitalize()}: {value}.")
    return " ".join(words)
