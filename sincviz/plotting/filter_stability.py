"""Filter stability: whether filters of different networks correspond to each other."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from sincviz.eeg.bands import RHYTHMS
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.rhythm_shades import shade_rhythms
from sincviz.plotting.canvas.style import INITIAL, MEASURED, NOMINAL, double_column_mm, inches, style, type_mm

DRAWN = {
    "plot_filter_stability": DrawnResult(
        pd.DataFrame, "group.filter_stability", marks=("lowest_overlap", "chance_overlap")
    ),
}

_ROW_MM = 3.4
_AROUND_MM = 34.0
_LEAST_ROWS = 3
_COLUMNS = (
    *("peak_hz", "peak_low_hz", "peak_high_hz", "overlap", "lowest_overlap", "chance_overlap"),
    *("pattern_similarity", "n_runs"),
)


def plot_filter_stability(stability: pd.DataFrame) -> Figure:
    """Draw how well filters of the reference network match those of the others, and where the peaks of these lie.

    Parameters
    ----------
    stability : pandas.DataFrame
        What :func:`sincviz.filters.filter_stability` returned, one row per filter, in the order to be drawn.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide: overlap of responses at the left, peaks at the right; filters go down.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the table is empty or lacks a column.

    Examples
    --------
    >>> peak_hz = np.array([8.5, 10.2, 11.8, 14.5, 19.0, 22.4, 27.5, 33.0])
    >>> overlap = np.array([0.94, 0.97, 0.92, 0.7, 0.88, 0.9, 0.62, 0.55])
    >>> stability = pd.DataFrame({"peak_hz": peak_hz, "peak_low_hz": peak_hz - 4 * (1.1 - overlap),
    ...     "peak_high_hz": peak_hz + 5 * (1.1 - overlap), "overlap": overlap, "lowest_overlap": overlap - 0.2,
    ...     "chance_overlap": 0.3, "pattern_similarity": overlap - 0.15, "n_runs": 10})
    >>> figure = plot_filter_stability(stability)
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()][:2]
    ['0', '1']
    """
    check_drawn("plot_filter_stability", stability)
    _check(stability)
    rows = np.arange(len(stability))
    with style():
        height = type_mm(_AROUND_MM) + type_mm(_ROW_MM) * max(len(rows), _LEAST_ROWS)
        size = inches(double_column_mm()), inches(height)
        figure, (left, right) = plt.subplots(1, 2, figsize=size, sharey=True, layout="constrained")
        left.plot(stability["overlap"], rows, linestyle="none", marker="o", color=NOMINAL, markersize=3.2,
                  zorder=4, label="matched filters")  # fmt: skip
        left.hlines(rows, stability["lowest_overlap"], stability["overlap"], colors=NOMINAL, linewidth=0.7,
                    zorder=3, label="down to the lowest match")  # fmt: skip
        left.plot(stability["chance_overlap"], rows, linestyle="none", marker="|", color=INITIAL, markersize=4,
                  markeredgewidth=1.0, zorder=2, label="any two filters (chance)")  # fmt: skip
        # The legend names nothing that is not there.
        if stability["pattern_similarity"].notna().any():
            left.plot(stability["pattern_similarity"], rows, linestyle="none", marker="D", color="black",
                      markerfacecolor="none", markersize=2.8, markeredgewidth=0.6, zorder=3.5,
                      label="matched scalp patterns")  # fmt: skip
        left.set(xlim=(0, 1.02), xlabel="Overlap (0–1)", ylabel="Filter")
        highest = np.nanmax(np.append(stability[["peak_hz", "peak_high_hz"]].to_numpy(float), 0))
        end = 1.04 * (float(highest) or 40)  # where there are no peaks, any axis will do
        shade_rhythms(right, RHYTHMS, end)
        right.hlines(rows, stability["peak_low_hz"], stability["peak_high_hz"], colors=MEASURED, linewidth=1.2,
                     zorder=3, label="5–95 % of networks")  # fmt: skip
        right.plot(stability["peak_hz"], rows, linestyle="none", marker="o", color=MEASURED, markersize=2.6,
                   zorder=4, label="median peak")  # fmt: skip
        right.set(xlim=(0, end), xlabel="Frequency (Hz)", ylim=(len(rows) - 0.4, -0.6))
        left.set_yticks(rows, [str(name) for name in stability.index])
        for ax in (left, right):
            ax.tick_params(axis="y", length=0)
        keys = zip(left.get_legend_handles_labels(), right.get_legend_handles_labels(), strict=True)
        figure.legend(*(some + others for some, others in keys), loc="outside upper center", ncols=3)
        write_below(figure, stability.attrs, note=_note(stability))
    return figure


def _note(stability: pd.DataFrame) -> str:
    n_runs = stability["n_runs"]
    up_to = "" if n_runs.min() == n_runs.max() else "up to "
    sentences = [
        f"Filters of the reference network; dots: means over {up_to}{n_runs.max():.0f} other networks."
    ]
    sentences.append("Overlap: cosine of amplitude responses, 1 for the same shape.")
    if stability["pattern_similarity"].notna().any():
        sentences.append("Patterns: |cosine|.")
    return " ".join(sentences)


def _check(stability: pd.DataFrame) -> None:
    missing = sorted(set(_COLUMNS) - set(stability.columns))
    if missing or stability.empty:
        wrong = f"lacks {', '.join(missing)}" if missing else "is empty"
        raise ValueError(f"The table {wrong}; pass what `filter_stability` returned.")
