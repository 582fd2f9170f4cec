"""Sums of results over bands and regions, computed from their labels alone."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz.eeg.band_limits import BAND_LIMITS, with_band_limits
from sincviz.eeg.bands import OTHER, bands_apart, rhythm_names
from sincviz.eeg.regions import REGIONS, region_order

Limits = Mapping[str, tuple[float, float]]
_OF_FILTERS = ("low_hz", "high_hz", "peak_hz")


def sum_over_bands(values: xr.DataArray, bands: Limits | xr.DataArray | None = None) -> xr.DataArray:
    """Sum values over the frequencies or the filters of each band.

    Parameters
    ----------
    values : xarray.DataArray
        An array with the dimension ``frequency`` in Hz, such as :func:`sincviz.spectral_relevance` returns, or
        ``filter``, such as :func:`sincviz.relevance` returns. Maps whose sign is arbitrary must be made positive first.
    bands : mapping of str to (float, float) | xarray.DataArray | None
        Low (included) and high (excluded) limit of each band in Hz; ``None`` means delta to gamma. They must not
        overlap. A filter belongs to the band that contains the middle of its cut-offs (its measured peak if filters are
        free), or as :func:`sincviz.filters.band_membership` says, if that is given here: by the energy of its
        kernel, for example, which is the honest choice for short kernels.

    Returns
    -------
    xarray.DataArray
        The sums, with ``band`` in place of ``filter``, or in place of ``frequency`` and before the channels. The last
        band, ``"other"``, keeps what no band covers, so the sum over bands is that over frequencies or filters. A
        missing value (NaN) makes only the bands it belongs to NaN. Limits of bands are the coordinates
        ``band_low_hz`` and ``band_high_hz``, for ``"other"`` NaN; the ranges it covers are text in ``band_rest_hz``,
        such as ``"0–8, 13–inf"``. ``attrs["membership"]`` says how bands were assigned.

    Raises
    ------
    ValueError
        If bands overlap, or values have neither frequencies in Hz nor filters with known bands.

    Examples
    --------
    >>> values = xr.DataArray([[1.0, 2.0, 3.0]], {"channel": ["C3"], "frequency": [0.0, 10.0, 20.0]}, name="share")
    >>> sum_over_bands(values, {"mu": (8, 13)}).sel(channel="C3").values.tolist()
    [2.0, 4.0]

    Of filters, by the energy of their kernels:

    >>> from sincviz import SincShallowNet, filters, maps
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> shares = filters.band_membership(model, by="measured_energy")
    >>> sum_over_bands(maps.importance(model).filter_importance, shares).band.values.tolist()
    ['delta', 'theta', 'alpha', 'beta', 'gamma', 'other']
    """
    if isinstance(bands, xr.DataArray):
        return _sum_over_filters(values, bands)
    if "filter" in values.dims:
        chosen = bands_apart(bands)
        return _sum_over_filters(values, with_band_limits(nominal_membership(values, chosen), chosen))
    return _sum_over_frequencies(values, bands_apart(bands))


def nominal_membership(values: xr.DataArray | xr.Dataset, bands: Limits) -> xr.DataArray:
    """Return which filter lies in which band, 1 or 0, by the middle of its cut-offs, or its peak without these.

    Raises
    ------
    ValueError
        If the bands of the filters are not known.
    """
    if missing := [name for name in _OF_FILTERS if name not in values.coords]:
        raise ValueError(
            f"The bands of the filters are not known: the coordinates {', '.join(missing)} are missing. Pass the "
            "original result, or `sincviz.filters.band_membership(model)` as `bands`."
        )
    low_hz, high_hz, peak_hz = (values[name].to_numpy() for name in _OF_FILTERS)
    center_hz = (low_hz + high_hz) / 2
    rhythms = rhythm_names(np.where(np.isnan(center_hz), peak_hz, center_hz), bands)
    shares = _members(rhythms, [*bands, OTHER], "band", "filter")
    return shares.assign_coords(filter=values["filter"].to_numpy()).assign_attrs(membership="nominal center")


def _sum_over_filters(values: xr.DataArray, membership: xr.DataArray) -> xr.DataArray:
    filters = [] if "filter" not in values.dims else values["filter"].to_numpy().tolist()
    if filters != membership["filter"].to_numpy().tolist():
        raise ValueError(
            f"`values` and `bands`, the membership of filters, must have the same filters; got the dimensions "
            f"{values.dims} with {len(filters)} filters against {membership.sizes['filter']}."
        )
    plain = values.drop_vars(
        [name for name, coord in values.coords.items() if name != "filter" and "filter" in coord.dims]
    )
    shares = membership.drop_vars(set(membership.coords) - {"band", "filter", *BAND_LIMITS})
    # A product with a share of 0 would spread NaN over all bands.
    unknown = ((shares > 0) & plain.isnull()).any("filter")
    summed = (shares * plain.fillna(0.0)).sum("filter").where(~unknown)
    dims = ["band" if dim == "filter" else dim for dim in values.dims]
    summed = summed.transpose(*dims).rename(values.name)
    summed.attrs = values.attrs | {"membership": membership.attrs["membership"]}
    return summed


def _sum_over_frequencies(values: xr.DataArray, bands: Limits) -> xr.DataArray:
    units = (
        values.coords["frequency"].attrs.get("units", "Hz")
        if "frequency" in values.coords
        else "unknown units"
    )
    if units != "Hz":
        raise ValueError(
            "`values` must have the dimension `frequency` in Hz, or `filter`; got "
            f"{dict(values.sizes)} in {units}. Pass `sfreq` to what computes them."
        )
    rhythms = rhythm_names(values["frequency"].to_numpy(), bands)
    # A product, as bands without any frequency must be zero, not missing.
    shares = _members(rhythms, [*bands, OTHER], "band", "frequency")
    summed = (values.drop_vars("frequency") * shares).sum("frequency", skipna=False)
    rest = [dim for dim in values.dims if dim not in ("frequency", "channel")]
    summed = summed.transpose(*rest, "band", ...).rename(values.name)
    summed.attrs = values.attrs | {"membership": "frequency of the input"}
    return with_band_limits(summed, bands)


def sum_over_regions(values: xr.DataArray) -> xr.DataArray:
    """Sum values over the channels of each scalp region.

    Parameters
    ----------
    values : xarray.DataArray
        An array over ``channel`` with the coordinate ``region``, as in results for named channels.

    Returns
    -------
    xarray.DataArray
        The same with ``region`` in place of ``channel``, from front to back; only regions with channels.

    Raises
    ------
    ValueError
        If the regions are not known.

    Examples
    --------
    >>> values = xr.DataArray([1.0, 2.0, 4.0], {"channel": ["C3", "C1", "C4"]}, name="share")
    >>> values = values.assign_coords(region=("channel", ["left central", "left central", "right central"]))
    >>> sum_over_regions(values).to_series().to_dict()
    {'left central': 3.0, 'right central': 4.0}
    """
    regions = np.array(_regions_of(values))
    members = _members(regions, [name for name in REGIONS if name in regions], "region", "channel")
    plain = values.drop_vars([name for name, coord in values.coords.items() if "channel" in coord.dims])
    dims = ["region" if dim == "channel" else dim for dim in values.dims]
    summed = (plain * members).sum("channel", skipna=False).transpose(*dims).rename(values.name)
    summed.attrs = dict(values.attrs)
    return summed


def sort_by_region(values: xr.DataArray) -> xr.DataArray:
    """Sort channels by scalp region, from front to back and from left to right.

    Parameters
    ----------
    values : xarray.DataArray
        An array over ``channel`` with the coordinate ``region``, as in results for named channels.

    Returns
    -------
    xarray.DataArray
        The sorted values; within a region channels keep their order.

    Raises
    ------
    ValueError
        If the regions are not known.

    Examples
    --------
    >>> values = xr.DataArray([1.0, 2.0], {"channel": ["Pz", "Fz"]}, name="share")
    >>> values = values.assign_coords(region=("channel", ["midline parietal", "midline frontal"]))
    >>> sort_by_region(values).channel.values.tolist()
    ['Fz', 'Pz']
    """
    return values.isel(channel=region_order(_regions_of(values)))


def _members(labels: NDArray[np.str_], names: list[str], dim: str, of: str) -> xr.DataArray:
    """Return 1 where a label of ``of`` belongs to a name, else 0, dims (``dim``, ``of``)."""
    return xr.DataArray(
        (labels == np.array(names, dtype=str)[:, None]).astype(float), {dim: names}, (dim, of)
    )


def _regions_of(values: xr.DataArray) -> list[str]:
    if "region" not in values.coords or values["region"].dims != ("channel",):
        raise ValueError(
            "The regions of the channels are not known: `values` needs the coordinate `region` over `channel`, which "
            "results for networks with named channels have."
        )
    return [str(region) for region in values["region"].to_numpy()]
