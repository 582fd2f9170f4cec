"""Intervals are right for normal attributions, and cover too often where one trial has nearly everything."""

import numpy as np
import pytest

from sincviz.benchmark.scores.calibration import calibration


def drawn(seed, heavy=False):
    rng = np.random.default_rng(seed)
    draw = (lambda: rng.pareto(0.3, (40, 6, 101))) if heavy else (lambda: rng.standard_normal((40, 6, 101)))
    return {target: draw() for target in (0, 1)}


@pytest.mark.parametrize("variant", ["contrast", "mean", "magnitude"])
def test_normal_attributions_are_calibrated(case, variant):
    shares = [calibration(case, drawn(seed), variant) for seed in range(5)]
    assert np.mean(shares) == pytest.approx(
        0.94, abs=0.02
    )  # 40 trials: the normal quantile is a little small


def test_a_large_number_of_trials_gives_95_percent(case):
    case.x, case.y = case.x.repeat(25, 1, 1), case.y.repeat(25)
    rng = np.random.default_rng(0)
    values = {target: rng.standard_normal((1000, 6, 101)) for target in (0, 1)}
    assert calibration(case, values, "contrast", n_splits=30) == pytest.approx(0.95, abs=0.01)


def test_few_trials_with_everything_are_not(case):
    one = {target: np.zeros((40, 6, 101)) for target in (0, 1)}
    one[0][3, :, :], one[1][7, :, :] = 1.0, -50.0
    assert calibration(case, one, "contrast") == 1.0  # one trial alone is always within its own error
    heavy = [calibration(case, drawn(seed, heavy=True), "mean") for seed in range(5)]
    assert np.mean(heavy) > 0.96


def test_the_seed_decides(case):
    assert calibration(case, drawn(0), "mean", seed=1) == calibration(case, drawn(0), "mean", seed=1)


def test_nothing_to_divide(case):
    ready = {target: np.ones((6, 101)) for target in (0, 1)}
    assert np.isnan(calibration(case, ready, "as returned"))
    assert np.isnan(calibration(case, {target: np.ones((40, 6, 101)) for target in (0, 1)}, "mean"))
    assert np.isnan(calibration(case, {target: np.ones((40, 6, 200)) for target in (0, 1)}, "mean"))
