"""What the tests of drawing share: scalp maps and explanations made by formulas."""

import mne
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sincviz.datasets.head_model import head_info, standard_montage
from sincviz.datasets.simulated_sources import CH_NAMES
from sincviz.scalp_regions import region_order, scalp_regions

NAMES = {
    "target": ["left", "right", "feet", "tongue"],
    "band": ["delta", "theta", "alpha", "beta", "gamma", "other"],
}


@pytest.fixture(scope="session")
def scalp_maps():
    """Build smooth maps, one for each combination of so many filters, units or classes, and so on."""

    def build(n_chans=8, **sizes):
        # The simulation's 64 electrodes come first, then any others of the 10-05 system.
        others = [name for name in standard_montage().ch_names if name[-1].isdigit() and name not in CH_NAMES]
        names = [*CH_NAMES, *others][:n_chans]
        info = head_info(names, 100.0)
        assert isinstance(info, mne.Info)
        positions_m = np.array([channel["loc"][:3] for channel in info["chs"]])
        number = np.arange(1, np.prod([*sizes.values(), 1]) + 1)[:, None]
        x, y, z = 10 * positions_m.T
        values = np.cos(0.9 * number + (2 + np.sin(number)) * x + np.cos(2 * number) * y) + 0.5 * z - 0.3
        coords = {
            "channel": names,
            **{axis: ("channel", positions_m[:, at]) for at, axis in enumerate("xyz")},
        }
        for dim, size in sizes.items():
            if dim == "unit":
                # As sorted by importance: filters in no order.
                coords |= bands_of((3 * np.arange(size) + 4) % 32, dim)
                coords["depth"] = (dim, np.arange(size) % 2)
            elif dim == "filter":
                coords |= bands_of(np.arange(size), dim)
            else:
                coords[dim] = NAMES.get(dim, np.arange(size))[:size]
        return xr.DataArray(
            values.reshape(*sizes.values(), n_chans),
            dims=(*sizes, "channel"),
            coords=coords,
            name="spatial_pattern",
            attrs={"units": "µV"},
        )

    return build


@pytest.fixture(scope="session")
def evidence():
    """What a result says of itself."""
    return {
        "method": "gradient_x_activation",
        "explain": "score",
        "trials": "contrast",
        "n_trials": 240,
        "accuracy": 0.81,
        "accuracy_low": 0.756,
        "accuracy_high": 0.855,
        "chance_level": 0.5,
        "above_chance": "yes",
        "held_out": "yes",
        "completeness_error": 3e-7,
    }


@pytest.fixture(scope="session")
def cells(scalp_maps, evidence):
    """Build the relevance of so many classes, bands and channels, channels sorted by region, with intervals."""

    def build(targets=2, bands=3, n_chans=8, intervals=True):
        maps = scalp_maps(n_chans, target=min(targets, 4), band=min(bands, 6))
        maps = maps.isel(
            target=np.arange(targets) % maps.sizes["target"], band=np.arange(bands) % maps.sizes["band"]
        )
        regions = scalp_regions(maps.channel.to_numpy())
        maps = maps.assign_coords(region=("channel", regions)).isel(channel=region_order(regions))
        maps.attrs = {**evidence, "units": "score", "bands_hz": "delta: 1–4; gamma: 30–inf"}
        if intervals:
            maps = maps.assign_coords(
                low=(maps.dims, maps.to_numpy() - 0.5), high=(maps.dims, maps.to_numpy() + 0.5)
            )
        return maps.rename("relevance")

    return build


@pytest.fixture(scope="session")
def matrix(cells):
    """Build the relevance of so many classes and bands, with intervals."""

    def build(targets=2, bands=3):
        return cells(targets, bands).isel(channel=0).drop_vars(["channel", "region", "x", "y", "z"])

    return build


@pytest.fixture(scope="session")
def profile(evidence):
    """Build the relevance of each frequency for so many classes in these regions, with intervals."""

    def build(targets=2, regions=("left central", "midline central", "right central"), units="Hz"):
        frequency = np.linspace(0, 40, 41)
        number = np.arange(1, targets * len(regions) + 1)[:, None]
        values = np.exp(-((frequency - 10) ** 2) / 8) * np.sin(number)
        dims = ("target", "region", "frequency")
        values = values.reshape(targets, len(regions), -1)
        return xr.DataArray(
            values,
            dims=dims,
            coords={
                "target": [f"class {name}" for name in range(targets)],
                "region": list(regions),
                "frequency": ("frequency", frequency, {"units": units}),
                "low": (dims, values - 0.1),
                "high": (dims, values + 0.1),
            },
            name="spectral_relevance",
            attrs={**evidence, "units": "score"},
        )

    return build


@pytest.fixture(scope="session")
def deletion(evidence):
    """A deletion curve whose random order loses accuracy in proportion."""
    share = np.linspace(0, 1, 6)
    parts = []
    for order, power in (("most relevant first", 0.3), ("least relevant first", 3), ("random", 1)):
        accuracy = 0.85 - 0.35 * share**power
        part = {"order": order, "n_cells": np.arange(6), "share_removed": share}
        for name in ("accuracy", "score"):
            part |= {name: accuracy, f"{name}_low": accuracy - 0.05, f"{name}_high": accuracy + 0.04}
        parts.append(pd.DataFrame(part))
    curve = pd.concat(parts, ignore_index=True)
    curve.attrs = {**evidence, "accuracy_area": 0.21, "accuracy_area_low": 0.15, "accuracy_area_high": 0.27}
    return curve


@pytest.fixture(scope="session")
def randomization(evidence):
    """Build a randomisation test of these layers."""

    def build(layers=("head", "spatial", "sinc"), passed="yes"):
        kinds = [(kind, layer) for kind in ("cascading", "independent") for layer in layers]
        rows = []
        for number, (kind, layer) in enumerate([*kinds, ("wrong class", "")]):
            row = {"kind": kind, "layer": layer}
            for name, start, value in (("", "similarity", 0.4), ("magnitude_", "magnitude_similarity", 0.6)):
                value -= 0.1 * number
                row |= {start: value, f"{name}low": value - 0.1, f"{name}high": value + 0.1}
            rows.append(row)
        table = pd.DataFrame(rows)
        table.attrs = {**evidence, "passed": passed, "threshold": 0.5}
        return table

    return build


@pytest.fixture(scope="session")
def loss(cells, evidence):
    """Build what so many bands and channels are worth to the decision."""

    def build(bands=3, n_chans=8):
        score = cells(1, bands, n_chans).isel(target=0)
        coords = {
            name: coord for name, coord in score.coords.items() if name not in ("low", "high", "target")
        }
        dims = ("band", "channel")
        variables = {}
        for name in ("accuracy_loss", "score_loss"):
            variables |= {
                name: (dims, score.to_numpy()),
                f"{name}_low": (dims, score.low.to_numpy()),
                f"{name}_high": (dims, score.high.to_numpy()),
            }
        attrs = {name: value for name, value in evidence.items() if name not in ("explain", "trials")}
        return xr.Dataset(variables, coords, attrs | {"method": "replacement by another trial"})

    return build


def bands_of(filters, dim):
    edges = {
        "low_hz": 6.0 + filters,
        "high_hz": 10.0 + filters,
        "measured_low_hz": 5.25 + filters,
        "measured_high_hz": 11.5 + filters,
    }
    return {"filter": (dim, filters)} | {name: (dim, values) for name, values in edges.items()}
