"""`spectral_relevance` against Fourier integrated gradients: how equal, how complete, how fast.

    python -m benchmarks.fourier_ig

Needs cross-domain-saliency-maps (in `benchmarks/requirements.txt`), which has two implementations: FourierIG takes
single trials and single steps, CaptumFourierIG takes both in batches (here of 50). Nothing is downloaded. Results go to
`benchmarks/results/fourier_ig.csv`, a table in Markdown to the screen.

Two networks, trained on 600 simulated trials, explain a few new ones from silence: the first class score minus the
second. sincviz explains both scores and the difference is taken afterwards; the other package explains the difference.
Both signs of a frequency are summed there, since a real signal has one share for the two. `difference` is the sum of
absolute differences from sincviz with the same number of steps over the sum of its absolute shares, over trials,
channels and bins; `completeness_error` is the sum over trials of what the shares miss of the change of the
difference, over the sum of absolute changes.

The methods take turns, in an order that rotates; the first turn warms up and does not count. Ratios are of one turn
each, so what else the machine does meets all of them.
"""

import argparse
import datetime as dt
import platform
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import torch
from torch import nn

import sincviz
from benchmarks.known_latency import CONDITIONS, N_TRAIN, arrays, simulated, trained
from benchmarks.peers_in_time import Margin, fourier_shares

RESULTS = Path(__file__).parent / "results" / "fourier_ig.csv"
NETWORKS = ("ERD, SincShallowNet", "P300, EEGNet")
STEPS = (50, 100, 400)
OURS, AS_NEEDED = "sincviz", "sincviz, as many steps as needed"
ONE_BY_ONE, IN_BATCHES = "FourierIG", "CaptumFourierIG"


def measured(
    name: str, module: nn.Module, network: object, epochs: mne.EpochsArray, n_turns: int
) -> Iterator[dict[str, object]]:
    """Yield one row for every method, number of steps and turn."""
    x, _ = arrays(epochs)
    margin = Margin(module).eval()
    with torch.no_grad():
        change = (margin(x) - margin(torch.zeros_like(x[:1])))[:, 0].numpy()

    def ours(n_steps: int | None) -> np.ndarray:
        found = sincviz.spectral_relevance(
            network, epochs, n_steps=n_steps, baseline="zero", per_trial=True, progress=False
        )
        return (found.isel(target=0) - found.isel(target=1)).to_numpy()

    methods: dict[str, Callable[[int], np.ndarray]] = {
        OURS: ours,
        AS_NEEDED: lambda _: ours(None),
        ONE_BY_ONE: lambda n_steps: fourier_shares(margin, x, n_steps, by_captum=False),
        IN_BATCHES: lambda n_steps: fourier_shares(margin, x, n_steps, by_captum=True),
    }
    for n_steps in STEPS:
        order = deque(methods)
        for turn in range(-1, n_turns):
            found, seconds = {}, {}
            for method in order:
                begin = time.perf_counter()
                found[method] = methods[method](n_steps)
                seconds[method] = time.perf_counter() - begin
            order.rotate(1)
            if turn < 0:
                continue
            for method in methods:
                apart = np.abs(found[method] - found[OURS])
                missed = np.abs(found[method].sum((1, 2), dtype=np.float64) - change).sum()
                yield {
                    "network": name,
                    "steps": n_steps,
                    "method": method,
                    "turn": turn,
                    "trials": len(x),
                    "difference": apart.sum() / np.abs(found[OURS]).sum(),
                    "completeness_error": missed / np.abs(change).sum(),
                    "seconds": seconds[method],
                    "ratio": seconds[method] / seconds[OURS],
                }


def table(results: pd.DataFrame) -> str:
    """Return one row per network and number of steps, in Markdown; times are medians over turns (range)."""
    lines = [
        "| network | steps | sincviz: error, s | FourierIG: difference, error, times as long | "
        "CaptumFourierIG: difference, error, times as long |",
        "|---|---:|---:|---:|---:|",
    ]
    for network, of_network in results.groupby("network", sort=False):
        for steps, own in of_network.groupby("steps", sort=False):
            of = dict(list(own.groupby("method")))
            peers = " | ".join(
                f"{rows['difference'].max():.0e}, {rows['completeness_error'].max():.0e}, "
                f"{over_turns(rows['ratio'], 1)}"
                for rows in (of[ONE_BY_ONE], of[IN_BATCHES])
            )
            lines.append(f"| {network} | {steps} | {error_and_seconds(of[OURS])} | {peers} |")
        needed = of_network[of_network["method"] == AS_NEEDED]
        lines.append(f"| {network} | as many as needed | {error_and_seconds(needed)} | – | – |")
    return "\n".join(lines)


def error_and_seconds(rows: pd.DataFrame) -> str:
    """Return the completeness error, and seconds over turns."""
    return f"{rows['completeness_error'].max():.0e}, {over_turns(rows['seconds'], 2)}"


def over_turns(values: pd.Series, digits: int) -> str:
    """Return the median and the range."""
    return f"{values.median():.{digits}f} ({values.min():.{digits}f}–{values.max():.{digits}f})"


def main() -> None:
    """Train, explain, compare, and keep the rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    mne.set_log_level("ERROR")
    warnings.simplefilter("ignore")
    rows: list[dict[str, object]] = []
    for name in NETWORKS:
        kind, settings = CONDITIONS[name]
        module, network = trained(simulated(kind, N_TRAIN, 0)[0], settings, 0)
        rows += measured(name, module, network, simulated(kind, options.trials, 1)[0], options.turns)
        print(f"{name}: done", flush=True)
    results = pd.DataFrame(rows)
    results.to_csv(RESULTS, index=False, float_format=lambda value: format(value, ".5g"))
    print("\n" + table(pd.read_csv(RESULTS)))  # as rounded in the file
    print(
        f"\n{dt.date.today()}; {options.trials} trials, {options.turns} turns, {options.threads} thread(s); Python "
        f"{platform.python_version()}, torch {torch.__version__}, sincviz {sincviz.__version__}."
    )


if __name__ == "__main__":
    main()
