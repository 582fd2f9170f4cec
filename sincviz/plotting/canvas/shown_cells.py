"""Cells of a figure, summed from a result that divides them further."""

import xarray as xr

from sincviz.eeg.sums import sum_over_bands, sum_over_regions


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
