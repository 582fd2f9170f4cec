"""Relevance against captum's on braindecode's SincShallowNet with the same weights, as a table in Markdown.

In a virtual environment of its own:

    pip install -r benchmarks/requirements.txt && pip install -e . && python benchmarks/relevance.py

64 trials × 22 channels × 1000 samples, 4 classes. captum explains one class at a time; of its integrated gradients only
one class is timed, of ours all four. Memory is what a fresh process's anonymous memory grows by at its peak, trials
being read from a file (Linux).
"""

import argparse
import datetime as dt
import multiprocessing
import platform
import statistics
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

import sincviz

BATCH, CHANNELS, TIMES, CLASSES, SFREQ = 64, 22, 1000, 4, 250
TRIALS_IN_MEMORY_TEST = (288, 28_800)


def our_network() -> sincviz.SincShallowNet:
    """Return ours."""
    return sincviz.SincShallowNet(n_chans=CHANNELS, n_outputs=CLASSES, n_times=TIMES, sfreq=SFREQ).eval()


def tasks(x: torch.Tensor) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Return the pairs of what is timed, captum's and ours."""
    from braindecode.models import SincShallowNet
    from captum.attr import IntegratedGradients, LayerGradientXActivation

    reference = SincShallowNet(n_chans=CHANNELS, n_outputs=CLASSES, n_times=TIMES, sfreq=SFREQ).eval()
    ours = our_network()
    ours.load_state_dict(reference.state_dict())
    layer = LayerGradientXActivation(reference, reference.sinc_filter_layer)
    path = IntegratedGradients(reference)
    trials = x.numpy()
    return {
        "gradient × activation, 4 classes": (
            lambda: [layer.attribute(x, target=target).sum(3) for target in range(CLASSES)],
            lambda: sincviz.relevance(ours, trials, method="gradient_x_activation", per_trial=True),
        ),
        "integrated gradients, 50 steps, sinc layer": (
            lambda: path.attribute(x, target=0, n_steps=50, internal_batch_size=BATCH),
            lambda: sincviz.relevance(ours, trials, method="integrated_gradients", n_steps=50),
        ),
        "integrated gradients, 50 steps, by frequency": (
            lambda: path.attribute(x, target=0, n_steps=50, internal_batch_size=BATCH),
            lambda: sincviz.spectral_relevance(ours, trials, method="integrated_gradients", n_steps=50),
        ),
    }


def seconds(task: Callable[[], object]) -> float:
    """Return the time of one call."""
    begin = time.perf_counter()
    task()
    return time.perf_counter() - begin


def peak_mib(n_trials: int) -> float:
    """Return what relevance needs at its peak; run it in a fresh process."""
    warnings.simplefilter("ignore")
    model = our_network()
    with tempfile.TemporaryDirectory() as folder:
        trials = np.lib.format.open_memmap(
            Path(folder) / "trials.npy", "w+", np.float32, (n_trials, CHANNELS, TIMES)
        )
        for start in range(0, n_trials, BATCH):
            trials[start : start + BATCH] = np.random.default_rng(start).standard_normal(
                trials[start : start + BATCH].shape, np.float32
            )
        trials.flush()
        sincviz.relevance(model, trials[:1])  # libraries and their threads are no part of it
        before = peak = _anonymous_kib()
        done = threading.Event()

        def watch() -> None:
            nonlocal peak
            while not done.wait(0.005):
                peak = max(peak, _anonymous_kib())

        watcher = threading.Thread(target=watch)
        watcher.start()
        sincviz.relevance(model, trials, method="gradient_x_activation")
        done.set()
        watcher.join()
    return (peak - before) / 2**10


def _anonymous_kib() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    warnings.simplefilter("ignore")
    import braindecode

    print("| task | captum | sincviz | ratio (range) |\n|---|---:|---:|---:|")
    for name, (theirs, ours) in tasks(torch.randn(BATCH, CHANNELS, TIMES)).items():
        seconds(ours)
        pairs = [
            (seconds(theirs), statistics.median(seconds(ours) for _ in range(3)))
            for _ in tqdm(range(options.turns), desc=name, leave=False)
        ]
        one, other = (statistics.median(times) for times in zip(*pairs, strict=True))
        ratios = [first / second for first, second in pairs]
        spread = f"{statistics.median(ratios):.0f} ({min(ratios):.0f}–{max(ratios):.0f})"
        print(f"| {name} | {one:.2f} s | {other:.3f} s | {spread} |")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as pool:
        peaks = list(pool.map(peak_mib, TRIALS_IN_MEMORY_TEST))
    listed = ", ".join(
        f"{n:,} trials {peak:.0f} MiB" for n, peak in zip(TRIALS_IN_MEMORY_TEST, peaks, strict=True)
    )
    print(f"\nPeak memory, streamed: {listed}.")
    print(
        f"\n{dt.date.today()}; {options.threads} threads; Python {platform.python_version()}, torch "
        f"{torch.__version__}, braindecode {braindecode.__version__}, sincviz {sincviz.__version__}; medians of "
        f"{options.turns} turns."
    )


if __name__ == "__main__":
    main()
