"""The grid of cells: bands or windows of time of every channel, in which attributions are compared with the truth."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.evidence.recovery import true_cells, true_cells_in_time
from sincviz.benchmark.conditions import GRID as GRID
from sincviz.eeg.band_limits import with_band_limits
from sincviz.eeg.sums import sum_over_times

if TYPE_CHECKING:
    from sincviz.benchmark.cases import Case

BAND_WIDTH_HZ = 4.0

WINDOW_WIDTH_S = 0.05

FREQUENCY, TIME = DOMAINS = ("frequency", "time")

INFORMATIVE, SUPPRESSOR = "informative", "suppressor"


def domain_of(case: "Case", values: NDArray[np.floating]) -> str:
    """Return whether values are over samples (``"time"``) or over rfft bins (``"frequency"``).

    Parameters
    ----------
    case : Case
        Gives the number of times.
    values : ndarray, shape (..., channels, times) or (..., channels, times // 2 + 1)
        An attribution.

    Raises
    ------
    ValueError
        If the shape is neither.
    """
    _, n_chans, n_times = case.x.shape
    n_bins = n_times // 2 + 1
    if values.ndim >= 2 and values.shape[-2] == n_chans and values.shape[-1] in (n_times, n_bins):
        return TIME if values.shape[-1] == n_times else FREQUENCY
    raise ValueError(
        f"An attribution must end in (channels, times) or (channels, rfft bins), {(n_chans, n_times)} or "
        f"{(n_chans, n_bins)}; got the shape {values.shape}."
    )


def frequencies_hz(case: "Case") -> NDArray[np.float64]:
    """Return the frequency of each rfft bin, shape (times // 2 + 1,)."""
    return np.asarray(np.fft.rfftfreq(case.x.shape[-1], 1 / case.sfreq), np.float64)


def times_s(case: "Case") -> NDArray[np.float64]:
    """Return the time of each sample in seconds, shape (times,)."""
    return np.asarray(case.tmin_s + np.arange(case.x.shape[-1]) / case.sfreq)


def column_members(case: "Case") -> NDArray[np.bool_]:
    """Return which rfft bins (or samples) belong to each column of the case's cells.

    Parameters
    ----------
    case : Case
        ``case.domain`` says which plane.

    Returns
    -------
    array of bool, shape (columns, bins or times)
        Bands are counted from low (included) to high (excluded); windows of 50 ms as in
        :func:`sincviz.attribution.sum_over_times`. A bin at 48 Hz or above belongs to none.
    """
    if case.domain == FREQUENCY:
        low_hz, high_hz = np.array(list(GRID.values())).T[:, :, None]
        frequency_hz = frequencies_hz(case)
        return np.asarray((frequency_hz >= low_hz) & (frequency_hz < high_hz))
    samples = xr.DataArray(np.eye(case.x.shape[-1]), {"time": times_s(case)}, ("sample", "time"))
    return np.asarray(sum_over_times(samples, WINDOW_WIDTH_S).to_numpy().T > 0)


def cells_of(case: "Case", values: NDArray[np.floating]) -> NDArray[np.float64] | None:
    """Return the sums of an attribution in each cell; what lies at 48 Hz or above is in none.

    Parameters
    ----------
    case : Case
        Its ``domain`` is the plane in which the truth is known.
    values : ndarray, shape (..., channels, times) or (..., channels, times // 2 + 1)
        An attribution over samples or rfft bins.

    Returns
    -------
    ndarray, shape (..., channels, bands) or (..., channels, windows), or None
        ``None`` if the attribution is over samples and the truth over frequencies, or the other way round: an
        attribution over samples has no frequencies, and a spectrum no times.

    Raises
    ------
    ValueError
        If the shape is neither.
    """
    if domain_of(case, values) != case.domain:
        return None
    sums = np.asarray(values, np.float64) @ column_members(case).T
    # A matrix product may round equal sums differently, which would make an order of what is equal.
    scale = np.abs(sums).max(initial=0) or 1.0
    return np.asarray(np.round(sums / scale, 12) * scale)


def channels_of(case: "Case", values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the sums of an attribution over what is scored of each channel.

    Parameters
    ----------
    case : Case
        Gives the number of times and the sampling rate.
    values : ndarray, shape (..., channels, times) or (..., channels, times // 2 + 1)
        An attribution over samples, all of which are summed, or over rfft bins, those below 48 Hz.

    Returns
    -------
    ndarray, shape (..., channels)
        The sums.
    """
    scored = np.asarray(values, np.float64)
    if domain_of(case, values) == FREQUENCY:
        scored = scored[..., frequencies_hz(case) < max(high for _, high in GRID.values())]
    return np.asarray(scored.sum(axis=-1))


def true_cells_of(case: "Case", role: str = INFORMATIVE) -> NDArray[np.bool_]:
    """Return the cells of the sources of one role.

    In frequency those of :func:`sincviz.analysis.evidence.recovery.true_cells`, where a source counts in every band of
    which it covers half or more, and in the band of its centre; that function alone puts a source of 16–24 Hz only in
    20–24 Hz. In time those of :func:`sincviz.analysis.evidence.recovery.true_cells_in_time`.

    Parameters
    ----------
    case : Case
        Its ``truth`` has the sources.
    role : str
        Of the sources, such as ``"informative"`` or ``"suppressor"``.

    Returns
    -------
    array of bool, shape (channels, bands) or (channels, windows)
        All false if no source has the role.
    """
    sources = case.truth.isel(source=np.flatnonzero(case.truth["role"] == role))
    n_columns = len(column_members(case))
    if not sources.sizes["source"]:
        return np.zeros((len(case.ch_names), n_columns), bool)
    informative = sources.assign_coords(role=("source", [INFORMATIVE] * sources.sizes["source"]))
    channel = {"channel": list(case.ch_names)}
    if case.domain == TIME:
        blank = xr.DataArray(
            np.zeros((len(case.ch_names), case.x.shape[-1])), channel | {"time": times_s(case)}
        )
        return true_cells_in_time(informative, sum_over_times(blank, WINDOW_WIDTH_S))
    frame = xr.DataArray(
        np.zeros((n_columns, len(case.ch_names))), {"band": list(GRID)} | channel, ("band", "channel")
    )
    return true_cells(_in_bands(informative), with_band_limits(frame, GRID)).T


def _in_bands(sources: xr.Dataset) -> xr.Dataset:
    """Return the sources with one copy, which lies in that band alone, for each band that a source covers."""
    low_hz, high_hz = (sources[name].to_numpy().astype(float)[:, None] for name in ("low_hz", "high_hz"))
    band_low_hz, band_high_hz = np.array(list(GRID.values())).T
    shared_hz = np.minimum(high_hz, band_high_hz) - np.maximum(low_hz, band_low_hz)
    center_hz = (low_hz + high_hz) / 2
    covered = (shared_hz >= BAND_WIDTH_HZ / 2) | ((center_hz >= band_low_hz) & (center_hz < band_high_hz))
    source, band = np.nonzero(covered)
    copies = sources.isel(source=source)
    return copies.assign_coords(
        source=np.arange(len(source)),
        low_hz=("source", band_low_hz[band]),
        high_hz=("source", band_high_hz[band]),
    )
