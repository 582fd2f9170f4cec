"""Words on the clusters over subjects: which are significant, in which bands or when, and around which channels."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sincviz._utils.text import coefficient, counted, in_brackets, joined, p_words
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.eeg.bands import OTHER
from sincviz.population.averages import ALL_CLASSES
from sincviz.population.results import GroupResults, paired_comparisons
from sincviz.population.verdicts import doubt_words
from sincviz.report.contents import Rows, Sentence

MAPS = {"band": "band × channel", "frequency": "channel × frequency", "time": "channel × time"}
"""Name of the maps over each dimension."""

OF_TESTS = {"band_test": MAPS["band"], "spectral_test": MAPS["frequency"], "time_test": MAPS["time"]}
"""Name of the maps of each test."""

_OVER = {
    "band_test": "bands × channels",
    "spectral_test": "channels × frequencies",
    "time_test": "channels × times",
}

MOST_CLUSTERS = 20


LARGEST_P = 0.2


MOST_LISTED = 6


MOST_CHANNELS = 4


def cluster_words(group: GroupResults) -> Iterator[str]:
    """Yield which clusters are significant in each test, or that none is and what that does not show."""
    doubt = f" {doubt_words(group.networks)}".rstrip()
    for field, maps in OF_TESTS.items():
        test = getattr(group, field)
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
                f"{'; '.join([*listed, *more])}.{_covered(test.sel(comparison=name))}{doubt}"
            )
    for name, reason in group.missing.items():
        field, _, comparison = name.partition(": ")
        if field in OF_TESTS:
            maps = OF_TESTS[field]
            yield f"{maps[0].upper()}{maps[1:]}{comparison and f', {comparison}'}: not tested. {reason}"


def _cluster_in_words(row: dict[Any, Any], group: GroupResults) -> str:
    only_one = group.band_contrasts is None or group.band_contrasts.sizes["target"] == 1
    target = "" if only_one and row["target"] == ALL_CLASSES else f"for {row['target']}, "
    side = "" if row["mass"] > 0 else "below zero, "
    around = ", ".join(row["channels"].split(" and ")[0].split(", ")[:MOST_CHANNELS])
    return f"{target}{side}{_place_in_words(row, group)} around {around} (p {p_words(row['p'])})"


def _place_in_words(row: dict[Any, Any], group: GroupResults) -> str:
    if row["maps"] == MAPS["time"]:
        return times_in_words(row["time_low_s"], row["time_high_s"], group)
    return bands_in_words(row["bands"], group)


def bands_in_words(bands: str, group: GroupResults) -> str:
    """Return the bands of a cluster; what no band covers is named by its limits."""
    names = bands.split(", ")
    if OTHER in names and group.band_test is not None:
        limits = ranges_by_name(group.band_test)
        names = [band_words(OTHER, limits) if name == OTHER else name for name in names]
    return joined(names)


def times_in_words(low_s: float, high_s: float, group: GroupResults) -> str:
    """Return the times of a cluster, and whether it lasts from the beginning of what was tested to its end."""
    to = "–" if low_s >= 0 else " to "
    span = f"{coefficient(low_s)}{to}{coefficient(high_s)} s"
    assert group.time_test is not None  # the cluster is one of it
    tested = group.time_test["time_low_s"].to_numpy().min(), group.time_test["time_high_s"].to_numpy().max()
    return f"throughout ({span})" if np.allclose(tested, (low_s, high_s)) else span


def _covered(test: xr.Dataset) -> str:
    """Return in how much of the time there is a significant cluster: what is always there may break into several."""
    if "time" not in test.dims:
        return ""
    significant = (test["cluster_p"] <= test.attrs["alpha"]).any(
        [dim for dim in test["t"].dims if dim != "time"]
    )
    width_ms = 1000 * test.attrs["window_width_s"]
    return f" In all, {int(significant.sum())} of {counted(test.sizes['time'], 'window')} of {width_ms:g} ms have one."


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
            _place_in_words(row, group),
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
        "Times" if (clusters["maps"] == MAPS["time"]).all() else "Bands",
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


def cluster_methods(group: GroupResults) -> Iterator[Sentence]:
    """Yield how was tested, with references."""
    made = {field: getattr(group, field) for field in _OVER if getattr(group, field) is not None}
    if made:
        test = next(iter(made.values()))
        adjacent = ["bands with a common limit", "neighbouring frequencies"]
        adjacent += ["consecutive windows of time"] if "time_test" in made else []
        yield Sentence(
            f"Contrasts were tested against zero over {joined([_OVER[field] for field in made])} with cluster-based "
            f"permutation tests (Maris and Oostenveld, 2007; subjects as the unit, {_flips(test)}; cluster-forming p "
            f"{test.attrs['cluster_forming_p']:g}, two-sided; neighbouring electrodes by MNE-Python, "
            f"{joined(adjacent)} adjacent; family-wise alpha {group.facts['alpha']:g} within each test). A cluster "
            "says that there is a difference, not where its border lies (Sassenhagen and Draschkow, 2019). Effect "
            "sizes are Hedges' g (Hedges, 1981); single cells were corrected by the false-discovery rate (Benjamini "
            "and Hochberg, 1995).",
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
