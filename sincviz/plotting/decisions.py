"""Decisions of two networks on the same trials."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.lettering import fitted_apart
from sincviz.plotting.canvas.style import CLASS_COLOURS, INITIAL, inches, single_column_mm, style

DRAWN = {
    "plot_decisions": DrawnResult(
        pd.DataFrame,
        "comparison.decisions",
        "sincviz.evidence.compare_decisions(sincviz.evidence.predictions(model, epochs), "
        "sincviz.evidence.predictions(other, epochs))",
        ("margin", "other_margin"),
    )
}
_NAME_MM = 50.0
_KINDS = (
    ("both right", True, True, CLASS_COLOURS[2]),
    ("only {0}", True, False, CLASS_COLOURS[0]),
    ("only {1}", False, True, CLASS_COLOURS[1]),
    ("both wrong", False, False, INITIAL),
)


def plot_decisions(
    decisions: pd.DataFrame, names: tuple[str, str] = ("first", "second"), ax: Axes | None = None
) -> Figure:
    """Draw the margins of two networks in every trial, so that it shows where they disagree.

    Parameters
    ----------
    decisions : pandas.DataFrame
        What :func:`sincviz.evidence.compare_decisions` returned for trials with known classes.
    names : (str, str)
        What to call the networks.
    ax : matplotlib.axes.Axes | None
        Where to draw; ``None`` makes a figure 88 mm wide.

    Returns
    -------
    matplotlib.figure.Figure
        One dot per trial; right of and above zero a network is right. The legend counts the trials of each kind.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the table is empty or holds no margins, or there are not two names.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> margin = rng.normal(1.5, 1.5, 80)
    >>> other = 0.6 * margin + rng.normal(0.3, 0.8, 80)
    >>> table = pd.DataFrame({"margin": margin, "other_margin": other})
    >>> figure = plot_decisions(table.assign(correct=margin > 0, other_correct=other > 0), ("before", "after"))
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['both right: 65', 'only before: 4', 'only after: 7', 'both wrong: 4']
    """
    check_drawn("plot_decisions", decisions)
    missing = sorted({"correct", "other_correct", "margin", "other_margin"} - set(decisions.columns))
    if missing or decisions.empty:
        wrong = f"lacks {', '.join(missing)}" if missing else "is empty"
        raise ValueError(
            f"The table {wrong}; pass what `compare_decisions` returned for trials of known classes."
        )
    if not isinstance(names, tuple | list) or len(names) != 2:
        raise ValueError(
            f"`names` must be the names of both networks; got {names!r}. Try ('before', 'after')."
        )
    with style():
        is_new_figure = ax is None
        if ax is None:
            side = inches(single_column_mm())
            _, ax = plt.subplots(figsize=(side, side), layout="constrained")
        shown = fitted_apart(names, _NAME_MM)
        right, other_right = (decisions[name].to_numpy(bool) for name in ("correct", "other_correct"))
        ax.axhline(0, color=INITIAL, linewidth=0.6, zorder=1)
        ax.axvline(0, color=INITIAL, linewidth=0.6, zorder=1)
        for words, first, second, colour in _KINDS:
            members = (right == first) & (other_right == second)
            # The legend names nothing that is not there.
            if members.any():
                ax.plot(decisions["margin"][members], decisions["other_margin"][members], linestyle="none", marker="o",
                        color=colour, markersize=2.6, alpha=0.8, zorder=3,
                        label=f"{words.format(*shown)}: {np.sum(members)}")  # fmt: skip
        ax.set(xlabel=f"Margin of {shown[0]}", ylabel=f"Margin of {shown[1]}")
        if is_new_figure:
            ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
        else:
            ax.legend()
    return ax.figure.figure
