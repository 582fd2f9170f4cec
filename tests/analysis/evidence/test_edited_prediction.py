"""Predictions of a network whose filters or trials are changed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from sincviz.analysis.evidence.edited_prediction import edited_predictions
from sincviz.analysis.evidence.prediction import predictions
from sincviz.networks import front_end
from sincviz.opening.network import network as opened
from sincviz.trials.epochs import network_input


@pytest.fixture
def model(network, moved, epochs):
    model = moved(network(chs_info=epochs.info["chs"])).eval()
    model.scale, model.class_names = 1e6, ["left", "right"]
    return model


def scores_of(table):
    return table[["score_left", "score_right"]].to_numpy()


def scores_of_layers(model, x):
    with torch.no_grad():
        return model.feature_maps(torch.from_numpy(x))["scores"].numpy()


def test_without_edits_they_are_the_predictions(model, epochs):
    pd.testing.assert_frame_equal(edited_predictions(model, epochs), predictions(model, epochs))


def test_cutoffs_are_those_of_a_network_with_these_parameters(model, epochs):
    edited = edited_predictions(model, epochs, cutoffs={2: (9.5, 21.0)})
    layer = model.sinc_filter_layer
    with torch.no_grad():
        layer.low_freqs[0, 2], layer.bandwidths[0, 2] = 9.5 - layer.min_freq, 11.5
    np.testing.assert_allclose(scores_of(edited), scores_of(predictions(model, epochs)), atol=1e-5)


def test_a_muted_filter_gives_zeros_and_the_others_are_not_rescaled(model, epochs):
    edited = edited_predictions(model, epochs, muted_filters=[1])

    def silence(_layer, _inputs, output):
        output = output.clone()
        output[:, 1] = 0
        return output

    model.sinc_filter_layer.register_forward_hook(silence)
    np.testing.assert_allclose(
        scores_of(edited), scores_of_layers(model, network_input(model, epochs)), atol=1e-4
    )


def test_a_muted_channel_is_zero(model, epochs):
    name = model.ch_names[3]
    x = network_input(model, epochs)
    x[:, 3] = 0
    np.testing.assert_allclose(
        scores_of(edited_predictions(model, epochs, muted_channels=[name])),
        scores_of_layers(model, x),
        atol=1e-4,
    )


@pytest.mark.parametrize(
    ("band", "covers"),
    [
        ("alpha", lambda hz: (hz >= 8) & (hz < 13)),
        ((8.0, 13.0), lambda hz: (hz >= 8) & (hz < 13)),
        ("gamma", lambda hz: hz >= 30),
        ((30, float("inf")), lambda hz: hz >= 30),
        ("other", lambda hz: hz < 1),
    ],
)
def test_a_muted_band_is_missing_in_every_channel(model, epochs, band, covers):
    x = network_input(model, epochs)
    spectrum = np.fft.rfft(x)
    spectrum[..., covers(np.fft.rfftfreq(x.shape[2], 1 / 128))] = 0
    without = np.fft.irfft(spectrum, x.shape[2]).astype(np.float32)
    edited = edited_predictions(model, epochs, muted_bands=[band])
    np.testing.assert_allclose(scores_of(edited), scores_of_layers(model, without), atol=1e-4)


def test_everything_muted_leaves_every_trial_alike(model, epochs):
    everything = edited_predictions(model, epochs, muted_bands=[(0, np.inf)])
    no_channels = edited_predictions(model, epochs, muted_channels=model.ch_names)
    assert np.ptp(scores_of(everything), axis=0).max() < 1e-5
    np.testing.assert_allclose(scores_of(everything), scores_of(no_channels), atol=1e-5)
    assert len(set(everything["predicted"])) == 1


def test_the_network_stays_as_it_is(model, epochs):
    before = front_end(model).kernels.clone()
    edited_predictions(
        model, epochs, cutoffs={0: (8, 12)}, muted_filters=[1], muted_channels=[model.ch_names[0]]
    )
    assert torch.equal(front_end(model).kernels, before)


def test_edits_keep_what_is_known_of_the_trials(model, epochs):
    edited = edited_predictions(opened(model), epochs, muted_bands=["alpha"])
    assert edited.columns.tolist() == predictions(model, epochs).columns.tolist()


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ({"cutoffs": {4: (8, 12)}}, "numbered from 0 to 3; got 4"),
        ({"muted_filters": [-1]}, "numbered from 0 to 3; got -1"),
        ({"muted_filters": [0.5]}, "got 0.5"),
        ({"muted_filters": [True, False]}, "numbered from 0 to 3; got True, False"),
        ({"muted_filters": ["1"]}, "numbered from 0 to 3; got '1'"),
        ({"muted_filters": [None]}, "numbered from 0 to 3; got None"),
        ({"muted_filters": 3}, r"`muted_filters` must be a list; got 3. Try \[3\]"),
        ({"cutoffs": {"a": (8, 12)}}, "numbered from 0 to 3; got 'a'"),
        ({"cutoffs": [(8, 12)]}, r"`cutoffs` must be a dictionary.*Try \{3: \(8, 12\)\}"),
        ({"cutoffs": {0: ("a", "b")}}, "Cut-offs must be two frequencies"),
        ({"muted_bands": "alpha"}, r"`muted_bands` must be a list; got 'alpha'. Try \['alpha'\]"),
        ({"muted_bands": [("a", "b")]}, "two increasing frequencies"),
        ({"muted_channels": None}, r"`muted_channels` must be a list; got None. Try \['C3'\]"),
        ({"cutoffs": {0: (12, 8)}}, r"the first not above the second; got \(12, 8\) for filter 0"),
        ({"cutoffs": {0: (8, 65)}}, "from 0 to 64 Hz"),
        ({"cutoffs": {0: (8, float("nan"))}}, "Cut-offs must be two frequencies"),
        ({"muted_bands": ["mu"]}, "delta, theta, alpha, beta, gamma, other, or limits in Hz.*got 'mu'"),
        ({"muted_bands": [(13, 8)]}, "two increasing frequencies"),
        ({"muted_channels": ["Q7"]}, "Unknown channels: Q7"),
        ({"muted_channels": "C3"}, r"Try \['C3'\]"),
    ],
)
def test_what_is_not_there_cannot_be_edited(model, epochs, edits, message):
    with pytest.raises(ValueError, match=message):
        edited_predictions(model, epochs, **edits)


def test_free_kernels_have_no_cutoffs(model, epochs):
    with pytest.raises(ValueError, match="no cut-offs to change"):
        edited_predictions(
            replace(front_end(model), sinc_layer=None, cutoffs=None), epochs, cutoffs={0: (8, 12)}
        )
