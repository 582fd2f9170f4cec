"""Time and memory of SincShallowNet against braindecode's, with the same weights, as a table in Markdown.

In a virtual environment of its own:

    pip install -r benchmarks/requirements.txt && pip install -e . && python benchmarks/against_reference.py

Batches of 64 trials of 1000 samples at 250 Hz, default configuration. The two networks take turns; a ratio is that
of one turn's two times, each the median of three calls. Memory is what a fresh process's peak grows by in three
training steps (on a GPU: the allocator's peak).
"""

import argparse
import datetime as dt
import functools
import multiprocessing
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn
from tqdm import tqdm

import sincviz

BATCH, TIMES, CLASSES, SFREQ = 64, 1000, 4, 250
TASKS = ("inference", "input gradient", "training step")
MEMORY = "peak memory of training"
RESULTS = Path(__file__).with_name("results") / "against_reference.csv"


def reference_network(channels: int) -> nn.Module:
    """Return braindecode's network."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from braindecode.models import SincShallowNet

        return SincShallowNet(n_chans=channels, n_outputs=CLASSES, n_times=TIMES, sfreq=SFREQ)


def our_network(channels: int) -> nn.Module:
    """Return ours."""
    return sincviz.SincShallowNet(n_chans=channels, n_outputs=CLASSES, n_times=TIMES, sfreq=SFREQ)


NETWORKS = {"reference": reference_network, "sincviz": our_network}


def tasks(network: nn.Module, x: Tensor) -> dict[str, Callable[[], None]]:
    """Return what is timed, by name."""
    labels = torch.arange(len(x), device=x.device) % CLASSES
    optimizer = torch.optim.Adam(network.parameters())

    def inference() -> None:
        network.eval()
        with torch.no_grad():
            network(x)

    def input_gradient() -> None:
        network.eval()
        signals = x.clone().requires_grad_()
        torch.autograd.grad(network(signals)[:, 0].sum(), signals)

    def training_step() -> None:
        network.train()
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x), labels).backward()
        optimizer.step()

    return dict(zip(TASKS, (inference, input_gradient, training_step), strict=True))


def seconds(task: Callable[[], None], device: str, calls: int = 3) -> float:
    """Return the median time of a few calls."""
    times = []
    for _ in range(calls):
        begin = time.perf_counter()
        task()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def timings(channels: int, device: str, turns: int) -> dict[str, list[tuple[float, float]]]:
    """Return the pairs of times (reference, ours) in seconds for each task."""
    networks = [build(channels) for build in NETWORKS.values()]
    networks[1].load_state_dict(networks[0].state_dict())
    x = torch.randn(BATCH, channels, TIMES, device=device)
    both = [tasks(network.to(device), x) for network in networks]
    # A GPU may convolve in TF32: that is part of what is timed, but hides whether the function is the same.
    with torch.no_grad(), torch.backends.cudnn.flags(allow_tf32=False):
        scores = [network.eval()(x) for network in networks]
    torch.testing.assert_close(scores[1], scores[0], rtol=1e-4, atol=1e-4)
    pairs: dict[str, list[tuple[float, float]]] = {}
    for name in TASKS:
        for one in both:
            seconds(one[name], device)
        pairs[name] = [
            (seconds(both[0][name], device), seconds(both[1][name], device))
            for _ in tqdm(range(turns), desc=f"{channels} channels, {name}", leave=False)
        ]
    return pairs


def peak_mib(name: str, channels: int, device: str, threads: int) -> float:
    """Return what the training steps need at their peak beyond the network and its input; run it in a fresh process."""
    torch.set_num_threads(threads)
    network = NETWORKS[name](channels).to(device)
    x = torch.randn(BATCH, channels, TIMES, device=device)
    tasks(network, x[:1])["training step"]()  # libraries and their threads are no part of it
    step = tasks(network, x)["training step"]
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        for _ in range(3):
            step()
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    Path("/proc/self/clear_refs").write_text("5")  # from here the peak counts (Linux)
    before = _status_kib("VmRSS")
    for _ in range(3):
        step()
    return (_status_kib("VmHWM") - before) / 2**10


def _status_kib(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def measured(channels: list[int], device: str, threads: int, turns: int) -> pd.DataFrame:
    """Return one row for each turn of each task: seconds, or MiB, of the reference and of ours."""
    rows = []
    for count in channels:
        for name, pairs in timings(count, device, turns).items():
            rows += [(count, name, turn, *pair) for turn, pair in enumerate(pairs)]
        peak = functools.partial(peak_mib, channels=count, device=device, threads=threads)
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as pool:
            rows.append((count, MEMORY, 0, *pool.map(peak, NETWORKS)))
    return pd.DataFrame(rows, columns=["channels", "task", "turn", "reference", "sincviz"])


def table(found: pd.DataFrame) -> str:
    """Return medians, and ratios with their quartiles, in Markdown."""
    lines = ["| channels | task | reference | sincviz | ratio (quartiles) |", "|---:|---|---:|---:|---:|"]
    for (count, name), turns in found.groupby(["channels", "task"], sort=False):
        theirs, ours = turns["reference"].median(), turns["sincviz"].median()
        low, middle, high = (turns["reference"] / turns["sincviz"]).quantile([0.25, 0.5, 0.75])
        if name == MEMORY:
            cells = f"{theirs:.0f} MiB | {ours:.0f} MiB | {middle:.1f}"
        else:
            cells = f"{1e3 * theirs:.0f} ms | {1e3 * ours:.1f} ms | {middle:.1f} ({low:.1f}–{high:.1f})"
        lines.append(f"| {count} | {name} | {cells} |")
    return "\n".join(lines)


def processor() -> str:
    """Return the processor's name."""
    cpuinfo = Path("/proc/cpuinfo")
    names = [
        line.split(": ")[1] for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
    ]
    return names[0] if names else platform.processor()


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--channels", type=int, nargs="+", default=[22, 64, 128])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--csv", type=Path, help="also write every turn, for the figure on speed")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    device = torch.cuda.get_device_name() if options.device == "cuda" else processor()
    import braindecode

    found = measured(options.channels, options.device, options.threads, options.turns)
    where = (
        f"{dt.date.today()}; {device}, {options.threads} threads; Python {platform.python_version()}, "
        f"torch {torch.__version__}, braindecode {braindecode.__version__}, sincviz {sincviz.__version__}"
    )
    if options.csv is not None:
        found.assign(where=where).to_csv(options.csv, index=False)
    print(table(found))
    print(f"\n{where}; medians of {options.turns} turns.")


if __name__ == "__main__":
    main()
