"""Peaks over time: the latency is covered at the stated rate, and where there is no peak the interval says so."""

import numpy as np
import pandas as pd
import pytest
import scipy.ndimage
import scipy.stats
import xarray as xr

from sincviz.attribution import sum_over_times
from sincviz.statistics import bootstrap_intervals, corrected_p, peak_latencies

TIME_S = np.arange(100) / 100


def bump(latency_s, time_s=TIME_S, width_s=0.05):
    return np.exp(-(((time_s - latency_s) / width_s) ** 2) / 2)


def single(values, names=None, time_s=TIME_S, dims=("trial", "target", "channel", "time"), **attrs):
    size = dict(zip(dims, np.shape(values), strict=True))
    coords = {"target": ["left", "right", "feet"][: size["target"]], "time": ("time", time_s, {"units": "s"})}
    if "channel" in dims:
        coords["channel"] = ["C3", "Cz", "C4"][: size["channel"]]
    if names is not None:
        coords["class_name"] = ("trial", names)
    return xr.DataArray(values, coords, dims, "relevance", attrs)


@pytest.fixture
def names():
    return np.array(["left", "right"] * 25)


@pytest.fixture
def planted(names):
    """Fifty trials; the left has a peak at C3 at 0.3 s, and a larger negative one at C4 at 0.6 s; at Cz is noise."""
    values = np.random.default_rng(0).standard_normal((50, 2, 3, 100))
    values[names == "left", 0, 0] += 4 * bump(0.3)
    values[names == "left", 0, 2] += 2 * bump(0.3) - 6 * bump(0.6)
    return single(values, names, units="score difference")


def test_peaks_are_where_they_were_planted(planted):
    found = peak_latencies(planted)
    assert found.index.names == ["target", "channel"]
    assert found.columns.tolist() == ["latency_s", "ci_low", "ci_high", "relevance", "p"]
    of = found.loc["left against right"]
    # What separates the classes is positive: the larger, negative peak at C4 is not one.
    for channel in ("C3", "C4"):
        assert of.loc[channel, "ci_low"] < 0.3 < of.loc[channel, "ci_high"]
        assert of.loc[channel, "ci_high"] - of.loc[channel, "ci_low"] < 0.2
        assert of.loc[channel, "p"] < 0.05
    assert of.loc["Cz", "ci_high"] - of.loc["Cz", "ci_low"] > 0.5
    assert of.loc["Cz", "p"] > 0.05
    assert found.attrs == {
        "trials": "contrast",
        "interval": "95% bootstrap over trials",
        "n_resamples": 1000,
        "units": "score difference",
    }


def test_of_all_trials_the_largest_magnitude_is_the_peak(planted, names):
    found = peak_latencies(planted[names == "left"], trials="all").loc["left"]
    assert found.loc["C4", "ci_low"] < 0.6 < found.loc["C4", "ci_high"]
    assert found.loc["C4", "relevance"] < 0 < found.loc["C3", "relevance"]


@pytest.mark.parametrize("trials", ["all", "contrast"])
def test_the_value_and_its_p_are_those_of_the_average(planted, trials):
    found = peak_latencies(planted, trials=trials, n_resamples=50)
    average = bootstrap_intervals(planted, trials=trials, n_resamples=10)
    p = corrected_p(planted, trials=trials)
    for (target, channel), row in found.iterrows():
        at = {"target": target, "channel": channel}
        course = average.sel(at)
        assert row["relevance"] == pytest.approx(float(course.sel(time=row["latency_s"])))
        assert row["relevance"] == pytest.approx(
            float(course.max() if trials == "contrast" else course[abs(course).argmax("time")])
        )
        assert row["p"] == p.sel(at).sel(time=row["latency_s"])
        assert row["ci_low"] < row["latency_s"] < row["ci_high"]


def test_a_peak_that_all_resamples_share_is_as_wide_as_a_sample_or_a_window(names):
    values = np.zeros((50, 2, 1, 100))
    values[names == "left", 0, 0, 40] = 1.0
    row = peak_latencies(single(values, names)).iloc[0]
    assert row[["latency_s", "ci_low", "ci_high"]].tolist() == pytest.approx([0.4, 0.395, 0.405])
    windows = sum_over_times(single(values, names), 0.1)
    row = peak_latencies(windows).iloc[0]
    assert row[["latency_s", "ci_low", "ci_high"]].tolist() == pytest.approx([0.445, 0.395, 0.495])


def test_times_may_be_alone_or_beside_any_other_dimensions(planted):
    alone = peak_latencies(planted.sum("channel"))
    assert isinstance(alone.index, pd.Index)
    assert (alone.index.name, alone.index.tolist()) == ("target", ["left against right"])
    of_bands = planted.expand_dims(band=["alpha", "beta"], axis=2)
    found = peak_latencies(of_bands)
    assert found.index.names == ["target", "band", "channel"]
    pd.testing.assert_frame_equal(
        found.xs("beta", level="band").drop(columns="p"), peak_latencies(planted).drop(columns="p")
    )
    regions = planted.rename(channel="region").transpose("trial", "target", "time", "region")
    assert peak_latencies(regions).index.names == ["target", "region"]


def test_every_class_has_its_own_peaks():
    names = np.array(["left", "right", "feet"] * 20)
    values = np.random.default_rng(1).standard_normal((60, 3, 1, 100))
    for number, latency_s in enumerate((0.2, 0.5, 0.8)):
        values[names == ["left", "right", "feet"][number], number, 0] += 4 * bump(latency_s)
    found = peak_latencies(single(values, names))
    assert found["latency_s"].to_numpy() == pytest.approx([0.2, 0.5, 0.8], abs=0.05)


def test_numeric_targets_have_peaks_where_relevance_rises_with_them():
    rng = np.random.default_rng(3)
    targets = rng.standard_normal((60, 1))
    values = rng.standard_normal((60, 1, 2, 100))
    values[:, 0, 0] += 2 * targets * bump(0.3)
    of_numbers = single(values).assign_coords(target_value=(("trial", "target"), targets))
    found = peak_latencies(of_numbers).loc["left"]
    assert found.loc["C3", "ci_low"] < 0.3 < found.loc["C3", "ci_high"]
    assert found.loc["C3", "p"] < 0.05 < found.loc["Cz", "p"]


def test_selected_times_alone_are_searched(planted):
    late = peak_latencies(planted.sel(time=slice(0.5, None)))
    assert (late["ci_low"] >= 0.495).all()


def test_p_is_that_of_the_permutations_that_trials_allow(planted):
    strata = np.repeat([0, 1], 25)
    allowed = peak_latencies(planted, strata=strata)
    expected = corrected_p(planted, trials="contrast", strata=strata, progress=False)
    for (target, channel), row in allowed.iterrows():
        assert row["p"] == float(expected.sel(target=target, channel=channel, time=row["latency_s"]))
    # Where labels change place with nobody, nothing is shown.
    same = peak_latencies(planted, permuted_codes=np.tile(np.resize([0, 1], 50), (20, 1)))
    assert (same["p"].dropna() == 1).all()


def test_what_is_not_finite_or_never_varies_has_no_peak(planted):
    planted[:, :, 1] = 0.0
    planted[3, :, 2] = np.nan
    planted[3, :, 0, :20] = np.nan
    found = peak_latencies(planted).loc["left against right"]
    assert found.loc[["Cz", "C4"]].isna().all(axis=None)
    assert found.loc["C3", "ci_low"] < 0.3 < found.loc["C3", "ci_high"]
    assert found.loc["C3", "ci_low"] >= 0.195


def test_a_single_trial_of_a_class_has_a_peak_without_an_interval(planted):
    found = peak_latencies(planted[[0, 1, 3, 5]])
    assert found["latency_s"].notna().all()
    assert found[["ci_low", "ci_high"]].isna().all(axis=None)


def test_the_seed_decides_and_a_wider_level_is_wider(planted):
    one, again = peak_latencies(planted), peak_latencies(planted)
    pd.testing.assert_frame_equal(one, again)
    wide = peak_latencies(planted, level=0.999)
    assert (wide["ci_high"] - wide["ci_low"] >= one["ci_high"] - one["ci_low"]).all()


def test_the_largest_of_noise_is_biased_upwards():
    values = np.random.default_rng(2).standard_normal((40, 1, 3, 100))
    assert (peak_latencies(single(values), trials="all")["relevance"].abs() > 0.3).all()


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        (lambda x: x.mean("trial"), {}, "per_trial=True"),
        (lambda x: x.isel(time=0, drop=True), {}, "must have the dimension `time` in seconds"),
        (lambda x: x.drop_vars("time"), {}, "must have the dimension `time` in seconds"),
        (
            lambda x: x.assign_coords(time=("time", np.arange(100), {"units": "samples"})),
            {},
            "in samples. Compute them with",
        ),
        (lambda x: x.drop_vars("class_name"), {}, "class of every trial"),
        (lambda x: x, {"trials": "some"}, "`trials` must be one of"),
        (lambda x: x, {"level": 1.0}, "`level` must lie between 0 and 1"),
        (lambda x: x, {"n_resamples": 0}, "n_resamples"),
    ],
)
def test_what_has_no_peaks_is_refused(planted, change, settings, message):
    with pytest.raises(ValueError, match=message):
        peak_latencies(change(planted), **settings)


@pytest.mark.parametrize(
    "dims", [("trial", "target", "channel", "time"), ("trial", "target", "band", "channel", "time")]
)
def test_intervals_and_corrected_p_take_maps_over_time(planted, dims):
    values = planted
    if "band" in dims:
        values = planted.expand_dims(band=["alpha", "beta"], axis=2)
        values = values.copy(data=values * np.array([1.0, 0.9])[:, None, None])
    average = bootstrap_intervals(values, trials="contrast", n_resamples=200)
    p = corrected_p(values, trials="contrast", n_permutations=199)
    assert average.dims == average.ci_low.dims == p.dims == dims[1:]
    assert average["time"].attrs == p["time"].attrs == {"units": "s"}
    assert (p.sel(channel="C3", time=0.3) < 0.05).all()
    assert (average.ci_low.sel(channel="C3", time=0.3) > 0).all()
    # A part of the map alone has the same average and interval, for the draws are those of trials.
    part = bootstrap_intervals(values.isel(time=slice(30, 40)), trials="contrast", n_resamples=200)
    xr.testing.assert_allclose(part, average.isel(time=slice(30, 40)))


N_EXPERIMENTS = 200


@pytest.mark.slow
@pytest.mark.parametrize("smooth", [0, 8], ids=["white noise", "noise that is alike for 60 ms"])
@pytest.mark.parametrize("counts", [(40, 40), (15, 60)], ids=str)
def test_a_clear_peak_is_covered_at_the_stated_rate(counts, smooth):
    time_s = np.arange(250) / 250
    names, covered, widths_s = np.repeat(["left", "right"], counts), 0, []
    for seed in range(N_EXPERIMENTS):
        rng = np.random.default_rng([1, seed])
        latency_s = rng.uniform(0.35, 0.65)
        values = rng.standard_normal((len(names), 1, 1, 250))
        if smooth:
            values = scipy.ndimage.gaussian_filter1d(values, smooth, axis=-1)
            values /= values.std()
        values = np.concatenate([values, np.zeros_like(values)], 1)
        values[names == "left", 0, 0] += 2 * bump(latency_s, time_s, 0.08)
        row = peak_latencies(single(values, names, time_s), n_resamples=300, seed=seed).iloc[0]
        covered += row["ci_low"] <= latency_s <= row["ci_high"]
        widths_s.append(row["ci_high"] - row["ci_low"])
    low, high = scipy.stats.binom.interval(0.99, N_EXPERIMENTS, [0.95, 0.98])
    assert low[0] <= covered
    # Noise that differs from sample to sample moves the peaks of resamples more than that of the data.
    assert covered <= (high[1] if smooth else N_EXPERIMENTS)
    assert np.median(widths_s) < 0.15


@pytest.mark.slow
def test_without_a_peak_the_interval_covers_most_of_the_times():
    names, widths, n_established = np.repeat(["left", "right"], 40), [], 0
    for seed in range(100):
        values = scipy.ndimage.gaussian_filter1d(
            np.random.default_rng([1, seed]).standard_normal((80, 2, 1, 100)), 3, axis=-1
        )
        row = peak_latencies(single(values, names), n_resamples=300, seed=seed).iloc[0]
        widths.append(row["ci_high"] - row["ci_low"])
        n_established += row["p"] < 0.05
    assert np.median(widths) > 0.8
    assert n_established <= scipy.stats.binom.interval(0.999, 100, 0.05)[1]
