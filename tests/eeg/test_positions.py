"""Positions are taken as they are, and those that cannot be used are named."""

import time

import mne
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sincviz import PositionsError, spatial_filters
from sincviz.eeg.positions import check_positions, electrode_positions, scalp_info, unusable_positions

NAMES = ["C3", "Cz", "C4", "Pz"]
ON_THE_SCALP = np.array([[-0.07, 0, 0.06], [0, 0, 0.1], [0.07, 0, 0.06], [0, -0.08, 0.06]])


def maps(positions_m=ON_THE_SCALP, names=NAMES):
    coords = {"channel": names} | {
        axis: ("channel", values) for axis, values in zip("xyz", np.transpose(positions_m), strict=True)
    }
    return xr.DataArray(np.arange(len(names), dtype=float), dims="channel", coords=coords)


def test_positions_are_those_of_the_montage(epochs):
    expected = epochs.get_montage().get_positions()["ch_pos"]
    positions = electrode_positions(epochs.info["chs"])
    np.testing.assert_array_equal(positions, [expected[name] for name in epochs.ch_names])


NOWHERE = {
    "no entry": {"ch_name": "A"},
    "none": {"ch_name": "A", "loc": None},
    "not EEG": {"ch_name": "A", "kind": 202, "loc": np.arange(12.0)},
    "not a number": {"ch_name": "A", "kind": 2, "loc": np.full(12, np.nan)},
}


@pytest.mark.parametrize("channel", NOWHERE.values(), ids=NOWHERE)
def test_a_channel_without_a_place_on_the_scalp_has_no_position(channel):
    assert np.isnan(electrode_positions([channel])).all()


def test_eye_channels_of_mne_have_no_position_on_the_scalp(epochs):
    epochs.set_channel_types({"C3": "eog"})
    missing = np.isnan(electrode_positions(epochs.info["chs"])).all(1)
    assert missing.tolist() == [name == "C3" for name in epochs.ch_names]


def test_no_channels_have_no_positions():
    assert electrode_positions([]).shape == (0, 3)


def test_positions_on_the_scalp_can_be_used():
    assert unusable_positions(NAMES, ON_THE_SCALP) == {}
    check_positions(maps())


def changed(row, position):
    positions_m = ON_THE_SCALP.copy()
    positions_m[row] = position
    return positions_m


UNUSABLE = {
    "missing": (changed(1, np.nan), ["Cz"], "without a position"),
    "missing in part": (changed(1, [np.nan, 0, 0.1]), ["Cz"], "without a position"),
    "infinite": (changed(3, np.inf), ["Pz"], "without a position"),
    "infinite both ways": (
        changed([0, 3], [[np.inf] * 3, [-np.inf] * 3]),
        ["C3", "Pz"],
        "without a position",
    ),
    "zero": (changed([0, 2], 0), ["C3", "C4"], "at the origin"),
    "the same": (changed(2, ON_THE_SCALP[0]), ["C3", "C4"], "in the same place"),
    "nearly the same": (changed(2, ON_THE_SCALP[0] + 5e-5), ["C3", "C4"], "in the same place"),
    "in millimetres": (1e3 * ON_THE_SCALP, NAMES, "the middle of the head"),
}


@pytest.mark.parametrize(("positions_m", "names", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_positions_that_cannot_be_used_are_named_with_the_reason(positions_m, names, reason):
    unusable = unusable_positions(NAMES, positions_m)
    assert list(unusable.values()) == [names]
    assert reason in next(iter(unusable))
    with pytest.raises(PositionsError, match=f"{reason}.*{', '.join(names)}.*set_montage"):
        check_positions(maps(positions_m))


def test_two_reasons_are_both_told():
    with pytest.raises(PositionsError, match=r"without a position .*: C3; at the origin: Pz\."):
        check_positions(maps(changed([0, 3], [[np.nan] * 3, [0] * 3])))


def test_maps_without_positions_are_refused(network):
    with pytest.raises(PositionsError, match="without a position on the scalp: 0, 1, 2, 3, 4, 5"):
        check_positions(spatial_filters(network()))


def test_the_suggested_selection_helps():
    one = maps(changed(1, np.nan))
    check_positions(one.sel(channel=["C3", "C4", "Pz"]))


hostile = st.floats(-0.1, 0.1) | st.sampled_from([0.0, np.nan, np.inf, -np.inf, 1e9])


@given(arrays(float, (4, 3), elements=hostile))
def test_whatever_the_positions_are_they_are_judged_without_a_warning(positions_m):
    unusable = unusable_positions(NAMES, positions_m)
    placed = np.isfinite(positions_m).all(1)
    missing = unusable.get("without a position on the scalp", [])
    assert missing == [name for name, is_placed in zip(NAMES, placed, strict=True) if not is_placed]
    assert all(unusable.values())


def test_the_info_holds_names_and_positions():
    info = scalp_info(maps())
    assert info["ch_names"] == NAMES
    np.testing.assert_allclose(electrode_positions(info["chs"]), ON_THE_SCALP, atol=1e-9)
    assert (info["sfreq"], set(info.get_channel_types())) == (1, {"eeg"})


def test_channels_without_a_position_stay_without():
    info = scalp_info(maps(changed(1, np.nan)))
    np.testing.assert_allclose(electrode_positions(info["chs"]), changed(1, np.nan), atol=1e-9)
    assert scalp_info(maps().drop_vars(["x", "y", "z"])).get_montage() is None


def test_positions_come_through_a_network_and_back(network, epochs):
    info = scalp_info(spatial_filters(network(chs_info=epochs.info["chs"])))
    np.testing.assert_allclose(
        electrode_positions(info["chs"]), electrode_positions(epochs.info["chs"]), atol=1e-9
    )


def test_numbers_as_names_become_strings():
    assert scalp_info(maps(names=[0, 1, 2, 3]))["ch_names"] == ["0", "1", "2", "3"]


def test_the_info_is_good_for_the_topomaps_of_mne():
    image, _ = mne.viz.plot_topomap(maps().to_numpy(), scalp_info(maps()), show=False)
    assert np.isfinite(image.get_array()).any()


@given(arrays(float, (6, 3), elements=st.sampled_from([0.0, 0.05, 0.05 + 5e-5, 0.05 + 2e-4, 0.07, np.nan])))
def test_same_places_are_those_of_the_distances(positions_m):
    names = [str(number) for number in range(6)]
    distances = np.linalg.norm(positions_m[:, None] - positions_m, axis=2)
    np.fill_diagonal(distances, np.inf)
    expected = (distances < 1e-4).any(1) & ~(positions_m == 0).all(1)
    unusable = unusable_positions(names, positions_m).get("in the same place", [])
    assert unusable == [name for name, same in zip(names, expected, strict=True) if same]


@pytest.mark.parametrize("spread", [1.0, 0.0])
def test_many_channels_are_looked_at_in_a_moment(spread):
    many = 0.1 + spread * 0.2 * np.random.default_rng(0).random((100_000, 3))
    start = time.perf_counter()
    assert len(unusable_positions([str(number) for number in range(100_000)], many)) <= 2
    assert time.perf_counter() - start < 20
