"""Turned patterns: scalp patterns of people who have no place in common, for comparison."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Floats = NDArray[np.float64]


def turned_patterns(
    patterns: Floats, subject: NDArray[np.intp], positions_m: Floats, generator: np.random.Generator
) -> Floats:
    """Return the patterns of each subject turned around the vertical axis at random, half of the subjects mirrored.

    All patterns of a subject are turned by the same angle. A channel takes the mean of the channels around the place
    that is turned to it, weighted by a Gaussian of their angle; its width is the median distance of neighbours.

    Parameters
    ----------
    patterns : array, shape (units, channels)
        Scalp patterns.
    subject : array of int, shape (units,)
        The number of the subject of each.
    positions_m : array, shape (channels, 3)
        Positions in head coordinates, x to the right, y to the front, z up.
    generator : numpy.random.Generator
        Source of the angles.

    Returns
    -------
    array, shape (units, channels)
        Patterns of norm 1.

    Examples
    --------
    >>> angle = np.arange(8) * np.pi / 4
    >>> around = np.stack([np.cos(angle), np.sin(angle), np.ones(8)], 1)
    >>> turned = turned_patterns(np.eye(2, 8), np.array([0, 0]), around, np.random.default_rng(0))
    >>> bool((turned.argmax(1) != [0, 1]).all()), np.linalg.norm(turned, axis=1).round(6).tolist()
    (True, [1.0, 1.0])
    """
    places = positions_m / np.linalg.norm(positions_m, axis=1, keepdims=True)
    between = np.arccos(np.clip(places @ places.T, -1, 1)) + np.diag(np.full(len(places), np.inf))
    width = np.median(between.min(0))
    turned = np.empty_like(patterns)
    for number in range(subject.max() + 1):
        turn = Rotation.from_euler("z", generator.uniform(0, 2 * np.pi)).as_matrix()
        mirror = [generator.choice([-1, 1]), 1, 1]
        angle = np.arccos(np.clip((places * mirror) @ turn @ places.T, -1, 1))
        # The nearest channel always counts, so that no place is without one.
        nearness = np.exp((angle.min(1, keepdims=True) / width) ** 2 - (angle / width) ** 2)
        turned[subject == number] = (
            patterns[subject == number] @ (nearness / nearness.sum(1, keepdims=True)).T
        )
    norm = np.linalg.norm(turned, axis=1, keepdims=True)
    return np.asarray(turned / np.where(norm > 0, norm, 1.0))


def corrected_p(largest: Floats, sizes: Sequence[Floats]) -> list[Floats]:
    """Return p of the sizes of clusters in several clusterings, corrected for all clusters and clusterings.

    Parameters
    ----------
    largest : array, shape (draws, clusterings)
        The largest cluster of each clustering by chance.
    sizes : sequence of array
        The sizes of the clusters of every clustering.

    Returns
    -------
    list of array
        How often the smallest p of any clustering is as small by chance [1]_.

    References
    ----------
    .. [1] Westfall, P. H., and Young, S. S. (1993). Resampling-based multiple testing. Wiley, section 2.6.

    Examples
    --------
    >>> by_chance = np.column_stack([np.arange(99.0), np.arange(99.0)])
    >>> [p.tolist() for p in corrected_p(by_chance, [np.array([1000.0, 49.0]), np.array([98.0])])]
    [[0.01, 0.51], [0.02]]
    """
    single = [
        (1 + (largest[:, k] >= size[:, None] - 1e-9).sum(1)) / (1 + len(largest))
        for k, size in enumerate(sizes)
    ]
    # The same for each draw, among all of them.
    ranks = np.stack([(of[:, None] <= of + 1e-9).sum(1) for of in largest.T], 1) / len(largest)
    smallest = ranks.min(1)
    return [(1 + (smallest <= p[:, None] + 1e-9).sum(1)) / (1 + len(largest)) for p in single]
