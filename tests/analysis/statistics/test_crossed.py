"""Intervals over trainings and trials cover what further trainings and trials would show."""

import numpy as np
import pytest
import xarray as xr

from sincviz.analysis.statistics.crossed import crossed
from sincviz.statistics import crossed_intervals


def data_sets(n_seeds, n_trials, share, interaction, n_sets, seed=0):
    """Return terms (seeds, trials, sets) whose contrast is 0, of variance 1 without interaction, and codes."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n_trials) % 2
    sign = np.where(codes == 0, 0.5, -0.5)[:, None]
    seeds = np.sqrt(share * n_seeds) * rng.standard_normal((n_seeds, 1, n_sets)) * sign
    trials = np.sqrt((1 - share) * n_trials / 4) * rng.standard_normal((1, n_trials, n_sets))
    both = np.sqrt(interaction * n_seeds * n_trials / 4) * rng.standard_normal((n_seeds, n_trials, n_sets))
    return seeds + trials + both, codes


def weights_of(codes):
    return np.where(codes == 0, 1 / (codes == 0).sum(), -1 / (codes == 1).sum())


@pytest.mark.parametrize("n_seeds", [3, 5, 10])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.8, 1.0])
@pytest.mark.parametrize("interaction", [0.0, 0.5])
def test_they_cover(n_seeds, share, interaction):
    terms, codes = data_sets(n_seeds, 40, share, interaction, 3000)
    found = crossed(terms, weights_of(codes), codes)
    covered = np.mean((found[n_seeds + 1] <= 0) & (found[n_seeds + 2] >= 0))
    # With three seeds Satterthwaite's degrees of freedom are a little too many where seeds have most of the variance.
    assert (0.91 if n_seeds == 3 else 0.93) <= covered <= 0.98


def test_intervals_over_trials_alone_would_not():
    terms, codes = data_sets(5, 40, 0.5, 0.0, 2000)
    found = crossed(terms, weights_of(codes), codes)
    mean, error = found[5], found[9]
    assert np.mean(np.abs(mean) <= 2 * error) < 0.85


def test_the_variance_is_that_of_the_mean():
    terms, codes = data_sets(4, 30, 0.4, 0.7, 4000)
    found = crossed(terms, weights_of(codes), codes)
    seeds, trials, both = np.square(found[7:]).mean(1)
    assert both == pytest.approx(0.7, rel=0.05)
    assert seeds == pytest.approx(0.4 + 0.7, rel=0.07)
    assert trials == pytest.approx(0.6 + 0.7, rel=0.07)
    assert found[4].var() == pytest.approx(seeds + trials - both, rel=0.07)


def test_equal_seeds_leave_the_interval_of_welch():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], [12, 30])
    one = rng.standard_normal((42, 1)) * np.where(codes == 0, 1, 3)[:, None]
    found = crossed(np.stack([one] * 6), weights_of(codes), codes)
    parts = [one[codes == code, 0].var(ddof=1) / (codes == code).sum() for code in (0, 1)]
    assert found[6 + 4, 0] == pytest.approx(np.sqrt(sum(parts)))
    assert found[6 + 3, 0] == pytest.approx(0)


@pytest.fixture
def values():
    rng = np.random.default_rng(0)
    coords = {"target": ["left", "right"], "class_name": ("trial", ["left", "right"] * 10), "seed": [7, 8, 9]}
    return xr.DataArray(rng.standard_normal((3, 20, 2, 4)), coords, ("seed", "trial", "target", "cell"))


def test_two_classes_are_one_contrast(values):
    found = crossed_intervals(values)
    assert found["target"].values.tolist() == ["left against right"]
    single = values[1, :, 0] - values[1, :, 1]
    expected = single[::2].mean("trial") - single[1::2].mean("trial")
    assert found["of_seeds"].sel(seed=8)[0].values == pytest.approx(expected.values)
    assert found["mean"].values == pytest.approx(found["of_seeds"].mean("seed").values)
    assert (found["ci_low"] < found["mean"]).all()
    assert (found["mean"] < found["ci_high"]).all()


def test_one_seed_or_a_class_of_one_trial_has_no_interval(values):
    assert np.isnan(crossed_intervals(values[:1])["ci_low"]).all()
    few = values.isel(trial=[0, 1, 3, 5])
    assert np.isnan(crossed_intervals(few)["ci_high"]).all()
    assert np.isfinite(crossed_intervals(few)["mean"]).all()


def test_other_levels_and_dimensions(values):
    narrow, wide = (crossed_intervals(values, level=level) for level in (0.5, 0.99))
    assert (wide["ci_low"] < narrow["ci_low"]).all()
    with pytest.raises(ValueError, match="level"):
        crossed_intervals(values, level=1.5)
    with pytest.raises(ValueError, match=r"dimensions \(seed, trial, target, ...\)"):
        crossed_intervals(values[0])
