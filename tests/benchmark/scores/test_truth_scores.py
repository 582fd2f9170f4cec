"""A method that is right is scored as right; what does not apply is NaN."""

import numpy as np
import pytest

from sincviz.benchmark.scores.truth_scores import TRUTH_SCORES, scores_of


def test_shares_of_the_score_find_the_rhythm(case, shares, attributed):
    scores = scores_of(case, attributed(shares, case), "contrast")
    assert tuple(scores) == TRUTH_SCORES
    for name in ("cells_area", "average_precision", "channels_area"):
        assert scores[name] == pytest.approx(1)
    assert scores["mass"] > 0.99
    assert scores["best_rank"] == 1
    assert scores["error_hz"] < 0.5
    assert scores["suppressor_share"] == pytest.approx(0, abs=1e-6)
    assert np.isnan(scores["error_ms"])


def test_products_find_the_component(time_case, products, attributed):
    scores = scores_of(time_case, attributed(products, time_case), "contrast")
    assert scores["cells_area"] == pytest.approx(1)
    assert scores["rank_accuracy"] == pytest.approx(1)
    assert scores["error_ms"] <= 50
    assert np.isnan(scores["error_hz"])
    assert np.isnan(scores["suppressor_share"])


def test_in_the_other_plane_only_channels_are_scored(case, products, attributed):
    scores = scores_of(case, attributed(products, case), "contrast")
    assert scores["channels_area"] == pytest.approx(1)
    assert [name for name, value in scores.items() if np.isfinite(value)] == ["channels_area"]


def test_an_average_of_the_method(case, shares, attributed):
    ready = {target: values.mean(0) for target, values in attributed(shares, case).items()}
    assert scores_of(case, ready, "as returned")["channels_area"] >= 0


def test_a_scale_changes_nothing(case, shares, attributed):
    found = attributed(shares, case)
    scaled = {target: 7 * values for target, values in found.items()}
    for variant in ("contrast", "mean", "magnitude"):
        one, other = scores_of(case, found, variant), scores_of(case, scaled, variant)
        np.testing.assert_allclose(list(one.values()), list(other.values()), rtol=1e-4)
