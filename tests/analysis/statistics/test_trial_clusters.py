"""Clusters over trials: those that were planted, p of the permutations themselves, one false set of maps in twenty."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats
import xarray as xr

from sincviz.analysis.statistics.neighbours import neighbours
from sincviz.eeg.montages import standard_montage
from sincviz.errors import PositionsError
from sincviz.statistics import bootstrap_intervals, cluster_table, corrected_p, trial_cluster_test

CHANNELS = ["F3", "Fz", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4"]


def single(values, names=None, dims=("trial", "target", "channel", "time"), **attrs):
    """Label values of single trials; the names are the classes of the trials."""
    placed = standard_montage().get_positions()["ch_pos"]
    positions_m = np.array([placed[name] for name in CHANNELS])
    size = dict(zip(dims, values.shape, strict=True))
    coords = {"target": ["left", "right", "feet"][: size["target"]], "channel": CHANNELS}
    coords |= {axis: ("channel", column) for axis, column in zip("xyz", positions_m.T, strict=True)}
    if "time" in dims:
        coords["time"] = ("time", np.arange(size["time"]) * 0.05, {"units": "s"})
    if "frequency" in dims:
        coords["frequency"] = np.arange(8.0, 8 + size["frequency"])
    if names is not None:
        coords["class_name"] = ("trial", names)
    return xr.DataArray(values, coords, dims, "relevance", attrs)


def smooth_noise(rng, n_trials, n_targets=2, n_times=12):
    """Draw maps that are alike at neighbouring times and share what all channels have."""
    values = rng.standard_normal((n_trials, n_targets, 9, n_times)) + rng.standard_normal(
        (n_trials, n_targets, 1, n_times)
    )
    return scipy.ndimage.gaussian_filter1d(values, 1.0, axis=-1)


@pytest.fixture
def names():
    return np.array(["left", "right"] * 20)


@pytest.fixture
def planted(names):
    """Forty trials; at C3 and P3 relevance is larger for the left from 0.2 to 0.4 s, at F4 for the right at 0.1 s."""
    values = smooth_noise(np.random.default_rng(0), 40)
    values[names == "left", 0, 3, 4:9] += 3
    values[names == "left", 0, 6, 4:9] += 3
    values[names == "right", 0, 2, 2] += 3
    return single(values, names, units="score")


def test_clusters_are_where_effects_were_planted(planted):
    found = trial_cluster_test(planted)
    assert found.t.dims == ("target", "channel", "time")
    assert found.target.to_numpy().tolist() == ["left against right"]
    first = found.cluster.isel(target=0) == 1
    assert first.sel(channel=["C3", "P3"]).isel(time=slice(4, 9)).all()
    assert not first.sel(channel=["C4", "P4", "F4"]).any()
    assert found.cluster[0].sel(channel="F4").isel(time=2) == 2
    assert found.cluster_p.where(found.cluster == 1).min() == found.attrs["smallest_p"] == 1 / 1001
    assert found.cluster_p.isnull().equals(found.cluster == 0)
    np.testing.assert_allclose(found["mean"], bootstrap_intervals(planted, trials="contrast"))
    assert found.attrs["units"] == "score"
    assert (found.attrs["n_trials"], found.attrs["trials"], found.attrs["alpha"]) == (40, "contrast", 0.05)
    assert all(isinstance(value, str | int | float) for value in found.attrs.values())


def test_t_is_welchs_and_its_threshold_students(planted, names):
    found = trial_cluster_test(planted, n_permutations=20)
    difference = (planted[:, 0] - planted[:, 1]).to_numpy()
    expected = scipy.stats.ttest_ind(
        difference[names == "left"], difference[names == "right"], equal_var=False
    )
    np.testing.assert_allclose(found.t[0], expected.statistic)
    assert found.attrs["cluster_forming_t"] == pytest.approx(scipy.stats.t.isf(0.005, 38))
    inside = np.abs(expected.statistic) > found.attrs["cluster_forming_t"]
    np.testing.assert_array_equal(found.cluster[0] > 0, inside)


def test_p_is_the_share_of_permutations_with_as_large_a_cluster(planted, names):
    rng = np.random.default_rng(1)
    codes = np.array([["left", "right"].index(name) for name in names])
    permuted = np.array([rng.permutation(codes) for _ in range(60)])
    settings = {"cluster_forming_p": 0.2, "permuted_codes": permuted}
    weak = planted.copy(data=smooth_noise(rng, 40))
    found = trial_cluster_test(weak, **settings)
    adjacency, threshold = neighbours(weak[0, :1]), found.attrs["cluster_forming_t"]
    difference = (weak[:, 0] - weak[:, 1]).to_numpy().reshape(40, -1)

    def masses(members):
        t = scipy.stats.ttest_ind(
            difference[members == 0], difference[members == 1], equal_var=False
        ).statistic
        sums = []
        for sign in (1, -1):
            cells = np.flatnonzero(sign * t > threshold)
            count, labels = scipy.sparse.csgraph.connected_components(adjacency[cells][:, cells])
            sums += [t[cells][labels == label].sum() for label in range(count)]
        return np.array(sums)

    largest = np.array([np.abs(masses(one)).max(initial=0) for one in permuted])
    expected = {round(mass, 6): (1 + (largest >= abs(mass) - 1e-9).sum()) / 61 for mass in masses(codes)}
    table = cluster_table(found, weak)
    assert len(table) > 3
    assert dict(zip(table["mass"].round(6), table["p"], strict=True)) == pytest.approx(expected)
    assert table["p"].is_monotonic_increasing


def test_the_table_describes_the_clusters(planted, names):
    found = trial_cluster_test(planted)
    row = cluster_table(found, planted).iloc[0]
    assert (row["target"], row["bands"]) == ("left against right", "")
    assert {"C3", "P3"} <= set(row["channels"].split(", "))
    assert row["time_low_s"] <= 0.2 < 0.4 <= row["time_high_s"]
    inside = (found.cluster == 1).isel(target=0)
    of_trials = (planted[:, 0] - planted[:, 1]).where(inside).mean(["channel", "time"]).to_numpy()
    own, rest = of_trials[names == "left"], of_trials[names == "right"]
    pooled = np.sqrt((own.var(ddof=1) + rest.var(ddof=1)) / 2)
    # Hedges' correction for 38 degrees of freedom.
    assert row["effect_size"] == pytest.approx(
        (own.mean() - rest.mean()) / pooled * (1 - 3 / (4 * 38 - 1)), rel=1e-3
    )
    assert row["ci_low"] < row["effect_size"] < row["ci_high"]
    with pytest.raises(ValueError, match="for every trial"):
        cluster_table(found, planted.isel(time=slice(3)))


@pytest.mark.parametrize(
    "dims",
    [
        ("trial", "target", "frequency", "channel"),
        ("trial", "target", "channel", "time"),
        ("trial", "target", "frequency", "channel", "time"),
    ],
    ids=lambda dims: " ".join(dims[2:]),
)
def test_maps_may_have_frequencies_times_or_both_in_any_order(dims, names):
    sizes = {"trial": 40, "target": 2, "frequency": 4, "channel": 9, "time": 5}
    values = single(np.random.default_rng(2).standard_normal([sizes[dim] for dim in dims]), names, dims)
    at = {dim: slice(1, 3) for dim in dims if dim in ("frequency", "time")} | {"channel": 3}
    values[{"trial": names == "left", "target": 0} | at] += 4
    found = trial_cluster_test(values, n_permutations=200)
    assert found.t.dims == dims[1:]
    assert (found.cluster[{"target": 0} | at] == 1).all()
    again = trial_cluster_test(values.transpose(*dims[::-1]), n_permutations=200)
    xr.testing.assert_allclose(again, found)


def test_every_class_has_its_map_and_all_share_one_family():
    names = np.array(["left", "right", "feet"] * 12)
    values = smooth_noise(np.random.default_rng(3), 36, 3)
    values[names == "feet", 2, 4] += 2
    found = trial_cluster_test(single(values, names), n_permutations=200)
    assert found.target.to_numpy().tolist() == ["left", "right", "feet"]
    assert (found.cluster.sel(target="feet", channel="Cz") == 1).all()
    alone = trial_cluster_test(single(values, names), n_permutations=200, cluster_forming_p=0.2)
    assert sorted(np.unique(alone.cluster))[1:] == list(range(1, int(alone.cluster.max()) + 1))
    absent = trial_cluster_test(single(values[names != "right"], names[names != "right"]), n_permutations=99)
    assert absent.t.sel(target="right").isnull().all()
    assert (absent.cluster.sel(target="right") == 0).all()


def test_of_all_trials_the_signs_are_flipped(names):
    values = smooth_noise(np.random.default_rng(4), 40)
    values[:, 1, 4] -= 1.5
    found = trial_cluster_test(single(values, names), trials="all", n_permutations=200)
    assert found.target.to_numpy().tolist() == ["left", "right"]
    np.testing.assert_allclose(found.t, scipy.stats.ttest_1samp(values, 0).statistic)
    np.testing.assert_allclose(found["mean"], values.mean(0))
    assert (found.cluster.sel(target="right", channel="Cz") == 1).all()
    table = cluster_table(found, single(values, names))
    assert (table.loc[0, "target"], bool(table.loc[0, "effect_size"] < 0)) == ("right", True)


def test_numeric_targets_are_exchanged_too():
    rng = np.random.default_rng(7)
    targets = rng.standard_normal((40, 1))
    values = smooth_noise(rng, 40, 1)
    values[:, 0, 4] -= 2 * targets
    of_numbers = single(values).assign_coords(target_value=(("trial", "target"), targets))
    found = trial_cluster_test(of_numbers, n_permutations=200)
    assert (found.cluster.sel(channel="Cz") == 1).all()
    row = cluster_table(found, of_numbers).iloc[0]
    assert row["significant"]
    assert row["mass"] < 0
    assert np.isnan(row["effect_size"])


def test_classes_are_exchanged_within_strata_only():
    """In each recording nearly all trials are of one class, and recordings differ: that is no evidence."""
    rng = np.random.default_rng(5)
    strata = np.repeat([0, 1], 40)
    names = np.where(np.r_[np.arange(40) < 36, np.arange(40) < 4], "left", "right")
    values = smooth_noise(rng, 80) / 3
    values[strata == 0, 0] += 3
    confounded = single(values, names)
    assert (trial_cluster_test(confounded, n_permutations=99).cluster_p <= 0.05).any()
    assert not (trial_cluster_test(confounded, strata=strata, n_permutations=99).cluster_p <= 0.05).any()
    assert not (corrected_p(confounded, trials="contrast", strata=strata, n_permutations=99) < 0.05).any()
    # What differs within both recordings is found.
    values[names == "left", 0, 4, 5:] += 1.5
    found = trial_cluster_test(single(values, names), strata=strata, n_permutations=99)
    assert (found.cluster.sel(channel="Cz")[0, 5:] == 1).all()
    assert (found.cluster_p.sel(channel="Cz")[0, 5:] <= 0.05).all()


@pytest.mark.parametrize("function", [trial_cluster_test, corrected_p])
def test_a_stratum_of_one_class_gives_no_permutation(function, names):
    values = single(smooth_noise(np.random.default_rng(6), 40), names)
    strata = (names == "left").astype(int)
    if function is trial_cluster_test:
        with pytest.raises(ValueError, match="they allow 1 different permutations"):
            function(values, strata=strata)
    else:
        assert (function(values, trials="contrast", strata=strata, n_permutations=99) == 1).all()


def test_cells_that_are_not_tested_are_in_no_cluster(planted):
    planted[:, :, 3, 5] = np.nan
    planted[:, :, 6, 5] *= 1e-3
    found = trial_cluster_test(planted, n_permutations=99)
    p = corrected_p(planted, trials="contrast", n_permutations=20)
    assert found.t.isnull().equals(p.isnull())
    assert found.t[0, [3, 6], 5].isnull().all()
    assert (found.cluster[0, [3, 6], 5] == 0).all()


def test_the_seed_decides_and_nothing_else(planted):
    one, again, other = (trial_cluster_test(planted / 3, n_permutations=50, seed=seed) for seed in (0, 0, 1))
    assert one.identical(again)
    assert one.t.equals(other.t)
    assert one.cluster.equals(other.cluster)


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        ({}, {"alpha": 0.0}, "`alpha` must lie between 0 and 1"),
        ({}, {"cluster_forming_p": 2.0}, "`cluster_forming_p` must lie between 0 and 1"),
        ({}, {"n_permutations": 0}, "`n_permutations` must be at least 1"),
        ({}, {"n_permutations": 18}, "At least 19 permutations are needed for a p of 0.05; got 18"),
        ({}, {"trials": "some"}, "`trials` must be one of"),
        ({"trial": slice(4)}, {}, "4 trials cannot reach alpha = 0.05: they allow 6 different permutations"),
        ({"trial": 0}, {}, "must have the dimensions"),
        ({"target": 0}, {}, "must have the dimensions"),
        ({"time": 0}, {}, "must have the dimensions"),
    ],
)
def test_what_cannot_be_tested_is_refused(planted, change, settings, message):
    with pytest.raises(ValueError, match=message):
        trial_cluster_test(planted[change], **settings)


def test_nineteen_permutations_are_enough(planted):
    assert trial_cluster_test(planted, n_permutations=19).attrs["smallest_p"] == 0.05


def test_classes_and_positions_are_needed(planted):
    with pytest.raises(ValueError, match="class of every trial"):
        trial_cluster_test(planted.drop_vars("class_name"))
    with pytest.raises(PositionsError, match="without a position"):
        trial_cluster_test(planted.drop_vars(["x", "y", "z"]))


N_EXPERIMENTS = 200


def n_false(draw, **settings):
    """Count the data sets without any effect that have a significant cluster."""
    found = 0
    for seed in range(N_EXPERIMENTS):
        values, strata = draw(np.random.default_rng([1, seed]))
        test = trial_cluster_test(
            values, strata=strata, n_permutations=199, seed=seed, progress=False, **settings
        )
        found += bool((test.cluster_p <= 0.05).any())
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("counts", "cluster_forming_p", "heavy"),
    [((20, 20), 0.01, False), ((20, 20), 0.05, True), ((8, 32), 0.05, False), ((12, 12, 12), 0.01, True)],
    ids=["even", "even, heavy tails", "uneven", "three classes, heavy tails"],
)
def test_one_set_of_maps_in_twenty_has_a_cluster_where_there_is_none(counts, cluster_forming_p, heavy):
    names = np.repeat(["left", "right", "feet"][: len(counts)], counts)

    def draw(rng):
        values = smooth_noise(rng, len(names), len(counts))
        return single(np.sinh(2 * values) if heavy else values, names), None

    low, high = scipy.stats.binom.interval(0.999, N_EXPERIMENTS, 0.05)
    assert low <= n_false(draw, cluster_forming_p=cluster_forming_p) <= high


@pytest.mark.slow
def test_recordings_that_differ_are_no_evidence_for_classes():
    def draw(rng):
        strata = np.repeat([0, 1, 2], 20)
        names = np.where(rng.random(60) < np.array([0.8, 0.5, 0.2])[strata], "left", "right")
        values = smooth_noise(rng, 60) * np.array([1.0, 2, 3])[strata][:, None, None, None]
        return single(
            values + 2 * strata[:, None, None, None] * np.array([1.0, -1])[:, None, None], names
        ), strata

    low, high = scipy.stats.binom.interval(0.999, N_EXPERIMENTS, 0.05)
    assert low <= n_false(draw) <= high


@pytest.mark.slow
def test_random_signs_without_any_mean():
    def draw(rng):
        return single(smooth_noise(rng, 25)), None

    low, high = scipy.stats.binom.interval(0.999, N_EXPERIMENTS, 0.05)
    assert low <= n_false(draw, trials="all") <= high


@pytest.mark.slow
def test_a_rare_class_that_varies_more_has_few_false_clusters():
    """Classes that differ in spread alone are not exchangeable; Welch's t makes up for most of it."""
    names = np.repeat(["left", "right"], [40, 15])

    def draw(rng):
        return single(
            smooth_noise(rng, 55) * np.where(names == "right", 2.0, 1.0)[:, None, None, None], names
        ), None

    assert n_false(draw) <= scipy.stats.binom.interval(0.999, N_EXPERIMENTS, 0.1)[1]
