"""Rank agreement: whether two measures put the same cells first."""

import numpy as np
import scipy
import xarray as xr
from numpy.typing import ArrayLike

from sincviz.eeg.band_limits import check_same_bands


def rank_agreement(one: xr.DataArray, other: xr.DataArray) -> float:
    """Return the Spearman correlation of two measures over their common cells.

    Parameters
    ----------
    one, other : xarray.DataArray
        Such as a relevance and the losses of :func:`sincviz.ablate`, matched by their coordinates. Dimensions that only
        one has, such as ``target``, are averaged.

    Returns
    -------
    float
        From −1 to 1; NaN if one of them is constant. Cells without a value are left out.

    Raises
    ------
    ValueError
        If they have no dimension or fewer than two cells in common, or a band of the same name has other limits.

    Examples
    --------
    >>> cells = {"band": ["alpha", "beta"], "channel": ["C3", "C4"]}
    >>> one = xr.DataArray([[1.0, 2.0], [3.0, 4.0]], cells)
    >>> round(rank_agreement(one, one**3), 6)
    1.0
    """
    for measure in (one, other):
        if not isinstance(measure, xr.DataArray):
            raise TypeError(
                f"Both measures must be arrays; got {type(measure).__name__}. For `ablate`, pass `loss['score_loss']`."
            )
    check_same_bands(one, other)
    shared = [dim for dim in one.dims if dim in other.dims]
    one, other = (array.mean([dim for dim in array.dims if dim not in shared]) for array in (one, other))
    one, other = xr.align(one, other, join="inner")
    if not shared or one.size < 2:
        raise ValueError(
            f"The two have fewer than two cells in common; got the dimensions {one.dims} and {other.dims}."
        )
    first, second = one.transpose(*shared).to_numpy(), other.transpose(*shared).to_numpy()
    both = np.isfinite(first) & np.isfinite(second)
    return spearman(first[both], second[both])


def spearman(one: ArrayLike, other: ArrayLike) -> float:
    """Return Spearman's correlation of two arrays of the same shape; NaN where one is constant."""
    first, second = np.ravel(one), np.ravel(other)
    if first.size < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(scipy.stats.spearmanr(first, second).statistic)
