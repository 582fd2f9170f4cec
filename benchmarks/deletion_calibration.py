"""How often deletion shows a relevance: size where there is nothing to show, power where few cells decide.

    python -m benchmarks.deletion_calibration [--runs 400] [--out benchmarks/results/deletion_calibration.csv]

Networks whose score is the power at 10 Hz of some of 24 channels (144 cells: bands of channels), 100 trials. "right
order": the cells that the network reads, on trials whose classes differ in them; "order of the relevance": made on the
other half; "no knowledge": classes differ in nothing, orders are made on the other half; "random order": the same in
both halves, whatever the relevance. The order test alone, on normally distributed costs of 120 cells: "random order of
costs", and "costs by chance", which have no sign, and by which each half ranks the cells for the other.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import xarray as xr
from torch import nn

import sincviz
from sincviz.analysis.evidence.order_test import order_test

N_TRIALS, N_CHANS, N_TIMES, SFREQ = 100, 24, 32, 64
BANDS = {name: (2.0 * n, 2.0 * n + 2) for n, name in enumerate(("a", "b", "c", "d"))} | {"ten": (8.0, 12.0)}


class ReadsPower(nn.Module):
    """A decoder of the power at 10 Hz of the first channels: the louder, the more of class 1."""

    def __init__(self, n_decisive: int, effect: float) -> None:
        super().__init__()
        self.n_decisive = n_decisive
        self.threshold = n_decisive * (N_TIMES + (effect * N_TIMES / 2) ** 2 / 2)
        angle = 2 * torch.pi * 5 * torch.arange(N_TIMES) / N_TIMES
        self.register_buffer("wave", torch.stack([angle.cos(), angle.sin()], 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scores of both classes."""
        power = (x[:, : self.n_decisive] @ self.wave.to(x)).square().sum((1, 2)) - self.threshold
        return torch.stack([-power, power], 1)


def trials(n_decisive: int, effect: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return noise in which the power of the first channels at 10 Hz differs between the classes."""
    x, y = rng.standard_normal((N_TRIALS, N_CHANS, N_TIMES)), np.resize([0, 1], N_TRIALS)
    phase = rng.uniform(0, 2 * np.pi, (N_TRIALS, N_CHANS, 1))
    wave = np.sin(2 * np.pi * 5 * np.arange(N_TIMES) / N_TIMES + phase)
    x[:, :n_decisive] += effect * y[:, None, None] * wave[:, :n_decisive]
    return x.astype(np.float32), y


def relevance(model: nn.Module, x: np.ndarray, y: np.ndarray) -> xr.DataArray:
    """Return gradient × input of cells, contrasted between the classes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = sincviz.spectral_relevance(
            model, x, y, method="gradient_x_input", trials="contrast", sfreq=SFREQ
        )
    return sincviz.attribution.sum_over_bands(found, BANDS)


def of_networks(kind: str, n_decisive: int, effect: float, runs: int) -> dict[str, object]:
    """Return how often deletion showed an order in so many runs."""
    found = []
    for seed in range(runs):
        rng = np.random.default_rng([seed, n_decisive])
        x, y = trials(n_decisive, effect, rng)
        model = ReadsPower(n_decisive, effect)

        def ranking(model: nn.Module, x: np.ndarray, y: np.ndarray, seed: int = seed) -> xr.DataArray:
            cells = relevance(model, x, y)
            if kind == "random order":
                # The same in both halves, as a relevance would be.
                return cells.copy(data=np.random.default_rng(seed).standard_normal(cells.shape))
            if kind == "right order":
                own = (cells["band"] == "ten") & (cells["channel"].astype(int) < n_decisive)
                return cells * 0 + own + np.random.default_rng(seed).uniform(0, 0.1, cells.shape)
            return cells

        curve = sincviz.deletion_curve(
            model, x, y, ranking=ranking, n_steps=6, n_random=1, sfreq=SFREQ, seed=seed, progress=False
        )
        found.append(curve.attrs)
    table = pd.DataFrame(found)
    return {
        "condition": kind,
        "n_decisive": n_decisive,
        "effect": effect,
        "runs": runs,
        "accuracy": table["accuracy"].mean(),
        "shown": (table["shown"] == "yes").mean(),
        "not_checked": (table["shown"] == "could not be checked").mean(),
        "p_orders_below_0.05": (table["p_orders"] < 0.05).mean(),
        "p_trials_below_0.05": (table["p_trials"] < 0.05).mean(),
        "accuracy_area": table["accuracy_area"].mean(),
        "accuracy_area_error": table["accuracy_area"].std() / np.sqrt(runs),
    }


def of_costs(kind: str, n_decisive: int, runs: int) -> dict[str, object]:
    """Return how often the order test finds something where costs or orders say nothing."""
    rng = np.random.default_rng(n_decisive)
    parts, found = np.arange(100) % 2, []
    for seed in range(runs):
        losses = np.zeros((100, 120))
        mean = 1.0 if kind == "random order of costs" else 0.0
        losses[:, rng.choice(120, n_decisive, replace=False)] = rng.normal(mean, 1, (100, n_decisive))
        orders = np.stack([rng.permutation(120)] * 2)
        if kind == "costs by chance":
            orders = np.argsort(-np.stack([losses[parts == other].mean(0) for other in (1, 0)]), axis=1)
        found.append(order_test(losses, orders, parts, seed=seed))
    return {
        "condition": kind,
        "n_decisive": n_decisive,
        "runs": runs,
        "shown": np.mean([one.shown == "yes" for one in found]),
        "not_checked": np.mean([one.shown == "could not be checked" for one in found]),
        "p_orders_below_0.05": np.mean([one.p_orders < 0.05 for one in found]),
        "p_trials_below_0.05": np.mean([one.p_trials < 0.05 for one in found]),
    }


def main() -> None:
    """Run all conditions, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/deletion_calibration.csv"))
    options = parser.parse_args()
    few = max(1, options.runs // 4)
    costs = [
        (kind, n) for kind in ("random order of costs", "costs by chance") for n in (1, 2, 5, 10, 40, 120)
    ]
    networks = [
        (kind, n, effect)
        for n in (1, 2, 5, 10)
        for kind, effect in (("right order", 0.5), ("order of the relevance", 0.5), ("no knowledge", 0.0))
    ]
    tasks = [lambda case=case: of_costs(*case, 5 * options.runs) for case in costs]
    tasks += [lambda case=case: of_networks(*case, few) for case in [*networks, ("random order", 10, 0.5)]]
    rows = []
    for task in tasks:
        rows.append(task())
        print(rows[-1], flush=True)
        pd.DataFrame(rows).round(4).to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
