"""Explaining the trials of an inspection: one pass, from which the relevance in frequency and in time follow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from sincviz.analysis.attribution.collectors import AverageShares, TrialShares
from sincviz.analysis.attribution.cross_spectra import cross_spectra
from sincviz.analysis.attribution.explanation import Collector
from sincviz.analysis.attribution.input_relevance import Also, InputSetting, Sampling, input_relevance
from sincviz.analysis.attribution.pattern import over_patterns
from sincviz.analysis.attribution.phase_locked_sums import PhaseLockedSums
from sincviz.analysis.attribution.phase_locking import phase_locked_sums
from sincviz.analysis.attribution.spectral import over_frequencies
from sincviz.analysis.attribution.temporal import over_times
from sincviz.analysis.attribution.time_frames import LEAST_SAMPLES
from sincviz.analysis.attribution.time_frequency import WINDOW_S, over_frequencies_and_times
from sincviz.analysis.statistics.established import corrected_p
from sincviz.analysis.statistics.intervals import bootstrap_intervals
from sincviz.eeg.sums import sum_over_bands, sum_over_times
from sincviz.inspection.measuring import InspectionRun
from sincviz.networks.decoder import Decoder
from sincviz.trials.epochs import n_trials_of
from sincviz.trials.numeric_targets import Targets, are_numbers

LEAST_FOR_INTERVALS = 5
"""Of each class; the bootstrap's intervals cover too rarely below about ten."""

WIDTH_S = 0.05
MOST_WINDOWS = 30
"""Longer trials have wider windows."""


@dataclass(frozen=True, eq=False)
class Explained:
    """The relevance of the trials of an inspection, before anything is tested.

    Attributes
    ----------
    spectra : xarray.DataArray, dims (target, channel, frequency)
        Of every class.
    course : xarray.DataArray, dims (target, channel, time)
        Of every class.
    cells : xarray.DataArray, dims (trial, target, band, channel)
        Of single trials.
    windows : xarray.DataArray, dims (trial, target, channel, time)
        Of single trials, summed over windows of time.
    image : AverageShares | None
        Over frequency and time, where this was asked for and ``parts`` are not known.
    pattern : xr.DataArray, dims (trial, target, band, channel), or None
        Pattern relevance of single trials, where roles were asked for.
    parts, spectral_parts : PhaseLockedSums | None
        Evoked and induced, over frequency and time, and over frequency in groups of trials.
    """

    spectra: xr.DataArray
    course: xr.DataArray
    cells: xr.DataArray
    windows: xr.DataArray
    image: AverageShares | None
    parts: PhaseLockedSums | None
    spectral_parts: PhaseLockedSums | None
    pattern: xr.DataArray | None


def explained(run: InspectionRun) -> Explained:
    """Return the relevance of the trials, computed once."""
    if run.explained is None:
        run.explained = _explain(run)
    assert isinstance(run.explained, Explained)
    return run.explained


def _explain(run: InspectionRun) -> Explained:
    network, trials, averaged = run.network, run.sound_trials(), run.averaged
    can_be_told = averaged == "contrast" and not are_numbers(run.codes) and run.fewest() > 1

    def collectors(network: Decoder, codes: Targets | None, sampling: Sampling) -> Sequence[Collector]:
        duration_s = len(sampling.times) / sampling.rate_hz
        width_s = max(WIDTH_S, duration_s / MOST_WINDOWS, 1 / sampling.rate_hz)
        frequencies, times = over_frequencies()(sampling), over_times(sampling)
        n_trials = n_trials_of(trials)
        kept: list[Collector] = [
            TrialShares(network, codes, frequencies, sum_over_bands),
            TrialShares(network, codes, times, lambda single: sum_over_times(single, width_s)),
            AverageShares(network, codes, n_trials, times, averaged),
        ]
        if (
            averaged == "contrast"
            and not are_numbers(run.codes)
            and (run.wanted is None or "roles" in run.wanted)
        ):
            kept.append(
                TrialShares(
                    network,
                    codes,
                    over_patterns(frequencies, cross_spectra(run.network, run.sound_trials())),
                    sum_over_bands,
                )
            )
        if run.wanted is not None and "time_frequency_relevance" not in run.wanted:
            return kept
        if can_be_told:
            kept.append(phase_locked_sums(network, codes, frequencies, averaged, grouped=True))
        if len(sampling.times) < LEAST_SAMPLES:
            return kept
        window_s = min(duration_s, max(WINDOW_S, LEAST_SAMPLES / sampling.rate_hz))
        both = over_frequencies_and_times(window_s)(sampling)
        if can_be_told:
            return [*kept, phase_locked_sums(network, codes, both, averaged)]
        return [*kept, AverageShares(network, codes, n_trials, both, averaged)]

    also = Also(collectors)
    spectra = input_relevance(
        network, trials, run.codes, over_frequencies(), InputSetting(trials=averaged), also=also
    )
    cells, windows, course, *rest = also.kept
    assert isinstance(cells, TrialShares)
    assert isinstance(windows, TrialShares)
    assert isinstance(course, AverageShares)
    patterns = [one.shares(spectra) for one in rest if isinstance(one, TrialShares)]
    images = [one for one in rest if isinstance(one, AverageShares)]
    sums = [one for one in rest if isinstance(one, PhaseLockedSums)]
    return Explained(
        spectra,
        course.shares(spectra),
        cells.shares(spectra),
        windows.shares(spectra),
        image=images[0] if images else None,
        parts=sums[1] if len(sums) > 1 else None,
        spectral_parts=sums[0] if sums else None,
        pattern=patterns[0] if patterns else None,
    )


def with_intervals(run: InspectionRun, single: xr.DataArray, like: xr.DataArray) -> xr.DataArray:
    """Return averages of single trials with intervals over trials, corrected p-values and the attributes of another."""
    cells = bootstrap_intervals(single, trials=run.averaged, seed=run.seed)
    cells.attrs |= like.attrs
    if "subject" in run.structure and (n_subjects := run.structure["subject"].nunique()) > 1:
        cells.attrs["interval"] += f" of these {n_subjects} subjects"
    permuted_codes, strata = run.exchange()
    p = corrected_p(single, trials=run.averaged, permuted_codes=permuted_codes, strata=strata, seed=run.seed)
    cells = cells.assign_coords(p=(cells.dims, p.to_numpy()))
    if run.fewest() < LEAST_FOR_INTERVALS:
        # A bootstrap of so few trials is too sure of itself.
        nothing = xr.full_like(cells["ci_low"], np.nan)
        cells = cells.assign_coords(ci_low=nothing, ci_high=nothing)
        cells.attrs["interval"] = f"none: fewer than {LEAST_FOR_INTERVALS} trials"
    return cells
