"""Established cells: one table in twenty has one where nothing is, however many cells there are and however alike."""

import numpy as np
import pytest
import scipy.stats
import xarray as xr

from sincviz.analysis.statistics.established import LEAST_SPREAD, corrected_p


def single(values, names=None):
    coords = {"target": [f"class {number}" for number in range(values.shape[1])]}
    if names is not None:
        coords["class_name"] = ("trial", names)
    return xr.DataArray(values, coords, ("trial", "target", "band", "channel"))


def labels(n_trials, n_classes=2):
    return [f"class {number % n_classes}" for number in range(n_trials)]


@pytest.mark.parametrize("heavy", [True, False], ids=["heavy tails", "normal"])
@pytest.mark.parametrize("counts", [(20, 20), (6, 34), (10, 10, 10)], ids=str)
def test_one_table_in_twenty_has_an_established_cell_where_there_is_none(heavy, counts):
    rng = np.random.default_rng(sum(counts) + heavy)
    names = np.repeat([f"class {number}" for number in range(len(counts))], counts)
    n_tables, n_false = 300, 0
    for _ in range(n_tables):
        common = rng.standard_normal((len(names), 1, 1, 1))
        values = common + rng.standard_normal((len(names), len(counts), 4, 8))
        values = np.sinh(1.5 * values) if heavy else values
        n_false += bool(
            (corrected_p(single(values, names), trials="contrast", n_permutations=199) < 0.05).any()
        )
    low, high = scipy.stats.binom.ppf([0.001, 0.999], n_tables, 0.05)
    assert low <= n_false <= high


def test_a_planted_cell_is_the_only_one():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((60, 2, 5, 16))
    values[::2, 0, 1, 3] += 1.5
    p = corrected_p(single(values, labels(60)), trials="contrast")
    assert np.argwhere((p < 0.05).to_numpy()).tolist() == [[0, 1, 3]]
    assert p.dims == ("target", "band", "channel")


def test_without_a_contrast_the_signs_decide():
    rng = np.random.default_rng(1)
    values = rng.standard_normal((40, 1, 2, 6)) + np.where(np.arange(6) == 2, 1.0, 0.0)
    p = corrected_p(single(values))
    assert (p < 0.05).to_numpy().any((0, 1)).tolist() == [False, False, True, False, False, False]


def test_four_trials_establish_nothing():
    values = np.arange(4.0)[:, None, None, None] * np.ones((4, 2, 1, 3))
    assert not (corrected_p(single(values, labels(4)), trials="contrast") < 0.05).any()


def test_cells_that_hardly_vary_are_not_tested():
    rng = np.random.default_rng(2)
    values = rng.standard_normal((60, 2, 1, 3))
    values[..., 1] *= 0.9 * LEAST_SPREAD / 1.3
    values[::2, 0] += [3, 1, 0]
    p = corrected_p(single(values, labels(60)), trials="contrast").isel(target=0, band=0)
    assert p[0] < 0.05
    spread = (values[:, 0] - values[:, 1]).std(0)[0]
    assert np.isnan(p[1]) == (spread[1] < LEAST_SPREAD * spread.max())


def test_values_that_are_not_finite_and_classes_without_trials_have_no_probability():
    values = np.random.default_rng(3).standard_normal((20, 3, 1, 2))
    values[4, 0, 0, 1] = np.nan
    p = corrected_p(single(values, labels(20)), trials="contrast")
    assert np.isnan(p.sel(target="class 2")).all()
    assert np.isnan(p.sel(target="class 0")).to_numpy().ravel().tolist() == [False, True]


def test_permutations_that_are_given_are_the_ones_that_are_used():
    """Classes tied to the first half: exchanged within halves nothing can be told."""
    values = np.random.default_rng(4).standard_normal((20, 2, 1, 1))
    values[:10, 0] += 5
    names = np.repeat(["class 0", "class 1"], 10)
    same = np.tile(np.repeat([0, 1], 10), (199, 1))
    assert (corrected_p(single(values, names), trials="contrast", permuted_codes=same) == 1).all()
    assert (corrected_p(single(values, names), trials="contrast") < 0.05).any()


def test_a_rare_class_that_varies_more_establishes_nothing():
    """Without its own standard error, a difference of spreads passes for one of means: 95 % of such sets."""
    names, n_established = np.array(["frequent", "rare"]), 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        codes = rng.permutation(np.repeat([0, 1], [90, 10]))
        one = rng.standard_normal((100, 1, 60)) * np.where(codes == 1, 2.0, 1.0)[:, None, None]
        values = xr.DataArray(
            np.concatenate([one, -one], axis=1),
            {"class_name": ("trial", names[codes]), "target": names},
            ("trial", "target", "cell"),
        )
        p = corrected_p(values, trials="contrast", n_permutations=300, seed=seed)
        n_established += bool((p < 0.05).any())
    assert n_established <= 6
