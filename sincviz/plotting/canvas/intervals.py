"""Cells that differ from zero, by the corrected p-values or else the intervals that come with a result."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

_ALPHA = 0.05


def includes_zero(values: xr.DataArray) -> NDArray[np.bool_] | None:
    """Return which cells may be zero by their ``p``, or by ``ci_low`` and ``ci_high``; ``None`` without these.

    Examples
    --------
    >>> interval = {"ci_low": ("band", [-1.0, 0.5]), "ci_high": ("band", [1.0, 2.0])}
    >>> includes_zero(xr.DataArray([0.2, 1.0], dims="band", coords=interval)).tolist()
    [True, False]
    """
    if values.attrs.get("readable") == "no":
        return None  # nothing is marked where nothing can be read
    if "p" in values.coords:
        not_established: NDArray[np.bool_] = ~_below_alpha(values) & np.isfinite(values.to_numpy())
        return not_established
    if not {"ci_low", "ci_high"} <= set(values.coords):
        return None
    low, high = (values[end].transpose(*values.dims).to_numpy() for end in ("ci_low", "ci_high"))
    doubtful: NDArray[np.bool_] = (low <= 0) & (high >= 0) & np.isfinite(values.to_numpy())
    return doubtful


def excludes_zero(values: xr.DataArray) -> NDArray[np.bool_] | None:
    """Return which cells are not zero by the same; a cell without probability or interval is not among them."""
    if values.attrs.get("readable") == "no":
        return None
    if "p" in values.coords:
        return _below_alpha(values)
    if not {"ci_low", "ci_high"} <= set(values.coords):
        return None
    low, high = (values[end].transpose(*values.dims).to_numpy() for end in ("ci_low", "ci_high"))
    return (low > 0) | (high < 0)


def zero_words(values: xr.DataArray | xr.Dataset) -> tuple[str, str]:
    """Return how to say that a cell is not zero, and that it may be.

    Examples
    --------
    >>> zero_words(xr.DataArray([1.0], coords={"p": ("band", [0.01])}, dims="band"))[0]
    'established (p < 0.05, corrected for the number of cells)'
    """
    if "p" in values.coords:
        corrected = f"{_ALPHA:g}, corrected for the number of cells"
        return (
            f"established (p < {corrected})",
            f"not established (p ≥ {corrected}, or too small to be tested)",
        )
    kind = str(values.attrs.get("interval", ""))
    interval = f"the interval ({kind})" if kind else "the interval"
    return f"{interval} excludes zero", f"{interval} includes zero"


def _below_alpha(values: xr.DataArray) -> NDArray[np.bool_]:
    below: NDArray[np.bool_] = values["p"].transpose(*values.dims).to_numpy() < _ALPHA
    return below
