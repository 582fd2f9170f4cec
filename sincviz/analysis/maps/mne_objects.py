"""Scalp maps as MNE's own objects, so that MNE's own plots work on them."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from sincviz.eeg.positions import scalp_info
from sincviz.errors import MissingDependencyError

if TYPE_CHECKING:
    import mne


def to_evoked(maps: xr.DataArray) -> "mne.EvokedArray":
    """Return scalp maps as an ``mne.EvokedArray`` whose "times" are the maps.

    Parameters
    ----------
    maps : xarray.DataArray
        An array with the dimension ``channel``, such as :func:`sincviz.spatial_patterns` returns; the other dimensions
        are flattened in their order, the last one fastest.

    Returns
    -------
    mne.EvokedArray
        One map per sample at 1 Hz: time 0 is the first map, time 1 the second. Microvolts become volts; values of
        any other unit stay as they are. Channels without a position on the scalp are kept without one.

    Raises
    ------
    ValueError
        If there is no dimension ``channel``.

    Examples
    --------
    >>> from sincviz import SincShallowNet, spatial_filters
    >>> maps = spatial_filters(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128))
    >>> to_evoked(maps.sel(filter=[0, 5])).data.shape  # 3 channels, 2 filters with 2 maps each
    (3, 4)
    """
    import mne

    _check(maps)
    volts = 1e-6 if str(maps.attrs.get("units", "")).startswith("µV") else 1.0
    return mne.EvokedArray(
        _rows(maps).T * volts,
        scalp_info(maps),
        tmin=0.0,
        comment=str(maps.name),
        nave=int(maps.attrs.get("n_trials", 1)),
        verbose="error",
    )


def to_spatial_filter(filters: xr.DataArray, patterns: xr.DataArray) -> "mne.decoding.SpatialFilter":
    """Return spatial filters and their patterns as an ``mne.decoding.SpatialFilter``.

    Parameters
    ----------
    filters, patterns : xarray.DataArray
        Of the same units, such as :func:`sincviz.spatial_filters` and :func:`sincviz.spatial_patterns` return; select
        one temporal filter with ``.sel(filter=3)`` to get the maps that share a band.

    Returns
    -------
    mne.decoding.SpatialFilter
        Components are the units in their order; ``plot_filters`` and ``plot_patterns`` work on it. The patterns are
        not the pseudo-inverse of the filters: each belongs to the band of its temporal filter.

    Raises
    ------
    ValueError
        If the two have different units or channels.
    MissingDependencyError
        If MNE is older than 1.11.

    Examples
    --------
    >>> import numpy as np
    >>> from sincviz import SincShallowNet, spatial_filters, spatial_patterns
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> patterns = spatial_patterns(model, np.random.default_rng(0).standard_normal((10, 3, 256)))
    >>> to_spatial_filter(spatial_filters(model).sel(filter=3), patterns.sel(filter=3)).filters.shape
    (2, 3)
    """
    import mne

    _check(filters)
    if filters.dims != patterns.dims or filters.shape != patterns.shape:
        raise ValueError(
            f"Filters and patterns must have the same units; got {dict(filters.sizes)} and {dict(patterns.sizes)}."
        )
    if filters["channel"].to_numpy().tolist() != patterns["channel"].to_numpy().tolist():
        raise ValueError("Filters and patterns must have the same channels in the same order.")
    if not hasattr(mne.decoding, "SpatialFilter"):
        raise MissingDependencyError(
            f"`mne.decoding.SpatialFilter` needs MNE 1.11 or newer; this is {mne.__version__}. Use `to_evoked`."
        )
    return mne.decoding.SpatialFilter(
        scalp_info(filters), _rows(filters), patterns=_rows(patterns), patterns_method="haufe"
    )


def _check(maps: xr.DataArray) -> None:
    if "channel" not in maps.dims:
        raise ValueError(
            f"The array has no dimension `channel`; it has {', '.join(map(str, maps.dims)) or 'none'}."
        )


def _rows(maps: xr.DataArray) -> np.ndarray:
    """Return the maps as rows, shape (maps, channels)."""
    rows: np.ndarray = maps.transpose(..., "channel").to_numpy().reshape(-1, maps.sizes["channel"])
    return rows.astype(float)
