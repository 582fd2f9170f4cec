"""Axes: the frequencies and times along which relevance is shown, of which a reader chooses a part."""

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.attribution.sums import sum_over_times

WINDOW_S = 0.05
"""Width of the windows over which relevance in time is summed."""

_SHOWN = 0.99  # of the relevance of all frequencies, in size
_MOST_BYTES = 0.25  # of a page
_SLACK = 0.4  # of the distance between values


def relevance_over_axes(
    spectrum: xr.DataArray | None,
    course: xr.DataArray | None,
    cells: xr.DataArray | None,
    most_bytes: float,
) -> xr.Dataset:
    """Return relevance over frequency, time and both, as an explorer shows it.

    Parameters
    ----------
    spectrum : xarray.DataArray, dims (target, channel, frequency), or None
        What :func:`sincviz.spectral_relevance` returned; nothing is shown without it.
    course : xarray.DataArray, dims (target, channel, time), or None
        What :func:`sincviz.temporal_relevance` returned: shown in windows of 50 ms, if its times are in seconds.
    cells : xarray.DataArray, dims (target, channel, frequency, time), or None
        What :func:`sincviz.time_frequency_relevance` returned: shown up to the frequency below which 99 % of the
        relevance lie, in size, and only with ``course``.
    most_bytes : float
        Of the page; cells may take a quarter.

    Returns
    -------
    xarray.Dataset
        ``relevance``, ``temporal_relevance`` and ``time_frequency_relevance``, those that are shown. ``attrs["axes"]``
        lists for each its axes: ``dim``, the values ``at``, and ``cuts``, round numbers before, between and after
        them, so that ``slice(cuts[i], cuts[j])`` selects the same values in Python. ``attrs["time_frequency"]`` says
        how finely cells are resolved, up to which frequency they are shown, and which share of the relevance lies
        below.

    Examples
    --------
    >>> spectrum = xr.DataArray([[[1.0, 2.0, 0.5]]], {"frequency": [0.0, 2.0, 4.0]}, ("target", "channel", "frequency"))
    >>> relevance_over_axes(spectrum, None, None, 1e6).attrs["axes"]["relevance"]
    [{'dim': 'frequency', 'at': [0.0, 2.0, 4.0], 'cuts': [-1.0, 1.0, 3.0, 5.0]}]
    """
    arrays: dict[str, Any] = {}
    axes: dict[str, list[dict[str, Any]]] = {}
    shown: dict[str, Any] = {"axes": axes, "time_frequency": None}
    if spectrum is None:
        return xr.Dataset(attrs=shown)
    dims = ("target", "channel", "frequency")
    explain = str(spectrum.attrs.get("explain", "score"))
    arrays["frequencies_hz"] = ("frequency", spectrum["frequency"].to_numpy())
    arrays["relevance"] = (dims, spectrum.transpose(*dims).to_numpy(), {"explain": explain})
    axes["relevance"] = [_axis("frequency", spectrum["frequency"].to_numpy())]
    if course is None or course["time"].attrs.get("units", "s") != "s" or course.sizes["time"] < 2:
        return xr.Dataset(arrays, attrs=shown)
    step_s = float(course["time"][1] - course["time"][0])
    windows = sum_over_times(course, max(WINDOW_S, step_s))
    edges_s = np.append(windows["time_low_s"].to_numpy(), windows["time_high_s"].to_numpy()[-1])
    # Dimensions of their own: trials have times too, and spectra other frequencies.
    arrays["temporal_relevance"] = (("target", "channel", "time_window"), _values(windows, "time"))
    axes["temporal_relevance"] = [_axis("time", windows["time"].to_numpy(), edges_s, _SLACK * step_s)]
    if cells is None:
        return xr.Dataset(arrays, attrs=shown)
    values = _values(cells, "frequency", "time")
    n_shown, share = _shown(values)
    if values[:, :, :n_shown].size * 4 > _MOST_BYTES * most_bytes:
        return xr.Dataset(arrays, attrs=shown)
    bins = _axis("frequency", cells["frequency"].to_numpy())
    bins |= {"at": bins["at"][:n_shown], "cuts": bins["cuts"][: n_shown + 1]}
    arrays["time_frequency_relevance"] = (("target", "channel", "bin", "slice"), values[:, :, :n_shown])
    axes["time_frequency_relevance"] = [bins, _axis("time", cells["time"].to_numpy())]
    shown["time_frequency"] = {
        "frequency_resolution_hz": float(cells.attrs["frequency_resolution_hz"]),
        "time_resolution_s": float(cells.attrs["time_resolution_s"]),
        "most_hz": bins["cuts"][-1],
        "share": share,
    }
    return xr.Dataset(arrays, attrs=shown)


def _values(values: xr.DataArray, *dims: str) -> NDArray[np.floating]:
    return values.transpose("target", "channel", *dims).to_numpy()


def _axis(
    dim: str,
    at: NDArray[np.floating],
    edges: NDArray[np.floating] | None = None,
    slack: float | None = None,
) -> dict[str, Any]:
    """Return an axis with round cuts at its edges, by default in the middle between values."""
    at = at.astype(float)
    if edges is None:
        half = (at[1] - at[0]) / 2 if len(at) > 1 else 0.5
        edges = np.concatenate([[at[0] - half], (at[1:] + at[:-1]) / 2, [at[-1] + half]])
        slack = 2 * _SLACK * half
    assert slack is not None  # edges come with it
    return {"dim": dim, "at": at.tolist(), "cuts": [_roundest(edge, slack) for edge in edges.tolist()]}


def _roundest(value: float, slack: float) -> float:
    """Return the number with the fewest digits that is this near."""
    rounded = (round(value, n_digits) for n_digits in range(10))
    return next((one for one in rounded if abs(one - value) < slack), value) + 0.0  # no minus zero


def _shown(values: NDArray[np.floating]) -> tuple[int, float]:
    """Return how many frequencies are shown, and which share of the relevance is theirs, in size."""
    below = np.nansum(np.abs(values), axis=(0, 1, 3)).cumsum()
    if not below[-1] > 0:
        return len(below), 1.0
    n_shown = int(np.argmax(below >= _SHOWN * below[-1])) + 1
    return n_shown, float(below[n_shown - 1] / below[-1])
