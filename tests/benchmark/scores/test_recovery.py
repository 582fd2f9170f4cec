"""Recovery agrees with that of the package, and has the values known for simple rankings."""

import numpy as np
import pytest
import xarray as xr

from sincviz.analysis.evidence.recovery import recovery
from sincviz.benchmark.scores.grid import GRID
from sincviz.benchmark.scores.recovery import (
    average_precision,
    best_rank,
    mass,
    rank_accuracy,
    roc_area,
    share_in,
)
from sincviz.eeg.band_limits import with_band_limits


@pytest.fixture
def true():
    mask = np.zeros((6, 12), bool)
    mask[2:4, 2] = True
    return mask


def test_it_is_the_recovery_of_the_package(case, true):
    values = np.random.default_rng(0).standard_normal(true.shape)
    loss = xr.DataArray(
        values.T, {"band": list(GRID), "channel": list(case.ch_names)}, ("band", "channel"), name="loss"
    )
    known = recovery(with_band_limits(loss, GRID), case.truth)
    assert roc_area(values, true) == pytest.approx(known.cells, abs=1e-12)
    assert mass(values, true) == pytest.approx(known.mass, abs=1e-12)
    assert best_rank(values, true) == known.best_rank
    assert roc_area(values.sum(1), true.any(1)) == pytest.approx(known.channels, abs=1e-12)


def test_a_perfect_ranking(true):
    values = true + np.random.default_rng(0).uniform(0, 0.5, true.shape)
    assert roc_area(values, true) == average_precision(values, true) == rank_accuracy(values, true) == 1
    assert best_rank(values, true) == 1
    assert mass(true.astype(float), true) == 1


def test_nothing_found_is_chance(true):
    zero = np.zeros(true.shape)
    assert roc_area(zero, true) == 0.5
    assert average_precision(zero, true) == pytest.approx(true.mean())
    assert rank_accuracy(zero, true) == pytest.approx(true.mean())
    assert best_rank(zero, true) == (true.size + 1) / 2
    assert mass(zero, true) == mass(-np.ones(true.shape), true) == 0


def test_area_is_the_share_of_pairs_in_order(true):
    values = np.random.default_rng(1).standard_normal(true.shape)
    pairs = values[true][:, None] > values[~true]
    assert roc_area(values, true) == pytest.approx(pairs.mean())


def test_without_true_cells_nothing_is_scored(true):
    none = np.zeros_like(true)
    for score in (roc_area, average_precision, best_rank, rank_accuracy):
        assert np.isnan(score(np.ones(true.shape), none))
    assert np.isnan(share_in(np.zeros(true.shape), true))
