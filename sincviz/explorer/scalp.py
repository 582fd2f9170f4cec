"""Scalp maps as a matrix: every pixel is a weighted sum of the values of the channels."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.interpolate import CloughTocher2DInterpolator
from scipy.spatial import Delaunay

from sincviz.eeg.positions import AXES, check_positions
from sincviz.errors import PositionsError

SIZE = 32
"""Pixels across; they reach from -EDGE to EDGE, where the head has a radius of 1."""
EDGE = 1.2

_HEAD_M = 0.095
_AROUND = 36  # points on a ring outside the head


def scalp_arrays(channels: xr.DataArray) -> xr.Dataset:
    """Return where channels are on a flat head, and the matrix that makes a map of their values.

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
    across = np.linspace(-EDGE, EDGE, SIZE)
    pixels = np.stack(np.meshgrid(across, across[::-1]), -1).reshape(-1, 2)
    matrix = _weights(flat, pixels)
    matrix[np.hypot(*pixels.T) > 1] = np.nan
    return xr.Dataset({"positions": (("channel", "axis"), flat), "topomap": (("pixel", "channel"), matrix)})


def flat_positions(channels: xr.DataArray) -> NDArray[np.float64]:
    """Return channels on a flat head of radius 1, shape (channels, 2), as MNE places them on scalp maps.

    The distance from the middle is the angle from the top, times the distance from between the ears.
    """
    places = np.stack([channels[axis].to_numpy() for axis in AXES], 1).astype(float)
    away = np.linalg.norm(places, axis=1)
    around = np.arctan2(places[:, 1], places[:, 0])
    out = np.arccos(places[:, 2] / away) / (np.pi / 2) * away / _HEAD_M
    flat: NDArray[np.float64] = out[:, None] * np.column_stack([np.cos(around), np.sin(around)])
    return flat


def _weights(flat: NDArray[np.float64], pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each channel counts at each pixel: smooth and linear in the values, as MNE's scalp maps."""
    n, angles = len(flat), np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)
    outside = 1.3 * max(1.0, np.hypot(*flat.T).max())
    ring = outside * np.column_stack([np.cos(angles), np.sin(angles)])
    mesh = Delaunay(np.concatenate([flat, ring]))
    first, neighbours = mesh.vertex_neighbor_vertices
    values = np.zeros((n + _AROUND, n))
    values[:n] = np.eye(n)
    for number in range(n, n + _AROUND):
        near = neighbours[first[number] : first[number + 1]]
        inside = near[near < n]
        if not len(inside):
            inside = np.array([np.hypot(*(flat - mesh.points[number]).T).argmin()])
        values[number, inside] = 1 / len(inside)
    weights: NDArray[np.float64] = CloughTocher2DInterpolator(mesh, values, tol=1e-9, maxiter=2000)(pixels)
    return weights
