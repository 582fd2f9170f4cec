"""Correlation: how well a network predicts numbers, how certain that is, and whether it is above chance."""

import math
from typing import Any

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from sincviz.analysis.accuracy import (
    ALPHA,
    LEAST_SUBJECTS,
    LEVEL,
    N_PERMUTATIONS,
    arrangements,
    n_arrangements,
)
from sincviz.analysis.statistics.exchangeability import is_new, order_in_time
from sincviz.analysis.statistics.number_exchange import (
    exchangeable_numbers,
    shifted_orders,
    unit_means,
    without_trends,
)

N_RESAMPLES = 2000
_TIE = 1e-12

Floats = NDArray[np.float64]


def correlation_test(
    targets: Floats, outputs: Floats, structure: pd.DataFrame | None = None, *, seed: int = 0
) -> list[dict[str, Any]]:
    """Return how well each output of a network predicts its target, and whether that could be due to chance.

    The predictions stay as they are, and the targets are permuted: within subject, session, run and block where these
    are known, whole stretches of shared signal, runs of equal targets and recordings together
    (:func:`sincviz.analysis.statistics.number_exchange.exchangeable_numbers`). The test statistic is Pearson's
    correlation within what is exchanged; it is one-sided, for a network that predicts the opposite predicts nothing. Of
    several outputs the largest of every permutation counts, which corrects for their number [1]_.

    Parameters
    ----------
    targets, outputs : array, shape (trials, outputs)
        What each output should be, and what it is.
    structure : pandas.DataFrame | None
        What :func:`sincviz.analysis.statistics.exchangeability.trial_structure` returned; ``None`` if nothing is known.
    seed : int
        Seed of permutations and resamples.

    Returns
    -------
    list of dict
        For each output numbers and text:

        ``correlation``, ``rank_correlation``
            Pearson's and Spearman's, of all trials.
        ``mean_absolute_error``, ``error_of_mean``
            In the target's units: of the predictions, and of always predicting the mean of these targets.
        ``r_squared``
            The coefficient of determination, 1 − Σ(target − prediction)² / Σ(target − mean)²; below zero for
            predictions that are worse than the mean of these targets, such as those of another unit.
        ``..._ci_low``, ``..._ci_high``, ``interval_over``
            95 % bootstrap intervals of correlation, error and R²: whole subjects are drawn if there are three or more,
            else whole units that are exchanged. NaN with fewer than three of these.
        ``n_trials``, ``n_subjects``
            ``n_subjects`` only if it is known.
        ``p``, ``n_permutations``, ``permuted_within``, ``unit``, ``n_units``, ``above_chance``, ``confounds``,
        ``p_over_units``
            As :func:`sincviz.analysis.accuracy.chance_test` returns them.
        ``unknown_because``
            ``"one_target"`` (all are equal), ``"few_trials"``, ``"confounded"``, or empty.

    References
    ----------
    .. [1] Westfall, P. H., & Young, S. S. (1993). Resampling-based multiple testing. Wiley.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> age = rng.uniform(20, 60, (50, 1))
    >>> test, = correlation_test(age, age + rng.normal(0, 3, (50, 1)))
    >>> test["correlation"] > 0.9, test["above_chance"], test["mean_absolute_error"] < test["error_of_mean"]
    (True, 'yes', True)
    """
    targets, outputs = np.asarray(targets, np.float64), np.asarray(outputs, np.float64)
    n_trials, n_outputs = targets.shape
    if structure is None:
        structure = pd.DataFrame(index=range(n_trials))
    trials = exchangeable_numbers(structure, targets)
    unit = trials["unit"].to_numpy()
    if trials.attrs["shifted"]:
        p, n_permutations = _p_of_shifts(targets, outputs, trials, order_in_time(structure), seed)
    else:
        p, n_permutations = _p(targets, outputs, unit, trials["stratum"].to_numpy(), seed)
    confounds = str(trials.attrs["confounds"])
    decidable = not confounds or is_new(structure, confounds)
    group, over = unit, str(trials.attrs["unit"])
    subjects: dict[str, Any] = {}
    if "subject" in structure:
        of_subjects = pd.factorize(structure["subject"])[0]
        subjects = {"n_subjects": int(of_subjects.max()) + 1}
        if subjects["n_subjects"] >= LEAST_SUBJECTS:
            group, over = of_subjects, "subject"
    tests = []
    for number in range(n_outputs):
        target, output = targets[:, number], outputs[:, number]
        because = (
            "one_target"
            if np.ptp(target) == 0
            else "confounded"
            if not decidable
            else "few_trials"
            if n_permutations == 0
            else ""
        )
        tests.append(
            {"n_trials": n_trials}
            | subjects
            | _measures(target, output)
            | _intervals(target, output, group, seed)
            | {
                "interval_over": over,
                "p": math.nan if because else float(p[number]),
                "n_permutations": n_permutations,
                "permuted_within": str(trials.attrs["permuted_within"]),
                "unit": str(trials.attrs["unit"]),
                "n_units": int(trials.attrs["n_units"]),
                "above_chance": "unknown" if because else "yes" if p[number] < ALPHA else "no",
                "unknown_because": because,
                "confounds": "" if because == "one_target" else confounds,
                "p_over_units": float(p[number]),
            }
        )
    return tests


def best_of(tests: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the test of the output that is predicted best: whether any is above chance is whether this one is."""
    rank = {"yes": 0, "unknown": 1, "no": 2}
    return min(
        tests,
        key=lambda test: (rank[test["above_chance"]], -np.nan_to_num(test["correlation"], nan=-2.0)),
    )


def target_permutations(
    structure: pd.DataFrame, targets: Floats, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return whose target each trial gets in every permutation, and the stratum that each is permuted within.

    Returns
    -------
    order : array of int, shape (permutations, trials)
        Number of the trial whose target it is; of whole units that of their first trial.
    stratum : array of int, shape (trials,)
        Number of the stratum of each trial.

    ``None`` if nothing can be permuted.

    Examples
    --------
    >>> order, _ = target_permutations(pd.DataFrame(index=range(4)), np.arange(4.0)[:, None])
    >>> order.shape
    (23, 4)
    """
    trials = exchangeable_numbers(structure, targets)
    unit, stratum = trials["unit"].to_numpy(), trials["stratum"].to_numpy()
    if trials.attrs["shifted"]:
        orders = shifted_orders(
            trials["recording"].to_numpy(), order_in_time(structure), N_PERMUTATIONS, seed
        )
        return (orders, stratum) if len(orders) else None
    first = np.unique(unit, return_index=True)[1]
    own = np.arange(len(first))
    if n_arrangements(stratum[first], own) < 2:
        return None
    arranged = arrangements(stratum[first], own, seed)
    others = arranged[:, (arranged != own[:, None]).any(0)]
    return first[others[unit]].T.astype(np.int64), stratum


def _p(
    targets: Floats, outputs: Floats, unit: NDArray[np.int64], stratum: NDArray[np.int64], seed: int
) -> tuple[Floats, int]:
    """Return p of each output, corrected for their number, and how many permutations there were (0: too few)."""
    first, number = np.unique(unit, return_index=True, return_inverse=True)[1:]
    means = unit_means(targets, unit)[first]
    of_units = np.unique(means, axis=0, return_inverse=True)[1].ravel().astype(np.int64)
    n_outputs = targets.shape[1]
    if n_arrangements(stratum[first], of_units) * ALPHA <= 1:
        return np.full(n_outputs, math.nan), 0
    values = np.unique(means, axis=0)
    arranged = arrangements(stratum[first], of_units, seed)
    counts = np.bincount(number).astype(float)
    strata = np.unique(stratum[first], return_inverse=True)[1]
    # Differences between strata, which no permutation changes, are left out.
    centred = outputs - unit_means(outputs, stratum)
    sums = np.zeros((len(first), n_outputs))
    np.add.at(sums, number, centred)
    of_all = np.stack(
        [
            _within(sums[:, one], counts, strata, np.column_stack([means[:, one], values[arranged, one]]))
            for one in range(n_outputs)
        ]
    )
    observed, permuted = of_all[:, 0], of_all[:, 1:]
    largest = permuted.max(0)
    p: Floats = (largest >= observed[:, None] - _TIE).mean(1)
    return p, permuted.shape[1] - 1


def _p_of_shifts(
    targets: Floats, outputs: Floats, trials: pd.DataFrame, order: NDArray[np.int64], seed: int
) -> tuple[Floats, int]:
    """Return the same where targets keep their order and are shifted in time."""
    orders = shifted_orders(trials["recording"].to_numpy(), order, N_PERMUTATIONS, seed)
    if (1 + len(orders)) * ALPHA <= 1:
        return np.full(targets.shape[1], math.nan), 0
    orders = np.concatenate([np.arange(len(targets))[None], orders])
    centred = without_trends(outputs, trials["stratum"].to_numpy(), order)
    size = np.sqrt((centred**2).sum(0) * ((targets - targets.mean(0)) ** 2).sum(0))
    scaled = np.divide(centred, size, out=np.zeros_like(centred), where=size > 0)
    of_all = np.stack([targets[orders, one] @ scaled[:, one] for one in range(targets.shape[1])])
    p: Floats = (of_all.max(0) >= of_all[:, :1] - _TIE).mean(1)
    return p, len(orders) - 1


def _within(sums: Floats, counts: Floats, strata: NDArray[np.int64], targets: Floats) -> Floats:
    """Return what is proportional to the correlation within strata, for targets of units, (units, permutations)."""
    members = (strata == np.arange(strata.max() + 1)[:, None]) * counts
    means = (members @ targets) / members.sum(1, keepdims=True)
    centred = targets - means[strata]
    spread = np.sqrt(counts @ centred**2)
    within: Floats = np.divide(sums @ centred, spread, out=np.zeros_like(spread), where=spread > 0)
    return within


def _measures(target: Floats, output: Floats) -> dict[str, float]:
    # Sums of all trials as one group.
    r, error, r_squared = _of_sums(_sums(target, output).sum(0)[None])
    rank = math.nan
    if np.isfinite(r[0]):
        rank = float(np.corrcoef(scipy.stats.rankdata(target), scipy.stats.rankdata(output))[0, 1])
    return {
        "correlation": float(r[0]),
        "rank_correlation": rank,
        "mean_absolute_error": float(error[0]),
        "error_of_mean": float(np.abs(target - target.mean()).mean()),
        "r_squared": float(r_squared[0]),
    }


def _intervals(target: Floats, output: Floats, group: NDArray[np.int64], seed: int) -> dict[str, float]:
    """Return bootstrap intervals (percentiles, widened for small numbers as by Hesterberg) over whole groups."""
    names = ("correlation", "mean_absolute_error", "r_squared")
    _, number = np.unique(group, return_inverse=True)
    n_groups = int(number.max()) + 1
    if n_groups < LEAST_SUBJECTS or not np.isfinite(output).all():
        return {f"{name}_{end}": math.nan for name in names for end in ("ci_low", "ci_high")}
    sums = np.zeros((n_groups, 8))
    np.add.at(sums, number, _sums(target, output))
    counts = np.random.default_rng(seed).multinomial(n_groups, np.full(n_groups, 1 / n_groups), N_RESAMPLES)
    student = scipy.stats.t.ppf((1 - LEVEL) / 2, n_groups - 1)
    tail = float(scipy.stats.norm.cdf(student * math.sqrt(n_groups / (n_groups - 1))))
    ends: dict[str, float] = {}
    for name, drawn in zip(names, _of_sums(counts @ sums), strict=True):
        known = drawn[np.isfinite(drawn)]
        low, high = (
            np.quantile(known, [tail, 1 - tail]) if len(known) > N_RESAMPLES / 2 else (math.nan, math.nan)
        )
        ends |= {f"{name}_ci_low": float(low), f"{name}_ci_high": float(high)}
    return ends


def _sums(target: Floats, output: Floats) -> Floats:
    """Return what correlation, error and R² are made of, of each trial; centred, so that squares stay exact."""
    t, o, error = target - target.mean(), output - output.mean(), output - target
    return np.stack([np.ones_like(t), t, o, t * t, o * o, t * o, np.abs(error), error**2], 1)


def _of_sums(sums: Floats) -> tuple[Floats, Floats, Floats]:
    """Return correlation, mean absolute error and R² of sums over trials, shape (samples, 8)."""
    n, t, o, tt, oo, to, size, square = sums.T
    of_target, of_output = tt - t * t / n, oo - o * o / n
    varies = (of_target > _TIE * tt) & (of_output > _TIE * oo)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.where(varies, (to - t * o / n) / np.sqrt(of_target * of_output), np.nan)
        r_squared = np.where(of_target > _TIE * tt, 1 - square / of_target, np.nan)
    return r, size / n, r_squared
