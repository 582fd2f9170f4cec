"""Variations of a preparation: other high-pass edges, another reference, alignment, one person left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sincviz.preparation.prepared_epochs import alignment_in, edges_after
from sincviz.preparation.steps import EuclideanAlignment, Filter, Resample, SetEEGReference, Step
from sincviz.trials.recordings import recording_facts

if TYPE_CHECKING:
    import mne

EDGES_HZ = (0.0, 1.0, 4.0, 8.0)
MOST_PEOPLE = 10
LEAST_PEOPLE = 3
AS_TRAINED = "as trained"
NOTHING = "nothing"


@dataclass(frozen=True)
class Variation:
    """One way to train a network anew.

    Attributes
    ----------
    words : str
        What it is called.
    changed : {"nothing", "highpass", "reference", "alignment", "person"}
        In what it differs from the network.
    preparation : tuple
        Steps that the trials go through.
    left_out : str | None
        Who is not trained on.
    highpass_hz : float | None
        The other high-pass edge.
    """

    words: str
    changed: str
    preparation: tuple[Step, ...]
    left_out: str | None = None
    highpass_hz: float | None = None


def variations_of(
    preparation: Sequence[Step], training: "mne.BaseEpochs"
) -> tuple[list[Variation], dict[str, str]]:
    """Return what to train, the preparation as it is first, and why something is not varied.

    Parameters
    ----------
    preparation : sequence
        The steps of the network.
    training : mne.BaseEpochs
        Trials to train on.

    Examples
    --------
    >>> from sincviz.datasets import simulate_motor_imagery
    >>> epochs, _ = simulate_motor_imagery(seed=0, n_trials=4)
    >>> found, open_ones = variations_of((Filter(4, 38),), epochs)
    >>> [variation.words for variation in found]
    ['as trained', 'no high-pass', 'high-pass at 1 Hz', 'high-pass at 8 Hz', 'average reference']
    >>> open_ones["person"]
    'it is not known of whom the trials are (`epochs.metadata["subject"]`)'
    """
    steps = tuple(preparation)
    found = [Variation(AS_TRAINED, NOTHING, steps)]
    reasons: dict[str, str] = {}
    for changed, vary in (
        ("highpass", _other_edges),
        ("reference", _other_references),
        ("alignment", _other_alignment),
        ("person", _without_people),
    ):
        others = vary(steps, training)
        if isinstance(others, str):
            reasons[changed] = others
        else:
            found += others
    return found, reasons


def people_in(epochs: "mne.BaseEpochs", preparation: Sequence[Step]) -> pd.Series | None:
    """Return the person of every trial as text, or ``None`` if that is not known."""
    alignment = alignment_in(preparation)
    column = "subject" if alignment is None else alignment.groups
    metadata = epochs.metadata
    if metadata is None or column not in metadata or metadata[column].isna().any():
        return None
    people: pd.Series = metadata[column].astype(str).reset_index(drop=True)
    return people


def _other_edges(steps: tuple[Step, ...], training: "mne.BaseEpochs") -> list[Variation] | str:
    recorded_hz = float(training.info["highpass"])
    now_hz, lowpass_hz = edges_after(steps, recorded_hz, float(training.info["lowpass"]))
    rates = [step.sfreq for step in steps if isinstance(step, Resample)]
    lowpass_hz = min([lowpass_hz, *(rate / 2 for rate in [*rates, float(training.info["sfreq"])])])
    variations = []
    for edge_hz in EDGES_HZ:
        # What a recording no longer holds cannot be brought back.
        wanted_hz = max(edge_hz, recorded_hz)
        if (
            np.isclose(wanted_hz, now_hz)
            or edge_hz >= 0.8 * lowpass_hz
            or (edge_hz and edge_hz < recorded_hz)
        ):
            continue
        if edge_hz:
            words = f"high-pass at {edge_hz:g} Hz"
        else:
            words = (
                "no high-pass" if not recorded_hz else f"only the recording's high-pass, {recorded_hz:g} Hz"
            )
        variations.append(
            Variation(words, "highpass", _high_passed(steps, edge_hz or None), highpass_hz=wanted_hz)
        )
    return variations or f"the trials were recorded with a high-pass at {recorded_hz:g} Hz"


def _high_passed(steps: tuple[Step, ...], edge_hz: float | None) -> tuple[Step, ...]:
    """Return a preparation with this high-pass in place of its own, its low-pass kept."""
    changed: list[Step] = []
    is_set = edge_hz is None
    for step in steps:
        if not isinstance(step, Filter):
            changed.append(step)
            continue
        edge = None if is_set else edge_hz
        is_set = True
        if edge is not None or step.h_freq is not None:
            changed.append(replace(step, l_freq=edge))
    return tuple(changed) if is_set else (Filter(edge_hz), *changed)


def _other_references(steps: tuple[Step, ...], training: "mne.BaseEpochs") -> list[Variation] | str:
    own = [step for step in steps if isinstance(step, SetEEGReference)]
    without = tuple(step for step in steps if not isinstance(step, SetEEGReference))
    is_average = bool(own) and own[-1].ref_channels == "average"
    recorded = recording_facts(training)["reference"]
    variations = []
    if own and not (is_average and recorded == "average"):
        variations.append(Variation("reference as recorded", "reference", without))
    if not is_average and recorded != "average":
        average: tuple[Step, ...] = (SetEEGReference("average"), *without)
        variations.append(Variation("average reference", "reference", average))
    return variations or "the trials have an average reference already, and what they had before is not known"


def _other_alignment(steps: tuple[Step, ...], training: "mne.BaseEpochs") -> list[Variation] | str:
    people = people_in(training, steps)
    if alignment_in(steps) is not None:
        return [Variation("without Euclidean alignment", "alignment", steps[:-1])]
    if people is None or people.nunique() < 2:
        return "the trials are not known to be of several people"
    return [Variation("with Euclidean alignment", "alignment", (*steps, EuclideanAlignment()))]


def _without_people(steps: tuple[Step, ...], training: "mne.BaseEpochs") -> list[Variation] | str:
    people = people_in(training, steps)
    if people is None:
        return 'it is not known of whom the trials are (`epochs.metadata["subject"]`)'
    # Those with most trials, in the order of the recording.
    names = people.value_counts(sort=False).nlargest(MOST_PEOPLE, keep="first").index
    if people.nunique() < LEAST_PEOPLE:
        return f"the trials are of {people.nunique()} people, and this needs {LEAST_PEOPLE}"
    classes = pd.Series(training.events[:, 2])
    complete = [name for name in names if classes[people != name].nunique() == classes.nunique()]
    ordered = [name for name in people.unique() if name in complete]
    if not ordered:
        return "the trials of the others lack a class, whoever is left out"
    return [Variation(f"without person {name}", "person", steps, left_out=str(name)) for name in ordered]
