"""Where the cut-offs went during training."""

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
    """Draw centre and width of each filter's nominal band after every epoch of training.

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
        If it is something else, such as a network; the message says what to call.
    ValueError
        If the table is empty or lacks a column, or ``axes`` are not two.

    Examples
    --------
    >>> from sincviz.networks.cutoff_table import cutoff_table
    >>> figure = plot_cutoff_history(cutoff_table([[[6, 10], [20, 24]], [[7, 12], [20, 22]]]))
    >>> [line.get_label() for line in figure.axes[0].lines]
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
            raise ValueError(f"`axes` must be two, for centres and widths; got {len(panels)}.")
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
