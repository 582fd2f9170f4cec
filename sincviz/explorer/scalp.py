"""Scalp maps as a matrix: the colour of every pixel is a weighted sum of what the channels have."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from sincviz.eeg.positions import AXES, check_positions, scalp_info
from sincviz.errors import PositionsError

SIZE = 32
"""Pixels across; they reach from -EDGE to EDGE, where the head has a radius of 1."""
EDGE = 1.2


def scalp_arrays(channels: xr.DataArray) -> xr.Dataset:
    """Return where the channels are on a flat head, and the matrix that makes maps of their values.

    Parameters
    ----------
    channels : xarray.DataArray, dims (..., channel)
        With the coordinates ``x``, ``y``, ``z`` in metres, if they are known.

    Returns
    -------
    xarray.Dataset
        ``positions`` (channel, axis), right and front, in a head of radius 1, and ``topomap`` (pixel, channel), NaN
        outside the head; row by row from the front, from left to right. Nothing if channels cannot be placed.
    """
    try:
        check_positions(channels)
    except PositionsError:
        return xr.Dataset()
    flat = flat_positions(channels)
    if np.linalg.matrix_rank(np.column_stack([flat, np.ones(len(flat))])) < 3:
        return xr.Dataset()  # all on one line
    across = np.linspace(-EDGE, EDGE, SIZE)
    pixels = np.stack(np.meshgrid(across, across[::-1]), -1).reshape(-1, 2)
    # A thin plate through the values is linear in them: one matrix makes every map.
    matrix = RBFInterpolator(flat, np.eye(len(flat)), kernel="thin_plate_spline")(pixels)
    matrix[np.hypot(*pixels.T) > 1] = np.nan
    return xr.Dataset({"positions": (("channel", "axis"), flat), "topomap": (("pixel", "channel"), matrix)})


def flat_positions(channels: xr.DataArray) -> NDArray[np.float64]:
    """Return channels on a flat head of radius 1, shape (channels, 2): the angle from the top is the distance."""
    places = np.stack([channels[axis].to_numpy() for axis in AXES], 1).astype(float) - _centre_m(channels)
    around = np.arctan2(places[:, 1], places[:, 0])
    down = np.arccos(places[:, 2] / np.linalg.norm(places, axis=1)) / (np.pi / 2)
    flat: NDArray[np.float64] = down[:, None] * np.column_stack([np.cos(around), np.sin(around)])
    return flat


def _centre_m(channels: xr.DataArray) -> NDArray[np.float64]:
    """Return the centre of the sphere through the electrodes, or of an average head if they do not show it."""
    import mne

    average = np.array([0.0, 0.0, 0.04])
    try:
        radius, centre, _ = mne.bem.fit_sphere_to_headshape(
            scalp_info(channels), dig_kinds="eeg", units="m", verbose="error"
        )
    except (ValueError, RuntimeError):  # too few
        return average
    fits = 0.07 < radius < 0.12 and np.linalg.norm(centre - average) < 0.04
    return np.asarray(centre, float) if fits else average
