"""Windows of time that all rows share, counted from the event, whenever their trials begin and end."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz.eeg.sums import WINDOW_LIMITS
from sincviz.inspection.explaining import MOST_WINDOWS, WIDTH_S


def in_windows(values: xr.DataArray, width_s: float = WIDTH_S) -> xr.DataArray:
    """Sum values over windows of time between the multiples of a width.

    The windows of :func:`sincviz.attribution.sum_over_times` hold whole samples, so their limits depend on the sampling
    rate, and on the first sample where the event is outside. These are the same in all trials, and the event is where
    one ends and the next one begins.

    Parameters
    ----------
    values : xarray.DataArray
        An array with the dimension ``time`` in seconds, two or more evenly spaced samples; 0 is the event.
    width_s : float
        Width of the windows. A sample that lies in two of them is divided between them.

    Returns
    -------
    xarray.DataArray
        The sums, in the same order of dimensions: over ``time``, the centres of the windows, they are what the values
        are. What reaches less than half a window beyond the first or the last one counts as part of it.
        The limits of the windows are the coordinates ``time_low_s`` and ``time_high_s``.

    Examples
    --------
    >>> values = xr.DataArray([1.0, 2.0, 4.0], {"time": [-0.02, 0.03, 0.08]})
    >>> windows = in_windows(values)
    >>> windows.values.round(3).tolist(), windows.time_low_s.values.tolist()
    ([0.9, 1.9, 4.2], [-0.05, 0.0, 0.05])
    """
    time_s = values["time"].to_numpy().astype(float)
    half_s = (time_s[-1] - time_s[0]) / (len(time_s) - 1) / 2
    first, last = np.rint(np.array([time_s[0] - half_s, time_s[-1] + half_s]) / width_s)
    edges_s = width_s * np.arange(first, max(last, first + 1) + 1)
    reached_s = np.concatenate([[-np.inf], edges_s[1:-1], [np.inf]])
    low_s = np.maximum(time_s[:, None] - half_s, reached_s[:-1])
    high_s = np.minimum(time_s[:, None] + half_s, reached_s[1:])
    shares = np.clip(high_s - low_s, 0, None) / (2 * half_s)
    axis = values.get_axis_num("time")
    sums = np.moveaxis(np.tensordot(values.to_numpy(), shares, (axis, 0)), -1, axis)
    # The same numbers for every row: the labels by which windows of different trials find each other.
    centers_s = width_s * (np.arange(len(edges_s) - 1) + first + 0.5)
    return _in_place_of(values, sums, (edges_s[:-1], centers_s, edges_s[1:]), width_s)


def joined_windows(values: xr.DataArray, most: int = MOST_WINDOWS) -> xr.DataArray:
    """Sum neighbouring windows where there are too many of them.

    Parameters
    ----------
    values : xarray.DataArray
        As :func:`in_windows` returns it.
    most : int
        As many windows are kept.

    Returns
    -------
    xarray.DataArray
        The same, or in windows of two, three or more times the width, which are counted from the event as well; the
        first and the last one may be shorter.

    Examples
    --------
    >>> values = in_windows(xr.DataArray([1.0, 2.0, 4.0], {"time": [-0.025, 0.025, 0.075]}))
    >>> joined_windows(values, most=2).time_high_s.values.tolist()
    [0.0, 0.1]
    """
    width_s = float(values.attrs["window_width_s"])
    numbers = np.rint(values["time_low_s"].to_numpy() / width_s).astype(int)
    n_joined = 1
    while len(np.unique(numbers // n_joined)) > most:
        n_joined += 1
    if n_joined == 1:
        return values
    starts = np.flatnonzero(np.diff(numbers // n_joined, prepend=numbers[0] // n_joined - 1))
    low_s = values["time_low_s"].to_numpy()[starts]
    high_s = values["time_high_s"].to_numpy()[np.append(starts[1:], len(numbers)) - 1]
    sums = np.add.reduceat(values.to_numpy(), starts, values.get_axis_num("time"))
    return _in_place_of(values, sums, (low_s, (low_s + high_s) / 2, high_s), n_joined * width_s)


def _in_place_of(
    values: xr.DataArray, sums: NDArray[np.float64], times_s: tuple[NDArray[np.float64], ...], width_s: float
) -> xr.DataArray:
    """Return sums with the labels of the values, and windows of these lower limits, centres and upper limits."""
    kept = {name: coord for name, coord in values.coords.items() if "time" not in coord.dims}
    low_s, centers_s, high_s = times_s
    kept["time"] = xr.Variable("time", centers_s, {"units": "s"})
    kept |= dict(zip(WINDOW_LIMITS, (("time", low_s), ("time", high_s)), strict=True))
    return xr.DataArray(sums, kept, values.dims, values.name, values.attrs | {"window_width_s": width_s})
