"""What is explained, against its definition."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sincviz.analysis.attribution.explained import EXPLAIN, explained

rows = st.lists(st.lists(st.integers(-5, 5).map(float), min_size=3, max_size=3), min_size=1, max_size=4)


@pytest.mark.parametrize("explain", EXPLAIN)
@given(rows=rows)
def test_it_is_what_its_name_says(what_is_explained, explain, rows):
    scores = torch.tensor(rows, dtype=torch.float64)
    torch.testing.assert_close(explained(scores, explain), what_is_explained(scores, explain))


@pytest.mark.parametrize("explain", EXPLAIN)
def test_it_is_differentiable(explain):
    scores = torch.tensor([[1.0, 4.0, 2.0], [0.5, -1.0, 3.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda scores: explained(scores, explain), scores)


@given(rows=rows, constant=st.floats(-10, 10))
@pytest.mark.parametrize("explain", ["margin", "log_probability"])
def test_what_all_scores_have_in_common_drops_out(explain, rows, constant):
    scores = torch.tensor(rows, dtype=torch.float64)
    torch.testing.assert_close(explained(scores + constant, explain), explained(scores, explain))


@given(rows=rows)
def test_the_margin_is_positive_for_the_class_that_wins_only(rows):
    scores = torch.tensor(rows, dtype=torch.float64)
    ahead = scores == scores.amax(1, keepdim=True)
    alone = ahead.sum(1, keepdim=True) == 1
    assert torch.equal(explained(scores, "margin") > 0, ahead & alone)


def test_of_two_classes_margins_are_opposite():
    margins = explained(torch.tensor([[1.0, 3.5]]), "margin")
    assert margins.tolist() == [[-2.5, 2.5]]


def test_one_score_explains_itself_only():
    assert explained(torch.tensor([[2.0]]), "score").item() == 2
    for explain in ("margin", "log_probability"):
        with pytest.raises(ValueError, match=rf"no {explain}\. Pass `explain='score'`"):
            explained(torch.tensor([[2.0]]), explain)


@pytest.mark.parametrize("explain", ["probability", "", None, 1])
def test_anything_else_is_refused(explain):
    with pytest.raises(ValueError, match="'score', 'margin', 'log_probability'"):
        explained(torch.zeros(1, 2), explain)
