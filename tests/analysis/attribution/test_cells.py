"""Relevance by band and channel, trial by trial, is that by frequency, summed: nothing is lost between batches."""

from functools import partial

import mne
import numpy as np
import pytest
import torch
import xarray as xr

from sincviz import spectral_relevance
from sincviz.analysis.attribution import convergence
from sincviz.analysis.attribution.cells import cell_relevance
from sincviz.analysis.attribution.explanation import explain_trials
from sincviz.eeg.band_limits import band_ranges
from sincviz.eeg.sums import sum_over_bands
from sincviz.statistics import bootstrap_intervals

pytestmark = pytest.mark.usefixtures("one_thread")

N_TRIALS = 7


@pytest.fixture(scope="module")
def model(network, moved, simulation):
    built = moved(network(chs_info=simulation[0].info["chs"])).eval()
    built.scale, built.class_names = 1e6, ["left", "right"]
    return built


@pytest.fixture(scope="module")
def trials(simulation):
    return simulation[0][:N_TRIALS]


@pytest.fixture(scope="module")
def cells(model, trials):
    return cell_relevance(model, trials)


@pytest.mark.parametrize("bands", [None, {"mu": (8, 13)}, {"low": (0, 9.5), "high": (9.5, np.inf)}, {}])
@pytest.mark.parametrize("explain", ["score", "margin"])
def test_it_is_the_spectral_relevance_of_every_trial_grouped(model, trials, bands, explain):
    spectrum = spectral_relevance(model, trials, explain=explain, n_steps=4, per_trial=True)
    found = cell_relevance(model, trials, bands=bands, explain=explain, n_steps=4)
    expected = sum_over_bands(spectrum, bands)
    assert found.dims == expected.dims == ("trial", "target", "band", "channel")
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    for name in ("band", "target", "channel", "class_name"):
        assert found[name].to_numpy().tolist() == expected[name].to_numpy().tolist()


@pytest.mark.parametrize("at_once", [1, 3, N_TRIALS, 100])
def test_the_size_of_the_batches_changes_nothing(model, trials, cells, monkeypatch, at_once):
    monkeypatch.setattr(convergence, "explain_trials", partial(explain_trials, batch_size=at_once))
    found = cell_relevance(model, trials)
    xr.testing.assert_allclose(found, cells, rtol=1e-5, atol=1e-6 * float(abs(cells).max()))
    assert found.attrs == cells.attrs
    assert found["class_name"].to_numpy().tolist() == cells["class_name"].to_numpy().tolist()


def test_of_a_linear_network_the_sum_is_the_change_of_the_score_exactly(linear, noise):
    model, x = linear(sfreq=96.0).double(), noise(5)
    found = cell_relevance(model, x, [0, 1, 2, 0, 1])
    with torch.no_grad():
        change = model(torch.from_numpy(x)) - model(torch.zeros(1, 6, 96, dtype=torch.float64))
    np.testing.assert_allclose(found.sum(("band", "channel")), change, atol=1e-10)
    weights = model.layers[1].weight.detach().numpy().reshape(3, 6, 96)
    np.testing.assert_allclose(found.sum("band"), np.einsum("nct,kct->nkc", x, weights), atol=1e-10)


def test_of_a_network_the_sum_is_the_change_of_the_score(model, trials):
    cells = cell_relevance(model, trials, n_steps=64)
    x = torch.from_numpy((trials.get_data() * 1e6).astype(np.float32))
    with torch.no_grad():
        change = (model(x) - model(torch.zeros_like(x[:1]))).numpy()
    error = abs(cells.sum(("band", "channel")).to_numpy() - change).sum() / abs(change).sum()
    assert error < 1e-3


def test_intervals_can_be_made_of_it_whose_middle_is_the_relevance(model, trials, cells):
    found = bootstrap_intervals(cells, trials="contrast", n_resamples=20)
    spectrum = spectral_relevance(model, trials, trials="contrast")
    np.testing.assert_allclose(found, sum_over_bands(spectrum), rtol=1e-4, atol=1e-7)
    assert (found["ci_low"] <= found["ci_high"]).all()


def test_classes_that_the_network_does_not_know_are_left_out(model, trials, cells):
    renamed = trials.copy()
    renamed.event_id = {f"other {name}": code for name, code in renamed.event_id.items()}
    found = cell_relevance(model, renamed)
    assert "class_name" not in found.coords
    np.testing.assert_array_equal(found, cells)


def test_epochs_on_disk_are_read_as_those_in_memory(model, trials, cells, tmp_path):
    trials.save(tmp_path / "trials-epo.fif", fmt="double", verbose="error")
    on_disk = mne.read_epochs(tmp_path / "trials-epo.fif", preload=False, verbose="error")
    np.testing.assert_allclose(cell_relevance(model, on_disk), cells, rtol=1e-4, atol=1e-7)
    assert not on_disk.preload


def test_it_survives_a_file(cells, tmp_path):
    cells.to_netcdf(tmp_path / "cells.nc", engine="scipy")
    again = xr.load_dataarray(tmp_path / "cells.nc", engine="scipy")
    np.testing.assert_array_equal(again, cells)
    assert again.attrs == cells.attrs
    assert band_ranges(again) == band_ranges(cells)
    assert {"method", "weights_sha256", "sincviz_version"} <= set(cells.attrs)


def test_without_a_sampling_rate_there_are_no_bands(linear, noise):
    with pytest.raises(ValueError, match="in Hz"):
        cell_relevance(linear(), noise(2, dtype=np.float32))


@pytest.mark.parametrize(
    ("bands", "message"),
    [({"a": (1, 5), "b": (4, 8)}, "must not overlap"), ({"other": (1, 2)}, "'other'")],
)
def test_bands_that_make_no_sense_are_refused(model, trials, bands, message):
    with pytest.raises(ValueError, match=message):
        cell_relevance(model, trials, bands=bands)
