"""Do intervals over trainings and trials cover, and does averaging weights replace averaging scores? In Markdown.

    pip install -e . && python benchmarks/seed_intervals.py --csv benchmarks/results/seed_intervals.csv

- arrays: cells with known means, crossed random effects of seeds, trials and both. The share of the seeds in the
  variance of the mean goes from 0 to 1, with and without interaction; normal effects, heavy tails, and cells that only
  two in five trainings use. 2000 data sets each.
- networks: 80 small SincShallowNets, trained on the same 200 simulated trials (6 channels, 1 s), differ in their seed
  only. The truth is what all networks outside a set of 3, 5 or 10 rest on in 2000 fresh trials; intervals are of that
  set, drawn at random 60 times, on 60 or 200 other fresh trials, compared with intervals over trials only. Cells that
  hold 1 % or more of the sum of sizes are also counted alone.
- weights: accuracy on 2000 fresh trials of single networks, of the ensemble, and of a network with the mean of their
  weights, for disjoint sets.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import xarray as xr
from numpy.typing import NDArray
from tqdm import tqdm

from sincviz import SincShallowNet
from sincviz.analysis.evidence.seeds import seed_relevance
from sincviz.analysis.statistics.crossed import crossed
from sincviz.datasets import simulate_motor_imagery
from sincviz.networks import Ensemble
from sincviz.training import fit_many

N_DATA_SETS, SHARES, INTERACTIONS = 2000, (0.0, 0.1, 0.3, 0.5, 0.8, 1.0), (0.0, 0.5)
SEEDS, TRIALS = (3, 5, 10), (20, 60, 200)
TAILS = ("normal", "t of trials", "t of both", "log-normal trials", "two in five seeds")
CHANNELS = ["FC3", "C3", "Cz", "C4", "CP4", "Pz"]
N_NETWORKS, N_TRAIN, N_TRUTH, PASSES, LR, BATCH_SIZE = 80, 200, 2000, 25, 3e-3, 32
LARGE, N_SETS = 0.01, 60


def drawn(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return effects of mean 0 and variance 1."""
    if kind == "t":
        return rng.standard_t(3, shape) / np.sqrt(3)
    if kind == "log-normal":
        return (np.exp(rng.standard_normal(shape)) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e)
    if kind == "two in five":
        used = (rng.random(shape) < 0.4) * (1 + 0.3 * rng.standard_normal(shape))
        return (used - 0.4) / np.sqrt(0.4 * 1.09 - 0.16)
    return rng.standard_normal(shape)


KINDS = {
    "normal": ("normal", "normal"),
    "t of trials": ("normal", "t"),
    "t of both": ("t", "t"),
    "log-normal trials": ("normal", "log-normal"),
    "two in five seeds": ("two in five", "normal"),
}


def coverage_of_arrays(
    tail: str, n_seeds: int, n_trials: int, share: float, interaction: float, n_sets: int
) -> float:
    """Return how often intervals cover the contrast, 0, whose variance without interaction is 1."""
    rng = np.random.default_rng(
        [n_seeds, n_trials, int(10 * share), int(10 * interaction), TAILS.index(tail)]
    )
    codes = np.arange(n_trials) % 2
    weights = np.where(codes == 0, 1.0, -1.0) / (n_trials / 2)
    of_seeds, of_trials = KINDS[tail]
    seeds = np.sqrt(share * n_seeds) * drawn(of_seeds, (n_seeds, 1, n_sets), rng)
    trials = np.sqrt((1 - share) * n_trials / 4) * drawn(of_trials, (1, n_trials, n_sets), rng)
    both = np.sqrt(interaction * n_seeds * n_trials / 4) * rng.standard_normal((n_seeds, n_trials, n_sets))
    found = crossed(seeds * np.where(codes == 0, 0.5, -0.5)[:, None] + trials + both, weights, codes)
    return float(np.mean((found[n_seeds + 1] <= 0) & (found[n_seeds + 2] >= 0)))


def arrays(n_sets: int) -> pd.DataFrame:
    """Return the coverage in every condition."""
    conditions = list(itertools.product(TAILS, SEEDS, TRIALS, SHARES, INTERACTIONS))
    rows = [(*one, coverage_of_arrays(*one, n_sets)) for one in tqdm(conditions, "arrays")]
    return pd.DataFrame(rows, columns=["tail", "n_seeds", "n_trials", "share", "interaction", "coverage"])


def trials_of(seed: int, n_trials: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return trials in microvolts and their classes."""
    epochs, _ = simulate_motor_imagery(n_trials, ch_names=CHANNELS, sfreq=128, duration=1.0, seed=seed)
    return (1e6 * epochs.get_data(verbose=False)).astype(np.float32), epochs.events[:, 2] - epochs.events[
        :, 2
    ].min()


def trained(n_networks: int) -> list[SincShallowNet]:
    """Return networks that differ in their seed only, trained on the same trials."""
    model = SincShallowNet(
        num_time_filters=4, time_filter_len=33, n_chans=6, n_outputs=2, n_times=128, sfreq=128, pool_size=32,
        pool_stride=16,
    )  # fmt: skip
    model.class_names = ["left", "right"]
    classifier = fit_many(
        *(model, *trials_of(0, N_TRAIN)),
        seeds=n_networks,
        max_epochs=PASSES,
        lr=LR,
        batch_size=BATCH_SIZE,
        validation=0.0,
    )
    return list(classifier.module_.members)


def networks(members: list[SincShallowNet]) -> pd.DataFrame:
    """Return the coverage of sets of really trained networks, of all cells and of large ones."""
    of_all = seed_relevance(Ensemble(members), *trials_of(1, N_TRUTH))["of_seeds"].to_numpy()[:, 0]
    rows = []
    for n_seeds, n_trials in itertools.product(SEEDS, (60, 200)):
        for number in tqdm(range(N_SETS), f"{n_seeds} seeds, {n_trials} trials"):
            chosen = np.random.default_rng([n_seeds, n_trials, number]).choice(
                len(members), n_seeds, replace=False
            )
            truth = np.delete(of_all, chosen, 0).mean(0)
            x, y = trials_of(1000 * n_seeds + 10 * n_trials + 100_000 * number, n_trials)
            found = seed_relevance(Ensemble([members[one] for one in chosen]), x, y).isel(target=0)
            low, high = over_trials(found)
            for (band, channel), value in np.ndenumerate(truth):
                at = {"band": band, "channel": channel}
                one = found.isel(at)
                rows.append(
                    {
                        "n_seeds": n_seeds,
                        "n_trials": n_trials,
                        "set": number,
                        "large": bool(abs(value) >= LARGE * np.abs(truth).sum()),
                        "covered": bool(one["ci_low"] <= value <= one["ci_high"]),
                        "over_trials": bool(low[band, channel] <= value <= high[band, channel]),
                        "seed_share": float(
                            one["seed_se"] ** 2 / (one["seed_se"] ** 2 + one["trial_se"] ** 2)
                        ),
                    }
                )
    return pd.DataFrame(rows)


def over_trials(found: xr.Dataset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return intervals that leave the seeds out: mean and standard error over trials."""
    mean, error = found["relevance"].to_numpy(), found["trial_se"].to_numpy()
    return mean - 1.96 * error, mean + 1.96 * error


def weights(members: list[SincShallowNet]) -> pd.DataFrame:
    """Return accuracies of single networks, ensembles and averages of weights."""
    x, y = trials_of(1, N_TRUTH)
    trials = torch.from_numpy(x)

    def accuracy(network: torch.nn.Module) -> float:
        with torch.no_grad():
            return float((network.eval()(trials).argmax(1).numpy() == y).mean())

    single = [accuracy(member) for member in tqdm(members, "weights")]
    rows = []
    for n_seeds in SEEDS:
        for number in range(len(members) // n_seeds):
            chosen = slice(number * n_seeds, (number + 1) * n_seeds)
            states = [member.state_dict() for member in members[chosen]]
            mean = SincShallowNet.from_config(members[0].get_config())
            mean.load_state_dict(
                {key: torch.stack([one[key].float() for one in states]).mean(0) for key in states[0]}
            )
            rows.append(
                {
                    "n_seeds": n_seeds,
                    "single": np.mean(single[chosen]),
                    "ensemble": accuracy(Ensemble(members[chosen])),
                    "mean_of_weights": accuracy(mean),
                }
            )
    return pd.DataFrame(rows)


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--csv", type=Path, help="Where to write; three files with -arrays, -networks and -weights."
    )
    parser.add_argument("--only", choices=("arrays", "networks"))
    parser.add_argument("--networks", type=int, default=N_NETWORKS)
    parser.add_argument("--sets", type=int, default=N_DATA_SETS)
    settings = parser.parse_args()
    tables = {}
    if settings.only != "networks":
        tables["arrays"] = arrays(settings.sets)
        summary = (
            tables["arrays"].groupby(["tail", "n_seeds"], sort=False)["coverage"].agg(["min", "mean", "max"])
        )
        print(summary.round(3).to_markdown(), "\n")
    if settings.only != "arrays":
        members = trained(settings.networks)
        tables["weights"] = weights(members)
        print(tables["weights"].groupby("n_seeds").mean().round(3).to_markdown(), "\n")
        cells = networks(members)
        measures = ["covered", "over_trials", "seed_share"]
        every = cells.groupby(["n_seeds", "n_trials"])[measures].mean()
        large = cells[cells["large"]].groupby(["n_seeds", "n_trials"])[measures].mean().add_suffix("_large")
        tables["networks"] = every.join(large).reset_index()
        print(tables["networks"].round(3).to_markdown(index=False))
    if settings.csv is not None:
        for name, table in tables.items():
            table.round(4).to_csv(settings.csv.with_name(f"{settings.csv.stem}_{name}.csv"), index=False)


if __name__ == "__main__":
    main()
