"""Narrow lines in relevance: which of them a network uses."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.doctor.line_noise import LEAST_CHANNELS, RHYTHMS_BELOW_HZ, stands_out
from sincviz.analysis.doctor.relevance_shares import LEAST_SHARE

LINE_WIDTH_HZ = 1.0
LOWEST_LINE_HZ = 5.0
MAINS_HZ = (50.0, 60.0)
TIMES_BESIDE_LINE = 3.0  # of the relevance beside it, where the trials have a line
TIMES_BESIDE_PEAK = 10.0  # where only the relevance tells


def used_lines(spectrum: xr.DataArray, power: xr.DataArray | None) -> list[tuple[float, NDArray[np.bool_]]]:
    """Return the frequency and bins of each narrow line that some class uses."""
    frequency = spectrum["frequency"].to_numpy()
    if len(frequency) < 2:
        return []
    clear, faint = (
        None if power is None else stands_out(power, faint=is_faint).to_numpy() for is_faint in (False, True)
    )
    lines: list[tuple[float, NDArray[np.bool_]]] = []
    taken = frequency < LOWEST_LINE_HZ
    for values in spectrum.to_numpy():
        profile = values.sum(0)
        positive = profile.clip(0)
        for peak in np.argsort(-profile, kind="stable"):
            bins, beside = _around(frequency, float(frequency[peak]))
            if profile[peak] <= 0 or profile[peak] * bins.sum() < LEAST_SHARE * positive.sum():
                break
            if (taken & bins).any() or not beside.any():
                continue
            inside, outside = profile[bins].mean(), abs(profile[beside]).mean()
            stands, towers = inside > TIMES_BESIDE_LINE * outside, inside > TIMES_BESIDE_PEAK * outside
            weight = values[:, bins].sum(1).clip(0)
            if clear is None or faint is None:
                is_line = towers and _fine_enough(frequency, peak)
            else:
                is_line = (stands and _in_trials(clear[:, bins], weight)) or (
                    towers and _in_trials(faint[:, bins], weight)
                )
            if is_line:
                lines.append((float(frequency[bins] @ positive[bins] / positive[bins].sum()), bins))
                taken = taken | bins
    return lines


def _around(frequency: NDArray[np.float64], peak_hz: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the bins that a line fills, and those beside it."""
    bin_hz = frequency[1] - frequency[0]
    width_hz = LINE_WIDTH_HZ if peak_hz >= RHYTHMS_BELOW_HZ else LINE_WIDTH_HZ / 2
    distance_hz = abs(frequency - peak_hz)
    reach_hz = max(width_hz, bin_hz / 2) + max(3 * width_hz, 2 * bin_hz)
    bins = distance_hz <= width_hz
    return bins, ~bins & (distance_hz <= reach_hz)


def _fine_enough(frequency: NDArray[np.float64], peak: int) -> bool:
    """Return whether the bins are fine enough to show that a rhythm is not a line."""
    return bool(frequency[peak] >= RHYTHMS_BELOW_HZ or frequency[1] - frequency[0] <= LINE_WIDTH_HZ / 2)


def _in_trials(standing: NDArray[np.bool_], weight: NDArray[np.float64]) -> bool:
    """Return whether the trials have a line, on half of the channels or on those with half of its relevance."""
    has_line = standing.any(1)
    return bool(has_line.mean() >= LEAST_CHANNELS or weight @ has_line >= LEAST_CHANNELS * weight.sum() > 0)


def line_label(line_hz: float) -> tuple[str, bool]:
    """Return a line's frequency in words, and whether it is one of the mains."""
    multiples = [round(line_hz / mains_hz) * mains_hz for mains_hz in MAINS_HZ]
    nearest = min(multiples, key=lambda multiple: abs(multiple - line_hz))
    if nearest > 0 and abs(nearest - line_hz) <= LINE_WIDTH_HZ / 2:
        return f"{nearest:g}", True
    return f"{round(line_hz, 1):g}", False
