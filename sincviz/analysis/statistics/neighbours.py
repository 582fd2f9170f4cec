"""Neighbours among the cells of maps over bands (or frequencies) and channels."""

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import scipy
import xarray as xr
from numpy.typing import NDArray

from sincviz.eeg.band_limits import low_and_high_hz
from sincviz.eeg.positions import check_positions, scalp_info
from sincviz.errors import PositionsError

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def neighbours(maps: xr.DataArray) -> "csr_array[Any]":
    """Return the neighbours of every cell.

    Parameters
    ----------
    maps : xarray.DataArray, dims ([subject,] [target,] band or frequency, channel)
        In this order. Channels have positions, the coordinates ``x``, ``y``, ``z`` in metres; frequencies are in Hz;
        limits of bands are the coordinates ``band_low_hz`` and ``band_high_hz``.

    Returns
    -------
    scipy.sparse array, shape (cells, cells)
        1 for neighbours, of the flattened cells of one subject. Neighbours are two electrodes side by side on the scalp
        (Delaunay triangulation) in the same row; the same electrode in two bands that touch, or in frequencies one bin
        apart. ``other``, what no band covers, has no neighbour, nor has one target's map in another's.

    Raises
    ------
    ValueError
        If the limits of the bands are not known.
    PositionsError
        If channels have no usable positions, or lie on a line.

    Examples
    --------
    >>> coords = {"frequency": [8.0, 9.0], "channel": ["C3", "C4"], "x": ("channel", [-0.07, 0.07])}
    >>> coords |= {"y": ("channel", [0.0, 0.0]), "z": ("channel", [0.06, 0.06])}
    >>> maps = xr.DataArray(np.zeros((2, 2)), coords, ("frequency", "channel"))
    >>> neighbours(maps).toarray().astype(int).tolist()
    [[1, 1, 1, 0], [1, 1, 0, 1], [1, 0, 1, 1], [0, 1, 1, 1]]
    """
    import mne

    n_targets = maps.sizes.get("target", 1)
    rows = _bands_that_touch(maps) if "band" in maps.dims else _next_bins(maps)
    apart = np.zeros((n_targets, n_targets))
    adjacency = mne.stats.combine_adjacency(apart, rows.astype(float), _electrodes_side_by_side(maps))
    return cast("csr_array[Any]", adjacency.tocsr())


def _bands_that_touch(maps: xr.DataArray) -> NDArray[np.bool_]:
    low, high = low_and_high_hz(maps).T
    above: NDArray[np.bool_] = np.isclose(high[:, None], low)
    return above | above.T


def _next_bins(maps: xr.DataArray) -> NDArray[np.bool_]:
    frequency_hz = maps["frequency"].to_numpy().astype(float)
    step_hz = np.diff(np.sort(frequency_hz)).min(initial=np.inf)
    # Across a gap, such as a notch that was left out, there is no next bin.
    near: NDArray[np.bool_] = np.abs(frequency_hz[:, None] - frequency_hz) < 1.5 * step_hz
    return near


def _electrodes_side_by_side(maps: xr.DataArray) -> NDArray[np.float64]:
    import mne

    check_positions(maps)
    # Two points have no triangulation.
    if maps.sizes["channel"] == 2:
        return np.ones((2, 2))
    try:
        with mne.utils.use_log_level("error"):
            adjacency, _ = mne.channels.find_ch_adjacency(scalp_info(maps), "eeg")
    except scipy.spatial.QhullError:
        raise PositionsError(
            f"The {maps.sizes['channel']} channels lie on a line, so they have no neighbours. Test more channels."
        ) from None
    return np.asarray(adjacency.toarray(), float)
