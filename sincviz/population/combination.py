"""Stored rows put together: one pass over the files, runs averaged within subjects, nothing large kept."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sincviz.population.manifest import LABELS
from sincviz.population.row_store import stored_row

ALL_CLASSES = "all classes"
READ, LEFT_OUT, FAILED = STATUSES = ("read", "left out", "failed")
_OF_ROWS = ("accuracy", "chance_level", "n_trials", "held_out", "weights_sha256", "sfreq_hz", "deletion_area")
_SAME = ("target", "band", "channel", "frequency", "response_frequency")


@dataclass
class Averages:
    """What all rows together say, runs averaged within subjects.

    Attributes
    ----------
    networks : pandas.DataFrame
        One row per row of the manifest, with its status and why.
    runs : dict of str to xarray.DataArray
        Small arrays of every run, over ``run`` first: ``contrast`` (band, channel), ``amplitude`` (filter, frequency),
        ``pattern`` (filter, depth, channel), ``peak_hz``, ``shift_hz``, ``initial_hz`` (filter).
    subjects : dict of str to xarray.DataArray
        Over ``condition`` and ``subject``: ``band_contrast``, ``frequency_contrast``, ``occupancy``, ``shift_hz``,
        ``accuracy``, ``chance_level``.
    training_sets : dict of (str, str) to frozenset of str
        Hashes of the training trials of one network of each condition and subject, where they are known.
    notes : list of str
        What had to be left out of the arrays.
    errors : dict of int to list of str
        What is seriously wrong with networks, by row.
    """

    networks: pd.DataFrame
    runs: dict[str, xr.DataArray] = field(default_factory=dict)
    subjects: dict[str, xr.DataArray] = field(default_factory=dict)
    training_sets: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    errors: dict[int, list[str]] = field(default_factory=dict)


def combine(rows: pd.DataFrame, keys: pd.Series, errors: pd.Series, folder: Path) -> Averages:
    """Read the stored results one after the other and average those of each subject.

    Parameters
    ----------
    rows : pandas.DataFrame
        What :func:`sincviz.population.manifest.read_manifest` returned.
    keys, errors : pandas.Series
        What :func:`sincviz.population.row_runs.read_rows` returned.
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
    heads: dict[int, xr.Dataset] = {}
    for number, key in zip(keys.index.tolist(), keys.tolist(), strict=True):
        if not key:
            continue
        found = stored_row(folder, key)
        networks.loc[number, ["status", "stored"]] = READ, f"{key}.nc"
        for name in _OF_ROWS:
            if name in found.attrs:
                networks.loc[number, name] = found.attrs[name]
        contrast = found["band_contrast"]
        networks.loc[number, "score_sum"] = float(contrast.sum(["band", "channel"]).mean())
        if found.attrs["held_out"] == "no":
            networks.loc[number, ["status", "reason"]] = (
                LEFT_OUT,
                f"{found.attrs['n_seen']} of its {found.attrs['n_trials']} trials were used in training",
            )
        else:
            heads[number] = found[[*set(_SAME) & set(found.coords)]]
    _leave_out_strangers(networks, heads)
    averages = Averages(networks)
    used = networks.index[networks["status"] == READ]
    if len(used):
        common = _common(averages, [heads[number] for number in used])
        _average(averages, {number: keys[number] for number in used}, common, folder)
    return averages


def _leave_out_strangers(networks: pd.DataFrame, heads: dict[int, xr.Dataset]) -> None:
    """Leave out rows whose classes are not those of most."""
    classes = {number: tuple(head["target"].to_numpy().tolist()) for number, head in heads.items()}
    if not classes:
        return
    usual = Counter(classes.values()).most_common(1)[0][0]
    for number, own in classes.items():
        if own != usual:
            networks.loc[number, ["status", "reason"]] = (
                LEFT_OUT,
                f"its classes are {', '.join(own)}; those of most networks {', '.join(usual)}",
            )


def _common(averages: Averages, heads: Sequence[xr.Dataset]) -> dict[str, list[Any]]:
    """Return what all rows share of each dimension, in the order of the first."""
    common = {}
    for dim, noun in (("channel", "channels"), ("frequency", "frequencies"), ("response_frequency", "")):
        shared = set.intersection(*(set(head[dim].to_numpy().tolist()) for head in heads))
        common[dim] = [value for value in heads[0][dim].to_numpy().tolist() if value in shared]
        every = set.union(*(set(head[dim].to_numpy().tolist()) for head in heads))
        if noun and len(every) > len(shared):
            averages.notes.append(
                f"Not all networks have the same {noun}: {len(every) - len(shared)} of {len(every)} are left out "
                "of what is compared."
            )
    return common


def _average(averages: Averages, keys: dict[int, str], common: dict[str, list[Any]], folder: Path) -> None:
    conditions = list(dict.fromkeys(averages.networks.loc[list(keys), "condition"]))
    subjects = list(dict.fromkeys(averages.networks.loc[list(keys), "subject"]))
    sums: dict[str, xr.DataArray] = {}
    counts = np.zeros((len(conditions), len(subjects)))
    of_runs: dict[str, list[xr.DataArray]] = {}
    for number, key in keys.items():
        row = averages.networks.loc[number]
        place = conditions.index(row["condition"]), subjects.index(row["subject"])
        counts[place] += 1
        found = stored_row(folder, key)
        averages.errors[number] = json.loads(found.attrs["errors"])
        found = found.sel({dim: values for dim, values in common.items() if dim in found.dims})
        known = frozenset(json.loads(found.attrs["training_trials"]))
        if known:
            averages.training_sets.setdefault((str(row["condition"]), str(row["subject"])), known)
        for name, array in _of_subject(found).items():
            if name not in sums:
                empty = xr.zeros_like(array).expand_dims(condition=conditions, subject=subjects)
                sums[name] = empty.copy(deep=True)
            if sums[name].shape[2:] == array.shape:
                sums[name][place] += array.to_numpy()
            else:  # another number of filters
                sums[name][place] = np.nan
        for name, array in _of_run(found).items():
            of_runs.setdefault(name, []).append(array)
    with np.errstate(invalid="ignore"):
        divisor = xr.DataArray(np.where(counts > 0, counts, np.nan), dims=("condition", "subject"))
    for name, total in sums.items():
        mean = (total / divisor).transpose(*total.dims)
        averages.subjects[name] = mean.rename(name).assign_attrs(total.attrs)
    coords: dict[str, Any] = {"run": list(keys)}
    coords |= {label: ("run", averages.networks.loc[list(keys), label].to_numpy(str)) for label in LABELS}
    for name, arrays in of_runs.items():
        if len(arrays) == len(keys):
            joined = xr.concat(arrays, "run", join="outer", combine_attrs="override")
            averages.runs[name] = joined.assign_coords(coords).rename(name)


def _of_subject(found: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what is averaged within subjects."""
    arrays = {
        "band_contrast": _with_all_classes(found["band_contrast"]),
        "frequency_contrast": _with_all_classes(found["frequency_contrast"]).transpose(
            "target", "frequency", "channel"
        ),
        "occupancy": found["occupancy"],
        "accuracy": xr.DataArray(found.attrs["accuracy"]),
        "chance_level": xr.DataArray(found.attrs["chance_level"]),
    }
    if "center_hz" in found:
        arrays["shift_hz"] = found["center_hz"] - found["initial_center_hz"]
    return arrays


def _of_run(found: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return the small arrays that are kept of every run."""
    amplitude = found["amplitude"].astype(np.float32).rename(response_frequency="frequency")
    arrays = {
        "contrast": found["band_contrast"].mean("target", keep_attrs=True),
        "amplitude": amplitude,
    }
    if "pattern" in found:
        arrays["pattern"] = found["pattern"].astype(np.float32)
    if "peak_hz" in found:
        arrays["peak_hz"] = found["peak_hz"]
        arrays["initial_hz"] = found["initial_center_hz"]
    return arrays


def _with_all_classes(contrast: xr.DataArray) -> xr.DataArray:
    """Put the mean over the classes first; of two classes it alone is kept, as they mirror each other."""
    everything = contrast.mean("target", keep_attrs=True).expand_dims(target=[ALL_CLASSES])
    if contrast.sizes["target"] == 2:
        return everything
    return xr.concat([everything, contrast], "target", combine_attrs="override")
