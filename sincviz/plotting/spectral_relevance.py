"""Spectral relevance: what each frequency is worth for each class, by region or over channels."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from sincviz.plotting.canvas.channel_images import channel_images
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_cells, check_drawn
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.region_profiles import region_profiles
from sincviz.plotting.canvas.shown_cells import shown_cells
from sincviz.plotting.canvas.style import style

DRAWN = {
    "plot_spectral_relevance": DrawnResult(
        xr.DataArray,
        "inspection.spectral_relevance",
        "sincviz.spectral_relevance(model, epochs, trials='contrast')",
        ("target", "region", "frequency"),
    ),
}

_DIMS = {"profile": ("target", "region", "frequency"), "image": ("target", "frequency", "channel")}


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
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the kind is unknown, the dimensions are different, or there is nothing to draw.

    Examples
    --------
    >>> import numpy as np
    >>> hz = xr.DataArray(np.arange(0, 41.0), dims="frequency", attrs={"units": "Hz"})
    >>> regions = {"region": ["left central", "midline central", "right central"]}
    >>> values = xr.DataArray([[1.0, 0.1, -0.8], [-0.9, -0.1, 1.0]], {"target": ["left", "right"], **regions})
    >>> values = values * (np.exp(-((hz - 11) ** 2) / 6) + 0.5 * np.exp(-((hz - 21) ** 2) / 14))
    >>> values = values.assign_coords(frequency=hz).rename("spectral_relevance").assign_attrs(units="score")
    >>> figure = plot_spectral_relevance(values.assign_coords(ci_low=values - 0.1, ci_high=values + 0.1))
    >>> [line.get_label() for line in figure.axes[0].lines][1:]  # after zero
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
            figure = region_profiles(ordered)
            note = "Bands around the lines: intervals." if {"ci_low", "ci_high"} <= set(values.coords) else ""
        write_below(figure, values.attrs, deletion, note=note)
    return figure
