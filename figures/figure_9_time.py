"""Figure 9: when. A simulated P300 whose latency is known, and what separates the classes over frequency and time."""

import functools

import numpy as np
import torch

import sincviz
from figures.publishing import publish, run
from figures.study import Study
from sincviz import attribution, plotting, statistics
from sincviz._utils.text import percent

N_TRAINED, N_HELD_OUT = 400, 200
MAPS_S = (0.1, 0.25, 0.375, 0.5)

CAPTION = """
When. a: a network trained on {n_trained} simulated oddball trials (a parietal P300 of {width:.0f} ms, largest at
{latency:.0f} ms; components at {others} ms that are alike in both classes), on {n_held_out} new trials (accuracy
{accuracy}): what separates standard from target, in windows of 50 ms; lines are channels. It is largest over {region}
at {peak:.0f} ms (95 % bootstrap interval over trials {low:.0f} to {high:.0f}); phase-locked: {evoked}. b: the network
of seed 0 on the trials of the other figures: what separates the classes, split exactly over frequency and time
(resolution {hz:.1f} Hz and {ms:.0f} ms), summed over the channels of each region. Phase-locked: {share}. {data}
"""


def draw(study: Study) -> None:
    """Load, measure, plot, save."""
    model, epochs, truth = oddball()
    single = sincviz.temporal_relevance(model, epochs, per_trial=True)
    windows = attribution.sum_over_times(single)
    course = statistics.bootstrap_intervals(windows, trials="contrast")
    peaks = statistics.peak_latencies(attribution.sum_over_regions(windows))
    peak = peaks.loc[peaks["relevance"].idxmax()]
    recorded = sincviz.time_frequency_relevance(study.network(), study.held_out_epochs, trials="contrast")
    predicted = sincviz.evidence.predictions(model, epochs)
    panels = {
        "latency": plotting.plot_temporal_relevance(course, "joint", times_s=MAPS_S),
        "frequency": plotting.plot_time_frequency_relevance(attribution.sum_over_regions(recorded)),
    }
    informative = truth.sel(source=truth["role"] == "informative")
    others = truth["latency_s"].where(
        (truth["role"] == "distractor") & np.isfinite(truth["latency_s"]), drop=True
    )
    publish(
        study,
        "figure_9_time",
        panels,
        CAPTION.format(
            n_trained=N_TRAINED,
            n_held_out=N_HELD_OUT,
            width=1000 * informative["width_s"].item(),
            latency=1000 * informative["latency_s"].item(),
            others=", ".join(f"{1000 * latency:.0f}" for latency in sorted(others.to_numpy())),
            accuracy=f"{predicted['correct'].mean():.2f}",
            region=peaks["relevance"].idxmax()[1],
            peak=1000 * peak["latency_s"],
            low=1000 * peak["ci_low"],
            high=1000 * peak["ci_high"],
            evoked=phase_locked(model, epochs),
            hz=recorded.attrs["frequency_resolution_hz"],
            ms=1000 * recorded.attrs["time_resolution_s"],
            share=phase_locked(study.network(), study.held_out_epochs),
            data=study.description,
        ),
    )


@functools.cache
def oddball() -> tuple[object, object, object]:
    """Return a network that tells targets from standards, new trials, and the truth."""
    epochs, truth = sincviz.datasets.simulate_erp(N_TRAINED + N_HELD_OUT, component="p300", seed=0)
    torch.manual_seed(0)
    # A P300 is slow: filters begin at 1 Hz, and kernels of 0.4 s let them.
    model = sincviz.SincShallowNet(
        n_outputs=2,
        n_times=len(epochs.times),
        sfreq=epochs.info["sfreq"],
        chs_info=epochs.info["chs"],
        time_filter_len=65,
        first_freq=1.0,
    )
    fitted = sincviz.training.fit(model, epochs[:N_TRAINED], max_epochs=30, seed=0, progress=False)
    return fitted, epochs[N_TRAINED:], truth


def phase_locked(model: object, epochs: object) -> str:
    """Return how much of what separates the classes is phase-locked, with its interval, in words."""
    row = attribution.evoked_shares(model, epochs).iloc[0]
    if not np.isfinite(row["evoked_share"]):
        return "not known, as the sum may be zero"
    return f"{percent(row['evoked_share'])} ({percent(row['ci_low'])} to {percent(row['ci_high'])})"


if __name__ == "__main__":
    run(draw, __doc__)
