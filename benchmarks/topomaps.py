"""64 scalp maps in one figure against 64 bare calls of MNE's function. Prints the ratio and the size of the PDF.

    python benchmarks/topomaps.py [--turns 5]

The maps are those of an untrained network over 64 channels (rough: the largest files). Drawing is to memory without
saving in both cases.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import matplotlib as mpl
import mne
import torch
from matplotlib import pyplot as plt

from sincviz import SincShallowNet, datasets, spatial_filters
from sincviz.maps import importance, most_important, relative_maps
from sincviz.plotting import plot_topomaps, save_figure

mpl.use("Agg")


def main() -> None:
    """Time both in turns and print medians."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=5)
    arguments = parser.parse_args()
    epochs, _ = datasets.simulate_motor_imagery(2, n_chans=64)
    torch.manual_seed(0)
    model = SincShallowNet(
        n_outputs=2, n_times=480, sfreq=160, time_filter_len=65, chs_info=epochs.info["chs"]
    )
    maps = relative_maps(most_important(spatial_filters(model), importance(model)))

    def bare() -> None:
        _, axes = plt.subplots(8, 8)
        for ax, values in zip(axes.ravel(), maps.to_numpy(), strict=True):
            mne.viz.plot_topomap(values, epochs.info, axes=ax, show=False)

    ways = {"bare": bare, "sincviz": lambda: plot_topomaps(maps)}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(arguments.turns + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if turn:  # the first one imports
                seconds[name].append(time.perf_counter() - start)
            plt.close("all")
    ratios = [one / other for one, other in zip(seconds["sincviz"], seconds["bare"], strict=True)]
    for name, times in seconds.items():
        print(f"{name:8s} {statistics.median(times):6.2f} s ({min(times):.2f} to {max(times):.2f})")
    print(f"ratio    {statistics.median(ratios):6.2f}   ({min(ratios):.2f} to {max(ratios):.2f})")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "maps.pdf"
        save_figure(plot_topomaps(maps), path)
        print(f"PDF      {path.stat().st_size / 1e6:6.2f} MB")


if __name__ == "__main__":
    main()
