"""Clusters of units on the page of a group: units of all runs, a table, and what is said of them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sincviz.population.results import GroupResults
from sincviz.population.unit_clusters import (
    UNIT_CLUSTERS,
    unit_cluster_rows,
    unit_cluster_table,
    unit_cluster_words,
    units_of_runs,
)


def runs(n_runs=3, n_filters=2, depth=2):
    """Numbers that say where they come from."""
    number = np.arange(n_runs * n_filters * depth).reshape(n_runs, n_filters, depth)
    of_filters = number[..., 0].astype(float)
    people = {"subject": ("run", [f"p{n}" for n in range(n_runs)])}
    units, filters = ("run", "filter", "depth"), ("run", "filter")
    return {
        "pattern": xr.DataArray(
            number[..., None] + np.array([0.1, 0.2]),
            people | {"channel": ["C3", "C4"], "x": ("channel", [-0.07, 0.07])},
            (*units, "channel"),
        ),
        "importance": xr.DataArray(number, people, units),
        "amplitude": xr.DataArray(of_filters[..., None] + np.zeros(5), people, (*filters, "frequency")),
        "measured_low_hz": xr.DataArray(of_filters, people, filters),
        "measured_high_hz": xr.DataArray(of_filters + 4, people, filters),
    }


def test_units_of_all_runs_stand_below_each_other():
    units = units_of_runs(runs())
    assert dict(units.sizes) == {"unit": 12, "channel": 2, "frequency": 5}
    np.testing.assert_allclose(units["pattern"][:, 0], units["importance"] + 0.1)
    np.testing.assert_allclose(units["low_hz"], units["importance"] // 2 * 2)  # both units of a filter
    np.testing.assert_allclose(units["high_hz"] - units["low_hz"], 4)
    np.testing.assert_allclose(units["amplitude"][:, 3], units["low_hz"])
    assert units["subject"].to_numpy().tolist() == ["p0"] * 4 + ["p1"] * 4 + ["p2"] * 4
    assert units["x"].to_numpy().tolist() == [-0.07, 0.07]


def test_what_was_not_measured_is_said():
    known = runs()
    del known["importance"]
    with pytest.raises(ValueError, match="Not measured in all networks: importance"):
        units_of_runs(known)


def clusters(stable):
    over, n_people = ("cluster", "subject"), 6
    low_hz = np.array([[8.0, 9, 8, 9, 8, 9], [20, 20, 20, 20, 20, np.nan]])
    held = np.isfinite(low_hz)
    counts = {"n_units": [9, 7], "n_networks": [6, 5], "n_subjects": [6, 5]}
    return xr.Dataset(
        {
            "pattern": (("cluster", "channel"), [[0.1, -0.9], [0.8, 0.2]]),
            "share": (over, np.where(held, 0.2, 0.0)),
            "held": (over, held),
            "low_hz": (over, low_hz),
            "high_hz": (over, low_hz + 4),
            "stable": ("cluster", stable),
            "stability": ("cluster", [0.9, 0.5]),
            "p": ("cluster", [0.005, 0.3]),
            **{name: ("cluster", count) for name, count in counts.items()},
        },
        {"subject": [f"p{number}" for number in range(n_people)], "channel": ["C3", "C4"], "cluster": [0, 1]},
        {
            "n_units": 20,
            "n_networks": 6,
            "n_bootstrap": 100,
            "n_permutations": 199,
            "similarity": 0.5,
            "seed": 0,
        },
    )


def group(stable):
    return GroupResults(pd.DataFrame(), {}, pd.DataFrame(), unit_clusters=clusters(stable))


def test_the_table_has_people_bands_and_shares():
    table = unit_cluster_table(clusters([True, False]))
    assert table.loc[0, "subjects"] == "p0, p1, p2, p3, p4, p5"
    assert table["channel"].tolist() == ["C4", "C3"]
    assert table["low_hz"].tolist() == [8.5, 20]
    assert table.loc[0, "center_sd_hz"] == pytest.approx(np.std([10, 11] * 3, ddof=1))
    assert table.loc[1, "share"] == pytest.approx(1 / 6)
    rows = unit_cluster_rows(clusters([True, False]))
    assert [row[:2] for row in rows.rows] == [(1, "yes"), (2, "no")]


def test_stable_clusters_are_named_with_their_people():
    first, second = unit_cluster_words(group([True, False]))
    assert first.startswith(
        "1 cluster of units, of one scalp pattern in one band, holds over samples of 6 subjects"
    )
    assert (
        second
        == "1: 8.5–12.5 Hz, strongest at C4, in networks of 6 of 6 subjects (stability 0.90, p = 0.005)."
    )


def test_that_none_is_stable_is_said_and_nothing_is_drawn():
    none = group([False, False])
    (words,) = unit_cluster_words(none)
    assert words.startswith(
        "No scalp pattern in one band is shown to be shared by the networks of 6 subjects"
    )
    (figure,) = UNIT_CLUSTERS.figures
    assert not figure.applies(none)
    assert figure.applies(group([True, False]))
    assert list(unit_cluster_words(dataclasses.replace(none, unit_clusters=None))) == []


def test_no_cluster_at_all_is_an_empty_table():
    empty = clusters([True, False]).isel(cluster=[])
    assert unit_cluster_table(empty).empty
    assert list(unit_cluster_words(dataclasses.replace(group([True, False]), unit_clusters=empty)))
