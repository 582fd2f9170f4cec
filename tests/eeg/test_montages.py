"""Channels find their places by name, under whatever name the installed MNE keeps the montage."""

import warnings

import mne
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sincviz.eeg.montages import likely_montage, placed_channels, standard_montage

KNOWN = ["Fp1", "C3", "Cz", "C4", "CP3", "T7", "Oz", "PO7"]


@pytest.fixture(scope="module")
def positions():
    """Where MNE puts the channels of the montage."""
    info = mne.create_info(KNOWN, 1.0, "eeg")
    info.set_montage(standard_montage())
    return {channel["ch_name"]: channel["loc"][:3] for channel in info["chs"]}


@pytest.mark.parametrize("name", ["standard_1005", "standard_1020", "biosemi64"])
def test_standard_montages_come_without_a_warning(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert {"C3", "Cz", "C4"} <= set(standard_montage(name).ch_names)


@pytest.mark.parametrize("known", [["standard_1005"], ["colin27_1005"], ["standard_1005", "colin27_1005"]])
def test_a_renamed_montage_is_found_under_both_names(monkeypatch, known):
    asked = []
    monkeypatch.setattr(mne.channels, "get_builtin_montages", lambda: known)
    monkeypatch.setattr(mne.channels, "make_standard_montage", asked.append)
    standard_montage("standard_1005")
    assert asked == [known[-1]]


@pytest.mark.parametrize("name", ["standard_1006", "", "../standard_1005"])
def test_an_unknown_montage_is_refused_with_those_that_there_are(name):
    with pytest.raises(ValueError, match=r"no montage '.*biosemi64.*Try 'standard_1005'"):
        standard_montage(name)


@settings(max_examples=8)
@given(names=st.lists(st.sampled_from(KNOWN), min_size=1, unique=True), upper=st.booleans())
def test_channels_keep_order_and_writing_and_stand_where_the_montage_says(positions, names, upper):
    written = [name.upper() if upper else name for name in names]
    placed = placed_channels(written)
    assert [channel["ch_name"] for channel in placed] == written
    for name, channel in zip(names, placed, strict=True):
        np.testing.assert_allclose(channel["loc"][:3], positions[name], atol=1e-9)
        assert channel["kind"] == mne.io.constants.FIFF.FIFFV_EEG_CH


def test_left_is_left_and_front_is_front():
    left, right, front, back = (channel["loc"] for channel in placed_channels(["C3", "C4", "Fz", "Pz"]))
    assert left[0] < 0 < right[0]
    assert back[1] < front[1]


def test_another_montage_has_other_places_and_other_names():
    (own,), (other,) = placed_channels(["C3"]), placed_channels(["C3"], "biosemi64")
    assert not np.allclose(own["loc"][:3], other["loc"][:3])
    with pytest.raises(ValueError, match=r"'biosemi64' has no channel CCP3h, CCP4h.*'standard_1005'"):
        placed_channels(["C3", "CCP3h", "CCP4h"], "biosemi64")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["C3", "C3"], "another: C3"),
        (["Cz", "C3", "CZ"], "another: CZ, Cz"),
        (["EXG1", "{0}%s"], r"no channel EXG1, \{0\}%s"),
        (["Cz-A1", "Cz-A2"], "another: Cz-A1, Cz-A2"),
        ([""], "has no channel"),
        ([0, 1], "no channel 0, 1"),
    ],
)
def test_channels_that_cannot_be_placed_are_named(names, message):
    with pytest.raises(ValueError, match=message):
        placed_channels(names)


def test_no_channels_have_no_places():
    assert placed_channels([]) == []


@pytest.mark.parametrize(
    "written",
    [["EEG Fp1-REF", "EEG Cz-LE"], ["Fp1.", "Cz.."], [" fp1 ", "CZ-A1"], ["EEG FP1 - AVG", "EEG_Cz"]],
)
def test_spellings_of_files_find_their_places_and_it_is_said(positions, written):
    with pytest.warns(RuntimeWarning, match="another spelling") as warned:
        placed = placed_channels(written)
    assert len(warned) == 1
    assert [channel["ch_name"] for channel in placed] == written
    for name, channel in zip(["Fp1", "Cz"], placed, strict=True):
        np.testing.assert_allclose(channel["loc"][:3], positions[name], atol=1e-9)


def test_an_unknown_electrode_does_not_keep_the_others_from_their_places(positions):
    with pytest.warns(RuntimeWarning, match="no channel CB1, CB2; they stay without a position"):
        placed = placed_channels(["C3", "CB1", "Cz", "CB2"])
    np.testing.assert_allclose(placed[0]["loc"][:3], positions["C3"], atol=1e-9)
    np.testing.assert_allclose(placed[2]["loc"][:3], positions["Cz"], atol=1e-9)
    assert all(np.isnan(placed[index]["loc"][:3]).all() for index in (1, 3))


CAPS = {
    "GSN-HydroCel-128": [f"E{number}" for number in range(1, 129)],
    "GSN-HydroCel-256": [f"E{number}" for number in range(1, 257)],
    "biosemi128": [f"{bank}{number}" for bank in "ABCD" for number in range(1, 33)],
    "easycap-M10": [str(number) for number in range(1, 62)],
}


@pytest.mark.parametrize(("cap", "names"), CAPS.items(), ids=CAPS)
def test_caps_with_names_of_their_own_are_recognised_and_the_proposal_works(cap, names):
    with pytest.raises(ValueError, match=f"--montage {cap}"):
        placed_channels(names)
    assert np.isfinite(
        [channel["loc"][:3] for channel in placed_channels(names, likely_montage(names))]
    ).all()


def test_a_reference_that_a_cap_does_not_list_stays_without_a_place():
    names = [f"E{number}" for number in range(1, 130)]
    with pytest.warns(
        RuntimeWarning, match=r"no channel E129; it stays without a position, and off the scalp maps\.$"
    ):
        placed_channels(names, "GSN-HydroCel-128")


def test_a_misspelt_montage_is_answered_with_the_one_that_is_meant():
    with pytest.raises(ValueError, match="Did you mean 'biosemi64'"):
        standard_montage("biosem64")
