"""Recovery: how well the bands, times and channels that a network uses agree with known sources."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from sincviz.eeg.band_limits import band_ranges, in_ranges
from sincviz.eeg.sums import WINDOW_LIMITS


@dataclass(frozen=True)
class Recovery:
    """Agreement of a relevance, or of losses, with the known sources; 1 is perfect.

    Attributes
    ----------
    cells : float
        Area under the ROC curve over all (band, channel) cells; 0.5 is chance.
    best_rank : int
        Rank of the best true cell among all cells.
    mass : float
        Share of all positive values that falls into true cells.
    bands : float
        Share that falls into the sources' bands.
    channels : float
        Area under the ROC curve over channels, losses summed over bands; 0.5 is chance.
    """

    cells: float
    best_rank: int
    mass: float
    bands: float
    channels: float


def true_cells(truth: xr.Dataset, loss: xr.DataArray) -> NDArray[np.bool_]:
    """Return the (band, channel) cells that carry class information.

    Those above half the maximum of the summed absolute scalp maps of the band's informative sources.

    Parameters
    ----------
    truth : xarray.Dataset
        The ground truth that :func:`sincviz.datasets.simulate_motor_imagery` returned.
    loss : xarray.DataArray, dims (band, channel)
        Gives bands and channels; limits of bands are the coordinates ``band_low_hz`` and ``band_high_hz``.

    Returns
    -------
    array of bool, shape (bands, channels)
        The cells.
    """
    sources = truth.sel(source=truth["role"] == "informative")
    center_hz = (sources["low_hz"] + sources["high_hz"]).to_numpy() / 2
    maps = np.abs(sources["scalp_map"].sel(channel=loss["channel"]).to_numpy())
    cells = np.zeros(loss.shape, bool)
    for row, ranges in enumerate(band_ranges(loss)):
        summed = maps[in_ranges(center_hz, ranges)].sum(0)
        cells[row] = summed > summed.max() / 2
    return cells


def recovery(loss: xr.DataArray, truth: xr.Dataset) -> Recovery:
    """Compare what a network loses without a band of a channel with the location of the sources.

    Parameters
    ----------
    loss : xarray.DataArray, dims (band, channel)
        Loss of score, as :func:`sincviz.analysis.evidence.ablation.ablate` returns it.
    truth : xarray.Dataset
        The ground truth that :func:`sincviz.datasets.simulate_motor_imagery` returned.

    Returns
    -------
    Recovery
        The agreement.

    Examples
    --------
    >>> from sincviz.datasets import simulate_motor_imagery
    >>> _, truth = simulate_motor_imagery(4, n_chans=8)
    >>> loss = xr.DataArray(np.zeros((2, 8)), coords={"band": ["alpha", "gamma"], "channel": truth.channel})
    >>> loss = loss.assign_coords(band_low_hz=("band", [8, 30]), band_high_hz=("band", [13, np.inf]))
    >>> loss.loc["alpha", ["C3", "C4", "CP3", "CP4"]] = 1.0
    >>> recovery(loss, truth).bands
    1.0
    """
    cells = true_cells(truth, loss)
    values = loss.to_numpy()
    gained = np.clip(values, 0, None)
    total = max(gained.sum(), np.finfo(float).tiny)
    return Recovery(
        cells=float(roc_auc_score(cells.ravel(), values.ravel())),
        best_rank=int((values > values[cells].max()).sum()) + 1,
        mass=float(gained[cells].sum() / total),
        bands=float(gained[cells.any(1)].sum() / total),
        channels=float(roc_auc_score(cells.any(0), values.sum(0))),
    )


@dataclass(frozen=True)
class RecoveryInTime:
    """Agreement of relevance over time with the known sources; 1 is perfect.

    Attributes
    ----------
    cells : float
        Area under the ROC curve over all (channel, window) cells; 0.5 is chance.
    best_rank : int
        Rank of the best true cell among all cells.
    mass : float
        Share of all positive values that falls into true cells.
    times : float
        Share that falls into windows with a true cell.
    channels : float
        Area under the ROC curve over channels, values summed over time; 0.5 is chance.
    """

    cells: float
    best_rank: int
    mass: float
    times: float
    channels: float


def true_cells_in_time(truth: xr.Dataset, relevance: xr.DataArray) -> NDArray[np.bool_]:
    """Return the (channel, window) cells that carry class information.

    Those with at least half the maximum of the informative sources' absolute scalp maps times their time courses,
    summed over sources and averaged in each window. Of motor imagery the time course is the fraction of the full loss
    of power.

    Parameters
    ----------
    truth : xarray.Dataset
        The ground truth that :func:`sincviz.datasets.simulate_erp` or
        :func:`sincviz.datasets.simulate_motor_imagery` returned.
    relevance : xarray.DataArray, dims ([target,] channel, time)
        Gives channels and windows, whose limits are the coordinates ``time_low_s`` (included) and ``time_high_s``
        (excluded), as :func:`sincviz.attribution.sum_over_times` returns them.

    Returns
    -------
    array of bool, shape (channels, windows)
        The cells.

    Raises
    ------
    ValueError
        If the limits of the windows are missing, or a window contains no time of the truth.

    Examples
    --------
    >>> from sincviz.datasets import simulate_erp
    >>> from sincviz.eeg.sums import sum_over_times
    >>> epochs, truth = simulate_erp(4, n_chans=8)
    >>> blank = xr.DataArray(np.zeros((8, 160)), {"channel": epochs.ch_names, "time": epochs.times}, name="relevance")
    >>> windows = sum_over_times(blank, width_s=0.05)
    >>> true = xr.DataArray(true_cells_in_time(truth, windows), windows.coords)
    >>> true["time"][true.any("channel")].values.round(2).tolist()
    [0.32, 0.37, 0.42]
    """
    if not set(WINDOW_LIMITS) <= set(relevance.coords):
        known = ", ".join(map(str, relevance.coords))
        raise ValueError(
            f"`relevance` must have the coordinates {' and '.join(WINDOW_LIMITS)}; got {known}. Pass "
            "sum_over_times(relevance)."
        )
    low_s, high_s = (relevance[name].to_numpy()[:, None] for name in WINDOW_LIMITS)
    time_s = truth["time"].to_numpy()
    inside = (time_s >= low_s) & (time_s < high_s)
    if not inside.any(axis=1).all():
        raise ValueError(
            f"Every window must contain a time of the truth, {time_s[0]:g} to {time_s[-1]:g} s; got windows from "
            f"{low_s.min():g} to {high_s.max():g} s. Pass the relevance and the truth of the same simulation."
        )
    sources = truth.sel(source=truth["role"] == "informative")
    maps = np.abs(sources["scalp_map"].sel(channel=relevance["channel"].to_numpy()).to_numpy())
    strength = maps.T @ sources["time_course"].to_numpy() @ (inside / inside.sum(axis=1, keepdims=True)).T
    return np.asarray((strength >= strength.max() / 2) & (strength > 0))


def recovery_in_time(relevance: xr.DataArray, truth: xr.Dataset) -> RecoveryInTime:
    """Compare the relevance of each channel over time with the location and the time course of the sources.

    Parameters
    ----------
    relevance : xarray.DataArray, dims ([target,] channel, time)
        Relevance of one target in windows of time, as :func:`sincviz.attribution.sum_over_times` returns it. Negative
        values do not count as found: pass absolute values if the sign says only which class the evidence is for.
    truth : xarray.Dataset
        The ground truth that :func:`sincviz.datasets.simulate_erp` or
        :func:`sincviz.datasets.simulate_motor_imagery` returned.

    Returns
    -------
    RecoveryInTime
        The agreement.

    Raises
    ------
    ValueError
        If relevance has other dimensions, more than one target or no limits of windows, a window contains no time of
        the truth, or all cells are true, or none.

    Examples
    --------
    >>> from sincviz.datasets import simulate_erp
    >>> from sincviz.eeg.sums import sum_over_times
    >>> epochs, truth = simulate_erp(4, n_chans=8)
    >>> found = truth["scalp_map"].sel(source="p300") * truth["time_course"].sel(source="p300")
    >>> recovery_in_time(sum_over_times(found), truth).cells
    1.0
    """
    if relevance.sizes.get("target") == 1:
        relevance = relevance.isel(target=0)
    if set(relevance.dims) != {"channel", "time"}:
        raise ValueError(
            f"`relevance` must have the dimensions channel and time, and one target at most; got "
            f"{dict(relevance.sizes)}. Select one of each other dimension, such as relevance.isel(target=0)."
        )
    cells = true_cells_in_time(truth, relevance)
    if cells.all() or not cells.any():
        raise ValueError(
            f"Some cells must be true and others not; got {cells.sum()} of {cells.size}. Pass all channels and times "
            "of the simulation."
        )
    values = relevance.transpose("channel", "time").to_numpy()
    gained = np.clip(values, 0, None)
    total = max(gained.sum(), np.finfo(float).tiny)
    of_channel = cells.any(1)
    return RecoveryInTime(
        cells=float(roc_auc_score(cells.ravel(), values.ravel())),
        best_rank=int((values > values[cells].max()).sum()) + 1,
        mass=float(gained[cells].sum() / total),
        times=float(gained[:, cells.any(0)].sum() / total),
        channels=float(roc_auc_score(of_channel, values.sum(1))),
    )
