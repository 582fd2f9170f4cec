"""Temporal relevance: what each moment is worth for each class, by region, over channels or on the scalp."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sincviz.eeg.positions import check_positions
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_cells, check_drawn
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.intervals import excludes_zero, zero_words
from sincviz.plotting.canvas.region_profiles import region_profiles
from sincviz.plotting.canvas.shown_cells import front_to_back, shown_cells
from sincviz.plotting.canvas.style import style
from sincviz.plotting.canvas.time_axis import selected_words, time_units, window_words
from sincviz.plotting.canvas.time_images import time_images
from sincviz.plotting.canvas.time_joint import MOST_MAPS_IN_A_ROW, MOST_ROWS_OF_MAPS, time_joint

DRAWN = {
    "plot_temporal_relevance": DrawnResult(
        xr.DataArray,
        "inspection.temporal_relevance",
        "sincviz.temporal_relevance(model, epochs, trials='contrast')",
        ("target", "region", "time"),
    ),
}

_DIMS = {
    "profile": ("target", "region", "time"),
    "image": ("target", "channel", "time"),
    "joint": ("target", "channel", "time"),
}
_ALPHA = 0.05
_PEAKS = ("latency_s", "ci_low", "ci_high", "relevance")


def plot_temporal_relevance(
    relevance: xr.DataArray,
    kind: str = "profile",
    deletion: pd.DataFrame | None = None,
    *,
    peaks: pd.DataFrame | None = None,
    times_s: Sequence[float] | NDArray[np.floating] | pd.Series | None = None,
) -> Figure:
    """Draw what each moment is worth for each class, with the evidence for it below.

    Relevance of single samples follows every oscillation of the signal: sum it over short windows first, with
    :func:`sincviz.attribution.sum_over_times`.

    Parameters
    ----------
    relevance : xarray.DataArray, dims (target, channel, time), or (target, region, time) for a profile
        What :func:`sincviz.temporal_relevance` returned; for a profile it is summed here over the channels of each
        region, unless :func:`sincviz.attribution.sum_over_regions` did so. A thin line marks time 0, the event, where
        it lies between the first time and the last. Coordinates of the same dimensions: ``ci_low`` and ``ci_high`` are
        drawn as bands around the lines of a profile; where ``p`` is below 0.05, bars stand below these lines, an image
        has outlines, and a map white dots.
    kind : {"profile", "image", "joint"}
        A panel for each region with one line per class; an image of channels over time for each class; or the lines of
        all channels with scalp maps at ``times_s`` above them, for three classes at most.
    deletion : pandas.DataFrame | None
        What :func:`sincviz.deletion_curve` returned; its area is added to the evidence.
    peaks : pandas.DataFrame | None
        What :func:`sincviz.statistics.peak_latencies` returned, with the index (target, region): a profile shows each
        peak with the interval of its latency, pale where its ``p`` is not below 0.05.
    times_s : sequence of float | None
        Times of the maps of ``"joint"``, at most ten, in seconds (or the units of ``time``); each map shows the sample
        or window that is nearest.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide. In a profile, regions of the left, the midline and the right stand side by side. In an image,
        channels of one region lie together, the front of the head at the top. Images and maps have one scale, symmetric
        around zero where there are negative values. Lines of ``"joint"`` have the colours of the small head.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the kind is unknown, the dimensions are different, there is nothing to draw, ``peaks`` or ``times_s`` do not
        belong to the kind or the values, or there are too many maps.
    PositionsError
        If a channel of scalp maps has no usable position.

    Examples
    --------
    >>> time = xr.DataArray(np.linspace(-0.2, 0.8, 51), dims="time", attrs={"units": "s"})
    >>> regions = {"region": ["left parietal", "midline parietal", "right parietal"]}
    >>> values = xr.DataArray([[0.2, 0.3, 0.2], [0.6, 1.0, 0.5]], {"target": ["standard", "target"], **regions})
    >>> values = (values * np.exp(-((time - 0.37) ** 2) / 0.01)).assign_coords(time=time)
    >>> values = values.rename("temporal_relevance").assign_attrs(units="score")
    >>> known = {"ci_low": values - 0.08, "ci_high": values + 0.08, "p": xr.where(values > 0.15, 0.01, 0.4)}
    >>> figure = plot_temporal_relevance(values.assign_coords(known))
    >>> [line.get_label() for line in figure.axes[0].lines][1:3], figure.axes[0].get_xlabel()
    (['standard', 'target'], 'Time (s)')
    """
    check_drawn("plot_temporal_relevance", relevance)
    if kind not in _DIMS:
        raise ValueError(f"`kind` must be one of {', '.join(map(repr, _DIMS))}; got {kind!r}.")
    dims = _DIMS[kind]
    values = shown_cells(relevance, dims)
    check_cells("plot_temporal_relevance", values, relevance, kind, dims)
    ordered = (front_to_back(values) if kind == "image" else values).transpose(*dims)
    _check_belongs("peaks", peaks, kind, "profile")
    _check_belongs("times_s", times_s, kind, "joint")
    if peaks is not None:
        _check_peaks(peaks, ordered)
    chosen = _nearest(ordered, times_s) if kind == "joint" else []
    if kind == "joint":
        _check_rows(ordered)
        check_positions(ordered)
    sure = excludes_zero(ordered) if "p" in ordered.coords else None
    with style():
        established = zero_words(ordered)[0]
        if kind == "profile":
            figure = region_profiles(ordered, established=sure, peaks=peaks)
            notes = ["Bands around the lines: intervals." * ({"ci_low", "ci_high"} <= set(values.coords))]
            notes += [f"Bars below the lines: {established}."] if sure is not None and sure.any() else []
            notes += [_words_on_peaks(peaks)] if peaks is not None else []
        elif kind == "image":
            figure = time_images(ordered, None if sure is None else sure.astype(int))
            notes = [f"Outlined: {established}."] if sure is not None and sure.any() else []
            notes += [] if np.isfinite(ordered.to_numpy()).all() else ["Grey: no value."]
        else:
            figure = time_joint(ordered, chosen, sure)
            notes = ["Each line is a channel, in the colour that it has in the small head."]
            dotted = sure is not None and sure[:, :, chosen].any()
            notes += [f"White dots: {established}."] if dotted else []
        note = " ".join(filter(None, [selected_words(values), *notes, window_words(values)]))
        write_below(figure, values.attrs, deletion, note=note)
    return figure


def _words_on_peaks(peaks: pd.DataFrame) -> str:
    pale = "p" in peaks and not (peaks["p"].dropna() < _ALPHA).all()
    return f"Circles: peaks, with the intervals of their latencies{' (pale: p ≥ 0.05)' if pale else ''}."


def _check_belongs(name: str, given: object, kind: str, of_kind: str) -> None:
    if given is not None and kind != of_kind:
        raise ValueError(
            f"`{name}` belongs to `kind={of_kind!r}`; got it with {kind!r}. Leave one of them out."
        )


def _check_peaks(peaks: pd.DataFrame, values: xr.DataArray) -> None:
    """Refuse peaks that do not lie in the panels."""
    if not isinstance(peaks, pd.DataFrame):
        raise TypeError(
            f"`peaks` must be the table that `sincviz.statistics.peak_latencies` returned; got {type(peaks).__name__}."
        )
    levels = [str(name) for name in peaks.index.names]
    if missing := [name for name in _PEAKS if name not in peaks.columns]:
        raise ValueError(f"`peaks` lacks {', '.join(missing)}. Pass what `peak_latencies` returned.")
    if set(levels) != {"target", "region"}:
        raise ValueError(
            f"`peaks` must have the index (target, region), as the panels; got ({', '.join(levels)}). Sum over regions "
            "first: `sincviz.attribution.sum_over_regions`."
        )
    for level in ("target", "region"):
        named, shown = peaks.index.get_level_values(level), values[level].to_numpy()
        if len(peaks) and not set(map(str, named)) & set(map(str, shown)):
            raise ValueError(
                f"`peaks` has none of the figure's values of `{level}`, such as {shown[0]!r}; got "
                f"{', '.join(map(repr, dict.fromkeys(named)))}."
            )


def _check_rows(values: xr.DataArray) -> None:
    if values.sizes["target"] > MOST_ROWS_OF_MAPS:
        first = values["target"].to_numpy()[:MOST_ROWS_OF_MAPS].tolist()
        raise ValueError(
            f"`kind='joint'` shows at most {MOST_ROWS_OF_MAPS} classes; got {values.sizes['target']}. Choose some: "
            f"`result.sel(target={first})`."
        )


def _nearest(values: xr.DataArray, times_s: object) -> list[int]:
    """Return the numbers of the times that are nearest to the chosen ones, in order, each once."""
    times = values["time"].to_numpy().astype(float)
    limits, example = f"{times[0]:g} to {times[-1]:g} {time_units(values)}", f"{times[len(times) // 2]:g}"
    if times_s is None:
        raise ValueError(
            f"`kind='joint'` needs `times_s`, the times of its maps ({limits}), such as the column `latency_s` of "
            f"`sincviz.statistics.peak_latencies`. Try `times_s=[{example}]`."
        )
    try:
        wanted = np.atleast_1d(np.asarray(times_s, float)).ravel()
    except (TypeError, ValueError):
        raise TypeError(f"`times_s` must be a list of numbers; got {times_s!r}.") from None
    edge = (times[-1] - times[0]) / max(1, len(times) - 1) if len(times) > 1 else 0.5
    inside = np.isfinite(wanted) & (wanted >= times[0] - edge) & (wanted <= times[-1] + edge)
    if not wanted.size or not inside.all():
        got = ", ".join(f"{time:g}" for time in wanted[~inside][:4]) or "none"
        raise ValueError(f"`times_s` must be times from {limits}; got {got}. Try [{example}].")
    chosen: list[int] = np.unique(np.abs(times[:, None] - wanted).argmin(0)).tolist()
    if len(chosen) > MOST_MAPS_IN_A_ROW:
        raise ValueError(
            f"`times_s` must be at most {MOST_MAPS_IN_A_ROW} different times; got {len(chosen)}. Choose some: "
            f"`times_s={[round(float(times[at]), 4) for at in chosen[:3]]}`."
        )
    return chosen
