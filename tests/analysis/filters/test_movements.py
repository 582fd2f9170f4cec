"""Movements of filters in another order: what they would give, and whether training did otherwise."""

import numpy as np
import pytest
import torch
import xarray as xr

from sincviz.filters import band_membership, band_occupancy, exchanged_occupancy, movement_test


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_the_diagonal_is_what_training_made(network, moved):
    model = moved(network())
    exchanged = exchanged_occupancy(model)
    own = band_membership(model, by="measured_energy").transpose("filter", "band")
    np.testing.assert_allclose(np.einsum("iib->ib", exchanged.to_numpy()), own.to_numpy(), atol=1e-5)
    assert exchanged["band"].to_numpy().tolist() == own["band"].to_numpy().tolist()
    np.testing.assert_allclose(exchanged.sum("band"), 1, atol=1e-6)


def test_every_filter_takes_the_movement_of_every_other(network):
    model = network()
    with torch.no_grad():
        model.sinc_filter_layer.low_freqs[0, 1] += 6
    exchanged = exchanged_occupancy(model)
    still = band_occupancy(network()).sel(training="before")
    for number in (0, 2, 3):  # movements of filters that did not move
        np.testing.assert_allclose(exchanged.sel(movement=number).mean("filter"), still, atol=1e-5)
    other = network()
    with torch.no_grad():
        other.sinc_filter_layer.low_freqs[0, 2] += 6
    wanted = band_membership(other, by="measured_energy").sel(filter=2)
    np.testing.assert_allclose(exchanged.sel(filter=2, movement=1), wanted, atol=1e-5)


def test_only_sinc_networks_have_movements():
    with pytest.raises(TypeError, match="must be a SincShallowNet; got Linear"):
        exchanged_occupancy(torch.nn.Linear(2, 2))


BANDS_HZ = np.array([[4, 8], [8, 13], [13, 30]])


def shares(low_hz, high_hz):
    """The share of a band of frequencies in each of three, and the rest."""
    inside = np.minimum(high_hz[..., None], BANDS_HZ[:, 1]) - np.maximum(low_hz[..., None], BANDS_HZ[:, 0])
    inside = np.clip(inside, 0, None) / (high_hz - low_hz)[..., None]
    return np.concatenate([inside, 1 - inside.sum(-1, keepdims=True)], -1)


def networks(rng, n_people=8, n_filters=12, toward_alpha=0.0, alike=0.0):
    """Networks of filters that move at random, toward alpha, or by what all networks have in common."""
    start_hz = 6 + 1.5 * np.arange(n_filters)
    common = rng.normal(0, 1.5, n_filters)
    runs = []
    for _ in range(n_people):
        moved_hz = (1 - alike) * rng.normal(0, 1.5, n_filters) + alike * common
        moved_hz += toward_alpha * np.clip(8.5 - start_hz, -2, 2)
        low_hz = start_hz[:, None] + moved_hz
        runs.append(shares(low_hz, low_hz + 4))
    return xr.DataArray(np.array(runs), dims=("run", "filter", "movement", "band"))


def least_p(runs, **settings):
    test = movement_test(runs, [str(n) for n in range(runs.sizes["run"])], n_permutations=199, **settings)
    return float(test["p"].min())


def test_random_drift_is_rarely_called_a_movement(rng):
    p = [least_p(networks(rng), seed=number) for number in range(300)]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.035)


def test_networks_that_start_alike_are_kept_in_the_same_order(rng):
    groups = [networks(rng, alike=0.7) for _ in range(120)]
    together = [least_p(runs, together=["0"] * 8) for runs in groups]
    assert np.mean(np.array(together) <= 0.05) < 0.1
    assert np.mean(np.array([least_p(runs) for runs in groups]) <= 0.05) > 0.2


def test_movement_toward_a_band_is_found(rng):
    found = [least_p(networks(rng, toward_alpha=0.6)) <= 0.05 for _ in range(20)]
    assert np.mean(found) > 0.8


def test_all_movements_alike_are_no_test():
    runs = networks(np.random.default_rng(0)).isel(movement=[0] * 12)
    test = movement_test(runs, list("abcdefgh"), n_permutations=19)
    assert test["p"].isnull().all()
    np.testing.assert_allclose(test["beyond"], 0, atol=1e-9)


def test_runs_are_averaged_within_subjects_and_missing_filters_left_out(rng):
    runs = networks(rng, 3)
    test = movement_test(runs.isel(run=[0, 1, 2, 2]), ["a", "b", "c", "c"], n_permutations=19)
    np.testing.assert_allclose(test["beyond"], movement_test(runs, list("abc"), n_permutations=19)["beyond"])
    assert test.attrs["n_subjects"] == 3
    padded = runs.pad(filter=(0, 2), movement=(0, 2))
    xr.testing.assert_allclose(
        movement_test(padded, list("abc"), n_permutations=19),
        movement_test(runs, list("abc"), n_permutations=19),
    )
    with pytest.raises(ValueError, match="two or more subjects with values; got 1"):
        movement_test(runs, ["a"] * 3)
