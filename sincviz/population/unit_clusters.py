"""Clusters of units, as a section: which scalp patterns and bands the networks of many people share."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz._utils.text import counted, p_words, percent
from sincviz.analysis.maps.unit_clusters import STABLE, cluster_units
from sincviz.population.measuring import GroupRun
from sincviz.population.results import GroupResults, with_doubt
from sincviz.report.contents import Figure, Rows, Section, Sentence, Step, Summary, Table

MOST_ROWS = 20
_OF_FILTERS = {"low_hz": "measured_low_hz", "high_hz": "measured_high_hz", "amplitude": "amplitude"}


def units_of_runs(runs: dict[str, xr.DataArray]) -> xr.Dataset:
    """Return the units of all networks, as :func:`sincviz.maps.cluster_units` takes them.

    Parameters
    ----------
    runs : dict of str to xarray.DataArray
        ``pattern`` (run, filter, depth, channel), ``importance`` (run, filter, depth), ``amplitude`` (run, filter,
        frequency), ``measured_low_hz`` and ``measured_high_hz`` (run, filter) of every network.

    Raises
    ------
    ValueError
        If one of these was not measured in all networks.
    """
    lacking = [name for name in ("pattern", "importance", *_OF_FILTERS.values()) if name not in runs]
    if lacking:
        raise ValueError(f"Not measured in all networks: {', '.join(lacking)}.")
    pattern = runs["pattern"]
    beside = [name for name in pattern.coords if name not in pattern.dims and "channel" in pattern[name].dims]
    columns = {"pattern": pattern, "importance": runs["importance"]}
    columns |= {name: runs[of] for name, of in _OF_FILTERS.items()}
    bare = {
        name: array.drop_vars(
            [label for label in array.coords if label not in (*array.dims, *beside, "subject")]
        )
        for name, array in columns.items()
    }
    units = xr.Dataset(
        {**bare, **{name: bare[name].broadcast_like(bare["importance"]) for name in ("low_hz", "high_hz")}}
    )
    units["amplitude"] = units["amplitude"].expand_dims(depth=units["depth"])
    return units.stack(unit=("run", "filter", "depth")).transpose("unit", ...)  # noqa: PD013 (of xarray)


def unit_cluster_table(clusters: xr.Dataset) -> pd.DataFrame:
    """Return one row per cluster.

    Returns
    -------
    pandas.DataFrame
        Index ``cluster``: ``stable``, ``stability``, ``p``, ``n_units``, ``n_networks``, ``n_subjects``; ``share``, of
        the importance, mean over subjects; ``low_hz``, ``high_hz`` and ``center_hz``, means over the subjects who hold
        it, and ``center_sd_hz``, the standard deviation of the centre over them; ``channel``, where the pattern is
        strongest; ``subjects``, the names of those who hold it.
    """
    rows = []
    for number in range(clusters.sizes["cluster"]):
        of = clusters.isel(cluster=number)
        held = of["held"].to_numpy().astype(bool)
        low_hz, high_hz = (of[name].to_numpy()[held] for name in ("low_hz", "high_hz"))
        center_hz = (low_hz + high_hz) / 2
        rows.append(
            {
                "stable": bool(of["stable"]),
                "stability": float(of["stability"]),
                "p": float(of["p"]),
                **{name: int(of[name]) for name in ("n_units", "n_networks", "n_subjects")},
                "share": float(of["share"].mean()),
                "low_hz": low_hz.mean(),
                "high_hz": high_hz.mean(),
                "center_hz": center_hz.mean(),
                "center_sd_hz": center_hz.std(ddof=1),
                "channel": str(of["channel"].to_numpy()[int(np.abs(of["pattern"].to_numpy()).argmax())]),
                "subjects": ", ".join(of["subject"].to_numpy()[held].astype(str)),
            }
        )
    names = ["stable", "stability", "p", "n_units", "n_networks", "n_subjects", "share", "low_hz", "high_hz"]
    names += ["center_hz", "center_sd_hz", "channel", "subjects"]
    return pd.DataFrame(rows, columns=names).rename_axis("cluster")


def unit_cluster_words(group: GroupResults) -> Iterator[str]:
    """Yield which patterns and bands people share, or that none is shown to be shared."""
    clusters = group.unit_clusters
    if clusters is None:
        return
    table = unit_cluster_table(clusters)
    stable, people = table[table["stable"]], counted(clusters.sizes["subject"], "subject")
    if stable.empty:
        yield (
            f"No scalp pattern in one band is shown to be shared by the networks of {people}: none of "
            f"{counted(len(table), 'cluster')} of units has both a stability of at least {STABLE:g} over samples of "
            "subjects and more subjects than patterns that are turned around the head at random."
        )
        return
    of_all = stable["share"].sum()
    yield (
        f"{counted(len(stable), 'cluster')} of units, of one scalp pattern in one band, "
        f"{'holds' if len(stable) == 1 else 'hold'} over samples of {people} (stability at least {STABLE:g}) and "
        f"{'has' if len(stable) == 1 else 'have'} more subjects than chance; "
        f"{'it has' if len(stable) == 1 else 'they have'} {percent(of_all)} of the importance of all units. Untrained "
        "networks can have such clusters too, from the trials and from equal initial filters."
    )
    for number, row in enumerate(stable.head(3).to_dict("records"), start=1):
        yield (
            f"{number}: {row['low_hz']:.1f}–{row['high_hz']:.1f} Hz, strongest at {row['channel']}, in networks of "
            f"{row['n_subjects']} of {people} (stability {row['stability']:.2f}, p {p_words(row['p'])})."
        )


def unit_cluster_rows(clusters: xr.Dataset) -> Rows:
    """Return the clusters, the stable ones first."""
    table = unit_cluster_table(clusters)
    rows = [
        (
            number,
            "yes" if row["stable"] else "no",
            f"{row['stability']:.2f}",
            f"{row['p']:.2g}",
            f"{row['low_hz']:.1f}–{row['high_hz']:.1f}",
            "" if np.isnan(row["center_sd_hz"]) else f"{row['center_sd_hz']:.1f}",
            row["channel"],
            row["n_subjects"],
            row["n_networks"],
            row["n_units"],
            percent(row["share"]),
            row["subjects"],
        )
        for number, row in enumerate(table.head(MOST_ROWS).to_dict("records"), start=1)
    ]
    header = (
        *("Cluster", "Stable", "Stability", "p", "Band (Hz)", "SD of centre", "Strongest at"),
        *("People", "Networks", "Units", "Importance", "Who"),
    )
    rest = f" Of {len(table)} clusters the first {MOST_ROWS}." if len(table) > MOST_ROWS else ""
    return Rows(
        header,
        rows,
        "Clusters that are not stable may be chance: they are listed, not interpreted. Band: mean over the people who "
        f"hold the cluster.{rest}",
    )


def _n_stable(group: GroupResults) -> int:
    return 0 if group.unit_clusters is None else int(group.unit_clusters["stable"].sum())


def _methods(group: GroupResults) -> Iterator[Sentence]:
    if group.unit_clusters is not None:
        attrs = group.unit_clusters.attrs
        yield Sentence(
            f"The units that together have 90% of each network's importance ({attrs['n_units']} of "
            f"{attrs['n_networks']} networks) were clustered by average linkage of the absolute cosine of their scalp "
            "patterns times the cosine of their amplitude responses. A cluster counted as stable if its mean Jaccard "
            f"similarity over {attrs['n_bootstrap']} bootstrap samples of people was at least {STABLE:g} (Hennig, "
            "2007) and it had more people than the largest cluster after the patterns of each person were turned "
            f"around the head at random ({attrs['n_permutations']} times, p < 0.05).",
            ("hennig",),
        )


UNIT_CLUSTERS: Section[GroupResults, GroupRun] = Section(
    name="unit_clusters",
    heading="Patterns and bands that people share",
    steps=(
        Step(
            "Clusters of units",
            ("unit_clusters",),
            lambda run: (cluster_units(units_of_runs(run.averages.runs), seed=run.seed),),
        ),
    ),
    figures=(
        Figure(
            "filter_dashboards",
            "Filter dashboards over people",
            ("unit_clusters",),
            lambda group: plotting.plot_filter_dashboards(group.unit_clusters),
            with_doubt(
                "One card per cluster of units that is found again in samples of people and has more people than "
                "chance: its mean scalp pattern, the band of each person's units with the mean over people shaded, and "
                "the share of the importance of each person's networks. Runs of one person count as one person. What "
                "networks share may come from the trials and from equal initial filters, not only from training."
            ),
            applies=lambda group: _n_stable(group) > 0,
        ),
    ),
    tables=(
        Table(
            "unit_clusters",
            ("unit_clusters",),
            lambda group: unit_cluster_table(group.unit_clusters),
            title="Clusters of units in numbers",
            rows=lambda group: unit_cluster_rows(group.unit_clusters),
            applies=lambda group: group.unit_clusters.sizes["cluster"] > 0,
        ),
    ),
    arrays=("unit_clusters",),
    summary=(
        Summary(
            "unit_clusters",
            "Which patterns and bands do people share?",
            unit_cluster_words,
        ),
    ),
    methods=_methods,
)
