"""Row dataset: what a group keeps of the inspection of one network, labelled."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sincviz.analysis.evidence.prediction import ALL
from sincviz.analysis.filters.movements import exchanged_occupancy
from sincviz.analysis.filters.occupancy import band_occupancy
from sincviz.analysis.filters.transfer_function import amplitude_at, impulse_responses
from sincviz.eeg.band_limits import BAND_LIMITS
from sincviz.eeg.sums import WINDOW_LIMITS
from sincviz.errors import CheckpointError, EpochsError
from sincviz.inspection.explaining import WIDTH_S
from sincviz.inspection.inspection import Inspection, inspect
from sincviz.networks.front_ends import FrontEnd, front_end
from sincviz.networks.sinc_shallow import SincShallowNet
from sincviz.opening.checkpoints import load_checkpoint
from sincviz.population.rows.settings import RowSettings, trials_of
from sincviz.population.rows.windows import in_windows
from sincviz.trials.identity import remembers_all, training_trials
from sincviz.trials.reference import referenced_as_trained

BIN_HZ = 1.0
"""Relevance by frequency is summed over bins of this width, so that trials of different lengths can be compared."""

RESPONSE_STEP_HZ = 0.5
DEVIATION = "within-class SD of the score"
NUMBERS = ("accuracy", "majority", "balanced_accuracy", "chance_level", "p")
"""What is kept of :func:`sincviz.evidence.accuracies` of all trials, beside whether that is above chance."""


def inspect_row(row: Mapping[str, str], settings: RowSettings) -> xr.Dataset:
    """Inspect the network of one row on its trials, and return what a group needs of it.

    Parameters
    ----------
    row : mapping of str to str
        Of :func:`sincviz.population.manifest.read_manifest`.
    settings : RowSettings
        How it is read.

    Returns
    -------
    xarray.Dataset
        ``band_contrast`` (target, band, channel), ``frequency_contrast`` (target, channel, frequency) and
        ``time_contrast`` (target, channel, time), in windows of time: what separates the classes in each cell, divided
        by the standard deviation of the class's score within the classes, so that the sum over cells is the distance
        between the class means in standard deviations;
        ``amplitude`` (filter, response_frequency), each filter's response, of norm 1; ``peak_hz``, ``center_hz``,
        ``initial_center_hz`` (filter); ``pattern`` (filter, depth, channel) and ``importance`` (filter, depth), where
        they were measured; ``occupancy`` (training, band); ``exchanged_occupancy`` (filter, movement, band). ``attrs``
        say how well the network decodes, as :func:`sincviz.evidence.accuracies` does (``accuracy``, ``majority``,
        ``balanced_accuracy``, ``chance_level``, ``p``, ``above_chance``, ``unknown_because``), whether the trials were
        ``held_out`` (``"yes"``, ``"said"`` by the user, ``"no"``, ``"unknown"``), and hold the rest as JSON:
        ``not_readable_because`` is a list of the reasons of ``Inspection.verdict``.

    Raises
    ------
    SincvizError, ValueError, OSError
        If the checkpoint or the trials cannot be read, do not fit each other, or say nothing about classes.
    """
    trials = trials_of(dict(row), settings)
    model = load_checkpoint(
        row["checkpoint"],
        settings.ch_names,
        epochs=trials,
        montage=settings.montage,
        **settings.parameters,
    )
    if not isinstance(model, SincShallowNet):
        raise CheckpointError(
            f"{row['checkpoint']} contains an {type(model).__name__}; a group compares only SincShallowNets. Inspect "
            "it alone: `sincviz.inspect(sincviz.load_checkpoint(path), epochs)`."
        )
    trials = referenced_as_trained(trials, model, settings.reference)
    inspection = inspect(
        model,
        trials,
        only=settings.sections,
        held_out=settings.held_out,
        seed=settings.seed,
        progress=False,
    )
    result = row_dataset(front_end(model), inspection)
    result["exchanged_occupancy"] = exchanged_occupancy(model).astype(np.float32)
    return result


def row_dataset(front_end: FrontEnd, inspection: Inspection) -> xr.Dataset:
    """Return what a group needs of an inspection; see :func:`inspect_row`.

    Raises
    ------
    EpochsError
        If the classes of the trials are not known, or one has no trials.
    ValueError
        If relevance could not be measured, or the scores do not vary.
    """
    if inspection.class_relevance is None:
        raise ValueError(inspection.missing.get("class_relevance", "Relevance was not measured."))
    if inspection.accuracies is None or inspection.predictions is None:
        raise EpochsError(inspection.missing.get("accuracies", "The classes of the trials are not known."))
    empty = [name for name, count in (inspection.trials["classes"] or {}).items() if not count]
    if empty:
        raise EpochsError(
            f"There is no contrast between the classes: no trial is of class {', '.join(empty)}."
        )
    deviation = score_deviation(inspection.predictions)
    if not (deviation > 0).all():
        raise ValueError(
            "The scores of the network do not vary within the classes, so nothing can be measured in their standard "
            "deviations."
        )
    bands, spectrum, course = (inspection.class_relevance[name] for name in ("band", "spectral", "temporal"))
    if not np.isfinite(bands).all():
        raise ValueError(
            "The relevance of the network is not finite. Check whether its weights and the trials are."
        )
    spectrum = binned(spectrum.drop_vars("completeness_error", errors="ignore"))
    frequency_hz = np.arange(0, front_end.sfreq / 2 + RESPONSE_STEP_HZ / 2, RESPONSE_STEP_HZ)
    amplitude = amplitude_at(frequency_hz, impulse_responses(front_end), sfreq=front_end.sfreq)
    norm = np.linalg.norm(amplitude, axis=1, keepdims=True)
    arrays = {
        "band_contrast": bands / deviation,
        "frequency_contrast": spectrum / deviation,
        "time_contrast": in_windows(course) / deviation,
        "occupancy": band_occupancy(front_end),
        "amplitude": (
            ("filter", "response_frequency"),
            amplitude / np.where(norm > 0, norm, np.nan),
            {"units": "1"},
        ),
    }
    if inspection.spatial_patterns is not None:
        arrays["pattern"] = inspection.spatial_patterns
    if inspection.importance is not None:
        arrays["importance"] = inspection.importance["importance"]
    if inspection.bands is not None:
        start = inspection.bands[["initial_low_hz", "initial_high_hz"]].mean(axis=1, skipna=False)
        for name, column in (
            ("peak", inspection.bands["peak_hz"]),
            ("center", inspection.bands["center_hz"]),
            ("initial_center", start),
            ("measured_low", inspection.bands["measured_low_hz"]),
            ("measured_high", inspection.bands["measured_high_hz"]),
        ):
            arrays[f"{name}_hz"] = ("filter", column.to_numpy(float), {"units": "Hz"})
    kept = {"target", "band", "channel", "frequency", "filter", "depth", "training", "x", "y", "z", "region"}
    kept |= {"time", *BAND_LIMITS, *WINDOW_LIMITS}
    dataset = xr.Dataset(
        {
            name: array.drop_vars(set(array.coords) - kept) if isinstance(array, xr.DataArray) else array
            for name, array in arrays.items()
        },
        coords={"response_frequency": ("response_frequency", frequency_hz, {"units": "Hz"})},
    )
    for name in ("band_contrast", "frequency_contrast"):
        dataset[name].attrs = {"units": DEVIATION}
    dataset["time_contrast"].attrs = {"units": DEVIATION, "window_width_s": WIDTH_S}
    dataset.attrs = _facts(front_end, inspection)
    return dataset


def score_deviation(predicted: pd.DataFrame) -> xr.DataArray:
    """Return the standard deviation of each class score, within the trials of the class and within the others.

    Parameters
    ----------
    predicted : pandas.DataFrame
        What :func:`sincviz.evidence.predictions` returned for trials whose classes are known.

    Returns
    -------
    xarray.DataArray, dims (target,)
        Pooled over both groups; it is the same if the names of two classes are exchanged.

    Examples
    --------
    >>> table = pd.DataFrame({"true": ["a", "a", "b", "b"], "score_a": [3.0, 5.0, 0.0, 2.0]})
    >>> score_deviation(table).round(4).item()  # variances of 2 and 2
    1.4142
    """
    names = [column.removeprefix("score_") for column in predicted.columns if column.startswith("score_")]
    deviations = []
    for name in names:
        groups = predicted[f"score_{name}"].groupby(predicted["true"] == name)
        spread = groups.transform("mean").rsub(predicted[f"score_{name}"])
        free = len(predicted) - groups.ngroups
        deviations.append(np.sqrt((spread**2).sum() / free) if free > 0 else np.nan)
    return xr.DataArray(deviations, {"target": names}, ("target",), "score_deviation")


def binned(values: xr.DataArray, width_hz: float = BIN_HZ) -> xr.DataArray:
    """Sum values over bins of frequencies around the multiples of a width.

    Parameters
    ----------
    values : xarray.DataArray
        An array with the dimension ``frequency`` in Hz.
    width_hz : float
        Width of the bins; where the frequencies are farther apart they stay as they are.

    Examples
    --------
    >>> values = xr.DataArray([1.0, 2.0, 4.0, 8.0], {"frequency": [0.0, 0.4, 0.8, 1.2]})
    >>> binned(values).to_series().to_dict()
    {0.0: 3.0, 1.0: 12.0}
    """
    frequency_hz = values["frequency"].to_numpy()
    if len(frequency_hz) < 2 or frequency_hz[1] - frequency_hz[0] >= width_hz:
        return values
    nearest = width_hz * np.floor(frequency_hz / width_hz + 0.5)
    summed = values.assign_coords(frequency=nearest).groupby("frequency").sum(skipna=False)
    summed = summed.transpose(*values.dims).rename(values.name)
    summed["frequency"].attrs = dict(values["frequency"].attrs)
    return summed


def _facts(front_end: FrontEnd, inspection: Inspection) -> dict[str, Any]:
    assert inspection.accuracies is not None  # checked by the caller
    assert inspection.predictions is not None
    whole = inspection.accuracies.to_dict("index")[ALL]
    known = "seen_in_training" in inspection.predictions
    n_seen = int(inspection.predictions["seen_in_training"].sum()) if known else 0
    reasons = inspection.verdict["reasons"]
    user_says_held_out = inspection.predictions.attrs.get("held_out") == "said"
    evidence = {}
    if inspection.deletion is not None:
        evidence["deletion_area"] = float(inspection.deletion.attrs["accuracy_area"])
    return {
        **{name: float(whole[name]) for name in NUMBERS},
        "above_chance": str(whole["above_chance"]),
        "unknown_because": str(whole["unknown_because"]),
        "not_readable_because": json.dumps(reasons),
        "n_trials": int(whole["n_trials"]),
        # Trials that were prepared otherwise than those of the training are not recognised.
        "held_out": "no"
        if n_seen
        else "unknown"
        if "unknown_trials" in reasons
        else "said"
        if user_says_held_out
        else "yes",
        "n_seen": n_seen,
        "weights_sha256": front_end.weights_sha256,
        "trials_sha256": inspection.trials["sha256"],
        "sfreq_hz": front_end.sfreq,
        "network": json.dumps(inspection.network, sort_keys=True),
        "trials": json.dumps(inspection.trials, sort_keys=True),
        "errors": json.dumps(inspection.findings.query("severity == 'error'")["finding"].tolist()),
        "missing": json.dumps(inspection.missing, sort_keys=True),
        # A part of them would say too little about what networks have in common.
        "training_trials": json.dumps(
            training_trials(front_end.provenance) if remembers_all(front_end.provenance) else []
        ),
        **evidence,
    }
