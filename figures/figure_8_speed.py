"""Figure 8: speed and memory against the reference implementation, as measured by benchmarks/against_reference.py."""

import pandas as pd
from matplotlib import pyplot as plt

from benchmarks.against_reference import MEMORY, RESULTS
from figures.publishing import letter, publish, run
from figures.study import Study
from sincviz.plotting.canvas.style import CLASS_COLOURS, INITIAL, double_column_mm, inches

CAPTION = """
SincShallowNet of sincviz against braindecode's with the same weights: batches of 64 trials of 1000 samples, 32 filters
of 33 samples. (a) Medians of the turns. (b) Ratios, median and quartiles over {n_turns} turns in which the two
alternate; memory once. With {channels} channels: {ratios}. Measured {where}.
"""


def draw(study: Study) -> None:
    """Load, measure, plot, save."""
    found = pd.read_csv(RESULTS)
    found["ratio"] = found["reference"] / found["sincviz"]
    times = found[found["task"] != MEMORY]
    size = inches(double_column_mm()), inches(70)
    figure, (left, right) = plt.subplots(1, 2, figsize=size, layout="constrained")
    for (task, rows), colour in zip(times.groupby("task", sort=False), CLASS_COLOURS, strict=False):
        turns = rows.groupby("channels")
        for name, line, marker in (("reference", "--", "s"), ("sincviz", "-", "o")):
            left.plot(
                1e3 * turns[name].median(),
                line,
                marker=marker,
                markersize=3,
                color=colour,
                label=f"{task}, {name}",
            )
    for (task, rows), colour in zip(
        found.groupby("task", sort=False), (*CLASS_COLOURS[:3], INITIAL), strict=False
    ):
        low, middle, high = (rows.groupby("channels")["ratio"].quantile(share) for share in (0.25, 0.5, 0.75))
        right.errorbar(
            middle.index,
            middle,
            (middle - low, high - middle),
            marker="o",
            markersize=3,
            color=colour,
            label=task,
        )
    for ax, label in ((left, "Time for a batch (ms)"), (right, "Reference / sincviz")):
        ax.set(yscale="log", xlabel="Channels", ylabel=label)
        ax.set_xticks(sorted(found["channels"].unique()))
    letter(left, right)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=2)
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower right", ncols=2)
    medians = found.groupby(["task", "channels"], sort=False)["ratio"].median()
    publish(
        study,
        "figure_8_speed",
        figure,
        CAPTION.format(
            n_turns=found["turn"].nunique(),
            channels=", ".join(str(count) for count in sorted(found["channels"].unique())),
            ratios="; ".join(
                f"{task} {', '.join(f'{ratio:.0f}' for ratio in ratios)}"
                for task, ratios in medians.groupby("task", sort=False)
            ),
            where=found["where"].iloc[0],
        ),
    )


if __name__ == "__main__":
    run(draw, __doc__)
