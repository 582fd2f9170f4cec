"""Predictions of numbers: what a network predicts against what it should."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.glyphs import legible
from sincviz.plotting.canvas.lettering import fitted
from sincviz.plotting.canvas.style import INITIAL, MEASURED, NOMINAL, inches, single_column_mm, style

DRAWN = {
    "plot_predictions": DrawnResult(
        pd.DataFrame,
        "inspection.predictions",
        "sincviz.evidence.predictions(model, epochs, y)",
        ("prediction", "target"),
    )
}
_NAME_MM = 60.0


def plot_predictions(predicted: pd.DataFrame, output: str | None = None, ax: Axes | None = None) -> Figure:
    """Draw the prediction of every trial against its target, for a network whose outputs are numbers.

    Parameters
    ----------
    predicted : pandas.DataFrame
        What :func:`sincviz.evidence.predictions` returned with the targets ``y``.
    output : str | None
        Name of the output, if there are several; ``None`` takes the first.
    ax : matplotlib.axes.Axes | None
        Where to draw; ``None`` makes a figure 88 mm wide.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. On the dotted line prediction and target are equal; the solid one is the regression of predictions
        on targets, which is flatter the less the network follows them. Trials seen in training are hollow.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the table lacks predictions or targets of this output, or holds no trials.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> age = rng.uniform(20, 75, 80)
    >>> table = pd.DataFrame({"prediction": 18 + 0.6 * age + rng.normal(0, 6, 80), "target": age})
    >>> figure = plot_predictions(table)
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('Target', 'Prediction')
    """
    check_drawn("plot_predictions", predicted)
    if "predicted" in predicted:
        raise ValueError(
            "These are predictions of classes. Try "
            "`sincviz.plotting.plot_confusion_matrix(sincviz.evidence.confusion_matrix(predicted))`."
        )
    ending = _ending(predicted, output)
    columns = [f"target{ending}", f"prediction{ending}"]
    if not set(columns) <= set(predicted.columns) or predicted.empty:
        wrong = "is empty" if predicted.empty else f"lacks {' or '.join(columns)}"
        raise ValueError(f"The table {wrong}; pass what `predictions` returned for these trials with `y`.")
    target, prediction = (predicted[name].to_numpy(float) for name in columns)
    seen = predicted.get("seen_in_training", pd.Series(False, predicted.index)).to_numpy(bool)
    with style():
        if ax is None:
            side = inches(single_column_mm())
            _, ax = plt.subplots(figsize=(side, 0.86 * side), layout="constrained")
        for members, face in ((~seen, MEASURED), (seen, "none")):
            ax.plot(target[members], prediction[members], "o", color=MEASURED, markerfacecolor=face, markersize=2.6,
                    alpha=0.7, linewidth=0, zorder=3)  # fmt: skip
        ends = np.array([target.min(), target.max()])
        ax.plot(
            ends, ends, color=INITIAL, linestyle=":", linewidth=1.0, zorder=2, label="prediction = target"
        )
        if len(target) > 2 and ends[1] > ends[0]:
            slope, offset = np.polyfit(target, prediction, 1)
            ax.plot(
                ends,
                offset + slope * ends,
                color=NOMINAL,
                linewidth=1.2,
                zorder=4,
                label="regression on target",
            )
        ax.set(xlabel="Target", ylabel="Prediction")
        if ending:
            ax.set_title(fitted(legible(ending[1:]), _NAME_MM), parse_math=False)
        ax.legend(loc="best")
    return ax.figure.figure


def _ending(predicted: pd.DataFrame, output: str | None) -> str:
    """Return what the names of an output's columns end with."""
    endings = [str(name)[len("prediction") :] for name in predicted if str(name).startswith("prediction")]
    if output is None or endings == [""]:
        return endings[0] if endings else ""
    if f"_{output}" not in endings:
        names = ", ".join(ending[1:] for ending in endings)
        raise ValueError(f"There is no output {output!r}; the table has {names or 'none'}.")
    return f"_{output}"
