"""Filters grouped by rhythm."""

import itertools
from collections.abc import Mapping

import numpy as np
import xarray as xr

from sincviz.analysis.filters.bands import energy_share, learned_bands
from sincviz.analysis.filters.transfer_function import Floats, impulse_responses
from sincviz.analysis.labels import filter_coords, origin
from sincviz.eeg.band_limits import BAND_LIMITS, with_band_limits
from sincviz.eeg.bands import OTHER, checked_rhythms, rhythm_names
from sincviz.eeg.regions import REGIONS, region_order
from sincviz.networks.front_ends import front_end

BY = ("nominal_center", "measured_energy")


def band_membership(
    model: object,
    bands: Mapping[str, tuple[float, float]] | None = None,
    *,
    by: str = "nominal_center",
) -> xr.DataArray:
    """Return how much of each filter belongs to each band.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Anything that :func:`sincviz.front_end` knows.
    bands : mapping of str to (float, float) | None
        Low (included) and high (excluded) limit of each band in Hz, such as ``{"mu": (8, 13)}``; ``None`` means
        delta, theta, alpha, beta and gamma. They must not overlap.
    by : {"nominal_center", "measured_energy"}
        ``"nominal_center"`` puts a filter wholly into the band that the middle of its cut-offs lies in (its measured
        peak where filters are free); ``"measured_energy"`` splits it by the energy of its kernel in each band, which
        is the honest choice for short kernels.

    Returns
    -------
    xarray.DataArray, dims (band, filter)
        Shares from 0 to 1 that add up to 1 for each filter; the last band, ``"other"``, keeps what no band covers.
        Limits of bands are the coordinates ``band_low_hz`` and ``band_high_hz``, for ``"other"`` not-a-number; the
        ranges it covers are text in ``band_rest_hz``, such as ``"0–8, 13–inf"``.

    Raises
    ------
    ValueError
        If ``by`` is unknown, bands overlap, or a band is named ``"other"``.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=22, n_outputs=4, n_times=1000, sfreq=250)
    >>> band_membership(model, {"mu": (8, 13)}, by="measured_energy").sel(filter=4).round(2).values.tolist()
    [0.42, 0.58]
    """
    if by not in BY:
        raise ValueError(f"`by` must be {' or '.join(map(repr, BY))}; got {by!r}.")
    chosen = checked_rhythms(bands)
    _check_apart(chosen)
    parts = front_end(model)
    table = learned_bands(parts)
    names = [*chosen, OTHER]
    if by == "measured_energy":
        kernels = impulse_responses(parts)
        shares: Floats = np.array(
            [
                energy_share(kernels, np.tile(limits, (len(kernels), 1)), sfreq=parts.sfreq)
                for limits in chosen.values()
            ]
        ).reshape(-1, len(kernels))
        # A kernel of zeros has no energy anywhere.
        shares = np.nan_to_num(shares)
        shares = np.vstack([shares, np.clip(1 - shares.sum(0), 0, 1)])
    else:
        center_hz = table["center_hz"].where(table["center_hz"].notna(), table["peak_hz"])
        shares = (rhythm_names(center_hz, chosen) == np.array(names)[:, None]).astype(float)
    found = xr.DataArray(
        shares,
        dims=("band", "filter"),
        coords={"band": names, **filter_coords(table)},
        name="band_membership",
        attrs=origin(parts) | {"units": "1", "membership": by.replace("_", " ")},
    )
    return with_band_limits(found, chosen)


def group_by_band(values: xr.DataArray, membership: xr.DataArray) -> xr.DataArray:
    """Sum values over the filters of each band.

    Parameters
    ----------
    values : xarray.DataArray
        An array with the dimension ``filter``. Maps whose sign is arbitrary must be made positive first.
    membership : xarray.DataArray, dims (band, filter)
        What :func:`band_membership` returned.

    Returns
    -------
    xarray.DataArray
        The same with ``band`` in place of ``filter``; summed over bands it is what the values are, summed over
        filters. A filter without value (not-a-number) leaves the bands it belongs to without, and no other. Limits of
        bands are those of the membership; ``attrs["membership"]`` tells how filters were put into bands.

    Raises
    ------
    ValueError
        If values and membership are of different filters.

    Examples
    --------
    >>> from sincviz import SincShallowNet, importance
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> grouped = group_by_band(importance(model).filter_importance, band_membership(model))
    >>> grouped.band.values.tolist()
    ['delta', 'theta', 'alpha', 'beta', 'gamma', 'other']
    """
    own = [] if "filter" not in values.dims else values["filter"].to_numpy().tolist()
    if own != membership["filter"].to_numpy().tolist():
        raise ValueError(
            f"`values` and `membership` must be of the same filters; got the dimensions {values.dims} with "
            f"{len(own)} filters against {membership.sizes['filter']}."
        )
    plain = values.drop_vars(
        [name for name, coord in values.coords.items() if name != "filter" and "filter" in coord.dims]
    )
    shares = membership.drop_vars(set(membership.coords) - {"band", "filter", *BAND_LIMITS})
    # A product with a share of 0 would spread not-a-number over all bands.
    unknown = ((shares > 0) & plain.isnull()).any("filter")
    grouped = (shares * plain.fillna(0.0)).sum("filter").where(~unknown)
    dims = ["band" if dim == "filter" else dim for dim in values.dims]
    grouped = grouped.transpose(*dims).rename(values.name)
    grouped.attrs = values.attrs | {"membership": membership.attrs["membership"]}
    return grouped


def group_frequencies(
    values: xr.DataArray, bands: Mapping[str, tuple[float, float]] | None = None
) -> xr.DataArray:
    """Sum values over the frequencies of each band.

    Parameters
    ----------
    values : xarray.DataArray
        An array with the dimension ``frequency`` in Hz, such as :func:`sincviz.spectral_relevance` returns.
    bands : mapping of str to (float, float) | None
        Low (included) and high (excluded) limit of each band in Hz; ``None`` means delta to gamma.
        They must not overlap.

    Returns
    -------
    xarray.DataArray
        The same with ``band`` in place of ``frequency``, before the channels; the last band, ``"other"``, keeps what no
        band covers, so the sum over bands is that over frequencies. Limits of bands are the coordinates
        ``band_low_hz`` and ``band_high_hz``, for ``"other"`` not-a-number; the ranges it covers are text in
        ``band_rest_hz``, such as ``"0–8, 13–inf"``.

    Raises
    ------
    ValueError
        If bands overlap, or the array has no frequencies in Hz.

    Examples
    --------
    >>> values = xr.DataArray([[1.0, 2.0, 3.0]], {"channel": ["C3"], "frequency": [0.0, 10.0, 20.0]}, name="share")
    >>> group_frequencies(values, {"mu": (8, 13)}).sel(channel="C3").values.tolist()
    [2.0, 4.0]
    """
    units = (
        values.coords["frequency"].attrs.get("units", "Hz")
        if "frequency" in values.coords
        else "unknown units"
    )
    if units != "Hz":
        raise ValueError(
            f"`values` must have the dimension `frequency` in Hz; got {dict(values.sizes)} in {units}. Pass `sfreq` to "
            "what computes them."
        )
    chosen = checked_rhythms(bands)
    _check_apart(chosen)
    names = [*chosen, OTHER]
    of_bins = rhythm_names(values["frequency"].to_numpy(), chosen)
    shares = xr.DataArray(
        (of_bins == np.array(names)[:, None]).astype(float),
        dims=("band", "frequency"),
        coords={"band": names},
    )
    # A product, as bands without any frequency must be zero, not missing.
    grouped = (values.drop_vars("frequency") * shares).sum("frequency", skipna=False)
    rest = [dim for dim in values.dims if dim not in ("frequency", "channel")]
    grouped = grouped.transpose(*rest, "band", ...).rename(values.name)
    grouped.attrs = values.attrs | {"membership": "frequency of the input"}
    return with_band_limits(grouped, chosen)


def _check_apart(bands: Mapping[str, tuple[float, float]]) -> None:
    if OTHER in bands:
        raise ValueError(f"`bands` must not name a band {OTHER!r}: it keeps what no band covers.")
    ordered = sorted(bands.items(), key=lambda item: item[1])
    for (one, (_, high)), (other, (low, other_high)) in itertools.pairwise(ordered):
        if low < high:
            raise ValueError(
                f"`bands` must not overlap, or sums would count twice; {one!r} and {other!r} share "
                f"{low:g}–{min(high, other_high):g} Hz."
            )


def sort_by_region(values: xr.DataArray) -> xr.DataArray:
    """Put the channels of each region of the scalp together, from the front to the back and from left to right.

    Parameters
    ----------
    values : xarray.DataArray
        An array over ``channel`` with the coordinate ``region``, which results for named channels have.

    Returns
    -------
    xarray.DataArray
        The same, sorted; within a region channels keep their order.

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


def group_by_region(values: xr.DataArray) -> xr.DataArray:
    """Sum values over the channels of each region of the scalp.

    Parameters
    ----------
    values : xarray.DataArray
        An array over ``channel`` with the coordinate ``region``, which results for named channels have.

    Returns
    -------
    xarray.DataArray
        The same with ``region`` in place of ``channel``, from the front to the back; only regions with channels.

    Raises
    ------
    ValueError
        If the regions are not known.

    Examples
    --------
    >>> values = xr.DataArray([1.0, 2.0, 4.0], {"channel": ["C3", "C1", "C4"]}, name="share")
    >>> values = values.assign_coords(region=("channel", ["left central", "left central", "right central"]))
    >>> group_by_region(values).to_series().to_dict()
    {'left central': 3.0, 'right central': 4.0}
    """
    own = np.array(_regions_of(values))
    names = [name for name in REGIONS if name in own]
    members = xr.DataArray(
        (own == np.array(names)[:, None]).astype(float), dims=("region", "channel"), coords={"region": names}
    )
    plain = values.drop_vars([name for name, coord in values.coords.items() if "channel" in coord.dims])
    dims = ["region" if dim == "channel" else dim for dim in values.dims]
    grouped = (plain * members).sum("channel", skipna=False).transpose(*dims).rename(values.name)
    grouped.attrs = dict(values.attrs)
    return grouped


def _regions_of(values: xr.DataArray) -> list[str]:
    if "region" not in values.coords or values["region"].dims != ("channel",):
        raise ValueError(
            "The regions of the channels are not known: `values` needs the coordinate `region` over `channel`, which "
            "results for networks with named channels have."
        )
    return [str(region) for region in values["region"].to_numpy()]
