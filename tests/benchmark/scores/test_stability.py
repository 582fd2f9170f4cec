"""Agreement of operators is Kendall's, with and without ties."""

import numpy as np
import pandas as pd
import pytest
import scipy

from sincviz.benchmark.scores.stability import rank_stability


def table(values):
    values = np.asarray(values, float)
    return pd.DataFrame(values, columns=[f"operator {number}" for number in range(values.shape[1])])


@pytest.mark.parametrize("ties", [False, True])
def test_it_is_friedmans_statistic_over_its_largest_value(ties):
    values = np.random.default_rng(0).standard_normal((9, 4))
    values = values.round() if ties else values
    chi2 = scipy.stats.friedmanchisquare(*values).statistic
    assert rank_stability(table(values))["kendall_w"] == pytest.approx(chi2 / (4 * (9 - 1)))


def test_mean_spearman_follows_from_it_without_ties():
    found = rank_stability(table(np.random.default_rng(1).standard_normal((12, 3))))
    assert found["mean_spearman"] == pytest.approx((3 * found["kendall_w"] - 1) / 2)
    assert found["min_spearman"] <= found["mean_spearman"]


def test_agreement_and_its_opposite():
    same = rank_stability(table(np.outer(np.arange(5), [1, 2, 30])))
    assert same["kendall_w"] == pytest.approx(1)
    assert same["min_spearman"] == pytest.approx(1)
    opposite = rank_stability(table(np.outer(np.arange(5), [1, -1])))
    assert opposite["kendall_w"] == pytest.approx(0)
    assert opposite["mean_spearman"] == pytest.approx(-1)


def test_methods_without_a_score_are_left_out():
    values = np.random.default_rng(2).standard_normal((6, 3))
    gap = np.vstack([values, [np.nan, 1, 2]])
    assert rank_stability(table(gap)) == rank_stability(table(values))
    assert rank_stability(table(gap))["n_methods"] == 6
    few = rank_stability(table(gap[-2:]))
    assert few["n_methods"] == 1
    assert np.isnan(few["kendall_w"])
    assert np.isnan(rank_stability(table(np.ones((4, 2))))["kendall_w"])
