"""Cut-off history: where the cut-offs went during training."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.style import ORDERED, double_column_mm, inches, style

DRAWN = {
    "plot_cutoff_history": DrawnResult(
        pd.DataFrame,
        "inspection.cutoff_history",
        "sincviz.filters.cutoff_history(model)",
        ("epoch", "filter", "center_hz"),
    ),
}

_COLUMNS = {"center_hz": "Centre (Hz)", "bandwidth_hz": "Width (Hz)"}


def plot_cutoff_history(history: pd.DataFrame, axes: NDArray[np.object_] | None = None) -> Figure:
    """Draw the centre and width of each filter's nominal band after every epoch of training.

    Parameters
    ----------
    history : pandas.DataFrame
        What :func:`sincviz.filters.cutoff_history` returned, or a classifier's ``cutoff_history_``.
    axes : array of two matplotlib.axes.Axes | None
        Where to draw centres and widths; ``None`` makes a figure 178 mm wide.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. Lines (points if there is one epoch) are labelled ``"filter 0"`` and so on, coloured from the
        lowest centre at the beginning to the highest.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the table is empty or lacks a column, or there are not two ``axes``.

    Examples
    --------
    >>> from sincviz.networks.cutoff_table import cutoff_table
    >>> first = np.array([[6, 10], [10, 14], [14, 18], [18, 22], [22, 26], [26, 30]])
    >>> last = np.array([[8, 12], [8, 13], [10, 13], [18, 25], [19, 26], [28, 31]])
    >>> learned = 1 - np.exp(-np.arange(41) / 10)[:, None, None]
    >>> figure = plot_cutoff_history(cutoff_table(first + learned * (last - first)))
    >>> [line.get_label() for line in figure.axes[0].lines][:2]
    ['filter 0', 'filter 1']
    """
    check_drawn("plot_cutoff_history", history)
    missing = sorted({"epoch", "filter", *_COLUMNS} - set(history.columns))
    if missing or history.empty:
        wrong = f"lacks {', '.join(missing)}" if missing else "is empty"
        raise ValueError(f"The table {wrong}; pass what `cutoff_history` returned.")
    with style():
        if axes is None:
            size = inches(double_column_mm()), inches(62)
            _, axes = plt.subplots(1, 2, figsize=size, layout="constrained")
        panels = np.asarray(axes, object).ravel()
        if len(panels) != 2:
            raise ValueError(f"`axes` must be two axes, for centres and widths; got {len(panels)}.")
        tables = {
            column: history.pivot_table(index="epoch", columns="filter", values=column, dropna=False)
            for column in _COLUMNS
        }
        filters = tables["center_hz"].iloc[0].sort_values(kind="stable").index
        colours = ORDERED(np.linspace(0, 0.85, len(filters)))
        n_epochs = len(tables["center_hz"])
        for ax, (column, label) in zip(panels, _COLUMNS.items(), strict=True):
            for name, colour in zip(filters, colours, strict=True):
                ax.plot(tables[column][name], "-" if n_epochs > 1 else "o", color=colour, linewidth=0.8,
                        markersize=2.4, label=f"filter {name}")  # fmt: skip
            ax.set(xlabel="Epoch (0: before training)", ylabel=label)
            ax.margins(x=0)
            ax.set_ylim(bottom=0)
            if n_epochs > 1:
                ax.xaxis.get_major_locator().set_params(integer=True)
            else:
                ax.set_xticks(tables[column].index)
    return panels[0].figure.figure  # type: ignore[no-any-return]
