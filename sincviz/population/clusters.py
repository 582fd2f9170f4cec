"""Clusters over subjects, as sections: what separates the classes, and conditions, in bands, frequencies and times."""

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz.analysis.statistics.clusters import cluster_table, cluster_test
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.eeg.bands import OTHER
from sincviz.eeg.sums import sort_by_region
from sincviz.errors import PositionsError
from sincviz.plotting.canvas.drawn_results import TooManyMapsError
from sincviz.population.cluster_words import MAPS, cluster_methods, cluster_rows, cluster_words
from sincviz.population.measuring import GroupRun
from sincviz.population.results import GroupResults, with_doubt
from sincviz.report.contents import Figure, Section, Step, Summary, Table

if TYPE_CHECKING:
    import matplotlib.figure


BETWEEN_CLASSES = "between classes"


_Labelled = TypeVar("_Labelled", xr.DataArray, xr.Dataset)
_TESTED = {
    "band_test": "band_contrasts",
    "spectral_test": "spectral_contrasts",
    "time_test": "temporal_contrasts",
}
_NEARLY_ALL = 0.99


def comparisons(contrasts: xr.DataArray) -> Iterator[tuple[str, xr.DataArray]]:
    """Yield what is tested against zero: the contrasts of every condition, then the differences of each two.

    Parameters
    ----------
    contrasts : xarray.DataArray, dims (condition, subject, ...)
        Contrasts between classes, NaN for subjects that lack a condition.

    Yields
    ------
    str
        Name of the comparison, ``"imagery − movement"``.
    xarray.DataArray, dims (subject, ...)
        Of the subjects who have it.

    Examples
    --------
    >>> values = xr.DataArray([[1.0, 2.0], [3.0, np.nan]], {"condition": ["a", "b"], "subject": ["1", "2"]})
    >>> {name: part.values.tolist() for name, part in comparisons(values)}
    {'a': [1.0, 2.0], 'b': [3.0], 'a − b': [-2.0]}
    """
    names = [str(name) for name in contrasts["condition"].to_numpy()]
    for name in names:
        contrast = contrasts.sel(condition=name, drop=True)
        yield name or BETWEEN_CLASSES, contrast.dropna("subject", how="all")
    for first, second in itertools.combinations(names, 2):
        change = contrasts.sel(condition=first, drop=True) - contrasts.sel(condition=second, drop=True)
        change.attrs = dict(contrasts.attrs)
        yield f"{first} − {second}", change.dropna("subject", how="all")


def over_subjects(
    contrasts: xr.DataArray, *, alpha: float, n_permutations: int, seed: int
) -> tuple[xr.Dataset | None, pd.DataFrame, dict[str, str]]:
    """Test every comparison.

    Parameters
    ----------
    contrasts : xarray.DataArray, dims (condition, subject, target, channel, and band, frequency or time)
        Contrasts between classes, runs averaged within subjects.
    alpha, n_permutations, seed
        As for :func:`sincviz.statistics.cluster_test`.

    Returns
    -------
    test : xarray.Dataset | None
        Over ``comparison``, then as :func:`sincviz.statistics.cluster_test` returns it; ``None`` if nothing could be
        tested.
    clusters : pandas.DataFrame
        Every cluster of all comparisons.
    missing : dict of str to str
        Comparisons that could not be tested, and why.
    """
    maps = next(words for dim, words in MAPS.items() if dim in contrasts.dims)
    tests, tables, missing = {}, [], {}
    for name, values in comparisons(contrasts):
        try:
            test = cluster_test(values, alpha=alpha, n_permutations=n_permutations, seed=seed)
        except ValueError as error:  # too few subjects, or positions that cannot be used
            missing[name] = str(error)
            continue
        table = cluster_table(test, values)
        table.insert(0, "comparison", name)
        table.insert(1, "maps", maps)
        tables.append(table)
        coords_of_test = {
            key: test.attrs.pop(key)
            for key in ("n_subjects", "n_permutations", "smallest_p", "cluster_forming_t")
        }
        coords = {key: ("comparison", [value]) for key, value in coords_of_test.items()}
        tests[name] = test.expand_dims(comparison=[name]).assign_coords(coords)
    clusters = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    if not tests:
        return None, clusters, missing
    return xr.concat(list(tests.values()), "comparison", combine_attrs="override"), clusters, missing


def _tests(run: GroupRun) -> tuple[xr.Dataset | pd.DataFrame | None, ...]:
    tests: list[xr.Dataset | None] = []
    tables = []
    for field, contrasts in _TESTED.items():
        try:
            values = run.needed(contrasts)
        except ValueError as error:  # trials without a time in common leave bands and frequencies
            run.missing[field] = str(error)
            tests.append(None)
            continue
        test, table, untested = over_subjects(
            values, alpha=run.alpha, n_permutations=run.n_permutations, seed=run.seed
        )
        run.missing |= {f"{field}: {comparison}": why for comparison, why in untested.items()}
        tests.append(test)
        tables += [] if test is None else [table]
    return (*tests, _of_all_tests(tables) if tables else None)


def _of_all_tests(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return all clusters in one table; only those of maps over time have times."""
    columns = max(map(list, tables), key=len)
    return pd.concat(tables, ignore_index=True).reindex(columns=columns).fillna({"times": ""})


def _topomaps(test: xr.Dataset) -> "matplotlib.figure.Figure":
    try:
        return plotting.plot_cluster_topomaps(with_named_rest(test))
    except (PositionsError, TooManyMapsError) as error:
        return plotting.plot_notice("Scalp maps of this group cannot be drawn.", str(error))


def _spectrum(test: xr.Dataset) -> "matplotlib.figure.Figure":
    if "region" in test.coords:
        order = sort_by_region(test["mean"])["channel"]
        test = test.sel(channel=order)
    by_frequency = np.abs(test["mean"].transpose("frequency", ...).to_numpy())
    size = by_frequency.reshape(len(by_frequency), -1).sum(1).cumsum()
    n_shown = int(np.searchsorted(size, _NEARLY_ALL * size[-1])) + 2
    return plotting.plot_cluster_spectrum(test.isel(frequency=slice(n_shown)))


def with_named_rest(values: _Labelled) -> _Labelled:
    """Return the values, with what no band covers named by its limits."""
    limits = ranges_by_name(values)
    names = [str(name) for name in values["band"].to_numpy()]
    return values.assign_coords(band=[band_words(OTHER, limits) if name == OTHER else name for name in names])


def _cluster_table(kind: str, words: str) -> Table:
    def clusters_of_kind(group: GroupResults) -> pd.DataFrame:
        assert group.clusters is not None  # the table needs it
        return group.clusters[group.clusters["maps"] == MAPS[kind]]

    return Table(
        f"clusters_of_{words}",
        ("clusters",),
        title=f"Clusters over {'time' if kind == 'time' else words} in numbers",
        rows=lambda group: cluster_rows(clusters_of_kind(group), group),
        applies=lambda group: len(group.clusters) > 0 and len(clusters_of_kind(group)) > 0,
    )


def _times_caption(group: GroupResults) -> str:
    assert group.time_test is not None  # the figure needs it
    return with_doubt(
        f"The same over time, in windows of {1000 * group.time_test.attrs['window_width_s']:g} ms; 0 is the event. "
        "Outlines mark significant clusters. They say that the networks use what is in the signal then, not when an "
        "effect begins or ends, nor when the networks could have decided."
    )(group)


def _comparisons(test: xr.Dataset) -> list[str]:
    return [str(name) for name in test["comparison"].to_numpy()]


TESTS = Step("Clusters over subjects", (*_TESTED, "clusters"), _tests)


BANDS: Section[GroupResults, GroupRun] = Section(
    name="clusters of bands",
    heading="Statistics",
    steps=(TESTS,),
    figures=(
        Figure(
            "clusters",
            "Clusters over bands",
            ("band_test",),
            lambda group, name: _topomaps(group.band_test.sel(comparison=name)),
            with_doubt(
                "Contribution of each band and channel to the distance between the classes, mean over subjects. "
                "White "
                "dots mark the electrodes of clusters that are significant as a whole; a cluster says that there "
                "is a "
                "difference, not where its border lies, and no single electrode of it is significant by itself."
            ),
            cases=lambda group: _comparisons(group.band_test),
        ),
    ),
    tables=(
        Table("clusters", ("clusters",), lambda group: group.clusters.set_index("comparison")),
        _cluster_table("band", "bands"),
    ),
    arrays=("band_test",),
    summary=(Summary("clusters", "What do they have in common?", cluster_words),),
    methods=cluster_methods,
)


FREQUENCIES: Section[GroupResults, GroupRun] = Section(
    name="clusters of frequencies",
    heading="Statistics",
    steps=(TESTS,),
    figures=(
        Figure(
            "spectrum",
            "Clusters over frequencies",
            ("spectral_test",),
            lambda group, name: _spectrum(group.spectral_test.sel(comparison=name)),
            with_doubt(
                "The same by frequency, in bins of 1 Hz. Outlines mark significant clusters; channels are sorted "
                "by "
                "region, from the front to the back."
            ),
            cases=lambda group: _comparisons(group.spectral_test),
        ),
    ),
    tables=(_cluster_table("frequency", "frequencies"),),
    arrays=("spectral_test",),
)


TIMES: Section[GroupResults, GroupRun] = Section(
    name="clusters of times",
    heading="Statistics",
    steps=(TESTS,),
    figures=(
        Figure(
            "times",
            "Clusters over time",
            ("time_test",),
            lambda group, name: plotting.plot_cluster_times(group.time_test.sel(comparison=name)),
            _times_caption,
            cases=lambda group: _comparisons(group.time_test),
        ),
    ),
    tables=(_cluster_table("time", "times"),),
    arrays=("time_test",),
)
