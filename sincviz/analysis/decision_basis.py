"""What the decision for each class rests on: which bands, how much of it, where on the scalp, through which filters."""

import numpy as np
import pandas as pd
import xarray as xr

from sincviz.band_limits import BAND_LIMITS, band_ranges, check_same_bands, in_ranges

MOST_CHANNELS = 4
_COLUMNS = ("relevance", "low", "high", "share", "total", "peak_hz", "channels", "sure")


def leading_bands(of_bands: xr.DataArray, cells: xr.DataArray, spectrum: xr.DataArray) -> pd.DataFrame:
    """Return what each band is worth for each class, and where it comes from, the most first.

    Parameters
    ----------
    of_bands : xarray.DataArray, dims (target, band)
        Relevance summed over channels, with the coordinates ``low`` and ``high`` of
        :func:`sincviz.bootstrap_intervals`.
    cells : xarray.DataArray, dims (target, band, channel)
        The same before it is summed, with its own intervals.
    spectrum : xarray.DataArray, dims (target, channel, frequency)
        The same by frequency, which tells where in the band the peak is.

    Returns
    -------
    pandas.DataFrame
        Index ``target`` and ``band``. ``relevance`` with its interval ``low`` and ``high``; ``total``, the sum over
        bands, and ``share``, the part of it (not-a-number unless the total is positive); ``peak_hz``, the frequency of
        the band that is worth most; ``channels``, up to four whose own interval is above zero, the most first;
        ``sure``, whether the band's interval is above zero; the limits of the band, ``band_low_hz`` and
        ``band_high_hz``, not-a-number for ``other``, whose ranges are text in ``band_rest_hz``.

    Raises
    ------
    ValueError
        If ``of_bands`` does not tell the limits of its bands, or those of ``cells`` are others.

    Examples
    --------
    >>> of_bands = xr.DataArray([[3.0, 1.0]], {"target": ["left"], "band": ["alpha", "other"]}, ("target", "band"),
    ...                         name="relevance")
    >>> of_bands = of_bands.assign_coords(band_low_hz=("band", [8, np.nan]), band_high_hz=("band", [13, np.nan]),
    ...                                   band_rest_hz=("band", ["", "0–8, 13–inf"]))
    >>> of_bands = of_bands.assign_coords(low=of_bands - 2, high=of_bands + 2)
    >>> cells = of_bands.expand_dims({"channel": ["C4"]}, axis=2)
    >>> cells = cells.assign_coords(low=cells - 2, high=cells + 2)
    >>> spectrum = xr.DataArray([[[1.0, 3.0]]], {"target": ["left"], "channel": ["C4"], "frequency": [2.0, 10.0]},
    ...                         ("target", "channel", "frequency"))
    >>> leading_bands(of_bands, cells, spectrum)[["share", "peak_hz", "channels", "sure"]]
                  share  peak_hz channels   sure
    target band
    left   alpha   0.75     10.0       C4   True
           other   0.25      2.0           False
    """
    check_same_bands(of_bands, cells)
    frequencies = spectrum["frequency"].to_numpy()
    members = [in_ranges(frequencies, ranges) for ranges in band_ranges(of_bands)]
    limits = [name for name in BAND_LIMITS if name in of_bands.coords]
    rows = {}
    for target in of_bands["target"].to_numpy():
        total = float(of_bands.sel(target=target).sum(skipna=False))
        profile = spectrum.sel(target=target).sum("channel", skipna=False).to_numpy()
        for band, inside in zip(of_bands["band"].to_numpy(), members, strict=True):
            value = of_bands.sel(target=target, band=band)
            here = value.item()
            rows[str(target), str(band)] = {
                "relevance": here,
                "low": value["low"].item(),
                "high": value["high"].item(),
                "share": here / total if total > 0 else np.nan,
                "total": total,
                "peak_hz": _peak_hz(profile, frequencies, inside),
                "channels": ", ".join(_leading_channels(cells.sel(target=target, band=band))),
                "sure": bool(value["low"].item() > 0),
                **{name: value[name].item() for name in limits},
            }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[*_COLUMNS, *limits])
    table.index = pd.MultiIndex.from_tuples(rows, names=["target", "band"])
    order = {str(name): number for number, name in enumerate(of_bands["target"].to_numpy())}
    table = table.sort_values("relevance", ascending=False, kind="stable")
    table = table.sort_index(
        level="target", key=lambda names: names.map(order), kind="stable", sort_remaining=False
    )
    table.attrs = dict(of_bands.attrs)
    return table


def leading_filters(of_filters: xr.DataArray) -> pd.DataFrame:
    """Return what each filter is worth for each class, the most first.

    Parameters
    ----------
    of_filters : xarray.DataArray, dims (target, filter)
        What :func:`sincviz.relevance` returned, summed over channels.

    Returns
    -------
    pandas.DataFrame
        Index ``target`` and ``filter``: ``relevance``, and the band that the kernel computes (−3 dB):
        ``measured_low_hz``, ``measured_high_hz``, ``peak_hz``.

    Examples
    --------
    >>> worth = xr.DataArray([[1.0, 2.0]], {"target": ["left"], "filter": [0, 1], "peak_hz": ("filter", [6.0, 11.0])},
    ...                      ("target", "filter"))
    >>> leading_filters(worth).reset_index()[["filter", "relevance", "peak_hz"]].values.tolist()
    [[1.0, 2.0, 11.0], [0.0, 1.0, 6.0]]
    """
    parts = []
    measured = [
        name for name in ("measured_low_hz", "measured_high_hz", "peak_hz") if name in of_filters.coords
    ]
    for target in of_filters["target"].to_numpy():
        own = of_filters.sel(target=target)
        part = pd.DataFrame(
            {"relevance": own.to_numpy()} | {name: own[name].to_numpy() for name in measured},
            index=pd.MultiIndex.from_product(
                [[str(target)], own["filter"].to_numpy()], names=["target", "filter"]
            ),
        )
        parts.append(part.sort_values("relevance", ascending=False, kind="stable"))
    table = pd.concat(parts)
    table.attrs = dict(of_filters.attrs)
    return table


def _peak_hz(profile: np.ndarray, frequencies: np.ndarray, members: np.ndarray) -> float:
    if not members.any() or not np.isfinite(profile).all():
        return np.nan
    return float(frequencies[members][profile[members].argmax()])


def _leading_channels(cells: xr.DataArray) -> list[str]:
    values, low = cells.to_numpy(), cells["low"].to_numpy()
    order = np.argsort(-values, kind="stable")
    return [str(cells["channel"].to_numpy()[number]) for number in order if low[number] > 0][:MOST_CHANNELS]
