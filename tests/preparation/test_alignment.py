"""Euclidean alignment makes the mean covariance of everyone's trials the identity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz import EpochsError
from sincviz.preparation.alignment import alignment_matrix, mean_covariance


@given(seed=st.integers(0, 1000), n_channels=st.integers(1, 8))
def test_aligned_trials_have_the_identity_as_mean_covariance(seed, n_channels):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n_channels, n_channels)) @ rng.standard_normal((12, n_channels, 50))
    matrix = alignment_matrix(mean_covariance([x[:5], x[5:]]))
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-9 * np.abs(matrix).max())
    np.testing.assert_allclose(mean_covariance([matrix @ x]), np.eye(n_channels), atol=1e-6)


def test_directions_without_variance_stay_without():
    x = np.random.default_rng(0).standard_normal((9, 4, 60))
    x -= x.mean(1, keepdims=True)  # average reference
    matrix = alignment_matrix(mean_covariance([x]))
    aligned = mean_covariance([matrix @ x])
    np.testing.assert_allclose(np.linalg.eigvalsh(aligned), [0, 1, 1, 1], atol=1e-9)
    np.testing.assert_allclose((matrix @ x).mean(1), 0, atol=1e-9)


def test_batches_do_not_matter():
    x = np.random.default_rng(1).standard_normal((10, 3, 40)).astype(np.float32)
    np.testing.assert_allclose(mean_covariance([x]), mean_covariance(np.split(x, 5)), rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: mean_covariance([]), "no trials"),
        (lambda: alignment_matrix(np.zeros((2, 2))), "all values are zero"),
        (lambda: alignment_matrix(np.full((2, 2), np.nan)), "not finite"),
    ],
)
def test_trials_that_cannot_be_aligned_are_refused(make, words):
    with pytest.raises(EpochsError, match=words):
        make()
