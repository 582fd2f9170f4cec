"""Figure 2: what a sinc network can resolve with kernels of 33, 65 and 129 samples."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

import sincviz
from figures.publishing import letter, publish, run
from figures.study import Study
from sincviz import plotting
from sincviz.plotting.canvas.style import CLASS_COLOURS, INITIAL, double_column_mm, inches

TAPS = (33, 65, 129)
CENTRE_HZ = 20.0
WIDTHS_HZ = np.linspace(0.25, 12, 48)


CAPTION = """
What a sinc network can resolve, at {sfreq:g} Hz. (a–c) Responses of the bank before training (nominal width 4 Hz): the
mean width at −3 dB is {widths}; short lines below: edges as written (blue) and at −3 dB (orange). (d) Width as measured
against width as written: lines, one filter at {centre:g} Hz; dots, every filter of the trained networks ({n_seeds}
seeds). Below a width that the kernel's length sets, what is written has no effect. Dots below their line are filters
that pass most at 0 Hz, low-passes whatever their cut-offs say: {low_passes}. {data}
"""


def width_hz(bands: pd.DataFrame) -> pd.Series:
    """Return the width of bands at −3 dB."""
    return bands["measured_high_hz"] - bands["measured_low_hz"]


def one_filter(taps: int, bandwidth_hz: float, sfreq: float) -> pd.DataFrame:
    """Return the band of a single filter of a width that its cut-offs name."""
    first_hz = CENTRE_HZ - 1 - bandwidth_hz / 2
    model = sincviz.SincShallowNet(
        1, taps, first_freq=first_hz, bandwidth=bandwidth_hz, n_chans=1, n_outputs=2, n_times=640, sfreq=sfreq
    )
    return sincviz.learned_bands(model)


def draw(study: Study) -> None:
    """Load, measure, plot, save."""
    sfreq = float(study.training_epochs.info["sfreq"])
    untrained = {taps: study.untrained(time_filter_len=taps) for taps in TAPS}
    initial_hz = {taps: width_hz(sincviz.learned_bands(model)).mean() for taps, model in untrained.items()}
    trained = {
        taps: pd.concat(map(sincviz.learned_bands, study.networks(time_filter_len=taps))) for taps in TAPS
    }
    size = inches(double_column_mm()), inches(125)
    layout = [["a", "b", "c"], ["d"] * 3]
    figure, axes = plt.subplot_mosaic(layout, figsize=size, layout="constrained", height_ratios=(1, 1.3))
    for ax, model in zip("abc", untrained.values(), strict=True):
        plotting.plot_responses(sincviz.filter_response(model), axes[ax], overlay=True)
    for taps, colour in zip(TAPS, CLASS_COLOURS, strict=False):
        curve = [width_hz(one_filter(taps, width, sfreq)).item() for width in WIDTHS_HZ]
        axes["d"].plot(WIDTHS_HZ, curve, color=colour, label=f"{taps} samples ({1e3 * taps / sfreq:.0f} ms)")
        bands = trained[taps]
        axes["d"].plot(bands["bandwidth_hz"], width_hz(bands), ".", color=colour, markersize=2.5, alpha=0.5)
    axes["d"].plot(WIDTHS_HZ, WIDTHS_HZ, "--", color=INITIAL, linewidth=0.8, label="as written")
    limits = (0, WIDTHS_HZ[-1])
    axes["d"].set(xlabel="Width as written (Hz)", ylabel="Width at −3 dB (Hz)", xlim=limits, ylim=limits)
    axes["d"].legend(loc="lower right")
    for ax in "bc":
        axes[ax].set_ylabel("")
    letter(*axes.values())
    publish(
        study,
        "figure_2_kernel_length",
        figure,
        CAPTION.format(
            sfreq=sfreq,
            widths=", ".join(f"{width:.1f} Hz with {taps} samples" for taps, width in initial_hz.items()),
            centre=CENTRE_HZ,
            n_seeds=study.seeds,
            low_passes=", ".join(
                f"{(bands['peak_hz'] == 0).sum()} of {len(bands)} with {taps} samples"
                for taps, bands in trained.items()
            ),
            data=study.description,
        ),
    )


if __name__ == "__main__":
    run(draw, __doc__)
