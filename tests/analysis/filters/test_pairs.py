"""Filters of two networks, matched."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sincviz import SincShallowNet, learned_bands, spatial_filters
from sincviz.filters import filter_pairs
from sincviz.networks import front_end


def bank(cutoffs_hz, *, sfreq=128, n_chans=3, seed=0):
    torch.manual_seed(seed)
    model = SincShallowNet(
        n_chans=n_chans,
        n_outputs=2,
        n_times=256,
        sfreq=sfreq,
        num_time_filters=len(cutoffs_hz),
        time_filter_len=65,
    )
    low, high = np.array(cutoffs_hz, float).T
    with torch.no_grad():
        layer = model.sinc_filter_layer
        layer.low_freqs[:] = torch.tensor(low - layer.min_freq, dtype=torch.float32)
        layer.bandwidths[:] = torch.tensor(high - low, dtype=torch.float32)
    np.testing.assert_allclose(model.cutoffs().detach(), cutoffs_hz, atol=1e-3)
    return model


def test_filters_in_another_order_are_found_again():
    model, other = bank([(8, 12), (18, 22), (28, 32)]), bank([(28, 32), (8, 12), (18, 22)])
    pairs = filter_pairs(model, other)
    assert pairs["other_filter"].tolist() == [1, 2, 0]
    np.testing.assert_allclose(pairs["overlap"], 1, atol=1e-4)
    np.testing.assert_allclose(pairs["peak_shift_hz"], 0, atol=0.05)


def test_the_shift_is_that_of_the_peaks_and_its_sign_that_of_the_second_network():
    model, other = bank([(8, 12), (28, 32)]), bank([(11, 15), (28, 32)])
    pairs = filter_pairs(model, other)
    measured = [learned_bands(network)["peak_hz"].to_numpy() for network in (model, other)]
    np.testing.assert_allclose(pairs["peak_shift_hz"], measured[1] - measured[0])
    assert pairs["peak_shift_hz"].iloc[0] == pytest.approx(3, abs=0.5)


def test_filters_without_a_match_are_listed_on_either_side():
    many, few = bank([(8, 12), (18, 22), (28, 32)]), bank([(18, 22)])
    pairs = filter_pairs(many, few)
    assert pairs["other_filter"].tolist() == [-1, 0, -1]
    assert np.isnan(pairs["overlap"].iloc[[0, 2]]).all()
    back = filter_pairs(few, many)
    assert back.index.tolist() == [0, -1, -1]
    assert back["other_filter"].tolist() == [1, 0, 2]
    assert back["peak_hz"].isna().tolist() == [False, True, True]
    assert back["other_peak_hz"].notna().all()


def test_networks_of_other_sampling_rates_are_compared_in_hertz():
    pairs = filter_pairs(bank([(8, 12), (18, 22)]), bank([(18, 22), (8, 12)], sfreq=160))
    assert pairs["other_filter"].tolist() == [1, 0]
    assert (pairs["overlap"] > 0.9).all()


def test_maps_count_only_where_the_channels_are_the_same():
    model = bank([(8, 12), (18, 22)])
    maps = spatial_filters(model)
    same = filter_pairs(model, model, maps, -maps)  # the sign of a map is arbitrary
    np.testing.assert_allclose(same["map_similarity"], 1)
    assert filter_pairs(model, model)["map_similarity"].isna().all()
    others = spatial_filters(bank([(8, 12), (18, 22)], n_chans=4))
    assert filter_pairs(model, model, maps, others)["map_similarity"].isna().all()


def test_a_network_that_passes_nothing_is_refused():
    free = front_end(bank([(8, 12)]))
    silent = replace(free, kernels=torch.zeros_like(free.kernels))
    with pytest.raises(ValueError, match="No filter of the first network passes anything"):
        filter_pairs(silent, free)
