"""Selection of a few trials."""

import numpy as np
from numpy.typing import NDArray


def evenly_drawn(codes: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """Return the numbers of at most so many trials, drawn evenly from the classes, in their order.

    Examples
    --------
    >>> evenly_drawn(np.array([0, 0, 0, 0, 1]), 2, seed=0).tolist()
    [2, 4]
    """
    order = np.random.default_rng(seed).permutation(len(codes))
    # The first of every class, then the second of every class, and so on.
    rank = np.empty(len(codes), int)
    for code in np.unique(codes):
        members = order[codes[order] == code]
        rank[members] = np.arange(len(members))
    chosen = order[np.argsort(rank[order], kind="stable")][:most]
    return np.sort(chosen)
