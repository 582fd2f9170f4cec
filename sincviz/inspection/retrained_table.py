"""The table of retrained networks: means over seeds, and what changed by more than seeds and trials explain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.accuracy import wilson_interval
from sincviz.eeg.regions import OTHER as NO_REGION
from sincviz.eeg.regions import scalp_regions
from sincviz.inspection.variations import Variation

ALPHA = 0.05
LEAST_CHANGE = 0.05
"""A share that changes by less is not named, however sure that is."""

SLOW = ("other", "delta")
"""Bands below 4 Hz; what no band covers lies below 1 Hz."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reading:
    """What one trained network does on the trials.

    Attributes
    ----------
    correct : array of bool, shape (trials,)
        Which trials it gets right.
    area : tuple of float
        Area under the ROC curve, and its interval over trials.
    contrast : xarray.DataArray, dims (target, band, channel)
        Of its relevance.
    majority : float
        Share of the most frequent class.
    n_trained : int
        Trials of its training.
    """

    correct: NDArray[np.bool_]
    area: tuple[float, float, float]
    contrast: xr.DataArray
    majority: float
    n_trained: int


def sensitivity_table(
    variations: Sequence[Variation], readings: Mapping[str, Sequence[Reading]]
) -> pd.DataFrame:
    """Return one row for each variation, the first of which the others are compared with.

    Columns are those of :func:`sincviz.inspection.preparation_sensitivity`.
    """
    of_all = [readings[variation.words] for variation in variations]
    first = of_all[0][0].contrast
    bands, channels = (first[dim].to_numpy().astype(str).tolist() for dim in ("band", "channel"))
    correct = np.array([[reading.correct for reading in row] for row in of_all], float)
    sizes = np.abs([[reading.contrast.to_numpy() for reading in row] for row in of_all]).sum(2)
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = sizes / sizes.sum((2, 3), keepdims=True)  # (variations, seeds, bands, channels)
    shares = sizes.sum(3)
    accuracy = correct.mean(2)
    below = shares[:, :, [bands.index(band) for band in SLOW]].sum(2)
    majority = of_all[0][0].majority
    limits = [_interval_over_trials(one) for one in correct]
    above = np.array([low > majority for low, _ in limits])
    margins, share_margins = _accuracy_margins(correct), _share_margins(shares[above])
    vectors = [[reading.contrast.to_numpy().ravel() for reading in row] for row in of_all]
    rows: list[dict[str, Any]] = []
    for number, variation in enumerate(variations):
        change, margin = accuracy[number].mean() - accuracy[0].mean(), margins[number]
        moved = np.abs(shares[number].mean(0) - shares[0].mean(0)) > np.maximum(share_margins, LEAST_CHANGE)
        area = np.mean([reading.area for reading in of_all[number]], axis=0)
        region, region_share = _leading(sizes[number].mean(0).sum(0), channels)
        rows.append(
            {
                "changed": variation.changed,
                "accuracy": accuracy[number].mean(),
                "ci_low": limits[number][0],
                "ci_high": limits[number][1],
                "accuracy_seed_sd": accuracy[number].std(ddof=1),
                "above_chance": bool(above[number]),
                "accuracy_change": change,
                "change_ci_low": change - margin,
                "change_ci_high": change + margin,
                "accuracy_changed": abs(change) > margin,
                "roc_auc": area[0],
                "roc_auc_ci_low": area[1],
                "roc_auc_ci_high": area[2],
                "below_4_hz": below[number].mean(),
                "below_4_hz_seed_sd": below[number].std(ddof=1),
                **{f"share_{band}": shares[number, :, at].mean() for at, band in enumerate(bands)},
                # Chance rests on nothing.
                "bands_changed": ", ".join(np.array(bands)[moved]) if above[number] and above[0] else "",
                "region": region,
                "region_share": region_share,
                "agreement": _agreement(vectors[number], vectors[0]),
                "n_seeds": len(of_all[number]),
                "n_training_trials": of_all[number][0].n_trained,
                "highpass_hz": np.nan if variation.highpass_hz is None else variation.highpass_hz,
            }
        )
        if not number:
            rows[0] |= {"accuracy_changed": False, "change_ci_low": np.nan, "change_ci_high": np.nan}
    names = pd.Index([variation.words for variation in variations], name="variation")
    table = pd.DataFrame(rows, names)
    table.attrs = {"chance": majority, "n_trials": correct.shape[2], "bands": bands}
    return table


def _interval_over_trials(correct: Floats) -> tuple[float, float]:
    """Return that of the mean accuracy over seeds, as wide as that of a single network."""
    n_trials = correct.shape[1]
    return wilson_interval(round(float(correct.mean()) * n_trials), n_trials)


def _quantile(n_variations: int, n_seeds: int, n_tests: int) -> float:
    """Return how many standard errors a change must exceed."""
    freedom = n_variations * (n_seeds - 1)
    return float(scipy.stats.t.ppf(1 - ALPHA / 2 / max(n_tests, 1), freedom))


def _share_margins(shares: Floats) -> Floats:
    """Return half the interval of the change of each band, from shares of (variations, seeds, bands)."""
    n_variations, n_seeds, n_bands = shares.shape
    if not n_variations:
        return np.full(n_bands, np.inf)
    error: Floats = np.sqrt(2 * shares.var(1, ddof=1).mean(0) / n_seeds)
    return _quantile(n_variations, n_seeds, (n_variations - 1) * n_bands) * error


def _accuracy_margins(correct: Floats) -> Floats:
    """Return half the interval of the change of each variation, from what is right: (variations, seeds, trials)."""
    n_variations, n_seeds, n_trials = correct.shape
    between_seeds = 2 * correct.mean(2).var(1, ddof=1).mean() / n_seeds
    paired = correct.mean(1) - correct[0].mean(0)
    between_trials = paired.var(1, ddof=1) / n_trials
    error: Floats = np.sqrt(between_seeds + between_trials)
    return _quantile(n_variations, n_seeds, n_variations - 1) * error


def _agreement(ones: Sequence[Floats], others: Sequence[Floats]) -> float:
    """Return the mean correlation between networks of different seeds; those of one seed start alike."""
    pairs = [
        _pearson(one, other)
        for at, one in enumerate(ones)
        for beside, other in enumerate(others)
        if at != beside
    ]
    return float(np.mean(pairs))


def _pearson(one: Floats, other: Floats) -> float:
    one, other = one - one.mean(), other - other.mean()
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length > 0 else float("nan")


def _leading(sizes: Floats, channels: list[str]) -> tuple[str, float]:
    """Return the region with the largest share, or the channel where most have no region."""
    regions: list[Any] = scalp_regions(channels).tolist()
    names = channels if regions.count(NO_REGION) > len(regions) / 2 else regions
    sums = pd.Series(sizes, names).groupby(level=0, sort=False).sum()
    return str(sums.idxmax()), float(sums.max())
