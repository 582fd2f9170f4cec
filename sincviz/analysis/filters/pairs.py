"""Filter pairs: which filters of two networks correspond, and how their bands differ."""

import numpy as np
import pandas as pd
import xarray as xr

from sincviz.analysis.filters.bands import learned_bands
from sincviz.analysis.filters.filter_matching import match_filters
from sincviz.analysis.filters.response import filter_response
from sincviz.networks.front_ends import FrontEnd
from sincviz.networks.front_ends import front_end as front_end_of

_OF_BANDS = ("low_hz", "high_hz", "measured_low_hz", "measured_high_hz", "peak_hz")


def filter_pairs(
    model: object,
    other: object,
    maps: xr.DataArray | None = None,
    other_maps: xr.DataArray | None = None,
) -> pd.DataFrame:
    """Match the filters of two networks one to one, and compare their bands and maps.

    Filters are matched by the overlap of their amplitude responses, as :func:`match_filters` does.

    Parameters
    ----------
    model, other : SincShallowNet | classifier | torch.nn.Module
        Any network of which :func:`sincviz.networks.front_end` knows or finds the filters.
    maps, other_maps : xarray.DataArray, dims (filter, depth, channel), or None
        What :func:`sincviz.spatial_patterns` or :func:`sincviz.spatial_filters` returned for each network.

    Returns
    -------
    pandas.DataFrame
        One row per filter that passes anything, index ``filter`` (of ``model``); filters of ``other`` without a match
        follow, with index −1. ``other_filter`` is −1 where there is no match, ``overlap`` the cosine of the amplitude
        responses. ``low_hz``, ``high_hz``, ``measured_low_hz``, ``measured_high_hz`` and ``peak_hz`` are those of
        :func:`sincviz.learned_bands`, with ``other_`` in front those of the other network; ``peak_shift_hz`` is the
        peak of ``other`` minus that of ``model``. ``map_similarity`` is the absolute cosine of the scalp maps of the
        units, averaged over the units of a filter; NaN without maps, or where they have other channels or depths.

    Raises
    ------
    TypeError
        If a network is unknown.
    ValueError
        If no filter of a network passes anything.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128, num_time_filters=4)
    >>> pairs = filter_pairs(model, model)
    >>> pairs.other_filter.tolist(), pairs.overlap.round(6).unique().tolist(), pairs.peak_shift_hz.unique().tolist()
    ([0, 1, 2, 3], [1.0], [0.0])
    """
    networks = [front_end_of(model), front_end_of(other)]
    bands = [learned_bands(network) for network in networks]
    amplitude = _amplitudes(networks)
    matching = match_filters(amplitude, _stacked(maps, other_maps, amplitude.sizes["filter"]))
    if matching.attrs["reference_run"] != 0:
        raise ValueError("No filter of the first network passes anything; see `sincviz.diagnose(model)`.")
    of_other = matching.isel(run=1)
    rows = of_other[["match", "overlap", "pattern_similarity"]].to_dataframe()
    rows = rows.rename(columns={"match": "other_filter", "pattern_similarity": "map_similarity"})
    rows = rows[["other_filter", "overlap", "map_similarity"]]
    passing = bands[1].index[bands[1]["peak_hz"].notna()]
    alone = passing.difference(pd.Index(rows["other_filter"]))
    rows = pd.concat(
        [rows, pd.DataFrame({"other_filter": alone}, pd.Index([-1] * len(alone), name="filter"))]
    ).astype({"other_filter": int})
    numbers = {"": rows.index, "other_": pd.Index(rows["other_filter"])}
    for (prefix, members), table in zip(numbers.items(), bands, strict=True):
        of_filters = table.reindex(members)[list(_OF_BANDS)]
        rows[[f"{prefix}{name}" for name in _OF_BANDS]] = of_filters.to_numpy(float)
    rows["peak_shift_hz"] = rows["other_peak_hz"] - rows["peak_hz"]
    rows.attrs = {
        "weights_sha256": networks[0].weights_sha256,
        "other_weights_sha256": networks[1].weights_sha256,
    }
    return rows


def _amplitudes(networks: list[FrontEnd]) -> xr.DataArray:
    """Return the amplitude responses of both networks at the frequencies that both have."""
    responses = [filter_response(network)["magnitude_db"] for network in networks]
    lowest = min(responses, key=lambda response: float(response["frequency"][-1]))["frequency"]
    amplitudes = [10 ** (response.drop_vars(_beside(response)) / 20) for response in responses]
    return xr.concat([one.interp(frequency=lowest) for one in amplitudes], "run", join="outer").assign_coords(
        run=[0, 1]
    )


def _stacked(maps: xr.DataArray | None, other: xr.DataArray | None, n_filters: int) -> xr.DataArray | None:
    """Return the maps of both networks, or ``None`` where they cannot be compared."""
    if maps is None or other is None or maps.sizes["depth"] != other.sizes["depth"]:
        return None
    names = maps["channel"].to_numpy()
    if sorted(names) != sorted(other["channel"].to_numpy()):
        return None
    other = other.sel(channel=names)
    bare = [one.drop_vars(_beside(one)).reindex(filter=np.arange(n_filters)) for one in (maps, other)]
    return xr.concat(bare, "run").assign_coords(run=[0, 1])


def _beside(values: xr.DataArray) -> list[str]:
    """Return the coordinates that are no dimension."""
    return [str(name) for name in values.coords if name not in values.dims]
