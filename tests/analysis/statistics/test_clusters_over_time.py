"""Clusters over time: next times and windows are neighbours, gaps are not, and the table says when."""

import numpy as np
import pytest
import xarray as xr

from sincviz.analysis.statistics.neighbours import neighbours
from sincviz.attribution import sum_over_times
from sincviz.eeg.band_limits import with_band_limits
from sincviz.eeg.montages import standard_montage
from sincviz.statistics import cluster_table, cluster_test

CHANNELS = ["F3", "Fz", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4"]
BANDS = {"alpha": (8, 13), "beta": (13, 30)}
TIME_S = np.arange(8) * 0.05


def over_time(n_subjects=8, dims=("subject", "channel", "time"), seed=0, time_s=TIME_S):
    sizes = {"subject": n_subjects, "target": 2, "band": 2, "frequency": 3, "channel": 9, "time": len(time_s)}
    values = np.random.default_rng(seed).standard_normal([sizes[dim] for dim in dims])
    placed = standard_montage().get_positions()["ch_pos"]
    positions_m = np.array([placed[name] for name in CHANNELS])
    labels = {"target": ["left", "right"], "band": list(BANDS), "frequency": [8.0, 9.0, 10.0]}
    coords = {dim: labels[dim] for dim in dims if dim in labels}
    coords |= {"channel": CHANNELS, "time": ("time", time_s, {"units": "s"})}
    coords |= {axis: ("channel", column) for axis, column in zip("xyz", positions_m.T, strict=True)}
    found = xr.DataArray(values, coords, dims, "contrast")
    return with_band_limits(found, BANDS) if "band" in dims else found


@pytest.mark.parametrize(
    "dims",
    [
        ("subject", "channel", "time"),
        ("subject", "target", "channel", "time"),
        ("subject", "frequency", "channel", "time"),
        ("subject", "target", "band", "channel", "time"),
    ],
    ids=lambda dims: " ".join(dims),
)
def test_an_effect_is_found_where_it_was_planted_in_any_order_of_dimensions(dims):
    values = over_time(dims=dims) / 10
    at = {
        dim: label
        for dim, label in {"target": "right", "band": "beta", "frequency": 9.0}.items()
        if dim in dims
    }
    where = {"channel": ["C3", "P3"], "time": values.time[3:6]}
    values.loc[at | where] += 2
    found = cluster_test(values, cluster_forming_p=0.001)
    assert found.t.dims == dims[1:]
    first = found.cluster == 1
    assert first.sel(at | where).all()
    assert first.sum() == 6
    again = cluster_test(values.transpose(*dims[::-1]), cluster_forming_p=0.001)
    xr.testing.assert_allclose(again, found)
    row = cluster_table(found, values).iloc[0]
    assert (row["target"], row["n_cells"], row["times"]) == (at.get("target", ""), 6, "0.15–0.25 s")
    assert row["bands"] == ("beta" if "band" in dims else "9 Hz" if "frequency" in dims else "")
    assert row[["time_low_s", "time_high_s"]].tolist() == pytest.approx([0.15, 0.25])
    assert sorted(row["channels"].split(", ")) == ["C3", "P3"]
    assert row["significant"]


def test_p_is_the_share_of_sign_flips_with_as_large_a_cluster(p_by_sign_flips):
    values = over_time(6) + 0.4
    table = cluster_table(cluster_test(values, cluster_forming_p=0.1), values)
    found = dict(zip(table["mass"].round(6), table["p"], strict=True))
    assert found == pytest.approx(p_by_sign_flips(values, 0.1))


def adjacency_of(maps):
    sizes = [maps.sizes[dim] for dim in maps.dims if dim != "subject"]
    return neighbours(maps).toarray().astype(bool).reshape(*sizes, *sizes)


def test_next_times_of_an_electrode_are_neighbours_and_nothing_across_a_gap():
    near = adjacency_of(over_time(time_s=np.array([0.0, 0.1, 0.2, 0.5, 0.6])))
    expected = np.eye(5, dtype=bool)
    expected[[0, 1, 1, 2, 3, 4], [1, 0, 2, 1, 4, 3]] = True
    np.testing.assert_array_equal(near[0, :, 0, :], expected)
    # No step goes to another electrode and another time at once, and electrodes are neighbours at every time.
    assert near[0, 0, 1, 0]
    assert not near[0, 0, 1:, 1:].any()
    np.testing.assert_array_equal(near[:, 0, :, 0], near[:, 4, :, 4])


def test_a_step_goes_to_another_band_electrode_or_time():
    near = adjacency_of(over_time(dims=("subject", "band", "channel", "time")))
    assert near[0, 3, 2, 1, 3, 2]
    assert near[0, 3, 2, 0, 4, 2]
    assert near[0, 3, 2, 0, 3, 3]
    assert not near[0, 3, 2, 1, 4, 2]
    assert not near[0, 3, 2, 1, 3, 3]


def test_windows_are_neighbours_where_they_touch_though_the_last_is_shorter():
    windows = sum_over_times(over_time(time_s=np.arange(13) * 0.01), 0.04)
    assert np.diff(windows["time"]).min() < 0.7 * np.diff(windows["time"]).max()
    near = adjacency_of(windows)[0, :, 0, :]
    np.testing.assert_array_equal(near, np.abs(np.arange(4)[:, None] - np.arange(4)) < 2)
    apart = windows.isel(time=[0, 1, 3])
    np.testing.assert_array_equal(adjacency_of(apart)[0, 1, 0], [True, True, False])


def test_windows_tell_their_outer_limits():
    values = over_time(time_s=np.arange(16) * 0.025) / 10
    values[:, 4, 4:12] += 2
    windows = sum_over_times(values, 0.1)
    row = cluster_table(cluster_test(windows, cluster_forming_p=1e-4), windows).iloc[0]
    assert row[["time_low_s", "time_high_s"]].tolist() == pytest.approx([0.0875, 0.2875])
    assert row["times"] == "0.088–0.288 s"


def test_maps_without_times_have_no_columns_of_times():
    values = over_time(dims=("subject", "band", "channel", "time"))
    still = values.isel(time=0, drop=True)
    columns = cluster_table(cluster_test(values), values).columns
    without = cluster_table(cluster_test(still), still).columns
    assert [name for name in columns if name not in without] == ["times", "time_low_s", "time_high_s"]
    # No clusters: the same columns.
    nothing = cluster_test(values, cluster_forming_p=1e-12)
    assert cluster_table(nothing, values).columns.equals(columns)
    assert cluster_table(nothing, values)["time_low_s"].dtype == float


def test_times_of_unknown_units_and_two_dimensions_of_frequency_are_refused():
    values = over_time()
    with pytest.raises(ValueError, match="Times must be in seconds; got samples"):
        cluster_test(values.assign_coords(time=("time", np.arange(8), {"units": "samples"})))
    both = over_time(dims=("subject", "band", "frequency", "channel", "time"))
    for wrong in (both, values.isel(time=0), values.isel(channel=0), values.expand_dims(condition=2)):
        with pytest.raises(ValueError, match="with bands, frequencies or times"):
            cluster_test(wrong)
