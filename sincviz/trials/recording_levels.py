"""Recording levels: site, subject, session, run and block of trials, from the metadata of epochs."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sincviz.trials.epochs import EpochsOrArray, is_epochs

LEVELS = ("site", "subject", "session", "run", "block")
"""Levels from the coarsest to the finest."""

UNKNOWN = ""
"""Label of a trial whose metadata lack a level."""

IN_STRETCHES = 0.6
"""Share of the runs of a random order: values that change no more often were recorded in stretches."""

_MISSING = {"", "nan", "n/a", "<na>"}
_PREFIXES = {"s", "sub", "subj", "subject", "p", "participant", "patient", "ses", "session", "r", "run"}

_BEFORE = "(?:trial|recording|experiment|exp|eeg|task)?"
_AFTER = "(?:id|nr|no|num|number|name|index|idx|label|code|key)?"
_SURE = {
    "subject": "subjects?|subj|sbj|participants?|patients?|proband|volunteer|ppt|ppn|vpn?",
    "session": "sessions?|sess|ses",
    "run": "runs?|recordings?",
}  # fmt: skip
_SHORT = re.compile("(?:sub|pp)(?:id|nr|no|num|number)?|pid|sid")  # a `sub_label` is something else
_PERHAPS = {
    "site": "sites?|centre|center|lab|laboratory",
    "subject": "person|user|observer|animal",
    "session": "day|visit",
    "run": "file",
    "block": "blocks?|blk",
}
_NAMES = {
    kind: {level: re.compile(f"{_BEFORE}(?:{stems}){_AFTER}") for level, stems in of_levels.items()}
    for kind, of_levels in (("sure", _SURE), ("perhaps", _PERHAPS))
}

_Question = Callable[[NDArray[np.str_], NDArray[np.int64]], bool]


def levels_of(epochs: EpochsOrArray) -> dict[str, NDArray[np.str_]]:
    """Return the columns of the metadata that name site, subject, session, run and block, as text.

    Parameters
    ----------
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials; an array has no metadata.

    Returns
    -------
    dict
        Those of ``"site"``, ``"subject"``, ``"session"``, ``"run"``, ``"block"`` that are known, also by names such as
        ``participant_id``, ``subject_nr``, ``subjID``, ``vp_code`` or ``trial_block``, in any case.
        Names that stimuli may have as well (``person``, ``visit``, ``site``, ``file``) and blocks count only if their
        values come in stretches, in the given order or in that of the events; a plain ``id`` is the subject if nothing
        else is, its values recur, and they come in stretches or have trials of several classes. Whole numbers are
        written as such, even if missing values made them floats; a missing value is :data:`UNKNOWN`.

    Examples
    --------
    >>> levels_of(np.zeros((3, 2, 100)))
    {}
    """
    levels: dict[str, NDArray[np.str_]] = {}
    if not is_epochs(epochs) or epochs.metadata is None:
        return levels
    metadata, events = epochs.metadata, epochs.events
    columns = {
        "".join(character for character in str(column).casefold() if character.isalnum()): column
        for column in metadata.columns
    }
    for level in LEVELS:
        for name, is_level in _candidates(level, columns):
            values = np.array([_plain(value) for value in metadata[columns[name]]], str)
            if (values != UNKNOWN).any() and is_level(values, events):
                levels[level] = values
                break
    return levels


def _candidates(level: str, names: Collection[str]) -> list[tuple[str, _Question]]:
    """Return the columns that may be a level, the most certain first, each with a test for its values."""
    candidates: list[tuple[str, _Question]] = []
    if level in _NAMES["sure"]:
        candidates += [(name, _any) for name in names if _NAMES["sure"][level].fullmatch(name)]
    if level == "subject":
        candidates += [(name, _any) for name in names if _SHORT.fullmatch(name)]
    if level in _NAMES["perhaps"]:
        candidates += [(name, _in_stretches) for name in names if _NAMES["perhaps"][level].fullmatch(name)]
    if level == "subject" and "id" in names:
        candidates.append(("id", _is_of_subjects))
    return candidates


def _any(values: NDArray[np.str_], events: NDArray[np.int64]) -> bool:
    return True


def _in_stretches(values: NDArray[np.str_], events: NDArray[np.int64]) -> bool:
    """Return whether values stay the same for some time, as recordings do and stimuli do not."""
    codes = pd.factorize(values)[0]
    counts = np.bincount(codes)
    if len(counts) == 1:
        return True
    expected = 1 + len(codes) - (counts**2).sum() / len(codes)
    orders = (codes, codes[np.argsort(events[:, 0], kind="stable")])
    fewest = min(1 + int((np.diff(order) != 0).sum()) for order in orders)
    return bool(fewest <= IN_STRETCHES * expected)


def _is_of_subjects(values: NDArray[np.str_], events: NDArray[np.int64]) -> bool:
    """Return whether a plain number is that of a subject: it recurs, and is not that of a trial or stimulus."""
    groups = pd.Series(events[:, 2]).groupby(values)
    several = groups.agg(lambda own: len(set(own))) > 1
    return bool(groups.size().median() > 1 and (_in_stretches(values, events) or several.mean() > 0.5))


def same_name(name: object) -> str:
    """Return a key that all spellings of a subject, session or run name share; empty if unknown.

    Examples
    --------
    >>> {same_name(name) for name in (1, 1.0, "01", "sub-01", "S001")}, same_name("A01"), same_name(float("nan"))
    ({'1'}, 'a-1', '')
    """
    text = re.sub(r"^(\d+)\.0+$", r"\1", _plain(name).casefold())
    pieces = [str(int(part)) if part.isdecimal() else part for part in re.findall(r"\d+|[^\W\d_]+", text)]
    if len(pieces) == 2 and pieces[0] in _PREFIXES:
        pieces = pieces[1:]
    return "-".join(pieces) or text


def _plain(value: object) -> str:
    if isinstance(value, float | np.floating) and np.isfinite(value) and value == round(value):
        return str(int(value))
    text = str(value).strip()
    return UNKNOWN if value is None or text.casefold() in _MISSING or text == "NaT" else text


def recordings_of(epochs: EpochsOrArray, provenance: Mapping[str, Any] | None = None) -> list[dict[str, str]]:
    """Return subject, session and run of every recording that trials come from, as far as the metadata say.

    Parameters
    ----------
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials of a training.
    provenance : mapping | None
        Provenance of an earlier training, whose recordings are added.

    Returns
    -------
    list of dict
        Empty if they are not known of every training. A level that is missing for some trials is omitted.

    Examples
    --------
    >>> recordings_of(np.zeros((3, 2, 100)))
    []
    """
    levels = {
        level: values
        for level, values in levels_of(epochs).items()
        if level != "block" and (values != UNKNOWN).all()
    }
    earlier: Sequence[dict[str, str]] = (provenance or {}).get("training_recordings", ())
    if not levels or ("n_training_trials" in (provenance or {}) and not earlier):
        return []
    rows = pd.DataFrame({**levels}).drop_duplicates().to_dict("records")
    recordings = [{str(name): str(value) for name, value in row.items()} for row in rows]
    return [*(dict(one) for one in earlier if dict(one) not in recordings), *recordings]
