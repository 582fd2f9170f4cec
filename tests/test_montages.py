"""Channels find their places by name, under whatever name the installed MNE keeps the montage."""

import warnings

import mne
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sincviz.montages import placed_channels, standard_montage

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
    with pytest.raises(ValueError, match="'biosemi64' has no channel CCP3h"):
        placed_channels(["C3", "CCP3h"], "biosemi64")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["C3", "C3"], "named twice: C3"),
        (["Cz", "C3", "CZ"], "named twice: CZ, Cz"),
        (["C3", "EXG1", "{0}%s"], r"no channel EXG1, \{0\}%s"),
        (["C3 "], "no channel C3 "),
        ([""], "has no channel"),
        ([0, 1], "no channel 0, 1"),
    ],
)
def test_channels_that_cannot_be_placed_are_named(names, message):
    with pytest.raises(ValueError, match=message):
        placed_channels(names)


def test_no_channels_have_no_places():
    assert placed_channels([]) == []
