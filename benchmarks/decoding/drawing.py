"""Figure of the table: ROC area in people who were selected and in others, and what the networks rest on."""

from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt

from sincviz.plotting import save_figure
from sincviz.plotting.canvas.style import INITIAL, MEASURED, NOMINAL, inches, style

SHOWN = {
    "CSP + LDA, 4–38 Hz": ("CSP + LDA", "4-38", "single"),
    "CSP + LDA, 4–38 Hz, aligned": ("CSP + LDA", "4-38 aligned", "single"),
    "tangent space, 4–38 Hz": ("Riemann", "4-38", "single"),
    "tangent space, 4–38 Hz, aligned": ("Riemann", "4-38 aligned", "single"),
    "SincShallowNet, no band-pass": ("SincShallowNet", "average", "ensemble"),
    "SincShallowNet, 4–38 Hz": ("SincShallowNet", "average 4-38", "ensemble"),
    "SincShallowNet, 4–38 Hz, aligned": ("SincShallowNet", "average 4-38 aligned", "ensemble"),
}
"""Rows of the figure: decoder, preparation, and whether seeds are averaged."""
COLOURS = {"selected": NOMINAL, "unselected": MEASURED}


def draw(means: pd.DataFrame, readings: pd.DataFrame, path: Path) -> None:
    """Draw means over people with their intervals, and shares and agreement of readings, and save the figure."""
    means = means[(means["setting"] == "across") & (means["measure"] == "roc_auc")]
    means = means.set_index(["group", "decoder", "preparation", "seed"])
    readings = readings.set_index(["group", "decoder", "preparation"])
    panels = ("ROC area", "share below 4 Hz", "agreement of five seeds")
    with style():
        figure, axes = plt.subplots(
            1, 3, figsize=(inches(178), inches(62)), sharey=True, width_ratios=(2, 1, 1), layout="constrained"
        )
        for ax, title in zip(axes, panels, strict=True):
            ax.set_xlabel(title)
        for at, (decoder, preparation, seed) in enumerate(SHOWN.values()):
            for place, group in zip((-0.15, 0.15), COLOURS, strict=True):
                row, colour = means.loc[group, decoder, preparation, seed], COLOURS[group]
                axes[0].hlines(at + place, row["ci_low"], min(row["ci_high"], 1), colors=colour, linewidth=1)
                axes[0].plot(row["mean"], at + place, "o", color=colour, markersize=4)
                if (group, decoder, preparation) in readings.index:
                    own = readings.loc[group, decoder, preparation]
                    for ax, name in zip(axes[1:], ("below_4_hz", "correlation_of_5"), strict=True):
                        ax.plot(own[name], at + place, "o", color=colour, markersize=4)
        axes[0].axvline(0.5, color=INITIAL, linewidth=0.6, linestyle=":")
        axes[2].axvline(0.8, color=INITIAL, linewidth=0.6, linestyle=":")
        axes[0].set_yticks(range(len(SHOWN)), list(SHOWN))
        axes[0].invert_yaxis()
        for ax in axes[1:]:
            ax.set_xlim(-0.02, 1.02)
            ax.set_xticks((0, 0.5, 1))
        handles = [
            plt.Line2D([], [], marker="o", linestyle="none", color=colour, markersize=4, label=label)
            for colour, label in zip(
                COLOURS.values(), ("ten selected people", "twelve drawn at random"), strict=True
            )
        ]
        figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False)
        save_figure(figure, path)
        plt.close(figure)
