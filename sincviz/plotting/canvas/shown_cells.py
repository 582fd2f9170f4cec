"""Cells of a figure, summed from a result that divides them further."""

from typing import TypeVar

import xarray as xr

from sincviz.eeg.band_limits import has_band_limits, ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.eeg.bands import OTHER
from sincviz.eeg.regions import REGIONS, region_order
from sincviz.eeg.sums import sum_over_bands, sum_over_regions

Labelled = TypeVar("Labelled", xr.DataArray, xr.Dataset)


def front_to_back(values: Labelled) -> Labelled:
    """Return channels of one region together, from the front of the head to its back, where regions are known.

    Examples
    --------
    >>> values = xr.DataArray([1.0, 2.0], {"channel": ["Pz", "Fz"]})
    >>> regions = ("channel", ["midline parietal", "midline frontal"])
    >>> front_to_back(values.assign_coords(region=regions)).channel.values.tolist()
    ['Fz', 'Pz']
    """
    if "region" not in values.coords or values["region"].dims != ("channel",):
        return values
    regions = [str(name) for name in values["region"].to_numpy()]
    return values.isel(channel=region_order(regions)) if set(regions) <= set(REGIONS) else values


def named_rest(values: Labelled) -> Labelled:
    """Return values whose band ``other`` is named by its limits, as in words, where these are known.

    Examples
    --------
    >>> from sincviz.eeg.band_limits import with_band_limits
    >>> shares = xr.DataArray([1.0, 2.0], {"band": ["alpha", "other"]}, ("band",))
    >>> named_rest(with_band_limits(shares, {"alpha": (8, 13)})).band.values.tolist()
    ['alpha', 'below 8 Hz and above 13 Hz']
    """
    if "band" not in values.dims or not has_band_limits(values):
        return values
    limits = ranges_by_name(values)
    names = [str(name) for name in values["band"].to_numpy()]
    return values.assign_coords(band=[band_words(OTHER, limits) if name == OTHER else name for name in names])


def shown_cells(values: xr.DataArray, dims: tuple[str, ...]) -> xr.DataArray:
    """Return values over the dimensions that a figure shows, as far as a plain sum leads there.

    Parameters
    ----------
    values : xarray.DataArray
        Over other dimensions, perhaps: filters or frequencies, which add up to bands; channels, which add up to
        regions, where these are known, or to one number.
    dims : tuple of str
        What the figure shows.

    Returns
    -------
    xarray.DataArray
        Intervals and probabilities do not add up: they are kept only where nothing was summed.

    Examples
    --------
    >>> values = xr.DataArray([[1.0, 2.0, 3.0]], {"channel": ["C3"], "frequency": [0.0, 10.0, 20.0]}, name="share")
    >>> shown_cells(values, ("band",)).to_series().to_dict()["alpha"]
    2.0
    """
    divided = {"filter", "frequency"} & set(values.dims)
    if "band" in dims and "band" not in values.dims and divided and values.size:
        values = sum_over_bands(values)
    if "channel" in values.dims and "channel" not in dims:
        if "region" not in dims:
            return values.sum("channel", skipna=False, keep_attrs=True)
        if "region" in values.coords:
            return sum_over_regions(values)
    return values
