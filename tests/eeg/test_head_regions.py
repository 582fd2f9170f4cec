"""Regions of the head by position: the same on every cap, whatever its electrodes are called."""

import mne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz.datasets import simulate_motor_imagery
from sincviz.eeg.head_regions import head_regions
from sincviz.eeg.montages import standard_montage
from sincviz.eeg.positions import electrode_positions

REGIONS = ("eyes", "forehead", "temples", "neck", "edge")
EYES = "Fp1 Fpz Fp2 AF7 AF8 AF3 AF4 AFz F7 F8 F9 F10 FT7 FT8 FT9 FT10"
FOREHEAD = "Fp1 Fpz Fp2 AF7 AF8 F7 F8 F9 F10"
TEMPLES = "F7 F8 F9 F10 FT7 FT8 FT9 FT10 T7 T8 T9 T10 TP7 TP8 TP9 TP10"
NECK = "P9 P10 PO9 PO10 O9 O10 Iz I1 I2"
CORTEX = (
    "F5 F3 F1 Fz F2 F4 F6 FC5 FC3 FC1 FCz FC2 FC4 FC6 C5 C3 C1 Cz C2 C4 C6 CP5 CP3 CP1 CPz CP2 CP4 CP6 "
    "P7 P5 P3 P1 Pz P2 P4 P6 P8 PO7 PO3 POz PO4 PO8 O1 Oz O2"
)


def cap(montage, chosen=None):
    """Return names and positions in head coordinates."""
    made = standard_montage(montage)
    names = [name for name in made.ch_names if chosen is None or name in chosen]
    info = mne.create_info(names, 100.0, "eeg").set_montage(made)
    return names, electrode_positions(info["chs"])


TEN_TEN = ["standard_1005", "standard_1020", "biosemi64", "biosemi32", "easycap-M1"]


@pytest.mark.parametrize("montage", TEN_TEN)
@pytest.mark.parametrize("names_known", [True, False])
def test_regions_are_those_that_the_field_knows(montage, names_known):
    names, positions_m = cap(montage)
    called = names if names_known else [f"E{number}" for number in range(len(names))]
    regions = head_regions(called, positions_m)
    assert (regions["placed_by"] == "position").all()
    regions.index = names
    for region, expected in zip(
        ("eyes", "forehead", "temples", "neck"), (EYES, FOREHEAD, TEMPLES, NECK), strict=True
    ):
        members = [name for name in expected.split() if name in names]
        assert regions.loc[members, region].all(), region
    cortex = [name for name in CORTEX.split() if name in names]
    assert not regions.loc[cortex, ["eyes", "edge"]].to_numpy().any()
    assert not regions.loc[[name for name in NECK.split() if name in names], "temples"].any()


# Electrodes of EGI's and BioSemi's caps at places of 10-10, by the makers' maps.
EQUIVALENTS = {
    "GSN-HydroCel-128": (
        "E22 E9 E33 E122 E45 E108 E26 E2",
        "E36 E104 E41 E103 E70 E83 E62 E24 E124 E58 E96 E11",
    ),
    "GSN-HydroCel-64_1.0": ("E10 E5 E18 E58 E24 E52", "E20 E50 E12 E60 E35 E39 E34 E30 E44 E4"),
    "biosemi128": ("C29 C16 D7 C7 D23 B26 D24 B14", "D19 B22 A15 A28 A19 A1 D10 B29 C4 D4 A7 B4"),
}


@pytest.mark.parametrize(("montage", "places"), EQUIVALENTS.items())
def test_electrodes_of_other_caps_lie_where_their_makers_say(montage, places):
    names, positions_m = cap(montage)
    regions = head_regions(names, positions_m)
    edge, cortex = (place.split() for place in places)
    assert regions.loc[edge, "edge"].all()
    assert regions.loc[edge[:4], "eyes"].all()
    assert not regions.loc[cortex, ["eyes", "edge"]].to_numpy().any()


def test_faces_and_necks_of_large_caps_are_at_the_edge():
    names, positions_m = cap("GSN-HydroCel-128")
    regions = head_regions(names, positions_m)
    assert regions.loc[["E126", "E127", "E128", "E125", "E32", "E1"], "eyes"].all()
    assert regions.loc[["E68", "E73", "E88", "E94", "E81"], "neck"].all()
    assert regions["edge"].mean() < 0.5


def test_left_and_right_are_where_the_electrodes_are():
    names, positions_m = cap("biosemi128")
    sides = head_regions(names, positions_m)["side"].to_numpy()
    middle = abs(positions_m[:, 0]) < 4e-3
    away = abs(positions_m[:, 0]) > 8e-3
    assert (sides[middle & (abs(positions_m[:, 1]) > 0.05)] == "midline").all()
    assert (sides[away] == np.where(positions_m[away, 0] < 0, "left", "right")).all()


@pytest.mark.parametrize("n_chans", [1, 2, 3, 5, 8, 19])
@pytest.mark.parametrize("montage", ["standard_1005", "biosemi64"])
def test_a_few_electrodes_are_told_as_the_whole_cap_is(montage, n_chans):
    names, positions_m = cap(montage, {*EYES.split(), *TEMPLES.split(), *CORTEX.split()})
    whole = head_regions(names, positions_m)
    rng = np.random.default_rng(0)
    n_wrong = n_all = 0
    for _ in range(30):
        chosen = rng.permutation(len(names))[:n_chans]
        few = head_regions([names[number] for number in chosen], positions_m[chosen])
        n_wrong += (few["edge"].to_numpy() != whole["edge"].to_numpy()[chosen]).sum()
        n_all += n_chans
    assert n_wrong <= 0.04 * n_all


@given(
    size=st.floats(0.75, 1.15),
    up_m=st.floats(-0.04, 0.02),
    front_m=st.floats(-0.015, 0.015),
    turn_deg=st.floats(-3, 3),
)
def test_the_size_and_place_of_the_head_do_not_matter(size, up_m, front_m, turn_deg):
    names, positions_m = cap("biosemi64")
    expected = head_regions(names, positions_m)["edge"]
    turn = np.radians(turn_deg)
    rotation = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
    moved = positions_m @ rotation.T * size + [0, front_m, up_m]
    assert head_regions(names, moved)["edge"].equals(expected)


def test_simulated_heads_are_as_real_ones():
    epochs, _ = simulate_motor_imagery(2, n_chans=64, duration=0.5)
    regions = head_regions(epochs.ch_names, electrode_positions(epochs.info["chs"]))
    assert regions.loc[[name for name in FOREHEAD.split() if name in regions.index], "edge"].all()
    assert not regions.loc[["C3", "Cz", "C4", "CP3", "Pz"], "edge"].any()


@pytest.mark.parametrize("written", [str, str.upper, str.lower, "{}.".format, " {}..".format])
def test_without_positions_names_of_the_system_serve(written):
    names, positions_m = cap(
        "standard_1005", {*EYES.split(), *TEMPLES.split(), *NECK.split(), *CORTEX.split()}
    )
    by_name = head_regions([written(name) for name in names])
    assert (by_name["placed_by"] == "name").all()
    by_position = head_regions(names, positions_m)
    assert (by_name[list(REGIONS)].to_numpy() == by_position[list(REGIONS)].to_numpy()).all()


@pytest.mark.parametrize(
    "names",
    [
        ["E1", "E2", "E3"],
        [f"A{number}" for number in range(1, 33)],
        # BioSemi's 128 electrodes: C1 to C6 are also names of the 10-10 system.
        [f"{letter}{number}" for letter in "ABCD" for number in range(1, 33)],
        ["0", "1", "2"],
    ],
)
def test_other_names_without_positions_tell_nothing(names):
    regions = head_regions(names)
    assert (regions["placed_by"] == "").all()
    assert not regions[list(REGIONS)].to_numpy().any()
    assert (regions["side"] == "").all()


@pytest.mark.parametrize("nowhere", [[np.nan] * 3, [0.0] * 3, [0, 90.0, 30.0], [np.inf, 0, 0]])
def test_a_position_that_cannot_be_leaves_the_name_or_nothing(nowhere):
    names, positions_m = cap("biosemi64")
    expected = head_regions(names, positions_m)
    positions_m = positions_m.copy()
    lost = [names.index(name) for name in ("Fp1", "Cz")]
    positions_m[lost] = nowhere
    regions = head_regions(names, positions_m)
    assert regions["placed_by"].iloc[lost].tolist() == ["name", "name"]
    assert regions["edge"].equals(expected["edge"])
    unnamed = head_regions([f"E{number}" for number in range(len(names))], positions_m)
    assert unnamed["placed_by"].iloc[lost].tolist() == ["", ""]
    assert (unnamed["placed_by"] == "position").sum() == len(names) - 2


def test_no_channels_have_no_regions():
    assert head_regions([], np.empty((0, 3))).empty
