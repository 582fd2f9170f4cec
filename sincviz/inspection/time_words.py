"""Words on time: when what separates the classes lies in the trials, and whether it is evoked, power or coupling."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sincviz._utils.text import class_words, in_brackets, joined, number_words, percent
from sincviz.analysis.attribution.phase_locking import ALL
from sincviz.analysis.evidence.separation import COUPLING, EVOKED, POWER, WAVEFORM
from sincviz.analysis.statistics.established import ALPHA
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import not_evidence
from sincviz.report.contents import Rows

MOST_CLASSES = 4  # more are in the figures
LEAST_SHARE = 0.1
_MOST_SPANS = 3
_SHARP = 1 / 3  # of the trial: an interval that is wider names no moment

_MEANS = {
    EVOKED: "the evoked response, which is phase-locked to the event",
    POWER: "the power of single channels",
    COUPLING: "the coupling of channels at equal power of each, such as their phase difference",
    WAVEFORM: "the waveform of single channels at equal power",
}
_BESIDE_POWER = (
    "how channels vary together beyond that, for they pick up one source, or their phases are coupled"
)
"""Coupling of channels whose power differs too; a source alone would couple them, then."""


def time_words(inspection: InspectionResults) -> list[str]:
    """Return for each class when its evidence lies in the trials, and of which kind it is."""
    if inspection.time_courses is None or not inspection.verdict["readable"]:
        return []
    targets = [str(name) for name in inspection.time_courses["target"].to_numpy()]
    sentences = []
    for target in targets[:MOST_CLASSES]:
        when = _when(inspection, target)
        how = _how(inspection, target)
        sentences.append(f"For {class_words(target)}: {when}.{how}")
    return sentences


def _when(inspection: InspectionResults, target: str) -> str:
    courses = inspection.time_courses
    assert courses is not None  # asked before
    place = "region" if "region" in courses.dims else "channel"
    of_target = courses.sel(target=target).transpose(place, "time")
    established = np.asarray(((of_target["p"] < ALPHA) & (of_target > 0)).any(place))
    if not established.any():
        return "no time is established"
    low_s, high_s = (of_target[name].to_numpy() for name in ("time_low_s", "time_high_s"))
    spans = _spans(established, low_s, high_s)
    words = joined(spans) if len(spans) <= _MOST_SPANS else _within(low_s, high_s, established)
    return f"established {words}{_peak(inspection, target, place, high_s[-1] - low_s[0])}"


def _spans(marked: NDArray[np.bool_], low_s: NDArray[np.float64], high_s: NDArray[np.float64]) -> list[str]:
    """Return the spans of time that are marked without a gap."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(int), [0]])))
    return [f"from {low_s[start]:.2f} to {high_s[end - 1]:.2f} s" for start, end in edges.reshape(-1, 2)]


def _within(low_s: NDArray[np.float64], high_s: NDArray[np.float64], marked: NDArray[np.bool_]) -> str:
    """Return how many windows are marked between the first and the last that is."""
    at = np.flatnonzero(marked)
    share = marked[at[0] : at[-1] + 1].mean()
    return f"in {percent(share)} of the windows from {low_s[at[0]]:.2f} to {high_s[at[-1]]:.2f} s"


def _peak(inspection: InspectionResults, target: str, place: str, duration_s: float) -> str:
    """Return when and where it is largest, if that is known."""
    if inspection.peaks is None:
        return ""
    peaks = [
        row
        for row in _rows(inspection.peaks)
        if row["target"] == target and row["latency_s"] == row["latency_s"]
    ]
    if not peaks:
        return ""
    peak = max(peaks, key=lambda row: row["relevance"])
    where = f"over {peak[place]}" if place == "region" else f"at {peak[place]}"
    if not peak["ci_high"] - peak["ci_low"] < _SHARP * duration_s:
        return ", and no moment stands out"
    interval = in_brackets(peak["ci_low"], peak["ci_high"], lambda value: f"{value:.2f}")
    return f", largest {where} at {peak['latency_s']:.2f} s{interval}"


def _rows(table: pd.DataFrame) -> list[dict[Hashable, Any]]:
    return table.reset_index().to_dict("records")


def _how(inspection: InspectionResults, target: str) -> str:
    words = []
    shares = [] if inspection.evoked_shares is None else _rows(inspection.evoked_shares)
    for row in shares:
        if (row["target"], row["band"]) == (target, ALL) and row["evoked_share"] == row["evoked_share"]:
            words.append(f" {_evoked(row)}")
    table = [] if inspection.separating_properties is None else _rows(inspection.separating_properties)
    rows = [
        row for row in table if row["target"] == target and row["share"] >= LEAST_SHARE and row["ci_low"] > 0
    ]
    means = _MEANS | ({COUPLING: _BESIDE_POWER} if POWER in [row["property"] for row in rows] else {})
    parts = [f"{means[row['property']]} ({percent(row['share'])})" for row in rows]
    if parts:
        words.append(f" What separates the classes is {'; '.join(parts)}.")
    return "".join(words)


def _evoked(row: Mapping[Hashable, Any]) -> str:
    share = _share(row)
    if row["ci_low"] <= 0:
        return f"It is not shown that any of it is phase-locked to the event (evoked: {share})."
    if row["evoked_share"] > 1:
        return f"All of it is phase-locked to the event (evoked: {share}; the rest counts against it)."
    return f"{share} of it is phase-locked to the event (evoked)."


def share_rows(inspection: InspectionResults) -> Rows:
    """Return how much is evoked and induced, by class and band, as the page shows it."""
    table = inspection.evoked_shares
    assert table is not None  # the table needs it
    limits = ranges_by_name(inspection.leading_bands) if inspection.leading_bands is not None else {}
    largest = float(np.nanmax(np.abs(table[["evoked", "induced"]].to_numpy()), initial=0.0))
    rows = []
    for row in _rows(table):
        name = row["band"] if row["band"] == ALL or not limits else band_words(row["band"], limits)
        numbers = [number_words(row[part], largest=largest) for part in ("evoked", "induced")]
        rows.append([class_words(str(row["target"])), name, *numbers, _share(row)])
    caption = (
        "Evoked: what any two different trials of a class have in common, so it is phase-locked to the event. Induced: "
        "the rest, such as the power of a rhythm whose phase varies. Both add up to the relevance of the band. A share "
        "is stated where their sum is established, with its 95% interval over trials. A response whose latency varies "
        "counts as induced in part."
    )
    return Rows(
        ("class", "band", "evoked", "induced", "share evoked"), rows, _with_warning(inspection, caption)
    )


def property_rows(inspection: InspectionResults) -> Rows:
    """Return which property separates the classes, as the page shows it."""
    table = inspection.separating_properties
    assert table is not None  # the table needs it
    largest = float(np.nanmax(np.abs(table["separation"]), initial=0.0))
    rows = []
    for row in _rows(table):
        value, low, high = (
            number_words(row[key], largest=largest) for key in ("separation", "ci_low", "ci_high")
        )
        share = "" if pd.isna(row["share"]) else percent(row["share"])
        accuracy = "" if pd.isna(row["accuracy_without"]) else percent(row["accuracy_without"])
        rows.append(
            [class_words(str(row["target"])), row["property"], f"{value} ({low} to {high})", share, accuracy]
        )
    caption = (
        "Properties of the signals are made alike in all classes, one on top of the other: the mean trial (evoked "
        "response), the mean power of each channel at each frequency and time, then the channels of a trial are taken "
        "from different trials of the class, so that nothing couples them. What then still separates the classes is "
        "the waveform of single channels. Separation: by how much less the scores of the classes differ, with its 95% "
        f"interval. Balanced accuracy of unchanged trials: {percent(table.attrs['accuracy'])}. A source "
        "that several channels pick up couples them, too: some of its power then counts as coupling."
    )
    header = ("Class", "Property", "Separation", "Share", "Accuracy once alike")
    return Rows(header, rows, _with_warning(inspection, caption))


def _share(row: Mapping[Hashable, Any]) -> str:
    """Return how much is evoked, with its interval, as far as these are known."""
    if pd.isna(row["evoked_share"]):
        return ""
    share = percent(row["evoked_share"])
    return (
        share if pd.isna(row["ci_low"]) else f"{share}{in_brackets(row['ci_low'], row['ci_high'], percent)}"
    )


def _with_warning(inspection: InspectionResults, caption: str) -> str:
    return f"{not_evidence(inspection)} {caption}".strip()
