"""Relevance: what each band is worth for each class, in all, over channels or on the scalp."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from sincviz.eeg.positions import check_positions
from sincviz.plotting.canvas.channel_images import channel_images
from sincviz.plotting.canvas.class_matrix import class_matrix
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_cells, check_drawn, check_number_of_maps
from sincviz.plotting.canvas.evidence import bands_in_hz, write_below
from sincviz.plotting.canvas.intervals import excludes_zero, includes_zero, zero_words
from sincviz.plotting.canvas.scalp_table import scalp_table
from sincviz.plotting.canvas.shown_cells import named_rest, shown_cells
from sincviz.plotting.canvas.style import style

DRAWN = {
    "plot_relevance": DrawnResult(
        xr.DataArray,
        "inspection.band_relevance",
        "sincviz.spectral_relevance(model, epochs, trials='contrast')",
        ("target", "band", "channel"),
    ),
}

_DIMS = {
    "matrix": ("target", "band"),
    "channels": ("target", "band", "channel"),
    "topomaps": ("target", "band", "channel"),
}


def plot_relevance(
    relevance: xr.DataArray, kind: str = "topomaps", deletion: pd.DataFrame | None = None
) -> Figure:
    """Draw what each band is worth for each class, with the evidence for it below.

    Parameters
    ----------
    relevance : xarray.DataArray, dims (target, filter or frequency or band[, channel])
        What :func:`sincviz.relevance` or :func:`sincviz.spectral_relevance` returned, which is summed here over the
        usual bands; for bands of your own, or filters divided by their energy, pass what
        :func:`sincviz.attribution.sum_over_bands` makes of it. Coordinates ``ci_low`` and ``ci_high``, as
        :func:`sincviz.statistics.bootstrap_intervals` gives them, mark cells where nothing is summed here. A coordinate
        ``region`` of the channels is written beside them: sort channels by it first.
    kind : {"topomaps", "channels", "matrix"}
        Scalp maps, a heat map of bands over channels for each class, or one of classes over bands, all channels
        together, with the numbers in it.
    deletion : pandas.DataFrame | None
        What :func:`sincviz.deletion_curve` returned; its area is added to the evidence.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide; a matrix of few bands 88 mm. One scale, symmetric around zero where there are negative values.
        Cells that are not established, or whose interval includes zero, are marked; a line below says how.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the kind is unknown, the dimensions are different, or there is nothing to draw.
    PositionsError
        If a channel of scalp maps has no usable position.

    Examples
    --------
    >>> from sincviz import datasets
    >>> epochs, truth = datasets.simulate_motor_imagery(4)
    >>> places = np.array([channel["loc"][:3] for channel in epochs.info["chs"]]).T
    >>> places = {axis: ("channel", at) for axis, at in zip("xyz", places, strict=True)}
    >>> maps = truth.scalp_map.reset_coords(drop=True).assign_coords(places)
    >>> cells = maps.sel(source="mu_right_hemisphere") - maps.sel(source="mu_left_hemisphere")
    >>> of_band = {"target": ["left against right"], "band": ["theta", "alpha", "beta"]}
    >>> cells = (cells * xr.DataArray([[0.05, 1.0, 0.6]], of_band)).rename("relevance").assign_attrs(units="score")
    >>> figure = plot_relevance(cells.assign_coords(ci_low=cells - 0.5, ci_high=cells + 0.5))
    >>> [ax.get_title() for ax in figure.axes[:3]]
    ['theta', 'alpha', 'beta']
    """
    check_drawn("plot_relevance", relevance)
    if kind not in _DIMS:
        raise ValueError(f"`kind` must be one of {', '.join(map(repr, _DIMS))}; got {kind!r}.")
    dims = _DIMS[kind]
    cells = shown_cells(relevance, dims)
    check_cells("plot_relevance", cells, relevance, kind, dims)
    cells = named_rest(cells)
    ordered = cells.transpose(*dims)
    doubtful, sure = includes_zero(ordered), excludes_zero(ordered)
    known = doubtful is not None
    if kind == "topomaps":
        check_number_of_maps(ordered)
        check_positions(ordered)
    with style():
        established, not_established = zero_words(cells)
        if kind == "matrix":
            figure, reading = class_matrix(ordered, doubtful)
            note = f"{reading}: {not_established}." if known else ""
        elif kind == "channels":
            figure = channel_images(ordered, doubtful)
            note = f"Dots: {not_established}." if known else ""
            if not np.isfinite(ordered.to_numpy()).all():
                note = f"{note} Grey: no value.".lstrip()
        else:
            figure = scalp_table(ordered, sure)
            note = f"White dots: {established}; black points: {not_established}." if known else ""
        write_below(figure, cells.attrs, deletion, note=" ".join(filter(None, [note, bands_in_hz(cells)])))
    return figure
