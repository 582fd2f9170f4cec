"""Every figure of a group: its section, how it is drawn, how it is read."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from sincviz import plotting
from sincviz.analysis.grouping import sort_by_region
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.eeg.bands import OTHER
from sincviz.errors import PositionsError
from sincviz.plotting.canvas.drawn_results import TooManyMapsError
from sincviz.population.comparison import share_intervals
from sincviz.population.group import Group
from sincviz.population.rows.verdicts import doubt_words
from sincviz.report.group_numbers import are_matched, n_drifted
from sincviz.report.pictures import Picture

_NEARLY_ALL = 0.99


@dataclass(frozen=True)
class GroupDrawing:
    """One figure of a group's page."""

    section: str
    caption: str
    picture: Picture


def group_drawings(found: Group) -> Iterator[GroupDrawing]:
    """Yield the figures that a group has the numbers for.

    Parameters
    ----------
    found : Group
        What was measured.

    Yields
    ------
    GroupDrawing
        Nothing is drawn before ``picture.draw`` is called.
    """
    doubt = f" {doubt_words(found.networks)}".rstrip()
    for test, section, stem, draw, caption in (
        (
            found.band_test,
            "Bands on the scalp",
            "clusters",
            _topomaps,
            "Mean over subjects of what each band of each channel adds to the distance between the classes. White "
            "dots mark the electrodes of clusters that are significant together; a cluster says that there is a "
            "difference, not where its border lies, and no single electrode of it is significant by itself.",
        ),
        (
            found.spectral_test,
            "Frequencies",
            "spectrum",
            _spectrum,
            "The same by frequency, in bins of 1 Hz. Lines surround significant clusters; channels are sorted by "
            "region, from the front to the back.",
        ),
    ):
        if test is None:
            continue
        for number, name in enumerate(test["comparison"].to_numpy().tolist()):
            picture = Picture(
                f"{stem}_{number + 1}", f"Clusters, {name}", partial(draw, test.sel(comparison=name))
            )
            yield GroupDrawing(section, caption + doubt, picture)
    if found.band_contrasts is not None and found.band_use is not None and np.isfinite(found.band_use).any():
        yield GroupDrawing(
            "Band use",
            "What share of the contrast between the classes lies in each band, all channels together. Every dot is a "
            "subject, runs averaged; beside them all subjects together, with a 95% interval. A band below zero speaks "
            f"against the right class.{doubt}",
            Picture(
                "band_use", "Share of each band, over subjects", partial(_band_use, found.band_contrasts)
            ),
        )
    if found.agreement is not None and found.agreement.sizes["run"] > 1:
        yield GroupDrawing(
            "Runs",
            "Each cell compares two networks: Spearman's correlation of what they use over bands and channels. "
            "Blocks on the diagonal are runs of one subject.",
            Picture("agreement", "How far runs agree", partial(_agreement, found.agreement)),
        )
    if found.filter_stability is not None and are_matched(found):
        yield GroupDrawing(
            "Filters",
            "One row per filter of the run most like the others, sorted by its peak. Overlap of its amplitude response "
            "with the filters that were matched to it (dot: mean, line: down to the lowest), beside what any two "
            "filters overlap by chance; and where the peaks of its matches lie.",
            Picture(
                "filter_stability", "Filters that runs share", partial(_stability, found.filter_stability)
            ),
        )
    if found.drift is not None:
        for number, condition in enumerate(found.drift.index.unique("condition")):
            yield GroupDrawing(
                "Training",
                "Share of the filters' energy in each band before training and after, mean over subjects, and the "
                "change with its 95% interval over subjects. Filters that nobody trained do not move.",
                Picture(
                    f"drift_{number + 1}",
                    f"Where training moved the filters{f', {condition}' if condition else ''}",
                    partial(_drift, found, condition),
                ),
            )


def _topomaps(test: xr.Dataset) -> Figure:
    try:
        return plotting.plot_cluster_topomaps(_named(test))
    except (PositionsError, TooManyMapsError) as error:
        return plotting.plot_notice("Scalp maps of this group cannot be drawn.", str(error))


def _spectrum(test: xr.Dataset) -> Figure:
    if "region" in test.coords:
        order = sort_by_region(test["mean"])["channel"]
        test = test.sel(channel=order)
    by_frequency = np.abs(test["mean"].transpose("frequency", ...).to_numpy())
    size = by_frequency.reshape(len(by_frequency), -1).sum(1).cumsum()
    n_heard = int(np.searchsorted(size, _NEARLY_ALL * size[-1])) + 2
    return plotting.plot_cluster_spectrum(test.isel(frequency=slice(n_heard)))


def _band_use(contrasts: xr.DataArray) -> Figure:
    return plotting.plot_band_use(_named(share_intervals(contrasts)))


def _agreement(agreement: xr.DataArray) -> Figure:
    # Runs of one subject stand together, in whatever order the manifest has them.
    subjects = agreement["subject"].to_numpy().tolist()
    first = [subjects.index(name) for name in subjects]
    order = np.argsort(first, kind="stable")
    return plotting.plot_run_agreement(agreement.isel(run=order, other_run=order))


def _stability(table: pd.DataFrame) -> Figure:
    return plotting.plot_filter_stability(table.sort_values("peak_hz"))


def _drift(found: Group, condition: str) -> Figure:
    assert found.drift is not None  # the drawing needs both
    assert found.occupancy is not None
    table = found.drift[found.drift.index.get_level_values("condition") == condition].droplevel("condition")
    limits = ranges_by_name(table)
    table = table.rename(index={OTHER: band_words(OTHER, limits)})
    table.attrs = {"n_subjects": n_drifted(found.occupancy, condition), "alpha": found.facts["alpha"]}
    return plotting.plot_drift(table)


def _named(values: xr.Dataset) -> xr.Dataset:
    """Return the values with the band of what no band covers named by its limits."""
    limits = ranges_by_name(values)
    names = [str(name) for name in values["band"].to_numpy()]
    return values.assign_coords(band=[band_words(OTHER, limits) if name == OTHER else name for name in names])
