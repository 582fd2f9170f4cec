"""Checks of the labels against the recordings: what else differs between trials of different classes."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import scipy.stats

from sincviz._utils.text import counted
from sincviz.analysis.doctor.facts import DataFacts
from sincviz.analysis.doctor.findings import Finding
from sincviz.analysis.evidence.prediction import structure_in
from sincviz.analysis.statistics.exchangeability import (
    exchangeable_trials,
    order_in_time,
    order_is_known,
    recordings_in,
)
from sincviz.analysis.statistics.time_trends import relative_places
from sincviz.trials.recording_levels import LEVELS

LEAST_TIE = (
    0.5  # Cramér's V; 0.5 is 3 of 4 trials of one class in one half of the subjects, 1 of 4 in the other
)
TIE_P = 1e-3
N_QUARTERS = 4


def labels_in_blocks(facts: DataFacts) -> Iterator[Finding]:
    """Report labels that change less often in time than in a random order."""
    test = facts.chance
    if test is None or "labels_in_blocks" not in str(test["confounds"]):
        return
    order = _exchange(facts)
    structure = structure_in(facts.predictions)
    length = f"of {order.attrs['mean_run_length']:.3g} on average, {order.attrs['expected_run_length']:.2g} expected"
    known = order_is_known(structure, pd.factorize(facts.predictions["true"])[0])
    if known:
        what = "Trials of a class come in blocks: trials near in time are mostly of one class, and whatever else they "
        what += "share (drift, alertness) also predicts the class"
    else:
        what = "In the given order, trials of a class are grouped: if that is the order of recording, slow changes "
        what += "also differ between the classes"
    remedy = "" if known else f"{_in_order(facts)} "
    yield Finding(
        "labels_in_blocks",
        _severity(test),
        f"{what}{_open(test, 'was trained on other trials of these blocks may recognise the block, not the class')}.",
        f"{counted(int(test['n_units']), 'block')} of equal labels, {counted(int(test['n_trials']), 'trial')} (runs "
        f"{length}). {_accounted(test, 'whole blocks')}",
        f"{remedy}{_remedy('blocks, runs or subjects')}",
    )


def label_tied_to(facts: DataFacts) -> Iterator[Finding]:
    """Report classes whose share differs between subjects, sessions or runs."""
    test = facts.chance
    if test is None or test["unknown_because"] == "one_class":
        return
    structure = structure_in(facts.predictions)
    for level in LEVELS[:-1]:
        if level not in structure or structure[level].nunique() < 2:
            continue
        name = f"label_tied_to_{level}"
        wholly = name in str(test["confounds"])
        tie, p = _cramers_v(_groups(structure, level), facts.predictions["true"])
        if not wholly and not (tie >= LEAST_TIE and p < TIE_P):
            continue
        if wholly:
            what = f"Each {level} has trials of one class only: the {level} determines the class"
            what += _open(test, f"was trained on these {level}s may recognise the {level}, not the class")
        else:
            what = f"Classes are not equally frequent in every {level}: knowing the {level} helps to guess the class"
        yield Finding(
            name,
            _severity(test) if wholly else "warning",
            f"{what}.",
            f"Cramér's V between label and {level} {tie:.2f}. {_accounted(test, f'whole {level}s')}"
            f"{_within(facts, level)}",
            _remedy(f"{level}s")
            if wholly
            else f"Evaluate the network within each {level}, and train it with classes "
            f"equally frequent in every {level}.",
        )
        return  # finer levels follow from it


def label_tied_to_time(facts: DataFacts) -> Iterator[Finding]:
    """Report classes that become more or less frequent in the course of the recordings."""
    test = facts.chance
    if test is None or test["unknown_because"] == "one_class":
        return
    exchange = _exchange(facts)
    if exchange.attrs["trend_p"] >= TIE_P:
        return
    structure = structure_in(facts.predictions)
    order = order_in_time(structure)
    table = facts.predictions.iloc[order]
    recording = pd.factorize(recordings_in(structure)[order])[0]
    quarter = np.floor(N_QUARTERS * relative_places(recording))
    of_classes = pd.crosstab(quarter, table["true"].to_numpy(), normalize="index")
    name = (of_classes.max() - of_classes.min()).idxmax()
    shares = ", ".join(f"{share:.0%}" for share in of_classes[name])
    part = exchange["stratum"].iloc[order].to_numpy()
    recalls = [group["correct"].groupby(group["true"]).mean() for _, group in table.groupby(part)]
    within = [recall.mean() for recall in recalls if len(recall) > 1]
    known = f" Balanced accuracy within each of them, averaged: {np.mean(within):.2f}." if within else ""
    yield Finding(
        "label_tied_to_time",
        "warning",
        f"Classes become more or less frequent {_in_time(facts)} what changes over time (fatigue, drying gel, "
        "learning) also differs between the classes, and relevance may show it.",
        f"In the four quarters {shares} of the trials are {name}. {_accounted(test, '')}{known}",
        "Compare trials that are near in time: take equal numbers of each class from every stretch of the recording, "
        "also for training.",
    )


def overlapping_trials(facts: DataFacts) -> Iterator[Finding]:
    """Report trials that share part of their signal."""
    table = facts.predictions
    if "stretch" not in table:
        return
    sharing = table["stretch"].duplicated(keep=False) & ~_copied(table)
    if sharing.any():
        yield Finding(
            "overlapping_trials",
            "warning",
            "Trials overlap: windows of the same signal are not independent trials.",
            f"{counted(int(sharing.sum()), 'trial')} of {len(table)} share signal with another, in "
            f"{counted(int(table.loc[sharing, 'stretch'].nunique()), 'stretch').replace('stretchs', 'stretches')}."
            f"{_together(facts)}",
            "Split training and test data by recording or stretch of signal, never by window: otherwise the accuracy "
            "measures how well the network remembers. Confidence intervals over trials are too narrow here.",
        )


def duplicate_trials(facts: DataFacts) -> Iterator[Finding]:
    """Report trials that occur more than once."""
    table = facts.predictions
    if "copy_of" not in table or not (table["copy_of"] >= 0).any():
        return
    copies = np.flatnonzero(table["copy_of"] >= 0)
    differing = "true" in table and bool(
        (
            table["true"].to_numpy()[copies] != table["true"].to_numpy()[table["copy_of"].to_numpy()[copies]]
        ).any()
    )
    first = ", ".join(f"{trial} of {table['copy_of'].iloc[trial]}" for trial in copies[:4])
    yield Finding(
        "duplicate_trials",
        "warning",
        "Some trials occur more than once"
        f"{', some of them with another label' if differing else ''}: copies are not independent trials.",
        f"{counted(len(copies), 'trial')} {'is' if len(copies) == 1 else 'are'} a copy of another, up to a constant "
        f"and a factor of each channel: {first}{' and more' if len(copies) > 4 else ''}.{_together(facts)}",
        "Drop the copies, and check that none of them was used in training.",
    )


CONFOUND_CHECKS = (labels_in_blocks, label_tied_to, label_tied_to_time, overlapping_trials, duplicate_trials)


def _exchange(facts: DataFacts) -> pd.DataFrame:
    codes = pd.factorize(facts.predictions["true"])[0]
    return exchangeable_trials(structure_in(facts.predictions), codes)


def _in_time(facts: DataFacts) -> str:
    if order_is_known(structure_in(facts.predictions), pd.factorize(facts.predictions["true"])[0]):
        return "in the course of the recording:"
    return "in the given order: if that is the order of recording,"


def _in_order(facts: DataFacts) -> str:
    """Return how to state the order in which trials were recorded."""
    if "sample" in facts.predictions:
        return (
            "If they were put together class by class, keep the samples of their events: pass the original epochs, or "
            "join their parts with `mne.concatenate_epochs(parts, add_offset=False)`."
        )
    return (
        "If they were sorted later, pass them in the order of recording, `x[order]` and `y[order]` with `order = "
        "onset.argsort()`, or as epochs whose events hold the samples at which they began."
    )


def _copied(table: pd.DataFrame) -> "pd.Series[bool]":
    """Return which trials share their signal only with their own copies."""
    partners = table.groupby("stretch")["copy_of"].transform(lambda copy_of: (copy_of < 0).sum())
    return partners == 1


def _severity(test: dict[str, Any]) -> str:
    return "error" if test["unknown_because"] == "confounded" else "warning"


def _open(test: dict[str, Any], why: str) -> str:
    if test["unknown_because"] != "confounded":
        return ""
    return f", and a network that {why}. Whether it distinguishes the classes cannot be decided here"


def _accounted(test: dict[str, Any], units: str) -> str:
    """Return the accuracy, with its p-value once the confound is accounted for."""
    start = f"Accuracy {test['accuracy']:.2f}, balanced {test['balanced_accuracy']:.2f}"
    if test["unknown_because"] == "few_trials" or math.isnan(float(test["p_over_units"])):
        return f"{start}; too few units are left to distinguish it from chance."
    p = f"p = {test['p_over_units']:.2g}"
    within = f" within {test['permuted_within']}" if test["permuted_within"] else ""
    if test["unknown_because"] == "confounded":
        return (
            f"{start}; if none of them were used in training, {p} when {units} exchange their labels{within}."
        )
    return f"{start}; {p} when labels are exchanged{within}."


def _together(facts: DataFacts) -> str:
    """Return the accuracy and its p-value when trials that share signal are permuted together."""
    test = facts.chance
    if test is None or math.isnan(float(test["p"])):
        return ""
    return (
        f" Accuracy {test['accuracy']:.2f}; p = {test['p']:.2g} when trials that share signal are permuted "
        "together."
    )


def _within(facts: DataFacts, level: str) -> str:
    """Return the mean over subjects, sessions or runs with two classes or more of the balanced accuracy in each."""
    groups = _groups(structure_in(facts.predictions), level)
    values = [
        trials["correct"].groupby(trials["true"]).mean().mean()
        for _, trials in facts.predictions.groupby(groups)
        if len(trials["true"].unique()) > 1
    ]
    if not values:
        return f" No {level} has trials of two classes."
    return f" Balanced accuracy within each {level}, averaged: {np.mean(values):.2f} ({counted(len(values), level)})."


def _remedy(what: str) -> str:
    return (
        f"Evaluate the network on {what} that were not used in its training. Networks trained by "
        "`sincviz.training.fit` on epochs with `metadata` store them; for others, set "
        "`model.provenance['training_recordings']`, such as "
        "[{'subject': '1', 'run': '3'}]. The trials given here need the same columns in their `metadata`."
    )


def _groups(structure: pd.DataFrame, level: str) -> "pd.Series[int]":
    levels = [name for name in LEVELS[: LEVELS.index(level) + 1] if name in structure]
    return structure.groupby(levels, sort=False).ngroup()


def _cramers_v(groups: "pd.Series[int]", labels: "pd.Series[str]") -> tuple[float, float]:
    """Return Cramér's V and p of a chi-squared test of independence."""
    counts = pd.crosstab(groups, labels).to_numpy()
    if min(counts.shape) < 2:
        return 0.0, 1.0
    statistic, p, *_ = scipy.stats.chi2_contingency(counts, correction=False)
    return math.sqrt(statistic / counts.sum() / (min(counts.shape) - 1)), float(p)
