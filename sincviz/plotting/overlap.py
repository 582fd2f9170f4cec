"""How much of what one filter passes the others pass too."""

import math

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.style import AMOUNT, NO_OUTPUT, inches, single_column_mm, style

DRAWN = {
    "plot_overlap": DrawnResult(
        xr.DataArray,
        "inspection.overlap",
        "sincviz.filters.filter_overlap(model)",
        ("filter", "other_filter"),
    ),
}

_MOST_LABELS = 12  # of three digits


def plot_overlap(overlap: xr.DataArray, ax: Axes | None = None) -> Figure:
    """Draw the overlap of every two filters, 0 (nothing in common) to 1 (the same response).

    Parameters
    ----------
    overlap : xarray.DataArray, dims (filter, other_filter)
        What :func:`sincviz.filters.filter_overlap` returned.
    ax : matplotlib.axes.Axes | None
        Where to draw; ``None`` makes a figure 88 mm wide.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. Filters without output, which have no overlap, are grey.

    Raises
    ------
    TypeError
        If it is something else, such as a network; the message says what to call.
    ValueError
        If the array has other dimensions, or no filters.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> from sincviz.filters import filter_overlap
    >>> figure = plot_overlap(filter_overlap(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)))
    >>> figure.axes[0].get_xlabel()
    'Filter'
    """
    check_drawn("plot_overlap", overlap)
    if overlap.dims != ("filter", "other_filter") or overlap.size == 0:
        raise ValueError(
            f"`overlap` must be over (filter, other_filter) with one filter or more; got {dict(overlap.sizes)}. "
            "Pass what `filter_overlap` returned."
        )
    with style():
        if ax is None:
            side = inches(single_column_mm())
            _, ax = plt.subplots(figsize=(side, 0.86 * side), layout="constrained")
        names = [str(name) for name in overlap["filter"].to_numpy()]
        cmap = AMOUNT.with_extremes(bad=NO_OUTPUT)
        edges = np.arange(len(names) + 1) - 0.5
        mesh = ax.pcolormesh(edges, edges, overlap.to_numpy(), vmin=0, vmax=1, cmap=cmap, rasterized=True)
        every = math.ceil(len(names) / _MOST_LABELS)
        ticks = np.arange(len(names))[::every]
        ax.set(xlabel="Filter", ylabel="Filter", aspect="equal")
        ax.set_xticks(ticks, names[::every])
        ax.set_yticks(ticks, names[::every])
        ax.invert_yaxis()
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        bar = ax.figure.colorbar(mesh, ax=ax, ticks=[0, 0.5, 1], shrink=0.8, aspect=25)
        bar.set_label("Overlap of responses")
        bar.outline.set_linewidth(0.4)
    return ax.figure.figure
