"""Learning curves: loss and accuracy over the epochs of training."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.style import MEASURED, NOMINAL, double_column_mm, inches, style

DRAWN = {
    "plot_learning_curves": DrawnResult(
        pd.DataFrame,
        "inspection.learning_curves",
        "sincviz.evidence.learning_curves(model)",
        ("epoch", "train_loss"),
    ),
}

_PANELS = {
    "Loss": {"train_loss": ("training", NOMINAL), "valid_loss": ("validation", MEASURED)},
    "Accuracy": {"valid_accuracy": ("validation", MEASURED)},
}


def plot_learning_curves(curves: pd.DataFrame, axes: NDArray[np.object_] | None = None) -> Figure:
    """Draw the loss, and the accuracy where it was recorded, over the epochs of training.

    Parameters
    ----------
    curves : pandas.DataFrame
        What :func:`sincviz.evidence.learning_curves` returned.
    axes : array of matplotlib.axes.Axes | None
        Where to draw loss and accuracy; ``None`` makes a figure 178 mm wide.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. A dotted line marks the epoch whose weights were kept.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the table is empty or lacks a column, or there are not two ``axes``.

    Examples
    --------
    >>> epoch = np.arange(1, 61)
    >>> train_loss, valid_loss = 0.1 + 0.6 * np.exp(-epoch / 18), 0.4 + 0.3 * np.exp(-epoch / 9) + 0.002 * epoch
    >>> curves = pd.DataFrame({"epoch": epoch, "train_loss": train_loss, "valid_loss": valid_loss,
    ...                        "valid_accuracy": 0.84 - 0.34 * np.exp(-epoch / 8)})
    >>> curves.attrs["kept_epoch"] = int(epoch[valid_loss.argmin()])
    >>> figure = plot_learning_curves(curves)
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['training', 'validation', 'weights kept']
    """
    check_drawn("plot_learning_curves", curves)
    missing = sorted({"epoch", "train_loss"} - set(curves.columns))
    if missing or curves.empty:
        wrong = f"lacks {', '.join(missing)}" if missing else "is empty"
        raise ValueError(f"The table {wrong}; pass what `learning_curves` returned.")
    with style():
        if axes is None:
            size = inches(double_column_mm()), inches(52)
            _, axes = plt.subplots(1, 2, figsize=size, layout="constrained")
        panels = np.asarray(axes, object).ravel()
        if len(panels) != 2:
            raise ValueError(f"`axes` must be two axes, for loss and accuracy; got {len(panels)}.")
        for ax, (label, lines) in zip(panels, _PANELS.items(), strict=True):
            _draw(ax, curves, label, {name: line for name, line in lines.items() if name in curves})
    return panels[0].figure.figure  # type: ignore[no-any-return]


def _draw(ax: Axes, curves: pd.DataFrame, label: str, lines: dict[str, tuple[str, str]]) -> None:
    """Draw one quantity, or say that it was not recorded."""
    ax.set(xlabel="Epoch", ylabel=label)
    if not lines:
        ax.set(xticks=[], yticks=[])
        ax.text(0.5, 0.5, "not recorded", ha="center", va="center", transform=ax.transAxes, color="#555555")
        return
    for name, (words, colour) in lines.items():
        ax.plot(curves["epoch"], curves[name], "-" if len(curves) > 1 else "o", color=colour, linewidth=1.0,
                markersize=2.4, label=words)  # fmt: skip
    kept = curves.attrs.get("kept_epoch")
    if kept is not None:
        ax.axvline(kept, color="black", linestyle=":", linewidth=0.8, label="weights kept")
    if label == "Accuracy":
        ax.set_ylim(0, 1.02)
    if len(curves) > 1:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    else:
        ax.set_xticks(curves["epoch"])
    ax.legend(loc="best")
