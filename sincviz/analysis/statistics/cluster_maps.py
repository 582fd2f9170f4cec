"""Maps that clusters are found in: their dimensions in order, and a cluster in words."""

import numpy as np
import scipy
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.text import listed
from sincviz.analysis.statistics.intervals import codes_of_targets
from sincviz.analysis.statistics.numeric_contrast import is_of_numbers
from sincviz.analysis.statistics.subjects import effect_interval, hedges_g, with_values
from sincviz.analysis.statistics.two_classes import first_minus_second
from sincviz.eeg.band_limits import low_and_high_hz
from sincviz.eeg.sums import WINDOW_LIMITS

_CHANNELS_NAMED = 8
_ROWS = ("band", "frequency")


def checked_maps(values: xr.DataArray, over: str = "subject") -> xr.DataArray:
    """Return maps with their dimensions in the usual order, (``over``, [target,] [band or frequency,] channel, [time]).

    Raises
    ------
    ValueError
        If these are not their dimensions, they have only channels, or times are not in seconds.

    Examples
    --------
    >>> checked_maps(xr.DataArray(np.zeros((2, 3, 4)), dims=("time", "channel", "subject"))).dims
    ('subject', 'channel', 'time')
    """
    rows = [dim for dim in _ROWS if dim in values.dims]
    time = [dim for dim in ("time",) if dim in values.dims]
    target = [dim for dim in ("target",) if dim in values.dims or over == "trial"]
    dims = [over, *target, *rows, "channel", *time]
    if len(rows) > 1 or not (rows or time) or set(dims) != set(values.dims):
        allowed = "trial, target," if over == "trial" else f"{over}, [target,]"
        raise ValueError(
            f"`values` must have the dimensions ({allowed} [band or frequency,] channel, [time]), with bands, "
            f"frequencies or times; got {values.dims}. If there are several conditions, select one or subtract two."
        )
    units = values["time"].attrs.get("units", "s") if time else "s"
    if units != "s":
        raise ValueError(f"Times must be in seconds; got {units}. Pass `sfreq` to what computes the values.")
    return values.transpose(*dims)


class ClusterMaps:
    """The values that a test was made of, to describe its clusters by."""

    def __init__(self, test: xr.Dataset, values: xr.DataArray) -> None:
        over = "trial" if "trial" in values.dims else "subject"
        maps = checked_maps(values, over)
        self._of_classes = over == "trial" and test.attrs.get("trials") == "contrast"
        maps = first_minus_second(maps) if self._of_classes else maps
        dims = test["t"].dims
        if dims != maps.dims[1:] or not all(test[dim].equals(maps[dim]) for dim in dims):
            raise ValueError(
                f"`values` must be the tested values, {dict(test['t'].sizes)} for every {over}; got "
                f"{dict(maps.sizes)}. If there are several comparisons, select one: `test.sel(comparison=...)`."
            )
        self.test = test
        self._samples = with_values(maps, over).to_numpy() if over == "subject" else maps.to_numpy()
        self._of_numbers = self._of_classes and is_of_numbers(maps)
        self._codes = codes_of_targets(maps) if self._of_classes and not self._of_numbers else None

    def described(self, number: int) -> dict[str, object]:
        """Return a cluster as a row of the table."""
        test = self.test
        cells = np.argwhere(test["cluster"].to_numpy() == number)
        at, of = tuple(cells.T), dict(zip(test["t"].dims, cells.T, strict=True))
        t = test["t"].to_numpy()[at]
        p = float(test["cluster_p"].to_numpy()[at][0])
        band_low_hz, band_high_hz = _outer_limits_hz(test, of)
        effect_size, ci_low, ci_high = self._effect(at)
        return {
            "target": str(test["target"].to_numpy()[of["target"][0]]) if "target" in of else "",
            "cluster": number,
            "p": p,
            "n_cells": len(cells),
            "mass": t.sum(),
            "bands": _rows_in_words(test, of),
            "band_low_hz": band_low_hz,
            "band_high_hz": band_high_hz,
            **(_times(test, of["time"]) if "time" in of else {}),
            "channels": _channels_in_words(test["channel"].to_numpy()[of["channel"]], np.abs(t)),
            "effect_size": effect_size,
            "ci_low": ci_low,
            "ci_high": ci_high,
            "significant": p <= test.attrs["alpha"],
        }

    def _effect(self, at: tuple[NDArray[np.int64], ...]) -> tuple[float, float, float]:
        """Return Hedges' g of the mean over a cluster, and its interval."""
        numbers = np.ravel_multi_index(at, self._samples.shape[1:])
        means = self._samples.reshape(len(self._samples), -1)[:, numbers].astype(float).mean(1)
        if self._of_numbers:
            return np.nan, np.nan, np.nan
        if self._codes is None:
            t, n, share = scipy.stats.ttest_1samp(means, 0.0).statistic, len(means), 1.0
        else:
            own = self._codes == at[0][0]
            t = scipy.stats.ttest_ind(means[own], means[~own]).statistic
            # Two samples have one degree of freedom less than one.
            n = len(means) - 1
            share = float(np.sqrt(n * (1 / own.sum() + 1 / (~own).sum())))
        low, high = effect_interval(float(t), n)
        return float(hedges_g(t, n)) * share, low * share, high * share


def _rows_in_words(test: xr.Dataset, of: dict[object, NDArray[np.int64]]) -> str:
    if "band" in of:
        return ", ".join(map(str, test["band"].to_numpy()[np.unique(of["band"])]))
    if "frequency" not in of:
        return ""
    frequency_hz = test["frequency"].to_numpy()[of["frequency"]]
    return _range(frequency_hz.min(), frequency_hz.max(), "Hz")


def _outer_limits_hz(test: xr.Dataset, of: dict[object, NDArray[np.int64]]) -> tuple[float, float]:
    if "band" not in of:
        return np.nan, np.nan
    # Bands of one cluster touch, and what no band covers has no neighbour.
    limits_hz = low_and_high_hz(test)[of["band"]]
    return float(limits_hz[:, 0].min()), float(limits_hz[:, 1].max())


def _times(test: xr.Dataset, at: NDArray[np.int64]) -> dict[str, object]:
    low, high = WINDOW_LIMITS if set(WINDOW_LIMITS) <= set(test.coords) else ("time", "time")
    low_s, high_s = float(test[low].to_numpy()[at].min()), float(test[high].to_numpy()[at].max())
    return {
        "times": _range(round(low_s, 3), round(high_s, 3), "s"),
        "time_low_s": low_s,
        "time_high_s": high_s,
    }


def _range(low: float, high: float, units: str) -> str:
    return f"{low:g} {units}" if low == high else f"{low:g}–{high:g} {units}"


def _channels_in_words(channels: NDArray[np.str_], strength: NDArray[np.float64]) -> str:
    ordered = list(dict.fromkeys(channels[np.argsort(-strength, kind="stable")].tolist()))
    return listed(ordered, _CHANNELS_NAMED)
