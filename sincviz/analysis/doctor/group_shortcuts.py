"""Scores that follow how frequent the classes are in a subject or a block, and the accuracy within these."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

N_PERMUTATIONS = 2000
FEWEST_GROUPS = 8
"""With fewer, no order of the groups is rare enough, and trials are permuted instead."""

LEAST_IN_BOTH = 0.5
"""Share of the trials that must be in groups with two classes or more."""


@dataclass(frozen=True, eq=False)
class GroupReading:
    """How scores depend on the group of a trial, such as its subject.

    Attributes
    ----------
    p : float
        Of how closely scores follow the frequency of the classes in the groups, trials of a class compared with each
        other.
    permuted : {"groups", "trials"}
        What that p permutes.
    prevalence : array, shape (trials, classes)
        Logarithm of the share of each class in the group of the trial, zero on average over the classes.
    offsets : array, shape (trials, classes)
        What the group of the trial adds to its scores.
    correct : array of bool, shape (trials,)
        Whether the scores without the offsets of the groups are right.
    """

    p: float
    permuted: str
    prevalence: Floats
    offsets: Floats
    correct: NDArray[np.bool_]


def mixed_share(codes: NDArray[np.int64], groups: NDArray[np.int64]) -> float:
    """Return the share of trials in groups that hold two classes or more.

    Examples
    --------
    >>> mixed_share(np.array([0, 1, 0, 0]), np.array([0, 0, 1, 1]))
    0.5
    """
    counts = _counts(codes, groups, int(codes.max()) + 1)
    return float(((counts > 0).sum(1) > 1)[groups].mean())


def group_reading(
    scores: Floats,
    codes: NDArray[np.int64],
    groups: NDArray[np.int64],
    within: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> GroupReading:
    """Return how the scores of trials follow the frequency of the classes in their groups.

    Scores are the sum of an effect of the class and one of the group. A network that recognises the group scores the
    trials of one class higher where that class is frequent; one that does not, scores them alike.

    Parameters
    ----------
    scores : array, shape (trials, classes)
        Scores of the network.
    codes, groups : array of int, shape (trials,)
        Class and group of each trial, both numbered from 0.
    within : array of int, shape (trials,) | None
        What groups are part of, such as the subject of a block: only groups of the same part are compared.
    seed : int
        Seed of the permutations.

    Examples
    --------
    >>> groups, codes = np.repeat([0, 1], 50), np.r_[np.repeat([0, 1], [40, 10]), np.repeat([0, 1], [10, 40])]
    >>> noise = np.random.default_rng(0).standard_normal(100)
    >>> group_reading(np.c_[noise - 3 * groups, 0 * noise], codes, groups).p < 0.01
    True
    >>> group_reading(np.c_[noise, 0 * noise], codes, groups).p < 0.01
    False
    """
    counts = _counts(codes, groups, scores.shape[1])
    size = counts.sum(1)
    part = np.zeros(len(counts), np.int64)
    if within is not None:
        part[groups] = within
    frequent = np.log((counts + 0.5) / (counts + 0.5).sum(1, keepdims=True))
    frequent -= frequent.mean(1, keepdims=True)
    frequent = _within(frequent, part, size)
    centred = scores - scores.mean(1, keepdims=True)
    offsets, effects = _two_way(centred, codes, groups)
    left = centred - offsets[groups]
    mean = np.average(offsets, axis=0, weights=size)
    rng = np.random.default_rng(seed)
    if len(counts) >= FEWEST_GROUPS:
        p, permuted = _p_of_groups(_within(offsets, part, size), frequent, part, size, rng), "groups"
    else:
        p, permuted = _p_of_trials(centred - effects[codes], frequent, codes, groups, rng), "trials"
    return GroupReading(
        p,
        permuted,
        frequent[groups],
        offsets[groups] - mean,
        (left + mean).argmax(1) == codes,
    )


def _p_of_groups(
    offsets: Floats, frequent: Floats, part: NDArray[np.int64], size: Floats, rng: np.random.Generator
) -> float:
    """Return p of the covariance of offsets and frequencies when groups of a part exchange their frequencies."""
    weighted = size[:, None] * offsets
    observed = (weighted * frequent).sum()
    by_part = np.argsort(part, kind="stable")
    larger = 0
    for _ in range(N_PERMUTATIONS):
        order = np.empty(len(part), np.int64)
        order[by_part] = np.lexsort([rng.random(len(part)), part])
        larger += int((weighted * frequent[order]).sum() >= observed - 1e-12)
    return (1 + larger) / (1 + N_PERMUTATIONS)


def _p_of_trials(
    residual: Floats,
    frequent: Floats,
    codes: NDArray[np.int64],
    groups: NDArray[np.int64],
    rng: np.random.Generator,
) -> float:
    """Return p when trials of a class exchange their groups."""
    of_trials = frequent[groups]
    for code in np.unique(codes):
        of_trials[codes == code] -= of_trials[codes == code].mean(0)
    observed, larger = (residual * of_trials).sum(), 0
    for _ in range(N_PERMUTATIONS):
        order = np.arange(len(codes))
        for code in np.unique(codes):
            members = np.flatnonzero(codes == code)
            order[members] = rng.permutation(members)
        larger += int((residual * of_trials[order]).sum() >= observed - 1e-12)
    return float((1 + larger) / (1 + N_PERMUTATIONS))


def _two_way(scores: Floats, codes: NDArray[np.int64], groups: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the effects of groups and classes on the scores, by least squares."""
    n_groups, n_classes = int(groups.max()) + 1, scores.shape[1]
    design = np.zeros((len(scores), n_groups + n_classes))
    design[np.arange(len(scores)), groups] = 1
    design[np.arange(len(scores)), n_groups + codes] = 1
    solved = np.linalg.lstsq(design, scores, rcond=None)[0]
    effects = solved[n_groups:]
    present = np.unique(codes)
    shift = effects[present].mean(0)
    return solved[:n_groups] + shift, effects - shift


def _within(values: Floats, part: NDArray[np.int64], size: Floats) -> Floats:
    """Return values of groups minus the mean of their part."""
    means = np.stack(
        [np.average(values[part == one], axis=0, weights=size[part == one]) for one in range(part.max() + 1)]
    )
    return np.asarray(values - means[part])


def _counts(codes: NDArray[np.int64], groups: NDArray[np.int64], n_classes: int) -> Floats:
    counts = np.zeros((int(groups.max()) + 1, n_classes))
    np.add.at(counts, (groups, codes), 1)
    return counts


def balanced(codes: NDArray[np.int64], groups: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return numbers of trials, some more than once, among which all classes are equally frequent in each group.

    Groups with trials of one class are left out.

    Examples
    --------
    >>> chosen = balanced(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 0, 0, 1]), seed=0)
    >>> np.bincount(np.array([0, 0, 0, 1, 1])[chosen]).tolist(), sorted(set(chosen.tolist()))
    ([3, 3], [0, 1, 2, 3])
    """
    rng = np.random.default_rng(seed)
    chosen: list[NDArray[np.int64]] = []
    for group in np.unique(groups):
        of_class = [np.flatnonzero((groups == group) & (codes == code)) for code in np.unique(codes)]
        present = [members for members in of_class if len(members)]
        if len(present) < 2:
            continue
        most = max(len(members) for members in present)
        # Every trial as often as the others of its class, or once more.
        chosen += [np.resize(rng.permutation(members), most) for members in present]
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64)
