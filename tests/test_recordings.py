"""What a recording tells of itself, and the hash that tells the same data again."""

import mne
import numpy as np
import pytest

from sincviz.recordings import data_hash, eeg_channels, recording_facts


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


def test_without_eeg_all_channels_are_taken(epochs):
    epochs.set_channel_types(dict.fromkeys(epochs.ch_names, "misc"))
    assert len(eeg_channels(epochs)) == 6


def test_an_array_does_not_tell_how_it_was_recorded():
    facts = recording_facts(np.zeros((2, 6, 128)))
    assert facts == {"highpass_hz": None, "lowpass_hz": None, "reference": None}


def test_asking_for_the_facts_loads_nothing(epochs, tmp_path):
    epochs.save(tmp_path / "trials-epo.fif", fmt="double")
    on_disk = mne.read_epochs(tmp_path / "trials-epo.fif", preload=False)
    assert recording_facts(on_disk) == recording_facts(epochs)
    assert not on_disk.preload
