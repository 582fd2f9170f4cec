"""Clusters are where effects were planted, follow neighbours alone, and their p-values are those of the sign flips."""

import numpy as np
import pytest
import scipy.stats
import xarray as xr

from sincviz.analysis.statistics.clusters import cluster_table, cluster_test
from sincviz.analysis.statistics.neighbours import neighbours
from sincviz.analysis.statistics.subjects import hedges_g, subject_test
from sincviz.eeg.band_limits import with_band_limits
from sincviz.eeg.bands import RHYTHMS
from sincviz.eeg.montages import standard_montage
from sincviz.errors import PositionsError

BANDS = ["delta", "theta", "alpha", "beta", "gamma", "other"]
CHANNELS = ["F3", "Fz", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4"]


def maps(values, rows, ch_names=CHANNELS, dims=("subject", "band", "channel"), bands=RHYTHMS, **attrs):
    """Label values, with the positions of the channels."""
    placed = standard_montage().get_positions()["ch_pos"]
    positions_m = np.array([placed[name] for name in ch_names])
    coords = {dims[-2]: rows, "channel": ch_names}
    coords |= {axis: ("channel", column) for axis, column in zip("xyz", positions_m.T, strict=True)}
    if "target" in dims:
        coords["target"] = ["all classes", "left", "right"]
    found = xr.DataArray(values, coords, dims, "contrast", attrs)
    return with_band_limits(found, bands) if "band" in dims else found


def noise(n_subjects=8, seed=0, rows=tuple(BANDS), targets=()):
    shape = (n_subjects, *targets, len(rows), len(CHANNELS))
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.fixture
def planted():
    """Ten subjects with an effect in alpha and beta at C3, Cz and P3, and the opposite one in gamma at F4."""
    values = maps(noise(10), BANDS, units="within-class SD of the score")
    values.loc[{"band": ["alpha", "beta"], "channel": ["C3", "P3", "Cz"]}] += 3
    values.loc[{"band": "gamma", "channel": "F4"}] -= 6
    return values


def test_clusters_are_where_effects_were_planted(planted):
    found = cluster_test(planted, cluster_forming_p=0.001)
    first = found.cluster == 1
    assert first.sel(band=["alpha", "beta"], channel=["C3", "P3", "Cz"]).all()
    assert first.sum() == 6
    assert found.cluster.sel(band="gamma", channel="F4") == 2
    # All ten subjects agree: only one of the 512 ways, the true one, has as much.
    assert (found.cluster_p.where(first, drop=True).dropna("band") == 1 / 512).all()
    assert found.cluster_p.isnull().equals(found.cluster == 0)
    assert found.t.where(first).min() > 0
    assert found.t.sel(band="gamma", channel="F4") < 0


def test_cells_are_tested_as_subject_test_does(planted):
    found = cluster_test(planted)
    xr.testing.assert_allclose(found.drop_vars(["cluster", "cluster_p"]), subject_test(planted))
    assert found.attrs["units"] == "within-class SD of the score"
    assert found.attrs["n_subjects"] == 10
    assert found.attrs["n_permutations"] == 512
    assert found.attrs["smallest_p"] == 1 / 512
    assert found.attrs["cluster_forming_t"] == pytest.approx(
        scipy.stats.t.isf(found.attrs["cluster_forming_p"] / 2, 9)
    )
    assert all(isinstance(value, str | int | float) for value in found.attrs.values())


@pytest.mark.parametrize("seed", range(3))
def test_p_is_the_share_of_sign_flips_with_as_large_a_cluster(p_by_sign_flips, seed):
    values = maps(noise(6, seed) + 0.4, BANDS)
    table = cluster_table(cluster_test(values, cluster_forming_p=0.1), values)
    found = dict(zip(table["mass"].round(6), table["p"], strict=True))
    assert found == pytest.approx(p_by_sign_flips(values, 0.1))


def test_clusters_are_numbered_by_p_then_mass(planted):
    table = cluster_table(cluster_test(planted), planted)
    assert table["cluster"].tolist() == list(range(1, len(table) + 1))
    ordered = table.assign(mass=-table["mass"].abs()).sort_values(["p", "mass"], kind="stable")
    assert ordered.index.tolist() == table.index.tolist()
    assert len(table) > 2


def test_the_order_of_dimensions_and_of_labels_changes_nothing(planted):
    found = cluster_test(planted)
    shuffled = planted.isel(band=[3, 0, 5, 2, 1, 4], channel=[8, 2, 0, 1, 5, 3, 4, 7, 6])
    again = cluster_test(shuffled.transpose("channel", "subject", "band"))
    xr.testing.assert_allclose(again.sel(band=found.band, channel=found.channel), found)


def test_maps_of_classes_are_no_neighbours_and_share_one_family():
    values = noise(8, targets=(3,)) / 10
    values[:, :2, 2, 3] += 2  # alpha at C3, in the first two maps
    alone = maps(values[:, 0], BANDS)
    values = maps(values, BANDS, dims=("subject", "target", "band", "channel"))
    found = cluster_test(values, cluster_forming_p=0.001)
    at = {"band": "alpha", "channel": "C3"}
    assert sorted(found.cluster.sel(at).values.tolist()) == [0, 1, 2]
    assert found.t.dims == ("target", "band", "channel")
    table = cluster_table(found, values)
    assert sorted(table["target"][:2]) == ["all classes", "left"]
    # One more map makes no p smaller.
    wide = cluster_test(values, cluster_forming_p=0.2)
    narrow = cluster_test(alone, cluster_forming_p=0.2)
    assert (wide.cluster > 0).sel(target="all classes", drop=True).equals(narrow.cluster > 0)
    assert (
        (wide.cluster_p.sel(target="all classes") >= narrow.cluster_p).where(narrow.cluster > 0, True).all()
    )


def test_bands_are_neighbours_where_they_touch():
    adjacency = neighbours(maps(noise(), BANDS)).toarray().reshape(6, 9, 6, 9)
    in_band = adjacency[:, 0, :, 0].astype(bool)
    expected = np.eye(6, dtype=bool)
    expected[[0, 1, 1, 2, 2, 3, 3, 4], [1, 0, 2, 1, 3, 2, 4, 3]] = True
    np.testing.assert_array_equal(in_band, expected)
    # No step goes to another band and another channel at once.
    assert adjacency[0, 0, 1, 1:].sum() == 0
    bands = {"low": (8, 12), "high": (20, 30)}
    apart = maps(noise(rows="ab"), ["low", "high"], bands=bands)
    assert neighbours(apart).toarray().reshape(2, 9, 2, 9)[0, :, 1].sum() == 0
    touching = with_band_limits(apart, {"low": (8, 20), "high": (20, np.inf)})
    assert neighbours(touching).toarray().reshape(2, 9, 2, 9)[0, :, 1].sum() == 9


def test_clusters_tell_the_outer_limits_of_their_bands(planted):
    table = cluster_table(cluster_test(planted, cluster_forming_p=0.001), planted).set_index("bands")
    assert table.loc["alpha, beta", ["band_low_hz", "band_high_hz"]].tolist() == [8, 30]
    assert table.loc["gamma", ["band_low_hz", "band_high_hz"]].tolist() == [30, np.inf]


def test_electrodes_are_neighbours_side_by_side():
    adjacency = neighbours(maps(noise(), BANDS)).toarray().reshape(6, 9, 6, 9)[0, :, 0]
    around = {
        name: {other for other, near in zip(CHANNELS, row, strict=True) if near}
        for name, row in zip(CHANNELS, adjacency, strict=True)
    }
    assert {"C3", "Fz", "Pz", "C4"} < around["Cz"]
    assert not {"F4", "C4", "P4"} & around["C3"]
    np.testing.assert_array_equal(adjacency, adjacency.T)


def test_a_band_apart_makes_a_cluster_of_its_own():
    values = noise(8) / 10
    values[:, [2, 5], 4] += 2  # alpha and what no band covers, both at Cz
    found = cluster_test(maps(values, BANDS), cluster_forming_p=0.001)
    assert sorted(found.cluster.sel(channel="Cz", band=["alpha", "other"]).values.tolist()) == [1, 2]


def test_frequencies_are_neighbours_of_the_next_bin():
    frequency_hz = [8.0, 9.0, 10.0, 13.0, 14.0]  # as if a notch were left out
    values = noise(8, rows=frequency_hz) / 10
    values[:, :, 4] += 2
    values = maps(values, frequency_hz, dims=("subject", "frequency", "channel"))
    found = cluster_test(values, cluster_forming_p=0.001)
    table = cluster_table(found, values)
    assert sorted(table["bands"][:2]) == ["13–14 Hz", "8–10 Hz"]
    assert (table["channels"][:2] == "Cz").all()
    single = cluster_test(values.sel(frequency=[9.0]), cluster_forming_p=0.001)
    assert cluster_table(single, values.sel(frequency=[9.0]))["bands"][0] == "9 Hz"


def test_the_table_describes_the_clusters(planted):
    found = cluster_test(planted, cluster_forming_p=0.001)
    row = cluster_table(found, planted).iloc[0]
    inside = found.cluster == 1
    t = found.t.where(inside)
    assert (row["n_cells"], row["bands"], row["target"]) == (6, "alpha, beta", "")
    assert row["mass"] == pytest.approx(t.sum().item())
    assert (
        row["channels"].split(", ")
        == t.max("band")
        .dropna("channel")
        .sortby(t.max("band").dropna("channel"), ascending=False)
        .channel.values.tolist()
    )
    means = planted.where(inside).mean(["band", "channel"]).to_numpy()
    assert row["effect_size"] == pytest.approx(
        hedges_g(scipy.stats.ttest_1samp(means, 0).statistic, 10).item()
    )
    assert 0 < row["ci_low"] < row["effect_size"] < row["ci_high"]
    assert row["significant"]


def test_many_channels_are_named_in_part():
    values = noise(8) / 10
    values[:, 2] += 2
    values = maps(values, BANDS)
    row = cluster_table(cluster_test(values, cluster_forming_p=0.001), values).iloc[0]
    assert row["channels"].endswith(" and 1 more")
    assert row["channels"].count(",") == 7


def test_where_nothing_passes_the_threshold_the_table_is_empty():
    balanced = np.tile([1.0, -1.0], 4)[:, None, None] * np.ones((1, 6, 9))
    values = maps(balanced, BANDS)
    found = cluster_test(values)
    assert (found.cluster == 0).all()
    assert found.cluster_p.isnull().all()
    table = cluster_table(found, values)
    assert table.empty
    assert table["significant"].dtype == bool
    assert table.columns.tolist() == cluster_table(*_with_a_cluster()).columns.tolist()


def _with_a_cluster():
    values = maps(noise(8) / 10 + 2, BANDS)
    return cluster_test(values), values


def test_differences_of_paired_conditions_drop_subjects_without_a_condition():
    before, after = maps(noise(9), BANDS), maps(noise(9, 1) + 1, BANDS)
    after[4] = np.nan
    found = cluster_test(after - before)
    kept = [number for number in range(9) if number != 4]
    assert found.attrs["n_subjects"] == 8
    xr.testing.assert_equal(found, cluster_test(after[kept] - before[kept]))
    table = cluster_table(found, after - before)
    assert table["effect_size"].notnull().all()


@pytest.mark.parametrize("constant", [0.0, 0.1])
def test_cells_without_spread_or_without_a_subject_are_in_no_cluster(planted, constant):
    planted.loc[{"band": "alpha", "channel": "C3"}] = constant
    planted[2, 3, 6] = np.nan  # beta at P3, of one subject
    found = cluster_test(planted)
    for cell in ({"band": "alpha", "channel": "C3"}, {"band": "beta", "channel": "P3"}):
        assert found.cluster.sel(cell) == 0
        assert found.cluster_p.sel(cell).isnull()
        assert found.t.sel(cell).isnull()
    assert found.cluster.sel(band="beta", channel="C3") > 0
    assert cluster_table(found, planted)["mass"].notnull().all()


def test_the_seed_decides_which_flips_are_made_and_nothing_else():
    values = maps(noise(16, seed=3) + 0.3, BANDS)
    one, again, other = (cluster_test(values, n_permutations=200, seed=seed) for seed in (0, 0, 1))
    assert one.identical(again)
    assert not one.cluster_p.equals(other.cluster_p)
    assert one.t.equals(other.t)
    assert one.attrs["n_permutations"] == 200
    assert float(one.cluster_p.min()) >= one.attrs["smallest_p"] == 1 / 200


def test_nothing_is_printed(planted, capfd):
    cluster_test(planted, n_permutations=50)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("n_subjects", "alpha", "needed"), [(5, 0.05, 6), (2, 0.05, 6), (7, 0.01, 8), (4, 0.1, 5)]
)
def test_too_few_subjects_are_told_how_many_are_needed(n_subjects, alpha, needed):
    with pytest.raises(ValueError, match=f"{n_subjects} subjects cannot reach.*{needed} subjects are needed"):
        cluster_test(maps(noise(n_subjects), BANDS), alpha=alpha)
    assert cluster_test(maps(noise(needed), BANDS), alpha=alpha).attrs["smallest_p"] <= alpha


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alpha": 0.0}, "`alpha` must lie between 0 and 1; got 0.0"),
        ({"cluster_forming_p": 1.5}, "`cluster_forming_p` must lie between 0 and 1; got 1.5"),
        ({"n_permutations": 19}, "`n_permutations` must be at least 20 for a p of 0.05; got 19"),
        ({"n_permutations": 0}, "`n_permutations` must be at least 1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        cluster_test(maps(noise(), BANDS), **settings)


def test_other_dimensions_are_refused(planted):
    for values in (planted.expand_dims(condition=2), planted.isel(band=0), planted.isel(subject=0)):
        with pytest.raises(ValueError, match="must have the dimensions"):
            cluster_test(values)


def test_values_that_were_not_tested_are_refused(planted):
    found = cluster_test(planted)
    with pytest.raises(ValueError, match="must be the tested values"):
        cluster_table(found, planted.isel(channel=slice(1, None)))
    both = xr.concat([found, found], "comparison")
    with pytest.raises(ValueError, match=r"test.sel\(comparison"):
        cluster_table(both, planted)
    assert len(cluster_table(both.isel(comparison=0), planted))


def test_channels_need_positions(planted):
    with pytest.raises(PositionsError, match="without a position on the scalp"):
        cluster_test(planted.drop_vars(["x", "y", "z"]))
    with pytest.raises(PositionsError, match="at least two channels"):
        cluster_test(planted.isel(channel=[0]))


def test_few_channels_are_all_neighbours_and_a_line_has_none():
    two = maps(noise()[..., :2], BANDS, CHANNELS[:2])
    assert neighbours(two).toarray()[:2, :2].all()
    on_a_line = {"x": 0.0, "y": [0.0, 0.03, 0.06, 0.09], "z": 0.05}
    line = maps(noise()[..., :4], BANDS, CHANNELS[:4]).assign_coords(
        {axis: ("channel", np.broadcast_to(values, 4)) for axis, values in on_a_line.items()}
    )
    with pytest.raises(PositionsError, match="lie on a line"):
        neighbours(line)
