"""Responses of the filters: one panel each, all in one axis, and what they pass together."""

import math
from typing import cast

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sincviz.eeg.bands import RHYTHMS
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.lettering import hz
from sincviz.plotting.canvas.rhythm_shades import shade_rhythms
from sincviz.plotting.canvas.style import (
    MEASURED,
    NOMINAL,
    ORDERED,
    double_column_mm,
    inches,
    large_pt,
    single_column_mm,
    small_pt,
    style,
    type_mm,
)

_RESPONSE = DrawnResult(
    xr.Dataset, "inspection.response", "sincviz.filter_response(model)", ("magnitude_db",)
)
DRAWN = {"plot_responses": _RESPONSE, "plot_cumulative_response": _RESPONSE}

_LOWEST_DB = -40
_COLUMNS = 5
_LEFT_MM, _RIGHT_MM, _GAP_MM = 13.0, 2.0, 3.5
_LEGEND_MM, _BELOW_MM = 6.0, 9.5
_TITLE_MM, _PANEL_MM = 6.0, 18.5


def plot_responses(
    response: xr.Dataset, axes: np.ndarray | Axes | None = None, *, overlay: bool = False
) -> Figure:
    """Draw the magnitude response of each filter in dB, with its nominal and measured band.

    Parameters
    ----------
    response : xarray.Dataset
        What :func:`sincviz.filter_response` returned; select filters with ``response.sel(filter=[0, 1])``.
    axes : array of matplotlib.axes.Axes | None
        Where to draw, one per filter, or one for an overlay; ``None`` makes a figure 178 mm wide, with a legend and
        labels.
    overlay : bool
        Draw all filters into one axis, coloured from the lowest peak to the highest, with the edges of their bands
        as short lines at the bottom.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If there are fewer axes than filters, more than one for an overlay, or no filters.

    Examples
    --------
    >>> from sincviz import SincShallowNet, filter_response
    >>> response = filter_response(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128))
    >>> figure = plot_responses(response.sel(filter=[0, 5, 10, 15, 20]))
    >>> [ax.get_title() for ax in figure.axes][:2]
    ['filter 0: 6.0–10.0 Hz', 'filter 5: 11.0–15.0 Hz']
    """
    check_drawn("plot_responses", response)
    n_filters = response.sizes.get("filter", 0)
    if n_filters == 0:
        raise ValueError("The response has no filters; keep the dimension, as in `response.sel(filter=[0])`.")
    with style():
        if overlay:
            return _overlay(response, axes)
        new_panels, height = _panels(n_filters) if axes is None else ([], 0.0)
        panels = np.asarray(new_panels if axes is None else axes, object).ravel()
        if len(panels) < n_filters:
            raise ValueError(
                f"Each filter needs an axis of its own; got {len(panels)} for {n_filters} filters."
            )
        right = _right_limit(response)
        for panel, index in zip(panels, range(n_filters), strict=False):
            _draw(panel, response.isel(filter=index), right)
        figure = cast(Figure, panels[0].figure.figure)
        if axes is None:
            handles = panels[0].get_legend_handles_labels()
            figure.legend(*handles, loc="upper center", ncols=3, borderaxespad=0.3)
            low, left = 1.0 / height, 1.0 / double_column_mm()
            figure.supxlabel("Frequency (Hz)", fontsize=large_pt(), y=low, va="bottom")
            figure.supylabel("Magnitude (dB re peak)", fontsize=large_pt(), x=left, ha="left")
    return figure


def plot_cumulative_response(response: xr.Dataset, ax: Axes | None = None) -> Figure:
    """Draw the power that all filters pass together, and each filter behind it.

    Parameters
    ----------
    response : xarray.Dataset
        What :func:`sincviz.filter_response` returned.
    ax : matplotlib.axes.Axes | None
        Where to draw; ``None`` makes a figure 88 mm wide.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. The line of the whole bank is labelled ``"all filters together"``.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If there are no filters.

    Examples
    --------
    >>> from sincviz import SincShallowNet, filter_response
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128, num_time_filters=12)
    >>> figure = plot_cumulative_response(filter_response(model))
    >>> figure.axes[0].get_ylabel()
    'Power (dB re largest)'
    """
    check_drawn("plot_cumulative_response", response)
    if response.sizes.get("filter", 0) == 0:
        raise ValueError("The response has no filters; there is nothing to draw.")
    with style():
        is_new_figure = ax is None
        if ax is None:
            size = inches(single_column_mm()), inches(62)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        right = _right_limit(response)
        shade_rhythms(ax, RHYTHMS, right)
        curves = ax.plot(
            response.frequency, response.magnitude_db.transpose("frequency", "filter"), color="#999999",
            linewidth=0.4, zorder=2,
        )  # fmt: skip
        curves[0].set_label("each filter")
        ax.plot(response.frequency, response.cumulative_db, color="black", linewidth=1.2,
                label="all filters together", zorder=3)  # fmt: skip
        ax.set(xlim=(0, right), ylim=(_LOWEST_DB, 3), xlabel="Frequency (Hz)", ylabel="Power (dB re largest)")
        if is_new_figure:
            ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
        else:
            ax.legend(loc="lower left")
    return ax.figure.figure


def _overlay(response: xr.Dataset, axes: np.ndarray | Axes | None) -> Figure:
    is_new_figure = axes is None
    if axes is None:
        size = inches(double_column_mm()), inches(75)
        _, axes = plt.subplots(figsize=size, layout="constrained")
    panels = np.asarray(axes, object).ravel()
    if len(panels) != 1:
        raise ValueError(f"An overlay needs one axis; got {len(panels)}.")
    ax = panels[0]
    right = _right_limit(response)
    shade_rhythms(ax, RHYTHMS, right)
    order = np.argsort(response.peak_hz.to_numpy(), kind="stable")
    for index, colour in zip(order, ORDERED(np.linspace(0, 0.85, len(order))), strict=True):
        response_of_one = response.isel(filter=index)
        ax.plot(response_of_one.frequency, response_of_one.magnitude_db, color=colour, linewidth=0.7, zorder=2,
                label=f"filter {response_of_one['filter'].item()}")  # fmt: skip
    for bottom, edges, colour, name in (
        (0.045, ("low_hz", "high_hz"), NOMINAL, "nominal edges"),
        (0.0, ("measured_low_hz", "measured_high_hz"), MEASURED, "measured edges (−3 dB)"),
    ):
        at = np.concatenate([response[edge].to_numpy() for edge in edges])
        at = at[np.isfinite(at)]
        if at.size:
            ax.vlines(at, bottom, bottom + 0.04, colors=colour, linewidth=0.7, zorder=3, label=name,
                      transform=ax.get_xaxis_transform())  # fmt: skip
    ax.set(xlim=(0, right), ylim=(_LOWEST_DB, 3), xlabel="Frequency (Hz)", ylabel="Magnitude (dB re peak)")
    if is_new_figure:
        # Colour and place tell filters apart; 32 names would be noise.
        ax.figure.legend(*_edges_only(ax), loc="outside lower center", ncols=2)
    return cast(Figure, ax.figure.figure)


def _edges_only(ax: Axes) -> tuple[list[Artist], list[str]]:
    handles, labels = ax.get_legend_handles_labels()
    kept = [index for index, label in enumerate(labels) if "edges" in label]
    return [handles[index] for index in kept], [labels[index] for index in kept]


def _panels(n_filters: int) -> tuple[list[Axes], float]:
    """Return a panel for each filter, and the height of the figure in mm.

    Fixed places and limits: a layout engine and shared axes take three times as long for 32 panels.
    """
    columns = min(_COLUMNS, n_filters)
    rows = math.ceil(n_filters / columns)
    left, above, below = (type_mm(room) for room in (_LEFT_MM, _LEGEND_MM, _BELOW_MM))
    title = type_mm(_TITLE_MM)
    width, height = double_column_mm(), above + below + (title + _PANEL_MM) * rows
    across = (width - left - _RIGHT_MM - _GAP_MM * (columns - 1)) / columns
    figure = plt.figure(figsize=(inches(width), inches(height)))
    panels = []
    for number in range(n_filters):
        row, column = divmod(number, columns)
        x = left + column * (across + _GAP_MM)
        y = height - above - (title + _PANEL_MM) * (row + 1)
        ax = figure.add_axes((x / width, y / height, across / width, _PANEL_MM / height))
        # The lowest panel of each column carries the frequencies.
        ax.tick_params(labelleft=column == 0, labelbottom=number + columns >= n_filters)
        panels.append(ax)
    return panels, height


def _draw(ax: Axes, response: xr.Dataset, right: float) -> None:
    low, high = float(response.low_hz), float(response.high_hz)
    if math.isfinite(low):
        ax.axvspan(low, high, color=NOMINAL, alpha=0.25, linewidth=0, label="nominal band (as written)")
    ax.plot(
        response.frequency,
        response.magnitude_db,
        color="black",
        linewidth=0.8,
        label="response of the kernel",
    )
    ax.plot([response.measured_low_hz, response.measured_high_hz], [-3, -3], color=MEASURED, linewidth=2,
            label="measured band (−3 dB)", solid_capstyle="butt")  # fmt: skip
    ticks = np.asarray(MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(0, right))
    # A label at the edge would run into the first of the next panel.
    ax.set(xlim=(0, right), ylim=(_LOWEST_DB, 3), xticks=ticks[ticks <= 0.9 * right], yticks=[-40, -20, 0])
    peak = float(response.peak_hz)
    named = f"{hz(low)}–{hz(high)} Hz" if math.isfinite(low) else f"peak {hz(peak)} Hz"
    if not math.isfinite(peak):
        named = "no output"
    ax.set_title(f"filter {response['filter'].item()}: {named}", fontsize=small_pt())


def _right_limit(response: xr.Dataset) -> float:
    """Return a little past the highest edge, to show the flanks; never past the Nyquist frequency."""
    highest = float(np.nanmax([response.high_hz.max(), response.measured_high_hz.max(), 0]))
    nyquist = float(response.frequency[-1])
    return min(1.25 * highest, nyquist) or nyquist
