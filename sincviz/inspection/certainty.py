"""Certainty: how far what is said about the decision can be trusted, in words."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from sincviz._utils.text import joined, number_words, p_words, percent
from sincviz.analysis.attribution.leading import LEAST_OF_LARGEST
from sincviz.eeg.role_areas import BY_ITSELF
from sincviz.inspection.measuring import MOST_EVIDENCE_TRIALS, MOST_RANDOMIZATION_TRIALS
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import n_read, of_numbers


def certainty_words(inspection: InspectionResults) -> list[str]:
    """Return how far what is said about the decision can be trusted."""
    sentences = []
    if not inspection.verdict["readable"] and inspection.trials:
        return []
    if inspection.deletion is not None:
        sentences.append(_deletion_words(inspection.deletion))
    if inspection.ablation is not None:
        sentences.append(_ablation_words(inspection))
    if inspection.randomization is not None:
        sentences.append(_randomization_words(inspection.randomization))
    if (
        inspection.spectral_relevance is not None
        and "completeness_error" in inspection.spectral_relevance.coords
    ):
        error = float(inspection.spectral_relevance["completeness_error"].max(skipna=True))
        if math.isfinite(error):
            sentences.append(f"Completeness error of the relevance: {percent(error)}.")
    if inspection.csp is not None:
        apart = inspection.csp["kept_apart"]
        sentences.append(
            f"Without the network, common spatial patterns (8–30 Hz) decode the same trials with an accuracy of "
            f"{percent(inspection.csp['accuracy'])} ({percent(inspection.csp['accuracy_ci_low'])} to "
            f"{percent(inspection.csp['accuracy_ci_high'])}), cross-validated"
            f"{'' if apart == 'trial' else f', no {apart} in training and test at once'}."
        )
    subset = evidence_words(inspection)
    return [*sentences, subset] if sentences and subset else sentences


def _deletion_words(curve: pd.DataFrame) -> str:
    attrs = curve.attrs
    quantity = "correlation" if "correlation_area" in attrs else "accuracy"
    margin = "margin for the true class" if quantity == "accuracy" else "agreement with the targets"
    area, low, high = (attrs.get(f"{quantity}_area{end}", math.nan) for end in ("", "_ci_low", "_ci_high"))
    measured = f"area between the curves of {quantity} {area:z.2f} ({low:z.2f} to {high:z.2f})".replace(
        "-", "−"
    )
    shown = attrs.get("shown")
    if shown == "could not be checked":
        return (
            "Whether what is called most relevant is needed more than the rest could not be checked by deletion: "
            f"there are too few cells or trials ({measured})."
        )
    basis = (
        "on trials that did not make its order"
        if attrs.get("ranked_on") == "the other half"
        else "in a given order, which looks better than it is if these trials made it"
    )
    p = f"p {p_words(attrs.get('p_deletion', math.nan))}"
    if shown == "yes":
        return (
            f"Shown by deletion: what is called most relevant costs the network more of its {margin} than "
            f"other cells do, {basis} ({p}; {measured})."
        )
    return (
        f"Not shown by deletion: whether what is called most relevant costs the network more of its {margin} than "
        f"other cells do stays open, {basis} ({p}; {measured})."
    )


def _randomization_words(table: pd.DataFrame) -> str:
    attrs = table.attrs
    if attrs.get("outcome") == "differs":
        return "With weights drawn anew at random, the relevance looks different, as it must."
    if attrs.get("outcome") == "stays":
        return (
            "With weights drawn anew at random, the relevance stays much the same: it shows the data or the "
            "architecture rather than what was learned. Do not trust the figures."
        )
    low, high = attrs.get("size_ci_low", math.nan), attrs.get("size_ci_high", math.nan)
    size = f" (similarity {low:.2f} to {high:.2f})" if math.isfinite(low) and math.isfinite(high) else ""
    return (
        "Whether the relevance depends on what was learned is not known: there are too few random networks, or cells "
        f"to compare, to say how similar theirs is{size}."
    )


def _ablation_words(inspection: InspectionResults, most: int = 3) -> str:
    assert inspection.ablation is not None  # checked by the caller
    names = ["score_loss", "score_loss_ci_low", "score_loss_ci_high"]
    names += [name for name in ("informative",) if name in inspection.ablation]
    loss = inspection.ablation[names].to_dataframe()
    needed = loss[loss["score_loss_ci_low"] > 0].nlargest(most, "score_loss").reset_index()
    if needed.empty and of_numbers(inspection):
        return (
            "No single band of a region, if replaced, significantly reduces the agreement with the targets."
        )
    if needed.empty:
        return (
            "No single band of a region, if replaced, significantly reduces the margin between the classes."
        )
    largest = needed["score_loss"].max()
    needed = needed[needed["score_loss"] >= LEAST_OF_LARGEST * largest]

    def number(row: Mapping[Hashable, Any], name: str) -> str:
        return number_words(row[name], largest=largest)

    listed = "; ".join(
        f"{row['band']} of {row['channel']} ({number(row, 'score_loss')}, {number(row, 'score_loss_ci_low')} to "
        f"{number(row, 'score_loss_ci_high')}{_by_itself(row)})"
        for row in needed.to_dict("records")
    )
    whole = ""
    if inspection.deletion is not None:
        margin = inspection.deletion.loc[inspection.deletion["n_cells"] == 0, "score"].iloc[0]
        whole = f", which is {number_words(margin, largest=margin)} on average"
    if of_numbers(inspection):
        return (
            "Replaced by those of another trial, these cost most of the agreement with the targets (in units of the "
            f"correlation{whole}): {listed}."
        )
    return (
        "Replaced by those of another trial, these cost most of the margin between the score of the true class and the "
        f"best other{whole}: {listed}."
    )


def _by_itself(row: Mapping[Hashable, Any]) -> str:
    """Return whether a cell tells the classes by itself, if that was asked."""
    return f"; {BY_ITSELF[row['informative']]}" if "informative" in row else ""


def evidence_words(inspection: InspectionResults) -> str:
    """Return on which trials the evidence was computed, if not on all."""
    n_trials = n_read(inspection)
    taken = []
    measured = [
        name
        for name, result in (
            ("deletion", inspection.deletion),
            ("replacement", inspection.ablation),
            ("common spatial patterns", inspection.csp),
        )
        if result is not None
    ]
    if n_trials > MOST_EVIDENCE_TRIALS and measured:
        taken.append(f"{joined(measured, 'and')} {MOST_EVIDENCE_TRIALS}")
    if n_trials > MOST_RANDOMIZATION_TRIALS and inspection.randomization is not None:
        taken.append(f"random networks {MOST_RANDOMIZATION_TRIALS}")
    if not taken:
        return ""
    drawn_from = "targets" if of_numbers(inspection) else "classes"
    return (
        f"Of the {n_trials} trials, the evidence used only some, drawn evenly from the {drawn_from}: "
        f"{', '.join(taken)} (seed {inspection.seed})."
    )
