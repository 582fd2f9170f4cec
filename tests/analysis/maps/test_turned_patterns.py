"""Turned patterns keep what people do not share; p is corrected for all clusters."""

import numpy as np
import pytest

from sincviz.analysis.maps.turned_patterns import corrected_p, turned_patterns
from tests.analysis.maps.test_unit_clusters import blobs, electrodes


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_patterns_of_a_person_stay_alike_and_those_of_others_do_not(rng):
    patterns = np.tile(blobs(np.array([[-0.7, 0, 0.7], [-0.7, 0.1, 0.7]])), (20, 1))
    subject = np.repeat(np.arange(20), 2)
    turned = turned_patterns(patterns, subject, electrodes(), rng)
    cosine = turned @ turned.T
    assert (cosine[::2, 1::2].diagonal() > 0.97).all()
    others = cosine[subject[:, None] != subject]
    assert others.min() < 0.4


def test_a_pattern_around_the_vertex_stays_where_it_is(rng):
    pattern = blobs(np.array([[0.0, 0.0, 1.0]]))
    turned = turned_patterns(pattern, np.array([0]), electrodes(), rng)
    assert float(turned[0] @ pattern[0]) / np.linalg.norm(pattern) > 0.97


@pytest.mark.parametrize("n_clusterings", [1, 4])
def test_p_is_uniform_for_what_is_drawn_from_chance(rng, n_clusterings):
    p = []
    for _ in range(400):
        draws = rng.standard_normal((50, n_clusterings))
        p.append(min(of.min() for of in corrected_p(draws[1:], list(draws[0][:, None]))))
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.045)
