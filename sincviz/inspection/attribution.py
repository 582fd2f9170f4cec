"""Relevance, as a section: what the decision for each class rests on, over bands, channels and filters."""

from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz.analysis.attribution.leading import (
    leading_bands,
    leading_cells,
    leading_filters,
)
from sincviz.analysis.attribution.power_direction import power_direction
from sincviz.analysis.attribution.sinc_layer import relevance
from sincviz.analysis.doctor.line_noise import power_spectrum
from sincviz.analysis.evidence.data_contrast import band_power_contrast
from sincviz.analysis.labels import with_known_classes
from sincviz.analysis.statistics.trial_average import averaged
from sincviz.analysis.statistics.two_classes import against, first_minus_second
from sincviz.eeg.band_limits import low_and_high_hz
from sincviz.eeg.sums import sort_by_region, sum_over_bands, sum_over_regions
from sincviz.inspection.explaining import explained, with_intervals
from sincviz.inspection.maps import or_say_why
from sincviz.inspection.measuring import InspectionRun
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import of_numbers, of_trials, two_classes
from sincviz.report.contents import Figure, Section, Sentence, Step

if TYPE_CHECKING:
    import matplotlib.figure


_NEARLY_ALL = 0.99  # what is above says nothing, and squeezes the rest


def _of_frequencies(
    run: InspectionRun,
) -> tuple[xr.DataArray, xr.DataArray, pd.DataFrame, pd.DataFrame, xr.Dataset]:
    network, trials = run.network, run.sound_trials()
    of_classes, run.of_trials = explained(run).spectra, explained(run).cells
    spectrum = against(of_classes)
    run.power = power_spectrum(network, trials)
    bands_of_classes = averaged(run.of_trials, run.averaged, run.codes)
    single = first_minus_second(run.of_trials) if run.has_contrast else run.of_trials
    like = sum_over_bands(spectrum)
    cells = with_intervals(run, single, like)
    of_bands = with_intervals(run, single.sum("channel", skipna=False, keep_attrs=True), like)
    total = with_intervals(run, single.sum(("band", "channel"), skipna=False, keep_attrs=True), like)
    of_bands = of_bands.assign_coords(
        {f"total_{end}": ("target", total[end].to_numpy()) for end in ("ci_low", "ci_high")}
    )
    direction = power_direction(network, trials, single)
    class_relevance = xr.Dataset(
        {"spectral": of_classes, "band": bands_of_classes, "temporal": explained(run).course}
    )
    leading = leading_bands(of_bands, cells, spectrum), leading_cells(cells, direction)
    return spectrum, cells, *leading, class_relevance


def _of_filters(run: InspectionRun) -> tuple[xr.DataArray, pd.DataFrame]:
    of_filters = relevance(run.front_end, run.sound_trials(), run.codes, trials=run.averaged)
    return of_filters, leading_filters(of_filters.sum("channel", skipna=False, keep_attrs=True))


def _contrast(run: InspectionRun) -> tuple[xr.DataArray]:
    contrast = band_power_contrast(run.network, run.needed_trials(), run.needed_codes())
    if not np.isfinite(contrast).any():
        raise ValueError(
            "This needs at least two trials each of two classes, or trials with different targets."
        )
    return (contrast,)


def _known(values: xr.DataArray | None) -> xr.DataArray:
    """Return what can be drawn: bands without a frequency and classes without trials have no values."""
    assert values is not None  # the drawing needs it
    kept = values
    for dim in ("target", "band"):
        finite = np.isfinite(kept.transpose(dim, ...).to_numpy())
        kept = kept.isel({dim: finite.reshape(len(finite), -1).any(1)})
    return kept


def _by_region(values: xr.DataArray) -> xr.DataArray:
    return sort_by_region(values) if "region" in values.coords else values


def _scalps(inspection: InspectionResults) -> "matplotlib.figure.Figure":
    return plotting.plot_relevance(_known(inspection.band_relevance), "topomaps", inspection.deletion)


def _channels(inspection: InspectionResults) -> "matplotlib.figure.Figure":
    cells = _by_region(_known(inspection.band_relevance))
    return plotting.plot_relevance(cells, "channels", inspection.deletion)


def _spectral_profile(inspection: InspectionResults) -> "matplotlib.figure.Figure":
    assert inspection.spectral_relevance is not None  # the drawing needs it
    known = with_known_classes(inspection.spectral_relevance)
    known = known.isel(frequency=slice(_n_relevant(known)))
    if "region" in known.coords:
        return plotting.plot_spectral_relevance(sum_over_regions(known), "profile", inspection.deletion)
    return plotting.plot_spectral_relevance(known, "image", inspection.deletion)


def _n_relevant(values: xr.DataArray) -> int:
    """Return how many frequencies, from the lowest, hold nearly all relevance."""
    by_frequency = values.transpose("frequency", ...).to_numpy()
    size = np.abs(by_frequency).reshape(len(by_frequency), -1).sum(1).cumsum()
    return min(len(size), int(1.1 * np.searchsorted(size, _NEARLY_ALL * size[-1])) + 2)


def _contrast_scalps(inspection: InspectionResults) -> "matplotlib.figure.Figure":
    return plotting.plot_relevance(_known(inspection.band_power_contrast), "topomaps")


def _methods(inspection: InspectionResults) -> Iterator[Sentence]:
    if inspection.band_relevance is None:
        return
    attrs = inspection.band_relevance.attrs
    pair = two_classes(inspection)
    what, over = "each class score", "averaged over all trials"
    if pair is not None:
        what = f"the difference of the class scores ({pair[0]} minus {pair[1]})"
        over = f"averaged over the trials of {pair[0]} minus the average over those of {pair[1]}"
    elif of_numbers(inspection):
        what = "each output"
        if attrs.get("trials") == "contrast":
            over = "averaged over trials after multiplication with the standardised target"
    elif attrs.get("trials") == "contrast":
        over = "averaged over the trials of a class minus the average over the others"
    yield Sentence(
        f"Relevance is the integrated gradient (Sundararajan et al., 2017) of {what} from "
        f"{_from_where(attrs)}, split exactly over frequencies and channels "
        "by Parseval's theorem and summed over bands (in Hz: "
        f"{_bands(inspection.band_relevance)}), {over}, with 95% bootstrap "
        f"intervals {_over(attrs)} ({attrs.get('n_resamples')} resamples; Hesterberg, 2015).",
        ("sundararajan", "hesterberg"),
    )


def _from_where(attrs: Mapping[Hashable, Any]) -> str:
    """Return the baseline and the number of steps, and why it is not silence."""
    n_steps, reason = attrs.get("n_steps"), attrs.get("baseline_reason")
    if attrs.get("baseline") == "surrogates":
        return (
            "signals with the average cross-spectra of the trials and random phases, as the scores are too steep near "
            f"silence ({n_steps} steps; {reason})"
        )
    return f"a baseline of zero ({n_steps} steps)"


def _over(attrs: Mapping[Hashable, Any]) -> str:
    """Return over what the intervals are: trials, and whose."""
    over = str(attrs.get("interval", "")).partition(" over ")[2] or "trials"
    return f"over {over}, not over subjects in general" if "subjects" in over else f"over {over}"


def _bands(cells: xr.DataArray) -> str:
    """Return the limits of the named bands."""
    limits = zip(cells["band"].to_numpy(), low_and_high_hz(cells), strict=True)
    return "; ".join(
        f"{name}: {low:g}{' and above' if high == np.inf else f'–{high:g}'}"
        for name, (low, high) in limits
        if low == low  # not NaN: a named band
    )


OF_FREQUENCIES = Step(
    "Relevance of frequencies",
    ("spectral_relevance", "band_relevance", "leading_bands", "leading_cells", "class_relevance"),
    _of_frequencies,
)
"""The evidence needs this, too."""


RELEVANCE: Section[InspectionResults, InspectionRun] = Section(
    name="relevance",
    heading="Attribution",
    steps=(
        OF_FREQUENCIES,
        Step("Relevance of filters", ("relevance", "leading_filters"), _of_filters),
        Step("Contrast in the data", ("band_power_contrast",), _contrast),
    ),
    figures=(
        Figure(
            "relevance",
            "What the decision rests on, on the scalp",
            ("band_relevance",),
            or_say_why(_scalps),
            of_trials(
                "Rows: classes; columns: bands of the input. Red: activity there favours the class; blue: "
                "against it. All maps of the figure share one scale, and the values add up to the whole change of "
                "the score. White dots mark channels that are established at p < 0.05, corrected for the number of all "
                "cells.",
                "Columns: bands of the input. Red: what is there raises the difference of the scores, {first} minus "
                "{second}, more in trials of {first} than in those of {second}, so it separates the two classes, for "
                "whichever of them it speaks; blue: it blurs them. All maps share one scale, and the values add up to "
                "the whole distance between the classes. White dots mark channels that are established at p < 0.05, "
                "corrected for the number of all cells.",
                "Rows: outputs; columns: bands of the input. Red: what is there raises the output where the target is "
                "higher, by so much for one standard deviation of the target; blue: it does the opposite. All maps "
                "share one scale, and the values add up to the slope of the predictions. White dots mark channels "
                "that are "
                "established at p < 0.05, corrected for the number of all cells.",
            ),
        ),
        Figure(
            "relevance_channels",
            "What the decision rests on, channel by channel",
            ("band_relevance",),
            _channels,
            of_trials(
                "The same numbers as an image: one panel per class, bands over channels from the front to the back. "
                "Dots: not established.",
                "The same numbers as an image: bands over channels from the front to the back. Dots: not established.",
                "The same numbers as an image: one panel per output, bands over channels from the front to the back. "
                "Dots: not established.",
            ),
        ),
        Figure(
            "spectral_relevance",
            "What the decision rests on, over frequency",
            ("spectral_relevance",),
            _spectral_profile,
            of_trials(
                "Relevance of each frequency of the input, summed over the channels of a region. Peaks show which "
                "frequencies the network really uses, whatever the cut-offs of its filters.",
                "How much each frequency of the input separates {first} from {second}, summed over the channels of a "
                "region. Peaks show which frequencies the network really uses, whatever the cut-offs of its filters.",
                "How much more of the output comes from each frequency of the input where the target is one standard "
                "deviation higher, summed over the channels of a region.",
            ),
        ),
        Figure(
            "band_power_contrast",
            "What differs in the data themselves",
            ("band_power_contrast",),
            or_say_why(_contrast_scalps),
            of_trials(
                "This figure involves no network: how much the log power of the class's trials differs from that of "
                "the others, in pooled standard deviations. A decision that rests on what is flat here, or on more "
                "than is here, is suspicious.",
                "This figure involves no network: how much larger the log power is in the trials of {first} than in "
                "those of {second}, in pooled standard deviations. A decision that rests on what is flat here, or on "
                "more than is here, is suspicious.",
                "This figure involves no network: the correlation over trials of log power with the target. A "
                "prediction that rests on what is flat here, or on more than is here, is suspicious.",
            ),
        ),
    ),
    arrays=("relevance", "spectral_relevance", "band_relevance", "class_relevance", "band_power_contrast"),
    methods=_methods,
)
