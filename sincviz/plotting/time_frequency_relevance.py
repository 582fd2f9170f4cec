"""Time-frequency relevance: what each frequency is worth at each moment, by region."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from sincviz._utils.checks import finite_float
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_cells, check_drawn
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.intervals import excludes_zero, zero_words
from sincviz.plotting.canvas.region_images import least_height_mm, region_images
from sincviz.plotting.canvas.shown_cells import shown_cells
from sincviz.plotting.canvas.style import style
from sincviz.plotting.canvas.time_axis import moment

DRAWN = {
    "plot_time_frequency_relevance": DrawnResult(
        xr.DataArray,
        "inspection.time_frequency_relevance",
        "sincviz.time_frequency_relevance(model, epochs, trials='contrast')",
        ("target", "region", "frequency", "time"),
    ),
}

_DIMS = ("target", "region", "frequency", "time")
_MOST_HEIGHT_MM = 400.0  # of two pages
_SHOWN_SHARE = 0.99
_LEAST_FREQUENCIES = 4


def plot_time_frequency_relevance(
    relevance: xr.DataArray, deletion: pd.DataFrame | None = None, *, high_hz: float | None = None
) -> Figure:
    """Draw what each frequency is worth at each moment, an image for each region, with the evidence for it below.

    Parameters
    ----------
    relevance : xarray.DataArray, dims (target, [part,] channel or region, frequency, time)
        What :func:`sincviz.time_frequency_relevance` or :func:`sincviz.attribution.evoked_and_induced` returned. It is
        summed here over the channels of each region, where these are known; otherwise each channel has a panel. For
        single channels, select them without their regions: ``relevance.sel(channel=["C3", "C4"]).drop_vars("region")``.
        A thin line marks time 0, the event, where it lies between the first time and the last. Cells are outlined where
        a coordinate ``p`` of the same dimensions is below 0.05. ``attrs`` with the names ``time_resolution_s`` and
        ``frequency_resolution_hz`` are written below.
    deletion : pandas.DataFrame | None
        What :func:`sincviz.deletion_curve` returned; its area is added to the evidence.
    high_hz : float | None
        Highest frequency shown; ``None`` takes the lowest below which lie 99 % of the relevance (the sum of absolute
        values), or all if that is nearly all. A line below the figure says what was left out.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide, a block of panels for each class (and part), all on one scale, symmetric around zero where there
        are negative values. Regions of the left, the midline and the right stand side by side. On the right are the
        names of the rhythms, where there is room.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the dimensions are different, there is nothing to draw, there are too many panels, or ``high_hz`` is not
        above the lowest frequency.

    Examples
    --------
    >>> hz = xr.DataArray(np.arange(2.0, 32, 2), dims="frequency", attrs={"units": "Hz"})
    >>> time = xr.DataArray(np.arange(-0.5, 2, 0.125), dims="time", attrs={"units": "s"})
    >>> regions = {"region": ["left central", "midline central", "right central"]}
    >>> values = xr.DataArray([[1.0, 0.1, -0.8]], {"target": ["left against right"], **regions})
    >>> values = values * np.exp(-((hz - 11) ** 2) / 12 - (time - 1) ** 2 / 0.2)
    >>> values = values.assign_coords(frequency=hz, time=time).rename("time_frequency_relevance")
    >>> figure = plot_time_frequency_relevance(values)
    >>> figure.axes[0].get_title(), figure.axes[-1].get_xlabel()
    ('left central', 'Time-frequency relevance')
    """
    check_drawn("plot_time_frequency_relevance", relevance)
    values = shown_cells(relevance, _DIMS)
    if "region" not in values.dims and "channel" in values.dims and "region" not in values.coords:
        values = values.rename(channel="region")
    dims = (*_DIMS[:1], "part", *_DIMS[1:]) if "part" in values.dims else _DIMS
    check_cells("plot_time_frequency_relevance", values, relevance, "", dims)
    _check_rows(
        values, "channel" if "channel" in relevance.dims and "region" not in relevance.coords else "region"
    )
    n_shown = _n_shown(values, high_hz)
    blocks = _blocks(values.isel(frequency=slice(n_shown)), dims)
    sure = excludes_zero(blocks) if "p" in blocks.coords else None
    with style():
        figure = region_images(blocks, None if sure is None else sure.astype(int))
        notes = [_resolution(values)]
        notes += [f"Outlined: {zero_words(blocks)[0]}."] if sure is not None and sure.any() else []
        notes += [_not_shown(values, n_shown)]
        if not np.isfinite(blocks.to_numpy()).all():
            notes.append("Grey: no value.")
        write_below(figure, values.attrs, deletion, note=" ".join(filter(None, notes)))
    return figure


def _check_rows(values: xr.DataArray, panels: str) -> None:
    """Refuse more panels than two pages hold."""
    n_blocks = values.sizes["target"] * values.sizes.get("part", 1)
    if least_height_mm(n_blocks, [str(name) for name in values["region"].to_numpy()]) <= _MOST_HEIGHT_MM:
        return
    if values.sizes["target"] > 1:
        advice = f"result.sel(target={values['target'].to_numpy()[:1].tolist()})"
    else:
        advice = f"result.sel({panels}={values['region'].to_numpy()[:3].tolist()})"
    raise ValueError(
        f"So many panels do not fit on two pages; got {dict(values.sizes)}. Choose some: `{advice}`."
    )


def _n_shown(values: xr.DataArray, high_hz: float | None) -> int:
    """Return how many frequencies are shown."""
    frequency = values["frequency"].to_numpy()
    if high_hz is not None:
        high_hz = finite_float("high_hz", high_hz, advice=40)
        if not high_hz > frequency[0]:
            raise ValueError(
                f"`high_hz` must be above the lowest frequency, {frequency[0]:g}; got {high_hz:g}. Try "
                f"{frequency[-1]:g}."
            )
        return int((frequency <= high_hz).sum())
    needed = 1 + sum(_share(values, n + 1) < _SHOWN_SHARE for n in range(len(frequency)))
    return min(len(frequency), max(needed, _LEAST_FREQUENCIES))


def _share(values: xr.DataArray, n_frequencies: int) -> float:
    """Return the share of the relevance that the lowest frequencies have."""
    size = np.nan_to_num(np.abs(values.transpose("frequency", ...).to_numpy().astype(float)), posinf=0.0)
    total = float(size.sum())
    return float(size[:n_frequencies].sum()) / total if total > 0 else 1.0


def _not_shown(values: xr.DataArray, n_shown: int) -> str:
    """Return a sentence on the frequencies that are left out; empty if there are none."""
    if n_shown == values.sizes["frequency"]:
        return ""
    rest = 1 - _share(values, n_shown)
    percent = "less than 0.1" if rest < 0.001 else f"{100 * rest:.2g}"
    above = f"{float(values['frequency'][n_shown - 1]):g} {values['frequency'].attrs.get('units', 'Hz')}"
    return (
        f"Not shown: frequencies above {above}, with {percent} % of the relevance (sum of absolute values)."
    )


def _blocks(values: xr.DataArray, dims: tuple[str, ...]) -> xr.DataArray:
    """Return values over (block, region, frequency, time); a block is a class, or a part of one."""
    ordered = values.transpose(*dims)
    names = [str(name) for name in values["target"].to_numpy()]
    if "part" in dims:
        parts = [str(name) for name in values["part"].to_numpy()]
        names = [": ".join(filter(None, [name, part])) for name in names for part in parts]
    shape, new_dims = (len(names), *ordered.shape[-3:]), ("block", *dims[-3:])
    kept = {name: coord for name, coord in ordered.coords.items() if set(coord.dims) <= set(dims[-3:])}
    if "p" in ordered.coords and set(ordered["p"].dims) == set(dims):
        kept["p"] = (new_dims, ordered["p"].transpose(*dims).to_numpy().reshape(shape))
    return xr.DataArray(
        ordered.to_numpy().reshape(shape), kept | {"block": names}, new_dims, ordered.name, ordered.attrs
    )


def _resolution(values: xr.DataArray) -> str:
    attrs = values.attrs
    known = {"time_resolution_s", "frequency_resolution_hz"} <= set(attrs)
    if not known:
        return ""
    time, hz = float(attrs["time_resolution_s"]), float(attrs["frequency_resolution_hz"])
    window = f" (windows of {moment(float(attrs['window_s']), 's')})" if "window_s" in attrs else ""
    return f"Resolution: {moment(time, 's')} and {hz:.2g} Hz{window}."
