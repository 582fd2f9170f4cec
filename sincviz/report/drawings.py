"""Every figure of an inspection: what it needs, how it is drawn, how it is read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from sincviz import plotting
from sincviz.analysis.grouping import group_by_region, sort_by_region
from sincviz.analysis.labels import with_known_classes
from sincviz.analysis.maps.importance import most_important
from sincviz.analysis.maps.spatial import relative_maps
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.eeg.bands import OTHER
from sincviz.errors import PositionsError
from sincviz.inspection.inspection import Inspection
from sincviz.plotting.canvas.drawn_results import TooManyMapsError

OF_WEIGHTS = {"bands", "overlap", "response", "cutoff_history", "spatial_filters", "findings"}
MOST_MAPS = 32
MOST_PAIRS = 8
_NEARLY_ALL = 0.99  # what is above says nothing, and squeezes the rest


@dataclass(frozen=True)
class Drawing:
    """One figure: ``needs`` names the fields of the inspection without which there is none."""

    name: str
    section: str
    title: str
    needs: tuple[str, ...]
    draw: Callable[[Inspection], Figure]
    caption: str

    def is_of_trials(self, found: Inspection) -> bool:
        """Tell whether the figure shows what trials say, not the weights alone."""
        if self.name == "spatial_maps":
            return found.spatial_patterns is not None
        return not set(self.needs) <= OF_WEIGHTS


def drawings_of(found: Inspection) -> Iterator[Drawing]:
    """Yield the figures that an inspection has the numbers for."""
    for drawing in DRAWINGS:
        if all(getattr(found, name) is not None for name in drawing.needs):
            yield drawing


def reasons_of(found: Inspection) -> dict[str, str]:
    """Return the titles of the figures of the chosen sections that could not be made, and why."""
    return {
        drawing.title: next(found.missing[name] for name in drawing.needs if name in found.missing)
        for drawing in DRAWINGS
        if drawing.section in found.sections and any(name in found.missing for name in drawing.needs)
    }


def _important_first(maps: xr.DataArray, found: Inspection, most: int) -> xr.DataArray:
    """Return the shapes of the maps, the most important first where that is known."""
    if found.importance is None:
        return relative_maps(maps).isel(filter=slice(max(1, most // maps.sizes["depth"])))
    return relative_maps(most_important(maps, found.importance, most))


def _spatial_maps(found: Inspection) -> Figure:
    maps = found.spatial_filters if found.spatial_patterns is None else found.spatial_patterns
    assert maps is not None  # the drawing needs it
    return plotting.plot_topomaps(_important_first(maps, found, MOST_MAPS))


def _pairs(found: Inspection) -> Figure:
    assert found.spatial_filters is not None
    assert found.spatial_patterns is not None  # the drawing needs both
    return plotting.plot_spatial_filters_and_patterns(
        _important_first(found.spatial_filters, found, MOST_PAIRS),
        _important_first(found.spatial_patterns, found, MOST_PAIRS),
    )


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


def _relevance(found: Inspection) -> Figure:
    return plotting.plot_relevance(_named_rest(_known(found.band_relevance)), "topomaps", found.deletion)


def _relevance_channels(found: Inspection) -> Figure:
    cells = _named_rest(_by_region(_known(found.band_relevance)))
    return plotting.plot_relevance(cells, "channels", found.deletion)


def _named_rest(cells: xr.DataArray) -> xr.DataArray:
    """Return the cells with the band of what no band covers named by its limits."""
    limits = ranges_by_name(cells)
    names = [str(name) for name in cells["band"].to_numpy()]
    return cells.assign_coords(band=[band_words(OTHER, limits) if name == OTHER else name for name in names])


def _spectral_profile(found: Inspection) -> Figure:
    assert found.spectral_relevance is not None  # the drawing needs it
    known = with_known_classes(found.spectral_relevance)
    known = known.isel(frequency=slice(_n_heard(known)))
    if "region" in known.coords:
        return plotting.plot_spectral_relevance(group_by_region(known), "profile", found.deletion)
    return plotting.plot_spectral_relevance(known, "image", found.deletion)


def _n_heard(values: xr.DataArray) -> int:
    """Return how many frequencies from the lowest on hold nearly all relevance."""
    by_frequency = values.transpose("frequency", ...).to_numpy()
    size = np.abs(by_frequency).reshape(len(by_frequency), -1).sum(1).cumsum()
    return min(len(size), int(1.1 * np.searchsorted(size, _NEARLY_ALL * size[-1])) + 2)


def _contrast(found: Inspection) -> Figure:
    return plotting.plot_relevance(_known(found.band_power_contrast), "topomaps")


def _or_say_why(draw: Callable[[Inspection], Figure]) -> Callable[[Inspection], Figure]:
    """Draw, or say in the place of the figure why it cannot be drawn."""

    def drawn(found: Inspection) -> Figure:
        try:
            return draw(found)
        except (PositionsError, TooManyMapsError) as error:
            return plotting.plot_notice("Scalp maps of this network cannot be drawn.", str(error))

    return drawn


DRAWINGS = (
    Drawing(
        "bands",
        "bands",
        "Bands of the filters",
        ("bands",),
        lambda found: plotting.plot_bands(found.bands),  # type: ignore[arg-type]
        "One row per filter. Blue: between the two learned cut-offs, as written in the network. Orange: "
        "where the kernel's gain is within 3 dB of its peak, as computed. Dashed: before training, where "
        "that is known. Where blue is narrower than orange, the kernel is too short for the band that is "
        "written: believe orange.",
    ),
    Drawing(
        "overlap",
        "bands",
        "How alike the filters are",
        ("overlap",),
        lambda found: plotting.plot_overlap(found.overlap),  # type: ignore[arg-type]
        "Each cell compares two filters: 1 means that they let through the same. Blocks of dark cells are "
        "filters that learned one thing together; what they say is not independent.",
    ),
    Drawing(
        "responses",
        "responses",
        "Response of every filter",
        ("response",),
        lambda found: plotting.plot_responses(found.response),  # type: ignore[arg-type]
        "One panel per filter: gain in dB relative to the filter's peak over frequency. Blue: between the "
        "cut-offs as written. Orange: within 3 dB of the peak. What stands high outside the blue leaks "
        "through.",
    ),
    Drawing(
        "responses_overlay",
        "responses",
        "All responses together",
        ("response",),
        lambda found: plotting.plot_responses(found.response, overlay=True),  # type: ignore[arg-type]
        "The same gains in one panel, each filter a line, coloured from the lowest to the highest peak.",
    ),
    Drawing(
        "cumulative_response",
        "responses",
        "Where the whole bank listens",
        ("response",),
        lambda found: plotting.plot_cumulative_response(found.response),  # type: ignore[arg-type]
        "The power that all filters let through together, over frequency: peaks are what the bank gathers "
        "at. It says what the network can hear, not what it uses.",
    ),
    Drawing(
        "spatial_maps",
        "maps",
        "Scalp maps of the units",
        ("spatial_filters",),
        _or_say_why(_spatial_maps),
        "One map per unit (a temporal filter and one of its spatial filters), the most important first, "
        "32 at most, each relative to its largest value. With trials these are patterns: where the activity that the "
        "unit sees lies. Without trials they are weights, which also cancel what the unit must not see, and "
        "are no places of sources.",
    ),
    Drawing(
        "filters_and_patterns",
        "maps",
        "Weights and patterns of the leading units",
        ("spatial_filters", "spatial_patterns"),
        _or_say_why(_pairs),
        "Above: the weights with which a unit mixes the channels. Below: its pattern, the activity that "
        "drives it (computed with the covariance of the trials as filtered by this unit's filter). "
        "Interpret the patterns.",
    ),
    Drawing(
        "relevance",
        "relevance",
        "What the decision rests on, on the scalp",
        ("band_relevance",),
        _or_say_why(_relevance),
        "Rows: classes; columns: bands of the input. Red: activity there speaks for the class; blue: "
        "against it. All maps of the figure share one scale, and the values add up to the whole change of "
        "the score. White dots mark channels that are established at p < 0.05, corrected for the number of all cells.",
    ),
    Drawing(
        "relevance_channels",
        "relevance",
        "What the decision rests on, channel by channel",
        ("band_relevance",),
        _relevance_channels,
        "The same numbers as an image: one panel per class, bands over channels from the front to the back. "
        "Dots: not established.",
    ),
    Drawing(
        "spectral_relevance",
        "relevance",
        "What the decision rests on, over frequency",
        ("spectral_relevance",),
        _spectral_profile,
        "Relevance of each frequency of the input, summed over the channels of a region. Peaks say which "
        "frequencies the network really uses, whatever its filters are called.",
    ),
    Drawing(
        "band_power_contrast",
        "relevance",
        "What differs in the data themselves",
        ("band_power_contrast",),
        _or_say_why(_contrast),
        "No network in this figure: how much the log power of the class's trials differs from that of the "
        "others, in pooled standard deviations. A decision that rests on what is flat here, or on more than "
        "is here, deserves suspicion.",
    ),
    Drawing(
        "deletion",
        "evidence",
        "Does the relevance tell what the network needs?",
        ("deletion",),
        lambda found: plotting.plot_deletion(found.deletion),  # type: ignore[arg-type]
        "Cells (a band of a channel) are replaced by those of another trial, more and more to the right. If "
        "the relevance is right, accuracy falls soonest when the most relevant go first. Each half of the trials "
        "is tested in the order that the other half made. Whether the order is shown to be right is tested "
        "on the margin, with each cell replaced alone; not shown does not mean wrong.",
    ),
    Drawing(
        "ablation",
        "evidence",
        "What the network loses without a band of a region",
        ("ablation",),
        lambda found: plotting.plot_ablation(found.ablation, "channels"),  # type: ignore[arg-type]
        "Each cell: how much of the margin between the true class and the best other is lost when this band "
        "of these channels is replaced by that of another trial. Red: the network needs it. Dots: the "
        "interval includes zero.",
    ),
    Drawing(
        "randomization",
        "evidence",
        "Does the relevance depend on what was learned?",
        ("randomization",),
        lambda found: plotting.plot_randomization(found.randomization),  # type: ignore[arg-type]
        "How similar the relevance stays when layers are drawn anew at random, from the output to the "
        "input. It must fall towards zero: a picture that stays the same shows the data or the "
        "architecture, not what the network learned. Where an interval reaches across the threshold, it "
        "cannot be told.",
    ),
    Drawing(
        "cutoff_history",
        "training",
        "How the cut-offs moved",
        ("cutoff_history",),
        lambda found: plotting.plot_cutoff_history(found.cutoff_history),  # type: ignore[arg-type]
        "Centre (left) and width (right) of each filter's band as written, over the passes of training; "
        "lines are coloured from the lowest centre to the highest. Lines that stay flat kept the band that "
        "they were given.",
    ),
    Drawing(
        "findings",
        "findings",
        "Findings",
        ("findings",),
        lambda found: plotting.plot_findings(found.findings),
        "What keeps this network from being read at its word, the worst first.",
    ),
)
