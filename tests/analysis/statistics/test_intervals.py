"""Intervals cover at their stated rate, and are those of the average that was asked for."""

import numpy as np
import pytest
import scipy.stats
import xarray as xr

from sincviz.analysis.statistics.intervals import mean_intervals, resampled_counts
from sincviz.statistics import bootstrap_intervals


def single_trials(values, class_names=None, targets=("left", "right")):
    array = xr.DataArray(
        values, dims=("trial", "target", "channel"), coords={"target": list(targets)}, name="relevance"
    )
    return array if class_names is None else array.assign_coords(class_name=("trial", class_names))


@pytest.mark.parametrize("n_trials", [10, 30, 100])
@pytest.mark.parametrize("skewed", [False, True])
def test_the_mean_is_covered_at_the_stated_rate(n_trials, skewed):
    rng = np.random.default_rng(n_trials)
    n_experiments = 1000
    draw = rng.standard_exponential if skewed else rng.standard_normal
    low, high = mean_intervals(draw((n_trials, n_experiments)), n_resamples=500)
    truth = 1.0 if skewed else 0.0
    covered = int(((low <= truth) & (truth <= high)).sum())
    # Skewed values of few trials are covered less often, as by every bootstrap of percentiles.
    rate = 0.95 if not skewed else {10: 0.90, 30: 0.92, 100: 0.93}[n_trials]
    expected = scipy.stats.binom.interval(0.999, n_experiments, rate)
    assert covered >= expected[0]
    if not skewed:
        assert covered <= scipy.stats.binom.interval(0.999, n_experiments, 0.965)[1]


def test_the_contrast_is_covered_at_the_stated_rate():
    rng = np.random.default_rng(0)
    names = np.array(["left"] * 20 + ["right"] * 60)
    values = rng.standard_normal((80, 2, 500))
    values[:20, 0] += 1.5
    found = bootstrap_intervals(single_trials(values, names), trials="contrast", n_resamples=500)
    assert found.target.to_numpy().tolist() == ["left against right"]
    covered = int(((found.ci_low[0] <= 1.5) & (found.ci_high[0] >= 1.5)).sum())
    low, high = scipy.stats.binom.interval(0.999, 500, 0.95)
    assert low <= covered <= high + 10


def test_averages_are_those_of_the_definition():
    rng = np.random.default_rng(1)
    values = rng.standard_normal((9, 2, 3))
    names = np.array(["left", "right", "right"] * 3)
    everything = bootstrap_intervals(single_trials(values, names))
    np.testing.assert_allclose(everything, values.mean(0))
    contrast = bootstrap_intervals(single_trials(values, names), trials="contrast")
    own = names == "left"
    difference = values[:, 0] - values[:, 1]
    np.testing.assert_allclose(
        contrast.sel(target="left against right"), difference[own].mean(0) - difference[~own].mean(0)
    )
    assert (contrast.ci_low <= contrast).all()
    assert (contrast <= contrast.ci_high).all()
    assert contrast.dims == contrast.ci_low.dims == ("target", "channel")


def test_equal_trials_have_no_width():
    found = bootstrap_intervals(single_trials(np.ones((5, 2, 1))))
    np.testing.assert_allclose(found.ci_low, 1)
    np.testing.assert_allclose(found.ci_high, 1)


def test_each_class_keeps_its_number_of_trials():
    strata = np.array([0, 1, 1, 0, 2])
    counts = resampled_counts(strata, 50, seed=0)
    for stratum, size in enumerate([2, 2, 1]):
        assert (counts[:, strata == stratum].sum(1) == size).all()


def test_a_wider_level_is_wider_and_the_seed_decides():
    values = single_trials(np.random.default_rng(0).standard_normal((30, 2, 4)))
    narrow, wide, other = (
        bootstrap_intervals(values, level=level, seed=seed) for level, seed in ((0.5, 0), (0.99, 0), (0.5, 1))
    )
    assert ((wide.ci_high - wide.ci_low) > (narrow.ci_high - narrow.ci_low)).all()
    assert narrow.identical(bootstrap_intervals(values, level=0.5))
    assert not narrow.ci_low.equals(other.ci_low)


@pytest.mark.parametrize(
    ("values", "settings", "message"),
    [
        (np.zeros((3, 2, 1)), {"level": 1.0}, "`level` must lie between 0 and 1; got 1"),
        (np.zeros((3, 2, 1)), {"n_resamples": 0}, "n_resamples"),
        (np.zeros((3, 2, 1)), {"trials": "some"}, "`trials` must be one of"),
        (np.zeros((3, 2, 1)), {"trials": "contrast"}, "class of every trial"),
    ],
)
def test_bad_settings_are_refused(values, settings, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_intervals(single_trials(values), **settings)


def test_averages_are_no_single_trials():
    with pytest.raises(ValueError, match="per_trial=True"):
        bootstrap_intervals(single_trials(np.zeros((3, 2, 1)))[0])
