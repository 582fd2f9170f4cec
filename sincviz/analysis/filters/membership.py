"""Band membership: which band each filter belongs to, wholly or in part."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from sincviz.analysis.filters.bands import energy_share, learned_bands
from sincviz.analysis.filters.transfer_function import Floats, impulse_responses
from sincviz.analysis.labels import filter_coords, origin
from sincviz.eeg.band_limits import with_band_limits
from sincviz.eeg.bands import OTHER, bands_apart
from sincviz.eeg.sums import nominal_membership
from sincviz.networks.front_ends import front_end as front_end_of

BY = ("nominal_center", "measured_energy")


def band_membership(
    model: object,
    *,
    bands: Mapping[str, tuple[float, float]] | None = None,
    by: str = "nominal_center",
) -> xr.DataArray:
    """Return how much of each filter belongs to each band.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network of which :func:`sincviz.networks.front_end` knows or finds the filters.
    bands : mapping of str to (float, float) | None
        Low (included) and high (excluded) limit of each band in Hz, such as ``{"mu": (8, 13)}``; ``None`` means
        delta, theta, alpha, beta and gamma. They must not overlap.
    by : {"nominal_center", "measured_energy"}
        ``"nominal_center"`` puts a filter wholly into the band that the middle of its cut-offs lies in (its measured
        peak where filters are free); ``"measured_energy"`` splits it by the energy of its kernel in each band, which
        is the better choice for short kernels.

    Returns
    -------
    xarray.DataArray, dims (band, filter)
        Shares from 0 to 1 that add up to 1 for each filter; the last band, ``"other"``, is what no band covers.
        Limits of bands are the coordinates ``band_low_hz`` and ``band_high_hz``, for ``"other"`` NaN; the ranges it
        covers are text in ``band_rest_hz``, such as ``"0–8, 13–inf"``.

    Raises
    ------
    ValueError
        If ``by`` is unknown, bands overlap, or a band is named ``"other"``.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=22, n_outputs=4, n_times=1000, sfreq=250)
    >>> band_membership(model, bands={"mu": (8, 13)}, by="measured_energy").sel(filter=4).round(2).values.tolist()
    [0.42, 0.58]
    """
    if by not in BY:
        raise ValueError(f"`by` must be {' or '.join(map(repr, BY))}; got {by!r}.")
    chosen = bands_apart(bands)
    front_end = front_end_of(model)
    coords = filter_coords(learned_bands(front_end))
    shares: Floats
    if by == "measured_energy":
        shares = energy_by_band(impulse_responses(front_end), chosen, sfreq=front_end.sfreq)
    else:
        shares = nominal_membership(xr.Dataset(coords=coords), chosen).to_numpy()
    membership = xr.DataArray(
        shares,
        dims=("band", "filter"),
        coords={"band": [*chosen, OTHER], **coords},
        name="band_membership",
        attrs=origin(front_end) | {"units": "1", "membership": by.replace("_", " ")},
    )
    return with_band_limits(membership, chosen)


def energy_by_band(kernels: Floats, bands: Mapping[str, tuple[float, float]], *, sfreq: float) -> Floats:
    """Return the share of each kernel's energy in each band and in none of them, shape (bands + 1, filters).

    Parameters
    ----------
    kernels : array, shape (filters, taps) or (filters, kernels, taps)
        Impulse responses.
    bands : mapping of str to (float, float)
        Limits of the bands in Hz, which do not overlap.
    sfreq : float
        Sampling rate in Hz.

    Examples
    --------
    >>> energy_by_band(np.array([[0.0, 1.0, 0.0]]), {"a": (10, 20)}, sfreq=100).round(6).tolist()
    [[0.2], [0.8]]
    """
    shares = np.array(
        [energy_share(kernels, np.tile(limits, (len(kernels), 1)), sfreq=sfreq) for limits in bands.values()]
    ).reshape(-1, len(kernels))
    # A kernel of zeros has no energy anywhere.
    shares = np.nan_to_num(shares)
    return np.vstack([shares, np.clip(1 - shares.sum(0), 0, 1)])
