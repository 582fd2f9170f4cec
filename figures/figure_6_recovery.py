"""Figure 6: which method finds what a network uses, where the truth is known."""

import warnings
from itertools import product
from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt
from tqdm import tqdm

from benchmarks import proving_ground
from benchmarks.proving_ground import CONDITIONS, agreement, installed_methods, trained
from figures.publishing import letter, publish, run
from figures.study import PACKAGE, TRAINING_CODE, Study, code_hash
from sincviz.plotting.canvas.style import INITIAL, MEASURED, NOMINAL, double_column_mm, inches

MOST_SEEDS = 3
OWN_CODE = Path(proving_ground.__file__)
NETWORK_CODE = (*TRAINING_CODE, *sorted(PACKAGE.glob("datasets/*.py")), OWN_CODE)
SCORING_CODE = (*sorted(PACKAGE.glob("**/*.py")), OWN_CODE)
MARKS = ((0.2, INITIAL), (0, NOMINAL), (-0.2, MEASURED))


CAPTION = """
Recovery of known sources, simulated motor imagery with a distractor in the mu band: area under the ROC curve over
5 bands × 32 channels, each dot a network ({n_networks} networks; accuracy on new trials {lowest:.2f} to {highest:.2f}),
for kernels of 33 and of 129 samples. True cells are those above half the maximum of the informative sources' maps. Ours
are contrasted between the classes; peers' are as one gets them. Mean over networks (worst): {areas}.
"""


def draw(study: Study) -> None:
    """Load, measure, plot, save."""
    found = recoveries(min(study.seeds, MOST_SEEDS), study)
    order = found.groupby("method")["area"].mean().sort_values().index
    size = inches(double_column_mm()), inches(90)
    figure, axes = plt.subplots(1, 2, figsize=size, layout="constrained", sharex=True, sharey=True)
    for ax, taps in zip(axes, (33, 129), strict=True):
        kinds = found[found["taps"] == taps].groupby("kind", sort=False)
        for (kind, rows), (shift, colour) in zip(kinds, MARKS, strict=False):
            y = order.get_indexer(rows["method"]) + shift
            ax.plot(rows["area"], y, "o", markersize=2.6, color=colour, alpha=0.7, label=kind)
        ax.hlines(range(len(order)), 0.5, 1, color="#DDDDDD", linewidth=0.4, zorder=0)
        ax.set(title=f"{taps} samples", xlabel="ROC area over bands × channels", xlim=(0.6, 1.005))
    axes[0].set_yticks(range(len(order)), order)
    letter(*axes)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    means = found.groupby("method")["area"].agg(["mean", "min"]).sort_values("mean", ascending=False)
    publish(
        study,
        "figure_6_recovery",
        figure,
        CAPTION.format(
            n_networks=found["network"].nunique(),
            lowest=found["accuracy"].min(),
            highest=found["accuracy"].max(),
            areas="; ".join(f"{name} {row['mean']:.3f} ({row['min']:.2f})" for name, row in means.iterrows()),
        ),
    )


def recoveries(n_seeds: int, study: Study) -> pd.DataFrame:
    """Return the agreement of every method with the truth in every network, one row each."""
    warnings.filterwarnings("ignore", "The shares of", RuntimeWarning)
    kept = study.cache / f"proving_ground_{code_hash(NETWORK_CODE)[:16]}"
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / f"agreement_{n_seeds}_{code_hash(SCORING_CODE)[:16]}.csv"
    if path.exists():
        return pd.read_csv(path)
    rows = []
    for condition, seed in tqdm(list(product(CONDITIONS, range(n_seeds))), "Proving ground", unit="network"):
        model, x, y, truth, accuracy = trained(**CONDITIONS[condition], seed=seed, cache=kept)
        facts = {
            "network": f"{condition} {seed}",
            "accuracy": accuracy,
            "taps": CONDITIONS[condition]["taps"],
            "kind": condition.split(", ", 1)[1],
        }
        rows += [
            facts | agreement(name, cells, model, x, y, truth)[0]
            for name, cells in installed_methods().items()
        ]
    pd.DataFrame(rows).to_csv(path, index=False)
    return pd.read_csv(path)


if __name__ == "__main__":
    run(draw, __doc__)
