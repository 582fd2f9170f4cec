"""Euclidean alignment: the matrix that makes the mean covariance of someone's trials the identity."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sincviz.errors import EpochsError

SMALLEST = 1e-12
"""Directions with less variance than this share of the largest count as without any."""


def mean_covariance(batches: Iterable[NDArray[np.floating]]) -> NDArray[np.float64]:
    """Return the mean over trials of ``x xᵀ / n_times``, shape (channels, channels).

    Parameters
    ----------
    batches : iterable of array, shape (trials, channels, times)
        Trials.

    Raises
    ------
    EpochsError
        If there are none.
    """
    total, n_trials = None, 0
    for batch in batches:
        x = batch.astype(np.float64, copy=False)
        part = np.einsum("ict,idt->cd", x, x, optimize=True) / x.shape[2]
        total = part if total is None else total + part
        n_trials += len(batch)
    if total is None or n_trials == 0:
        raise EpochsError("There are no trials to align.")
    covariance: NDArray[np.float64] = total / n_trials
    return covariance


def alignment_matrix(covariance: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return ``R^(-1/2)``, symmetric; directions without variance are mapped to zero.

    Parameters
    ----------
    covariance : array, shape (channels, channels)
        Mean covariance R of someone's trials, symmetric.

    Raises
    ------
    EpochsError
        If there is no variance at all, or values are not finite.

    Examples
    --------
    >>> alignment_matrix(np.diag([4.0, 0.25, 0.0]))
    array([[0.5, 0. , 0. ],
           [0. , 2. , 0. ],
           [0. , 0. , 0. ]])
    """
    if not np.isfinite(covariance).all():
        raise EpochsError("The trials cannot be aligned: values are not finite.")
    variances, directions = np.linalg.eigh(covariance)
    kept = variances > SMALLEST * variances[-1]
    if not variances[-1] > 0:
        raise EpochsError("The trials cannot be aligned: all values are zero.")
    scaled = directions[:, kept] / np.sqrt(variances[kept])
    matrix: NDArray[np.float64] = scaled @ directions[:, kept].T
    return matrix
