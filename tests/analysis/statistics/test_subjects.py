"""The t tests are those of the textbook, cell by cell, and say nothing where nothing can be said."""

import math

import numpy as np
import pytest
import scipy.stats
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from sincviz.analysis.statistics.subjects import effect_interval, hedges_g, subject_test


def contrasts(samples):
    samples = np.asarray(samples, float)
    channels = [f"E{number}" for number in range(samples.shape[-1])]
    return xr.DataArray(samples, {"channel": channels}, ("subject", "channel"), "contrast", {"units": "d′"})


def normal(n_subjects, n_cells, seed=0):
    return np.random.default_rng(seed).standard_normal((n_subjects, n_cells))


def test_t_p_and_interval_are_those_of_the_formulas():
    samples = normal(9, 5) + 0.4
    found = subject_test(contrasts(samples))
    error = samples.std(0, ddof=1) / 3
    t = samples.mean(0) / error
    np.testing.assert_allclose(found["mean"], samples.mean(0))
    np.testing.assert_allclose(found.t, t)
    np.testing.assert_allclose(found.p, 2 * scipy.stats.t.sf(np.abs(t), 8))
    half_width = scipy.stats.t.ppf(0.975, 8) * error
    np.testing.assert_allclose(found.ci_low, samples.mean(0) - half_width)
    np.testing.assert_allclose(found.ci_high, samples.mean(0) + half_width)
    assert found.attrs["n_subjects"] == 9
    assert found.attrs["units"] == "d′"
    assert found.channel.values.tolist() == ["E0", "E1", "E2", "E3", "E4"]


def test_false_discoveries_are_controlled_over_all_cells():
    found = subject_test(contrasts(normal(8, 20) + np.linspace(0, 2, 20)))
    p = found.p.to_numpy()
    order = np.argsort(p)
    steps = p[order] * 20 / np.arange(1, 21)
    expected = np.empty(20)
    expected[order] = np.minimum.accumulate(steps[::-1])[::-1]
    np.testing.assert_allclose(found.q, np.minimum(expected, 1))


def test_any_dimension_may_hold_the_subjects_and_any_others_the_cells():
    samples = np.random.default_rng(0).standard_normal((3, 7, 2))
    array = xr.DataArray(samples, dims=("condition", "person", "band"), coords={"age": ("person", range(7))})
    found = subject_test(array, "person")
    assert found.t.dims == ("condition", "band")
    assert "age" not in found.coords
    np.testing.assert_allclose(found.t[2, 1], scipy.stats.ttest_1samp(samples[2, :, 1], 0).statistic)


@given(st.integers(3, 30), st.floats(0.01, 100), st.integers(0, 1000))
def test_scale_changes_means_alone_and_the_opposite_sign_mirrors(n_subjects, scale, seed):
    samples = normal(n_subjects, 3, seed)
    found, larger, opposite = (subject_test(contrasts(factor * samples)) for factor in (1, scale, -1))
    for name in ("t", "p", "q", "effect_size"):
        np.testing.assert_allclose(larger[name], found[name], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(larger["ci_low"], scale * found["ci_low"], rtol=1e-9)
    np.testing.assert_allclose(opposite["t"], -found["t"])
    np.testing.assert_allclose(opposite["ci_low"], -found["ci_high"])
    # The interval leaves zero out exactly where p is below 5 %.
    assert (((found.ci_low > 0) | (found.ci_high < 0)) == (found.p < 0.05)).all()


def test_hedges_g_has_no_bias():
    rng = np.random.default_rng(0)
    samples = rng.standard_normal((5, 40_000)) + 0.8
    g = subject_test(contrasts(samples)).effect_size
    plain = samples.mean(0) / samples.std(0, ddof=1)
    assert float(g.mean()) == pytest.approx(0.8, abs=0.02)
    assert plain.mean() > 0.95
    # J(2) = gamma(1) / gamma(1/2), exactly.
    assert hedges_g(math.sqrt(3), 3).item() == pytest.approx(1 / math.sqrt(math.pi))


@pytest.mark.parametrize(("n_subjects", "effect"), [(6, 0.0), (10, 0.8), (25, -1.5)])
def test_effect_intervals_cover_at_their_rate(n_subjects, effect):
    samples = normal(n_subjects, 1000, seed=1) + effect
    intervals = [effect_interval(t, n_subjects) for t in scipy.stats.ttest_1samp(samples, 0).statistic]
    covered = sum(low <= effect <= high for low, high in intervals)
    low, high = scipy.stats.binom.interval(0.999, 1000, 0.95)
    assert low <= covered <= high


@pytest.mark.parametrize("t", [-30.0, -2.0, 0.5, 4.0, 200.0])
def test_effect_intervals_end_where_the_t_would_be_extreme(t):
    low, high = np.array(effect_interval(t, 8)) * np.sqrt(8)
    assert scipy.stats.nct.sf(t, 7, low) == pytest.approx(0.025, rel=1e-2)
    assert scipy.stats.nct.cdf(t, 7, high) == pytest.approx(0.025, rel=1e-2)


def test_subjects_without_values_are_left_out():
    samples = normal(8, 4)
    more = np.insert(samples, [2, 5], np.nan, axis=0)
    xr.testing.assert_allclose(subject_test(contrasts(more)), subject_test(contrasts(samples)))
    assert subject_test(contrasts(more)).attrs["n_subjects"] == 8


def test_a_cell_that_lacks_a_subject_is_in_no_family():
    samples = normal(8, 4) + 1
    broken = samples.copy()
    broken[3, 1], broken[2, 1] = np.nan, np.inf
    found = subject_test(contrasts(broken))
    assert all(found[name].isel(channel=1).isnull() for name in found)
    rest = {"channel": [0, 2, 3]}
    xr.testing.assert_allclose(found.isel(rest), subject_test(contrasts(samples).isel(rest)))


@pytest.mark.parametrize("constant", [0.0, 0.1, -1e6])
def test_cells_without_spread_have_a_mean_and_no_test(constant):
    samples = normal(10, 3)
    samples[:, 1] = constant
    found = subject_test(contrasts(samples)).isel(channel=1)
    assert found["mean"] == pytest.approx(constant)
    assert all(found[name].isnull() for name in ("ci_low", "ci_high", "t", "p", "q", "effect_size"))


def test_where_no_cell_has_spread_there_is_no_test_at_all():
    assert subject_test(contrasts(np.zeros((5, 3)))).t.isnull().all()


def test_two_subjects_have_a_test_and_no_unbiased_effect_size():
    found = subject_test(contrasts(normal(2, 3)))
    assert found.p.notnull().all()
    assert found.effect_size.isnull().all()


@pytest.mark.parametrize("samples", [normal(1, 3), np.vstack([normal(1, 3), np.full((4, 3), np.nan)])])
def test_one_subject_is_no_sample(samples):
    with pytest.raises(ValueError, match="two or more subjects with values; got 1 of"):
        subject_test(contrasts(samples))


def test_subjects_are_needed():
    with pytest.raises(ValueError, match="must have the dimension 'subject'"):
        subject_test(contrasts(normal(3, 3)).rename(subject="run"))
