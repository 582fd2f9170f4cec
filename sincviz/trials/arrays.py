"""Trials from array files and tables: NumPy, MATLAB and CSV."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sincviz._utils.text import listed, shown_name
from sincviz.eeg.channel_names import matched_names
from sincviz.errors import EpochsError, MissingDependencyError, warn
from sincviz.trials.event_classes import with_classes

ARRAY_KINDS = {
    ".npz": "a NumPy file (.npz)",
    ".npy": "a NumPy array (.npy)",
    ".mat": "a MATLAB file (.mat)",
    ".csv": "a CSV file (.csv)",
    ".tsv": "a TSV file (.tsv)",
}
HOW_TO_MAKE = (
    "In Python: `mne.EpochsArray(x, mne.create_info(ch_names, sfreq, 'eeg'), events)`, with x in volts, shape (trials, "
    "channels, times)."
)
UNITS_PER_VOLT = {"V": 1.0, "mV": 1e3, "uV": 1e6}

_DATA = ("x", "data", "epochs", "trials", "signals", "eeg")
_LABELS = ("y", "labels", "label", "targets", "target", "classes", "conditions", "events")
_RATES = ("sfreq", "fs", "srate", "sampling_rate", "sample_rate")
_NAMES = ("ch_names", "channels", "channel_names", "electrodes", "clab")
_TRIAL = ("epoch", "trial")
_TIME = ("time", "t", "seconds")
_LARGEST_V = 1e-3  # of EEG in volts
_SMALLEST_UV = 2.0  # of EEG in microvolts; standardised trials have 1
_LARGEST_UV = 1e3


def epochs_of_arrays(
    path: Path,
    *,
    classes: Mapping[str, object] | None = None,
    sfreq: float | None = None,
    ch_names: Sequence[str] | None = None,
    units: str | None = None,
) -> mne.BaseEpochs:
    """Return the epochs of an array file; see :func:`sincviz.trials.files.epochs_of_file`."""
    table = path.suffix.lower() in (".csv", ".tsv")
    contents = _of_table(path, ch_names) if table else _by_role(_stored(path), ch_names)
    rate, names, trials = contents.get("sfreq", sfreq), contents.get("ch_names", ch_names), contents["trials"]
    if rate is None or names is None:
        lacking = {
            "sampling rate (`--sfreq 250`, `sfreq`)": rate,
            "channels (`--channels C3,Cz`, `ch_names`)": names,
        }
        raise EpochsError(
            f"It holds trials of shape {trials.shape}, but not their "
            f"{' or '.join(name for name, value in lacking.items() if value is None)}."
        )
    if sfreq is not None and not np.isclose(rate, sfreq, rtol=1e-3):
        raise EpochsError(
            f"The file says {rate:g} Hz, `sfreq` {sfreq:g} Hz. Leave out `sfreq` (`--sfreq`), or correct the file."
        )
    if len(names) != trials.shape[1]:
        raise EpochsError(f"There are {trials.shape[1]} channels, but {len(names)} names: {listed(names)}.")
    factor = _units_per_volt(trials, units)
    codes, event_id = _events(contents.get("labels"), len(trials))
    info = mne.create_info([str(name) for name in names], float(rate), "eeg")
    events = np.stack([np.arange(len(trials)) * trials.shape[2], np.zeros(len(trials), int), codes], 1)
    epochs = mne.EpochsArray(trials / factor, info, events, event_id=event_id, verbose="error")
    return with_classes(epochs, classes)


def check_units(units: str) -> None:
    """Raise an error for unknown units.

    Raises
    ------
    ValueError
        With a suggestion of a similar unit, if there is one.
    """
    if units not in UNITS_PER_VOLT:
        plain = str(units).lower().replace("\u00b5", "u").replace("\u03bc", "u")  # both signs of micro
        meant = next((f" Try {unit}." for unit in UNITS_PER_VOLT if unit.lower() == plain), "")
        raise ValueError(
            f"`--units` (`units`) must be one of {', '.join(UNITS_PER_VOLT)}; got {units!r}.{meant}"
        )


def _stored(path: Path) -> dict[str, Any]:
    """Return the arrays of a file by name; nothing in it is executed."""
    kind = path.suffix.lower()
    if kind == ".npy":
        return {"x": _without_objects("x", lambda: np.load(path, allow_pickle=False))}
    if kind == ".npz":
        with np.load(path, allow_pickle=False) as stored:
            return {name: _without_objects(name, partial(stored.get, name)) for name in stored.files}
    import scipy.io

    try:
        return _flat(scipy.io.loadmat(path, simplify_cells=True))
    except NotImplementedError:  # version 7.3, which is HDF5
        try:
            from pymatreader import read_mat
        except ImportError as error:
            raise MissingDependencyError(
                "MATLAB files of version 7.3 need pymatreader. Install it: pip install 'sincviz[eeglab]'; or save "
                "with `save(..., '-v7')`."
            ) from error
        return _flat(read_mat(path))


def _without_objects(name: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except ValueError as error:
        if not str(error).startswith("Object arrays"):
            raise
        raise EpochsError(
            f"Its array {shown_name(name)} holds Python objects, and loading these can run code, so it is not "
            "loaded. Save the file again with text or numbers in it: `y.astype(str)` for labels, `x.astype(float)` for "
            "trials."
        ) from error


def _flat(stored: Mapping[str, Any], depth: int = 2) -> dict[str, Any]:
    """Return variables, and fields of structures, by name."""
    variables: dict[str, Any] = {}
    for name, value in stored.items():
        if isinstance(value, Mapping) and depth:
            variables |= {key: one for key, one in _flat(value, depth - 1).items() if key not in variables}
        elif not name.startswith("__"):
            variables[name] = value
    return variables


def _by_role(stored: Mapping[str, Any], ch_names: Sequence[str] | None) -> dict[str, Any]:
    """Return trials, labels, sampling rate and channel names, as far as the file has them."""
    arrays = {name: np.asarray(value) for name, value in stored.items()}
    contents = ", ".join(f"{name} {array.shape}" for name, array in list(arrays.items())[:20]) or "nothing"
    cubes = {name: array for name, array in arrays.items() if array.ndim == 3 and array.dtype.kind in "fiu"}
    name = next(iter(cubes)) if len(cubes) == 1 else _named(cubes, _DATA)
    if name is None:
        raise EpochsError(
            "There must be one array of shape (trials, channels, times), or one of several must be called x or "
            "data. It "
            f"holds: {contents}."
        )
    cube = cubes[name]
    rates = {key: array for key, array in arrays.items() if array.size == 1 and array.dtype.kind in "fiu"}
    rate, named = _named(rates, _RATES), _named(arrays, _NAMES)
    labels = _named({key: array for key, array in arrays.items() if array.squeeze().ndim == 1}, _LABELS)
    roles: dict[str, Any] = {}
    if rate is not None:
        roles["sfreq"] = float(arrays[rate].item())
    if named is not None and arrays[named].dtype.kind in "UO" and arrays[named].squeeze().ndim == 1:
        roles["ch_names"] = [str(one).strip() for one in arrays[named].squeeze().tolist()]
    if labels is not None and arrays[labels].dtype.kind in "fiubUO":
        roles["labels"] = arrays[labels].squeeze()
    names = roles.get("ch_names", ch_names)
    n_labels = len(roles["labels"]) if "labels" in roles else None
    roles["trials"] = _in_order(cube, n_labels, None if names is None else len(names))
    return roles


def _in_order(cube: NDArray[Any], n_trials: int | None, n_chans: int | None) -> NDArray[Any]:
    """Return an array with trials first and times last, if labels and names determine which axis is which."""

    def fits(axes: tuple[int, ...]) -> bool:
        return n_trials in (None, cube.shape[axes[0]]) and n_chans in (None, cube.shape[axes[1]])

    ways = [axes for axes in permutations(range(3)) if fits(axes)]
    if (0, 1, 2) in ways:
        return cube
    if len(ways) != 1:
        known = " and ".join(
            f"{number} {what}"
            for number, what in ((n_trials, "labels"), (n_chans, "names of channels"))
            if number
        )
        raise EpochsError(
            f"Trials must have the shape (trials, channels, times); got {cube.shape}, with {known or 'no labels'}."
        )
    words = ("trials", "channels", "times")
    order = ", ".join(words[ways[0].index(axis)] for axis in range(3))
    warn(f"The array of shape {cube.shape} is read as ({order}), by the numbers of labels and channels.")
    return cube.transpose(ways[0])


def _of_table(path: Path, ch_names: Sequence[str] | None) -> dict[str, Any]:
    """Return the contents of a table with one row per sample: columns of trials, labels, times and channels."""
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        header = lines.readline()
    separator = max(",;\t", key=header.count)
    table = pd.read_csv(path, sep=separator, decimal="," if separator == ";" else ".", encoding="utf-8-sig")
    table.columns = [str(name).strip() for name in table.columns]
    trial, time, label = (_named(table, names) for names in (_TRIAL, _TIME, ("condition", *_LABELS)))
    if trial is None:
        raise EpochsError(
            "There must be one row per sample, and a column `epoch` (or `trial`) with the trial numbers; a "
            "column `condition` (or "
            f"`label`) may name their classes, as `epochs.to_data_frame()` writes it. The columns are: "
            f"{listed(list(table.columns))}."
        )
    others = [name for name in table.columns if name not in (trial, time, label)]
    if ch_names is None:
        names = [name for name in others if pd.api.types.is_numeric_dtype(table[name])]
        columns = dict(zip(names, names, strict=True))
    else:
        columns, _ = matched_names(list(ch_names), others)
        lacking = [name for name in ch_names if name not in columns]
        if lacking:
            raise EpochsError(f"There is no column for {listed(lacking)}. The columns are: {listed(others)}.")
    if not columns:
        raise EpochsError(f"No column holds numbers. The columns are: {listed(others)}.")
    groups = table.groupby(trial, sort=False)
    sizes = groups.size()
    if len(sizes) == 0 or sizes.min() != sizes.max():
        raise EpochsError(
            f"Trials must have equal length; they have {sizes.min()} to {sizes.max()} rows. Crop the longer ones."
        )
    rows = np.argsort(groups.ngroup().to_numpy(), kind="stable")
    values = (
        table[list(columns.values())]
        .to_numpy(float)[rows]
        .reshape(len(sizes), int(sizes.iloc[0]), len(columns))
    )
    roles: dict[str, Any] = {"trials": values.transpose(0, 2, 1), "ch_names": list(columns)}
    if label is not None:
        first = groups[label].transform("first")
        if not table[label].equals(first):
            raise EpochsError(f"The column {label!r} must not change within a trial, nor be empty.")
        roles["labels"] = groups[label].first().to_numpy()
    if time is not None and sizes.iloc[0] > 1:
        step = float(np.median(np.diff(table[time].to_numpy(float)[rows][: int(sizes.iloc[0])])))
        if 0 < step < 0.1:  # seconds; in milliseconds it would be one or more
            roles["sfreq"] = round(1 / step, 3)
    return roles


def _units_per_volt(trials: NDArray[Any], units: str | None) -> float:
    """Return the file's units per volt, as given, or as guessed from the values with a warning."""
    if units is not None:
        return UNITS_PER_VOLT[units]
    size = float(np.median(np.nanstd(trials, axis=2, dtype=float)))
    if 0 < size < _LARGEST_V:
        guessed = "V"
    elif _SMALLEST_UV <= size <= _LARGEST_UV:
        guessed = "uV"
    else:
        raise EpochsError(
            f"The file does not store its units: a channel's standard deviation is typically {size:.3g}, which is "
            "neither that of EEG in volts nor in microvolts. Pass them: `--units uV` (`units`; V, mV or uV). Values "
            "that a network was trained on as they are can be passed as uV if its `scale` is 1e6."
        )
    in_words = "volts" if guessed == "V" else "microvolts"
    warn(
        f"The values are assumed to be in {in_words}: a channel's standard deviation is typically {size:.3g}. "
        "To confirm or "
        f"correct this, pass `--units {guessed}` (`units`)."
    )
    return UNITS_PER_VOLT[guessed]


def _events(labels: NDArray[Any] | None, n_trials: int) -> tuple[NDArray[np.int64], dict[str, int]]:
    """Return the code of each trial and the names of the codes; whole numbers are their own codes."""
    if labels is None:
        warn("The file holds no labels (y), so the classes of its trials are not known.")
        return np.ones(n_trials, np.int64), {"unlabelled": 1}
    if len(labels) != n_trials:
        raise EpochsError(f"There are {n_trials} trials, but {len(labels)} labels.")
    values = labels.tolist()
    if all(isinstance(value, int | float) and float(value).is_integer() for value in values):
        codes = np.array(values, dtype=float).astype(np.int64)
        return codes, {str(code): int(code) for code in np.unique(codes)}
    names = sorted({str(value) for value in values})
    numbers = {name: number for number, name in enumerate(names, 1)}
    return np.array([numbers[str(value)] for value in values], np.int64), numbers


def _named(stored: Any, names: Sequence[str]) -> str | None:
    """Return the first of the names that exists, in its stored spelling."""
    spelling = {str(name).lower(): str(name) for name in stored}
    return next((spelling[name] for name in names if name in spelling), None)
