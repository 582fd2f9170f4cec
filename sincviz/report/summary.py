"""Sentences made from the numbers: how well the network does, what it uses, how sure that is, what is suspicious."""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from sincviz.analysis.predictions import ALL, HELD_OUT, SEEN
from sincviz.analysis.relevance_checks import ARTEFACTS as ARTEFACT_KINDS
from sincviz.analysis.relevance_checks import not_checked, placed_by_name
from sincviz.inspection import Inspection
from sincviz.measuring import MOST_EVIDENCE_TRIALS, MOST_RANDOMIZATION_TRIALS
from sincviz.report.words import band_words, class_words, counted, few, number_words, p_words, percent
from sincviz.rhythms import OTHER, RHYTHMS, bands_from_text

MOST_CLASSES = 4  # more are in the table
LEAST_SHARE = 0.1
ARTEFACTS = ("relevance_", "artefact", "high_bands", "slow_drift")


def accuracy_words(found: Inspection) -> list[str]:
    """Return how often the network is right, whether guessing would be too, and whether it knew the trials."""
    if not found.trials:
        return ["No trials were given: what follows reads the weights, and cannot say what the network uses."]
    n_trials = found.trials["n_trials"]
    if found.accuracies is None and found.predictions is not None and "true" in found.predictions:
        return [f"{counted(n_trials, 'trial')}: the accuracy was not measured. {found.missing['accuracies']}"]
    if found.accuracies is None:
        return [f"{counted(n_trials, 'trial')} of unknown class: the accuracy was not measured."]
    rows = found.accuracies.to_dict("index")
    whole = rows[ALL]
    first = _right(whole, "trial")
    sentences = [first[0].upper() + first[1:]]
    if SEEN in rows and HELD_OUT in rows:
        sentences += [
            f"{rows[SEEN]['n_trials']} of these trials were used in training. On those not recognised as such: "
            f"{_right(rows[HELD_OUT], 'held-out trial')} Only these judge the network."
        ]
    elif SEEN in rows:
        sentences += [
            "All of them were used in training, so this says how well the network remembers, not how well "
            "it decodes."
        ]
    elif HELD_OUT in rows and prepared_otherwise(found):
        sentences += [
            "Whether they were used in training cannot be told: they were not prepared as the training trials were."
        ]
    elif HELD_OUT in rows:
        sentences += [
            "None of them is recognised among the training trials, so they were held out, unless they are the same "
            "recordings cut or prepared in another way."
        ]
    else:
        sentences += ["The checkpoint does not tell which trials it was trained on: they may be among these."]
    if "class_names" in found.network["training"].get("assumed", {}):
        sentences += [
            f"The checkpoint does not name its classes: {few(found.network['class_names'], 8)} was assumed, in this "
            "order."
        ]
    return sentences


def _right(row: Mapping[Hashable, Any], trial: str) -> str:
    verdict = {
        "yes": f"above chance, p {p_words(row['p'])}",
        "no": f"NOT above chance, p {p_words(row['p'])}",
        "unknown": "too few trials to tell from chance",
    }[row["above_chance"]]
    return (
        f"the network is right in {row['n_correct']} of {counted(row['n_trials'], trial)}, "
        f"{percent(row['accuracy'])} (95% interval {percent(row['low'])} to {percent(row['high'])}); naming the most "
        f"frequent class every time reaches {percent(row['chance_level'])} ({verdict})."
    )


def prepared_otherwise(found: Inspection) -> bool:
    """Tell whether reference or filters are others than in training, so that training trials are not recognised."""
    return "recording" in set(found.findings["check"])


def usable(found: Inspection) -> bool:
    """Tell whether the network knows the classes, of trials held out if there are any: what it uses means something."""
    return found.accuracies is not None and _above_chance(found.accuracies) == "yes"


def _above_chance(accuracies: pd.DataFrame) -> str:
    return str(accuracies.loc[HELD_OUT if HELD_OUT in accuracies.index else ALL, "above_chance"])


def basis_words(found: Inspection) -> list[str]:
    """Return for each class what its decision rests on: bands as computed, where, through which filters."""
    if not found.trials:
        return _weights_only_words(found)
    if found.leading_bands is None:
        return [f"What the network uses was not measured. {found.missing.get('leading_bands', '')}".strip()]
    if found.accuracies is None:
        start = [
            "Classes are not known, so this is what moves each score away from that of silence, not what tells classes "
            "apart; shares pass 100% together where other bands move it back."
        ]
    elif _above_chance(found.accuracies) == "unknown":
        return [
            "These trials cannot tell whether the network knows their classes, so nothing below says what it "
            "uses."
        ]
    elif not usable(found):
        remembers = HELD_OUT in found.accuracies.index and found.accuracies["above_chance"].get(SEEN) == "yes"
        return [
            "The network remembers trials of its training, but does not know the classes of those held out better "
            "than guessing, so nothing below says what it uses."
            if remembers
            else "The network does not know the classes of these trials better than guessing, so nothing below "
            "says what it uses."
        ]
    else:
        start = [
            "Shares are of what raises the score of a class more in its own trials than in the others; they pass 100% "
            "together where other bands speak against the class."
        ]
    targets = list(dict.fromkeys(found.leading_bands.index.get_level_values("target")))
    known = [name for name in targets if found.leading_bands.loc[name, "total"].notna().all()]
    sentences = start + [_basis_of(found, name) for name in known[:MOST_CLASSES]]
    if len(known) > MOST_CLASSES:
        n_more = len(known) - MOST_CLASSES
        verb = "is" if n_more == 1 else "are"
        sentences.append(f"{counted(n_more, 'class', 'classes')} more {verb} in the table below.")
    if len(known) < len(targets):
        sentences.append(
            "Without trials, nothing can be said of "
            f"{', '.join(class_words(name) for name in sorted(set(targets) - set(known)))}."
        )
    return sentences


def _basis_of(found: Inspection, target: str) -> str:
    assert found.leading_bands is not None  # checked by the caller
    rows = found.leading_bands.loc[target]
    limits = bands_from_text(found.leading_bands.attrs.get("bands_hz"))
    total = rows["total"].iloc[0]
    leading = rows[rows["sure"] & (rows["share"] >= LEAST_SHARE)]
    if not total > 0 or leading.empty:
        return f"For {class_words(target)}, no band speaks with certainty."
    parts = []
    for band, row in leading.iterrows():
        named = "" if found.network["ch_names"] else f"channel{'s' * (',' in row['channels'])} "
        where = f" at {named}{row['channels']}" if row["channels"] else ""
        parts.append(
            f"{percent(row['share'])} from {band_words(str(band), limits)}, "
            f"{_peak_words(row['peak_hz'], row['skirt_of'], limits)}"
            f"{', surely' + where if where else ''}"
        )
    return f"For {class_words(target)}: {'; '.join(parts)}.{_filters_of(found, target)}"


def _peak_words(peak_hz: float, skirt_of: str, limits: dict[str, tuple[float, float]]) -> str:
    skirt = f", the skirt of a peak in {band_words(skirt_of, limits)}" if skirt_of else ""
    return f"most at {peak_hz:.1f} Hz{skirt}"


def _filters_of(found: Inspection, target: str, most: int = 4) -> str:
    if found.leading_filters is None:
        return ""
    rows = found.leading_filters.loc[target]
    total = rows["relevance"].sum()
    rows = rows[rows["relevance"] >= LEAST_SHARE * total].head(most)
    if not total > 0 or rows.empty:
        return ""
    listed = ", ".join(
        f"{number} ({row['measured_low_hz']:.1f}–{row['measured_high_hz']:.1f} Hz)"
        for number, row in rows.iterrows()
    )
    return f" Strongest through filter{'s' * (len(rows) != 1)} {listed}, bands as computed (−3 dB)."


def _weights_only_words(found: Inspection) -> list[str]:
    if found.bands is None:
        return []
    bands = found.bands
    heard = bands[bands["peak_hz"].notna()]
    if heard.empty:
        return ["No filter computes a band that can be told: see the findings."]
    counts = heard["rhythm"].value_counts()
    listed = ", ".join(
        f"{counts[name]} in {band_words(name, RHYTHMS)}" for name in (*RHYTHMS, OTHER) if counts.get(name, 0)
    )
    if len(heard) < len(bands):
        listed += f", {len(bands) - len(heard)} without any"
    width = heard["measured_high_hz"] - heard["measured_low_hz"]
    sentences = [
        f"{counted(len(bands), 'filter')}, by the frequency that each lets through best: {listed}. The "
        f"kernels make bands of {width.median():.1f} Hz (median, −3 dB)."
    ]
    if found.importance is not None:
        leading = found.importance["filter_importance"].to_series().sort_values(ascending=False).head(3).index
        peaks = ", ".join(f"{number} (peak {bands.loc[number, 'peak_hz']:.1f} Hz)" for number in leading)
        word = "filter" if len(leading) == 1 else "filters"
        sentences.append(f"By the weights, {word} {peaks} can move the scores most.")
    sentences.append(
        "Trials (`--epochs my-epo.fif`) would add: the accuracy and whether these trials were held out, "
        "patterns in place of weights, what the decision for each class rests on, and the evidence for it."
    )
    return sentences


def certainty_words(found: Inspection) -> list[str]:
    """Return how far what is said about the decision can be trusted."""
    sentences = []
    if found.deletion is not None and usable(found):
        sentences.append(_deletion_words(found.deletion))
    if found.ablation is not None and usable(found):
        sentences.append(_ablation_words(found))
    if found.randomization is not None and usable(found):
        passed = found.randomization.attrs.get("passed") == "yes"
        sentences.append(
            "Drawn anew at random, the network's relevance looks different, as it must."
            if passed
            else "Drawn anew at random, the network's relevance stays much the same: it shows the data or "
            "the architecture rather than what was learned. Do not trust the pictures."
        )
    if found.spectral_relevance is not None and "completeness_error" in found.spectral_relevance.coords:
        error = float(found.spectral_relevance["completeness_error"].max(skipna=True))
        if math.isfinite(error):
            sentences.append(f"Completeness error of the relevance: {percent(error)}.")
    if found.csp is not None:
        sentences.append(
            f"Without the network, common spatial patterns (8–30 Hz) decode the same trials with "
            f"{percent(found.csp['accuracy'])} ({percent(found.csp['accuracy_low'])} to "
            f"{percent(found.csp['accuracy_high'])}), cross-validated."
        )
    subset = evidence_words(found)
    return [*sentences, subset] if usable(found) and sentences and subset else sentences


def _deletion_words(curve: pd.DataFrame) -> str:
    attrs = curve.attrs
    area, p = attrs.get("accuracy_area", math.nan), attrs.get("accuracy_area_p", math.nan)
    low, high = attrs["accuracy_area_low"], attrs["accuracy_area_high"]
    interval = f"{area:z.2f} ({low:z.2f} to {high:z.2f})".replace("-", "−")
    sure = attrs["accuracy_area_low"] > 0 and p < 0.05
    return (
        f"Taking away what is called most relevant costs {'more' if sure else 'no more'} accuracy than "
        f"taking away as much at random (area {interval}, p {p_words(p)})."
    )


def _ablation_words(found: Inspection, most: int = 3) -> str:
    assert found.ablation is not None  # checked by the caller
    loss = found.ablation[["score_loss", "score_loss_low", "score_loss_high"]].to_dataframe()
    needed = loss[loss["score_loss_low"] > 0].nlargest(most, "score_loss").reset_index()
    if needed.empty:
        return "Replacing no single band of a region costs a certain part of the margin between the classes."
    largest = needed["score_loss"].max()

    def told(row: Mapping[Hashable, Any], name: str) -> str:
        return number_words(row[name], largest=largest)

    listed = "; ".join(
        f"{row['band']} of {row['channel']} ({told(row, 'score_loss')}, {told(row, 'score_loss_low')} to "
        f"{told(row, 'score_loss_high')})"
        for row in needed.to_dict("records")
    )
    whole = ""
    if found.deletion is not None:
        margin = found.deletion.loc[found.deletion["n_cells"] == 0, "score"].iloc[0]
        whole = f", which is {number_words(margin, largest=margin)} on average"
    return (
        "Replaced by that of another trial, these cost most of the margin between the true class's score and the best "
        f"other{whole}: {listed}."
    )


def evidence_words(found: Inspection) -> str:
    """Return on which trials the evidence was computed, if not on all."""
    n_trials = found.trials.get("n_trials", 0)
    taken = []
    if n_trials > MOST_EVIDENCE_TRIALS:
        taken.append(f"deletion, replacement and spatial patterns {MOST_EVIDENCE_TRIALS}")
    if n_trials > MOST_RANDOMIZATION_TRIALS and found.randomization is not None:
        taken.append(f"random networks {MOST_RANDOMIZATION_TRIALS}")
    if not taken:
        return ""
    return (
        f"Not all of the {n_trials} trials were taken for the evidence, but as many drawn evenly from the classes: "
        f"{', '.join(taken)} (seed {found.seed})."
    )


def alarm_words(found: Inspection) -> list[str]:
    """Return the findings that forbid to interpret the network, what to do about each included."""
    rows = found.findings[found.findings["severity"] == "error"]
    return [f"{row['finding']} {row['remedy']}" for row in rows.to_dict("records")]


def suspicion_words(found: Inspection) -> list[str]:
    """Return the findings that suspect something else than brain activity."""
    checks = found.findings["check"]
    rows = found.findings[checks.str.startswith(ARTEFACTS) & (checks != "artefacts_not_checked")]
    return [f"{row['finding']} {row['evidence']} {row['remedy']}" for row in rows.to_dict("records")]


def unsuspected_words(found: Inspection) -> str:
    """Return which artefacts nothing points to, and which were not checked, where there is no suspicion."""
    if found.spectral_relevance is None:
        return f"Without trials little can be said of {listed(ARTEFACT_KINDS, 'or')}."
    if found.spectral_relevance.attrs.get("trials", "contrast") != "contrast":
        reason = "the trials are not of two known classes, and what all trials share tells nothing"
        reasons = dict.fromkeys(ARTEFACT_KINDS, reason)
    else:
        reasons = not_checked(found.spectral_relevance)
    sentences = []
    checked = [kind for kind in ARTEFACT_KINDS if kind not in reasons]
    if checked:
        by_name = ""
        if {"eye movements", "muscles"} & set(checked) and placed_by_name(found.spectral_relevance):
            by_name = " (electrodes without a position placed by their names)"
        sentences.append(
            f"Nothing points to {listed(checked, 'or')}{by_name}; that is no proof that there are none."
        )
    for reason in dict.fromkeys(reasons.values()):
        kinds = [kind for kind in ARTEFACT_KINDS if reasons.get(kind) == reason]
        sentences.append(f"Not checked: {listed(kinds, 'and')}, because {reason}.")
    return " ".join(sentences)


def listed(names: Sequence[str], last: str) -> str:
    """Return names with commas between, and a word before the last.

    Examples
    --------
    >>> listed(["muscles", "line noise", "drifts"], "or")
    'muscles, line noise or drifts'
    """
    *first, final = names
    return f"{', '.join(first)} {last} {final}" if first else final
