"""Leading bands, channels and filters: what the decision for each class rests on, and how much of it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from sincviz._utils.text import class_words
from sincviz.analysis.attribution.power_direction import FAVOURS, RAISES, direction_words
from sincviz.analysis.statistics.established import ALPHA
from sincviz.analysis.statistics.numeric_contrast import is_of_numbers
from sincviz.analysis.statistics.two_classes import FIRST
from sincviz.eeg.band_limits import BAND_LIMITS, band_ranges, check_same_bands, in_ranges

MOST_CHANNELS = 4
LEAST_OF_LARGEST = 0.1  # of the class's: an established cell that is smaller does not make the picture
_SKIRT_HZ = 1.0  # how near the edge of a band a skirt begins
LARGE = 0.5  # of the band's largest cell, and
LARGE_OF_CLASS = 0.25  # of the class's: what is so large is named, established or not
_COLUMNS = (
    "relevance",
    "ci_low",
    "ci_high",
    "p",
    "established",
    "share",
    "total",
    "total_ci_low",
    "total_ci_high",
    "peak_hz",
    "skirt_of",
)


def leading_bands(of_bands: xr.DataArray, cells: xr.DataArray, spectrum: xr.DataArray) -> pd.DataFrame:
    """Return the relevance of each band for each class and its leading channels, largest first.

    Parameters
    ----------
    of_bands : xarray.DataArray, dims (target, band)
        Relevance summed over channels, with the coordinates ``ci_low`` and ``ci_high`` of
        :func:`sincviz.statistics.bootstrap_intervals` and ``p`` of :func:`sincviz.statistics.corrected_p`, and
        ``total_ci_low`` and ``total_ci_high`` (target), the interval of the sum over bands.
    cells : xarray.DataArray, dims (target, band, channel)
        The same before summing over channels, with its own ``ci_low``, ``ci_high`` and ``p``.
    spectrum : xarray.DataArray, dims (target, channel, frequency)
        The same by frequency, to locate the peak within the band.

    Returns
    -------
    pandas.DataFrame
        Index ``target`` and ``band``. ``relevance`` with its interval ``ci_low`` and ``ci_high``; ``p``, corrected for
        the number of bands and classes; ``established``, whether it is positive with ``p`` below 0.05; ``total``, the
        sum over bands, with its interval, and ``share``, the band's share of it (NaN unless the interval of the total
        is above zero: a total that may be zero has no shares); ``peak_hz``, the frequency of the band with the largest
        relevance; ``skirt_of``, the neighbouring band if this band only holds the skirt of its peak (empty if the band
        has its own peak): the largest frequency lies at the band's edge, and more lies just outside; ``channels``, up
        to four that are established (corrected for all cells) with a tenth or more of the class's largest cell, and
        ``uncertain_channels``, up to four that are not, with half or more of the band's largest cell and a quarter or
        more of the class's, both largest first; the limits of the band, ``band_low_hz`` and ``band_high_hz``, NaN for
        ``other``, whose ranges are text in ``band_rest_hz``.

    Raises
    ------
    ValueError
        If ``of_bands`` lacks the limits of its bands, or those of ``cells`` differ.

    Examples
    --------
    >>> of_bands = xr.DataArray([[3.0, 1.0]], {"target": ["left"], "band": ["alpha", "other"]}, ("target", "band"),
    ...                         name="relevance")
    >>> of_bands = of_bands.assign_coords(band_low_hz=("band", [8, np.nan]), band_high_hz=("band", [13, np.nan]),
    ...                                   band_rest_hz=("band", ["", "0–8, 13–inf"]))
    >>> of_bands = of_bands.assign_coords(ci_low=of_bands - 2, ci_high=of_bands + 2, p=0.04 / of_bands,
    ...                                   total_ci_low=("target", [2.0]), total_ci_high=("target", [6.0]))
    >>> cells = of_bands.expand_dims({"channel": ["C4"]}, axis=2)
    >>> cells = cells.assign_coords(ci_low=cells - 2, ci_high=cells + 2, p=cells * 0 + 0.001)
    >>> spectrum = xr.DataArray([[[1.0, 3.0]]], {"target": ["left"], "channel": ["C4"], "frequency": [2.0, 10.0]},
    ...                         ("target", "channel", "frequency"))
    >>> leading_bands(of_bands, cells, spectrum)[["share", "peak_hz", "channels", "established"]]
                  share  peak_hz channels  established
    target band
    left   alpha   0.75     10.0       C4         True
           other   0.25      2.0       C4         True
    """
    check_same_bands(of_bands, cells)
    frequencies = spectrum["frequency"].to_numpy()
    members = [in_ranges(frequencies, ranges) for ranges in band_ranges(of_bands)]
    named = dict(zip(map(str, of_bands["band"].to_numpy()), members, strict=True))
    limits = [name for name in BAND_LIMITS if name in of_bands.coords]
    rows = {}
    for target in of_bands["target"].to_numpy():
        of_class = of_bands.sel(target=target)
        total = float(of_class.sum(skipna=False))
        total_ci_low, total_ci_high = of_class["total_ci_low"].item(), of_class["total_ci_high"].item()
        class_largest = float(np.nanmax(cells.sel(target=target).to_numpy(), initial=0.0))
        profile = spectrum.sel(target=target).sum("channel", skipna=False).to_numpy()
        for band, inside in zip(of_bands["band"].to_numpy(), members, strict=True):
            value = of_class.sel(band=band)
            here, p = value.item(), value["p"].item()
            rows[str(target), str(band)] = {
                "relevance": here,
                "ci_low": value["ci_low"].item(),
                "ci_high": value["ci_high"].item(),
                "p": p,
                "established": bool(here > 0 and p < ALPHA),
                "share": here / total if total_ci_low > 0 else np.nan,
                "total": total,
                "total_ci_low": total_ci_low,
                "total_ci_high": total_ci_high,
                "peak_hz": _peak_hz(profile, frequencies, inside),
                "skirt_of": _skirt_of(profile, frequencies, inside, named),
                **_leading_channels(cells.sel(target=target, band=band), class_largest),
                **{name: value[name].item() for name in limits},
            }
    table = pd.DataFrame.from_dict(
        rows, orient="index", columns=[*_COLUMNS, "channels", "uncertain_channels", *limits]
    )
    table.index = pd.MultiIndex.from_tuples(rows, names=["target", "band"])
    order = {str(name): number for number, name in enumerate(of_bands["target"].to_numpy())}
    table = table.sort_values("relevance", ascending=False, kind="stable")
    table = table.sort_index(
        level="target", key=lambda names: names.map(order), kind="stable", sort_remaining=False
    )
    table.attrs = dict(of_bands.attrs)
    return table


def leading_cells(cells: xr.DataArray, direction: xr.DataArray) -> pd.DataFrame:
    """Return every cell with nonzero relevance, the largest of each class first.

    Parameters
    ----------
    cells : xarray.DataArray, dims (target, band, channel)
        Relevance with the coordinates ``ci_low``, ``ci_high`` and ``p``, as for :func:`leading_bands`.
    direction : xarray.DataArray, dims (target, band, channel)
        What :func:`sincviz.analysis.attribution.power_direction.power_direction` returned.

    Returns
    -------
    pandas.DataFrame
        Index ``target``, ``band``, ``channel``. ``relevance`` with its interval ``ci_low`` and ``ci_high``; ``p``,
        corrected for the number of cells; ``established``, whether ``p`` is below 0.05; ``direction``, whether more or
        less power there favours the class (of two classes, the first), empty where that is unclear.

    Examples
    --------
    >>> cells = xr.DataArray([[[1.0, 2.0]]], {"target": ["left"], "band": ["alpha"], "channel": ["C3", "C4"]},
    ...                      ("target", "band", "channel"))
    >>> cells = cells.assign_coords(ci_low=cells - 1, ci_high=cells + 1, p=0.02 * cells)
    >>> direction = (0 * cells - 0.8).assign_attrs(n_trials=50)
    >>> leading_cells(cells, direction).reset_index()[["channel", "established", "direction"]].values.tolist()
    [['C4', True, 'less power favours it'], ['C3', True, 'less power favours it']]
    """
    table = pd.DataFrame(
        {
            "relevance": cells.to_series(),
            **{name: cells[name].transpose(*cells.dims).to_series() for name in ("ci_low", "ci_high", "p")},
        }
    )
    table["established"] = table["p"] < ALPHA
    correlation = direction.transpose(*cells.dims).to_series()
    # Less power for the first of two classes is more for the second.
    whom = class_words(direction[FIRST].item()) if FIRST in direction.coords else "it"
    does = RAISES if is_of_numbers(cells) else FAVOURS
    table["direction"] = [
        direction_words(one, direction.attrs["n_trials"], whom, does) for one in correlation
    ]
    order = {str(name): number for number, name in enumerate(cells["target"].to_numpy())}
    table = table[table["relevance"].notna() & (table["relevance"] != 0)]
    table = table.sort_values("relevance", ascending=False, kind="stable")
    table = table.sort_index(
        level="target", key=lambda names: names.map(order), kind="stable", sort_remaining=False
    )
    table.attrs = dict(cells.attrs)
    return table


def leading_filters(of_filters: xr.DataArray) -> pd.DataFrame:
    """Return the relevance of each filter for each class, largest first.

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
    tables = []
    measured = [
        name for name in ("measured_low_hz", "measured_high_hz", "peak_hz") if name in of_filters.coords
    ]
    for target in of_filters["target"].to_numpy():
        of_class = of_filters.sel(target=target)
        rows = pd.DataFrame(
            {"relevance": of_class.to_numpy()} | {name: of_class[name].to_numpy() for name in measured},
            index=pd.MultiIndex.from_product(
                [[str(target)], of_class["filter"].to_numpy()], names=["target", "filter"]
            ),
        )
        tables.append(rows.sort_values("relevance", ascending=False, kind="stable"))
    table = pd.concat(tables)
    table.attrs = dict(of_filters.attrs)
    return table


def _peak_hz(profile: np.ndarray, frequencies: np.ndarray, members: np.ndarray) -> float:
    if not members.any() or not np.isfinite(profile).all():
        return np.nan
    return float(frequencies[members][profile[members].argmax()])


def _skirt_of(
    profile: np.ndarray, frequencies: np.ndarray, members: np.ndarray, named: Mapping[str, np.ndarray]
) -> str:
    """Return the band whose skirt holds this band's largest frequency: more just outside, and no valley between."""
    peak_hz = _peak_hz(profile, frequencies, members)
    if np.isnan(peak_hz):
        return ""
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
            return next((name for name, inside in named.items() if inside[top]), "")
    return ""


def _leading_channels(cells: xr.DataArray, class_largest: float) -> dict[str, str]:
    values, p = cells.to_numpy(), cells["p"].to_numpy()
    names = cells["channel"].to_numpy()
    largest = float(np.nanmax(values, initial=0.0))
    order = [number for number in np.argsort(-values, kind="stable") if values[number] > 0]
    established = [n for n in order if p[n] < ALPHA and values[n] >= LEAST_OF_LARGEST * class_largest]
    uncertain = [
        n
        for n in order
        if not p[n] < ALPHA and values[n] >= max(LARGE * largest, LARGE_OF_CLASS * class_largest)
    ]
    return {
        name: ", ".join(str(names[number]) for number in chosen[:MOST_CHANNELS])
        for name, chosen in (("channels", established), ("uncertain_channels", uncertain))
    }
