"""What the tests of drawing share: scalp maps and explanations made by formulas."""

import mne
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sincviz.datasets.head_model import head_info, standard_montage
from sincviz.datasets.simulated_sources import CH_NAMES
from sincviz.eeg.band_limits import with_band_limits
from sincviz.eeg.bands import RHYTHMS
from sincviz.eeg.regions import region_order, scalp_regions
from sincviz.eeg.role_words import NO, NOT_SHOWN, ROLES, YES

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
        maps = xr.DataArray(
            values.reshape(*sizes.values(), n_chans),
            dims=(*sizes, "channel"),
            coords=coords,
            name="spatial_pattern",
            attrs={"units": "µV"},
        )
        return with_band_limits(maps, RHYTHMS) if "band" in sizes else maps

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
        "accuracy_ci_low": 0.756,
        "accuracy_ci_high": 0.855,
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
        maps.attrs = {**evidence, "units": "score"}
        if intervals:
            maps = maps.assign_coords(
                ci_low=(maps.dims, maps.to_numpy() - 0.5), ci_high=(maps.dims, maps.to_numpy() + 0.5)
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
def leading(evidence):
    """Build what so many bands are worth for these classes, the largest first; the last is not established."""

    def build(targets=("left", "right"), bands=("alpha", "beta", "delta"), readable="yes"):
        limits = with_band_limits(xr.Dataset(coords={"band": NAMES["band"]}), RHYTHMS).to_dataframe()
        rows = []
        for number, target in enumerate(targets):
            for place, band in enumerate(bands):
                worth = (1.0 + 0.2 * number) / (1 + place)
                rows.append(
                    {
                        "target": target,
                        "band": band,
                        "relevance": worth,
                        "ci_low": worth - 0.2,
                        "ci_high": worth + 0.2,
                    }
                    | {
                        "p": 0.001,
                        "established": band != bands[-1],
                        "share": worth / 2,
                        "total": 2.0 + 0.2 * number,
                    }
                    | limits.loc[band].to_dict()
                )
        table = pd.DataFrame(rows).set_index(["target", "band"])
        table.attrs = {**evidence, "units": "score", "readable": readable, "not_readable_because": ""}
        if readable == "no":
            table.attrs["not_readable_because"] = "chance unknown_trials"
        return table

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
                "ci_low": (dims, values - 0.1),
                "ci_high": (dims, values + 0.1),
            },
            name="spectral_relevance",
            attrs={**evidence, "units": "score"},
        )

    return build


@pytest.fixture(scope="session")
def course(cells):
    """Build the relevance of each moment: a bump at 0.35 s in every channel, as large as its map says."""

    def build(targets=2, n_chans=8, n_times=51, intervals=True, p=True):
        weights = cells(targets, 1, n_chans, intervals=False).isel(band=0, drop=True)
        weights = weights.drop_vars(["band_low_hz", "band_high_hz", "band_rest_hz"], errors="ignore")
        time = xr.DataArray(np.linspace(-0.2, 0.8, n_times).round(6), dims="time", attrs={"units": "s"})
        bump = np.exp(-((time - 0.35) ** 2) / 0.01)
        values = (weights * bump).assign_coords(time=time).transpose("target", "channel", "time")
        return told(values.rename("temporal_relevance").assign_attrs(weights.attrs), 0.1, intervals, p)

    return build


@pytest.fixture(scope="session")
def course_by_region(course):
    """Build the relevance of each moment in these regions."""

    def build(targets=2, regions=("left central", "midline central", "right central"), **settings):
        values = course(targets, len(regions), **settings)
        coords = {"channel": list(regions)}
        return values.drop_vars(["region", "x", "y", "z"]).assign_coords(coords).rename(channel="region")

    return build


@pytest.fixture(scope="session")
def peaks():
    """Build the table of the peaks of relevance by region, the last of them not established."""

    def build(values):
        at = values.argmax("time")
        time_s = values["time"].isel(time=at).drop_vars(["time", *TOLD], errors="ignore")
        table = time_s.rename("latency_s").to_dataframe()
        table = table.assign(ci_low=table.latency_s - 0.04, ci_high=table.latency_s + 0.05)
        table["relevance"] = values.max("time").drop_vars(TOLD, errors="ignore").to_series()
        return table.assign(p=[0.01] * (len(table) - 1) + [0.4])

    return build


@pytest.fixture(scope="session")
def spectrogram(cells):
    """Build the relevance of each frequency and moment: at 10 Hz and 0.5 s, as large as the map says."""

    def build(targets=2, n_chans=8, n_hz=41, parts=(), p=True):
        weights = cells(targets, 1, n_chans, intervals=False).isel(band=0, drop=True)
        weights = weights.drop_vars(["band_low_hz", "band_high_hz", "band_rest_hz"], errors="ignore")
        time = xr.DataArray(np.linspace(-0.5, 1.5, 17), dims="time", attrs={"units": "s"})
        frequency = xr.DataArray(2.0 * np.arange(n_hz), dims="frequency", attrs={"units": "Hz"})
        values = weights * np.exp(-((time - 0.5) ** 2) / 0.05 - (frequency - 10) ** 2 / 20)
        values = values.assign_coords(time=time, frequency=frequency)
        dims = ["target", "channel", "frequency", "time"]
        if parts:
            values = values * xr.DataArray(np.arange(1.0, 1 + len(parts)), {"part": list(parts)}, ("part",))
            dims.insert(1, "part")
        values = values.transpose(*dims).rename("time_frequency_relevance")
        values.attrs = weights.attrs | {"window_s": 0.5, "step_s": 0.125, "time_resolution_s": 0.18}
        values.attrs["frequency_resolution_hz"] = 2.88
        return told(values, 0.1, False, p)

    return build


TOLD = ["ci_low", "ci_high", "p"]


def told(values, half, intervals, p):
    """Values with intervals of this half width, and with a p that is small where they are large."""
    if intervals:
        values = values.assign_coords(
            ci_low=(values.dims, values.to_numpy() - half), ci_high=(values.dims, values.to_numpy() + half)
        )
    if p:
        small = np.abs(values.to_numpy()) > 0.5 * float(np.abs(values).max())
        values = values.assign_coords(p=(values.dims, np.where(small, 0.01, 0.4)))
    return values


@pytest.fixture(scope="session")
def deletion(evidence):
    """A deletion curve whose random order loses accuracy in proportion."""
    share = np.linspace(0, 1, 6)
    parts = []
    for order, power in (("most relevant first", 0.3), ("least relevant first", 3), ("random", 1)):
        accuracy = 0.85 - 0.35 * share**power
        part = {"order": order, "n_cells": np.arange(6), "share_removed": share}
        for name in ("accuracy", "score"):
            part |= {name: accuracy, f"{name}_ci_low": accuracy - 0.05, f"{name}_ci_high": accuracy + 0.04}
        parts.append(pd.DataFrame(part))
    curve = pd.concat(parts, ignore_index=True)
    curve.attrs = {
        **evidence,
        "accuracy_area": 0.21,
        "accuracy_area_ci_low": 0.15,
        "accuracy_area_ci_high": 0.27,
    }
    curve.attrs |= {"ranked_on": "the other half"}
    return curve


@pytest.fixture(scope="session")
def randomization(evidence):
    """Build a randomisation test of these layers."""

    def build(layers=("head", "spatial", "sinc"), outcome="differs"):
        kinds = [(kind, layer) for kind in ("cascading", "independent") for layer in layers]
        rows = []
        for number, (kind, layer) in enumerate([*kinds, ("wrong class", "")]):
            row = {"kind": kind, "layer": layer}
            for name, start, value in (("", "similarity", 0.4), ("magnitude_", "magnitude_similarity", 0.6)):
                value -= 0.1 * number
                row |= {start: value, f"{name}ci_low": value - 0.1, f"{name}ci_high": value + 0.1}
            rows.append(row)
        table = pd.DataFrame(rows)
        table.attrs = {**evidence, "outcome": outcome, "threshold": 0.5}
        return table

    return build


@pytest.fixture(scope="session")
def loss(cells, evidence):
    """Build what so many bands and channels are worth to the decision."""

    def build(bands=3, n_chans=8):
        score = cells(1, bands, n_chans).isel(target=0)
        coords = {
            name: coord for name, coord in score.coords.items() if name not in ("ci_low", "ci_high", "target")
        }
        dims = ("band", "channel")
        variables = {}
        for name in ("accuracy_loss", "score_loss"):
            variables |= {
                name: (dims, score.to_numpy()),
                f"{name}_ci_low": (dims, score.ci_low.to_numpy()),
                f"{name}_ci_high": (dims, score.ci_high.to_numpy()),
            }
        attrs = {name: value for name, value in evidence.items() if name not in ("explain", "trials")}
        return xr.Dataset(variables, coords, attrs | {"method": "replacement by another trial"})

    return build


@pytest.fixture(scope="session")
def roles(cells, evidence):
    """Build the roles of so many targets, bands and channels: each kind is there, by turns."""

    def build(targets=1, bands=3, n_chans=32):
        relevance = cells(targets, bands, n_chans, intervals=False)
        dims, number = relevance.dims, np.arange(relevance.size).reshape(relevance.shape)
        role = np.array(ROLES)[
            np.select([number % 7 == 0, number % 11 == 0, number % 13 == 0], [0, 1, 2], 3 + number % 2)
        ]
        of_role = [np.isin(role, names) for names in (ROLES[:2], (ROLES[0], ROLES[2]))]
        used, informative = (
            np.where(role == NOT_SHOWN, NOT_SHOWN, np.where(yes, YES, NO)) for yes in of_role
        )
        moved = np.where(used == YES, 1.0, 0.1) + 0.3 * np.abs(relevance.to_numpy())
        area = 0.5 + np.where(informative == YES, 0.3, 0.02) * np.cos(number)
        variables = {"used": (dims, used), "informative": (dims, informative), "role": (dims, role)}
        for name, values, half in (
            ("relevance", relevance.to_numpy(), 0.5),
            ("spread", moved, 0.05),
            ("pattern", 0.5 * relevance.to_numpy(), 0.3),
            ("power_area", area, 0.05),
            ("evoked_area", 0.5 + 0.01 * np.sin(number), 0.05),
        ):
            variables |= {
                f"{name}{end}": (dims, values + by)
                for end, by in (("", 0), ("_ci_low", -half), ("_ci_high", half))
            }
        coords = {
            name: coord for name, coord in relevance.coords.items() if name not in ("ci_low", "ci_high")
        }
        built = xr.Dataset(variables, coords, {**evidence, "used_share": 0.1})
        built["relevance"].attrs = {"units": "score"}
        return built

    return build


@pytest.fixture(scope="session")
def band_test(cells):
    """Build a test over subjects of so many classes, bands and channels, with clusters by a formula."""

    def build(targets=1, bands=6, n_chans=32, p=(0.004, 0.31), n_subjects=10):
        mean = cells(targets, bands, n_chans, intervals=False).rename("mean")
        attrs = {"units": "within-class SD of the score"}
        if targets == 1:
            mean = mean.assign_coords(target=["all classes"])
        return clustered(mean, mean > 1.1, mean < -1.1, p, n_subjects, attrs)

    return build


@pytest.fixture(scope="session")
def spectral_test(cells):
    """Build a test of frequencies and channels, those around 10 Hz in a cluster, those around 22 Hz in another."""

    def build(targets=1, n_chans=32, p=(0.004, 0.31), n_hz=40):
        weights = cells(targets, 1, n_chans, intervals=False).isel(band=0, drop=True)
        frequency = xr.DataArray(np.arange(1.0, n_hz + 1), dims="frequency", attrs={"units": "Hz"})
        alpha, beta = np.exp(-((frequency - 10) ** 2) / 8), np.exp(-((frequency - 22) ** 2) / 18)
        mean = (weights * (alpha - 0.6 * beta)).assign_coords(frequency=frequency).rename("mean")
        mean = mean.transpose("target", "frequency", "channel")
        if targets == 1:
            mean = mean.assign_coords(target=["all classes"])
        attrs = {"units": "within-class SD of the score"}
        return clustered(mean, (mean > 0.8) & (alpha > 0.4), (mean < -0.4) & (beta > 0.4), p, 10, attrs)

    return build


@pytest.fixture(scope="session")
def time_test(course):
    """Build a test of channels and times, in which large positive means are a cluster and negative ones another."""

    def build(targets=1, n_chans=32, p=(0.004, 0.31)):
        mean = course(targets, n_chans, intervals=False, p=False).rename("mean")
        if targets == 1:
            mean = mean.assign_coords(target=["all classes"])
        attrs = {"units": "within-class SD of the score"}
        return clustered(mean, mean > 0.6, mean < -0.6, p, 10, attrs)

    return build


def clustered(mean, first, second, p, n_subjects, attrs):
    """What a test of these means says where two sets of cells are clusters."""
    numbers = xr.where(first, 1, xr.where(second, 2, 0)).transpose(*mean.dims)
    of_cluster = xr.where(numbers == 1, p[0], xr.where(numbers == 2, p[1], np.nan)).transpose(*mean.dims)
    q = (0.4 * np.exp(-2.5 * np.abs(mean))).transpose(*mean.dims)
    return xr.Dataset(
        {"mean": mean, "q": q, "cluster": numbers, "cluster_p": of_cluster},
        attrs={
            **attrs,
            "alpha": 0.05,
            "n_subjects": n_subjects,
            "n_permutations": min(10_000, 2 ** (n_subjects - 1)),
            "cluster_forming_p": 0.05,
            "cluster_forming_t": 2.262,
            "smallest_p": max(1e-4, 2.0 ** (1 - n_subjects)),
        },
    )


@pytest.fixture(scope="session")
def shares():
    """Build the shares of so many bands in so many subjects under these conditions, with means and intervals."""

    def build(conditions=("rest",), n_subjects=10, bands=tuple(NAMES["band"])):
        rng = np.random.default_rng(0)
        values = rng.dirichlet(3 * np.exp(-np.arange(len(bands)) / 3), (len(conditions), n_subjects))
        share = xr.DataArray(
            values - 0.05,
            {
                "condition": list(conditions),
                "subject": [f"S{n:02d}" for n in range(n_subjects)],
                "band": list(bands),
            },
            ("condition", "subject", "band"),
        )
        mean, half = share.mean("subject"), 2 * share.std("subject") / n_subjects**0.5
        found = share.assign_coords(mean=mean, ci_low=mean - half, ci_high=mean + half)
        return with_band_limits(found, RHYTHMS) if set(bands) <= set(NAMES["band"]) else found

    return build


@pytest.fixture(scope="session")
def of_seeds(cells, evidence):
    """Build the relevance of so many seeds, targets, bands and channels, with intervals."""

    def build(seeds=4, targets=1, bands=3, n_chans=8):
        relevance = cells(targets, bands, n_chans, intervals=False)
        values = relevance.to_numpy()
        number = np.arange(seeds).reshape(-1, *[1] * values.ndim)
        several = values + 0.2 * np.cos(number + np.arange(values.size).reshape(values.shape))
        ends = {"ci_low": -0.3, "ci_high": 0.3}
        variables = {
            "of_seeds": (("seed", *relevance.dims), several),
            "relevance": (relevance.dims, several.mean(0)),
        }
        variables |= {name: (relevance.dims, several.mean(0) + by) for name, by in ends.items()}
        attrs = {**evidence, "method": "integrated_gradients"}
        return xr.Dataset(variables, dict(relevance.coords) | {"seed": np.arange(seeds)}, attrs)

    return build


@pytest.fixture(scope="session")
def sensitivity():
    """Build what three trainings showed: as it was, with a high-pass, and without a person."""

    def build():
        found = pd.DataFrame(
            {
                "changed": ["nothing", "highpass", "person"],
                "accuracy": [0.84, 0.52, 0.8],
                "ci_low": [0.75, 0.42, 0.7],
                "ci_high": [0.9, 0.62, 0.87],
                "above_chance": [True, False, True],
                "accuracy_changed": [False, True, False],
                "share_delta": [0.6, 0.3, 0.2],
                "share_alpha": [0.3, 0.6, 0.7],
                "share_other": [0.1, 0.1, 0.1],
                "bands_changed": ["", "", "delta, alpha"],
                "agreement": [0.9, 0.1, 0.5],
                "n_seeds": 2,
            },
            index=pd.Index(["as trained", "high-pass at 4 Hz", "without person $a$"], name="variation"),
        )
        found.attrs["chance"] = 0.5
        return found

    return build


@pytest.fixture(scope="session")
def agreement():
    """Build the rank correlations of so many runs of each of so many subjects."""

    def build(n_subjects=10, n_runs=5):
        subject = np.repeat(np.arange(n_subjects), n_runs)
        number = np.arange(len(subject))
        values = np.where(subject[:, None] == subject, 0.7, 0.25) + 0.2 * np.cos(number[:, None] + number)
        np.fill_diagonal(values, 1)
        names = [f"S{name:02d}" for name in subject]
        coords = {"subject": ("run", names), "other_subject": ("other_run", names)}
        return xr.DataArray(values, coords, ("run", "other_run"), "rank_agreement")

    return build


@pytest.fixture(scope="session")
def stability():
    """Build the table of so many filters found again in other networks."""

    def build(n_filters=8, patterns=True):
        number = np.arange(n_filters)
        peak_hz = 4 + 34 * number / n_filters
        overlap = 0.8 + 0.15 * np.cos(number)
        columns = {
            "peak_hz": peak_hz,
            "peak_low_hz": peak_hz - 1.5,
            "peak_high_hz": peak_hz + 1 + np.cos(number) ** 2,
            "overlap": overlap,
            "lowest_overlap": overlap - 0.2,
            "chance_overlap": 0.3 + 0.1 * np.sin(number),
            "same_number": 0.9,
            "pattern_similarity": 0.6 + 0.2 * np.sin(number) if patterns else np.nan,
            "n_runs": 50,
        }
        return pd.DataFrame(columns, index=pd.Index((5 * number + 2) % n_filters, name="filter"))

    return build


@pytest.fixture(scope="session")
def drift():
    """Build the table of how the filters' energy moved between bands."""

    def build(bands=tuple(NAMES["band"])):
        number = np.arange(len(bands))
        before = np.full(len(bands), 1 / len(bands))
        change = 0.06 * np.cos(2 * number)
        columns = {"before": before, "after": before + change, "change": change, "ci_low": change - 0.03}
        columns |= {"ci_high": change + 0.03, "by_chance": 0.3 * change}
        columns |= {"p": np.where(np.abs(change) > 0.03, 0.0004, 0.21)}
        table = pd.DataFrame(columns, index=pd.Index(list(bands), name="band"))
        limits = with_band_limits(xr.Dataset(coords={"band": NAMES["band"]}), RHYTHMS).to_dataframe()
        table = table.join(limits) if set(bands) <= set(limits.index) else table
        table.attrs = {"n_subjects": 10}
        return table

    return build


@pytest.fixture(scope="session")
def unit_clusters(scalp_maps):
    """Build three clusters of units, of which two are stable; of the first, one person has none and one few."""

    def build(n_people=6):
        channels = scalp_maps(target=3).isel(target=[0, 1, 2])
        pattern = 0.1 * np.abs(channels).rename(target="cluster").drop_vars("cluster")
        pattern.loc[{"cluster": 0, "channel": "C3"}] = 9.0
        share, held = np.full((3, n_people), 0.3), np.full((3, n_people), True)
        share[0, -1], held[0, -2:], share[0, -2] = 0, False, 0.05
        low_hz = np.where(share > 0, [[8.0], [18.0], [3.0]], np.nan)
        over = ("cluster", "subject")
        columns = {
            "share": (over, share),
            "held": (over, held),
            "low_hz": (over, low_hz),
            "high_hz": (over, low_hz + 4),
        }
        counts = {"n_units": 9, "n_networks": n_people, "n_subjects": held.sum(1)}
        numbers = {
            "stable": [True, True, False],
            "stability": [0.95, 0.85, 0.6],
            "p": [0.005, 0.02, 0.4],
            **counts,
        }
        columns |= {name: ("cluster", np.broadcast_to(value, 3)) for name, value in numbers.items()}
        names = {"subject": [f"p{number}" for number in range(n_people)], "cluster": np.arange(3)}
        return xr.Dataset(columns | {"pattern": pattern}, names)

    return build


def bands_of(filters, dim):
    edges = {
        "low_hz": 6.0 + filters,
        "high_hz": 10.0 + filters,
        "measured_low_hz": 5.25 + filters,
        "measured_high_hz": 11.5 + filters,
    }
    return {"filter": (dim, filters)} | {name: (dim, values) for name, values in edges.items()}
