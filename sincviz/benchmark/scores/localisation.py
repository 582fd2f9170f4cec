"""Localisation: how far the peak of a relevance is from the sources, in hertz and in milliseconds."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sincviz.benchmark.scores.grid import (
    BAND_WIDTH_HZ,
    GRID,
    INFORMATIVE,
    WINDOW_WIDTH_S,
    frequencies_hz,
    times_s,
    true_cells_of,
)

if TYPE_CHECKING:
    from sincviz.benchmark.cases import Case

Floats = NDArray[np.float64]

PLATEAU_S = 0.1
"""Time courses that stay at their maximum for longer have no peak, but a middle."""


def leading_peak(profile: Floats, positions: Floats, width: float) -> float:
    """Return where a profile is largest, to less than the distance of its values.

    The profile is summed over a window that moves along it, because within the band of a source every frequency is
    equally right and the largest single value is chance. The peak is the centre of mass of the positive sums around
    the largest that are at least half as large, so that of a plateau it is the middle.

    Parameters
    ----------
    profile : ndarray, shape (n,)
        The values.
    positions : ndarray, shape (n,)
        Where they are, evenly spaced.
    width : float
        Width of the window, in units of the positions.

    Returns
    -------
    float
        The position; NaN if no sum is positive.

    Examples
    --------
    >>> float(leading_peak(np.array([0.0, 0, 1, 1, 1, 0, 0]), np.arange(7.0), 3.0))
    3.0
    """
    sums = _moving_sums(profile, positions, width)
    best = int(sums.argmax())
    if sums[best] <= 0:
        return float("nan")
    low = sums < sums[best] / 2
    first = best - int(np.argmax(np.append(low[best::-1], True))) + 1
    end = best + int(np.argmax(np.append(low[best:], True)))
    inside = slice(first, end)
    return float(np.average(positions[inside], weights=sums[inside]))


def error_hz(case: "Case", relevance: NDArray[np.floating]) -> float:
    """Return how far the leading frequency of a relevance is from the nearest informative source.

    The relevance is summed over the channels that have a true cell, where a frequency can be right, and its peak found
    with :func:`leading_peak` in windows of 4 Hz, the width of a band of the grid. It is compared with the centres of
    the informative sources' bands. Of relevance that is the same in all bins of a band of the grid, and none elsewhere,
    it is half the distance of two bins, because the bin at the upper limit belongs to the next band.

    Parameters
    ----------
    case : Case
        With a truth in frequency.
    relevance : ndarray, shape (channels, rfft bins)
        The relevance.

    Returns
    -------
    float
        Distance in hertz; NaN if no relevance is positive, or no source informative.
    """
    sources = case.truth.isel(source=np.flatnonzero(case.truth["role"] == INFORMATIVE))
    frequency_hz = frequencies_hz(case)
    scored = frequency_hz < max(high for _, high in GRID.values())
    of_channel = true_cells_of(case).any(axis=1)
    profile = np.asarray(relevance, float)[of_channel][:, scored].sum(axis=0)
    peak_hz = leading_peak(profile, frequency_hz[scored], BAND_WIDTH_HZ)
    center_hz = (sources["low_hz"] + sources["high_hz"]).to_numpy() / 2
    return _distance(peak_hz, center_hz)


def error_ms(case: "Case", relevance: NDArray[np.floating]) -> float:
    """Return how far the time of a relevance is from that of the nearest informative source.

    The relevance is summed over all channels, in windows of 50 ms that move by one sample. If the source has a peak,
    the largest sum is compared with it; if it stays at its maximum for more than 100 ms, the middle of the box, two
    levels fitted by least squares, is compared with the middle of its plateau.

    Parameters
    ----------
    case : Case
        With a truth in time.
    relevance : ndarray, shape (channels, times)
        The relevance.

    Returns
    -------
    float
        Distance in milliseconds; NaN if no relevance is positive, or no source informative.
    """
    sources = case.truth.isel(source=np.flatnonzero(case.truth["role"] == INFORMATIVE))
    time_s = times_s(case)
    sums = _moving_sums(np.asarray(relevance, float).sum(axis=0), time_s, WINDOW_WIDTH_S)
    if sums.max() <= 0:
        return float("nan")
    peak_s = float(time_s[sums >= sums.max() * (1 - 1e-6)].mean())
    middle_s: float | None = None
    distances = []
    truth_s = sources["time"].to_numpy()
    for course in sources["time_course"].to_numpy():
        top_s = truth_s[course >= course.max() * 0.99]
        if np.ptp(top_s) > PLATEAU_S:
            middle_s = _middle_of_box(sums, time_s) if middle_s is None else middle_s
            distances.append(abs(middle_s - (top_s[0] + top_s[-1]) / 2))
        else:
            distances.append(abs(peak_s - truth_s[course.argmax()]))
    return 1000 * float(min(distances)) if distances else float("nan")


def _moving_sums(profile: Floats, positions: Floats, width: float) -> Floats:
    step = float(positions[1] - positions[0])
    # An odd number of values keeps the window's centre on one of them.
    n = min(2 * round((width / step - 1) / 2) + 1, 2 * ((len(profile) - 1) // 2) + 1)
    return np.convolve(profile, np.ones(n), mode="same")


def _middle_of_box(profile: Floats, positions: Floats) -> float:
    """Return the middle of the raised part of a profile, two levels fitted by least squares."""
    n, sums = len(profile), np.append(0.0, np.cumsum(profile))
    first, end = np.triu_indices(n + 1, 1)
    size, inside = end - first, sums[end] - sums[first]
    rest = np.maximum(n - size, 1)
    raised = inside / size - (sums[-1] - inside) / rest
    gain = np.where(size < n, np.maximum(raised, 0) ** 2 * size * rest, -1.0)
    best = int(gain.argmax())
    return float((positions[first[best]] + positions[end[best] - 1]) / 2)


def _distance(position: float, centers: Floats) -> float:
    return float(np.abs(position - centers).min()) if len(centers) else float("nan")
