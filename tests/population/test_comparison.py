"""Comparisons are between classes or conditions, over the subjects who have them."""

import numpy as np
import pytest
import xarray as xr

from sincviz.population.band_use import band_shares, share_intervals
from sincviz.population.clusters import BETWEEN_CLASSES, comparisons, over_subjects
from sincviz.population.training import filter_shifts, occupancy_change

PLACES = {
    "C3": (-0.06, 0, 0.07),
    "Cz": (0, 0, 0.1),
    "C4": (0.06, 0, 0.07),
    "Pz": (0, -0.06, 0.08),
    "Fz": (0, 0.06, 0.08),
}


def contrasts(values, conditions=("",)):
    """Values of shape (conditions, subjects), the same in every cell but for a little noise."""
    values = np.asarray(values, float)
    noise = 0.01 * np.random.default_rng(0).standard_normal((*values.shape, 1, 2, 5))
    return xr.DataArray(
        values[..., None, None, None] + noise,
        {
            "condition": list(conditions),
            "subject": [str(number) for number in range(values.shape[1])],
            "target": ["all classes"],
            "band": ["alpha", "beta"],
            "band_low_hz": ("band", [8.0, 13.0]),
            "band_high_hz": ("band", [13.0, 30.0]),
            "channel": list(PLACES),
            **{axis: ("channel", [place[k] for place in PLACES.values()]) for k, axis in enumerate("xyz")},
        },
        ("condition", "subject", "target", "band", "channel"),
    )


def test_one_condition_is_tested_against_zero():
    test, clusters, missing = over_subjects(
        contrasts([[1.0, 1.2, 0.9, 1.1, 1.0, 0.8, 1.3]]), alpha=0.05, n_permutations=1000, seed=0
    )
    assert test["comparison"].to_numpy().tolist() == [BETWEEN_CLASSES]
    assert missing == {}
    assert clusters["p"].tolist() == [2 / 2**7]
    assert clusters["n_cells"].tolist() == [10]
    assert clusters["maps"].tolist() == ["band × channel"]
    assert test["n_subjects"].to_numpy().tolist() == [7]


def test_conditions_are_paired_within_subjects():
    base = np.array([5.0, -3.0, 9.0, 0.0, -7.0, 4.0, 2.0, np.nan])
    change = np.array([1.0, 1.2, 0.9, 1.1, 1.0, 0.8, 1.3, 0])
    both = contrasts([base + change, base], ("do", "think"))
    test, clusters, _ = over_subjects(both, alpha=0.05, n_permutations=1000, seed=0)
    assert test["comparison"].to_numpy().tolist() == ["do", "think", "do − think"]
    assert test["n_subjects"].to_numpy().tolist() == [7, 7, 7]
    assert clusters.loc[clusters["significant"], "comparison"].tolist() == ["do − think"]
    np.testing.assert_allclose(
        test["mean"].sel(comparison="do − think"), np.mean([1.0, 1.2, 0.9, 1.1, 1.0, 0.8, 1.3]), atol=0.02
    )


def test_subjects_of_one_condition_take_no_part_in_the_pair():
    values = [[1.0, 2.0, np.nan], [1.0, np.nan, 4.0]]
    result = dict(comparisons(contrasts(values, ("a", "b"))))
    assert [part.sizes["subject"] for part in result.values()] == [2, 2, 1]


def test_maps_over_time_are_tested_alike_and_their_clusters_have_times():
    base = contrasts([[1.0, 1.2, 0.9, 1.1, 1.0, 0.8, 1.3]])
    windows = 0.05 * np.arange(3)
    over_time = base.isel(band=0, drop=True).expand_dims(time=windows + 0.025, axis=-1)
    over_time = over_time.assign_coords(time_low_s=("time", windows), time_high_s=("time", windows + 0.05))
    over_time = over_time * xr.DataArray([0.0, 1.0, 1.0], dims="time")
    test, clusters, missing = over_subjects(over_time, alpha=0.05, n_permutations=1000, seed=0)
    assert missing == {}
    assert test["t"].dims == ("comparison", "target", "channel", "time")
    assert clusters[["maps", "n_cells", "times"]].to_numpy().tolist() == [
        ["channel × time", 10, "0.05–0.15 s"]
    ]
    assert clusters["p"].tolist() == [2 / 2**7]


def test_too_few_subjects_are_said():
    test, clusters, missing = over_subjects(contrasts([[1.0, 1.1]]), alpha=0.05, n_permutations=1000, seed=0)
    assert test is None
    assert clusters.empty
    assert "6 subjects are needed" in missing[BETWEEN_CLASSES]


def test_shares_add_up_and_a_sum_below_zero_has_none():
    values = contrasts([[2.0, -2.0]])
    values.loc[{"band": "alpha"}] *= 3
    shares = band_shares(values)
    np.testing.assert_allclose(shares.sum("band", skipna=False), [[1.0, np.nan]])
    np.testing.assert_allclose(shares.sel(subject="0", band="alpha"), [0.75], atol=0.01)


def test_a_subject_with_nearly_nothing_to_share_does_not_rule_the_others():
    values = contrasts([[3.0] * 9 + [1e-4]])
    values.loc[{"subject": "9", "band": "alpha"}] = 1.0
    values.loc[{"subject": "9", "band": "beta"}] = -0.9999
    result = share_intervals(values)
    own = values.sum("channel").isel(target=0, condition=0)
    np.testing.assert_allclose(result["mean"][0], own.sum("subject") / own.sum())
    assert (np.abs(np.array([result["ci_low"], result["ci_high"]])) < 2).all()


@pytest.mark.slow
def test_the_interval_of_a_share_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    holds = []
    for _ in range(400):
        size = rng.gamma(4, 1, 12)
        bands = np.stack([size * 0.6 + rng.normal(0, 0.4, 12), size * 0.4 + rng.normal(0, 0.4, 12)], 1)
        values = xr.DataArray(
            bands[None, :, None, :, None],
            {"target": ["all classes"]},
            ("condition", "subject", "target", "band", "channel"),
        )
        result = share_intervals(values)
        holds.append(bool(result["ci_low"][0, 0] <= 0.6 <= result["ci_high"][0, 0]))
    assert 0.91 <= np.mean(holds) <= 0.98


def occupancy(change):
    before = np.full((1, len(change), 2), 0.5)
    after = before + np.array(change)[:, None] * [1, -1]
    return xr.DataArray(
        [before, after],
        {
            "training": ["before", "after"],
            "condition": [""],
            "subject": list("abcdefg")[: len(change)],
            "band": ["alpha", "other"],
        },
        ("training", "condition", "subject", "band"),
    )


def exchanged(change, condition=""):
    """Four networks of four filters each, of which one enters alpha, by its own movement or by any."""
    shares = np.tile(np.repeat([1.0, 1.0, 0.0, 0.0], 4).reshape(4, 4), (len(change), 1, 1))
    shares[:, 3, 3] += 4 * np.array(change)
    runs = {"subject": list("abcdefg")[: len(change)], "seed": [str(n) for n in range(len(change))]}
    return xr.DataArray(
        np.stack([shares, 1 - shares], -1),
        {name: ("run", labels) for name, labels in runs.items()}
        | {"condition": ("run", [condition] * len(change)), "band": ["alpha", "other"]},
        ("run", "filter", "movement", "band"),
    )


def test_the_change_of_the_filters_is_tested_against_the_same_movements_in_another_order():
    change = [0.1, 0.12, 0.09, 0.11]
    table = occupancy_change(occupancy(change), exchanged(change)).loc[""]
    assert table["before"].tolist() == [0.5, 0.5]
    np.testing.assert_allclose(table["change"], [0.105, -0.105])
    np.testing.assert_allclose(table["after"] - table["before"], table["change"])
    # By chance the movement that enters alpha is that of the filter that can enter it in one of four orders.
    np.testing.assert_allclose(table["by_chance"], [0.105 / 4, -0.105 / 4])
    assert (table["p"] < 0.02).all()  # all four by chance: 1 / 256
    assert table.loc["alpha", "ci_low"] > 0


def test_before_and_after_are_of_those_whose_change_is_known():
    some = occupancy([0.1, 0.12, 0.9, 0.9])
    some.loc[{"training": "before", "subject": ["c", "d"]}] = np.nan
    table = occupancy_change(some, exchanged([0.1, 0.12, 0.9, 0.9])).loc[""]
    np.testing.assert_allclose(table["after"] - table["before"], table["change"])
    np.testing.assert_allclose(table["change"], [0.11, -0.11])


def test_filters_whose_start_nobody_knows_have_no_change():
    unknown = occupancy([0.1, 0.2])
    unknown.loc[{"training": "before"}] = np.nan
    with pytest.raises(ValueError, match="do not store"):
        occupancy_change(unknown, exchanged([0.1, 0.2]))


def test_a_condition_of_one_subject_does_not_keep_the_others_from_being_tested():
    several = occupancy([0.1, 0.12, 0.09, 0.11])
    alone = several.where(several["subject"] == "a").assign_coords(condition=["think"])
    both = xr.concat([several, alone], "condition")
    runs = exchanged([0.1, 0.12, 0.09, 0.11])
    runs = xr.concat([runs, exchanged([0.1], "think")], "run")
    assert occupancy_change(both, runs).index.unique("condition").tolist() == [""]
    with pytest.raises(ValueError, match="at least two"):
        occupancy_change(alone, runs)
    shift = both.sel(training="after", drop=True).rename(band="filter").assign_coords(filter=[0, 1])
    start = xr.DataArray([[8.0, 9.0]] * 4, dims=("run", "filter"))
    assert filter_shifts(shift, start).index.unique("condition").tolist() == [""]
    with pytest.raises(ValueError, match="at least two"):
        filter_shifts(shift.sel(condition=["think"]), start)


def test_filters_that_move_together_are_found():
    shift = xr.DataArray(
        [[[1.0, 0.5, 0.0], [1.1, -0.5, 0.0], [0.9, 0.4, 0.0], [1.2, -0.6, 0.0]]],
        {"condition": [""]},
        ("condition", "subject", "filter"),
    )
    start = xr.DataArray([[8.0, 9.0, 10.0]] * 4, dims=("run", "filter"))
    table = filter_shifts(shift, start).loc[""]
    assert table["initial_hz"].tolist() == [8, 9, 10]
    assert table["q"][0] < 0.05
    assert table["q"][1] > 0.5
    with pytest.raises(ValueError, match="do not start"):
        filter_shifts(shift, start + xr.DataArray([0, 0, 1.0, 0], dims="run"))
