"""Two halves of the trials: what is made on one is tested on the other."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def trial_halves(
    codes: NDArray[np.int64], groups: ArrayLike | None = None, *, seed: int = 0
) -> NDArray[np.int64]:
    """Return the half, 0 or 1, of every trial; every class is divided evenly, and no group is split.

    Parameters
    ----------
    codes : array of int, shape (trials,)
        The class of each trial.
    groups : array, shape (trials,) | None
        Trials that stay together, such as the subject or the run of each trial.
    seed : int
        Seed of the random choice.

    Raises
    ------
    ValueError
        If groups and trials differ in number, or there is only one group.

    Examples
    --------
    >>> trial_halves(np.array([0, 0, 1, 1])).tolist()
    [0, 1, 0, 1]
    >>> trial_halves(np.array([0, 1, 0, 1]), groups=["S1", "S1", "S2", "S2"]).tolist()
    [0, 0, 1, 1]
    """
    rng = np.random.default_rng(seed)
    halves = np.empty(len(codes), np.int64)
    if groups is None:
        shuffled = rng.permutation(len(codes))
        by_class = shuffled[np.argsort(codes[shuffled], kind="stable")]
        halves[by_class] = np.arange(len(codes)) % 2
        return halves
    names = np.asarray(groups)
    if names.shape != codes.shape:
        raise ValueError(
            f"`groups` must have one label per trial; got the shape {names.shape} for {len(codes)} trials."
        )
    labels, members = np.unique(names.astype(str), return_inverse=True)
    if len(labels) < 2:
        raise ValueError(
            f"`groups` has only one label, {str(labels[0])!r}, so every half of the trials would split it. "
            "Pass two or more groups, or `groups=None`."
        )
    counts = np.zeros((len(labels), int(codes.max()) + 1))
    np.add.at(counts, (members, codes), 1)
    # The largest first, each to where the classes are lacking.
    excess = np.zeros(counts.shape[1])
    shuffled = rng.permutation(len(labels))
    for group in shuffled[np.argsort(-counts[shuffled].sum(1), kind="stable")]:
        first = np.abs(excess + counts[group]).sum() <= np.abs(excess - counts[group]).sum()
        halves[members == group] = 0 if first else 1
        excess += counts[group] if first else -counts[group]
    return halves
