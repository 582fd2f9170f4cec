"""A network is never built on what is no EEG without a word, whatever the channel is called."""

import re

import mne
import numpy as np
import pytest
import torch

from sincviz import SincShallowNet, load_checkpoint, save_checkpoint
from sincviz.eeg.channel_types import warn_of_types

NAMES = ["C3", "Cz", "C4", "Pz"]


def epochs_of(types, names=NAMES):
    info = mne.create_info(names, 128.0, types)
    return mne.EpochsArray(
        np.random.default_rng(0).normal(size=(4, len(names), 256)) * 1e-5, info, verbose="error"
    )


def built(chs_info):
    return SincShallowNet(n_outputs=2, n_times=256, sfreq=128, chs_info=chs_info, num_time_filters=2)


OTHERS = {
    "a stimulus channel with an electrode's name": (
        epochs_of(["eeg", "eeg", "eeg", "stim"]),
        r"Pz \(stim\).*classes",
    ),
    "eyes": (epochs_of(["eeg", "eog", "eeg", "eeg"]), r"Cz \(eog\)"),
    "magnetometers": (epochs_of(["eeg", "mag", "mag", "eeg"]), r"Cz, C4 \(mag\)"),
    "no type": (epochs_of(["eeg", "eeg", "eeg", "misc"]), r"Pz \(misc\)"),
    "eyes by name": (
        epochs_of("eeg", ["C3", "EOG-left", "C4", "EEG EKG1-REF"]),
        r"EOG-left \(eog\), EEG EKG1-REF \(ecg\)",
    ),
    "a stimulus channel by name": (
        epochs_of("eeg", ["C3", "STI 014", "C4", "Pz"]),
        r"STI 014 \(stim\).*classes",
    ),
}


@pytest.mark.parametrize(("epochs", "message"), OTHERS.values(), ids=OTHERS)
def test_building_on_other_signals_is_warned_of_and_the_remedy_helps(epochs, message):
    with pytest.warns(RuntimeWarning, match=f"not EEG: {message}") as warned:
        built(epochs.info["chs"])
    assert len(warned) == 1
    assert warned[0].filename == __file__
    line = re.search(r"`(chs_info=.*?)`", str(warned[0].message))[1]
    chs_info = eval(line.removeprefix("chs_info="), {"epochs": epochs})
    built(chs_info)
    assert [channel["ch_name"] for channel in chs_info] == [
        name for name in epochs.ch_names if name not in str(warned[0].message).split("To leave")[0]
    ]


@pytest.mark.filterwarnings("ignore:The network takes channels")
def test_loading_says_it_too(tmp_path):
    epochs = epochs_of(["eeg", "eeg", "eeg", "stim"])
    save_checkpoint(built(epochs.info["chs"]), tmp_path / "own.safetensors")
    torch.save(built(epochs.info["chs"]).state_dict(), tmp_path / "bare.pt")
    with pytest.warns(RuntimeWarning, match=r"not EEG: Pz \(stim\)"):
        load_checkpoint(tmp_path / "own.safetensors")
    with pytest.warns(RuntimeWarning, match=r"not EEG: Pz \(stim\)"):
        load_checkpoint(tmp_path / "bare.pt", epochs.info["chs"])


@pytest.mark.parametrize("types", ["eeg", "seeg", "ecog", "mag", "misc", ["eeg", "eeg", "seeg", "dbs"]])
def test_networks_of_brain_potentials_or_of_one_other_signal_are_meant_so(types):
    built(epochs_of(types).info["chs"])


@pytest.mark.parametrize("kind", [None, "2", [2], {}, 9999, -1, 2.0])
def test_whatever_a_file_says_of_the_kind_it_is_no_traceback(kind):
    warn_of_types([{"ch_name": "C3", "kind": kind}, {"ch_name": "C4", "kind": 2}])
