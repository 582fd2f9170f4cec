"""How much of a filter bank lies in each band, before training and after."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sincviz.filters import band_membership, band_occupancy
from sincviz.networks import front_end


def test_shares_are_those_of_the_filters(network, moved):
    model = moved(network())
    found = band_occupancy(model)
    assert found.dims == ("training", "band")
    np.testing.assert_allclose(found.sum("band"), 1.0)
    after = band_membership(model, by="measured_energy").mean("filter")
    np.testing.assert_allclose(found.sel(training="after"), after)


def test_before_training_is_the_network_as_it_was_built(network, moved):
    untrained, trained = network(), moved(network())
    before = band_occupancy(trained).sel(training="before", drop=True)
    np.testing.assert_allclose(before, band_occupancy(untrained).sel(training="after", drop=True), atol=1e-6)
    assert np.abs(band_occupancy(trained).diff("training")).max() > 0.01


def test_a_filter_that_moves_into_a_band_adds_its_share_there(network):
    model = network(num_time_filters=2, time_filter_len=127, n_times=256, freq_stride=20.0)
    with torch.no_grad():
        model.sinc_filter_layer.low_freqs[0, 1] = 8.0  # 9–13 Hz, as the first
    change = band_occupancy(model, bands={"mu": (8, 13)}).sel(band="mu").diff("training").item()
    assert change == pytest.approx(0.5, abs=0.1)


def test_a_start_that_nobody_knows_has_no_shares(network):
    parts = replace(front_end(network()), initial_kernels=None, initial_cutoffs=None)
    found = band_occupancy(parts)
    assert np.isnan(found.sel(training="before")).all()
    assert not np.isnan(found.sel(training="after")).any()


def test_kernels_of_the_cutoffs_are_the_kernels(network, moved):
    model = moved(network())
    layer = model.sinc_filter_layer
    torch.testing.assert_close(layer.kernels_of(model.cutoffs()), model.kernels())
    torch.testing.assert_close(layer.kernels_of(layer.initial_cutoffs()), network().kernels())
