"""Exchangeability: which trials may swap labels if labels mean nothing (recordings, blocks, shared signal)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
from numpy.typing import NDArray

from sincviz._utils.text import joined
from sincviz.analysis.statistics.shared_signal import probe_channels, shared_signal
from sincviz.analysis.statistics.time_trends import stretches_of_time, trend_p
from sincviz.networks.decoder import Decoder
from sincviz.trials.epochs import EpochsOrArray, gathered, is_epochs, n_trials_of
from sincviz.trials.recording_levels import LEVELS, UNKNOWN, levels_of, same_name

RECORDING = (*LEVELS[:-1], "part")
"""Levels that distinguish recordings; ``part`` is used if the sample numbers of events start again."""

STRUCTURE = (*LEVELS, "part", "sample", "stretch", "copy_of", "new_in")
"""Columns that :func:`trial_structure` may have."""

RUN_P = 1e-3
LEAST_RUN = 3.0  # trials, and
TIMES_EXPECTED = 1.5  # the length in a random order: of rare classes runs are long without any blocks
LOCAL_P = 0.05
"""Below, labels are permuted only nearby: that costs little, and trends over time then give no information."""


def trial_structure(
    epochs: EpochsOrArray,
    signals: NDArray[np.floating] | None = None,
    training_recordings: Sequence[Mapping[str, str]] = (),
) -> pd.DataFrame:
    """Return what is known about the origin of each trial.

    Parameters
    ----------
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials. ``metadata`` and the samples of ``events`` are read from epochs; an array has neither.
    signals : array, shape (trials, channels, times) | None
        The same trials at a few channels (`shared_signal.probe_channels`); ``None`` skips the
        search for shared signal.
    training_recordings : sequence of mapping
        What :func:`sincviz.trials.recording_levels.recordings_of` returned for the training trials.

    Returns
    -------
    pandas.DataFrame
        One row per trial, index ``trial``, with those columns that are known: ``subject``, ``session``, ``run`` and
        ``block`` from the metadata (also by other names, such as ``participant_id``); ``part``, the number of the
        recording, where sample numbers start again; ``sample``, at which the trial begins; ``stretch``, the same
        for trials that overlap or are copies, if there are any; ``copy_of``, the trial that this one is a copy of, or
        −1; ``new_in``, the coarsest of ``subject``, ``session`` and ``run`` that was not in the training, if the
        network stores its training recordings.

    Examples
    --------
    >>> trial_structure(np.zeros((3, 2, 100))).shape
    (3, 0)
    """
    table = pd.DataFrame(index=pd.RangeIndex(n_trials_of(epochs), name="trial"))
    samples, n_times = None, 0
    for level, values in levels_of(epochs).items():
        table[level] = values
    if is_epochs(epochs):
        samples, n_times = epochs.events[:, 0].astype(np.int64), len(epochs.times)
    pairs = None if signals is None else shared_signal(signals, samples)
    if samples is not None and len(np.unique(samples)) > 1:
        part = _parts(table, samples, n_times, pairs)
        if part.any():
            table["part"] = part
        table["sample"] = samples
    if pairs is not None and len(pairs):
        graph = scipy.sparse.coo_array(
            (np.ones(len(pairs)), (pairs["trial"], pairs["other"])), shape=(len(table), len(table))
        )
        table["stretch"] = scipy.sparse.csgraph.connected_components(graph, directed=False)[1]
        copies = pairs[pairs["shift"] == 0].groupby("trial")["other"].min()
        table["copy_of"] = copies.reindex(table.index, fill_value=-1)
    if training_recordings:
        table["new_in"] = _new_in(table, training_recordings)
    return table


def structure_of(network: Decoder, epochs: EpochsOrArray, trials: NDArray[np.floating]) -> pd.DataFrame:
    """Return :func:`trial_structure` of trials that are in memory as the network takes them."""
    known = network.provenance.get("training_recordings", ())
    return trial_structure(gathered(epochs), trials[:, probe_channels(trials)], known)


def exchangeable_trials(structure: pd.DataFrame, codes: NDArray[np.int64]) -> pd.DataFrame:
    """Return which trials may swap labels under the null hypothesis that labels mean nothing.

    Labels are permuted only within a ``stratum`` (subject, session, run and block, as far as known), so that
    differences between subjects or recordings give no information. Trials of one ``unit`` keep a common label: those
    that share signal, and, if labels come in blocks, those between two changes of the label. If all recordings of
    a level have a single label each, they are the units of the next coarser level.

    Parameters
    ----------
    structure : pandas.DataFrame
        What :func:`trial_structure` returned.
    codes : array of int, shape (trials,)
        The class of each trial.

    Returns
    -------
    pandas.DataFrame
        One row per trial: ``stratum`` and ``unit``, numbers. ``attrs``: ``permuted_within`` (such as ``"subject and
        run"``), ``unit`` (``"trial"``, ``"stretch of signal"``, ``"block"``, ``"run"`` ...), ``n_units``, ``confounds``
        (``"labels_in_blocks"``, ``"label_tied_to_subject"`` ..., comma-separated; empty if there are none),
        ``mean_run_length`` and ``expected_run_length`` in units, ``run_p`` (Wald-Wolfowitz, one-sided), ``trend_p``
        (:func:`sincviz.analysis.statistics.time_trends.trend_p`; 1 where units are blocks or recordings).

    Notes
    -----
    Labels come in blocks if there are far fewer changes of the label than in a random order (p < 0.001) and their
    runs are on average at least three units long, and half as long again as in a random order. A block is a run of
    equal labels, or, where all runs are multiples of the shortest one, as long as that.

    If classes become more or less frequent with time (p < 0.05), labels are permuted only within eighths of the
    stratum, or within stretches of eight units if that is more.

    Examples
    --------
    >>> trials = exchangeable_trials(pd.DataFrame(index=range(40)), np.repeat([0, 1, 0, 1], 10))
    >>> trials.attrs["unit"], trials.attrs["n_units"], trials.attrs["confounds"]
    ('block', 4, 'labels_in_blocks')
    """
    codes = np.asarray(codes)
    order = order_in_time(structure)
    levels = [level for level in (*RECORDING, "block") if level in structure]
    if "block" in levels and _one_each(structure, levels):
        levels.remove("block")  # it counts trials
    unit = np.arange(len(codes))
    if "stretch" in structure:
        unit = _numbered(structure["stretch"].to_numpy(), codes)
    kind = "stretch of signal" if len(np.unique(unit)) < len(codes) else "trial"

    confounds = []
    while levels:
        stratum = _numbered(*(structure[level].to_numpy() for level in levels))
        sizes, n_labels = _units_and_labels(stratum, unit, codes)
        if (n_labels > 1).any():
            break
        level = levels.pop()
        if (sizes > 1).any():
            confounds.append("labels_in_blocks" if level in ("block", "part") else f"label_tied_to_{level}")
            unit, kind = stratum, "block" if level in ("block", "part") else level
    else:
        stratum = np.zeros(len(codes), int)

    runs = _run_lengths(stratum[order], unit[order], codes[order])
    # Subjects have no order in time.
    long = runs["mean"] >= max(LEAST_RUN, TIMES_EXPECTED * runs["expected"])
    if kind not in ("site", "subject") and runs["p"] < RUN_P and long:
        unit = _joined(_blocks(stratum, codes, order), unit)
        kind = "block"
        confounds.insert(0, "labels_in_blocks")
    if len(np.unique(codes)) < 2:
        confounds = []
    trend, within = 1.0, ["recording" if level == "part" else level for level in levels]
    if kind in ("trial", "stretch of signal") and not confounds:
        # Units in the order of time, each where it begins.
        first = order[np.sort(np.unique(unit[order], return_index=True)[1])]
        trend = trend_p(stratum[first], codes[first])
        if trend < LOCAL_P:
            part = np.zeros(int(unit.max()) + 1, np.int64)
            part[unit[first]] = stretches_of_time(stratum[first])
            stratum = _numbered(stratum, part[unit])
            within.append("stretch of time")
    table = pd.DataFrame({"stratum": stratum, "unit": _numbered(stratum, unit)}, index=structure.index)
    table.attrs = {
        "permuted_within": (joined(within) if within else ""),
        "unit": kind,
        "n_units": int(table["unit"].nunique()),
        "confounds": ", ".join(dict.fromkeys(confounds)),
        "mean_run_length": runs["mean"],
        "expected_run_length": runs["expected"],
        "run_p": runs["p"],
        "trend_p": trend,
    }
    return table


def is_new(structure: pd.DataFrame, confounds: str) -> bool:
    """Return whether the network is known to be trained on other recordings, at the level that the confounds require.

    A network trained on other trials of a block can recognise the block; one trained on other recordings cannot.
    """
    if "new_in" not in structure or (structure["new_in"] == "").any():
        return False
    tied = [name.removeprefix("label_tied_to_") for name in confounds.split(", ") if "tied" in name]
    coarsest = min([LEVELS.index(level) for level in tied], default=LEVELS.index("run"))
    return bool(structure["new_in"].isin(LEVELS[: coarsest + 1]).all())


def _parts(
    table: pd.DataFrame, samples: NDArray[np.int64], n_times: int, pairs: pd.DataFrame | None
) -> NDArray[np.int64]:
    """Return the number of the recording if sample numbers start again; otherwise zeros."""
    part = np.zeros(len(samples), np.int64)
    levels = [level for level in RECORDING if level in table]
    stratum = _numbered(*(table[level].to_numpy() for level in levels)) if levels else part
    shared = set() if pairs is None else set(pairs["trial"])
    for one in np.unique(stratum):
        members = np.flatnonzero(stratum == one)
        back = np.diff(samples[members]) < 0
        if not back.any():
            continue
        order = members[np.argsort(samples[members], kind="stable")]
        close = np.diff(samples[order]) < n_times
        # Trials of one recording, sorted by class or shuffled, do not overlap unless their signals do.
        if not any(close[where] and order[where + 1] not in shared for where in range(len(close))):
            continue
        if back.mean() < 0.25:  # else in no order at all
            part[members] = np.r_[0, np.cumsum(back)]
    return part


def _new_in(table: pd.DataFrame, training: Sequence[Mapping[str, str]]) -> NDArray[np.str_]:
    new_in = np.full(len(table), "", dtype="<U8")
    known = [level for level in LEVELS[:-1] if level in table and all(level in one for one in training)]
    # Another spelling of a name is not new, and what has no name is unknown.
    names = {level: table[level].map(same_name).tolist() for level in known}
    for number in range(len(known), 0, -1):
        seen = {tuple(same_name(one[level]) for level in known[:number]) for one in training}
        rows = zip(*(names[level] for level in known[:number]), strict=True)
        new = np.array([row not in seen and UNKNOWN not in row for row in rows])
        new_in[new] = known[number - 1]
    return new_in


def order_in_time(structure: pd.DataFrame) -> NDArray[np.int64]:
    """Return the trials of each recording in the order of their samples; in the given order if these are unknown."""
    if "sample" not in structure:
        return np.arange(len(structure))
    return np.lexsort([structure["sample"].to_numpy(), recordings_in(structure)])


def order_is_known(structure: pd.DataFrame, codes: NDArray[np.int64]) -> bool:
    """Return whether the events show when trials were recorded.

    Events that only count the trials do not, nor do those of epochs that were put together class by class.
    """
    if "sample" not in structure or (np.diff(np.sort(structure["sample"].to_numpy())) <= 1).all():
        return False
    order, recording = order_in_time(structure), recordings_in(structure)
    runs = (
        pd.Series(codes[order]).groupby(recording[order]).agg(lambda group: 1 + (np.diff(group) != 0).sum())
    )
    labels = pd.Series(codes).groupby(recording).agg(lambda group: len(set(group)))
    return bool((runs > labels).any() or (labels == 1).all())


def recordings_in(structure: pd.DataFrame) -> NDArray[np.int64]:
    """Return the number of the recording that each trial comes from, as far as known."""
    levels = [level for level in RECORDING if level in structure]
    if not levels:
        return np.zeros(len(structure), np.int64)
    return _numbered(*(structure[level].to_numpy() for level in levels))


def _one_each(structure: pd.DataFrame, levels: Sequence[str]) -> bool:
    return len(structure[list(levels)].drop_duplicates()) > 0.8 * len(structure)


def _units_and_labels(
    stratum: NDArray[np.int64], unit: NDArray[np.int64], codes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    groups = pd.DataFrame({"stratum": stratum, "unit": unit, "code": codes}).groupby("stratum")
    return np.asarray(groups["unit"].nunique()), np.asarray(groups["code"].nunique())


def _run_lengths(
    stratum: NDArray[np.int64], unit: NDArray[np.int64], codes: NDArray[np.int64]
) -> dict[str, float]:
    """Return mean length of the runs of equal labels, its expectation, and p of so few runs (one-sided).

    Mood, A. M. (1940). The distribution theory of runs. Annals of Mathematical Statistics, 11, 367-392.
    """
    _, first = np.unique(unit, return_index=True)
    first = np.sort(first)
    stratum, codes = stratum[first], codes[first]
    n_runs = expected = variance = 0.0
    for one in np.unique(stratum):
        labels = codes[stratum == one]
        n = len(labels)
        n_runs += 1 + (np.diff(labels) != 0).sum()
        counts = np.unique(labels, return_counts=True)[1].astype(float)
        squares, cubes = (counts**2).sum(), (counts**3).sum()
        expected += 1 + n - squares / n
        if n > 1:
            variance += (squares * (squares + n * (n + 1)) - 2 * n * cubes - n**3) / (n**2 * (n - 1))
    p = 1.0
    if variance > 1e-9:
        z = (n_runs + 0.5 - expected) / math.sqrt(variance)
        p = 0.5 * math.erfc(-z / math.sqrt(2))
    return {"mean": float(len(codes) / n_runs), "expected": float(len(codes) / expected), "p": float(p)}


def _blocks(
    stratum: NDArray[np.int64], codes: NDArray[np.int64], order: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the number of the block that each trial belongs to: runs of equal labels, or equal parts of them.

    Blocks that follow each other may have the same label. If all runs are multiples of the shortest one, that is the
    length of a block.
    """
    run = np.empty(len(codes), np.int64)
    members_of = [order[stratum[order] == one] for one in np.unique(stratum)]
    start = 0
    for members in members_of:
        run[members] = start + np.r_[0, np.cumsum(np.diff(codes[members]) != 0)]
        start = int(run[members].max()) + 1
    lengths = np.bincount(run)
    length = int(lengths.min())
    if length < LEAST_RUN or (lengths % length).any():
        return run
    for members in members_of:
        run[members] = members.min() + np.arange(len(members)) // length * len(codes)
    return _numbered(stratum, run)


def _joined(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of the groups that are connected through either of two groupings."""
    one, other = _numbered(one), _numbered(other)
    n_one, n_other = one.max() + 1, other.max() + 1
    graph = scipy.sparse.coo_array(
        (np.ones(len(one)), (one, n_one + other)), shape=(n_one + n_other, n_one + n_other)
    )
    return np.asarray(scipy.sparse.csgraph.connected_components(graph, directed=False)[1][one], np.int64)


def _numbered(*keys: NDArray[Any]) -> NDArray[np.int64]:
    """Return the number of each combination of keys."""
    number = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        own, values = pd.factorize(key, sort=True, use_na_sentinel=False)
        number = np.unique(number * len(values) + own, return_inverse=True)[1]
    return number
