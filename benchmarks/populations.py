"""How often clusters of units and drift of filters are shown in simulated populations, with and without an effect.

    pip install -e . && python benchmarks/populations.py

Prints the numbers of `docs/groups.md`: three minutes on one core.
"""

import time

import numpy as np
import torch
import xarray as xr

from sincviz import SincShallowNet
from sincviz.filters import exchanged_occupancy, movement_test
from sincviz.maps import cluster_units

FREQUENCY_HZ = np.arange(0, 64.5, 0.5)
PLACES, CENTERS_HZ = np.array([[-0.7, 0, 0.7], [0.7, 0, 0.7], [0, -0.8, 0.6]]), (11.0, 21.0, 10.0)
BANDS_HZ = np.array([[0.5, 4], [4, 8], [8, 13], [13, 30], [30, 45]])


def unit_length(values):
    """Return rows of norm 1."""
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def population(rng, *, n_people, n_units, planted, n_channels=64):
    """Units of one network per person: random places and importance; planted ones are held by 80 % of people."""
    electrodes = rng.normal(size=(n_channels, 3))
    electrodes = unit_length(np.c_[electrodes[:, :2], np.abs(electrodes[:, 2])])
    units = {"pattern": [], "center": [], "importance": []}
    for _ in range(n_people):
        places = rng.normal(size=(n_units, 3))
        places[:, 2] = np.abs(places[:, 2])
        noise = np.full((n_units, 1), 0.3)
        centers = 6 + np.linspace(0, 26, n_units) + rng.normal(0, 1, n_units)
        importance = rng.gamma(1, 1, n_units)
        importance /= importance.sum()
        held = np.flatnonzero(rng.random(3) < 0.8) if planted else []
        for number in held:
            places[number], noise[number] = PLACES[number], 0.4
            centers[number], importance[number] = (
                CENTERS_HZ[number] + rng.normal(),
                4 * rng.uniform(0.5, 1.5) / n_units,
            )
        patterns = unit_length(np.exp((unit_length(places) @ electrodes.T - 1) / 0.15))
        patterns = patterns + noise * rng.normal(size=patterns.shape) / np.sqrt(n_channels)
        units["pattern"].append(patterns * rng.choice([-1, 1], (n_units, 1)))
        units["center"].append(centers)
        units["importance"].append(importance)
    center = np.concatenate(units["center"])
    people = np.repeat([f"p{number:02d}" for number in range(n_people)], n_units)
    columns = {
        "pattern": (("unit", "channel"), np.concatenate(units["pattern"])),
        "amplitude": (("unit", "frequency"), np.exp(-0.5 * ((FREQUENCY_HZ - center[:, None]) / 3) ** 2)),
        "importance": ("unit", np.concatenate(units["importance"])),
        "low_hz": ("unit", center - 3),
        "high_hz": ("unit", center + 3),
    }
    axes = {axis: ("channel", 0.09 * electrodes[:, number]) for number, axis in enumerate("xyz")}
    return xr.Dataset(columns, {"run": ("unit", people), "subject": ("unit", people)} | axes)


def clusters():
    """Print how many clusters are stable, and how many have only the stability."""
    for planted, n_people, n_units, n_populations in (
        *((True, 8, 8, 20), (True, 20, 16, 20)),
        *((False, 8, 8, 60), (False, 20, 16, 40)),
    ):
        stable, alone = [], []
        for seed in range(n_populations):
            units = population(
                np.random.default_rng(seed), n_people=n_people, n_units=n_units, planted=planted
            )
            found = cluster_units(units, n_bootstrap=40, n_permutations=99, seed=seed, progress=False)
            stable.append(int(found["stable"].sum()))
            alone.append(bool((found["stability"] >= 0.8).any()))
        what = "three planted clusters" if planted else "random units"
        print(
            f"{what}, {n_people} people, {n_populations} populations: {np.mean(stable):.2f} clusters shown, "
            f"{np.count_nonzero(stable)} populations with one; {sum(alone)} with a stability of 0.8",
            flush=True,
        )
    units = population(np.random.default_rng(0), n_people=50, n_units=32, planted=True)
    start = time.perf_counter()
    cluster_units(units, progress=False)
    print(f"50 networks, 32 units, 64 channels: {time.perf_counter() - start:.1f} s", flush=True)


def trained(rng, *, toward_hz=None):
    """Return a network of 8 filters that moved at random, or toward a frequency as well."""
    model = SincShallowNet(
        n_chans=2, n_outputs=2, n_times=300, sfreq=128, num_time_filters=8, freq_stride=3.0
    )
    layer = model.sinc_filter_layer
    moved = torch.tensor(rng.normal(0, 2, (1, 8)), dtype=torch.float32)
    with torch.no_grad():
        if toward_hz is not None:
            moved += torch.clip(toward_hz - layer.low_freqs - 2, -2.5, 2.5)
        layer.low_freqs += moved
        layer.bandwidths += torch.tensor(rng.normal(0, 1, (1, 8)), dtype=torch.float32)
    return exchanged_occupancy(model)


def rectangles(rng, *, n_people=10, n_filters=16, unequal=False, alike=False):
    """Return networks of rectangular filters that moved at random, by unequal amounts, or partly alike."""
    low_hz, sizes = (
        6 + 1.5 * np.arange(n_filters),
        np.linspace(0.3, 2, n_filters)[:, None] if unequal else 1.0,
    )
    common, runs = rng.normal(0, 1.5, (n_filters, 2)), []
    for _ in range(n_people):
        moved = sizes * rng.normal(0, 1.5, (n_filters, 2))
        moved = 0.7 * (moved + common) if alike else moved
        low = np.abs(low_hz[:, None] + moved[:, 0] - 1) + 1
        high = np.minimum(low + np.abs(4 + moved[:, 1]), 64)
        inside = np.minimum(high[..., None], BANDS_HZ[:, 1]) - np.maximum(low[..., None], BANDS_HZ[:, 0])
        inside = np.clip(inside, 0, None) / np.maximum(high - low, 1e-6)[..., None]
        runs.append(np.concatenate([inside, 1 - inside.sum(-1, keepdims=True)], -1))
    return xr.DataArray(np.array(runs), dims=("run", "filter", "movement", "band"))


def significant(runs, seed, *, together=False):
    """Return whether the drift of any band is significant."""
    labels = [str(number) for number in range(runs.sizes["run"])]
    test = movement_test(
        runs, labels, together=["0"] * len(labels) if together else None, n_permutations=499, seed=seed
    )
    return float(test["p"].min()) <= 0.05


def drift():
    """Print in how many groups a band is significant."""
    for name, toward_hz, n_groups in (("random", None, 300), ("toward 10 Hz", 10, 40)):
        rng = np.random.default_rng(0)
        hits = [
            significant(xr.concat([trained(rng, toward_hz=toward_hz) for _ in range(8)], "run"), seed)
            for seed in range(n_groups)
        ]
        print(f"drift, 8 people, 8 filters, {name}: {np.mean(hits):.1%} of {n_groups}", flush=True)
    for name, settings in (("random", {}), ("unequal", {"unequal": True}), ("partly alike", {"alike": True})):
        for together in (False, True):
            rng = np.random.default_rng(0)
            hits = [significant(rectangles(rng, **settings), seed, together=together) for seed in range(400)]
            order = "one order" if together else "independent orders"
            print(f"drift, 10 people, 16 filters, {name}, {order}: {np.mean(hits):.1%} of 400", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    clusters()
    drift()
