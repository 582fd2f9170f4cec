"""Training as one figure: how the bands moved, above loss and accuracy."""

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from sincviz.plotting.canvas.style import double_column_mm, inches, style
from sincviz.plotting.cutoffs import plot_cutoff_history
from sincviz.plotting.learning_curves import plot_learning_curves

_HEIGHT_MM = 108


def training_figure(history: pd.DataFrame, curves: pd.DataFrame) -> Figure:
    """Draw :func:`plot_cutoff_history` above :func:`plot_learning_curves`, 178 mm wide.

    Examples
    --------
    >>> from sincviz.networks.cutoff_table import cutoff_table
    >>> history = cutoff_table([[[6, 10], [20, 24]], [[7, 12], [20, 22]]])
    >>> figure = training_figure(history, pd.DataFrame({"epoch": [1], "train_loss": [0.7]}))
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['Centre (Hz)', 'Width (Hz)', 'Loss', 'Accuracy']
    """
    with style():
        size = inches(double_column_mm()), inches(_HEIGHT_MM)
        figure, axes = plt.subplots(2, 2, figsize=size, layout="constrained")
        plot_cutoff_history(history, axes[0])
        plot_learning_curves(curves, axes[1])
    return figure
