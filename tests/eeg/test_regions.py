"""Regions against the positions of electrodes in the 10-5 system, which know nothing of names."""

import mne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz.eeg.regions import OTHER, REGIONS, region_order, scalp_regions

# Electrodes on ears, mastoids, the nose and below the scalp, and second names of older systems.
OFF_THE_SCALP = {"A1", "A2", "M1", "M2"}


@pytest.fixture(scope="session")
def positions():
    """Names and positions (metres; right, front, up) of the 10-5 system."""
    places = mne.channels.make_standard_montage("standard_1005").get_positions()["ch_pos"]
    return {name: position for name, position in places.items() if name[0] != "N"}


def test_every_electrode_of_the_system_has_a_region_but_those_off_the_scalp(positions):
    regions = dict(zip(positions, scalp_regions(list(positions)), strict=True))
    assert {name for name, region in regions.items() if region == OTHER} == OFF_THE_SCALP


def test_left_and_right_are_where_the_electrodes_are(positions):
    on_scalp = [name for name in positions if name not in OFF_THE_SCALP]
    for name, region in zip(on_scalp, scalp_regions(on_scalp), strict=True):
        right_m = positions[name][0]
        side = "midline" if abs(right_m) < 3e-3 else "left" if right_m < 0 else "right"
        assert region.split()[0] == side, name


def test_regions_go_from_the_front_to_the_back(positions):
    # Apart from the temporal ones, which reach along the whole side.
    names = np.array([name for name in positions if name not in OFF_THE_SCALP])
    lobes = np.array([region.split()[1] for region in scalp_regions(names)])
    front_m = np.array([positions[name][1] for name in names])
    order = [region.split()[1] for region in REGIONS[:-1:3]]
    middles = [front_m[lobes == lobe].mean() for lobe in order if lobe != "temporal"]
    assert (np.diff(middles) < 0).all()


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("Fp1", "left frontal"),
        ("AFz", "midline frontal"),
        ("FFC2h", "right fronto-central"),
        ("T7", "left temporal"),
        ("TP10", "right temporal"),
        ("C3", "left central"),
        ("CCP1h", "left centro-parietal"),
        ("Pz", "midline parietal"),
        ("PO8", "right occipital"),
        ("Iz", "midline occipital"),
    ],
)
@pytest.mark.parametrize("written", [str, str.upper, str.lower, " {} ".format, "{}.".format, "{}..".format])
def test_names_may_be_written_in_any_case_and_with_the_dots_of_edf_files(name, region, written):
    assert scalp_regions([written(name)]).tolist() == [region]


@pytest.mark.parametrize(
    "name", ["EXG1", "EOG", "", "3", "z", "C", "Cz-A1", "EEG C3", "C3h1", "STI 014", "0"]
)
def test_other_names_are_no_region(name):
    assert scalp_regions([name]).tolist() == [OTHER]


@given(names=st.lists(st.text(max_size=6), max_size=5))
def test_any_text_has_a_region_of_the_list(names):
    assert set(scalp_regions(names).tolist()) <= set(REGIONS)


@given(regions=st.lists(st.sampled_from(REGIONS), max_size=12))
def test_the_order_puts_regions_together_and_keeps_the_order_within(regions):
    order = region_order(regions)
    keys = [(REGIONS.index(regions[index]), index) for index in order]
    assert keys == sorted(keys)
    assert sorted(order.tolist()) == list(range(len(regions)))


def test_no_region_is_listed_twice_and_the_rest_comes_last():
    assert len(set(REGIONS)) == len(REGIONS) == 22
    assert REGIONS[-1] == OTHER
