"""Band limits in Hz, as coordinates that every result carries."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from sincviz.eeg.bands import OTHER

LOW, HIGH, REST = BAND_LIMITS = ("band_low_hz", "band_high_hz", "band_rest_hz")
"""Names of the coordinates (of a table, the columns)."""

Ranges = tuple[tuple[float, float], ...]
"""What a band covers, from low (included) to high (excluded) in Hz; ``other`` may have several ranges, or none."""

_Labelled = TypeVar("_Labelled", xr.DataArray, xr.Dataset)
_NOTHING = "nothing"


def with_band_limits(values: _Labelled, bands: Mapping[str, tuple[float, float]]) -> _Labelled:
    """Return values with the limits of their bands as coordinates.

    Parameters
    ----------
    values : xarray.DataArray | xarray.Dataset
        With the dimension ``band``, whose labels are names in ``bands``, or ``"other"``.
    bands : mapping of str to (float, float)
        Low (included) and high (excluded) limit of each band in Hz.

    Returns
    -------
    xarray.DataArray | xarray.Dataset
        The same with ``band_low_hz`` and ``band_high_hz`` on ``band``. ``"other"``, what none of ``bands`` covers, has
        NaN for both; what it covers stands in ``band_rest_hz``, which is there only beside an ``"other"``, as
        text such as ``"0–1, 45–inf"``. So it means the same whichever bands are selected later.

    Examples
    --------
    >>> share = xr.DataArray([0.7, 0.3], {"band": ["alpha", "other"]}, ("band",))
    >>> share = with_band_limits(share, {"alpha": (8, 13), "beta": (13, 30)})
    >>> share.band_low_hz.values.tolist(), share.band_high_hz.values.tolist(), share.band_rest_hz.values.tolist()
    ([8.0, nan], [13.0, nan], ['', '0–8, 30–inf'])
    """
    return with_ranges(values, ranges_of(bands))


def with_ranges(values: _Labelled, ranges: Mapping[str, Ranges]) -> _Labelled:
    """Return values with the ranges that their bands cover; see :func:`with_band_limits`.

    Raises
    ------
    ValueError
        If a band of the values is missing in ``ranges``.
    """
    names = band_names(values)
    unknown = sorted(set(names) - set(ranges))
    if unknown:
        raise ValueError(f"Every band needs limits; got {', '.join(ranges)}, but not {', '.join(unknown)}.")
    named = [((np.nan, np.nan),) if name == OTHER else ranges[name] for name in names]
    limits = np.array(named, float).reshape(-1, 2)
    coords: dict[str, Any] = {LOW: ("band", limits[:, 0]), HIGH: ("band", limits[:, 1])}
    if OTHER in names:
        rest = ranges_in_hz(ranges[OTHER])
        coords[REST] = ("band", [rest if name == OTHER else "" for name in names])
    return values.assign_coords(coords)


def ranges_of(bands: Mapping[str, tuple[float, float]]) -> dict[str, Ranges]:
    """Return what each band covers, and ``other``.

    Examples
    --------
    >>> ranges_of({"alpha": (8, 13)})
    {'alpha': ((8.0, 13.0),), 'other': ((0.0, 8.0), (13.0, inf))}
    """
    covered = {name: ((float(low), float(high)),) for name, (low, high) in bands.items()}
    return covered | {OTHER: _not_covered(bands.values())}


def band_ranges(values: xr.DataArray | xr.Dataset | pd.DataFrame) -> list[Ranges]:
    """Return what each band covers, in the order of the bands (of a table, for each row).

    Raises
    ------
    ValueError
        If the limits of a band are missing: none are ever assumed.

    Examples
    --------
    >>> share = xr.DataArray([0.7, 0.3], {"band": ["alpha", "other"]}, ("band",))
    >>> band_ranges(with_band_limits(share, {"alpha": (8, 13)}))
    [((8.0, 13.0),), ((0.0, 8.0), (13.0, inf))]
    """
    names = band_names(values)
    if not {LOW, HIGH} <= _known(values):
        raise ValueError(
            f"The limits of the bands {', '.join(names)} are not known: the {_noun(values)}s `{LOW}` and `{HIGH}` are "
            "missing. Results have them, but lose them when they are combined with results of other limits. Pass "
            f"the original result, or give its bands limits, such as `values.{_method(values)}`; for what no band "
            f"covers they are NaN, and `{REST}` lists its ranges, such as '0–8, 30–inf'."
        )
    low, high = (_column(values, name, len(names)) for name in (LOW, HIGH))
    rest = _column(values, REST, len(names)) if REST in _known(values) else [""] * len(names)
    return [_covered(*band) for band in zip(names, low, high, rest, strict=True)]


def ranges_by_name(values: xr.DataArray | xr.Dataset | pd.DataFrame) -> dict[str, Ranges]:
    """Return what each band covers, by its name.

    Raises
    ------
    ValueError
        If the limits of a band are missing, or occur twice and differ.

    Examples
    --------
    >>> share = xr.DataArray([0.7, 0.3], {"band": ["alpha", "other"]}, ("band",))
    >>> ranges_by_name(with_band_limits(share, {"alpha": (8, 13)}))["alpha"]
    ((8.0, 13.0),)
    """
    by_name: dict[str, Ranges] = {}
    for name, ranges in zip(band_names(values), band_ranges(values), strict=True):
        if by_name.setdefault(name, ranges) != ranges:
            raise ValueError(
                f"Two bands with different limits are both called {name!r}: {ranges_in_hz(by_name[name])} and "
                f"{ranges_in_hz(ranges)} Hz. Rename one of them."
            )
    return by_name


def low_and_high_hz(values: xr.DataArray | xr.Dataset | pd.DataFrame) -> NDArray[np.float64]:
    """Return the two limits of each band, shape (bands, 2); NaN for ``other``, whatever it covers.

    Raises
    ------
    ValueError
        If the limits of a band are missing.

    Examples
    --------
    >>> share = xr.DataArray([0.7, 0.3], {"band": ["alpha", "other"]}, ("band",))
    >>> low_and_high_hz(with_band_limits(share, {"alpha": (8, 13)})).tolist()
    [[8.0, 13.0], [nan, nan]]
    """
    n_bands = len(band_ranges(values))
    return np.array([_column(values, name, n_bands) for name in (LOW, HIGH)], float).T


def band_names(values: xr.DataArray | xr.Dataset | pd.DataFrame) -> list[str]:
    """Return the names of the bands (of a table, for each row).

    Raises
    ------
    ValueError
        If an array has no dimension ``band``.
    """
    if isinstance(values, pd.DataFrame):
        column = values["band"] if "band" in values else values.index.get_level_values("band")
        return [str(name) for name in column]
    if "band" not in values.dims:
        raise ValueError(f"The dimension `band` is missing; got {dict(values.sizes)}.")
    return [str(name) for name in values["band"].to_numpy()]


def has_band_limits(values: xr.DataArray | xr.Dataset | pd.DataFrame) -> bool:
    """Return whether values have band limits at all."""
    return bool({LOW, HIGH, REST} & _known(values))


def check_same_bands(one: xr.DataArray | xr.Dataset, other: xr.DataArray | xr.Dataset) -> None:
    """Raise if a band has different limits in two results; results without limits are not compared.

    Raises
    ------
    ValueError
        If the limits of a band differ.

    Examples
    --------
    >>> share = xr.DataArray([0.7, 0.3], {"band": ["alpha", "other"]}, ("band",))
    >>> check_same_bands(with_band_limits(share, {"alpha": (8, 13)}), with_band_limits(share, {"alpha": (8, 12)}))
    Traceback (most recent call last):
    ...
    ValueError: The band 'alpha' is 8–13 Hz in one result, 8–12 Hz in the other. Compute both with the same bands.
    """
    if not all("band" in values.dims and has_band_limits(values) for values in (one, other)):
        return
    first, others = ranges_by_name(one), ranges_by_name(other)
    for name, ranges in first.items():
        if others.get(name, ranges) != ranges:
            raise ValueError(
                f"The band {name!r} is {ranges_in_hz(ranges)} Hz in one result, {ranges_in_hz(others[name])} Hz in the "
                "other. Compute both with the same bands."
            )


def in_ranges(frequency_hz: ArrayLike, ranges: Ranges) -> NDArray[np.bool_]:
    """Return which frequencies a band covers.

    Examples
    --------
    >>> in_ranges([7.0, 8.0, 13.0, 50.0], ((8.0, 13.0), (45.0, math.inf))).tolist()
    [False, True, False, True]
    """
    frequency = np.asarray(frequency_hz, float)
    inside = np.zeros(frequency.shape, bool)
    for low, high in ranges:
        inside |= (frequency >= low) & (frequency < high)
    return inside


def ranges_in_hz(ranges: Ranges, infinite: str = "inf") -> str:
    """Return the ranges that a band covers as text.

    Examples
    --------
    >>> ranges_in_hz(((0.0, 1.0), (45.0, math.inf)), "∞")
    '0–1, 45–∞'
    """
    texts = (f"{_exact(low)}–{infinite if high == math.inf else _exact(high)}" for low, high in ranges)
    return ", ".join(texts) or _NOTHING


def _not_covered(limits: Iterable[tuple[float, float]]) -> Ranges:
    gaps, end = [], 0.0
    for low, high in sorted((float(low), float(high)) for low, high in limits):
        if low > end:
            gaps.append((end, low))
        end = max(end, high)
    return (*gaps, (end, math.inf)) if end < math.inf else tuple(gaps)


def _known(values: xr.DataArray | xr.Dataset | pd.DataFrame) -> set[str]:
    return set(map(str, values.columns if isinstance(values, pd.DataFrame) else values.coords))


def _noun(values: xr.DataArray | xr.Dataset | pd.DataFrame) -> str:
    return "column" if isinstance(values, pd.DataFrame) else "coordinate"


def _method(values: xr.DataArray | xr.Dataset | pd.DataFrame) -> str:
    if isinstance(values, pd.DataFrame):
        return f"assign({LOW}=[8, 13], {HIGH}=[13, 30])"
    return f"assign_coords({LOW}=('band', [8, 13]), {HIGH}=('band', [13, 30]))"


def _column(values: xr.DataArray | xr.Dataset | pd.DataFrame, name: str, n_bands: int) -> Sequence[Any]:
    if isinstance(values, pd.DataFrame):
        column: list[Any] = values[name].tolist()
        return column
    coord = values.coords[name]
    # A single band that was selected, and made a dimension again, keeps its limits without one.
    if not coord.dims and n_bands == 1:
        return [coord.item()]
    if coord.dims != ("band",):
        raise ValueError(
            f"`{name}` must be a coordinate of `band` alone; got one of {coord.dims}. Results whose bands have "
            "different limits were combined: compute them with the same bands."
        )
    return list(coord.to_numpy().tolist())


def _covered(name: str, low: Any, high: Any, rest: Any) -> Ranges:
    low, high = float(low), float(high)
    if 0 <= low < high:
        return ((low, high),)
    if not (math.isnan(low) and math.isnan(high)):
        raise ValueError(
            f"The limits of the band {name!r} must be two increasing frequencies in Hz; got `{LOW}` {low:g} and "
            f"`{HIGH}` {high:g}. Try 8 and 13."
        )
    try:
        return _ranges(rest)
    except (ValueError, AttributeError):
        raise ValueError(
            f"What the band {name!r} covers is not known: `{LOW}` and `{HIGH}` are NaN, and `{REST}` does "
            f"not say which frequencies are outside the other bands; got {rest!r}. Give the band limits, or "
            "ranges such "
            "as '0–1, 45–inf'."
        ) from None


def _ranges(text: str) -> Ranges:
    if text == _NOTHING:
        return ()
    pairs = [part.split("–") for part in text.split(", ")]
    ranges = tuple((float(low), float(high)) for low, high in pairs)
    if not all(0 <= low < high for low, high in ranges):
        raise ValueError(text)
    return ranges


def _exact(number: float) -> str:
    """Return text that reads back as exactly the same number."""
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))
