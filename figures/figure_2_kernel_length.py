"""Figure 2: what a sinc network can resolve with kernels of 33, 65 and 129 samples."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

import sincviz
from figures.publishing import letter, publish, run
from figures.study import Study
from sincviz import plotting
from sincviz.plotting.style import CLASS_COLOURS, INITIAL, double_column_mm, inches, style

TAPS = (33, 65, 129)
CENTRE_HZ = 20.0
WIDTHS_HZ = np.linspace(0.25, 12, 48)


CAPTION = """
What a sinc network can resolve, at {sfreq:g} Hz. (a–c) Responses of the bank before training (nominal width 4 Hz): the
mean width at −3 dB is {widths}; short lines below: edges as written (blue) and at −3 dB (orange). (d) Width as measured
against width as written: lines, one filter at {centre:g} Hz; dots, every filter of the trained networks ({n_seeds}
seeds). Below a width that the kernel's length sets, what is written has no effect. {data}
"""


def measured_width_hz(bands: pd.DataFrame) -> pd.Series:
    """Return the width of the bands at −3 dB."""
    return bands["measured_high_hz"] - bands["measured_low_hz"]


def of_written_widths(taps: int, sfreq: float) -> list[float]:
    """Return how wide a filter at 20 Hz is, for every width that its cut-offs may name."""
    return [
        measured_width_hz(
            sincviz.learned_bands(
                sincviz.SincShallowNet(
                    num_time_filters=1,
                    time_filter_len=taps,
                    first_freq=CENTRE_HZ - 1 - width / 2,
                    bandwidth=width,
                    n_chans=1,
                    n_outputs=2,
                    n_times=640,
                    sfreq=sfreq,
                )
            )
        ).item()
        for width in WIDTHS_HZ
    ]


def draw(study: Study) -> None:
    """Load, measure, plot, save."""
    sfreq = float(study.training_epochs.info["sfreq"])
    with style():
        size = inches(double_column_mm()), inches(125)
        figure, axes = plt.subplot_mosaic(
            [["a", "b", "c"], ["d"] * 3], figsize=size, layout="constrained", height_ratios=(1, 1.3)
        )
        for ax, taps in zip("abc", TAPS, strict=True):
            plotting.plot_responses(
                sincviz.filter_response(study.untrained(time_filter_len=taps)), axes[ax], overlay=True
            )
        initial_hz = {}
        for taps, colour in zip(TAPS, CLASS_COLOURS, strict=False):
            axes["d"].plot(
                WIDTHS_HZ,
                of_written_widths(taps, sfreq),
                color=colour,
                label=f"{taps} samples ({1e3 * taps / sfreq:.0f} ms)",
            )
            trained = pd.concat(
                [sincviz.learned_bands(model) for model in study.networks(time_filter_len=taps)]
            )
            axes["d"].plot(
                trained["bandwidth_hz"],
                measured_width_hz(trained),
                ".",
                color=colour,
                markersize=2.5,
                alpha=0.5,
            )
            initial = sincviz.learned_bands(study.untrained(time_filter_len=taps))
            initial_hz[taps] = measured_width_hz(initial).mean()
        axes["d"].plot(WIDTHS_HZ, WIDTHS_HZ, "--", color=INITIAL, linewidth=0.8, label="as written")
        axes["d"].set(
            xlabel="Width of the band as written (Hz)",
            ylabel="Width as measured, −3 dB (Hz)",
            xlim=(0, WIDTHS_HZ[-1]),
            ylim=(0, WIDTHS_HZ[-1]),
        )
        axes["d"].legend(loc="lower right")
        for ax in (axes["b"], axes["c"]):
            ax.set_ylabel("")
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
            data=study.description,
        ),
    )


if __name__ == "__main__":
    run(draw, __doc__)
