"""Band use: how much each subject's network takes from each band."""

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sincviz._utils.text import counted
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.evidence import bands_in_hz, write_below
from sincviz.plotting.canvas.glyphs import legible
from sincviz.plotting.canvas.lettering import fitted_apart, percent, widest_mm, wrapped
from sincviz.plotting.canvas.style import (
    CLASS_COLOURS,
    double_column_mm,
    inches,
    single_column_mm,
    small_pt,
    style,
    type_mm,
)

DRAWN = {
    "plot_band_use": DrawnResult(xr.DataArray, "group.band_use", marks=("subject", "band")),
}

_LEFT_MM = 15.0
_HEIGHT_MM = 58.0
_LEAST_MM = 7.0  # for the dots of one condition and one band
_MOST_NAME_LINES = 3
_LEGEND_NAME_MM = 45.0
_MOST_WITH_LINES = 20  # subjects; lines of more hide the dots
_GREY = "#BBBBBB"


def plot_band_use(shares: xr.DataArray) -> Figure:
    """Draw the share of each band for every subject, and of all subjects together.

    Parameters
    ----------
    shares : xarray.DataArray, dims ([condition,] subject, band)
        ``Group.band_use``: share of each subject's summed contrast, as a fraction (1 is all of it); NaN where a
        subject has none. Where they are known, the coordinates ``mean``, ``ci_low`` and ``ci_high`` over ([condition,]
        band) are those of all subjects together.

    Returns
    -------
    matplotlib.figure.Figure
        88 mm wide, 178 mm for several conditions or many bands. Every subject is a dot, at the same distance from the
        middle in every band; thin lines join the dots of one subject where there is one condition.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the array has other dimensions, or no share is finite.

    Examples
    --------
    >>> shares = xr.DataArray(
    ...     [[0.07, 0.12, 0.52, 0.24, 0.05], [0.12, 0.08, 0.40, 0.35, 0.05], [0.05, 0.10, 0.61, 0.20, 0.04],
    ...      [0.20, 0.15, 0.35, 0.22, 0.08], [0.04, 0.07, 0.47, 0.38, 0.04], [0.10, 0.11, 0.55, 0.18, 0.06]],
    ...     {"subject": list("ABCDEF"), "band": ["delta", "theta", "alpha", "beta", "gamma"]})
    >>> mean, half = shares.mean("subject"), 2 * shares.std("subject") / 6**0.5
    >>> figure = plot_band_use(shares.assign_coords(mean=mean, ci_low=mean - half, ci_high=mean + half))
    >>> figure.axes[0].get_ylabel()
    'Share of the contrast (%)'
    """
    check_drawn("plot_band_use", shares)
    _check(shares)
    by_condition = shares
    if "condition" not in shares.dims:
        by_condition = shares.drop_vars("condition", errors="ignore").expand_dims({"condition": [""]})
    conditions = [str(name) for name in by_condition["condition"].to_numpy()]
    n_bands, n_conditions = by_condition.sizes["band"], len(conditions)
    share = by_condition.transpose("condition", "subject", "band").to_numpy()
    counts = np.isfinite(share).any(2).sum(1)
    with style():
        bands = [legible(str(name)) for name in by_condition["band"].to_numpy()]
        narrow, wide = (
            (width - type_mm(_LEFT_MM)) / n_bands for width in (single_column_mm(), double_column_mm())
        )
        is_narrow = narrow >= _LEAST_MM * n_conditions and _fit(bands, narrow - 1)
        names = fitted_apart(bands, (narrow if is_narrow else wide) - 1, _MOST_NAME_LINES)
        width = single_column_mm() if is_narrow else double_column_mm()
        size = inches(width), inches(type_mm(_HEIGHT_MM))
        figure, ax = plt.subplots(figsize=size, layout="constrained")
        ax.axhline(0, color="black", linewidth=0.6, zorder=1)
        shown = fitted_apart(conditions, _LEGEND_NAME_MM)
        for number, (name, count) in enumerate(zip(shown, counts, strict=True)):
            middle = (number - (n_conditions - 1) / 2) * 0.8 / n_conditions
            half = 0.3 / n_conditions
            # The dots leave room for the mean at their right.
            x = np.arange(n_bands) + middle + half * np.linspace(-1, 0.6, share.shape[1])[:, None]
            colour = CLASS_COLOURS[number % len(CLASS_COLOURS)]
            if n_conditions == 1 and len(x) <= _MOST_WITH_LINES:
                ax.plot(x.T, share[number].T, color=_GREY, linewidth=0.4, zorder=2, label="_same subject")
            # Matplotlib leaves out names that begin with an underscore.
            label = f"{' ' if name.startswith('_') else ''}{name} ({counted(int(count), 'subject')})"
            ax.plot(x.ravel(), share[number].ravel(), linestyle="none", marker="o", color=colour, markersize=2.6,
                    alpha=0.7, markeredgewidth=0, zorder=3, label=label)  # fmt: skip
            if {"mean", "ci_low", "ci_high"} <= set(by_condition.coords):
                _draw_means(
                    ax, np.arange(n_bands) + middle + half, by_condition.isel(condition=number), colour
                )
        ax.set_xlim(-0.5, n_bands - 0.5)
        # From the top, words with and without long letters would not stand on one line.
        flat = not any("\n" in name for name in names)
        ax.set_xticks(
            range(n_bands), names, parse_math=False, linespacing=1.1, va="baseline" if flat else "top"
        )
        ax.tick_params(axis="x", length=0, pad=small_pt() + 2 if flat else 3)
        ax.set_ylabel("Share of the contrast (%)")
        ax.yaxis.set_major_formatter(percent)
        if n_conditions > 1:
            ax.vlines(np.arange(n_bands - 1) + 0.5, 0, 1, transform=ax.get_xaxis_transform(), colors=_GREY,
                      linewidth=0.3, zorder=0)  # fmt: skip
            handles = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
            legend = figure.legend(handles=handles, loc="outside upper center", ncols=min(n_conditions, 3))
            for text in legend.get_texts():
                text.set_parse_math(False)
        write_below(figure, shares.attrs, note=_note(by_condition, counts))
    return figure


def _draw_means(ax: Axes, x: NDArray[np.floating], shares: xr.DataArray, colour: str) -> None:
    ax.vlines(x, shares["ci_low"], shares["ci_high"], colors="black", linewidth=1.0, zorder=4)
    ax.plot(x, shares["mean"], linestyle="none", marker="D", color=colour, markersize=4.0, markeredgecolor="black",
            markeredgewidth=0.6, zorder=5, label="_mean")  # fmt: skip


def _fit(names: list[str], width_mm: float) -> bool:
    """Return whether names fit into few lines of whole words."""
    words = [word for name in names for word in name.split()]
    lines = (wrapped(name, width_mm).count("\n") + 1 for name in names)
    return widest_mm(words) <= width_mm and max(lines) <= _MOST_NAME_LINES


def _note(by_condition: xr.DataArray, counts: NDArray[np.int_]) -> str:
    sentences = [f"Dots: {counted(int(counts[0]), 'subject')}." if len(counts) == 1 else "Dots: subjects."]
    if len(counts) == 1 and by_condition["condition"].item():
        sentences.insert(0, f"Condition: {by_condition['condition'].item()}.")
    if {"mean", "ci_low", "ci_high"} <= set(by_condition.coords):
        sentences.append("Diamonds: all subjects together, with 95 % intervals.")
    left_out = by_condition.sizes["subject"] - counts[0]
    # Of several conditions the legend counts the subjects.
    if len(counts) == 1 and left_out:
        sentences.append(f"Without a share: {counted(int(left_out), 'subject')}.")
    return " ".join(filter(None, [*sentences, bands_in_hz(by_condition)]))


def _check(shares: xr.DataArray) -> None:
    if set(shares.dims) - {"condition"} != {"subject", "band"}:
        raise ValueError(
            f"`shares` must have the dimensions ([condition,] subject, band); got {dict(shares.sizes)}. "
            "Pass `Group.band_use`."
        )
    if not np.isfinite(shares.to_numpy()).any():
        raise ValueError("No subject has a share of any band; there is nothing to draw.")
