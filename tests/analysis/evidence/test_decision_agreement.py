"""Decisions of two networks on the same trials."""

import numpy as np
import pandas as pd
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from sincviz.evidence import compare_decisions


def table(true, scores):
    names = ["a", "b", "c"][: scores.shape[1]]
    columns = {f"score_{name}": column for name, column in zip(names, scores.T, strict=True)}
    predicted = np.array(names)[scores.argmax(1)]
    return pd.DataFrame({"true": np.array(names)[true], "predicted": predicted} | columns)


@given(st.integers(1, 40), st.integers(2, 3), st.integers(0, 1000))
def test_counts_add_up_margins_decide_and_the_test_is_symmetric(n_trials, n_classes, seed):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, n_classes, n_trials)
    first, second = (table(true, rng.standard_normal((n_trials, n_classes))) for _ in range(2))
    decisions, back = compare_decisions(first, second), compare_decisions(second, first)
    facts = decisions.attrs
    kinds = [facts[f"n_{kind}"] for kind in ("both_right", "only_first", "only_second", "both_wrong")]
    assert sum(kinds) == facts["n_trials"] == n_trials
    assert ((decisions["margin"] > 0) == decisions["correct"]).all()
    assert ((decisions["other_margin"] > 0) == decisions["other_correct"]).all()
    assert facts["p"] == pytest.approx(back.attrs["p"])
    assert facts["n_only_first"] == back.attrs["n_only_second"]
    assert decisions["same"].sum() == facts["n_same"] >= facts["n_both_right"]


def test_p_is_that_of_a_fair_coin_among_the_trials_that_only_one_gets_right():
    true = np.zeros(12, int)
    right, wrong = [1.0, 0.0], [0.0, 1.0]
    first = table(true, np.array([right] * 11 + [wrong]))
    second = table(true, np.array([right] * 2 + [wrong] * 9 + [right]))
    assert compare_decisions(first, second).attrs["p"] == pytest.approx(scipy.stats.binom.cdf(1, 10, 0.5) * 2)


def test_networks_that_agree_everywhere_are_not_distinguished():
    first = table(np.array([0, 1]), np.eye(2))
    assert compare_decisions(first, first).attrs["p"] == 1.0


def test_without_classes_only_the_answers_are_compared():
    first = table(np.array([0, 1]), np.eye(2)).drop(columns="true")
    decisions = compare_decisions(first, first)
    assert list(decisions) == ["predicted", "other_predicted", "same"]
    assert "p" not in decisions.attrs


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t: t.iloc[:1], "2 trials of a, b and 1 of a, b"),
        (lambda t: t.rename(columns={"score_b": "score_c"}), "same trials and classes"),
        (lambda t: t.assign(true=t["true"].to_numpy()[::-1]), "different classes"),
        (lambda t: t.drop(columns="predicted"), "one output"),
        (lambda t: t.assign(score_a=np.nan), "scores are not finite"),
    ],
)
def test_what_cannot_be_compared_is_refused(change, match):
    first = table(np.array([0, 1]), np.eye(2))
    with pytest.raises(ValueError, match=match):
        compare_decisions(first, change(first))
