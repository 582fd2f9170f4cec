"""Agreement with known sources is 1 for the truth, 0 for its opposite and 0.5 for chance."""

import numpy as np
import pytest
import xarray as xr

from sincviz.analysis.evidence.recovery import recovery, recovery_in_time, true_cells, true_cells_in_time
from sincviz.datasets import simulate_erp, simulate_motor_imagery
from sincviz.eeg.band_limits import with_band_limits
from sincviz.eeg.bands import RHYTHMS
from sincviz.eeg.sums import sum_over_times


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


def windows_of(truth, width_s=0.05):
    coords = {"channel": truth["channel"].to_numpy(), "time": truth["time"].to_numpy()}
    zeros = np.zeros([len(labels) for labels in coords.values()])
    return sum_over_times(xr.DataArray(zeros, coords, name="relevance"), width_s)


@pytest.fixture(scope="module", params=["p300", "n170"])
def erp_truth(request):
    return simulate_erp(4, component=request.param)[1]


@pytest.fixture
def windows(erp_truth):
    return windows_of(erp_truth)


@pytest.fixture
def cells_in_time(erp_truth, windows):
    return xr.DataArray(true_cells_in_time(erp_truth, windows), windows.coords)


def test_true_cells_in_time_surround_the_peak(erp_truth, cells_in_time):
    informative = erp_truth.isel(source=0)
    channels = set(cells_in_time["channel"][cells_in_time.any("time")].to_numpy())
    times_s = cells_in_time["time"][cells_in_time.any("channel")].to_numpy()
    expected = {"p300": {"Pz", "POz"}, "n170": {"P8", "P7"}}[erp_truth.attrs["component"]]
    assert expected <= channels
    assert channels.isdisjoint({"Fz", "F3", "F4", "C3", "C4", "Fp1"})
    assert np.abs(times_s - informative["latency_s"].item()).max() < informative["width_s"].item() / 2 + 0.05


def test_true_cells_in_time_are_maps_times_courses_averaged_in_windows(erp_truth, windows, cells_in_time):
    informative = erp_truth.sel(source=erp_truth["role"] == "informative")
    strength = (np.abs(informative["scalp_map"]) * informative["time_course"]).sum("source")
    averaged = strength.to_numpy().reshape(32, 20, 8).mean(-1)
    np.testing.assert_array_equal(cells_in_time, averaged >= averaged.max() / 2)
    with_target = windows.expand_dims(target=["standard against target"])
    np.testing.assert_array_equal(true_cells_in_time(erp_truth, with_target), cells_in_time)
    backwards = windows.isel(channel=slice(None, None, -1))
    np.testing.assert_array_equal(true_cells_in_time(erp_truth, backwards), cells_in_time[::-1])


def test_true_cells_of_imagery_lie_between_onset_and_offset():
    _, truth = simulate_motor_imagery(4, tmin=-0.5, onset_s=0.5, offset_s=2.0)
    windows = windows_of(truth)
    cells = xr.DataArray(true_cells_in_time(truth, windows), windows.coords)
    times_s = cells["time"][cells.any("channel")]
    assert times_s.min().item() == pytest.approx(0.5, abs=0.06)
    assert times_s.max().item() == pytest.approx(2.0, abs=0.06)
    assert {"C3", "C4"} <= set(cells["channel"][cells.any("time")].to_numpy())


def test_relevance_that_is_the_truth_agrees_perfectly(erp_truth, cells_in_time):
    found = recovery_in_time(cells_in_time.astype(float), erp_truth)
    assert (found.cells, found.best_rank, found.mass, found.times, found.channels) == (1, 1, 1, 1, 1)
    turned = cells_in_time.astype(float).transpose("time", "channel").expand_dims(target=["one"])
    assert recovery_in_time(turned, erp_truth) == found


def test_relevance_that_is_the_opposite_does_not_agree(erp_truth, cells_in_time):
    found = recovery_in_time(1.0 - cells_in_time, erp_truth)
    assert (found.cells, found.channels, found.mass) == (0, 0, 0)
    assert recovery_in_time(-cells_in_time.astype(float), erp_truth).mass == 0


def test_random_relevance_agrees_by_chance(erp_truth, windows, cells_in_time):
    rng = np.random.default_rng(0)
    found = [recovery_in_time(windows + rng.random(windows.shape), erp_truth) for _ in range(200)]
    assert np.mean([one.cells for one in found]) == pytest.approx(0.5, abs=0.02)
    assert np.mean([one.channels for one in found]) == pytest.approx(0.5, abs=0.03)
    share = cells_in_time.any("channel").mean().item()
    assert np.mean([one.times for one in found]) == pytest.approx(share, abs=0.02)


def test_bad_relevance_in_time_is_named(erp_truth, windows):
    with pytest.raises(ValueError, match=r"coordinates time_low_s and time_high_s; .* sum_over_times"):
        true_cells_in_time(erp_truth, windows.drop_vars("time_low_s"))
    later = windows.assign_coords({name: windows[name] + 1 for name in ("time_low_s", "time_high_s")})
    with pytest.raises(
        ValueError, match=r"Every window must contain a time of the truth, -0\.2 to 0\.79375 s"
    ):
        true_cells_in_time(erp_truth, later)
    with pytest.raises(
        ValueError, match=r"one target at most; got \{'target': 2, 'channel': 32, 'time': 20\}"
    ):
        recovery_in_time(windows.expand_dims(target=["one", "two"]), erp_truth)
    with pytest.raises(ValueError, match="Some cells must be true and others not; got 1 of 1"):
        recovery_in_time(windows.isel(channel=[0], time=[10]), erp_truth)
