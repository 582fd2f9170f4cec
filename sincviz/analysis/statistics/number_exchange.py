"""Exchange of numbers: which trials may swap numeric targets if these mean nothing, and targets that drift."""

import math

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from sincviz._utils.text import joined
from sincviz.analysis.statistics.exchangeability import LOCAL_P, exchangeable_trials, order_in_time
from sincviz.analysis.statistics.time_trends import LEAST_IN_PART, stretches_of_time

DRIFT = "targets_drift"
"""Confound of targets that change slowly: neighbours in time are alike, whatever the signal shows."""

MOST_ALIKE = 0.5
"""Correlation of neighbours, beside what differs between stretches of time, from which targets are said to drift."""


def exchangeable_numbers(structure: pd.DataFrame, targets: NDArray[np.float64]) -> pd.DataFrame:
    """Return which trials may swap targets under the null hypothesis that these mean nothing.

    As :func:`sincviz.analysis.statistics.exchangeability.exchangeable_trials` for classes: within subject, session, run
    and block as far as known; trials that share signal stay together, and where each recording has a single target, or
    targets come in runs of equal ones, whole recordings or runs do.

    Where targets depend on time (p < 0.05), they keep their order and are shifted in time within each recording, from
    its end to its beginning, and what rises, falls or differs between eighths of a recording, or stretches of eight
    trials if that is more, does not count. Where neighbours are very much alike (correlation above 0.5 within these
    stretches), a network may recognise the time: ``confounds`` has ``"targets_drift"``.

    Parameters
    ----------
    structure : pandas.DataFrame
        What :func:`sincviz.analysis.statistics.exchangeability.trial_structure` returned.
    targets : array, shape (trials, outputs)
        What each output should be.

    Returns
    -------
    pandas.DataFrame
        One row per trial: ``stratum``, between which differences do not count, ``unit``, and ``recording``, numbers.
        ``attrs`` as for classes, and ``drift_p`` (:func:`drift_p`; 1 where units are blocks or recordings) and
        ``shifted``, whether targets are shifted within ``recording``.

    Examples
    --------
    >>> drowsiness = np.sin(np.arange(80) / 8)[:, None]
    >>> exchangeable_numbers(pd.DataFrame(index=range(80)), drowsiness).attrs["confounds"]
    'targets_drift'
    """
    values = unit_means(targets, structure["stretch"].to_numpy()) if "stretch" in structure else targets
    codes = np.unique(values, axis=0, return_inverse=True)[1].ravel().astype(np.int64)
    table = exchangeable_trials(structure, codes)
    table["recording"] = table["stratum"]
    table.attrs |= {"drift_p": 1.0, "shifted": False}
    of_own = "subject" in structure and structure["subject"].nunique() == len(structure)
    if table.attrs["unit"] not in ("trial", "stretch of signal") or table.attrs["confounds"] or of_own:
        return table
    # Units in the order of time, each where it begins.
    order = order_in_time(structure)
    unit, stratum = table["unit"].to_numpy(), table["stratum"].to_numpy()
    first = order[np.sort(np.unique(unit[order], return_index=True)[1])]
    table.attrs["drift_p"] = drift_p(stratum[first], values[first])
    if table.attrs["drift_p"] >= LOCAL_P:
        return table
    part = np.zeros(int(unit.max()) + 1, np.int64)
    part[unit[first]] = stretches_of_time(stratum[first])
    local = np.unique(np.stack([stratum, part[unit]]), axis=1, return_inverse=True)[1].ravel()
    within = str(table.attrs["permuted_within"])
    if not within.endswith("stretch of time"):
        within = joined([one for one in (within, "stretch of time") if one])
    table["stratum"] = local
    alike = _alike(local[first], values[first])
    confounds = DRIFT if alike > MOST_ALIKE else ""
    table.attrs |= {"shifted": True, "permuted_within": within, "confounds": confounds}
    return table


def _alike(stratum: NDArray[np.int64], values: NDArray[np.float64]) -> float:
    """Return the correlation of neighbours in time within strata; of several columns the largest."""
    order = np.argsort(stratum, kind="stable")
    stratum, centred = stratum[order], (values - unit_means(values, stratum))[order]
    inside = np.diff(stratum) == 0
    one, other = centred[1:][inside], centred[:-1][inside]
    size = np.sqrt((one**2).sum(0) * (other**2).sum(0))
    correlation = np.divide((one * other).sum(0), size, out=np.zeros_like(size), where=size > 0)
    return float(correlation.max(initial=0.0))


def without_trends(
    values: NDArray[np.float64], stratum: NDArray[np.int64], order: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return what is left of values, shape (trials, columns), without mean and slope over time in each stratum.

    Examples
    --------
    >>> without_trends(np.array([[1.0], [3.0], [5.0]]), np.zeros(3, int), np.arange(3)).ravel().tolist()
    [0.0, 0.0, 0.0]
    """
    time = np.empty(len(order))
    time[order] = np.arange(len(order))
    time -= unit_means(time, stratum)
    centred = values - unit_means(values, stratum)
    slope = unit_means(centred * time[:, None], stratum)
    spread = unit_means(time**2, stratum)[:, None]
    rest: NDArray[np.float64] = centred - time[:, None] * np.divide(
        slope, spread, out=np.zeros_like(slope), where=spread > 0
    )
    return rest


def shifted_orders(
    recording: NDArray[np.int64], order: NDArray[np.int64], most: int, seed: int
) -> NDArray[np.int64]:
    """Return whose target each trial gets where targets are shifted in time, shape (shifts, trials).

    Of one recording all shifts, of several as many random ones as asked for; without the one that shifts nothing.

    Examples
    --------
    >>> shifted_orders(np.zeros(3, int), np.arange(3), 1999, 0).tolist()
    [[2, 0, 1], [1, 2, 0]]
    """
    members = [order[recording[order] == one] for one in np.unique(recording)]
    longest = max(map(len, members))
    if len(members) == 1 and longest - 1 <= most:
        shifts = np.arange(1, longest)[:, None]
    else:
        rng = np.random.default_rng(seed)
        shifts = np.column_stack([rng.integers(len(own), size=most) for own in members])
    orders = np.empty((len(shifts), len(recording)), np.int64)
    for own, by in zip(members, shifts.T, strict=True):
        orders[:, own] = own[(np.arange(len(own)) - by[:, None]) % len(own)]
    moved: NDArray[np.int64] = orders[(orders != np.arange(len(recording))).any(1)]
    return moved


def unit_means(values: NDArray[np.float64], unit: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return for every trial the mean over the trials of its unit, shape (trials, ...).

    Examples
    --------
    >>> unit_means(np.array([[1.0], [3.0], [5.0]]), np.array([0, 0, 1])).ravel().tolist()
    [2.0, 2.0, 5.0]
    """
    _, number, counts = np.unique(unit, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), *values.shape[1:]))
    np.add.at(sums, number, values)
    means: NDArray[np.float64] = (sums / counts.reshape(-1, *[1] * (values.ndim - 1)))[number]
    return means


def drift_p(stratum: NDArray[np.int64], values: NDArray[np.float64]) -> float:
    """Return p of a test that numbers do not depend on time within each stratum.

    Parameters
    ----------
    stratum : array of int, shape (units,)
        Number of the recording of each unit, units of each in the order of time.
    values : array, shape (units, columns)
        Their targets.

    Returns
    -------
    float
        Twice the smaller p of two tests, by the normal approximation: of neighbours being alike (serial correlation of
        ranks [1]_, one-sided), and of a rise or fall (correlation of ranks with time, two-sided). Of several columns
        the smallest, times their number.

    References
    ----------
    .. [1] Wald, A., & Wolfowitz, J. (1943). An exact test for randomness in the non-parametric case based on serial
       correlation. Annals of Mathematical Statistics, 14, 378-388.

    Examples
    --------
    >>> values = np.random.default_rng(0).standard_normal((100, 1))
    >>> drift_p(np.zeros(100, int), values) > 0.05, drift_p(np.zeros(100, int), np.cumsum(values, 0)) < 1e-3
    (True, True)
    """
    smallest = 1.0
    for column in values.T:
        alike = alike_variance = trend = trend_variance = 0.0
        for one in np.unique(stratum):
            own = column[stratum == one]
            n = len(own)
            if n < LEAST_IN_PART or np.ptp(own) == 0:
                continue
            ranks = scipy.stats.rankdata(own) - (n + 1) / 2
            ranks /= np.sqrt((ranks**2).sum())
            time = (np.arange(n) - (n - 1) / 2) / n
            # In random order the products of neighbours add up to -1/n on average.
            alike += float(ranks[1:] @ ranks[:-1]) + 1 / n
            alike_variance += _variance(n, float((ranks**4).sum()))
            trend += float(ranks @ time) * math.sqrt(n)
            trend_variance += float(time @ time) * n / (n - 1)
        if alike_variance > 0:
            of_neighbours = 0.5 * math.erfc(alike / math.sqrt(2 * alike_variance))
            of_trend = math.erfc(abs(trend) / math.sqrt(2 * trend_variance))
            smallest = min(smallest, 2 * of_neighbours, 2 * of_trend)
    return float(min(1.0, smallest * values.shape[1]))


def _variance(n: int, fourth: float) -> float:
    """Return the variance of the sum of products of neighbours of centred numbers in random order.

    Numbers have squares that add up to 1 and fourth powers that add up to ``fourth``.
    """
    # Power sums of centred numbers over different places: of x²y², x²yz and xyuv.
    two = 1 - fourth
    three = 2 * fourth - 1
    four = 3 - 6 * fourth
    pairs_same, pairs_near, pairs_far = n - 1, 2 * (n - 2), (n - 2) * (n - 3)
    second = (
        pairs_same * two / (n * (n - 1))
        + pairs_near * three / (n * (n - 1) * (n - 2))
        + pairs_far * four / (n * (n - 1) * (n - 2) * (n - 3))
    )
    return float(max(second - (1 / n) ** 2, 0.0))
