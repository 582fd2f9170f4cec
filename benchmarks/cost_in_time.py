"""Cost of relevance over time: seconds over those of relevance over frequencies, and memory.

    python -m benchmarks.known_latency cost

Untrained networks of two classes, 100 trials, default settings. The three functions take turns, so what else the
machine does meets all of them; ratios are of one turn each, in seconds and in seconds of the processor, which hardly
depend on what else runs. Memory is what a fresh process's anonymous memory grows by at its peak, trials being read from
a file (Linux); arrays of 1 MiB and more return to the system when freed, else gaps of the heap count.
"""

import itertools
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

import sincviz
from benchmarks.small_eegnet import EEGNet

FUNCTIONS = ("spectral_relevance", "temporal_relevance", "time_frequency_relevance")
MEMORY_TRIALS = (100, 400, 1600)  # 100 are fewer than two batches, which may be there at once
SIZES = ((64, 640, 160.0), (22, 1000, 250.0))


def cost(n_turns: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Time relevance over times, and over both, as ratios to that over frequencies; then measure memory."""
    rows = []
    for n_chans, n_times, sfreq in SIZES:
        x = np.random.default_rng(0).standard_normal((100, n_chans, n_times)).astype(np.float32)
        for name in ("SincShallowNet", "EEGNet"):
            network = untrained(name, n_chans, n_times, sfreq)
            for turn in range(-1, n_turns):  # the first one only warms up
                row: dict = {
                    "network": name,
                    "channels": n_chans,
                    "times": n_times,
                    "rate_hz": sfreq,
                    "turn": turn,
                }
                for function in FUNCTIONS:
                    begin, of_processor = time.perf_counter(), time.process_time()
                    found = getattr(sincviz, function)(network, x, sfreq=sfreq, progress=False)
                    row[f"{function}_s"] = time.perf_counter() - begin
                    row[f"{function}_processor_s"] = time.process_time() - of_processor
                    row["n_steps"] = found.attrs["n_steps"]
                if turn >= 0:
                    rows.append(row)
                    print(row, flush=True)
    os.environ |= dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(2**20))
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as pool:
        memory = [
            {"function": function, "trials": n, "peak_mib": peak}
            for function in FUNCTIONS
            for n in MEMORY_TRIALS
            for peak in [pool.submit(peak_mib, function, n).result()]
        ]
    return pd.DataFrame(rows), pd.DataFrame(memory)


def untrained(name: str, n_chans: int, n_times: int, sfreq: float) -> nn.Module:
    """Return a network that has learned nothing."""
    torch.manual_seed(0)
    if name == "EEGNet":
        return EEGNet(n_chans, n_times).eval()
    return sincviz.SincShallowNet(n_chans=n_chans, n_outputs=2, n_times=n_times, sfreq=sfreq).eval()


def peak_mib(function: str, n_trials: int) -> float:
    """Return by how much anonymous memory grows at its peak; run it in a fresh process."""
    warnings.simplefilter("ignore")
    model = untrained("SincShallowNet", 64, 640, 160.0)
    relevance = getattr(sincviz, function)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trials.npy"
        trials = np.lib.format.open_memmap(path, "w+", np.float32, (n_trials, 64, 640))
        for number in range(n_trials):
            trials[number] = np.random.default_rng(number).standard_normal((64, 640), np.float32)
        trials.flush()
        relevance(model, trials[:2], progress=False)  # libraries and their threads are no part of it
        before = peak = _anonymous_kib()
        done = threading.Event()

        def watch() -> None:
            nonlocal peak
            while not done.wait(0.005):
                peak = max(peak, _anonymous_kib())

        watcher = threading.Thread(target=watch)
        watcher.start()
        relevance(model, trials, progress=False)
        done.set()
        watcher.join()
    return (peak - before) / 2**10


def _anonymous_kib() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def cost_table(seconds: pd.DataFrame, memory: pd.DataFrame) -> str:
    """Return the ratios, and the memory."""
    lines = [
        "| network | trials × channels × times | spectral, s | temporal / spectral | processor | "
        "time-frequency / spectral | processor |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for (name, n_chans, n_times), own in seconds.groupby(["network", "channels", "times"], sort=False):
        ratios = []
        for function, unit in itertools.product(FUNCTIONS[1:], ("s", "processor_s")):
            ratio = sorted(own[f"{function}_{unit}"] / own[f"{FUNCTIONS[0]}_{unit}"])
            ratios.append(f"{statistics.median(ratio):.2f} ({ratio[0]:.2f}–{ratio[-1]:.2f})")
        base = own["spectral_relevance_s"].median()
        lines.append(f"| {name} | 100 × {n_chans} × {n_times} | {base:.2f} | {' | '.join(ratios)} |")
    lines += ["\n| memory, MiB | " + " | ".join(f"{n} trials" for n in MEMORY_TRIALS) + " |"]
    lines += ["|---" + "|---:" * len(MEMORY_TRIALS) + "|"]
    for function, own in memory.groupby("function", sort=False):
        lines.append(f"| {function} | " + " | ".join(f"{peak:.0f}" for peak in own["peak_mib"]) + " |")
    return "\n".join(lines)
