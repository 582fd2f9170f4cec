"""Confusion matrix: what a network predicts for the trials of each class."""

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.glyphs import legible
from sincviz.plotting.canvas.lettering import fitted_apart
from sincviz.plotting.canvas.style import AMOUNT, NO_OUTPUT, inches, single_column_mm, style

DRAWN = {
    "plot_confusion_matrix": DrawnResult(
        xr.Dataset,
        "inspection.confusion",
        "sincviz.evidence.confusion_matrix(sincviz.evidence.predictions(model, epochs))",
        ("n_trials", "share"),
    )
}
_NAME_MM = 22.0
_MOST_WRITTEN = 8  # classes; numbers of more do not fit


def plot_confusion_matrix(confusion: xr.Dataset, ax: Axes | None = None) -> Figure:
    """Draw which class a network predicts for the trials of each class.

    Parameters
    ----------
    confusion : xarray.Dataset, dims (true, predicted)
        What :func:`sincviz.evidence.confusion_matrix` returned.
    ax : matplotlib.axes.Axes | None
        Where to draw; ``None`` makes a figure 88 mm wide.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. Colours are shares of the trials of the true class; up to eight classes the numbers of trials are
        written into the cells. Classes without trials are grey.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the dataset has other dimensions or no classes.

    Examples
    --------
    >>> import pandas as pd
    >>> from sincviz.evidence import confusion_matrix
    >>> classes = ["left", "right", "feet"]
    >>> predicted = np.repeat(classes * 3, [32, 6, 2, 9, 28, 3, 4, 5, 31])
    >>> table = pd.DataFrame({"true": np.repeat(classes, 40), "predicted": predicted})
    >>> figure = plot_confusion_matrix(confusion_matrix(table))
    >>> [text.get_text() for text in figure.axes[0].texts][:3]
    ['31', '4', '5']
    """
    check_drawn("plot_confusion_matrix", confusion)
    share, n_trials = confusion["share"], confusion["n_trials"].to_numpy()
    if share.dims != ("true", "predicted") or share.size == 0:
        raise ValueError(
            f"`confusion` must have the dimensions (true, predicted) and at least one class; got {dict(share.sizes)}. "
            "Pass what `confusion_matrix` returned."
        )
    with style():
        if ax is None:
            side = inches(single_column_mm())
            _, ax = plt.subplots(figsize=(side, 0.86 * side), layout="constrained")
        names = fitted_apart([legible(str(name)) for name in share["true"].to_numpy()], _NAME_MM)
        edges = np.arange(len(names) + 1) - 0.5
        cmap = AMOUNT.with_extremes(bad=NO_OUTPUT)
        mesh = ax.pcolormesh(edges, edges, share.to_numpy(), vmin=0, vmax=1, cmap=cmap, rasterized=True)
        if len(names) <= _MOST_WRITTEN:
            for (row, column), count in np.ndenumerate(n_trials):
                dark = float(share[row, column]) > 0.5
                ax.text(column, row, f"{count}", ha="center", va="center", color="white" if dark else "black")
        ax.set(xlabel="Predicted class", ylabel="True class", aspect="equal")
        ax.set_xticks(range(len(names)), names, rotation=90 if len(names) > 3 else 0, parse_math=False)
        ax.set_yticks(range(len(names)), names, parse_math=False)
        ax.invert_yaxis()
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        bar = ax.figure.colorbar(mesh, ax=ax, ticks=[0, 0.5, 1], shrink=0.8, aspect=25)
        bar.set_label("Share of the true class")
        bar.outline.set_linewidth(0.4)
    return ax.figure.figure
