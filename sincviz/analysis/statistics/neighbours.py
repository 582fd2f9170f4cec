"""Neighbours among the cells of maps over bands (or frequencies), channels and times."""

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import scipy
import xarray as xr
from numpy.typing import NDArray

from sincviz.eeg.band_limits import low_and_high_hz
from sincviz.eeg.positions import check_positions, scalp_info
from sincviz.eeg.sums import WINDOW_LIMITS
from sincviz.errors import PositionsError

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def neighbours(maps: xr.DataArray) -> "csr_array[Any]":
    """Return the neighbours of every cell.

    Parameters
    ----------
    maps : xarray.DataArray, dims ([subject or trial,] [target,] [band or frequency,] channel, [time])
        In this order. Channels have positions, the coordinates ``x``, ``y``, ``z`` in metres; frequencies are in Hz;
        limits of bands are the coordinates ``band_low_hz`` and ``band_high_hz``, those of windows of time
        ``time_low_s`` and ``time_high_s``.

    Returns
    -------
    scipy.sparse array, shape (cells, cells)
        1 for neighbours, of the flattened cells of one subject. Neighbours are two electrodes side by side on the scalp
        (Delaunay triangulation) in the same row and time; the same electrode in two bands that touch, or in frequencies
        one bin apart, at the same time; or in the same row at two times one sample apart, or windows that touch.
        ``other``, what no band covers, has no neighbour, nor has one target's map in another's.

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

    steps = [np.zeros((maps.sizes.get("target", 1),) * 2)]
    if "band" in maps.dims:
        steps.append(_touching(low_and_high_hz(maps)))
    elif "frequency" in maps.dims:
        steps.append(_one_step_apart(maps["frequency"].to_numpy()))
    steps.append(_electrodes_side_by_side(maps))
    if "time" in maps.dims:
        steps.append(_times_that_follow(maps))
    return cast("csr_array[Any]", mne.stats.combine_adjacency(*steps).tocsr())


def _touching(limits: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = limits.T
    above = np.isclose(high[:, None], low)
    return np.asarray(above | above.T, float)


def _one_step_apart(places: NDArray[Any]) -> NDArray[np.float64]:
    places = places.astype(float)
    step = np.diff(np.sort(places)).min(initial=np.inf)
    # Across a gap, such as a notch that was left out, there is no next place.
    return np.asarray(np.abs(places[:, None] - places) < 1.5 * step, float)


def _times_that_follow(maps: xr.DataArray) -> NDArray[np.float64]:
    # The last window may be shorter, so the distances of centres do not tell.
    if set(WINDOW_LIMITS) <= set(maps.coords):
        return _touching(np.stack([maps[name].to_numpy() for name in WINDOW_LIMITS], 1).astype(float))
    return _one_step_apart(maps["time"].to_numpy())


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
