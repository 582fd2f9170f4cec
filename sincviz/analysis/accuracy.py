"""Accuracy: how often a network is right, how certain that is, and whether it is above chance."""

import itertools
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from sincviz.analysis.statistics.exchangeability import exchangeable_trials, is_new

LEVEL = 0.95
ALPHA = 0.05
N_PERMUTATIONS = 1999
LEAST_SUBJECTS = 3
"""With fewer, the accuracies say nothing about further subjects."""

_MOST_EXACT = 4000  # so many arrangements are all gone through
_AT_ONCE = 2_000_000  # labels
_TIE_BREAK, _TIE = 1e-7, 1e-12

Floats = NDArray[np.float64]


def wilson_interval(n_correct: int, n_trials: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson).

    Examples
    --------
    >>> [round(end, 2) for end in wilson_interval(40, 50)]
    [0.67, 0.89]
    """
    interval = scipy.stats.binomtest(n_correct, n_trials).proportion_ci(LEVEL, method="wilson")
    return float(interval.low), float(interval.high)


def chance_test(
    codes: NDArray[np.int64],
    scores: NDArray[np.floating[Any]],
    structure: pd.DataFrame | None = None,
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the accuracy of a network, and whether it could be due to chance.

    The predictions stay as they are, and the labels are permuted: within subject, session, run and block where these
    are known, trials that share signal together, and whole blocks where labels come in blocks
    (`exchangeable_trials`). The test statistic is the balanced accuracy and, for two classes, also the area under the
    ROC curve; p is that of the better of the two, compared with the better of the two in every permutation [1]_. Ties
    in balanced accuracy are broken by the ranks of the scores.

    Parameters
    ----------
    codes : array of int, shape (trials,)
        The class of each trial: the number of its score.
    scores : array, shape (trials, classes)
        The score of each class.
    structure : pandas.DataFrame | None
        What :func:`sincviz.analysis.statistics.exchangeability.trial_structure` returned; ``None`` if nothing is known.
    seed : int
        Seed of the permutations.

    Returns
    -------
    dict
        Numbers and text:

        ``accuracy``, ``accuracy_ci_low``, ``accuracy_ci_high``, ``n_correct``, ``n_trials``
            Share of correct answers with its 95 % confidence interval over trials (Wilson).
        ``subjects_ci_low``, ``subjects_ci_high``, ``n_subjects``
            With three or more subjects: the 95 % confidence interval of the mean accuracy over subjects (t).
        ``majority``
            Accuracy of always predicting the most frequent class.
        ``balanced_accuracy``, ``chance_level``
            Mean over classes of the share of correct answers, and the chance level: 1 / number of classes.
        ``auc``
            With two classes: the area under the ROC curve of the difference between their scores.
        ``p``, ``n_permutations``, ``permuted_within``, ``unit``, ``n_units``
            Result of the permutation test; p is NaN if nothing can be permuted, or ``confounds`` leave it open.
        ``above_chance``
            ``"yes"``, ``"no"``, or ``"unknown"``.
        ``unknown_because``
            ``"one_class"``, ``"few_trials"`` (no permutation test could find p < 0.05), ``"confounded"``, or empty.
        ``confounds``, ``p_over_units``
            ``"labels_in_blocks"``, ``"label_tied_to_subject"`` ..., comma-separated, or empty; and p for the case
            that the network was trained on other blocks or subjects. Unless it is known to be, the verdict is open.

    References
    ----------
    .. [1] Westfall, P. H., & Young, S. S. (1993). Resampling-based multiple testing. Wiley.

    Examples
    --------
    >>> codes = np.random.default_rng(0).permutation(np.repeat([0, 1], [180, 20]))
    >>> test = chance_test(codes, np.eye(2)[np.zeros(200, int)])  # always answers the frequent class
    >>> test["accuracy"], test["balanced_accuracy"], test["above_chance"]
    (0.9, 0.5, 'no')
    """
    codes = np.asarray(codes)
    if structure is None:
        structure = pd.DataFrame(index=range(len(codes)))
    values = np.asarray(scores, np.float64)
    correct = values.argmax(1) == codes
    low, high = wilson_interval(int(correct.sum()), len(codes))
    present, labels, counts = np.unique(codes, return_inverse=True, return_counts=True)
    labels = labels.astype(np.int8 if len(present) < 128 else np.int64)
    measures: dict[str, Any] = {
        "n_trials": len(codes),
        "n_correct": int(correct.sum()),
        "accuracy": float(correct.mean()),
        "accuracy_ci_low": low,
        "accuracy_ci_high": high,
        "majority": float(counts.max() / len(codes)),
        "chance_level": 1 / len(present),
    }
    measures |= _over_subjects(correct, structure)
    right, ranks = _features(codes, values, present)
    observed = _statistics(labels[:, None], right, ranks)
    measures["balanced_accuracy"] = float(observed[0, 0])
    if len(present) == 2 and ranks is not None:
        measures["auc"] = float(observed[1, 0])
    trials = exchangeable_trials(structure, codes)
    unit = trials["unit"].to_numpy()
    first = np.unique(unit, return_index=True)[1]
    stratum, of_units = trials["stratum"].to_numpy()[first], labels[first]
    reachable = len(present) > 1 and n_arrangements(stratum, of_units) * ALPHA > 1
    confounds = str(trials.attrs["confounds"])
    p, n_permutations = math.nan, 0
    if reachable:
        arranged = arrangements(stratum, of_units, seed)
        p, n_permutations = _p(observed, arranged, unit, right, ranks), arranged.shape[1] - 1
    decidable = not confounds or is_new(structure, confounds)
    because = (
        "one_class"
        if len(present) < 2
        else "confounded"
        if not decidable
        else ""
        if reachable
        else "few_trials"
    )
    return measures | {
        "p": math.nan if because else p,
        "n_permutations": n_permutations,
        "permuted_within": str(trials.attrs["permuted_within"]),
        "unit": str(trials.attrs["unit"]),
        "n_units": int(trials.attrs["n_units"]),
        "above_chance": "unknown" if because else "yes" if p < ALPHA else "no",
        "unknown_because": because,
        "confounds": confounds,
        "p_over_units": p,
    }


def label_permutations(
    structure: pd.DataFrame, codes: NDArray[np.int64], seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return the labels as the chance test permutes them, and the stratum that each trial is permuted within.

    Parameters
    ----------
    structure : pandas.DataFrame
        What :func:`sincviz.analysis.statistics.exchangeability.trial_structure` returned.
    codes : array of int, shape (trials,)
        The class of each trial.
    seed : int
        Seed of the permutations.

    Returns
    -------
    permuted : array of int, shape (permutations, trials)
        Classes of the trials in every permutation.
    stratum : array of int, shape (trials,)
        Number of the stratum of each trial.

    ``None`` if nothing can be permuted.
    """
    trials = exchangeable_trials(structure, codes)
    unit, stratum = trials["unit"].to_numpy(), trials["stratum"].to_numpy()
    first = np.unique(unit, return_index=True)[1]
    if n_arrangements(stratum[first], codes[first]) < 2:
        return None
    arranged = arrangements(stratum[first], codes[first], seed)[:, 1:]
    return arranged[unit].T.astype(np.int64), stratum


def _over_subjects(correct: NDArray[np.bool_], structure: pd.DataFrame) -> dict[str, Any]:
    """Return the interval of the mean accuracy over subjects, if there are enough."""
    if "subject" not in structure:
        return {}
    of_subjects = pd.Series(correct, dtype=float).groupby(structure["subject"].to_numpy()).mean()
    n_subjects = len(of_subjects)
    measures: dict[str, Any] = {"n_subjects": n_subjects}
    if n_subjects >= LEAST_SUBJECTS:
        reach = scipy.stats.t.ppf((1 + LEVEL) / 2, n_subjects - 1) * of_subjects.std() / math.sqrt(n_subjects)
        mean = of_subjects.mean()
        measures |= {
            "subjects_ci_low": float(max(mean - reach, 0)),
            "subjects_ci_high": float(min(mean + reach, 1)),
        }
    return measures


def _features(
    codes: NDArray[np.int64], scores: Floats, present: NDArray[np.int64]
) -> tuple[Floats, Floats | None]:
    """Return for each class which trials are assigned to it, and the ranks of its margin over the best other class.

    Shapes (classes, trials); no ranks if scores are not finite, or hold no more information than the predictions.
    """
    predicted = scores.argmax(1)
    right = (predicted == present[:, None]).astype(np.float64)
    if scores.shape[1] < 2 or not np.isfinite(scores).all():
        return right, None
    if len(present) == 2:
        margins = (scores[:, present[1]] - scores[:, present[0]]) * np.array([[-1.0], [1.0]])
    else:
        rows = []
        for code in present:
            others = np.delete(scores, code, axis=1).max(1)
            rows.append(scores[:, code] - others)
        margins = np.array(rows)
    if all(len(np.unique(row)) < 4 for row in margins):
        return right, None
    # Centred: sums stay exact in single precision.
    return right, scipy.stats.rankdata(margins, axis=1) - (len(codes) + 1) / 2


def _statistics(labels: NDArray[np.integer], right: Floats, ranks: Floats | None) -> Floats:
    """Return balanced accuracy and mean rank (of two classes the ROC area) of labels (trials, permutations)."""
    n_classes, n_trials = right.shape
    exact = np.float32 if n_trials < 4000 else np.float64
    recall = np.zeros(labels.shape[1])
    rank = np.zeros(labels.shape[1])
    for code in range(n_classes):
        rows = right[code : code + 1] if ranks is None else np.stack([right[code], ranks[code]])
        members = (labels == code).astype(exact)
        counts = members.sum(0, dtype=np.float64)
        sums = (rows.astype(exact) @ members).astype(np.float64) / counts
        recall += sums[0]
        if ranks is not None:
            rank += sums[1]
    # Of two classes the difference of mean ranks is the number of trials times (area - 1/2).
    area = 0.5 + rank / n_trials / (1 if n_classes == 2 else n_classes)
    return np.stack([recall / n_classes, area])


def _p(
    observed: Floats,
    arranged: NDArray[np.integer],
    unit: NDArray[np.int64],
    right: Floats,
    ranks: Floats | None,
) -> float:
    """Return how often labels of the units, shape (units, permutations), do as well as the observed ones."""
    at_once = max(1, _AT_ONCE // len(unit))
    of_all = np.hstack(
        [
            _statistics(arranged[:, start : start + at_once][unit], right, ranks)
            for start in range(0, arranged.shape[1], at_once)
        ]
    )
    n = of_all.shape[1]
    # How many of all, each included, are as good or better: for each statistic, then for the better of the two.
    smallest, own_smallest = np.full(n, n), n
    for test, of_observed in zip(_tests(of_all, right, ranks), _tests(observed, right, ranks), strict=True):
        rising = np.sort(test)
        smallest = np.minimum(smallest, n - np.searchsorted(rising, test - _TIE))
        own_smallest = min(own_smallest, n - int(np.searchsorted(rising, of_observed[0] - _TIE)))
    return float((smallest <= own_smallest).mean())


def _tests(statistics: Floats, right: Floats, ranks: Floats | None) -> list[Floats]:
    """Return balanced accuracy, ties broken by ranks, and for two classes the area under the ROC curve."""
    balanced = statistics[0] + _TIE_BREAK * statistics[1]
    return [balanced, statistics[1]] if ranks is not None and len(right) == 2 else [balanced]


def n_arrangements(stratum: NDArray[np.int64], labels: NDArray[np.integer]) -> float:
    """Return in how many ways the labels of units can be given to the units of the same stratum."""
    logarithm = 0.0
    for one in np.unique(stratum):
        counts = np.unique(labels[stratum == one], return_counts=True)[1]
        logarithm += math.lgamma(counts.sum() + 1) - sum(math.lgamma(count + 1) for count in counts)
    return round(math.exp(logarithm), 6) if logarithm < 50 else math.inf


def arrangements(stratum: NDArray[np.int64], labels: NDArray[np.integer], seed: int) -> NDArray[np.integer]:
    """Return labels of units, shape (units, permutations): the observed ones and random ones, or all that there are."""
    if n_arrangements(stratum, labels) <= _MOST_EXACT:
        return _all_arrangements(stratum, labels)
    orders = _drawn_orders(np.ascontiguousarray(stratum, np.int64).tobytes(), seed)
    return np.concatenate([labels[:, None], labels[orders]], axis=1)


@lru_cache(maxsize=4)
def _drawn_orders(stratum: bytes, seed: int) -> NDArray[np.int32]:
    """Return random orders within strata, shape (units, permutations); an inspection asks for the same ones often."""
    strata = np.frombuffer(stratum, np.int64)
    rng = np.random.default_rng(seed)
    orders = np.empty((len(strata), N_PERMUTATIONS), np.int32)
    for one in np.unique(strata):
        (members,) = np.nonzero(strata == one)
        orders[members] = rng.permuted(np.repeat(members[:, None], N_PERMUTATIONS, axis=1), axis=0)
    return orders


def _all_arrangements(strata: NDArray[np.int64], labels: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return every arrangement once, shape (units, arrangements)."""
    members = [np.flatnonzero(strata == one) for one in np.unique(strata)]
    choices = [list(_arrangements_of(labels[group].tolist())) for group in members]
    rows = []
    for chosen in itertools.product(*choices):
        row = np.empty_like(labels)
        for group, arrangement in zip(members, chosen, strict=True):
            row[group] = arrangement
        rows.append(row)
    return np.array(rows).T


def _arrangements_of(labels: Sequence[int]) -> Iterator[list[int]]:
    """Yield the different orders of labels.

    Examples
    --------
    >>> len(list(_arrangements_of([0, 0, 1, 2])))
    12
    """
    if len(set(labels)) < 2:
        yield list(labels)
        return
    first = labels[0]
    rest = [label for label in labels if label != first]
    for places in itertools.combinations(range(len(labels)), len(labels) - len(rest)):
        for others in _arrangements_of(rest):
            remaining = iter(others)
            yield [first if place in places else next(remaining) for place in range(len(labels))]
