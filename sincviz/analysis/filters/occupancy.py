"""Band occupancy: how much of a filter bank lies in each band, before and after training."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from sincviz.analysis.filters.membership import band_membership
from sincviz.networks.front_ends import front_end as front_end_of

BEFORE, AFTER = TRAINING = ("before", "after")


def band_occupancy(model: object, *, bands: Mapping[str, tuple[float, float]] | None = None) -> xr.DataArray:
    """Return the share of the filters' energy in each band, before training and after.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network of which :func:`sincviz.networks.front_end` knows or finds the filters.
    bands : mapping of str to (float, float) | None
        Low and high limit of each band in Hz; ``None`` means delta to gamma. They must not overlap.

    Returns
    -------
    xarray.DataArray, dims (training, band)
        Mean over the filters of the share of a kernel's energy that lies in the band, as the kernels compute it; the
        last band, ``"other"``, is what no band covers. Bands carry their limits, as those of
        :func:`sincviz.filters.band_membership`. NaN before training if the initial filters are unknown.

    Raises
    ------
    TypeError
        If the network is unknown.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> bool((band_occupancy(model).sel(training="before") == band_occupancy(model).sel(training="after")).all())
    True
    """
    front_end = front_end_of(model)
    now = band_membership(front_end, bands=bands, by="measured_energy").mean("filter", keep_attrs=True)
    if front_end.initial_kernels is None:
        then = xr.full_like(now, np.nan)
    else:
        untrained = replace(front_end, kernels=front_end.initial_kernels, cutoffs=front_end.initial_cutoffs)
        then = band_membership(untrained, bands=bands, by="measured_energy").mean("filter", keep_attrs=True)
    both = xr.concat([then, now], "training").assign_coords(training=list(TRAINING))
    return both.rename("occupancy")
