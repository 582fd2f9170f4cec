"""Time, as a section: when what separates the classes lies in the trials, and whether it is phase-locked."""

from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz.analysis.attribution.phase_locking import share_table
from sincviz.analysis.attribution.time_frames import LEAST_SAMPLES
from sincviz.analysis.evidence.separation import separating_properties
from sincviz.analysis.labels import with_known_classes
from sincviz.analysis.statistics.established import ALPHA
from sincviz.analysis.statistics.jackknife import N_GROUPS
from sincviz.analysis.statistics.peaks import peak_latencies
from sincviz.analysis.statistics.two_classes import against, first_minus_second
from sincviz.eeg.sums import sum_over_regions, sum_over_times
from sincviz.inspection.explaining import explained, with_intervals
from sincviz.inspection.leading import with_verdict
from sincviz.inspection.maps import or_say_why
from sincviz.inspection.measuring import InspectionRun
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.time_words import property_rows, share_rows, time_words
from sincviz.inspection.words import of_trials
from sincviz.report.contents import Figure, Section, Sentence, Step, Summary, Table
from sincviz.trials.epochs import n_trials_of

if TYPE_CHECKING:
    import matplotlib.figure

FEWEST_TO_COMPARE = 10
"""Trials of each class from which the properties that separate them are estimated."""

_MOST_MAPS = 5
_MOST_ROWS_OF_MAPS = 3
_LEAST_DRAWN = 0.1  # of the largest
_APART = 8  # of so many parts of a trial, maps are one or more apart


def _of_times(
    run: InspectionRun,
) -> tuple[xr.DataArray, xr.DataArray, pd.DataFrame]:
    explanation = explained(run)
    course = against(explanation.course)
    windows = explanation.windows
    single = first_minus_second(windows) if run.has_contrast else windows
    places = sum_over_regions(single) if "region" in single.coords else single
    courses = with_intervals(run, places, course)
    permuted_codes, strata = run.exchange()
    peaks = peak_latencies(
        places, trials=run.averaged, permuted_codes=permuted_codes, strata=strata, seed=run.seed
    )
    return course, courses, peaks


def _of_both(run: InspectionRun) -> tuple[xr.DataArray]:
    explanation = explained(run)
    if explanation.image is not None:
        return (against(explanation.image.shares(explanation.spectra)),)
    if explanation.parts is None:
        raise ValueError(f"This needs trials of {LEAST_SAMPLES} samples or more.")
    parts = explanation.parts.parts(explanation.spectra)
    return (parts.sum("part", keep_attrs=True).rename("time_frequency_relevance"),)


def _check_classes(run: InspectionRun) -> None:
    """Raise if nothing can be phase-locked within classes."""
    run.sound_trials()
    run.needed_classes()
    if not run.has_contrast or run.fewest() < 2:
        raise ValueError(
            "What is phase-locked is so within each class: this needs two trials or more of two classes or more."
        )


def _parts(run: InspectionRun) -> tuple[xr.DataArray]:
    _check_classes(run)
    parts = explained(run).parts
    if parts is None:
        raise ValueError(f"This needs trials of {LEAST_SAMPLES} samples or more.")
    return (parts.parts(explained(run).spectra),)


def _shares(run: InspectionRun) -> tuple[pd.DataFrame]:
    _check_classes(run)
    sums = explained(run).spectral_parts
    assert sums is not None  # there are classes
    return (share_table(sums, explained(run).spectra),)


def _properties(run: InspectionRun) -> tuple[pd.DataFrame]:
    trials = run.sound_trials()
    run.needed_classes()
    if not run.has_contrast or run.fewest() < FEWEST_TO_COMPARE:
        raise ValueError(
            f"This compares classes, so it needs {FEWEST_TO_COMPARE} trials or more of two classes or more."
        )
    # All groups of trials and each left out, with trials as they are and changed six times.
    chosen, codes = run.evidence_trials(run.within_reach(7 * (1 + N_GROUPS), n_trials_of(trials)))
    return (separating_properties(run.network, chosen, codes, seed=run.seed, progress=False),)


def _courses(inspection: InspectionResults) -> "matplotlib.figure.Figure":
    assert inspection.time_courses is not None  # the drawing needs it
    courses = with_known_classes(inspection.time_courses)
    kind = "profile" if "region" in courses.dims else "image"
    assert inspection.peaks is not None  # measured with the courses
    peaks = inspection.peaks[inspection.peaks["p"] < ALPHA]
    shown = peaks if kind == "profile" and len(peaks) else None
    return plotting.plot_temporal_relevance(courses, kind, inspection.deletion, peaks=shown)


def _maps(inspection: InspectionResults) -> "matplotlib.figure.Figure":
    course = _in_windows(inspection)
    return plotting.plot_temporal_relevance(
        course, "joint", inspection.deletion, times_s=_latencies_s(inspection)
    )


def _in_windows(inspection: InspectionResults) -> xr.DataArray:
    assert inspection.time_courses is not None  # the drawing needs both
    assert inspection.temporal_relevance is not None
    width_s = inspection.time_courses.attrs["window_width_s"]
    return sum_over_times(with_known_classes(inspection.temporal_relevance), width_s)


def _latencies_s(inspection: InspectionResults) -> list[float]:
    """Return at which times maps are drawn: when all channels together are at their largest, some way apart."""
    whole = _in_windows(inspection).sum(("target", "channel"))
    least_apart_s = float(np.ptp(whole["time"].to_numpy())) / _APART
    chosen: list[float] = []
    large = whole[whole.to_numpy() >= _LEAST_DRAWN * whole.to_numpy().max()]
    for time_s in large.sortby(large, ascending=False)["time"].to_numpy().tolist():
        if len(chosen) < _MOST_MAPS and all(abs(time_s - other) > least_apart_s for other in chosen):
            chosen.append(time_s)
    return sorted(chosen)


def _time_frequency(inspection: InspectionResults) -> "matplotlib.figure.Figure":
    assert inspection.time_frequency_relevance is not None  # the drawing needs it
    image = with_known_classes(inspection.time_frequency_relevance)
    image = sum_over_regions(image) if "region" in image.coords else image
    return plotting.plot_time_frequency_relevance(image, inspection.deletion)


def _has_maps(inspection: InspectionResults) -> bool:
    assert inspection.temporal_relevance is not None  # the drawing needs it
    return inspection.temporal_relevance.sizes["target"] <= _MOST_ROWS_OF_MAPS


def _methods(inspection: InspectionResults) -> Iterator[Sentence]:
    if inspection.time_frequency_relevance is None or inspection.time_courses is None:
        return
    attrs = inspection.time_frequency_relevance.attrs
    yield Sentence(
        f"The same attribution was split over time (windows of {_ms(inspection.time_courses.attrs)}), and exactly over "
        f"frequency and time in a tight frame of Hann windows of {attrs['window_s']:g} s (full width at half maximum "
        f"{1000 * attrs['time_resolution_s']:.0f} ms and {attrs['frequency_resolution_hz']:.1f} Hz).",
    )
    if inspection.evoked_shares is not None:
        yield Sentence(
            "Its evoked part is what any two different trials of a class have in common (the mean product of the "
            "signal of one and the gradient of the other), its induced part the covariance of signal and gradient over "
            "trials; intervals are from a jackknife over ten groups of trials."
        )


def _ms(attrs: Mapping[Hashable, Any]) -> str:
    return f"{1000 * attrs['window_width_s']:.0f} ms"


OF_TIMES = Step(
    "Relevance in time",
    ("temporal_relevance", "time_courses", "peaks"),
    _of_times,
)
OF_BOTH = Step("Relevance in time and frequency", ("time_frequency_relevance",), _of_both)
"""The explorer needs these, too."""

TIME: Section[InspectionResults, InspectionRun] = Section(
    name="time",
    heading="Time",
    steps=(
        OF_TIMES,
        OF_BOTH,
        Step("Evoked and induced", ("evoked_and_induced",), _parts),
        Step("Shares of evoked", ("evoked_shares",), _shares),
        Step("What separates the classes", ("separating_properties",), _properties),
    ),
    figures=(
        Figure(
            "time_courses",
            "What the decision rests on, over time",
            ("time_courses",),
            _courses,
            of_trials(
                "Relevance of the input in each window of time, summed over the channels of a region. It says when "
                "what the network uses is in the signal. Bars below the lines mark what is established at p < 0.05, "
                "corrected for the number of all regions and windows; circles "
                "are peaks that are, with the interval of their latency.",
                "How much each window of time separates {first} from {second}, summed over the channels of a region: "
                "when what the network uses is in the signal. Bars below the lines mark what is established at p < "
                "0.05, corrected for the number of all regions and windows; circles "
                "are peaks that are, with the interval of their latency.",
                "How much more of the output comes from each window of time where the target is one standard "
                "deviation higher, summed over the channels of a region. Bars below the lines mark what is "
                "established at p < 0.05, corrected for the number of all regions and windows.",
            ),
        ),
        Figure(
            "time_maps",
            "Where the decision rests, at its largest moments",
            ("temporal_relevance", "peaks"),
            or_say_why(_maps),
            of_trials(
                "Lines: the same for every channel. Maps: when all channels together are at their largest.",
            ),
            applies=_has_maps,
        ),
        Figure(
            "time_frequency",
            "What the decision rests on, over frequency and time",
            ("time_frequency_relevance",),
            or_say_why(_time_frequency),
            of_trials(
                "The same relevance, split exactly over frequencies and times: its values add up to the change of "
                "the score. What happens at one time or one frequency is spread as far as stated below.",
                "What separates {first} from {second}, split exactly over frequencies and times: its values add up "
                "to the distance between the classes. What happens at one time or one frequency is spread as far as "
                "stated below.",
            ),
        ),
    ),
    tables=(
        Table(
            "evoked_shares",
            ("evoked_shares",),
            lambda inspection: with_verdict(inspection.evoked_shares, inspection),
            title="Evoked and induced",
            rows=share_rows,
        ),
        Table(
            "separating_properties",
            ("separating_properties",),
            lambda inspection: with_verdict(inspection.separating_properties, inspection),
            title="What separates the classes: evoked response, power or coupling",
            rows=property_rows,
        ),
        Table("peaks", ("peaks",), lambda inspection: with_verdict(inspection.peaks, inspection)),
    ),
    arrays=("temporal_relevance", "time_courses", "time_frequency_relevance", "evoked_and_induced"),
    summary=(Summary("time", "When, and how?", time_words),),
    methods=_methods,
)
