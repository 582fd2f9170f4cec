"""Figure 1: the bands of the filters before and after training, as written and as computed, and how bands are used."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

import sincviz
from figures.publishing import letter, publish, run, spread
from figures.study import Study
from sincviz import plotting
from sincviz.eeg.bands import RHYTHMS
from sincviz.plotting.canvas.rhythm_shades import shade_rhythms
from sincviz.plotting.canvas.style import INITIAL, MEASURED, double_column_mm, inches

CAPTION = """
Bands of the filters, (a) before and (b) after training (seed 0): blue between the learned cut-offs, as written; orange
where the kernel's gain is within 3 dB of its peak, as computed; dashed before training. (c) Measured peaks of all
filters: networks of {n_seeds} seeds together (filters per network), and before training. Centres moved by {moved} Hz
(median over filters; mean and range over seeds). {in_mu} % of the filters peak from 8 to 13 Hz ({in_mu_before} % before
training), and the written band of {narrow} % is less than half as wide as the measured one. {data}
"""


def draw(study: Study) -> None:
    """Load, measure, plot, save."""
    before, after = (sincviz.learned_bands(model) for model in (study.untrained(), study.network()))
    trained = [sincviz.learned_bands(model) for model in study.networks()]
    peaks_hz = np.concatenate([bands["peak_hz"] for bands in trained])
    right = 1.04 * max(before["high_hz"].max(), *(bands["measured_high_hz"].max() for bands in trained))
    edges_hz = np.arange(0, right + 1, 1)

    size = inches(double_column_mm()), inches(150)
    figure, axes = plt.subplot_mosaic("ab;cc", figsize=size, layout="constrained", height_ratios=(3, 1.4))
    for ax, bands in ((axes["a"], before), (axes["b"], after)):
        plotting.plot_bands(bands, ax)
        ax.get_legend().remove()
        ax.set_xlim(0, right)
    shade_rhythms(axes["c"], RHYTHMS, right)
    axes["c"].hist(
        peaks_hz,
        edges_hz,
        color=MEASURED,
        label="trained",
        weights=np.full(len(peaks_hz), 1 / len(trained)),
    )
    axes["c"].hist(before["peak_hz"], edges_hz, histtype="step", color=INITIAL, label="before training")
    axes["c"].set(xlim=(0, right), xlabel="Measured peak (Hz)", ylabel="Filters per Hz")
    axes["c"].legend(loc="upper right")
    letter(*axes.values())
    figure.legend(*axes["b"].get_legend_handles_labels(), loc="outside upper center", ncols=4)

    publish(
        study,
        "figure_1_bands",
        figure,
        CAPTION.format(
            n_seeds=len(trained),
            moved=spread([(bands["center_hz"] - before["center_hz"]).abs().median() for bands in trained]),
            in_mu=spread([100 * in_mu(bands) for bands in trained], 0),
            in_mu_before=f"{100 * in_mu(before):.0f}",
            narrow=spread([100 * too_narrow(bands) for bands in trained], 0),
            data=study.description,
        ),
    )


def in_mu(bands: pd.DataFrame) -> float:
    """Return the share of filters whose measured peak lies from 8 to 13 Hz."""
    return bands["peak_hz"].between(8, 13, "left").mean()


def too_narrow(bands: pd.DataFrame) -> float:
    """Return the share of filters whose band is written less than half as wide as it is."""
    return (2 * bands["bandwidth_hz"] < bands["measured_high_hz"] - bands["measured_low_hz"]).mean()


if __name__ == "__main__":
    run(draw, __doc__)
