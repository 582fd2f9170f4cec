"""Agreement with known sources is 1 for the truth, 0 for its opposite and 0.5 for chance."""

import numpy as np
import pytest
import xarray as xr

from sincviz.analysis.evidence.recovery import recovery, true_cells
from sincviz.datasets import simulate_motor_imagery
from sincviz.eeg.band_limits import with_band_limits
from sincviz.eeg.bands import RHYTHMS


@pytest.fixture(scope="module")
def truth():
    return simulate_motor_imagery(4, n_chans=32, seed=2)[1]


@pytest.fixture
def blank(truth):
    cells = {"band": list(RHYTHMS), "channel": truth["channel"].to_numpy()}
    return with_band_limits(xr.DataArray(np.zeros((5, 32)), coords=cells), RHYTHMS)


@pytest.fixture
def cells(truth, blank):
    return xr.DataArray(true_cells(truth, blank), coords=blank.coords)


def test_true_cells_are_sensorimotor_mu_and_beta(cells):
    assert cells["band"][cells.any("channel")].to_numpy().tolist() == ["alpha", "beta"]
    for band in ("alpha", "beta"):
        channels = set(cells["channel"][cells.sel(band=band)].to_numpy())
        assert {"C3", "C4"} <= channels
        assert channels.isdisjoint({"Fp1", "Fp2", "O1", "O2", "Pz", "POz", "Oz"})


def test_the_distractor_is_not_among_them(truth, blank, cells):
    without = truth.sel(source=truth["role"] == "informative")
    np.testing.assert_array_equal(true_cells(without, blank), cells)


def test_they_follow_the_channels_of_the_loss(truth, blank, cells):
    backwards = blank.isel(channel=slice(None, None, -1))
    np.testing.assert_array_equal(true_cells(truth, backwards), cells.isel(channel=slice(None, None, -1)))


def test_losses_that_are_the_truth_agree_perfectly(truth, cells):
    found = recovery(cells.astype(float), truth)
    assert (found.cells, found.bands, found.channels) == (1, 1, 1)


def test_the_opposite_of_the_truth_does_not_agree_at_all(truth, cells):
    found = recovery(1.0 - cells, truth)
    assert (found.cells, found.channels) == (0, 0)
    assert found.bands < 0.4


def test_negative_losses_do_not_count_as_found(truth, cells):
    found = recovery(-cells.astype(float), truth)
    assert (found.cells, found.bands) == (0, 0)


def test_random_losses_agree_by_chance(truth, blank, cells):
    rng = np.random.default_rng(0)
    found = [recovery(blank + rng.random(blank.shape), truth) for _ in range(200)]
    assert np.mean([one.cells for one in found]) == pytest.approx(0.5, abs=0.02)
    assert np.mean([one.channels for one in found]) == pytest.approx(0.5, abs=0.03)
    assert np.mean([one.bands for one in found]) == pytest.approx(2 / 5, abs=0.02)


def test_more_noise_agrees_less(truth, cells):
    noise = np.random.default_rng(1).standard_normal(cells.shape)
    found = [recovery(cells + size * noise, truth).cells for size in (0.1, 1.0, 10.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.99 > found[1] > found[2]


def test_no_loss_at_all_is_no_agreement(truth, blank):
    found = recovery(blank, truth)
    assert (found.cells, found.bands, found.channels) == (0.5, 0, 0.5)


def test_bands_are_known_by_their_limits_and_not_by_names(truth, blank, cells):
    bands = {"gamma": (30, np.inf), "mine": (8, 13), "alpha": (13, 30)}
    own = blank.isel(band=slice(3)).assign_coords(band=list(bands))
    found = true_cells(truth, with_band_limits(own, bands))
    np.testing.assert_array_equal(found, cells.sel(band=["gamma", "alpha", "beta"]))
    with pytest.raises(ValueError, match="limits of the bands"):
        true_cells(truth, own.drop_vars("band_low_hz"))
