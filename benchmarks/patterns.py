"""Spatial patterns against the direct computation: filter, covariance, multiply. Prints the ratio.

    python benchmarks/patterns.py [--trials 1000] [--turns 3]

The direct computation filters every channel with every filter (single precision, PyTorch, the network's padding), in
batches, and gathers a covariance matrix per filter in double precision.
"""

import argparse
import statistics
import time

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812

from sincviz import SincShallowNet, spatial_patterns
from sincviz.networks import front_end

CHANNELS, TIMES, SFREQ_HZ, TAPS = 64, 640, 160, 65


def direct_patterns(model: SincShallowNet, trials: np.ndarray, batch_size: int = 64) -> np.ndarray:
    """Return the patterns, filter after filter."""
    parts = front_end(model)
    channels = parts.n_chans
    patterns = []
    for kernel, weights in zip(parts.kernels, parts.spatial.double(), strict=True):
        total, products, count = torch.zeros(channels).double(), torch.zeros(channels, channels).double(), 0
        for batch in torch.from_numpy(trials).split(batch_size):
            signals = F.conv1d(batch.flatten(0, 1)[:, None], kernel[None, None], padding=parts.padding)
            signals = signals.reshape(*batch.shape[:2], -1).transpose(0, 1).flatten(1)
            total += signals.sum(1)
            products += signals @ signals.T
            count += signals.shape[1]
        covariance = products / count - torch.outer(total, total) / count**2
        seen = weights @ covariance
        patterns.append((seen / (weights * seen).sum(1, keepdim=True).sqrt()).numpy())
    return np.stack(patterns)


def main() -> None:
    """Time both in turns and print medians."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    model = SincShallowNet(n_chans=CHANNELS, n_outputs=2, n_times=TIMES, sfreq=SFREQ_HZ, time_filter_len=TAPS)
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((CHANNELS, CHANNELS))
    trials = (mixing @ rng.standard_normal((arguments.trials, CHANNELS, TIMES))).astype(np.float32)
    ways = {
        "direct": lambda: direct_patterns(model, trials),
        "sincviz": lambda: spatial_patterns(model, trials),
    }
    spatial_patterns(model, trials[:64])
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    found = {}
    for _ in range(arguments.turns):
        for name, way in ways.items():
            start = time.perf_counter()
            found[name] = np.asarray(way())
            seconds[name].append(time.perf_counter() - start)
    ratios = [one / other for one, other in zip(seconds["direct"], seconds["sincviz"], strict=True)]
    error = np.abs(found["direct"] - found["sincviz"]).max() / np.abs(found["direct"]).max()
    for name, times in seconds.items():
        print(f"{name:8s} {statistics.median(times):8.3f} s ({min(times):.3f} to {max(times):.3f})")
    print(f"ratio    {statistics.median(ratios):8.1f}   ({min(ratios):.1f} to {max(ratios):.1f})")
    print(f"largest difference over largest value: {error:.1e}")


if __name__ == "__main__":
    main()
