"""Averages over trials are those that their names say."""

import numpy as np
import pytest
import torch

from sincviz.benchmark.scores.averages import (
    AS_RETURNED,
    VARIANTS,
    checked_attributions,
    relevance_of,
    trial_weights,
    weighted_trials,
)


@pytest.fixture
def attributions():
    rng = np.random.default_rng(0)
    return {target: rng.standard_normal((10, 3, 8)) for target in (0, 1, 2)}


CLASSES = [0, 1, 2, 0, 1, 2, 0, 0, 1, 2]


def test_variants_are_means_over_classes(attributions):
    values, y = attributions, np.array(CLASSES)
    contrast = [values[k][y == k].mean(0) - values[k][y != k].mean(0) for k in range(3)]
    mean = [values[k][y == k].mean(0) for k in range(3)]
    magnitude = [np.abs(values[k][y == k]).mean(0) for k in range(3)]
    for variant, expected in zip(VARIANTS, (contrast, mean, magnitude), strict=True):
        np.testing.assert_allclose(relevance_of(values, y, variant), np.mean(expected, 0), atol=1e-12)


def test_a_contrast_ignores_what_all_trials_share(attributions):
    shifted = {target: values + 5.0 for target, values in attributions.items()}
    np.testing.assert_allclose(
        relevance_of(shifted, CLASSES, "contrast"),
        relevance_of(attributions, CLASSES, "contrast"),
        atol=1e-12,
    )


def test_some_trials_only(attributions):
    chosen = np.array([0, 1, 2, 3, 4, 5])
    first = {target: values[:6] for target, values in attributions.items()}
    np.testing.assert_allclose(
        relevance_of(attributions, CLASSES, "contrast", chosen), relevance_of(first, CLASSES[:6], "contrast")
    )
    assert weighted_trials(attributions, CLASSES, "mean", chosen).shape == (6, 3, 8)


def test_tensors_and_arrays_are_alike(attributions):
    tensors = {target: torch.from_numpy(values).requires_grad_() for target, values in attributions.items()}
    assert np.array_equal(relevance_of(tensors, CLASSES, "mean"), relevance_of(attributions, CLASSES, "mean"))


def test_averages_of_the_method_are_taken_as_they_are(attributions):
    ready = {target: values.mean(0) for target, values in attributions.items()}
    np.testing.assert_allclose(relevance_of(ready, CLASSES, AS_RETURNED), np.mean(list(ready.values()), 0))
    with pytest.raises(ValueError, match="without trials must be one of as returned; got 'mean'"):
        relevance_of(ready, CLASSES, "mean")
    with pytest.raises(ValueError, match="of single trials must be one of contrast"):
        relevance_of(attributions, CLASSES, AS_RETURNED)


def test_unknown_variants_and_lonely_classes():
    with pytest.raises(ValueError, match="one of contrast, mean, magnitude; got 'median'"):
        trial_weights(CLASSES, 3, "median")
    with pytest.raises(ValueError, match=r"got \[2, 0\] trials"):
        trial_weights([0, 0], 2, "mean")


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        ({0: np.zeros((40, 6, 200))}, "targets 0 to 1; got"),
        ({0: np.zeros((40, 6, 200)), 1: np.zeros((40, 6, 101))}, "the same for all targets"),
        ({k: np.zeros((39, 6, 200)) for k in (0, 1)}, "must have one of the shapes"),
        ({k: np.zeros(200) for k in (0, 1)}, "must have one of the shapes"),
        ({k: np.full((6, 101), np.nan) for k in (0, 1)}, "606 of 606 values of target 0"),
    ],
)
def test_what_does_not_fit_is_refused(case, bad, match):
    with pytest.raises(ValueError, match=match):
        checked_attributions(case, bad)
