"""Which cells of a result differ from zero, by the intervals that come with it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray


def includes_zero(values: xr.DataArray) -> NDArray[np.bool_] | None:
    """Return which cells may be zero by their coordinates ``low`` and ``high``; ``None`` without these.

    Examples
    --------
    >>> interval = {"low": ("band", [-1.0, 0.5]), "high": ("band", [1.0, 2.0])}
    >>> includes_zero(xr.DataArray([0.2, 1.0], dims="band", coords=interval)).tolist()
    [True, False]
    """
    if not {"low", "high"} <= set(values.coords):
        return None
    low, high = (values[end].transpose(*values.dims).to_numpy() for end in ("low", "high"))
    doubtful: NDArray[np.bool_] = (low <= 0) & (high >= 0) & np.isfinite(values.to_numpy())
    return doubtful


def excludes_zero(values: xr.DataArray) -> NDArray[np.bool_] | None:
    """Return which cells are surely not zero; a cell without interval is not among them."""
    if not {"low", "high"} <= set(values.coords):
        return None
    low, high = (values[end].transpose(*values.dims).to_numpy() for end in ("low", "high"))
    return (low > 0) | (high < 0)


def interval_words(attrs: Mapping[Any, Any]) -> str:
    """Return how to name the interval in a sentence."""
    kind = str(attrs.get("interval", ""))
    return f"the interval ({kind})" if kind else "the interval"
