"""Averages of stored rows: one pass over the files, runs averaged within subjects, nothing large kept."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sincviz.eeg.band_limits import BAND_LIMITS, Ranges, band_ranges, with_ranges
from sincviz.population.manifest import LABELS
from sincviz.population.rows.store import stored_row

ALL_CLASSES = "all classes"
READ, LEFT_OUT, FAILED = STATUSES = ("read", "left out", "failed")
_OF_ROWS = (
    *("accuracy", "majority", "balanced_accuracy", "chance_level", "p", "above_chance", "unknown_because"),
    *("n_trials", "held_out", "weights_sha256", "trials_sha256", "sfreq_hz", "deletion_area"),
)
_OF_SUBJECTS = ("accuracy", "majority", "balanced_accuracy", "chance_level")
_POSITION = ("x", "y", "z", "region")
_SHARED = {
    **{"band": "bands", "channel": "channels", "frequency": "frequencies", "response_frequency": ""},
    "time": "windows of time",
}


@dataclass
class Averages:
    """Results of all rows, with runs averaged within subjects.

    Attributes
    ----------
    networks : pandas.DataFrame
        One row per row of the manifest, with its status and why.
    runs : dict of str to xarray.DataArray
        Small arrays of every run, over ``run`` first: ``contrast`` (band, channel), ``amplitude`` (filter, frequency),
        ``pattern`` (filter, depth, channel), ``importance`` (filter, depth), ``peak_hz``, ``measured_low_hz``,
        ``measured_high_hz``, ``initial_hz`` (filter), ``exchanged_occupancy`` (filter, movement, band).
    subjects : dict of str to xarray.DataArray
        Over ``condition`` and ``subject``: ``band_contrast``, ``frequency_contrast``, ``time_contrast``,
        ``occupancy``, ``shift_hz``, ``accuracy``, ``majority``, ``balanced_accuracy``, ``chance_level``.
    training_sets : dict of (str, str) to frozenset of str
        Fingerprints of the training trials of one network of each condition and subject, where they are known.
    notes : list of str
        What had to be left out of the arrays.
    errors : dict of int to list of str
        Serious problems of networks, by row.
    """

    networks: pd.DataFrame
    runs: dict[str, xr.DataArray] = field(default_factory=dict)
    subjects: dict[str, xr.DataArray] = field(default_factory=dict)
    training_sets: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    errors: dict[int, list[str]] = field(default_factory=dict)


def combine(rows: pd.DataFrame, keys: pd.Series, errors: pd.Series, folder: Path) -> Averages:
    """Read the stored results one after the other, each once, and average those of each subject.

    Parameters
    ----------
    rows : pandas.DataFrame
        What :func:`sincviz.population.manifest.read_manifest` returned.
    keys, errors : pandas.Series
        What :func:`sincviz.population.rows.runs.read_rows` returned.
    folder : pathlib.Path
        Where the results are.

    Returns
    -------
    Averages
        Without arrays if no row can be used.
    """
    networks = rows.drop(columns=["epochs", "dataset"]).assign(
        status=FAILED, reason=errors, score_sum=np.nan, stored=""
    )
    # Which classes and channels most networks have is known at the end.
    kinds: dict[tuple[frozenset[str], frozenset[str]], _Sums] = {}
    orders: dict[frozenset[str], list[str]] = {}
    for number, key in zip(keys.index.tolist(), keys.tolist(), strict=True):
        if not key:
            continue
        result = stored_row(folder, key)
        networks.loc[number, ["status", "stored"]] = READ, f"{key}.nc"
        for name in _OF_ROWS:
            if name in result.attrs:
                networks.loc[number, name] = result.attrs[name]
        networks.loc[number, "not_readable_because"] = " ".join(
            json.loads(result.attrs["not_readable_because"])
        )
        networks.loc[number, "score_sum"] = float(result["band_contrast"].sum(["band", "channel"]).mean())
        if result.attrs["held_out"] == "no":
            networks.loc[number, ["status", "reason"]] = (
                LEFT_OUT,
                f"{result.attrs['n_seen']} of its {result.attrs['n_trials']} trials were used in training",
            )
            continue
        classes, channels = (frozenset(result[dim].to_numpy().tolist()) for dim in ("target", "channel"))
        result = result.sel(target=orders.setdefault(classes, result["target"].to_numpy().tolist()))
        row = networks.loc[number]
        kind = kinds.setdefault((classes, channels), _Sums())
        kind.add(number, str(row["condition"]), str(row["subject"]), result)
    if not kinds:
        return Averages(networks)
    return _joined(kinds, orders, networks).averages(networks)


def _joined(
    kinds: dict[tuple[frozenset[str], frozenset[str]], "_Sums"],
    orders: dict[frozenset[str], list[str]],
    networks: pd.DataFrame,
) -> "_Sums":
    """Return what networks of the usual classes and channels sum to; leave the others out."""
    n_networks: Counter[frozenset[str]] = Counter()
    for (classes, _), kind in kinds.items():
        n_networks[classes] += len(kind.errors)
    usual = n_networks.most_common(1)[0][0]
    alike = {channels: kind for (classes, channels), kind in kinds.items() if classes == usual}
    most = max(alike, key=lambda channels: len(alike[channels].errors))
    total = _Sums()
    for (classes, channels), kind in kinds.items():
        if classes != usual:
            reason = f"its classes are {', '.join(orders[classes])}; those of most networks {', '.join(orders[usual])}"
        elif len(channels & most) < len(most) / 2:
            reason = f"it has {len(channels & most)} of the {len(most)} channels of most networks"
        else:
            total.join(kind)
            continue
        networks.loc[list(kind.errors), ["status", "reason"]] = LEFT_OUT, reason
    return total


class _Sums:
    """Sums over the runs of each subject, and the small arrays of each run, of networks with the same classes."""

    def __init__(self) -> None:
        self.errors: dict[int, list[str]] = {}
        self.training_sets: dict[tuple[str, str], frozenset[str]] = {}
        self.counts: Counter[tuple[str, str]] = Counter()
        self.of_subjects: defaultdict[str, dict[tuple[str, str], xr.DataArray]] = defaultdict(dict)
        self.of_runs: defaultdict[str, list[tuple[int, xr.DataArray]]] = defaultdict(list)
        self.labels: dict[str, Counter[Any]] = {dim: Counter() for dim in _SHARED}
        self.positions: defaultdict[str, dict[str, Any]] = defaultdict(dict)

    def add(self, number: int, condition: str, subject: str, result: xr.Dataset) -> None:
        """Add a run, whose labels may differ from those of the others."""
        place = condition, subject
        self.errors[number] = json.loads(result.attrs["errors"])
        self.counts[place] += 1
        known = frozenset(json.loads(result.attrs["training_trials"]))
        if known:
            self.training_sets.setdefault(place, known)
        # Bands of the same name and other limits are other bands.
        of_dims: dict[str, list[Any]] = {dim: result[dim].to_numpy().tolist() for dim in self.labels}
        of_dims["band"] = list(zip(of_dims["band"], band_ranges(result), strict=True))
        for dim, counter in self.labels.items():
            counter.update(of_dims[dim])
        result = result.drop_vars(BAND_LIMITS, errors="ignore")
        # Positions that differ from run to run, or are missing in one, would be lost in sums.
        for name in (name for name in _POSITION if name in result.coords):
            placed = self.positions[name]
            for channel, value in zip(result["channel"].to_numpy(), result[name].to_numpy(), strict=True):
                if value == value:  # is a number
                    placed.setdefault(channel, value)
        result = result.drop_vars(self.positions, errors="ignore")
        for name, array in _of_subject(result).items():
            self._add_of_subject(name, place, array)
        for name, array in _of_run(result).items():
            self.of_runs[name].append((number, array))

    def join(self, other: "_Sums") -> None:
        """Add all runs of another instance."""
        self.errors |= other.errors
        self.counts.update(other.counts)
        self.training_sets = other.training_sets | self.training_sets
        for dim, counter in other.labels.items():
            self.labels[dim].update(counter)
        for name, known in other.positions.items():
            self.positions[name] = known | self.positions[name]
        for name, totals in other.of_subjects.items():
            for place, array in totals.items():
                self._add_of_subject(name, place, array)
        for name, arrays in other.of_runs.items():
            self.of_runs[name] += arrays

    def _add_of_subject(self, name: str, place: tuple[str, str], array: xr.DataArray) -> None:
        totals = self.of_subjects[name]
        with xr.set_options(keep_attrs=True):  # type: ignore[no-untyped-call]
            totals[place] = totals[place] + array if place in totals else array

    def averages(self, networks: pd.DataFrame) -> Averages:
        """Return means within subjects, of what all networks share."""
        numbers = sorted(self.errors)
        notes, common = [], {}
        for dim, noun in _SHARED.items():
            # In the order of the first run.
            common[dim] = [label for label, times in self.labels[dim].items() if times == len(numbers)]
            lost = len(self.labels[dim]) - len(common[dim])
            if noun and lost:
                notes.append(
                    f"Not all networks have the same {noun}: {lost} of {len(self.labels[dim])} are left out of the "
                    "comparison."
                )
        positions = {
            name: (
                "channel",
                [known.get(channel, "" if name == "region" else np.nan) for channel in common["channel"]],
            )
            for name, known in self.positions.items()
        }
        ranges: dict[str, Ranges] = dict(common["band"])
        common["band"] = list(ranges)
        labels = networks.loc[numbers, list(LABELS)].astype(str)
        runs = {
            name: _side_by_side(
                [array for _, array in sorted(arrays, key=itemgetter(0))], common, "run", positions, ranges
            )
            .assign_coords(
                {"run": numbers} | {label: ("run", labels[label].to_numpy(str)) for label in LABELS}
            )
            .rename(name)
            for name, arrays in self.of_runs.items()
            if len(arrays) == len(numbers)
        }
        subjects = {}
        for name, totals in self.of_subjects.items():
            with xr.set_options(keep_attrs=True):  # type: ignore[no-untyped-call]
                means = [total / self.counts[place] for place, total in totals.items()]
            pairs = pd.MultiIndex.from_tuples(totals, names=("condition", "subject"))
            joined = _side_by_side(means, common, "pair", positions, ranges).assign_coords(
                xr.Coordinates.from_pandas_multiindex(pairs, "pair")
            )
            rest = [dim for dim in joined.dims if dim != "pair"]
            grid = {label: labels[label].unique() for label in ("condition", "subject")}
            subjects[name] = (
                joined.unstack("pair")  # noqa: PD010 (of xarray)
                .reindex(grid)
                .transpose("condition", "subject", *rest)
                .rename(name)
            )
        runs["amplitude"] = runs["amplitude"].rename(response_frequency="frequency")
        return Averages(networks, runs, subjects, self.training_sets, notes, self.errors)


def _side_by_side(
    arrays: Sequence[xr.DataArray],
    common: dict[str, list[Any]],
    dim: str,
    positions: dict[str, tuple[str, list[Any]]],
    ranges: dict[str, Ranges],
) -> xr.DataArray:
    """Join arrays on their common labels; filters that some of them lack are NaN there."""
    selected = [array.sel({name: common[name] for name in common if name in array.dims}) for array in arrays]
    joined = xr.concat(
        selected, dim, join="outer", combine_attrs="drop_conflicts", coords="minimal", compat="override"
    )
    joined = joined.assign_coords(positions) if "channel" in joined.dims else joined
    return with_ranges(joined, ranges) if "band" in joined.dims else joined


def _of_subject(result: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what is averaged within subjects."""
    arrays = {
        "band_contrast": _with_all_classes(result["band_contrast"]),
        "frequency_contrast": _with_all_classes(result["frequency_contrast"]).transpose(
            "target", "frequency", "channel"
        ),
        "time_contrast": _with_all_classes(result["time_contrast"]),
        "occupancy": result["occupancy"],
        **{name: xr.DataArray(result.attrs[name]) for name in _OF_SUBJECTS},
    }
    if "center_hz" in result:
        arrays["shift_hz"] = result["center_hz"] - result["initial_center_hz"]
    return arrays


def _of_run(result: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return the small arrays that are kept of every run."""
    arrays = {
        "contrast": result["band_contrast"].mean("target", keep_attrs=True),
        "amplitude": result["amplitude"].astype(np.float32),
    }
    if "pattern" in result:
        arrays["pattern"] = result["pattern"].astype(np.float32)
    if "peak_hz" in result:
        arrays["peak_hz"] = result["peak_hz"]
        arrays["initial_hz"] = result["initial_center_hz"]
    kept = ("importance", "measured_low_hz", "measured_high_hz", "exchanged_occupancy")
    return arrays | {name: result[name] for name in kept if name in result}


def _with_all_classes(contrast: xr.DataArray) -> xr.DataArray:
    """Put the mean over the classes first; for two classes keep only the mean, as they mirror each other."""
    everything = contrast.mean("target", keep_attrs=True).expand_dims(target=[ALL_CLASSES])
    if contrast.sizes["target"] == 2:
        return everything
    return xr.concat([everything, contrast], "target", combine_attrs="override")
