"""Subject, session, run and block of trials, from the metadata of epochs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sincviz.epochs import EpochsOrArray, is_epochs

LEVELS = ("subject", "session", "run", "block")
"""From the coarsest to the finest."""

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
        ``participant_id``; upper and lower case are the same.

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
            found[level] = metadata[known[0]].astype(str).to_numpy(str)
    return found


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
        Empty if they are not known of every training.

    Examples
    --------
    >>> recordings_of(np.zeros((3, 2, 100)))
    []
    """
    levels = {level: values for level, values in levels_of(epochs).items() if level != "block"}
    earlier: Sequence[dict[str, str]] = (provenance or {}).get("training_recordings", ())
    if not levels or ("n_training_trials" in (provenance or {}) and not earlier):
        return []
    rows = pd.DataFrame({**levels}).drop_duplicates().to_dict("records")
    own = [{str(name): str(value) for name, value in row.items()} for row in rows]
    return [*(dict(one) for one in earlier if dict(one) not in own), *own]
