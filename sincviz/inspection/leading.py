"""Leading bands: what the decision rests on, in words and in a table at the top of the page."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from sincviz._utils.text import class_words, counted, number_words, p_words, percent
from sincviz.analysis.attribution.leading import (
    LEAST_OF_LARGEST,
    MOST_CHANNELS,
)
from sincviz.analysis.attribution.power_direction import FAVOURS, LESS, MORE, RAISES
from sincviz.analysis.evidence.prediction import ALL, HELD_OUT
from sincviz.eeg.band_limits import Ranges, ranges_by_name, ranges_of
from sincviz.eeg.band_words import band_words
from sincviz.eeg.bands import OTHER, RHYTHMS
from sincviz.inspection.measuring import InspectionRun
from sincviz.inspection.newness import SAY_SO, UNITS
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.role_words import suppressor_note, suppressors_among
from sincviz.inspection.words import data_words, not_evidence, of_numbers, two_classes, verdict_words
from sincviz.report.contents import Rows, Section, Summary, Table

MOST_CLASSES = 4  # more are in the table


LEAST_SHARE = 0.1


def basis_words(inspection: InspectionResults) -> list[str]:
    """Return for each class what its decision rests on: bands as computed, where, through which filters."""
    if not inspection.trials:
        return _weights_only_words(inspection)
    if not inspection.verdict["readable"]:
        return [f"{verdict_words(inspection)} {_what_would_help(inspection)}".strip()]
    if inspection.leading_bands is None:
        return [
            f"What the network uses was not measured. {inspection.missing.get('leading_bands', '')}".strip()
        ]
    pair = two_classes(inspection)
    of_what = (
        "the score of a class more in its own trials than in the others"
        if pair is None
        else f"the difference of the scores, {pair[0]} minus {pair[1]}, more in trials of {pair[0]} than in those of "
        f"{pair[1]}, and so separates them"
    )
    shares = f"the class contrast: what raises {of_what}"
    if of_numbers(inspection):
        shares = (
            "what makes the output follow the target: how much more of it comes from there if that is higher"
        )
    start = [
        f"Shares are of {shares}. They can add up to more than 100% because other "
        "bands can have negative shares. Channels are established at p < 0.05, corrected for the number of all cells."
    ]
    targets = list(dict.fromkeys(inspection.leading_bands.index.get_level_values("target")))
    known = [name for name in targets if inspection.leading_bands.loc[name, "total"].notna().all()]
    sentences = start + [_basis_of(inspection, name) for name in known[:MOST_CLASSES]]
    if len(known) > MOST_CLASSES:
        n_more = len(known) - MOST_CLASSES
        verb = "is" if n_more == 1 else "are"
        more = ("output", "outputs") if of_numbers(inspection) else ("class", "classes")
        sentences.append(f"{n_more} more {more[n_more > 1]} {verb} in the table below.")
    if len(known) < len(targets):
        sentences.append(
            "Without trials, nothing can be said about "
            f"{', '.join(class_words(name) for name in sorted(set(targets) - set(known)))}."
        )
    return sentences


def _basis_of(inspection: InspectionResults, target: str) -> str:
    assert inspection.leading_bands is not None  # checked by the caller
    rows = inspection.leading_bands.loc[target]
    limits = ranges_by_name(inspection.leading_bands)
    largest = rows["relevance"].max()
    leading = rows[rows["established"] & ~(rows["share"] < LEAST_SHARE)]
    leading = leading[leading["relevance"] >= LEAST_SHARE * largest]
    if leading.empty:
        return f"For {class_words(target)}, no band is established."
    bands = [_band_of(inspection, target, str(band), row, limits) for band, row in leading.iterrows()]
    whole = (
        "" if rows["total_ci_low"].iloc[0] > 0 else " The sum over bands may be zero, so there are no shares."
    )
    return f"For {class_words(target)}: {'; '.join(bands)}.{whole}{_filters_of(inspection, target)}"


def _band_of(
    inspection: InspectionResults,
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
        return names if inspection.network["ch_names"] else f"channel{'s' * (',' in names)} {names}"

    if row["channels"]:
        words.append(
            f"established at {channels(row['channels'])}"
            f"{_weaker_of(inspection, target, band, row['channels'].count(',') + 1)}"
            f"{_direction_of(inspection, target, band)}"
        )
    if row["uncertain_channels"]:
        words.append(f"large but not established at {channels(row['uncertain_channels'])}")
    named = ", ".join(filter(None, [row["channels"], row["uncertain_channels"]]))
    note = suppressor_note(suppressors_among(inspection, target, band, named))
    return ", ".join([start, *words]) + f" ({note})" * bool(note)


def _weaker_of(inspection: InspectionResults, target: str, band: str, n_named: int) -> str:
    """Return how many channels are established besides those that are named, as the white dots of maps show."""
    if inspection.leading_cells is None:
        return ""
    rows = inspection.leading_cells.xs((target, band), level=("target", "band"))
    more = int(rows["established"].sum()) - n_named
    return f" and {more} weaker" if more > 0 else ""


def _direction_of(inspection: InspectionResults, target: str, band: str) -> str:
    """Return in which direction power speaks at the established channels, by name where they differ."""
    if inspection.leading_cells is None:
        return ""
    largest = inspection.leading_cells["relevance"].loc[target].max()
    rows = inspection.leading_cells.xs((target, band), level=("target", "band"))
    rows = rows[rows["established"] & (rows["relevance"] >= LEAST_OF_LARGEST * largest)]
    names = rows.index[:MOST_CHANNELS]
    known = {str(name): str(words) for name, words in rows.loc[names, "direction"].items() if words}
    if len(known) == len(names) and len(set(known.values())) == 1:
        return f" ({next(iter(known.values()))})"
    directions: list[str] = []
    for way, words in (("less", LESS), ("more", MORE)):
        names_of_way = ", ".join(name for name, known_words in known.items() if known_words.startswith(words))
        if names_of_way:
            directions.append(f"{way}{'' if directions else ' power'} at {names_of_way}")
    pair = two_classes(inspection)
    does = RAISES if of_numbers(inspection) else FAVOURS
    return f" ({', '.join(directions)} {does} {'it' if pair is None else pair[0]})" if directions else ""


def _what_would_help(inspection: InspectionResults) -> str:
    """Return what to do about the first reason why the network cannot be read."""
    help_of: dict[str, str] = {
        "no_targets": "Pass `y`, a number for each trial and output.",
        "few_targets": f"Pass more trials with different targets{_of_more_units(inspection)}.",
        "no_correlation": "Check targets, preparation and units, or train again.",
        "no_classes": "Pass `y`, or epochs whose `event_id` names the network's classes.",
        "few_trials": f"Pass more trials of every class{_of_more_units(inspection)}.",
        "chance": "Check labels, preparation and units, or train again.",
        "seen_trials": "Pass trials that were not used in training.",
        "unknown_trials": f"Pass trials that were not used in training. {SAY_SO}",
        "class_order": "Set the order of the classes: see the findings.",
    }
    return next(
        (help_of[reason] for reason in inspection.verdict["reasons"] if reason in help_of),
        "See the findings.",
    )


def _of_more_units(inspection: InspectionResults) -> str:
    """Return what more is needed if whole subjects, runs or blocks count as one trial."""
    if inspection.correlations is not None:
        unit = str(inspection.correlations["unit"].iloc[0])
        return "" if unit == "trial" else f", from more {UNITS.get(unit, unit + 's')}"
    if inspection.accuracies is None:
        return ""
    unit = str(
        inspection.accuracies.loc[HELD_OUT if HELD_OUT in inspection.accuracies.index else ALL].get(
            "unit", ""
        )
    )
    return "" if unit in ("", "trial") else f", from more {UNITS.get(unit, unit + 's')}"


def _peak_words(peak_hz: float, skirt_of: str, limits: dict[str, Ranges]) -> str:
    skirt = f", the skirt of a peak in {band_words(skirt_of, limits)}" if skirt_of else ""
    return f"most at {peak_hz:.1f} Hz{skirt}"


def _filters_of(inspection: InspectionResults, target: str, most: int = 4) -> str:
    if inspection.leading_filters is None:
        return ""
    rows = inspection.leading_filters.loc[target]
    total = rows["relevance"].sum()
    rows = rows[rows["relevance"] >= LEAST_SHARE * total].head(most)
    if not total > 0 or rows.empty:
        return ""
    listed = ", ".join(
        f"{number} ({row['measured_low_hz']:.1f}–{row['measured_high_hz']:.1f} Hz)"
        for number, row in rows.iterrows()
    )
    return f" Strongest through filter{'s' * (len(rows) != 1)} {listed}, bands as computed (−3 dB)."


def _weights_only_words(inspection: InspectionResults) -> list[str]:
    if inspection.bands is None:
        return []
    bands = inspection.bands
    passing = bands[bands["peak_hz"].notna()]
    if passing.empty:
        return ["No filter has a band that can be measured: see the findings."]
    counts, limits = passing["rhythm"].value_counts(), ranges_of(RHYTHMS)
    listed = ", ".join(
        f"{counts[name]} in {band_words(name, limits)}" for name in (*RHYTHMS, OTHER) if counts.get(name, 0)
    )
    if len(passing) < len(bands):
        listed += f", {len(bands) - len(passing)} without any"
    width = passing["measured_high_hz"] - passing["measured_low_hz"]
    sentences = [
        f"{counted(len(bands), 'filter')}, by the frequency that each passes best: {listed}. The "
        f"kernels have bands of {width.median():.1f} Hz (median, −3 dB)."
    ]
    if inspection.importance is not None:
        leading = (
            inspection.importance["filter_importance"].to_series().sort_values(ascending=False).head(3).index
        )
        peaks = ", ".join(f"{number} (peak {bands.loc[number, 'peak_hz']:.1f} Hz)" for number in leading)
        word = "filter" if len(leading) == 1 else "filters"
        sentences.append(f"By the weights, {word} {peaks} can move the scores most.")
    sentences.append(
        "Trials (`--epochs my-epo.fif`) would add: the accuracy and whether these trials were held out, "
        "patterns in place of weights, what the decision for each class rests on, and the evidence for it."
    )
    return sentences


def leading_rows(inspection: InspectionResults) -> Rows:
    """Return what each band is worth for each class."""
    assert inspection.leading_bands is not None  # checked by the caller
    limits = ranges_by_name(inspection.leading_bands)
    largest = inspection.leading_bands[["relevance", "ci_low", "ci_high"]].abs().max().max()
    rows = [
        (
            row["target"],
            band_words(row["band"], limits),
            _interval(row, "relevance", largest),
            "" if pd.isna(row["share"]) else percent(row["share"]),
            _peak_cell(row, limits),
            *(
                (
                    _p(row["p"]),
                    *(_with_roles(inspection, row, name) for name in ("channels", "uncertain_channels")),
                )
                if inspection.verdict["readable"]
                else ()
            ),
        )
        for row in inspection.leading_bands.reset_index().to_dict("records")
        if pd.notna(row["relevance"])
    ]
    is_pair = two_classes(inspection) is not None
    of_classes, of_class = ("", "") if is_pair else (" and classes", " of the class")
    if of_numbers(inspection):
        of_classes, of_class = " and outputs", " of the output"
    header = (
        "Output" if of_numbers(inspection) else "Classes" if is_pair else "Class",
        "Band",
        "Worth (95% interval)",
        "Share",
        "Peak (Hz)",
        *(
            ("p, corrected", "Established at", "Large, not established")
            if inspection.verdict["readable"]
            else ()
        ),
    )
    return Rows(
        header,
        rows,
        (
            f"{not_evidence(inspection)} {_worth_words(inspection)}; shares are of the sum over bands, where its "
            "interval is above zero. "
            + (
                f"p: corrected for the number of bands{of_classes}. Channels are established at p < 0.05, corrected "
                "for the number of all cells; named are the largest, four at most, from a tenth of the "
                f"largest{of_class}; large means at least half of the band's largest and a quarter of the "
                f"largest{of_class}. "
                if inspection.verdict["readable"]
                else ""
            )
            + data_words(inspection, of_trials=True)
        ),
    )


def _with_roles(inspection: InspectionResults, row: Mapping[Hashable, Any], name: str) -> str:
    """Return the channels of a column, and which of them are suppressors."""
    names = suppressors_among(inspection, row["target"], row["band"], row[name])
    return (
        f"{row[name]} (suppressor{'s' * (len(names) > 1)}: {', '.join(names)})" if names else str(row[name])
    )


def _worth_words(inspection: InspectionResults) -> str:
    pair = two_classes(inspection)
    if of_numbers(inspection):
        return (
            "How much more of the output comes from each band where the target is one standard deviation higher, in "
            "units of the output"
        )
    if pair is None:
        return "How much the input in each band raises the score of its class, in units of the score"
    return (
        f"How much more the input in each band raises the difference of the scores, {pair[0]} minus {pair[1]}, in "
        f"trials of {pair[0]} than in those of {pair[1]}: how much it separates them, in units of the score"
    )


def _peak_cell(row: Mapping[Hashable, Any], limits: dict[str, Ranges]) -> str:
    if pd.isna(row["peak_hz"]):
        return ""
    skirt = f" (skirt of {band_words(row['skirt_of'], limits)})" if row.get("skirt_of") else ""
    return f"{row['peak_hz']:.1f}{skirt}"


def with_verdict(table: pd.DataFrame, inspection: InspectionResults) -> pd.DataFrame:
    """Return a table of what the decision rests on, in which each row says whether it can be read.

    Where it cannot, nothing is called established, as on the page.
    """
    readable = inspection.verdict["readable"]
    nothing: dict[str, Any] = {} if readable else {"established": False, "channels": ""}
    return table.assign(
        **{name: value for name, value in nothing.items() if name in table}, readable=readable
    )


def _p(p: float) -> str:
    return "" if pd.isna(p) else p_words(p).removeprefix("= ")


def _interval(row: Any, name: str, largest: float) -> str:
    value, low, high = (number_words(row[key], largest=largest) for key in (name, "ci_low", "ci_high"))
    return f"{value} ({low} to {high})"


LEADING: Section[InspectionResults, InspectionRun] = Section(
    name="leading",
    heading="Summary",
    tables=(
        Table(
            "leading_bands",
            ("leading_bands",),
            lambda inspection: with_verdict(inspection.leading_bands, inspection),
            title="By class and band",
            rows=leading_rows,
            applies=lambda inspection: not of_numbers(inspection),
        ),
        Table(
            "leading_bands",
            ("leading_bands",),
            title="By output and band",
            rows=leading_rows,
            applies=of_numbers,
        ),
        Table(
            "leading_cells",
            ("leading_cells",),
            lambda inspection: with_verdict(inspection.leading_cells, inspection),
        ),
        Table(
            "leading_filters",
            ("leading_filters",),
            lambda inspection: with_verdict(inspection.leading_filters, inspection),
        ),
    ),
    summary=(Summary("basis", "What does it use?", basis_words),),
    always=True,
)
"""What the page begins with."""
