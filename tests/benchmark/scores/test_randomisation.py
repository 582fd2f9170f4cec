"""Attributions that ignore the network stay the same for a random one; others do not."""

import numpy as np
import pytest
import torch

from sincviz.benchmark.scores.randomisation import RANDOMISATION_SCORES, randomisation


def test_what_ignores_the_network_stays(time_case, attributed):
    def itself(model, x, target):
        return x

    found = randomisation(itself, time_case, attributed(itself, time_case), ["magnitude"])["magnitude"]
    assert tuple(found) == RANDOMISATION_SCORES
    assert list(found.values()) == pytest.approx([1, 1])


def test_what_follows_the_network_changes(time_case, products, attributed):
    found = randomisation(products, time_case, attributed(products, time_case), ["contrast"], n_draws=4)[
        "contrast"
    ]
    assert abs(found["randomisation_pearson"]) < 0.5
    assert abs(found["randomisation_spearman"]) < 0.5


def test_the_network_is_untouched_and_the_seed_decides(time_case, products, attributed):
    before = time_case.model.linear.weight.clone()
    found = attributed(products, time_case)
    one, same, other = (
        randomisation(products, time_case, found, ["mean", "contrast"], n_draws=1, seed=seed)
        for seed in (0, 0, 1)
    )
    assert one == same != other
    assert torch.equal(before, time_case.model.linear.weight)


def test_channels_are_compared_in_the_other_plane(case, attributed):
    def itself(model, x, target):
        return x

    found = randomisation(itself, case, attributed(itself, case), ["mean"], n_draws=1)["mean"]
    assert found["randomisation_spearman"] == pytest.approx(1)


def test_a_constant_has_no_correlation(time_case, attributed):
    def zero(model, x, target):
        return torch.zeros_like(x)

    found = randomisation(zero, time_case, attributed(zero, time_case), ["mean"], n_draws=2)["mean"]
    assert np.isnan(list(found.values())).all()
