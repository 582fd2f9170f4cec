"""Trials from continuous recordings, cut by MNE around the events of each class."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import mne
import numpy as np
from numpy.typing import NDArray

from sincviz._utils.text import listed
from sincviz.errors import EpochsError, warn
from sincviz.trials.event_classes import matched_events

RECORDING_KINDS = {
    ".edf": "an EDF recording",
    ".bdf": "a BDF recording",
    ".gdf": "a GDF recording",
    ".vhdr": "a BrainVision recording",
    ".set": "an EEGLAB recording",
    ".fif": "a FIF recording",
    ".cnt": "a Neuroscan recording (.cnt)",
    ".mff": "an EGI recording (.mff)",
}

HOW_TO_CUT = (
    "Cut trials from it with `--tmin 0 --tmax 4 --classes left=T1,right=T2` (seconds after the events of each "
    "class), or in Python with `mne.Epochs(raw, events, event_id, tmin, tmax)`."
)


def epochs_of_recording(
    path: Path, *, classes: Mapping[str, object] | None, tmin: float | None, tmax: float | None
) -> mne.BaseEpochs:
    """Return trials cut from a recording; see :func:`sincviz.trials.files.epochs_of_file`."""
    raw = mne.io.read_raw(path, preload=False, verbose="error")
    sources = _events_of(raw)
    if classes is None or tmax is None:
        known = "; ".join(_counts(events, names) for events, names in sources) or "none"
        raise EpochsError(f"{HOW_TO_CUT} Its events: {known}.")
    tmin = 0.0 if tmin is None else tmin
    if not tmin < tmax:
        raise EpochsError(f"`tmin` must be less than `tmax`; got {tmin:g} and {tmax:g} s.")
    if not sources:
        raise EpochsError("It has no events: neither annotations nor a stimulus channel.")
    events, event_id = _with_all(sources, classes)
    event_of_class = matched_events(classes, event_id)
    try:
        epochs = mne.Epochs(
            raw,
            events,
            {label: event_id[event] for label, event in event_of_class.items()},
            tmin,
            tmax,
            baseline=None,
            preload=True,
            verbose="error",
        )
    except ValueError as error:
        raise EpochsError(f"MNE cannot cut it: {error}") from error
    lost = Counter(reason for log in epochs.drop_log for reason in log if reason != "IGNORED")
    if lost:
        reasons = ", ".join(f"{reason} ({count})" for reason, count in lost.items())
        warn(f"{sum(lost.values())} of {len(epochs) + sum(lost.values())} trials are dropped: {reasons}.")
    return epochs


def cut_to(epochs: mne.BaseEpochs, n_times: int | None) -> mne.BaseEpochs:
    """Return trials without their last sample if they have one too many for a network: MNE includes both ends."""
    if n_times is None or len(epochs.times) != n_times + 1:
        return epochs
    warn(
        f"The network takes {n_times} samples, so the last sample of each trial, at {epochs.tmax:g} s, is dropped."
    )
    return epochs.crop(tmax=epochs.tmax, include_tmax=False)


def _events_of(raw: mne.io.BaseRaw) -> list[tuple[NDArray[np.int64], dict[str, int]]]:
    """Return events and their names, from annotations and from stimulus channels."""
    sources = []
    events, names = mne.events_from_annotations(raw, verbose="error")
    if len(events):
        sources.append((events, {str(name): int(code) for name, code in names.items()}))
    if "stim" in raw.get_channel_types():
        events = mne.find_events(raw, shortest_event=1, initial_event=True, verbose="error")
        if len(events):
            sources.append((events, {str(code): int(code) for code in np.unique(events[:, 2])}))
    return sources


def _with_all(
    sources: list[tuple[NDArray[np.int64], dict[str, int]]], classes: Mapping[str, object]
) -> tuple[NDArray[np.int64], dict[str, int]]:
    """Return the first source of events with all classes, or else the first."""
    for source in sources:
        try:
            matched_events(classes, source[1])
        except EpochsError:
            continue
        return source
    return sources[0]


def _counts(events: NDArray[np.int64], names: Mapping[str, int]) -> str:
    counts = Counter(events[:, 2].tolist())
    return listed([f"{name} ({counts[code]})" for name, code in names.items()], 20)
