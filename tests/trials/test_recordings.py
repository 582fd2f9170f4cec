"""What a recording tells of itself, and the hash that tells the same data again."""

import re

import mne
import numpy as np
import pytest

from sincviz import EpochsError
from sincviz.trials.recordings import data_hash, eeg_channels, recording_facts, unapplied_projectors


def test_filters_of_the_recording_are_remembered(epochs):
    with epochs.info._unlock():
        epochs.info["highpass"], epochs.info["lowpass"] = 0.5, 40.0
    facts = recording_facts(epochs)
    assert (facts["highpass_hz"], facts["lowpass_hz"]) == (0.5, 40.0)


@pytest.mark.parametrize(
    ("rereference", "expected"),
    [
        (lambda e: e, "as recorded"),
        (lambda e: mne.set_eeg_reference(e, ["Cz"])[0], "custom"),
        (lambda e: e.set_eeg_reference("average"), "average"),
        (lambda e: e.set_eeg_reference("average", projection=True).apply_proj(), "average"),
        (lambda e: e.set_eeg_reference("average", projection=True), "as recorded"),
    ],
)
def test_the_reference_is_remembered(epochs, rereference, expected):
    assert recording_facts(rereference(epochs))["reference"] == expected


def test_the_same_data_have_the_same_hash_and_others_another():
    trials = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    other = trials.copy()
    other[1, 2, 3] += 1
    assert data_hash(trials) == data_hash(np.asfortranarray(trials)) != data_hash(other)


def test_only_eeg_channels_are_taken_bad_ones_included(epochs):
    epochs.info["bads"] = [epochs.ch_names[1]]
    names = list(epochs.ch_names)
    epochs.set_channel_types({names[0]: "eog"})
    assert [channel["ch_name"] for channel in eeg_channels(epochs)] == names[1:]


@pytest.mark.parametrize("kind", ["misc", "eog", "mag", "stim"])
def test_other_channels_do_not_become_eeg_and_the_remedy_makes_them(epochs, kind):
    epochs.set_channel_types(dict.fromkeys(epochs.ch_names, kind), on_unit_change="ignore")
    with pytest.raises(EpochsError, match=rf"no EEG channels .* \({kind}\)") as refused:
        eeg_channels(epochs)
    exec(re.search(r"`(epochs\.set_channel_types.*?)`", str(refused.value))[1], {"epochs": epochs})
    assert [channel["ch_name"] for channel in eeg_channels(epochs)] == epochs.ch_names


def test_electrodes_inside_the_head_are_taken_where_there_is_no_eeg(epochs):
    types = ["seeg", "ecog", "dbs", "misc", "stim", "eog"]
    epochs.set_channel_types(dict(zip(epochs.ch_names, types, strict=True)), on_unit_change="ignore")
    assert [channel["ch_name"] for channel in eeg_channels(epochs)] == epochs.ch_names[:3]


def test_projectors_that_wait_are_named_unless_they_are_about_other_channels(epochs):
    assert unapplied_projectors(epochs, epochs.ch_names) == []
    epochs.set_eeg_reference("average", projection=True)
    assert unapplied_projectors(epochs, epochs.ch_names) == ["Average EEG reference"]
    assert unapplied_projectors(epochs, ["MEG 001"]) == []
    assert unapplied_projectors(epochs.apply_proj(), epochs.ch_names) == []
    assert unapplied_projectors(epochs.get_data(), epochs.ch_names) == []


def test_an_array_does_not_tell_how_it_was_recorded():
    facts = recording_facts(np.zeros((2, 6, 128)))
    assert facts == {"highpass_hz": None, "lowpass_hz": None, "reference": None}


def test_asking_for_the_facts_loads_nothing(epochs, tmp_path):
    epochs.save(tmp_path / "trials-epo.fif", fmt="double")
    on_disk = mne.read_epochs(tmp_path / "trials-epo.fif", preload=False)
    assert recording_facts(on_disk) == recording_facts(epochs)
    assert not on_disk.preload
