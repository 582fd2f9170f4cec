"""Sensitivity has closed forms: none of a constant, that of the trial for the trial itself."""

import numpy as np
import pytest
import torch

from sincviz.benchmark.scores.sensitivity import largest_change, max_sensitivity


def test_a_constant_attribution_does_not_change(case):
    assert max_sensitivity(lambda model, x, target: torch.ones_like(x), case) == 0


def test_the_trial_itself_changes_as_much_as_it_is_changed(case):
    found = max_sensitivity(lambda model, x, target: x, case, radius=0.1, n_samples=3)
    size = case.x[:20].flatten(1).norm(dim=1).double().numpy()
    root_mean_square = 0.1 * float(case.x.std()) / np.sqrt(3) * np.sqrt(6 * 200)  # of an even distribution
    assert found == pytest.approx((root_mean_square / size).mean(), rel=0.05)


def test_changes_stay_in_the_cube_and_grow_with_it(case):
    seen = []

    def recorded(model, x, target):
        seen.append(x)
        return x

    small = max_sensitivity(recorded, case, radius=0.01, n_samples=4, n_trials=5)
    assert len(seen) == 5
    largest = max(float((x - case.x[:5]).abs().max()) for x in seen[1:])
    assert largest <= 0.01 * float(case.x.std()) * (1 + 1e-4)
    assert largest > 0.0099 * float(case.x.std())
    large = max_sensitivity(lambda model, x, target: x, case, radius=0.1, n_samples=4, n_trials=5)
    assert large == pytest.approx(10 * small, rel=1e-3)


def test_more_samples_never_say_less(case):
    few, many = (max_sensitivity(lambda m, x, t: x**3, case, n_samples=n) for n in (2, 8))
    assert many >= few


def test_averages_of_the_method_and_the_seed(case):
    def mean(model, x, target):
        return x.mean(0)

    assert max_sensitivity(mean, case, seed=1) == max_sensitivity(mean, case, seed=1) > 0
    assert max_sensitivity(mean, case, seed=1) != max_sensitivity(mean, case, seed=2)


def test_zero_has_no_relative_change(case):
    assert np.isnan(max_sensitivity(lambda model, x, target: torch.zeros_like(x), case))
    values = np.stack([np.zeros((2, 3)), np.ones((2, 3))])
    found = largest_change(values, [values + 1])
    assert np.isnan(found[0])
    assert found[1] == 1


@pytest.mark.parametrize(("radius", "n_samples"), [(0.0, 10), (np.nan, 10), (0.1, 0)])
def test_settings_out_of_range(case, radius, n_samples):
    with pytest.raises(ValueError, match="must be"):
        max_sensitivity(lambda model, x, target: x, case, radius=radius, n_samples=n_samples)
