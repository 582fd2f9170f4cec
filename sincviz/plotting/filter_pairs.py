"""Filter pairs: the bands of two networks beside each other."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from sincviz.eeg.bands import RHYTHMS
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.lettering import fitted_apart
from sincviz.plotting.canvas.rhythm_shades import shade_rhythms
from sincviz.plotting.canvas.style import (
    INITIAL,
    MEASURED,
    NOMINAL,
    double_column_mm,
    inches,
    style,
    type_mm,
)

DRAWN = {
    "plot_filter_pairs": DrawnResult(
        pd.DataFrame,
        "comparison.filters",
        "sincviz.filters.filter_pairs(model, other)",
        ("other_filter", "peak_shift_hz"),
    )
}

_ROW_MM = 4.2
_AROUND_MM = 26.0
_LEAST_ROWS = 6
_APART = 0.17
_NAME_MM = 60.0
_COLUMNS = (
    *("other_filter", "overlap", "map_similarity", "measured_low_hz", "measured_high_hz", "peak_hz"),
    *("other_measured_low_hz", "other_measured_high_hz", "other_peak_hz"),
)


def plot_filter_pairs(pairs: pd.DataFrame, names: tuple[str, str] = ("first", "second")) -> Figure:
    """Draw the measured bands of matched filters of two networks, and how alike the filters are.

    Parameters
    ----------
    pairs : pandas.DataFrame
        What :func:`sincviz.filters.filter_pairs` returned, in the order to be drawn.
    names : (str, str)
        What to call the networks.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide: bands at the left, similarities at the right; pairs go down, with the numbers of both filters.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the table is empty or lacks a column, or there are not two names.

    Examples
    --------
    >>> import torch
    >>> from sincviz import SincShallowNet
    >>> from sincviz.filters import filter_pairs
    >>> settings = {"n_chans": 3, "n_outputs": 2, "n_times": 256, "sfreq": 128, "num_time_filters": 8}
    >>> before, after = SincShallowNet(**settings), SincShallowNet(**settings)
    >>> with torch.no_grad():  # instead of training
    ...     _ = after.sinc_filter_layer.low_freqs.mul_(0.85)
    >>> figure = plot_filter_pairs(filter_pairs(before, after), ("before", "after"))
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()][:2]
    ['0 · 0', '1 · 1']
    """
    check_drawn("plot_filter_pairs", pairs)
    missing = sorted(set(_COLUMNS) - set(pairs.columns))
    if missing or pairs.empty:
        wrong = f"lacks {', '.join(missing)}" if missing else "is empty"
        raise ValueError(f"The table {wrong}; pass what `filter_pairs` returned.")
    if not isinstance(names, tuple | list) or len(names) != 2:
        raise ValueError(
            f"`names` must be the names of both networks; got {names!r}. Try ('before', 'after')."
        )
    rows = np.arange(len(pairs))
    with style():
        shown = fitted_apart(names, _NAME_MM)
        height = type_mm(_AROUND_MM) + type_mm(_ROW_MM) * max(len(rows), _LEAST_ROWS)
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(inches(double_column_mm()), inches(height)), sharey=True,
            layout="constrained", width_ratios=(2, 1),
        )  # fmt: skip
        highest = np.nanmax(
            np.append(pairs[["measured_high_hz", "other_measured_high_hz"]].to_numpy(float), 0)
        )
        shade_rhythms(left, RHYTHMS, 1.04 * (float(highest) or 40))
        for prefix, colour, label, place in (
            ("", NOMINAL, shown[0], rows - _APART),
            ("other_", MEASURED, shown[1], rows + _APART),
        ):
            left.hlines(place, pairs[f"{prefix}measured_low_hz"], pairs[f"{prefix}measured_high_hz"], colors=colour,
                        linewidth=1.2, label="_band", zorder=3)  # fmt: skip
            left.plot(pairs[f"{prefix}peak_hz"], place, linestyle="none", marker="o", color=colour, markersize=2.6,
                      label=label, zorder=4)  # fmt: skip
        left.set(xlabel="Frequency (Hz)", ylabel="Filters", ylim=(len(rows) - 0.4, -0.6))
        left.set_xlim(0, 1.04 * (float(highest) or 40))
        right.plot(pairs["overlap"], rows, linestyle="none", marker="o", color=INITIAL, markersize=3.2,
                   label="responses")  # fmt: skip
        # The legend names nothing that is not there.
        if pairs["map_similarity"].notna().any():
            right.plot(pairs["map_similarity"], rows, linestyle="none", marker="D", color="black",
                       markerfacecolor="none", markersize=2.8, markeredgewidth=0.6, label="scalp maps")  # fmt: skip
        right.set(xlim=(0, 1.02), xlabel="Similarity (0–1)")
        numbers = zip(pairs.index, pairs["other_filter"], strict=True)
        left.set_yticks(rows, [" · ".join("–" if one < 0 else str(one) for one in pair) for pair in numbers])
        for ax in (left, right):
            ax.tick_params(axis="y", length=0)
        keys = zip(left.get_legend_handles_labels(), right.get_legend_handles_labels(), strict=True)
        handles, labels = (some + others for some, others in keys)
        figure.legend(handles, labels, loc="outside upper center", ncols=4)
        write_below(
            figure, {}, note="Lines: measured bands (−3 dB); dots: peaks. Numbers: filters of both networks."
        )
    return figure
