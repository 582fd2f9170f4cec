"""Clusters over subjects, as sections: what separates the classes, and conditions, in bands and frequencies."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz._utils.text import coefficient, counted, in_brackets, joined, p_words
from sincviz.analysis.statistics.clusters import cluster_table, cluster_test
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.eeg.bands import OTHER
from sincviz.eeg.sums import sort_by_region
from sincviz.errors import PositionsError
from sincviz.plotting.canvas.drawn_results import TooManyMapsError
from sincviz.population.averages import ALL_CLASSES
from sincviz.population.measuring import GroupRun
from sincviz.population.results import GroupResults, paired_comparisons, with_doubt
from sincviz.population.verdicts import doubt_words
from sincviz.report.contents import Figure, Rows, Section, Sentence, Step, Summary, Table

if TYPE_CHECKING:
    import matplotlib.figure


BETWEEN_CLASSES = "between classes"


_Labelled = TypeVar("_Labelled", xr.DataArray, xr.Dataset)
MAPS = {"band": "band × channel", "frequency": "channel × frequency"}
_OF_TESTS = {"band_test": MAPS["band"], "spectral_test": MAPS["frequency"]}


MOST_CLUSTERS = 20


LARGEST_P = 0.2


MOST_LISTED = 6


MOST_CHANNELS = 4


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
    contrasts : xarray.DataArray, dims (condition, subject, target, band or frequency, channel)
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
    maps = MAPS["band" if "band" in contrasts.dims else "frequency"]
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


def _tests(run: GroupRun) -> tuple[xr.Dataset | None, xr.Dataset | None, pd.DataFrame | None]:
    tests, tables = [], []
    for name in ("band", "spectral"):
        test, table, untested = over_subjects(
            run.needed(f"{name}_contrasts"),
            alpha=run.alpha,
            n_permutations=run.n_permutations,
            seed=run.seed,
        )
        run.missing |= {f"{name}_test: {comparison}": why for comparison, why in untested.items()}
        tests.append(test)
        tables += [] if test is None else [table]
    return tests[0], tests[1], pd.concat(tables, ignore_index=True) if tables else None


def cluster_words(group: GroupResults) -> Iterator[str]:
    """Yield which clusters are significant in each test, or that none is and what that does not show."""
    doubt = f" {doubt_words(group.networks)}".rstrip()
    for test, maps in ((group.band_test, MAPS["band"]), (group.spectral_test, MAPS["frequency"])):
        if test is None:
            continue
        for name in test["comparison"].to_numpy().tolist():
            table = _of(group.clusters, name, maps)
            subjects = counted(int(test["n_subjects"].sel(comparison=name)), "subject")
            title = f"{maps[0].upper()}{maps[1:]}, {name}"
            good = table[table["significant"]] if len(table) else table
            if not len(good):
                best = f"smallest p {p_words(table['p'].min())}, " if len(table) else ""
                yield (
                    f"{title}: no cluster is significant ({best}{subjects}). This does not show that the networks "
                    "have "
                    "nothing in common."
                )
                continue
            listed = [_cluster_in_words(row, group) for row in good.iloc[:MOST_LISTED].to_dict("records")]
            more = [f"and {len(good) - MOST_LISTED} more"] if len(good) > MOST_LISTED else []
            yield (
                f"{title}: {counted(len(good), 'significant cluster')} (cluster permutation, {subjects}): "
                f"{'; '.join([*listed, *more])}.{doubt}"
            )
    for name, reason in group.missing.items():
        field, _, comparison = name.partition(": ")
        if comparison and field in _OF_TESTS:
            maps = _OF_TESTS[field]
            yield f"{maps[0].upper()}{maps[1:]}, {comparison}: not tested. {reason}"


def _cluster_in_words(row: dict[Any, Any], group: GroupResults) -> str:
    only_one = group.band_contrasts is None or group.band_contrasts.sizes["target"] == 1
    target = "" if only_one and row["target"] == ALL_CLASSES else f"for {row['target']}, "
    side = "" if row["mass"] > 0 else "below zero, "
    around = ", ".join(row["channels"].split(" and ")[0].split(", ")[:MOST_CHANNELS])
    return f"{target}{side}{bands_in_words(row['bands'], group)} around {around} (p {p_words(row['p'])})"


def bands_in_words(bands: str, group: GroupResults) -> str:
    """Return the bands of a cluster; what no band covers is named by its limits."""
    names = bands.split(", ")
    if OTHER in names and group.band_test is not None:
        limits = ranges_by_name(group.band_test)
        names = [band_words(OTHER, limits) if name == OTHER else name for name in names]
    return joined(names)


def _of(clusters: pd.DataFrame | None, comparison: str, maps: str) -> pd.DataFrame:
    if clusters is None or not len(clusters):
        return pd.DataFrame()
    return clusters[(clusters["comparison"] == comparison) & (clusters["maps"] == maps)]


def cluster_rows(clusters: pd.DataFrame, group: GroupResults) -> Rows:
    """Return the likely clusters of one test."""
    likely = clusters[clusters["p"] <= LARGEST_P].sort_values("p", kind="stable").iloc[:MOST_CLUSTERS]
    # What was tested counts, not what has clusters.
    tested = {
        "comparison": len(group.facts["conditions"]) > 1,
        "target": group.band_contrasts is not None and group.band_contrasts.sizes["target"] > 1,
    }
    labels = [label for label, several in tested.items() if several]
    rows = [
        (
            *(row[label] for label in labels),
            bands_in_words(row["bands"], group),
            row["channels"],
            row["n_cells"],
            p_words(row["p"]).removeprefix("= "),
            coefficient(row["effect_size"]) + in_brackets(row["ci_low"], row["ci_high"], coefficient),
            "yes" if row["significant"] else "no",
        )
        for row in likely.to_dict("records")
    ]
    names = {"comparison": "Comparison", "target": "Classes"}
    header = (
        *(names[one] for one in labels),
        "Bands",
        "Around",
        "Cells",
        "p",
        "Hedges' g (95%)",
        "Significant",
    )
    rest = (
        f" Of {len(clusters)} clusters those with p ≤ {LARGEST_P:g}." if len(clusters) > len(likely) else ""
    )
    return Rows(
        header,
        rows,
        "p is family-wise over all maps of the test. Effect sizes are those of the mean over the cells of a "
        f"cluster; as clusters are selected for being large, they are biased upwards.{rest}",
    )


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
        title=f"Clusters over {words} in numbers",
        rows=lambda group: cluster_rows(clusters_of_kind(group), group),
        applies=lambda group: len(group.clusters) > 0 and len(clusters_of_kind(group)) > 0,
    )


def _methods(group: GroupResults) -> Iterator[Sentence]:
    test = group.band_test if group.band_test is not None else group.spectral_test
    if test is not None:
        maps = [
            words
            for test_of_maps, words in (
                (group.band_test, "bands × channels"),
                (group.spectral_test, "channels × frequencies"),
            )
            if test_of_maps is not None
        ]
        yield Sentence(
            f"Contrasts were tested against zero over {' and over '.join(maps)} with cluster-based permutation "
            "tests "
            f"(Maris and Oostenveld, 2007; subjects as the unit, {_flips(test)}; cluster-forming p "
            f"{test.attrs['cluster_forming_p']:g}, two-sided; neighbouring electrodes by MNE-Python, bands with a "
            f"common limit and neighbouring frequencies adjacent; family-wise alpha {group.facts['alpha']:g} "
            "within each "
            "test). A cluster says that there is a difference, not where its border lies (Sassenhagen and "
            "Draschkow, 2019). "
            "Effect sizes are Hedges' g (Hedges, 1981); single cells were corrected by the false-discovery rate "
            "(Benjamini and Hochberg, 1995).",
            ("maris", "sassenhagen", "benjamini", "hedges"),
        )
        names = [str(name) for name in test["comparison"].to_numpy()]
        within = (
            "; conditions were compared within subjects"
            if set(names) & set(paired_comparisons(group))
            else ""
        )
        if len(names) > 1:
            yield Sentence(f"The comparisons were {', '.join(names)}{within}.")


def _flips(test: xr.Dataset) -> str:
    """Return how many signs of subjects were flipped: all there are, or a number."""
    n_flips, n_subjects = test["n_permutations"].to_numpy(), test["n_subjects"].to_numpy()
    most = int(n_flips.max())
    if (n_flips == 2.0 ** (n_subjects - 1)).all():
        return f"all {most} sign flips"
    return f"{'' if n_flips.min() == most else 'up to '}{most} sign flips"


def _comparisons(test: xr.Dataset) -> list[str]:
    return [str(name) for name in test["comparison"].to_numpy()]


TESTS = Step("Clusters over subjects", ("band_test", "spectral_test", "clusters"), _tests)


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
    methods=_methods,
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
