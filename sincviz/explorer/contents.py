"""Contents: what an explorer of one network shows, as one labelled dataset."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.text import class_words
from sincviz.analysis.evidence.band_replacement import in_bands
from sincviz.analysis.labels import channel_coords, class_labels
from sincviz.analysis.statistics.two_classes import FIRST, SECOND
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.eeg.role_words import REDUNDANT, SUPPRESSOR
from sincviz.explorer.axes import relevance_over_axes
from sincviz.explorer.scalp import SIZE, scalp_arrays
from sincviz.explorer.shown_trials import with_trials
from sincviz.networks.front_ends import FrontEnd
from sincviz.trials.epochs import EpochsOrArray, n_trials_of, network_input, some_of

MOST_TRIALS = 90
MOST_BYTES = 5_500_000
"""Of a page, so that 6 MB leave room for what stands around it."""

_RESPONSES = 257  # frequencies


def explorer_dataset(
    front_end: FrontEnd,
    epochs: EpochsOrArray | None = None,
    codes: NDArray[np.int64] | None = None,
    *,
    bands: pd.DataFrame,
    numbers: NDArray[np.int64] | None = None,
    importance: xr.Dataset | None = None,
    drift: pd.DataFrame | None = None,
    response: xr.Dataset | None = None,
    spatial_filters: xr.DataArray | None = None,
    spatial_patterns: xr.DataArray | None = None,
    relevance: xr.DataArray | None = None,
    spectral_relevance: xr.DataArray | None = None,
    temporal_relevance: xr.DataArray | None = None,
    time_frequency_relevance: xr.DataArray | None = None,
    band_relevance: xr.DataArray | None = None,
    cell_relevance: xr.DataArray | None = None,
    predictions: pd.DataFrame | None = None,
    accuracies: pd.DataFrame | None = None,
    findings: pd.DataFrame | None = None,
    cutoff_history: pd.DataFrame | None = None,
    roles: xr.Dataset | None = None,
    words: Mapping[str, Any] | None = None,
    most_trials: int = MOST_TRIALS,
    most_bytes: float = MOST_BYTES,
    seed: int = 0,
) -> xr.Dataset:
    """Return everything that an explorer shows; what was not measured is not in it.

    Parameters
    ----------
    front_end : FrontEnd
        The network.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times), or None
        The trials that it is read from.
    codes : array of int, shape (trials,), or None
        The class of each trial.
    bands : pandas.DataFrame
        What :func:`sincviz.learned_bands` returned.
    numbers : array of int, shape (trials,), or None
        The number of each trial in ``predictions``; ``None``: trials are numbered as they come.
    importance, drift, response, spatial_filters, spatial_patterns, relevance, spectral_relevance, band_relevance
        Results of the functions of these names; ``band_relevance`` with intervals and p where these were measured.
    temporal_relevance, time_frequency_relevance : xarray.DataArray
        The same relevance as ``spectral_relevance``, over times, and over frequencies and times.
    cell_relevance : xarray.DataArray, dims (trial, target, band, channel)
        Of each of ``epochs``.
    predictions, accuracies, findings, cutoff_history : pandas.DataFrame
        Results of these names.
    roles : xarray.Dataset
        What :func:`sincviz.evidence.roles` returned, for the targets and bands of ``band_relevance``.
    words : mapping
        What is said and not measured here: ``title``, ``kind``, ``verdict``, ``readable``, ``held_out_words``,
        ``accuracy_words``, ``history``; the files ``model`` and ``epochs``, and whether ``labels`` were
        given with them.
    most_trials : int
        So many trials are shown, drawn evenly from the classes, or as many as fit in ``most_bytes``.
    most_bytes : float
        Of the page.
    seed : int
        Seed of the draw.

    Returns
    -------
    xarray.Dataset
        Arrays; text and small tables in ``attrs``. :func:`sincviz.explorer.payload.payload_text` writes it.

    Examples
    --------
    >>> from sincviz import SincShallowNet, learned_bands
    >>> from sincviz.networks import front_end
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> trials = np.random.default_rng(0).standard_normal((4, 3, 256))
    >>> contents = explorer_dataset(front_end(model), trials, np.array([0, 1, 0, 1]), bands=learned_bands(model))
    >>> contents.attrs["trials_words"], contents.attrs["can_recompute"]
    ('all 4 trials', True)
    """
    said = dict(words or {})
    n_chans = front_end.n_chans
    channels = xr.DataArray(np.zeros(n_chans), channel_coords(front_end, n_chans), ("channel",))
    contents = xr.Dataset(
        _of_filters(bands, importance, drift, response, relevance, cutoff_history)
        | _maps(spatial_filters, spatial_patterns)
        | _of_bands_and_filters(band_relevance, relevance)
        | _roles(roles, band_relevance),
        {"filter": bands.index.to_numpy()},
    )
    over_axes = relevance_over_axes(
        spectral_relevance, temporal_relevance, time_frequency_relevance, most_bytes
    )
    contents = contents.merge(over_axes).merge(scalp_arrays(channels))
    n_times = (
        front_end.n_times if epochs is None else network_input(front_end, some_of(epochs, slice(1))).shape[2]
    )
    targets = _targets(spectral_relevance, band_relevance, relevance)
    names = [str(name) for name in channels["channel"].to_numpy()]
    contents.attrs = {
        "kind": said.get("kind", "Network"),
        "title": said.get("title", ""),
        "readable": bool(said.get("readable", False)),
        "verdict": said.get("verdict", ""),
        "class_names": class_labels(front_end, front_end.n_outputs),
        "ch_names": names,
        "sfreq_hz": front_end.sfreq,
        "unit": "",
        "trials_words": "no trials",
        "held_out_words": said.get("held_out_words"),
        "accuracy": _accuracy(accuracies, said.get("accuracy_words")),
        "bands": _bands(band_relevance, n_times, front_end.sfreq),
        "targets": targets,
        "target_classes": _classes_of(targets, front_end.n_outputs),
        "contrast": spectral_relevance is not None and spectral_relevance.attrs.get("trials") == "contrast",
        **over_axes.attrs,
        "relevance_words": None if spectral_relevance is None else _relevance_words(spectral_relevance),
        "importance_words": None if importance is None else _importance_words(importance),
        "findings": _findings(findings),
        "padding": front_end.padding,
        "topomap_size": SIZE,
        "n_units_per_filter": front_end.spatial.shape[1],
        "python": {
            "model": said.get("model"),
            "epochs": said.get("epochs"),
            "labels": bool(said.get("labels", False)),
            "ch_names": names,
        },
        "history": said.get("history"),
        "can_recompute": False,
        "why_not": "No trials were given.",
        "can_edit_cutoffs": False,
        "score_error": None,
    }
    if epochs is None:
        return contents
    return with_trials(
        contents,
        front_end,
        epochs,
        codes,
        numbers=np.arange(n_trials_of(epochs)) if numbers is None else numbers,
        cell_relevance=cell_relevance,
        predictions=predictions,
        most_trials=most_trials,
        most_bytes=most_bytes,
        seed=seed,
    )


def _of_filters(
    bands: pd.DataFrame,
    importance: xr.Dataset | None,
    drift: pd.DataFrame | None,
    response: xr.Dataset | None,
    relevance: xr.DataArray | None,
    history: pd.DataFrame | None,
) -> dict[str, Any]:
    arrays: dict[str, Any] = {
        "nominal_low_hz": ("filter", bands["low_hz"].to_numpy(float)),
        "nominal_high_hz": ("filter", bands["high_hz"].to_numpy(float)),
        **{
            name: ("filter", bands[name].to_numpy(float))
            for name in ("measured_low_hz", "measured_high_hz", "peak_hz")
        },
        "rhythm": ("filter", bands["rhythm"].to_numpy(str)),
    }
    initial = bands[["initial_low_hz", "initial_high_hz"]].to_numpy(float)
    if np.isfinite(initial).any():
        arrays["initial_cutoffs_hz"] = (("filter", "limit"), initial)
    if importance is not None:
        arrays["importance"] = ("filter", importance["filter_importance"].to_numpy())
    if drift is not None:
        arrays["drift_hz"] = ("filter", drift["center_shift_hz"].to_numpy(float))
    if response is not None:
        few = response["magnitude_db"].isel(frequency=_spread(response.sizes["frequency"]))
        arrays["response_hz"] = ("response", few["frequency"].to_numpy())
        arrays["response_db"] = (("filter", "response"), few.transpose("filter", "frequency").to_numpy())
    if relevance is not None:
        of_filters = np.abs(relevance.sum("channel").transpose("target", "filter").to_numpy())
        known = of_filters[np.isfinite(of_filters).all(1)].sum(0)
        arrays["relevance_share"] = ("filter", known / known.sum() if known.sum() > 0 else known * np.nan)
    if history is not None:
        ordered = history.sort_values(["epoch", "filter"])[["low_hz", "high_hz"]]
        limits = ordered.to_numpy(float).reshape(history["epoch"].nunique(), -1, 2)
        arrays["history_cutoffs_hz"] = (("epoch", "filter", "limit"), limits)
    return arrays


def _spread(n: int) -> slice:
    """Return every n-th of the frequencies of a response, the first and the last among them."""
    return slice(None, None, max(1, round((n - 1) / (_RESPONSES - 1))))


def _maps(weights: xr.DataArray | None, patterns: xr.DataArray | None) -> dict[str, Any]:
    dims = ("filter", "depth", "channel")
    maps = {"spatial": weights, "patterns": patterns}
    return {name: (dims, of.transpose(*dims).to_numpy()) for name, of in maps.items() if of is not None}


def _of_bands_and_filters(cells: xr.DataArray | None, of_filters: xr.DataArray | None) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    if cells is not None:
        dims = ("target", "band", "channel")
        cells = cells.transpose(*dims)
        arrays["band_relevance"] = (dims, cells.to_numpy())
        for name, coord in (("band_ci_low", "ci_low"), ("band_ci_high", "ci_high"), ("band_p", "p")):
            if coord in cells.coords:
                arrays[name] = (dims, cells[coord].transpose(*dims).to_numpy())
    if of_filters is not None:
        dims = ("target", "filter", "channel")
        arrays["filter_relevance"] = (dims, of_filters.transpose(*dims).to_numpy())
    return arrays


def _roles(roles: xr.Dataset | None, cells: xr.DataArray | None) -> dict[str, Any]:
    """Return which cells are suppressors, 1, or redundant, 2."""
    if roles is None or cells is None:
        return {}
    dims = ("target", "band", "channel")
    codes = (roles["role"] == SUPPRESSOR) + 2 * (roles["role"] == REDUNDANT)
    like = {dim: cells[dim].to_numpy() for dim in dims}
    return {"band_role": (dims, codes.reindex(like, fill_value=0).transpose(*dims).to_numpy())}


def _bands(cells: xr.DataArray | None, n_times: int | None, sfreq_hz: float) -> list[dict[str, Any]]:
    """Return the bands with what they cover, in Hz and as numbers of a trial's frequencies, the last excluded."""
    if cells is None or n_times is None:
        return []
    ranges = ranges_by_name(cells)
    bands = []
    for name in cells["band"].to_numpy():
        covered = ranges[str(name)]
        inside = in_bands(covered, n_times, sfreq_hz).any(0) if covered else np.zeros(0, bool)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
        bands.append(
            {
                "name": str(name),
                "words": band_words(str(name), ranges),
                "ranges_hz": [list(limits) for limits in covered],
                "bins": edges.reshape(-1, 2).tolist(),
            }
        )
    return bands


def _targets(*results: xr.DataArray | None) -> list[str]:
    return next(
        (result["target"].to_numpy().astype(str).tolist() for result in results if result is not None), []
    )


def _classes_of(targets: list[str], n_classes: int) -> list[list[int | None]]:
    """Return for each target the class that positive relevance speaks for, and the one against it, if it is one."""
    if len(targets) == 1 and n_classes == 2:
        return [[0, 1]]
    return [[number, 1 - number if n_classes == 2 else None] for number in range(len(targets))]


def _relevance_words(spectrum: xr.DataArray) -> str:
    averaged = {
        "contrast": "the mean over the trials of the class minus the mean over the others",
        "all": "the mean over all trials",
    }
    if "contrast_of" in spectrum.attrs:
        first, second = (class_words(str(spectrum[name].item())) for name in (FIRST, SECOND))
        return (
            f"Shares of the change of the score difference, {first} minus {second}, from a silent input, in units of "
            f"the score: the mean over the trials of {first} minus the mean over those of {second}."
        )
    what = {
        "score": "class score",
        "margin": "margin over the best other class",
        "log_probability": "log probability",
    }
    explained = what[str(spectrum.attrs.get("explain", "score"))]
    over = averaged[str(spectrum.attrs.get("trials", "all"))]
    return f"Shares of the change of the {explained} from a silent input, in units of the score: {over}."


def _importance_words(importance: xr.Dataset) -> str:
    if importance.attrs.get("spread") == "over trials":
        return "Importance: how much what the filter adds to the scores varies over trials, in units of the score."
    return "Importance: the norm of the filter's weights in the last layer; no trials were given."


def _accuracy(accuracies: pd.DataFrame | None, words: str | None) -> dict[str, Any] | None:
    """Return the accuracy of the trials that the network is read from: those held out, if there are any."""
    if accuracies is None:
        return None
    row = accuracies.loc["held out" if "held out" in accuracies.index else "all"].to_dict()
    return {
        "value": float(row["accuracy"]),
        "ci_low": float(row["ci_low"]),
        "ci_high": float(row["ci_high"]),
        "chance": float(row["majority"]),
        "n_trials": int(row["n_trials"]),
        "words": words,
    }


def _findings(findings: pd.DataFrame | None) -> list[dict[str, Any]]:
    if findings is None:
        return []
    return [
        {
            "severity": str(row["severity"]),
            "message": f"{row['finding']} {row['evidence']}".strip(),
            "remedy": str(row["remedy"]),
            "filters": [int(number) for number in str(row["filters"]).split(", ") if number],
        }
        for row in findings.to_dict("records")
    ]
