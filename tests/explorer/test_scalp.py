"""Scalp maps as a matrix."""

import mne
import numpy as np
import pytest
import xarray as xr

from sincviz.eeg.positions import scalp_info
from sincviz.explorer.scalp import EDGE, SIZE, flat_positions, scalp_arrays

NAMES = [
    *("Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz"),
    *("C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2"),
]


@pytest.fixture
def channels():
    places = mne.channels.make_standard_montage("standard_1005").get_positions()["ch_pos"]
    positions = np.array([places[name] for name in NAMES])
    coords = {axis: ("channel", positions[:, number]) for number, axis in enumerate("xyz")}
    return xr.DataArray(np.zeros(len(NAMES)), {"channel": NAMES, **coords}, ("channel",))


def test_left_is_left_and_front_is_up(channels):
    flat = dict(zip(NAMES, flat_positions(channels), strict=True))
    assert np.hypot(*flat["Cz"]) < 0.25
    assert flat["C3"][0] < -0.3 < 0.3 < flat["C4"][0]
    assert flat["O1"][1] < -0.5 < 0.5 < flat["Fp1"][1]


def test_pixels_are_where_they_belong(channels):
    maps = scalp_arrays(channels)["topomap"].to_numpy().reshape(SIZE, SIZE, -1)
    across = np.linspace(-EDGE, EDGE, SIZE)
    for name in ("C3", "Fz", "P4"):
        row, column = np.unravel_index(np.nanargmax(maps[..., NAMES.index(name)]), (SIZE, SIZE))
        place = flat_positions(channels)[NAMES.index(name)]
        np.testing.assert_allclose([across[column], -across[row]], place, atol=0.12)


def test_a_constant_stays_constant(channels):
    pixels = scalp_arrays(channels)["topomap"].to_numpy().sum(1)
    inside = np.isfinite(pixels)
    np.testing.assert_allclose(pixels[inside], 1, atol=1e-5)
    assert 0.4 < inside.mean() < 0.6  # π / (2 · 1.2)²


def test_maps_look_like_those_of_mne(channels):
    flat = flat_positions(channels)
    values = np.exp(-((flat - [0.4, 0.1]) ** 2).sum(1) / 0.1)
    image, _ = mne.viz.plot_topomap(values, scalp_info(channels), res=61, show=False, contours=0)
    left, right, bottom, top = image.get_extent()
    theirs = np.asarray(image.get_array())
    mine = scalp_arrays(channels)["topomap"].to_numpy() @ values
    across = np.linspace(-EDGE, EDGE, SIZE) * 0.095
    x, y = (part.ravel() for part in np.meshgrid(across, across[::-1]))
    columns = np.round((x - left) / (right - left) * 60).astype(int).clip(0, 60)
    rows = np.round((y - bottom) / (top - bottom) * 60).astype(int).clip(0, 60)
    inside = np.isfinite(mine)
    assert np.corrcoef(theirs[rows, columns][inside], mine[inside])[0, 1] > 0.98


def test_without_positions_there_is_nothing(channels):
    assert not scalp_arrays(channels.drop_vars(["x", "y", "z"])).variables
    channels["x"][3] = np.nan
    assert not scalp_arrays(channels).variables
