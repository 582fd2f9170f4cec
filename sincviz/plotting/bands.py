"""Bands of the filters: as written, as measured, and before training."""

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sincviz.eeg.bands import RHYTHMS
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.glyphs import missing_note
from sincviz.plotting.canvas.rhythm_shades import shade_rhythms
from sincviz.plotting.canvas.style import INITIAL, MEASURED, NOMINAL, double_column_mm, inches, style, type_mm

DRAWN = {
    "plot_bands": DrawnResult(
        pd.DataFrame, "inspection.bands", "sincviz.learned_bands(model)", ("in_band_energy", "peak_hz")
    ),
}


def plot_bands(bands: pd.DataFrame, ax: Axes | None = None) -> Figure:
    """Draw the nominal, measured and initial band of each filter over the rhythms of the EEG.

    Parameters
    ----------
    bands : pandas.DataFrame
        What :func:`sincviz.learned_bands` returned.
    ax : matplotlib.axes.Axes | None
        Where to draw; ``None`` makes a figure 178 mm wide.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. Its artists are labelled ``"measured (−3 dB)"``, ``"measured peak"`` and, where these are known,
        ``"nominal (as written)"`` and ``"before training"``.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the table is empty or lacks a column.

    Examples
    --------
    >>> import torch
    >>> from sincviz import SincShallowNet, learned_bands
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128, num_time_filters=12)
    >>> with torch.no_grad():  # instead of training: every filter moves down, the higher the farther
    ...     _ = model.sinc_filter_layer.low_freqs.mul_(0.8)
    >>> figure = plot_bands(learned_bands(model))
    >>> figure.axes[0].get_xlabel()
    'Frequency (Hz)'
    """
    check_drawn("plot_bands", bands)
    _check(bands)
    with style():
        is_new_figure = ax is None
        if ax is None:
            height = type_mm(22) + type_mm(3.4) * max(len(bands), 6)
            _, ax = plt.subplots(figsize=(inches(double_column_mm()), inches(height)), layout="constrained")
        rows = np.arange(len(bands))
        edges = bands[["high_hz", "initial_high_hz", "measured_high_hz"]].to_numpy(float)
        # Where nothing passes, any axis will do.
        right = 1.04 * (float(np.nanmax(np.append(edges, 0))) or 40)
        shade_rhythms(ax, bands.attrs.get("bands", RHYTHMS), right)
        ax.hlines(rows, bands["measured_low_hz"], bands["measured_high_hz"], colors=MEASURED, linewidth=1.2,
                  label="measured (−3 dB)", zorder=3)  # fmt: skip
        ax.plot(bands["peak_hz"], rows, "o", color=MEASURED, markersize=2.4, label="measured peak", zorder=4)
        # The legend names nothing that is not there.
        if bands["bandwidth_hz"].notna().any():
            ax.barh(rows, bands["bandwidth_hz"], left=bands["low_hz"], height=0.62, color=NOMINAL, alpha=0.55,
                    linewidth=0, label="nominal (as written)", zorder=2)  # fmt: skip
        initial_width = bands["initial_high_hz"] - bands["initial_low_hz"]
        if initial_width.notna().any():
            ax.barh(rows, initial_width, left=bands["initial_low_hz"], height=0.8, facecolor="none",
                    edgecolor=INITIAL, linewidth=0.5, linestyle=(0, (2, 1.5)), label="before training",
                    zorder=2.5)  # fmt: skip
        ax.set(xlim=(0, right), ylim=(len(bands) - 0.4, -0.6), xlabel="Frequency (Hz)", ylabel="Filter")
        every = max(1, round(len(bands) / 16))
        ax.set_yticks(rows[::every], [str(name) for name in bands.index[::every]])
        ax.tick_params(axis="y", length=0)
        if is_new_figure:
            # A note takes the room below.
            loc: Literal["outside upper center", "outside lower center"]
            loc = "outside upper center" if missing_note() else "outside lower center"
            ax.figure.legend(*ax.get_legend_handles_labels(), loc=loc, ncols=4)
            write_below(ax.figure.figure, {})
        else:
            ax.legend(loc="upper right")
    return ax.figure.figure


def _check(bands: pd.DataFrame) -> None:
    needed = {"low_hz", "high_hz", "bandwidth_hz", "measured_low_hz", "measured_high_hz", "peak_hz"}
    missing = sorted((needed | {"initial_low_hz", "initial_high_hz"}) - set(bands.columns))
    if missing:
        raise ValueError(
            f"The table lacks the columns {', '.join(missing)}; pass what `learned_bands` returned."
        )
    if bands.empty:
        raise ValueError("The table has no filters; there is nothing to draw.")
