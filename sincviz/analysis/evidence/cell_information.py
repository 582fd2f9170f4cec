"""Cell information: how well the data of one cell alone, such as a band of a channel, tell a class from the others."""

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.evidence.roc_areas import Bools, Floats, area_intervals, roc_areas
from sincviz.analysis.evidence.shared_information import (
    logarithms,
    shared_evoked,
    shared_power,
    without_strata,
)
from sincviz.analysis.evidence.target_trials import TargetTrials, permutations_of, target_trials
from sincviz.analysis.statistics.exchangeability import exchangeable_trials
from sincviz.analysis.statistics.trial_permutations import share_as_large
from sincviz.eeg.role_words import NO, NOT_SHOWN, YES

ALPHA = 0.05
LEVEL = 0.95
OPEN_LEVEL = 0.99
"""Where this interval of the area of two classes of several leaves 0.5 out, a cell tells them."""

POWER_EXCLUDED, EVOKED_EXCLUDED = 0.67, 0.77
"""Areas that a "no" excludes; evoked responses, whose form is not known, need more trials to exclude as much."""

POWER_MARGIN, EVOKED_MARGIN = 0.05, 0.1
"""So far from 0.5 must the area surely be that the discriminant components leave to a cell for a "yes"."""

LEAST_OF_CLASS = 20
"""With fewer independent trials in the class or the others only permutations establish that a cell is informative."""

_MARGINS = {"power": POWER_MARGIN, "evoked": EVOKED_MARGIN}


@dataclass(frozen=True, eq=False)
class CellParts:
    """The data of the cells of each row, such as a band: for each trial and channel numbers with its power and phases.

    Products of two channels' numbers, summed, are the covariance of the channels in this band (or this window).
    """

    rows: list[Floats]

    @classmethod
    def of_bands(cls, signals: NDArray[np.floating], members: Bools) -> "CellParts":
        """Return the parts in bands, from signals (trials, channels, times) and members (bands, frequencies)."""
        n_times = signals.shape[-1]
        spectrum = np.fft.rfft(np.asarray(signals, float)) * np.sqrt(2.0) / n_times
        spectrum[..., 0] /= np.sqrt(2.0)
        if n_times % 2 == 0:
            spectrum[..., -1] /= np.sqrt(2.0)
        both = [spectrum[..., row] for row in members]
        joined = [np.concatenate([part.real, part.imag], -1) for part in both]
        return cls([part[..., part.any((0, 1))] for part in joined])  # zero frequency has no imaginary part

    @classmethod
    def of_windows(cls, signals: NDArray[np.floating], members: Bools) -> "CellParts":
        """Return the parts in windows, from signals (trials, channels, times) and members (windows, times)."""
        return cls([np.asarray(signals[..., row], float) for row in members])


def cell_information(parts: CellParts, trials: TargetTrials, dims: tuple[str, str, str]) -> xr.Dataset:
    """Return what each cell alone tells of every target.

    Parameters
    ----------
    parts : CellParts
        Data of the cells.
    trials : TargetTrials
        Trials of the targets.
    dims : tuple of str
        Names of targets, rows and channels.

    Returns
    -------
    xarray.Dataset
        ``power_area`` and ``evoked_area`` with ``_ci_low`` and ``_ci_high``, ``p_informative`` (of the larger of the
        two distances from 0.5, corrected for the number of cells and targets by the largest of permuted labels),
        ``informative``.

    Notes
    -----
    An area of 100 trials is known to 0.11 either way, of 200 to 0.08. This also takes what the functions of
    :mod:`sincviz.analysis.evidence.shared_information` find. A trial in which a channel has no power in a row, because
    it is flat, counts as the one with the least power there; a channel without power in all of them is NaN.
    """
    members, permuted, folds = trials.members, trials.permuted, trials.folds
    n_targets, n_rows = len(members), len(parts.rows)
    shape = (n_targets, n_rows, parts.rows[0].shape[1])
    found = {name: np.full(shape, np.nan) for name in _NAMES}
    largest = np.zeros(permuted.shape[1])
    n_tests = found["distance"].size
    for row, values in enumerate(parts.rows):
        usable = (values != 0).any((0, 2))
        if not usable.any():
            continue
        values = values[:, usable]
        power, apart = _log_power(values, trials.strata), without_strata(values, trials.strata)
        for target, own in enumerate(members):
            if own.all() or not own.any():
                continue
            with_permuted = np.vstack([own[None], permuted[target]])
            areas = roc_areas(power, with_permuted)
            scores, evoked = _evoked(apart, with_permuted, folds)
            where = (target, row, usable)
            found["power_area"][where], found["evoked_area"][where] = areas[:, 0], evoked[:, 0]
            for of, numbers, within in (("power", power, None), ("evoked", scores, folds)):
                low, high = area_intervals(numbers, own, LEVEL, within, trials.widening)
                found[f"{of}_area_ci_low"][where], found[f"{of}_area_ci_high"][where] = low, high
            # Folds make an evoked response that is there larger than 0.5.
            distance = np.fmax(np.abs(areas - 0.5), evoked - 0.5)
            found["distance"][where] = distance[:, 0]
            largest = np.fmax(largest, distance[:, 1:].max(0))
            found["enough"][where] = trials.n_units_of_less(target) >= LEAST_OF_CLASS
            # More of it or less, by power or evoked response.
            setting = (2 * n_tests, trials.widening, trials.strata)
            for of, shared in (
                ("power", shared_power(values, power, own, folds, *setting)),
                ("evoked", shared_evoked(values, own, folds, *setting)),
            ):
                found[f"shared_{of}_area"][where] = shared.area
                found[f"surely_{of}"][where] = shared.sign * (shared.least - 0.5 > _MARGINS[of])
        for one, other in itertools.combinations(range(n_targets), 2):
            told = _tells_two(apart, power, trials, one, other)
            for target in (one, other):
                found["tells_two"][target, row, usable] = np.fmax(
                    found["tells_two"][target, row, usable], told
                )
    found["p_informative"] = np.where(
        np.isfinite(found["distance"]), share_as_large(largest, found["distance"]), np.nan
    )
    words = _words(found, permutable=permuted.shape[1] > 0)
    return xr.Dataset({name: (dims, found[name]) for name in SHOWN_NAMES} | {"informative": (dims, words)})


_ENDS = ("", "_ci_low", "_ci_high")
SHOWN_NAMES = (
    *(f"{of}_area{end}" for of in ("power", "evoked") for end in _ENDS),
    *("shared_power_area", "shared_evoked_area", "p_informative"),
)
_NAMES = (*SHOWN_NAMES, "distance", "enough", "surely_power", "surely_evoked", "tells_two")


def _words(found: dict[str, Floats], *, permutable: bool) -> NDArray[np.str_]:
    """Return "yes", "no" or "not shown" for every cell."""
    enough = found["enough"] == 1
    low, high = found["power_area_ci_low"], found["power_area_ci_high"]
    surely = (found["surely_power"] > 0) & (low > 0.5) | (found["surely_power"] < 0) & (high < 0.5)
    surely |= (found["surely_evoked"] > 0) & (found["evoked_area_ci_low"] > 0.5)
    informative = (found["p_informative"] < ALPHA) | (surely & enough & permutable)

    nothing = enough & (low <= 0.5) & (high >= 0.5) & (low > 1 - POWER_EXCLUDED) & (high < POWER_EXCLUDED)
    # The projection on a mean of few trials tells less than the evoked response could.
    of_evoked = np.maximum(found["evoked_area_ci_high"], found["shared_evoked_area"])
    nothing &= (found["evoked_area_ci_low"] <= 0.5) & (of_evoked < EVOKED_EXCLUDED)
    # What tells other classes apart may be in the middle for this one.
    nothing &= ~informative.any(0) & (found["tells_two"] != 1)
    return np.where(informative, YES, np.where(nothing, NO, NOT_SHOWN))


def _tells_two(apart: Floats, power: Floats, trials: TargetTrials, one: int, other: int) -> Bools:
    """Return of each channel whether it tells two of the classes, apart from all others."""
    here = trials.members[one] | trials.members[other]
    own, folds = trials.members[one][here], trials.folds[here]
    if own.all() or not own.any():
        return np.zeros(len(power), bool)
    scores, _ = _evoked(apart[here], own[None], folds)
    low, high = area_intervals(power[:, here], own, OPEN_LEVEL, widening=trials.widening)
    of_evoked, _ = area_intervals(scores, own, OPEN_LEVEL, folds, trials.widening)
    return np.asarray((low > 0.5) | (high < 0.5) | (of_evoked > 0.5))


def _log_power(values: Floats, strata: NDArray[np.int64]) -> Floats:
    """Return the logarithm of the power, (channels, trials), the mean of each stratum removed."""
    return np.ascontiguousarray(without_strata(logarithms((values**2).sum(2)), strata).T)


def _evoked(values: Floats, members: Bools, folds: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the projection of each trial on the difference of the classes' means in the trials of the other folds.

    Returns
    -------
    scores : array, shape (channels, trials)
        Of the first row of members.
    areas : array, shape (channels, rows)
        Of all rows.
    """
    n_trials, n_channels, _ = values.shape
    scores = np.full((n_channels, n_trials), np.nan)
    larger, pairs = np.zeros((n_channels, len(members))), np.zeros(len(members))
    for fold in np.unique(folds):
        test = folds == fold
        train = members[:, ~test].astype(float)
        n_own, n_rest = train.sum(1, keepdims=True), (1 - train).sum(1, keepdims=True)
        weights = train / np.maximum(n_own, 1) - (1 - train) / np.maximum(n_rest, 1)
        here = members[:, test].T.astype(float)
        own = here.sum(0)
        pairs += own * (len(here) - own)
        for channel in range(n_channels):
            # From products of trials every permutation follows, without its evoked response.
            products = values[test, channel] @ values[~test, channel].T
            projected = products @ weights.T  # (test trials, rows)
            scores[channel, test] = projected[:, 0]
            ranks = projected.argsort(0).argsort(0) + 1.0
            larger[channel] += (ranks * here).sum(0) - own * (own + 1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return scores, larger / pairs


def told_by_bands(
    signals: NDArray[np.floating],
    codes: NDArray[np.int64],
    covered: Bools,
    structure: pd.DataFrame,
    seed: int = 0,
) -> xr.Dataset:
    """Return :func:`cell_information` of bands, without a network.

    Parameters
    ----------
    signals : array, shape (trials, channels, times)
        Trials.
    codes : array of int, shape (trials,)
        The class of each trial.
    covered : array of bool, shape (bands, frequencies)
        What each band covers.
    structure : pandas.DataFrame
        What :func:`sincviz.analysis.statistics.exchangeability.trial_structure` returned.
    seed : int
        Seed of the permutations.

    Returns
    -------
    xarray.Dataset, dims (target, band, channel)
        Of two classes one target.
    """
    permuted, strata = permutations_of(structure, codes, seed)
    present = np.unique(codes)
    trials = target_trials(
        np.searchsorted(present, codes),
        1 if len(present) < 3 else len(present),
        np.searchsorted(present, permuted),
        strata,
        exchangeable_trials(structure, codes)["unit"].to_numpy(),
        seed,
    )
    return cell_information(CellParts.of_bands(signals, covered), trials, ("target", "band", "channel"))
