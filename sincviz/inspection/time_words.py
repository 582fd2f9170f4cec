"""Words on time: when what separates the classes lies in the trials, and whether it is evoked, power or coupling."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sincviz._utils.text import class_words, in_brackets, joined, number_words, percent
from sincviz.analysis.attribution.phase_locking import ALL
from sincviz.analysis.evidence.separation import COUPLING, EVOKED, POWER, REST
from sincviz.analysis.statistics.established import ALPHA
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import not_evidence
from sincviz.report.contents import Rows

MOST_CLASSES = 4  # more are in the figures
LEAST_SHARE = 0.1
_ROUNDING = 0.005
_MOST_SPANS = 3
_SHARP = 1 / 3  # of the trial: an interval that is wider names no moment

_MEANS = {
    EVOKED: "the evoked response",
    POWER: "the power of single channels",
    COUPLING: "how channels vary together at equal power of each, for their phases are coupled, or they pick up one "
    "source",
    REST: "what else single channels hold at equal power: their waveform, or how power varies from trial to trial",
}


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
    assert inspection.temporal_relevance is not None  # measured with the courses
    time_s = inspection.temporal_relevance["time"].to_numpy()
    # From the first sample of a window to the first of the next.
    half_s = (time_s[1] - time_s[0]) / 2 if len(time_s) > 1 else 0.0
    low_s, high_s = (of_target[name].to_numpy() + half_s for name in ("time_low_s", "time_high_s"))
    spans = _spans(established, low_s, high_s)
    words = joined(spans) if len(spans) <= _MOST_SPANS else _within(low_s, high_s, established)
    early = ""
    if (established & (high_s <= half_s)).any():
        early = ", in part before the event, where no response to it can be: see whether the baseline differs"
    return f"established {words}{_peak(inspection, target, place, high_s[-1] - low_s[0])}{early}"


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
    peaks = [row for row in _rows(inspection.peaks) if row["target"] == target and row["p"] < ALPHA]
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
        if (row["target"], row["band"]) == (target, ALL) and row["ci_low"] == row["ci_low"]:
            words.append(f" {_evoked(row)}")
    table = [] if inspection.separating_properties is None else _rows(inspection.separating_properties)
    rows = [
        row for row in table if row["target"] == target and row["share"] >= LEAST_SHARE and row["ci_low"] > 0
    ]
    parts = [f"{_MEANS[row['property']]} ({percent(row['share'])})" for row in rows]
    if parts:
        words.append(f" What separates the classes is {'; '.join(parts)}.")
    return "".join(words)


def _evoked(row: Mapping[Hashable, Any]) -> str:
    """Return how much is evoked, of a share with an interval."""
    share = _share(row)
    if row["ci_low"] <= 0:
        return f"It is not shown that any of what separates them is phase-locked (evoked: {share})."
    locked = "of what separates them is phase-locked, the same in every trial of a class"
    if row["evoked_share"] <= 1 - _ROUNDING:
        return f"{share} {locked} (evoked)."
    rest = "; the rest counts against it" * bool(row["ci_low"] > 1 + _ROUNDING)
    return f"All {locked} (evoked: {share}{rest})."


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
        "response), the power of each channel at each frequency and time, then the channels of a trial are taken from "
        "different trials of the class, so that nothing couples them. What then still separates the classes is the "
        "rest: the waveform of single channels, or how their power varies from trial to trial. Separation: by how much "
        "less the scores of the classes differ, with its 95% interval. Balanced accuracy of unchanged trials: "
        f"{percent(table.attrs['accuracy'])}. A source that several channels pick up couples them, too; at lag zero it "
        "cannot be told from coupled phases."
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
