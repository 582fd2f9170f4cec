"""Cell information: how well the data of one cell alone, such as a band of a channel, tell a class from the others."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.evidence.roc_areas import Bools, Floats, area_intervals, roc_areas
from sincviz.analysis.evidence.shared_information import shared_evoked, shared_power
from sincviz.analysis.evidence.target_trials import TargetTrials, permutations_of, target_trials
from sincviz.analysis.statistics.exchangeability import exchangeable_trials
from sincviz.analysis.statistics.trial_permutations import share_as_large
from sincviz.eeg.role_words import NO, NOT_SHOWN, YES

ALPHA = 0.05
LEVEL = 0.95
OPEN_LEVEL = 0.99
"""Where this interval of a cell's own area leaves 0.5 out, it is not said to carry no information."""

OWN_MARGIN = 0.2
"""So far from 0.5 may the 95 % interval of a cell's own area reach for a "no".

The limit of the best discriminant component may reach as far, where none is sure.
"""

POWER_MARGIN, EVOKED_MARGIN = 0.05, 0.1
"""So far from 0.5 may the area be that the discriminant components leave to a cell without information.

A cell that tells a class in 55 % of pairs of trials is of no use by itself; evoked responses of a hundred trials are
not known better than to 60 %.
"""

LEAST_UNITS = 40
"""With fewer independent trials only permutations establish that a cell is informative."""

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
    An area of 100 or 200 trials is known only to 0.08 either way: too little for a "no". This also takes what
    the functions of :mod:`sincviz.analysis.evidence.shared_information` find.
    """
    members, permuted, folds = trials.members, trials.permuted, trials.folds
    n_targets, n_rows = len(members), len(parts.rows)
    shape = (n_targets, n_rows, parts.rows[0].shape[1])
    found = {name: np.full(shape, np.nan) for name in _NAMES}
    largest = np.zeros(permuted.shape[1])
    n_tests, enough = found["distance"].size, permuted.shape[1] > 0 and trials.n_units >= LEAST_UNITS
    for row, values in enumerate(parts.rows):
        power = _log_power(values, trials.strata)
        usable = np.isfinite(power).all(1)
        if not usable.any():
            continue
        values, power = values[:, usable], power[usable]
        for target, own in enumerate(members):
            if own.all() or not own.any():
                continue
            with_permuted = np.vstack([own[None], permuted[target]])
            areas = roc_areas(power, with_permuted)
            scores, evoked = _evoked(values, with_permuted, folds)
            where = (target, row, usable)
            found["power_area"][where], found["evoked_area"][where] = areas[:, 0], evoked[:, 0]
            for name, level in (("", LEVEL), ("open_", OPEN_LEVEL)):
                for of, numbers, apart in (("power", power, None), ("evoked", scores, folds)):
                    low, high = area_intervals(numbers, own, level, apart, trials.widening)
                    found[f"{name}{of}_area_ci_low"][where] = low
                    found[f"{name}{of}_area_ci_high"][where] = high
            # Folds make an evoked response that is there larger than 0.5.
            distance = np.fmax(np.abs(areas - 0.5), evoked - 0.5)
            found["distance"][where] = distance[:, 0]
            largest = np.fmax(largest, distance[:, 1:].max(0))
            for of, shared in (
                ("power", shared_power(values, power, own, folds, n_tests, trials.widening)),
                ("evoked", shared_evoked(values, own, folds, n_tests, trials.widening)),
            ):
                found[f"shared_{of}_area"][where] = shared.area
                margin = _MARGINS[of] if shared.reliable else OWN_MARGIN
                found[f"left_{of}"][where] = shared.area - 0.5 - margin
                surely = enough & (shared.least - 0.5 > _MARGINS[of])
                found[f"surely_{of}"][where] = shared.sign * surely
    found["p_informative"] = np.where(
        np.isfinite(found["distance"]), share_as_large(largest, found["distance"]), np.nan
    )
    words = _words(found)
    return xr.Dataset({name: (dims, found[name]) for name in SHOWN_NAMES} | {"informative": (dims, words)})


_ENDS = ("", "_ci_low", "_ci_high")
SHOWN_NAMES = (
    *(f"{of}_area{end}" for of in ("power", "evoked") for end in _ENDS),
    *("shared_power_area", "shared_evoked_area", "p_informative"),
)
_NAMES = (
    *SHOWN_NAMES,
    *(f"open_{of}_area{end}" for of in ("power", "evoked") for end in _ENDS[1:]),
    "distance",
    "left_power",
    "left_evoked",
    "surely_power",
    "surely_evoked",
)


def _words(found: dict[str, Floats]) -> NDArray[np.str_]:
    """Return "yes", "no" or "not shown" for every cell."""
    informative = found["p_informative"] < ALPHA
    informative |= (found["surely_power"] > 0) & (found["power_area_ci_low"] > 0.5)
    informative |= (found["surely_power"] < 0) & (found["power_area_ci_high"] < 0.5)
    informative |= (found["surely_evoked"] > 0) & (found["evoked_area_ci_low"] > 0.5)
    nothing = np.ones(informative.shape, bool)
    for of in _MARGINS:
        low, high = found[f"{of}_area_ci_low"], found[f"{of}_area_ci_high"]
        nothing &= (high < 0.5 + OWN_MARGIN) & (found[f"open_{of}_area_ci_low"] <= 0.5)
        nothing &= found[f"left_{of}"] < 0
        if of == "power":
            nothing &= (low > 0.5 - OWN_MARGIN) & (found["open_power_area_ci_high"] >= 0.5)
    return np.where(informative, YES, np.where(nothing, NO, NOT_SHOWN))


def _log_power(values: Floats, strata: NDArray[np.int64]) -> Floats:
    """Return the logarithm of the power, (channels, trials), the mean of each stratum removed."""
    with np.errstate(divide="ignore"):
        power = np.log((values**2).sum(2)).T
    for stratum in np.unique(strata):
        here = strata == stratum
        with np.errstate(invalid="ignore"):
            power[:, here] -= power[:, here].mean(1, keepdims=True)
    return np.asarray(power)


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
