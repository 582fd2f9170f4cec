"""Metadata that the networks of an ensemble share, and what is known of all their trainings."""

from typing import Any

import numpy as np

_CHECKED = {
    "n_chans": "numbers of channels",
    "n_times": "numbers of samples",
    "n_outputs": "numbers of outputs",
    "sfreq": "sampling rates",
    "ch_names": "channels",
    "class_names": "classes",
    "scale": "factors from volts",
    "preparation": "preparations of trials",
}
"""What the networks must share, as far as it is known of them."""

_OF_ONE = ("cutoff_history_hz", "initial_cutoffs_hz", "learning_curves", "seed")
"""Provenance of a single training."""


def shared_metadata(known: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what is known of any network, after checking that no other one contradicts it.

    Parameters
    ----------
    known : list of dict
        Of each network what :func:`sincviz.networks.attributes.known_attributes` returned.

    Raises
    ------
    ValueError
        If two networks contradict each other.

    Examples
    --------
    >>> from sincviz.networks.attributes import known_attributes
    >>> from torch import nn
    >>> one, other = nn.Linear(3, 2), nn.Linear(3, 2)
    >>> one.sfreq, other.class_names = 100.0, ["left", "right"]
    >>> shared = shared_metadata([known_attributes(one), known_attributes(other)])
    >>> shared["sfreq"], shared["class_names"]
    (100.0, ['left', 'right'])
    """
    shared = dict(known[0])
    for name, words in _CHECKED.items():
        values = [one[name] for one in known if one[name] is not None]
        if name == "preparation":  # no steps are a preparation, too
            values = [one[name] or () for one in known]
        if any(value != values[0] for value in values):
            first, other = values[0], next(value for value in values if value != values[0])
            raise ValueError(
                f"The networks of an ensemble must take and return the same, but their {words} differ: "
                f"{first!s:.120} and {other!s:.120}. Combine networks that were trained alike."
            )
        shared[name] = values[0] if values else None
    shared["chs_info"] = next((one["chs_info"] for one in known if one["chs_info"]), None)
    shared["provenance"] = _merged([dict(one["provenance"] or {}) for one in known])
    return shared


def _merged(every: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what is known of all trainings: what they share, their seeds and cut-offs, and all their trials."""
    first = every[0]
    merged = {
        name: value
        for name, value in first.items()
        if name not in _OF_ONE and all(name in one and one[name] == value for one in every)
    }
    for name, axis in (("initial_cutoffs_hz", 0), ("cutoff_history_hz", 1)):
        # Trainings of different length have no common history.
        if all(name in one for one in every) and (axis == 0 or len({len(one[name]) for one in every}) == 1):
            merged[name] = np.concatenate([np.asarray(one[name], float) for one in every], axis).tolist()
    if len(every) == 1 and "learning_curves" in first:
        merged["learning_curves"] = first["learning_curves"]
    if all("seed" in one for one in every):
        merged["seeds"] = [int(one["seed"]) for one in every]
    if any("training_trials" in one for one in every):
        merged["training_trials"] = sorted(
            {trial for one in every for trial in one.get("training_trials", ())}
        )
        # What a network does not remember cannot be told from new trials.
        if not all(
            "training_trials" in one and one.get("training_trials_complete", True) is True for one in every
        ):
            merged["training_trials_complete"] = False
    return merged
