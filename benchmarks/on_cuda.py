"""Analyses and training of a network on a CUDA device against the same on the CPU: do they agree, and which is faster.

64 trials × 22 channels × 1000 samples, 4 classes, an untrained network; training is of 256 trials, three passes. Run it
as ``python benchmarks/on_cuda.py`` on a machine with a GPU; it prints a table in Markdown. The difference is the
largest of all results over the largest result on the CPU; of training it is that of the cut-offs, in Hz.
"""

import copy
import datetime as dt
import platform
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch

import sincviz

BATCH, CHANNELS, TIMES, CLASSES, SFREQ, TURNS = 64, 22, 1000, 4, 250, 5

Task = Callable[[], np.ndarray]


def tasks(model: sincviz.SincShallowNet, device: str) -> dict[str, Task]:
    """Return what is timed."""
    model = copy.deepcopy(model).to(device)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4 * BATCH, CHANNELS, TIMES)).astype(np.float32)
    codes = np.arange(len(x)) % CLASSES
    some, of_some = x[:BATCH], codes[:BATCH]

    def trained() -> np.ndarray:
        start = copy.deepcopy(model).cpu()
        fitted = sincviz.training.fit(
            start, x, codes, max_epochs=3, validation=0, device=device, progress=False
        )
        return np.asarray(fitted.module_.cutoffs().detach().cpu())

    return {
        "predictions": lambda: sincviz.evidence.predictions(model, some, of_some).filter(like="score").to_numpy(),
        "relevance, 50 steps": lambda: sincviz.relevance(model, some, n_steps=50).to_numpy(),
        "spectral_relevance, 50 steps": lambda: sincviz.spectral_relevance(model, some, n_steps=50).to_numpy(),
        "temporal_relevance, 50 steps": lambda: sincviz.temporal_relevance(model, some, n_steps=50).to_numpy(),
        "time_frequency_relevance, 50 steps": lambda: sincviz.time_frequency_relevance(
            model, some, n_steps=50
        ).to_numpy(),
        "evoked_and_induced, 50 steps": lambda: sincviz.attribution.evoked_and_induced(
            model, some, of_some, n_steps=50, progress=False
        ).to_numpy(),
        "separating_properties": lambda: sincviz.evidence.separating_properties(
            model, some, of_some, progress=False
        )["separation"].to_numpy(),
        "spatial_patterns": lambda: np.abs(sincviz.spatial_patterns(model, some).to_numpy()),
        "ablate": lambda: sincviz.ablate(model, some, of_some, progress=False)["score_loss"].to_numpy(),
        "deletion_curve": lambda: sincviz.deletion_curve(model, some, of_some, progress=False)["score"].to_numpy(),
        "randomization_test": lambda: sincviz.randomization_test(
            model, some, of_some, n_draws=3, progress=False
        ).select_dtypes("number").to_numpy(),
        "fit, three passes": trained,
    }  # fmt: skip


def seconds(task: Task) -> float:
    """Return the time of one call."""
    begin = time.perf_counter()
    task()
    torch.cuda.synchronize()
    return time.perf_counter() - begin


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    model = sincviz.SincShallowNet(n_chans=CHANNELS, n_outputs=CLASSES, n_times=TIMES, sfreq=SFREQ).eval()
    on_cpu, on_cuda = tasks(model, "cpu"), tasks(model, "cuda")
    print("| | CPU, s | CUDA, s | CPU / CUDA | difference |\n|---|---:|---:|---:|---:|")
    for name in on_cpu:
        expected, found = on_cpu[name](), on_cuda[name]()
        apart = np.nanmax(np.abs(found - expected))
        if name != "fit, three passes":
            apart /= np.nanmax(np.abs(expected))
        pairs = [(seconds(on_cpu[name]), seconds(on_cuda[name])) for _ in range(TURNS)]
        ratios = sorted(one / other for one, other in pairs)
        slow, fast = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = f"{statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})"
        print(f"| {name} | {slow:.3f} | {fast:.3f} | {ratio} | {apart:.1e} |", flush=True)
    print(
        f"\n{dt.date.today()}; {torch.cuda.get_device_name()}; CPU with {torch.get_num_threads()} threads; "
        f"Python {platform.python_version()}, torch {torch.__version__}; medians of {TURNS} turns, CPU and GPU "
        "by turns."
    )


if __name__ == "__main__":
    main()
