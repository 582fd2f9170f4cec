"""Figure 7: accuracy in trials of others against the settings that the paper on the network discusses in words."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from scipy import stats

import sincviz
from figures.publishing import letter, publish, run
from figures.study import DEFAULTS, VARIED, Study
from sincviz.plotting.canvas.style import INITIAL, MEASURED, double_column_mm, inches

NAMES = {
    "num_time_filters": "Filters",
    "time_filter_len": "Kernel length (samples)",
    "sinc_lr": "Learning rate of the cut-offs",
    "batch_norm_momentum": "Batch-norm momentum",
}


CAPTION = """
Accuracy in {n_trials} held-out trials against (a) the number of filters, (b) their length, (c) the learning rate of the
cut-offs, (d) the momentum of both batch normalisations (in PyTorch's convention); all else as by default ({defaults}).
Grey: networks of {n_seeds} seeds. Orange: mean over seeds with its 95 % interval (t distribution), which says nothing
about other subjects. Means: {means}. Chance is 0.50. {data}
"""


def draw(study: Study) -> None:
    """Load, measure, plot, save."""
    epochs = study.held_out_epochs
    found = pd.DataFrame(
        [
            {"setting": name, "value": value, "accuracy": accuracy(model, epochs)}
            for name, values in VARIED.items()
            for value in values
            for model in study.networks(**{name: value})
        ]
    )
    size = inches(double_column_mm()), inches(62)
    figure, axes = plt.subplots(1, 4, figsize=size, layout="constrained", sharey=True)
    for ax, (name, values) in zip(axes, VARIED.items(), strict=True):
        for place, value in enumerate(values):
            own = found.loc[(found["setting"] == name) & (found["value"] == value), "accuracy"]
            ax.plot(np.full(len(own), place), own, "o", color=INITIAL, markersize=2.4, alpha=0.6)
            mean, half = interval(own)
            ax.errorbar(place + 0.18, mean, half, fmt="D", color=MEASURED, markersize=3.5, linewidth=1.2)
        ax.axhline(0.5, color="black", linewidth=0.5, linestyle=":")
        ax.set(xlabel=NAMES[name], xlim=(-0.5, len(values) - 0.3))
        ax.set_xticks(range(len(values)), [f"{value:g}" for value in values])
    axes[0].set_ylabel("Accuracy, held-out trials")
    letter(*axes)
    publish(
        study,
        "figure_7_settings",
        figure,
        CAPTION.format(
            n_trials=len(epochs),
            defaults=", ".join(f"{NAMES[name].lower()} {value:g}" for name, value in DEFAULTS.items()),
            n_seeds=study.seeds,
            means="; ".join(means(name, own) for name, own in found.groupby("setting", sort=False)),
            data=study.description,
        ),
    )


def accuracy(model: sincviz.SincShallowNet, epochs) -> float:
    """Return the share of trials that a network is right about."""
    return float(sincviz.evidence.predictions(model, epochs)["correct"].mean())


def interval(values: pd.Series) -> tuple[float, float]:
    """Return the mean, and half of its 95 % interval over seeds (none for one seed)."""
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values) if len(values) > 1 else np.nan
    return values.mean(), half


def means(name: str, own: pd.DataFrame) -> str:
    """Return the mean accuracy for each value of a setting in words."""
    listed = ", ".join(f"{value:g}: {rows['accuracy'].mean():.2f}" for value, rows in own.groupby("value"))
    return f"{NAMES[name].lower()} {listed}"


if __name__ == "__main__":
    run(draw, __doc__)
