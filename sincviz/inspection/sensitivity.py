"""Sensitivity to preparation, as a section: what changes where the network is trained anew on other trials."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sincviz import plotting
from sincviz._utils.text import coefficient, counted, in_brackets, joined, listed, percent, points
from sincviz.inspection.measuring import NEEDS_TRIALS, InspectionRun
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.retraining import sensitivity_of
from sincviz.report.contents import Figure, Rows, Section, Sentence, Step, Summary, Table
from sincviz.trials.epochs import is_epochs

ABOUT_TRIALS = frozenset({"class_order", "trials_do_not_fit", "not_finite", "confounded", "few_trials"})
"""Reasons of the verdict that hold for every network that is read on these trials."""

NAMES = {"highpass": "high-pass", "reference": "reference", "alignment": "alignment", "person": "people"}
BANDS = {"other": "what lies below 1 Hz"}

Row = Mapping[Hashable, Any]


def _sensitivity(run: InspectionRun) -> tuple[pd.DataFrame]:
    if run.trials is None:
        raise ValueError(NEEDS_TRIALS)
    if not is_epochs(run.trials):
        raise ValueError("Only epochs can be filtered and referenced; these trials are an array.")
    codes = run.needed_classes()
    # By name: the order of outputs may be another in the training trials.
    names = run.network.class_names
    labels = codes if names is None else np.array(names)[codes]
    # As it was passed: an opened network has its alignment inside.
    return (sensitivity_of(run.model, run.trials, run.training, labels, follow=run.follow),)


def sensitivity_words(inspection: InspectionResults) -> list[str]:
    """Return which variation changes accuracy or basis, which is not shown to, and what was not varied."""
    table = inspection.sensitivity
    if table is None or ABOUT_TRIALS & set(inspection.verdict["reasons"]):
        return []
    first, others = table.iloc[0], table.iloc[1:]
    start = (
        f"Trained anew as it was ({counted(int(first['n_seeds']), 'seed')}), the network is right in "
        f"{percent(first['accuracy'])}{in_brackets(first['ci_low'], first['ci_high'], percent)} of the trials"
    )
    if not first["above_chance"]:
        chance = percent(table.attrs["chance"])
        return [
            f"{start}, which is not above chance ({chance}), so there is nothing to compare other trainings with."
        ]
    sentences = [f"{start}, and {percent(first['below_4_hz'])} of what it rests on lies below 4 Hz."]
    changed = others["accuracy_changed"] | (others["bands_changed"] != "")
    rows = others.reset_index().to_dict("records")
    sentences += [
        _change_words(str(row["variation"]), row, first.to_dict())
        for row, is_changed in zip(rows, changed, strict=True)
        if is_changed
    ]
    still = others[~changed]
    if len(still):
        margin = (still["change_ci_high"] - still["accuracy_change"]).max()
        sentences.append(
            f"Not shown to change: {listed(list(still.index))}. The accuracy would have to change by "
            f"{points(margin).removeprefix('+')} points or more to be told from other seeds and trials."
        )
    not_varied = table.attrs.get("not_varied", {})
    return [*sentences, *(f"Not varied: {NAMES[name]}, because {why}." for name, why in not_varied.items())]


def _change_words(name: str, row: Row, first: Row) -> str:
    parts = []
    if row["accuracy_changed"]:
        verb = "falls" if row["accuracy_change"] < 0 else "rises"
        parts.append(
            f"accuracy {verb} from {percent(first['accuracy'])} to {percent(row['accuracy'])} (by "
            f"{points(row['change_ci_low'])} to {points(row['change_ci_high'])} points)"
        )
    for band in filter(None, str(row["bands_changed"]).split(", ")):
        before, after = float(first[f"share_{band}"]), float(row[f"share_{band}"])
        words = "falls" if after < before else "rises"
        parts.append(
            f"the share of {BANDS.get(band, band)} {words} from {percent(before)} to {percent(after)}"
        )
    return f"{_opening(name, row)} {joined(parts)}{_meaning(row)}."


def _opening(name: str, row: Row) -> str:
    if row["changed"] == "person":
        return f"{name[0].upper()}{name[1:]} in the training,"
    if name.startswith("without"):
        return f"{name[0].upper()}{name[1:]},"
    plain = name.removeprefix("with ")
    article = "a " if plain.startswith("high-pass") else "the " if plain.startswith("ref") else ""
    article = "an " if plain.startswith("average") else article
    return f"With {article}{plain},"


def _meaning(row: Row) -> str:
    """Return what a lower accuracy with a higher edge means."""
    if row["changed"] != "highpass" or not row["accuracy_changed"]:
        return ""
    edge_hz = float(row["highpass_hz"])
    if row["accuracy_change"] > 0:
        return ": what the network's own high-pass removes tells the classes, too" if not edge_hz else ""
    if not row["above_chance"]:
        return f", which is not above chance: what it decodes lies below {edge_hz:g} Hz"
    return f": part of what it decodes lies below {edge_hz:g} Hz"


def _rows(inspection: InspectionResults) -> Rows:
    table = inspection.sensitivity
    assert table is not None  # the table needs it
    rows = [
        (
            row["variation"],
            f"{percent(row['accuracy'])}{in_brackets(row['ci_low'], row['ci_high'], percent)}",
            "" if number == 0 else points(row["accuracy_change"]),
            f"{row['roc_auc']:.2f}",
            percent(row["below_4_hz"]) if row["above_chance"] else "",
            f"{row['region']}, {percent(row['region_share'])}" if row["above_chance"] else "",
            coefficient(row["agreement"]),
        )
        for number, row in enumerate(table.reset_index().to_dict("records"))
    ]
    header = ("Training", "Accuracy", "Change", "ROC area", "Below 4 Hz", "Mostly at", "Agreement")
    caption = (
        f"Means of {counted(int(table['n_seeds'].iloc[0]), 'network')} of different seeds, each trained anew for at "
        f"most {counted(int(table.attrs['max_epochs']), 'pass', 'passes')} and read on the same trials. Change: of the "
        "accuracy, in points. Below 4 Hz and mostly at: shares of the relevance; empty where the accuracy is not above "
        f"chance. Agreement: see the figure. Preparation as trained: {table.attrs['preparation']}."
    )
    return Rows(header, rows, caption)


def _methods(inspection: InspectionResults) -> Iterator[Sentence]:
    if inspection.sensitivity is None:
        return
    table = inspection.sensitivity
    yield Sentence(
        f"The network was trained anew with {counted(int(table['n_seeds'].iloc[0]), 'seed')} for each of "
        f"{counted(len(table) - 1, 'other preparation or set of people', 'other preparations or sets of people')}, one "
        "change at a time, and compared with networks trained anew as it was, on the same trials. Changes of accuracy "
        "and of the shares of bands are called so where their interval excludes zero (Student's t; variance between "
        "seeds, pooled over trainings, and of paired differences between trials; Bonferroni-corrected)."
    )


SENSITIVITY: Section[InspectionResults, InspectionRun] = Section(
    name="sensitivity",
    heading="Evidence",
    steps=(
        Step(
            "Training under other preparations",
            ("sensitivity",),
            _sensitivity,
            applies=lambda run: run.training is not None,
        ),
    ),
    figures=(
        Figure(
            "sensitivity",
            "Does it depend on the preparation?",
            ("sensitivity",),
            lambda inspection: plotting.plot_sensitivity(inspection.sensitivity),
            lambda inspection: (
                "Networks of the same settings, trained anew: as this one was (first row), with one step of the "
                "preparation changed, or without one person. Left: how often they are right in these trials. Middle: "
                "in which bands lies what they rest on. Right: how far they rest on the same bands of the same "
                "channels as the network of the first row."
            ),
        ),
    ),
    tables=(
        Table(
            "sensitivity",
            ("sensitivity",),
            lambda inspection: inspection.sensitivity,
            title="Sensitivity to preparation",
            rows=_rows,
        ),
    ),
    summary=(Summary("sensitivity", "Does it depend on the preparation?", sensitivity_words),),
    methods=_methods,
)
