"""Subject, session, run and block of trials, from the metadata of epochs."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sincviz.epochs import EpochsOrArray, is_epochs

LEVELS = ("subject", "session", "run", "block")
"""From the coarsest to the finest."""

UNKNOWN = ""
"""What a level is called for a trial whose metadata do not tell it."""

_MISSING = {"", "nan", "n/a", "<na>"}
_PREFIXES = {"s", "sub", "subj", "subject", "p", "participant", "patient", "ses", "session", "r", "run"}

_SYNONYMS = {
    "subject": {"subject", "subjects", "subjectid", "sub", "subj", "participant", "participantid", "patient",
                "patientid", "person"},
    "session": {"session", "sessions", "sessionid", "ses", "day", "visit"},
    "run": {"run", "runs", "runid", "recording", "recordingid", "file"},
    "block": {"block", "blocks", "blockid", "blocknumber", "blocknr"},
}  # fmt: skip


def levels_of(epochs: EpochsOrArray) -> dict[str, NDArray[np.str_]]:
    """Return the columns of the metadata that name subject, session, run and block, as text.

    Parameters
    ----------
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials; an array has no metadata.

    Returns
    -------
    dict
        Of ``"subject"``, ``"session"``, ``"run"``, ``"block"`` those that are known, also by names such as
        ``participant_id``; upper and lower case are the same. Whole numbers are written as such, also where missing
        values made fractions of them; a missing value is :data:`UNKNOWN`.

    Examples
    --------
    >>> levels_of(np.zeros((3, 2, 100)))
    {}
    """
    found: dict[str, NDArray[np.str_]] = {}
    metadata = epochs.metadata if is_epochs(epochs) else None
    if metadata is None:
        return found
    plain = {
        "".join(character for character in str(column).lower() if character.isalnum()): column
        for column in metadata.columns
    }
    for level, names in _SYNONYMS.items():
        known = [plain[name] for name in plain if name in names]
        if known:
            values = np.array([_plain(value) for value in metadata[known[0]]], str)
            if (values != UNKNOWN).any():
                found[level] = values
    return found


def same_name(name: object) -> str:
    """Return what all ways to write the name of a subject, session or run have in common; empty if it is unknown.

    Examples
    --------
    >>> {same_name(name) for name in (1, 1.0, "01", "sub-01", "S001")}, same_name("A01"), same_name(float("nan"))
    ({'1'}, 'a-1', '')
    """
    text = re.sub(r"^(\d+)\.0+$", r"\1", _plain(name).casefold())
    parts = [str(int(part)) if part.isdecimal() else part for part in re.findall(r"\d+|[^\W\d_]+", text)]
    if len(parts) == 2 and parts[0] in _PREFIXES:
        parts = parts[1:]
    return "-".join(parts) or text


def _plain(value: object) -> str:
    if isinstance(value, float | np.floating) and np.isfinite(value) and value == round(value):
        return str(int(value))
    text = str(value).strip()
    return UNKNOWN if value is None or text.casefold() in _MISSING or text == "NaT" else text


def recordings_of(epochs: EpochsOrArray, provenance: Mapping[str, Any] | None = None) -> list[dict[str, str]]:
    """Return subject, session and run of every recording that trials come from, as far as the metadata tell.

    Parameters
    ----------
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials of a training.
    provenance : mapping | None
        What the network remembers of an earlier training, whose recordings are added.

    Returns
    -------
    list of dict
        Empty if they are not known of every training. A level that is missing for some trials is left out.

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
    own = [{str(name): str(value) for name, value in row.items()} for row in rows]
    return [*(dict(one) for one in earlier if dict(one) not in own), *own]
