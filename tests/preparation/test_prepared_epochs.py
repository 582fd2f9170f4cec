"""Epochs become what a network that was trained with a preparation takes."""

import mne
import numpy as np
import pandas as pd
import pytest

from sincviz import EpochsError
from sincviz.preparation import (
    EuclideanAlignment,
    Filter,
    Resample,
    SetEEGReference,
    StandardizeTrials,
    prepare,
)
from sincviz.preparation.prepared_epochs import edges_after, size_after


def test_prepared_epochs_are_those_of_mne(epochs):
    before = epochs.get_data().copy()
    prepared = prepare([SetEEGReference(), Filter(4, 38), Resample(80)], epochs)
    expected = epochs.copy().set_eeg_reference("average").filter(4, 38).resample(80)
    np.testing.assert_allclose(prepared.get_data(), expected.get_data(), atol=1e-10)
    np.testing.assert_allclose(prepared.times, expected.times)
    assert prepared.ch_names == epochs.ch_names
    assert prepared.event_id == epochs.event_id
    assert (prepared.info["highpass"], prepared.info["lowpass"]) == (4, 38)
    assert prepared.info["custom_ref_applied"]
    np.testing.assert_array_equal(epochs.get_data(), before)


def test_each_person_is_aligned_alone(epochs):
    epochs.metadata = pd.DataFrame({"subject": np.arange(len(epochs)) % 2})
    epochs._data[::2] *= 3
    aligned = prepare([EuclideanAlignment()], epochs, scale=1)
    for person in (0, 1):
        x = aligned[epochs.metadata["subject"] == person].get_data()
        covariance = np.einsum("ict,idt->cd", x, x) / x.shape[2] / len(x)
        np.testing.assert_allclose(covariance, np.eye(len(epochs.ch_names)), atol=1e-6)
    alone = prepare([EuclideanAlignment()], epochs[::2], scale=1)
    np.testing.assert_allclose(alone.get_data(), aligned[::2].get_data(), atol=1e-9)


def test_epochs_without_people_are_of_one_person(epochs):
    epochs.metadata = None
    everyone = prepare([EuclideanAlignment()], epochs, scale=1).get_data()
    epochs.metadata = pd.DataFrame({"subject": ["s1"] * len(epochs)})
    np.testing.assert_array_equal(prepare([EuclideanAlignment()], epochs, scale=1).get_data(), everyone)


def test_a_trial_of_nobody_is_refused(epochs):
    epochs.metadata = pd.DataFrame({"subject": [None] + ["s1"] * (len(epochs) - 1)})
    with pytest.raises(EpochsError, match="must name the person of every trial, to align them; 1 have none"):
        prepare([EuclideanAlignment()], epochs)


def test_sizes_and_edges_after_a_preparation():
    steps = [Filter(4, 38), Resample(128), StandardizeTrials()]
    assert size_after(steps, 640, 160.0) == (512, 128.0)
    assert size_after([], 640, 160.0) == (640, 160.0)
    assert edges_after(steps, 0.5, 80.0) == (4, 38)
    assert edges_after(steps, 8.0, 30.0) == (8, 30)
    assert edges_after([Filter(h_freq=40)], 0.0, np.inf) == (0, 40)


def test_the_number_of_samples_is_that_of_mne(epochs):
    for rate in (100, 128, 77.5):
        n_times = len(epochs.copy().resample(rate).times)
        assert size_after([Resample(rate)], len(epochs.times), epochs.info["sfreq"]) == (n_times, rate)
    assert isinstance(prepare([Resample(100)], epochs), mne.BaseEpochs)


def test_only_eeg_channels_are_changed(epochs):
    loud = epochs.copy().pick(epochs.ch_names[:1]).rename_channels({epochs.ch_names[0]: "EOG"})
    loud._data[:] = 1e-3
    loud.set_channel_types({"EOG": "eog"})
    both = epochs.copy().add_channels([loud])
    for steps in ([SetEEGReference(), Filter(4, 38)], [SetEEGReference(), EuclideanAlignment()]):
        prepared = prepare(steps, both).get_data()
        np.testing.assert_allclose(prepared[:, :6], prepare(steps, epochs).get_data(), atol=1e-15)
        np.testing.assert_array_equal(prepared[:, 6], loud.get_data()[:, 0])
    assert prepare([Resample(64)], both).get_data().shape == (40, 7, 64)
