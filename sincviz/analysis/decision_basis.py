"""What the decision for each class rests on: which bands, how much of it, where on the scalp, through which filters."""

import numpy as np
import pandas as pd
import xarray as xr

from sincviz.rhythms import OTHER, bands_from_text, rhythm_names

MOST_CHANNELS = 4
_SKIRT_HZ = 1.0  # how near the edge of a band a skirt begins
_COLUMNS = ("relevance", "low", "high", "share", "total", "peak_hz", "skirt_of", "channels", "sure")


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
        the band that is worth most; ``skirt_of``, the neighbouring band whose peak this only is the skirt of (empty if
        the band has a peak of its own): the largest frequency lies at the band's edge, and more lies just outside;
        ``channels``, up to four whose own interval is above zero, the most first;
        ``sure``, whether the band's interval is above zero.

    Examples
    --------
    >>> of_bands = xr.DataArray([[3.0, 1.0]], {"target": ["left"], "band": ["alpha", "other"]}, ("target", "band"),
    ...                         attrs={"bands_hz": "alpha: 8–13"})
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
    limits = bands_from_text(of_bands.attrs.get("bands_hz"))
    frequencies = spectrum["frequency"].to_numpy()
    rows = {}
    for target in of_bands["target"].to_numpy():
        total = float(of_bands.sel(target=target).sum(skipna=False))
        profile = spectrum.sel(target=target).sum("channel", skipna=False).to_numpy()
        for band in of_bands["band"].to_numpy():
            value = of_bands.sel(target=target, band=band)
            here = value.item()
            rows[str(target), str(band)] = {
                "relevance": here,
                "low": value["low"].item(),
                "high": value["high"].item(),
                "share": here / total if total > 0 else np.nan,
                "total": total,
                "peak_hz": _peak_hz(profile, frequencies, str(band), limits),
                "skirt_of": _skirt_of(profile, frequencies, str(band), limits),
                "channels": ", ".join(_leading_channels(cells.sel(target=target, band=band))),
                "sure": bool(value["low"].item() > 0),
            }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(_COLUMNS))
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


def _peak_hz(
    profile: np.ndarray, frequencies: np.ndarray, band: str, limits: dict[str, tuple[float, float]]
) -> float:
    members = _bins_of(frequencies, band, limits)
    if not members.any() or not np.isfinite(profile).all():
        return np.nan
    return float(frequencies[members][profile[members].argmax()])


def _bins_of(frequencies: np.ndarray, band: str, limits: dict[str, tuple[float, float]]) -> np.ndarray:
    inside = [(frequencies >= low) & (frequencies < high) for low, high in limits.values()]
    covered = np.logical_or.reduce(inside) if inside else np.zeros(len(frequencies), bool)
    return ~covered if band == OTHER else inside[list(limits).index(band)]


def _skirt_of(
    profile: np.ndarray, frequencies: np.ndarray, band: str, limits: dict[str, tuple[float, float]]
) -> str:
    """Return the band whose skirt this band's largest frequency is: more lies just outside, and no valley between."""
    peak_hz = _peak_hz(profile, frequencies, band, limits)
    if np.isnan(peak_hz):
        return ""
    members = _bins_of(frequencies, band, limits)
    peak = int(np.flatnonzero(frequencies == peak_hz)[0])
    reach_hz = max(_SKIRT_HZ, float(np.diff(frequencies[:2]).sum()))
    for near in (frequencies >= peak_hz, frequencies <= peak_hz):
        outside = np.flatnonzero(near & ~members & (abs(frequencies - peak_hz) <= 2 * reach_hz))
        if not len(outside):
            continue
        edge = outside[abs(outside - peak).argmin()]
        outside = outside[abs(frequencies[outside] - frequencies[edge]) <= reach_hz]
        top = int(outside[profile[outside].argmax()])
        between = profile[min(peak, top) : max(peak, top) + 1]
        at_edge = abs(frequencies[edge] - peak_hz) <= reach_hz
        if at_edge and profile[top] > profile[peak] > 0 and between.min() >= profile[peak] / 2:
            return str(rhythm_names(frequencies[top], limits))
    return ""


def _leading_channels(cells: xr.DataArray) -> list[str]:
    values, low = cells.to_numpy(), cells["low"].to_numpy()
    order = np.argsort(-values, kind="stable")
    return [str(cells["channel"].to_numpy()[number]) for number in order if low[number] > 0][:MOST_CHANNELS]
