"""Sentences made from the numbers: how well the network does, what it uses, how sure that is, what is suspicious."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from sincviz._utils.text import class_words, counted, joined, listed, number_words, p_words, percent
from sincviz.analysis.attribution.leading import LEAST_OF_LARGEST, MOST_CHANNELS
from sincviz.analysis.attribution.power_direction import LESS, MORE
from sincviz.analysis.doctor.line_noise import RHYTHMS_BELOW_HZ, tells_slow_lines
from sincviz.analysis.doctor.relevance_checks import ARTEFACTS as ARTEFACT_KINDS
from sincviz.analysis.doctor.relevance_checks import (
    LINES,
    MUSCLES,
    not_checked,
    of_established_classes,
    placed_by_name,
    places_without_electrode,
)
from sincviz.analysis.evidence.predictions import ALL, HELD_OUT, SEEN
from sincviz.analysis.labels import with_known_classes
from sincviz.eeg.band_limits import Ranges, ranges_by_name, ranges_of
from sincviz.eeg.band_words import band_words
from sincviz.eeg.bands import OTHER, RHYTHMS
from sincviz.inspection.inspection import Inspection
from sincviz.inspection.measuring import MOST_EVIDENCE_TRIALS, MOST_RANDOMIZATION_TRIALS
from sincviz.verdict import reason_words

MOST_CLASSES = 4  # more are in the table
LEAST_SHARE = 0.1
_SAY_SO = "If these were held out, say so: `held_out=True`, on the command line `--held-out`."
_UNITS = {"stretch of signal": "stretches of signal"}
_CONFOUNDS = {
    "labels_in_blocks": "trials of a class stand in blocks",
    **{
        f"label_tied_to_{level}": f"each {level} has one class only"
        for level in ("subject", "session", "run")
    },
}
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
            f"{_right(rows[HELD_OUT], 'held-out trial')} Only these judge the network, and all that follows is read "
            "from these."
        ]
    elif SEEN in rows:
        sentences += [
            "All of them were used in training, so this says how well the network remembers, not how well "
            "it decodes."
        ]
    elif HELD_OUT in rows and "unknown_trials" in found.verdict["reasons"] and not prepared_otherwise(found):
        sentences += [
            "Whether the network knows parts of them from its training cannot be told: they overlap, so windows of the "
            f"training may share their signal. {_SAY_SO}"
        ]
    elif HELD_OUT in rows and prepared_otherwise(found):
        sentences += [
            "Whether they were used in training cannot be told: they were not prepared as the training trials were. "
            + ("They were held out, as the user says." if _said_held_out(found) else _SAY_SO)
        ]
    elif HELD_OUT in rows:
        sentences += [
            "None of them is recognised among the training trials, so they were held out, unless they are the same "
            "recordings cut or prepared in another way."
        ]
    else:
        sentences += [
            "The checkpoint does not tell which trials it was trained on; these were held out, as the user says."
            if _said_held_out(found)
            else "The checkpoint does not tell which trials it was trained on: they may be among these. "
            f"{_SAY_SO}"
        ]
    if "class_names" in found.network["training"].get("assumed", {}):
        sentences += [
            f"The checkpoint does not name its classes: {listed(found.network['class_names'], 8)} was assumed, in this "
            "order."
        ]
    return sentences


def _right(row: Mapping[Hashable, Any], trial: str) -> str:
    subjects = ""
    if not pd.isna(row.get("subjects_low")):
        subjects = (
            f"; over {row['n_subjects']:.0f} subjects {percent(row['subjects_low'])} to "
            f"{percent(row['subjects_high'])}"
        )
    auc = "" if pd.isna(row.get("auc")) else f", AUC {row['auc']:.2f}"
    return (
        f"the network is right in {row['n_correct']} of {counted(row['n_trials'], trial)}, "
        f"{percent(row['accuracy'])} (95% interval {percent(row['low'])} to {percent(row['high'])}{subjects}); naming "
        f"the most frequent class every time reaches {percent(row['majority'])}. Balanced accuracy "
        f"{row['balanced_accuracy']:.2f}{auc}, chance {row['chance_level']:.2f}: {chance_words(row)}."
    )


def chance_words(row: Mapping[Hashable, Any]) -> str:
    """Return whether an accuracy is above chance, how sure that is, and which labels were exchanged to tell."""
    if row["above_chance"] == "unknown":
        return {
            "one_class": "all trials are of one class, so nothing can be told from chance",
            "confounded": "whether that is above chance cannot be told, because "
            f"{_CONFOUNDS.get(str(row['confounds']).split(', ')[0], 'something else differs between the classes too')}",
        }.get(row["unknown_because"], "too few trials to tell from chance")
    exchanged = [
        f"within {row['permuted_within']}" if row["permuted_within"] else "",
        "" if row["unit"] == "trial" else f"of whole {_UNITS.get(row['unit'], row['unit'] + 's')}",
    ]
    how = " ".join(part for part in ("labels exchanged", *exchanged) if part)
    start = "above chance" if row["above_chance"] == "yes" else "NOT above chance"
    if row["above_chance"] == "yes" and row["balanced_accuracy"] <= row["chance_level"]:
        start = "its answers are no better than guesses, but its scores are above chance"
    return f"{start}, p {p_words(row['p'])} ({how})"


def prepared_otherwise(found: Inspection) -> bool:
    """Tell whether reference or filters are others than in training, so that training trials are not recognised."""
    return "recording" in set(found.findings["check"])


def _said_held_out(found: Inspection) -> bool:
    return found.predictions is not None and found.predictions.attrs.get("held_out") == "said"


def verdict_words(found: Inspection) -> str:
    """Return in one sentence whether these trials show what the network uses, and if not why."""
    if found.verdict["readable"]:
        return "These trials can show what the network uses."
    if not found.trials:
        return "Without trials only the weights can be read, not what the network uses."
    return f"These trials cannot show what the network uses: {reason_words(found.verdict['reasons'])}."


def basis_words(found: Inspection) -> list[str]:
    """Return for each class what its decision rests on: bands as computed, where, through which filters."""
    if not found.trials:
        return _weights_only_words(found)
    if not found.verdict["readable"]:
        return [f"{verdict_words(found)} {_what_would_help(found)}".strip()]
    if found.leading_bands is None:
        return [f"What the network uses was not measured. {found.missing.get('leading_bands', '')}".strip()]
    start = [
        "Shares are of what raises the score of a class more in its own trials than in the others; they pass 100% "
        "together where other bands speak against the class. Channels are established at p < 0.05, corrected for the "
        "number of all cells."
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
    limits = ranges_by_name(found.leading_bands)
    largest = rows["relevance"].max()
    leading = rows[rows["established"] & ~(rows["share"] < LEAST_SHARE)]
    leading = leading[leading["relevance"] >= LEAST_SHARE * largest]
    if leading.empty:
        return f"For {class_words(target)}, no band is established."
    parts = [_band_of(found, target, str(band), row, limits) for band, row in leading.iterrows()]
    whole = (
        "" if rows["total_low"].iloc[0] > 0 else " The sum over bands may be nothing, so there are no shares."
    )
    return f"For {class_words(target)}: {'; '.join(parts)}.{whole}{_filters_of(found, target)}"


def _band_of(
    found: Inspection,
    target: str,
    band: str,
    row: Mapping[Hashable, Any],
    limits: dict[str, Ranges],
) -> str:
    """Return how much of the decision lies in a band, at which frequency and where."""
    much = "" if math.isnan(row["share"]) else f"{percent(row['share'])} from "
    start = f"{much}{band_words(band, limits)}, {_peak_words(row['peak_hz'], row['skirt_of'], limits)}"
    words = []

    def channels(names: str) -> str:
        return names if found.network["ch_names"] else f"channel{'s' * (',' in names)} {names}"

    if row["channels"]:
        words.append(f"established at {channels(row['channels'])}{_direction_of(found, target, band)}")
    if row["uncertain_channels"]:
        words.append(f"large but not established at {channels(row['uncertain_channels'])}")
    return ", ".join([start, *words])


def _direction_of(found: Inspection, target: str, band: str) -> str:
    """Return which way power speaks at the established channels, by name where they differ."""
    if found.leading_cells is None:
        return ""
    largest = found.leading_cells["relevance"].loc[target].max()
    rows = found.leading_cells.xs((target, band), level=("target", "band"))
    rows = rows[rows["established"] & (rows["relevance"] >= LEAST_OF_LARGEST * largest)]
    names = rows.index[:MOST_CHANNELS]
    known = {str(name): str(words) for name, words in rows.loc[names, "direction"].items() if words}
    if len(known) == len(names) and len(set(known.values())) == 1:
        return f" ({next(iter(known.values()))})"
    told: list[str] = []
    for way, words in (("less", LESS), ("more", MORE)):
        own = ", ".join(name for name, known_words in known.items() if known_words == words)
        if own:
            told.append(f"{way}{'' if told else ' power'} at {own}")
    return f" ({', '.join(told)} speaks for it)" if told else ""


def _what_would_help(found: Inspection) -> str:
    """Return what to do about the first reason why the network cannot be read."""
    help_of: dict[str, str] = {
        "no_classes": "Pass `y`, or epochs whose `event_id` names the network's classes.",
        "few_trials": f"Pass more trials of every class{_of_more_units(found)}.",
        "chance": "Check labels, preparation and units, or train again.",
        "seen_trials": "Pass trials that were not used in training.",
        "unknown_trials": f"Pass trials that were not used in training. {_SAY_SO}",
        "class_order": "Set the order of the classes: see the findings.",
    }
    return next(
        (help_of[reason] for reason in found.verdict["reasons"] if reason in help_of), "See the findings."
    )


def _of_more_units(found: Inspection) -> str:
    """Return of what more is needed where whole subjects, runs or blocks count as one trial."""
    if found.accuracies is None:
        return ""
    unit = str(found.accuracies.loc[HELD_OUT if HELD_OUT in found.accuracies.index else ALL].get("unit", ""))
    return "" if unit in ("", "trial") else f", from more {_UNITS.get(unit, unit + 's')}"


def _peak_words(peak_hz: float, skirt_of: str, limits: dict[str, Ranges]) -> str:
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
    counts, limits = heard["rhythm"].value_counts(), ranges_of(RHYTHMS)
    listed = ", ".join(
        f"{counts[name]} in {band_words(name, limits)}" for name in (*RHYTHMS, OTHER) if counts.get(name, 0)
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
    if not found.verdict["readable"] and found.trials:
        return []
    if found.deletion is not None:
        sentences.append(_deletion_words(found.deletion))
    if found.ablation is not None:
        sentences.append(_ablation_words(found))
    if found.randomization is not None:
        sentences.append(_randomization_words(found.randomization))
    if found.spectral_relevance is not None and "completeness_error" in found.spectral_relevance.coords:
        error = float(found.spectral_relevance["completeness_error"].max(skipna=True))
        if math.isfinite(error):
            sentences.append(f"Completeness error of the relevance: {percent(error)}.")
    if found.csp is not None:
        apart = found.csp["kept_apart"]
        sentences.append(
            f"Without the network, common spatial patterns (8–30 Hz) decode the same trials with "
            f"{percent(found.csp['accuracy'])} ({percent(found.csp['accuracy_low'])} to "
            f"{percent(found.csp['accuracy_high'])}), cross-validated"
            f"{'' if apart == 'trial' else f', no {apart} in training and test at once'}."
        )
    subset = evidence_words(found)
    return [*sentences, subset] if sentences and subset else sentences


def _deletion_words(curve: pd.DataFrame) -> str:
    attrs = curve.attrs
    area, low, high = (attrs.get(f"accuracy_area{end}", math.nan) for end in ("", "_low", "_high"))
    measured = f"area between the curves of accuracy {area:z.2f} ({low:z.2f} to {high:z.2f})".replace(
        "-", "−"
    )
    shown = attrs.get("shown")
    if shown == "could not be checked":
        return (
            "Whether what is called most relevant is needed more than the rest could not be checked by taking it away: "
            f"there are too few cells or trials ({measured})."
        )
    whose = (
        "on trials that did not make its order"
        if attrs.get("ranked_on") == "the other half"
        else "in a given order, which flatters itself if these trials made it"
    )
    p = f"p {p_words(attrs.get('p_deletion', math.nan))}"
    if shown == "yes":
        return (
            "Shown by taking it away: what is called most relevant costs the network more of its margin for the true "
            f"class than other cells do, {whose} ({p}; {measured})."
        )
    return (
        "Not shown by taking it away: whether what is called most relevant costs the network more of its margin for "
        f"the true class than other cells do stays open, {whose} ({p}; {measured})."
    )


def _randomization_words(table: pd.DataFrame) -> str:
    attrs = table.attrs
    if attrs.get("outcome") == "differs":
        return "Drawn anew at random, the network's relevance looks different, as it must."
    if attrs.get("outcome") == "stays":
        return (
            "Drawn anew at random, the network's relevance stays much the same: it shows the data or the architecture "
            "rather than what was learned. Do not trust the pictures."
        )
    low, high = attrs.get("size_low", math.nan), attrs.get("size_high", math.nan)
    size = f" (similarity {low:.2f} to {high:.2f})" if math.isfinite(low) and math.isfinite(high) else ""
    return (
        "It cannot be told whether the relevance depends on what was learned: random networks, or the cells that are "
        f"compared, are too few to say how similar theirs is{size}."
    )


def _ablation_words(found: Inspection, most: int = 3) -> str:
    assert found.ablation is not None  # checked by the caller
    loss = found.ablation[["score_loss", "score_loss_low", "score_loss_high"]].to_dataframe()
    needed = loss[loss["score_loss_low"] > 0].nlargest(most, "score_loss").reset_index()
    if needed.empty:
        return "Replacing no single band of a region costs a certain part of the margin between the classes."
    largest = needed["score_loss"].max()
    needed = needed[needed["score_loss"] >= LEAST_OF_LARGEST * largest]

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


def n_read(found: Inspection) -> int:
    """Return from how many trials the network is read: those held out where some were used in training."""
    if found.accuracies is not None and {HELD_OUT, SEEN} <= set(found.accuracies.index):
        return int(found.accuracies["n_trials"][HELD_OUT])
    return int(found.trials.get("n_trials", 0))


def evidence_words(found: Inspection) -> str:
    """Return on which trials the evidence was computed, if not on all."""
    n_trials = n_read(found)
    taken = []
    measured = [
        name
        for name, result in (
            ("deletion", found.deletion),
            ("replacement", found.ablation),
            ("common spatial patterns", found.csp),
        )
        if result is not None
    ]
    if n_trials > MOST_EVIDENCE_TRIALS and measured:
        taken.append(f"{joined(measured, 'and')} {MOST_EVIDENCE_TRIALS}")
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


def not_evidence(found: Inspection) -> str:
    """Return what must stand beside every table and figure of trials that do not let the network be read."""
    if found.verdict["readable"] or not found.trials:
        return ""
    return f"Not evidence of what the network uses: {reason_words(found.verdict['reasons'])}."


def suspicion_words(found: Inspection) -> list[str]:
    """Return the findings that suspect something else than brain activity, of trials that can be read."""
    if found.trials and not found.verdict["readable"]:
        return []
    checks = found.findings["check"]
    rows = found.findings[checks.str.startswith(ARTEFACTS) & (checks != "artefacts_not_checked")]
    return [f"{row['finding']} {row['evidence']} {row['remedy']}" for row in rows.to_dict("records")]


def unsuspected_words(found: Inspection) -> str:
    """Return which artefacts nothing points to, and which were not checked, where there is no suspicion."""
    if found.trials and not found.verdict["readable"]:
        return f"Not checked: {joined(ARTEFACT_KINDS, 'and')}, because these trials cannot show what the network uses."
    if found.spectral_relevance is None:
        if not found.trials:
            return f"Without trials little can be said of {joined(ARTEFACT_KINDS, 'or')}."
        return f"Not checked: {joined(ARTEFACT_KINDS, 'and')}, because the relevance was not measured."
    if found.spectral_relevance.attrs.get("trials", "contrast") != "contrast":
        reason = "the trials are not of two known classes, and what all trials share tells nothing"
        reasons = dict.fromkeys(ARTEFACT_KINDS, reason)
    else:
        spectrum = of_established_classes(found.spectral_relevance, found.leading_bands)
        reasons = not_checked(spectrum)
    sentences = []
    checked = [kind for kind in ARTEFACT_KINDS if kind not in reasons]
    if checked:
        by_name = ""
        if {"eye movements", "muscles"} & set(checked) and placed_by_name(found.spectral_relevance):
            by_name = " (electrodes without a position placed by their names)"
        sentences.append(
            f"Nothing points to {joined(checked, 'or')}{by_name}; that is no proof that there are none."
        )
        if LINES in checked and not tells_slow_lines(found.spectral_relevance["frequency"].to_numpy()):
            sentences.append(
                f"Lines below {RHYTHMS_BELOW_HZ:g} Hz cannot be told from rhythms in trials shorter than 3 s."
            )
    blind = places_without_electrode(found.spectral_relevance) if MUSCLES in checked else []
    if blind:
        sentences.append(f"Not checked: muscles of the {joined(blind, 'and')}, where no electrode lies.")
    for reason in dict.fromkeys(reasons.values()):
        kinds = [kind for kind in ARTEFACT_KINDS if reasons.get(kind) == reason]
        sentences.append(f"Not checked: {joined(kinds, 'and')}, because {reason}.")
    open_classes = _open_classes(found)
    if checked and open_classes:
        sentences.append(
            f"Not checked for {joined(open_classes, 'and')}, whose relevance may add up to nothing."
        )
    return " ".join(sentences)


def _open_classes(found: Inspection) -> list[str]:
    """Return the classes whose relevance is known and may add up to nothing."""
    assert found.spectral_relevance is not None  # checked by the caller
    spectrum = with_known_classes(found.spectral_relevance)
    established = of_established_classes(spectrum, found.leading_bands)["target"].to_numpy()
    return [class_words(str(name)) for name in spectrum["target"].to_numpy() if name not in established]
