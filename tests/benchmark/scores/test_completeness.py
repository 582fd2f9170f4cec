"""Completeness is exact for a linear network, and misses what is missing."""

import numpy as np
import pytest
import torch

from sincviz.benchmark.scores.completeness import completeness_error


def test_shares_of_a_linear_network_are_complete(time_case, products, attributed):
    found = attributed(products, time_case)
    assert completeness_error(time_case, found) < 1e-5
    half = {0: found[0], 1: found[1] / 2}
    assert completeness_error(time_case, half) == pytest.approx(0.5, rel=1e-5)  # the larger of the targets


def test_gradient_times_input_of_power_is_twice_the_score(case, shares, attributed):
    assert completeness_error(case, attributed(shares, case)) == pytest.approx(1, rel=1e-4)


def test_a_bias_is_no_change(time_case, products, attributed):
    with torch.no_grad():
        time_case.model.linear.bias += 3
    assert completeness_error(time_case, attributed(products, time_case)) < 1e-5


def test_nothing_to_compare(time_case):
    assert np.isnan(completeness_error(time_case, {target: np.zeros((6, 200)) for target in (0, 1)}))
    time_case.model.linear.weight.data.zero_()
    assert np.isnan(completeness_error(time_case, {target: np.zeros((40, 6, 200)) for target in (0, 1)}))
