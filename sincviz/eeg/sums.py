"""Sums of results over bands, regions and windows of time, computed from their labels alone."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.checks import finite_float
from sincviz.eeg.band_limits import BAND_LIMITS, with_band_limits
from sincviz.eeg.bands import OTHER, bands_apart, rhythm_names
from sincviz.eeg.regions import REGIONS, region_order

Limits = Mapping[str, tuple[float, float]]
_OF_FILTERS = ("low_hz", "high_hz", "peak_hz")
_ROUNDING = 0.01  # of a step: times may be in single precision
WINDOW_LIMITS = ("time_low_s", "time_high_s")
"""Coordinates of the windows of time that values were summed over."""


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
    summed = _sums_by_label(values, "frequency", rhythms, "band", [*bands, OTHER])
    last = [dim for dim in ("channel", "time") if dim in values.dims]
    rest = [dim for dim in values.dims if dim not in ("frequency", *last)]
    summed = summed.transpose(*rest, "band", *last)
    summed.attrs["membership"] = "frequency of the input"
    return with_band_limits(summed, bands)


def sum_over_times(values: xr.DataArray, width_s: float = 0.05) -> xr.DataArray:
    """Sum values over windows of time.

    Relevance of single samples follows every oscillation of the signal; that of windows shows when it is large.

    Parameters
    ----------
    values : xarray.DataArray
        An array with the dimension ``time`` in seconds, evenly spaced.
    width_s : float
        Width of a window in seconds, rounded to whole samples so that all windows have equally many. They are counted
        from time 0, the event, if it lies inside, else from the first sample; so the first and the last may be shorter.

    Returns
    -------
    xarray.DataArray
        The sums, in the same order of dimensions, in double precision. Summed over ``time`` they are what ``values``
        are, and a missing value (NaN) makes only its own window NaN. ``time`` is the centre of each window, the mean of
        the times of its samples; its limits, half a sample before the first and after the last, are the coordinates
        ``time_low_s`` and ``time_high_s``. ``attrs["window_width_s"]`` is the width after rounding.

    Raises
    ------
    ValueError
        If values have no times in seconds, these are not evenly spaced, or the width is less than one sample.

    Examples
    --------
    >>> values = xr.DataArray([1.0, 2.0, 3.0, 4.0, 5.0], {"time": [0.0, 0.1, 0.2, 0.3, 0.4]}, name="share")
    >>> windows = sum_over_times(values, width_s=0.2)
    >>> windows.values.tolist(), windows.time.values.round(3).tolist(), windows.time_low_s.values.round(3).tolist()
    ([3.0, 7.0, 5.0], [0.05, 0.25, 0.4], [-0.05, 0.15, 0.35])
    """
    step_s = _step_s(values, width_s)
    n_samples = max(1, round(width_s / step_s))
    time_s = values["time"].to_numpy().astype(float)
    starts = _starts(time_s, step_s, n_samples)
    first_s, last_s = time_s[starts], time_s[np.append(starts[1:], len(time_s)) - 1]
    axis = values.get_axis_num("time")
    sums = np.add.reduceat(values.to_numpy(), starts, axis, dtype=_precise(values))
    kept = {name: coord for name, coord in values.coords.items() if "time" not in coord.dims}
    kept["time"] = xr.Variable("time", (first_s + last_s) / 2, {"units": "s"} | values["time"].attrs)
    kept |= dict(
        zip(WINDOW_LIMITS, (("time", first_s - step_s / 2), ("time", last_s + step_s / 2)), strict=True)
    )
    return xr.DataArray(
        sums, kept, values.dims, values.name, values.attrs | {"window_width_s": n_samples * step_s}
    )


def _starts(time_s: NDArray[np.float64], step_s: float, n_samples: int) -> NDArray[np.int64]:
    """Return the first sample of each window: none holds samples from before and after the event."""
    event = int(np.searchsorted(time_s, -_ROUNDING * step_s)) if time_s[0] < 0 <= time_s[-1] else 0
    starts = np.arange(event % n_samples, len(time_s), n_samples)
    return np.union1d([0], starts)


def _step_s(values: xr.DataArray, width_s: float) -> float:
    """Return the distance between samples, if windows of this width can be summed."""
    known = "time" in values.dims and "time" in values.coords and values.sizes["time"]
    units = values["time"].attrs.get("units", "s") if known else "unknown units"
    if units != "s":
        raise ValueError(
            f"`values` must have the dimension `time` in seconds; got {dict(values.sizes)} in {units}. Pass `sfreq` to "
            "what computes them."
        )
    width_s = finite_float("width_s", width_s, above=0, advice=0.05)
    steps_s = np.diff(values["time"].to_numpy().astype(float))
    if not len(steps_s):
        return width_s
    step_s = float(steps_s.mean())
    if not (step_s > 0 and np.allclose(steps_s, step_s, rtol=_ROUNDING, atol=0)):
        raise ValueError(
            f"`values` must have evenly spaced, increasing times; got steps of {steps_s.min():g} to {steps_s.max():g} "
            "s. Sum the values of single samples, and select times afterwards."
        )
    whole_s = step_s * values.sizes["time"]
    if width_s > whole_s * (1 + _ROUNDING):
        raise ValueError(
            f"`width_s` must be at most the length of the values, {whole_s:g} s; got {width_s:g}. Try "
            f"{min(0.05, whole_s):g}."
        )
    if width_s < step_s * (1 - _ROUNDING):
        raise ValueError(
            f"`width_s` must be at least the distance of two times, {step_s:g} s; got {width_s:g}. Try "
            f"{max(0.05, 2 * step_s):g}."
        )
    return step_s


def sum_over_regions(values: xr.DataArray) -> xr.DataArray:
    """Sum values over the channels of each scalp region.

    Parameters
    ----------
    values : xarray.DataArray
        An array over ``channel`` with the coordinate ``region``, as in results for named channels.

    Returns
    -------
    xarray.DataArray
        The same with ``region`` in place of ``channel``, from front to back; only regions with channels. A missing
        value (NaN) makes only its own region NaN.

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
    return _sums_by_label(values, "channel", regions, "region", [name for name in REGIONS if name in regions])


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


def _sums_by_label(
    values: xr.DataArray, of: str, labels: NDArray[np.str_], dim: str, names: list[str]
) -> xr.DataArray:
    """Return the sums of the values with each label, with ``dim`` in place of ``of``; zero for names without any."""
    axis, numbers = values.get_axis_num(of), values.to_numpy()
    # Not a product with members: that would need them all at once, and spread NaN.
    sums = [numbers.compress(labels == name, axis).sum(axis, dtype=_precise(values)) for name in names]
    kept = {name: coord for name, coord in values.coords.items() if of not in coord.dims}
    dims = [dim if one == of else one for one in values.dims]
    return xr.DataArray(np.stack(sums, axis), kept | {dim: names}, dims, values.name, dict(values.attrs))


def _precise(values: xr.DataArray) -> np.dtype[Any]:
    return np.result_type(values.dtype, np.float64)


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
