"""Shares of two networks and their difference."""

import numpy as np
import pytest
import xarray as xr

from sincviz.attribution import compare_shares
from sincviz.statistics import bootstrap_intervals


def cells(values, classes):
    return xr.DataArray(
        values,
        {
            "target": ["a", "b"],
            "band": ["alpha", "beta"],
            "channel": ["C3", "C4"],
            "class_name": ("trial", classes),
        },
        ("trial", "target", "band", "channel"),
    )


def simulated(rng, n_trials, shares):
    """Return the cells of a network in which a class's own trials have these shares on average."""
    classes = np.array(["a", "b"] * (n_trials // 2))
    own = classes[:, None] == np.array(["a", "b"])
    noise = 0.5 * rng.standard_normal((n_trials, 2, 2, 2))
    return cells(own[..., None, None] * np.array(shares) + noise, classes)


SHARES = [[0.5, 0.2], [0.2, 0.1]]
OTHERS = [[0.3, 0.4], [0.2, 0.1]]


def test_units_of_the_scores_do_not_matter():
    rng = np.random.default_rng(0)
    first, second = simulated(rng, 60, SHARES), simulated(rng, 60, OTHERS)
    compared, scaled = compare_shares(first, second), compare_shares(first, 1000 * second)
    np.testing.assert_allclose(compared, scaled, atol=1e-12)
    np.testing.assert_allclose(compared["ci_low"], scaled["ci_low"], atol=1e-12)


def test_shares_add_up_to_one_and_their_differences_to_zero():
    rng = np.random.default_rng(1)
    compared = compare_shares(simulated(rng, 60, SHARES), simulated(rng, 60, OTHERS))
    np.testing.assert_allclose(compared.sum(("band", "channel")), [[1], [1], [0]], atol=1e-12)


def test_a_network_does_not_differ_from_itself():
    first = simulated(np.random.default_rng(2), 60, SHARES)
    difference = compare_shares(first, first).sel(network="second − first")
    assert not difference.any()
    assert not difference["ci_low"].any()


def test_a_share_of_the_sum_is_not_defined_where_the_sum_is_not_above_zero():
    first = simulated(np.random.default_rng(3), 60, SHARES)
    compared = compare_shares(first, -first)
    assert compared.sel(network="first").notnull().all()
    assert compared.sel(network=["second", "second − first"]).isnull().all()


def test_a_band_without_any_frequency_stays_empty():
    first = simulated(np.random.default_rng(4), 60, SHARES)
    first[:, :, 1] = np.nan
    compared = compare_shares(first, first)
    assert compared.sel(band="beta").isnull().all()
    np.testing.assert_allclose(compared.sel(network="first", band="alpha").sum("channel"), 1)


@pytest.mark.slow
def test_intervals_of_the_difference_cover_the_truth():
    covered = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        compared = compare_shares(simulated(rng, 300, SHARES), simulated(rng, 300, OTHERS), seed=seed)
        difference = compared.sel(network="second − first", target="a against b")
        truth = np.array(OTHERS) - np.array(SHARES)
        covered.append((difference["ci_low"] <= truth) & (truth <= difference["ci_high"]))
    share = np.mean(covered)
    assert 0.93 < share < 0.97  # 0.945 when this was written


def test_the_interval_of_a_share_is_near_that_of_all_resamples():
    first = simulated(np.random.default_rng(5), 200, SHARES)
    compared = compare_shares(first, first).sel(network="first")
    average = bootstrap_intervals(first, trials="contrast")
    width = (average["ci_high"] - average["ci_low"]) / average.sum(("band", "channel"))
    ratio = (compared["ci_high"] - compared["ci_low"]) / width
    assert (ratio > 0.5).all()
    assert (ratio < 1.5).all()


@pytest.mark.parametrize("dim", ["trial", "band", "channel"])
def test_networks_of_other_cells_are_refused(dim):
    first = simulated(np.random.default_rng(6), 8, SHARES)
    with pytest.raises(ValueError, match=f"the same {dim}s"):
        compare_shares(first, first.isel({dim: [0]}))
