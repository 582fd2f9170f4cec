"""Peaks over time: when relevance is largest, with an interval over trials."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.checks import check_share, checked_seed, positive_int
from sincviz.analysis.statistics.established import corrected_p
from sincviz.analysis.statistics.intervals import (
    LEVEL,
    N_RESAMPLES,
    check_single_trials,
    resampled_counts,
    share_outside,
    weighted_trials,
)
from sincviz.eeg.sums import WINDOW_LIMITS


def peak_latencies(
    values: xr.DataArray,
    *,
    trials: str = "contrast",
    permuted_codes: NDArray[np.int64] | None = None,
    strata: NDArray[np.int64] | None = None,
    level: float = LEVEL,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> pd.DataFrame:
    """Return when the average over trials is largest, with a bootstrap interval, for every channel or region.

    Of a contrast the peak is the largest value, for positive relevance is what separates the classes; of the mean over
    all trials it is the largest magnitude. Trials are drawn with replacement (for the contrast within each class), the
    peak of each resample is found again, and the interval contains the share ``level`` of their latencies. Where there
    is no peak, resamples have theirs anywhere, and the interval covers most of the times; ``p`` then is large too.

    Parameters
    ----------
    values : xarray.DataArray, dims (trial, target, ..., time)
        One value per trial, such as ``temporal_relevance(..., per_trial=True)``, or its sums over windows, bands or
        regions. For the contrast ``trial`` must have the coordinate ``class_name``. Select the times in which a peak is
        meant first: ``values.sel(time=slice(0, 0.5))``.
    trials : {"contrast", "all"}
        As for :func:`sincviz.statistics.bootstrap_intervals`.
    permuted_codes : array of int, shape (permutations, trials) | None
        As for :func:`corrected_p`, of which ``p`` is.
    strata : array of int, shape (trials,) | None
        As there.
    level : float
        Coverage of the intervals, between 0 and 1.
    n_resamples : int
        Number of bootstrap resamples.
    seed : int
        Seed of the draws.

    Returns
    -------
    pandas.DataFrame
        One row per target and channel, region or other cell (the index), of the columns ``latency_s``, ``ci_low`` and
        ``ci_high``, in seconds; ``relevance``, the average at the peak; and ``p``, as :func:`corrected_p` returns it
        there, corrected for all cells and times (NaN where the relevance hardly varies). All are NaN where no value is
        finite, or values are all equal; intervals are NaN if a class has one trial. ``attrs``: ``trials``,
        ``interval``, ``n_resamples`` and ``units`` of the relevance.

    Raises
    ------
    ValueError
        If there is no dimension ``trial``, ``target`` or ``time``, times are not in seconds, the classes are unknown,
        or a setting is out of range.

    Notes
    -----
    The peak was selected as the largest, so ``relevance`` is biased upwards: that of other trials at this time is
    smaller on average. The latency is that of a sample or the centre of a window and is not interpolated, for the
    relevance of neighbouring samples need not lie on a smooth curve; the interval extends to the limits of its
    first and last window (half a step beyond a sample). Relevance of single samples follows the oscillations
    of the signal: sum it over windows first if the course is what matters (:func:`sincviz.attribution.sum_over_times`).

    In 200 simulations each (a clear peak, 40 trials of both classes or 15 and 60, 250 Hz) intervals of level 0.95
    contained the latency in 95 and 98 % if noise was alike for 60 ms, and in all if it differed from sample to sample,
    where intervals are too wide.

    Where labels come in blocks or trials share signal, trials are not exchangeable: intervals are too narrow, and ``p``
    needs the permutations that are allowed.

    Examples
    --------
    >>> time_s = np.arange(50) / 100
    >>> coords = {"target": ["left", "right"], "channel": ["Cz"], "time": time_s}
    >>> coords |= {"class_name": ("trial", ["left", "right"] * 20)}
    >>> values = np.random.default_rng(0).standard_normal((40, 2, 1, 50))
    >>> values[::2, 0, 0] += 5 * np.exp(-(((time_s - 0.3) / 0.05) ** 2))
    >>> values = xr.DataArray(values, coords, ("trial", "target", "channel", "time"))
    >>> peak = peak_latencies(values).loc[("left against right", "Cz")]
    >>> bool(peak.ci_low < 0.3 < peak.ci_high), bool(peak.p < 0.05)
    (True, True)
    """
    check_single_trials(values)
    check_share("level", level, LEVEL)
    _check_times(values)
    n_resamples, seed = positive_int("n_resamples", n_resamples), checked_seed(seed)
    weighted = weighted_trials(values.transpose(..., "time"), trials)
    values, contrast = weighted.single, trials == "contrast"
    n_trials, n_targets, *_, n_times = values.shape
    terms = weighted.terms.to_numpy().reshape(n_trials, n_targets, -1, n_times)
    corrected = corrected_p(
        values, trials=trials, permuted_codes=permuted_codes, strata=strata, seed=seed, progress=False
    )
    p = corrected.to_numpy().reshape(terms.shape[1:])
    counts = resampled_counts(weighted.strata, n_resamples, seed)
    time_s = values["time"].to_numpy().astype(float)
    low_s, high_s = _limits_s(values)
    rows = np.full((n_targets, terms.shape[2], 5), np.nan)
    for target in range(n_targets):
        weights, smallest = weighted.weights[target], weighted.smallest(target)
        for cell in range(terms.shape[2]):
            course = terms[:, target, cell].astype(float)
            average = weights @ course
            size = _sizes(average, contrast)
            known = np.isfinite(size)
            if not known.any() or np.ptp(size[known]) == 0:
                continue
            at = int(np.nanargmax(size))
            rows[target, cell] = time_s[at], np.nan, np.nan, average[at], p[target, cell, at]
            if smallest > 1:
                drawn = np.sort(_sizes(counts * weights @ course[:, known], contrast).argmax(1))
                outside = int(share_outside(level, smallest) * (n_resamples - 1))
                first, last = np.flatnonzero(known)[drawn[[outside, -1 - outside]]]
                rows[target, cell, 1:3] = low_s[first], high_s[last]
    table = pd.DataFrame(
        rows.reshape(-1, 5), _index_of(values), ["latency_s", "ci_low", "ci_high", "relevance", "p"]
    )
    table.attrs = {
        "trials": trials,
        "interval": f"{level:.0%} bootstrap over trials",
        "n_resamples": n_resamples,
        "units": str(values.attrs.get("units", "")),
    }
    return table


def _sizes(average: NDArray[np.float64], contrast: bool) -> NDArray[np.float64]:
    return average if contrast else np.abs(average)


def _check_times(values: xr.DataArray) -> None:
    known = "time" in values.dims and "time" in values.coords
    units = values["time"].attrs.get("units", "s") if known else "unknown units"
    if units != "s":
        raise ValueError(
            f"`values` must have the dimension `time` in seconds; got {dict(values.sizes)} in {units}. Compute them "
            "with `temporal_relevance(..., per_trial=True)`, and pass `sfreq`."
        )


def _limits_s(values: xr.DataArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the limits of the windows, or for samples half a step before and after."""
    if set(WINDOW_LIMITS) <= set(values.coords):
        low_s, high_s = (values[name].to_numpy().astype(float) for name in WINDOW_LIMITS)
        return low_s, high_s
    time_s = values["time"].to_numpy().astype(float)
    half_s = np.diff(time_s).min() / 2 if len(time_s) > 1 else 0.0
    return time_s - half_s, time_s + half_s


def _index_of(values: xr.DataArray) -> "pd.Index[Any]":
    dims = [str(dim) for dim in values.dims[1:-1]]
    labels = [values[dim].to_numpy() for dim in dims]
    return (
        pd.MultiIndex.from_product(labels, names=dims) if len(dims) > 1 else pd.Index(labels[0], name=dims[0])
    )
