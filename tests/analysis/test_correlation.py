"""Correlation and error: their formulas, intervals, and how often chance is called more."""

import numpy as np
import pandas as pd
import pytest
import scipy
from sklearn.metrics import mean_absolute_error, r2_score

from sincviz.analysis.correlation import correlation_test, target_permutations
from sincviz.evidence import accuracies, correlations


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_measures_are_those_of_scipy_and_scikit_learn(rng):
    target = rng.uniform(20, 60, (60, 1))
    output = 10 + 0.5 * target + rng.normal(0, 5, (60, 1))
    (test,) = correlation_test(target, output)
    t, o = target[:, 0], output[:, 0]
    assert test["correlation"] == pytest.approx(scipy.stats.pearsonr(t, o).statistic)
    assert test["rank_correlation"] == pytest.approx(scipy.stats.spearmanr(t, o).statistic)
    assert test["mean_absolute_error"] == pytest.approx(mean_absolute_error(t, o))
    assert test["r_squared"] == pytest.approx(r2_score(t, o))
    assert test["error_of_mean"] == pytest.approx(mean_absolute_error(t, np.full(60, t.mean())))
    exact = scipy.stats.pearsonr(t, o).confidence_interval()
    assert test["correlation_ci_low"] == pytest.approx(exact.low, abs=0.06)
    assert test["correlation_ci_high"] == pytest.approx(exact.high, abs=0.06)


def test_a_large_offset_costs_no_digits(rng):
    target = 1e6 + rng.standard_normal((50, 1))
    (test,) = correlation_test(target, target + 0.1 * rng.standard_normal((50, 1)))
    assert test["correlation"] > 0.98
    assert test["r_squared"] > 0.95


def test_chance_is_called_more_in_one_of_twenty(rng):
    called = [
        correlation_test(rng.exponential(size=(30, 1)), rng.standard_normal((30, 1)))[0]["above_chance"]
        for _ in range(300)
    ]
    assert 0.02 < np.mean(np.array(called) == "yes") < 0.09
    assert "unknown" not in set(called) or np.mean(np.array(called) == "unknown") < 0.03


def test_of_several_outputs_the_largest_counts(rng):
    called = [
        any(
            test["above_chance"] == "yes"
            for test in correlation_test(rng.standard_normal((30, 5)), rng.standard_normal((30, 5)))
        )
        for _ in range(200)
    ]
    assert 0.01 < np.mean(called) < 0.1


def test_differences_between_subjects_do_not_count(rng):
    subject = np.repeat(np.arange(5), 20)
    target = subject[:, None] * 3.0 + rng.standard_normal((100, 1))
    output = subject[:, None] * 3.0 + rng.standard_normal((100, 1))
    structure = pd.DataFrame({"subject": subject.astype(str)})
    (test,) = correlation_test(target, output, structure)
    assert test["correlation"] > 0.8
    assert test["permuted_within"].startswith("subject")
    assert test["above_chance"] == "no"
    assert test["interval_over"] == "subject"
    (alone,) = correlation_test(target, output)
    assert alone["above_chance"] != "no"


def test_subjects_with_one_age_each_are_exchanged_whole(rng):
    subject = np.repeat(np.arange(12), 10)
    target = rng.uniform(20, 60, 12)[subject][:, None]
    output = target + rng.normal(0, 3, (120, 1))
    structure = pd.DataFrame({"subject": subject.astype(str)})
    (test,) = correlation_test(target, output, structure)
    assert (test["unit"], test["n_units"], test["confounds"]) == ("subject", 12, "label_tied_to_subject")
    assert test["above_chance"] == "unknown"  # it may recognise the subjects that it was trained on
    assert test["p_over_units"] < 0.01
    (new,) = correlation_test(target, output, structure.assign(new_in="subject"))
    assert new["above_chance"] == "yes"
    (noise,) = correlation_test(
        target, rng.normal(0, 3, 12)[subject][:, None], structure.assign(new_in="subject")
    )
    assert noise["p"] > 0.01


def test_targets_that_drift_leave_the_verdict_open(rng):
    drowsiness = np.cumsum(rng.standard_normal(120))[:, None]
    drift = np.cumsum(rng.standard_normal(120))[:, None]
    (test,) = correlation_test(drowsiness, drift)
    assert (test["above_chance"], test["unknown_because"], test["confounds"]) == (
        "unknown",
        "confounded",
        "targets_drift",
    )


def test_a_slow_trend_is_exchanged_nearby_only(rng):
    # Little trend, much that changes from trial to trial.
    target = (0.02 * np.arange(200) + rng.standard_normal(200))[:, None]
    (test,) = correlation_test(target, 0.02 * np.arange(200)[:, None] + 0.01 * rng.standard_normal((200, 1)))
    assert test["permuted_within"] == "stretch of time"
    assert test["above_chance"] == "no"
    (good,) = correlation_test(target, target + rng.standard_normal((200, 1)))
    assert good["above_chance"] == "yes"


def test_trials_that_share_signal_stay_together(rng):
    stretch = np.repeat(np.arange(30), 3)
    target = rng.standard_normal(30)[stretch][:, None] + 0.1 * rng.standard_normal((90, 1))
    output = rng.standard_normal(30)[stretch][:, None]
    (test,) = correlation_test(target, output, pd.DataFrame({"stretch": stretch}))
    assert (test["unit"], test["n_units"], test["interval_over"]) == (
        "stretch of signal",
        30,
        "stretch of signal",
    )


@pytest.mark.parametrize(
    ("target", "output", "because", "above"),
    [
        (np.full(20, 3.0), np.arange(20.0), "one_target", "unknown"),
        (np.array([1.0, 5.0, 2.0]), np.array([1.0, 5.0, 2.0]), "few_trials", "unknown"),
        (np.random.default_rng(1).permutation(20.0 + np.arange(20)), np.full(20, 3.0), "", "no"),
    ],
)
def test_what_cannot_correlate(target, output, because, above):
    (test,) = correlation_test(target[:, None], output[:, None])
    assert (test["unknown_because"], test["above_chance"]) == (because, above)


def test_permutations_move_targets_within_strata(rng):
    structure = pd.DataFrame({"subject": np.repeat(["a", "b"], 20)})
    targets = rng.standard_normal((40, 1))
    order, stratum = target_permutations(structure, targets)
    assert (order < 20)[:, :20].all()
    assert (order >= 20)[:, 20:].all()
    assert (np.diff(stratum) >= 0).all()


def test_held_out_trials_have_their_own_row(rng):
    target = rng.uniform(20, 60, 60)
    table = pd.DataFrame(
        {"prediction": target.copy(), "target": target, "seen_in_training": [True, False] * 30}
    )
    table.loc[~table["seen_in_training"], "prediction"] = rng.uniform(20, 60, 30)
    rows = correlations(table)
    assert rows.index.names == ["trials", "output"]
    assert rows.loc[("seen in training", "output"), "correlation"] == pytest.approx(1)
    assert rows.loc[("held out", "output"), "above_chance"] == "no"
    with pytest.raises(ValueError, match=r"sincviz\.evidence\.correlations\(predicted\)"):
        accuracies(table)
    with pytest.raises(ValueError, match="Pass `y`, a number for each trial"):
        correlations(table[["prediction"]])
    with pytest.raises(ValueError, match=r"sincviz\.evidence\.accuracies\(predicted\)"):
        correlations(pd.DataFrame({"predicted": ["a"], "true": ["a"]}))
