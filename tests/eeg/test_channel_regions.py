"""Where a position is set it says the region; a name does where it is of the 10-05 system."""

import mne
import numpy as np
import pytest

from sincviz.eeg.channel_regions import channel_regions
from sincviz.eeg.positions import electrode_positions
from sincviz.eeg.regions import OTHER, scalp_regions


def placed(montage, names=None):
    montage = mne.channels.make_standard_montage(montage)
    names = montage.ch_names if names is None else names
    info = mne.create_info(list(names), 128.0, "eeg").set_montage(montage)
    return list(names), electrode_positions(info["chs"])


def test_a_name_of_a_numbered_cap_is_where_its_position_is():
    names, positions_m = placed("biosemi128")
    regions = dict(zip(names, channel_regions(names, positions_m), strict=True))
    assert OTHER not in regions.values() or list(regions.values()).count(OTHER) < 10
    expected = {
        "C4": "right fronto-central",
        "C7": "right frontal",
        "C17": "midline frontal",
        "A1": "midline central",
        "A23": "midline occipital",
    }
    assert {name: regions[name] for name in expected} == expected
    sides = [("left" if x < -0.02 else "right") for x in positions_m[:, 0] if abs(x) > 0.02]
    told = [
        regions[name].split()[0] for name, x in zip(names, positions_m[:, 0], strict=True) if abs(x) > 0.02
    ]
    assert all(one in (side, OTHER) for one, side in zip(told, sides, strict=True))


@pytest.mark.parametrize("montage", ["standard_1005", "standard_1020", "biosemi64", "easycap-M1"])
def test_caps_of_the_system_keep_the_regions_of_their_names(montage):
    names, positions_m = placed(montage)
    by_name = scalp_regions(names)
    known = by_name != OTHER
    assert (channel_regions(names, positions_m)[known] == by_name[known]).mean() > 0.99
    rng = np.random.default_rng(0)
    digitised = positions_m + 0.006 * rng.standard_normal(positions_m.shape)
    assert (channel_regions(names, digitised)[known] == by_name[known]).mean() > 0.97


def test_numbered_electrodes_with_positions_have_regions():
    names, positions_m = placed("GSN-HydroCel-129")
    regions = channel_regions(names, positions_m)
    assert regions[names.index("E36")] == "left central"
    assert regions[names.index("E104")] == "right central"
    assert regions[names.index("E75")].endswith("occipital")


def test_without_a_position_the_name_says_it():
    names, positions_m = placed("standard_1020", ["C3", "Cz", "C4", "O1"])
    positions_m[2] = np.nan
    assert channel_regions(names, positions_m).tolist() == scalp_regions(names).tolist()
    assert channel_regions(names).tolist() == scalp_regions(names).tolist()


@pytest.mark.parametrize(
    "names",
    [
        [f"C{number}" for number in range(1, 17)],
        [f"{letter}{number}" for letter in "ABCD" for number in range(1, 33)],
        [f"D{number}" for number in range(1, 9)] + [f"C{number}" for number in range(1, 9)],
        *([f"{letter}{number}" for number in range(1, 17)] for letter in "FTP"),
    ],
)
def test_names_of_a_numbered_cap_without_positions_have_no_region(names):
    assert set(scalp_regions(names)) == {OTHER}


@pytest.mark.parametrize(
    "names",
    [["C3", "C4", "O1", "O2", "E1", "E2", "A1", "A2"], ["C3", "Cz", "C4", "A7", "B3"], ["T7", "P10", "F9"]],
)
def test_caps_of_the_system_beside_other_channels_keep_their_regions(names):
    assert scalp_regions(names)[0] != OTHER
