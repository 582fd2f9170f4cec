"""Facts are what the network and its trials are, and JSON can hold them."""

import dataclasses
import json
import sys

import mne
import numpy as np
import pytest
import torch

import sincviz
from sincviz import EpochsError
from sincviz.inspection.facts import network_facts, trial_facts
from sincviz.networks import front_end
from sincviz.report.system import LIBRARIES, system_facts
from sincviz.trials.epochs import network_input
from sincviz.trials.recordings import data_hash, recording_facts


@pytest.fixture
def model(network, epochs):
    model = network(chs_info=epochs.info["chs"])
    model.scale, model.class_names = 1e6, ["left", "right"]
    return model


def in_json(facts):
    return json.loads(json.dumps(facts, allow_nan=False))


def test_a_network_is_told_by_its_sizes_names_and_units(model, epochs):
    facts = network_facts(sincviz.network(model))
    assert (
        in_json(facts)
        == facts
        == {
            **{
                "kind": "SincShallowNet",
                "n_filters": 4,
                "n_taps": 17,
                "depth": 2,
                "n_chans": 6,
                "n_outputs": 2,
            },
            **{"stride": 1, "separable": True, "separability": 1.0, "traced": {}},
            **{"n_times": 128, "sfreq_hz": 128.0, "padding": "same", "ch_names": epochs.ch_names},
            **{"class_names": ["left", "right"], "units_per_volt": 1e6, "training": {}},
            "weights_sha256": front_end(model).weights_sha256,
        }
    )


def test_what_is_not_known_is_null(network):
    model = network()
    facts = in_json(network_facts(sincviz.network(model)))
    assert (facts["ch_names"], facts["units_per_volt"]) == (None, None)
    assert facts["class_names"] == ["0", "1"]


def test_another_weight_is_another_hash(model):
    before = network_facts(sincviz.network(model))["weights_sha256"]
    with torch.no_grad():
        model.final_layer.bias[0] += 1e-3
    assert network_facts(sincviz.network(model))["weights_sha256"] != before


def test_what_the_network_remembers_of_its_training_is_told_and_no_more(model):
    remembered = {
        **{"highpass_hz": 0.0, "lowpass_hz": 40.0, "reference": "average", "n_training_trials": 120},
        **{"data_sha256": "ab", "format": "skorch", "assumed": {"pool_size": 30}},
    }
    model.provenance = remembered | {
        "training_trials": ["a" * 50] * 1000,
        "cutoff_history_hz": [[[1.0, 2.0]] * 4],
    }
    assert in_json(network_facts(sincviz.network(model))["training"]) == remembered
    model.provenance = {"reference": None, "highpass_hz": None}
    assert network_facts(sincviz.network(model))["training"] == {}


def test_names_are_taken_as_they_are(model):
    model.class_names = ["<script>", "%s {0} \u5de6"]
    assert in_json(network_facts(sincviz.network(model)))["class_names"] == model.class_names


@pytest.mark.parametrize("batches", [1, 64, 65, 130])
def test_trials_are_told_by_number_and_by_the_hash_of_what_the_network_sees(network, batches):
    parts = front_end(network())
    x = np.random.default_rng(0).standard_normal((batches, 6, 128))
    facts = trial_facts(parts, x, None)
    assert (facts["n_trials"], facts["n_times"], facts["classes"]) == (batches, 128, None)
    assert facts["sha256"] == data_hash(x)


def test_trials_are_counted_by_class_those_without_included(model, epochs):
    codes = np.zeros(40, np.int64)
    facts = trial_facts(front_end(model), epochs, codes)
    assert facts["classes"] == {"left": 40, "right": 0}
    codes[:15] = 1
    assert trial_facts(front_end(model), epochs, codes)["classes"] == {"left": 25, "right": 15}
    assert in_json(facts) == facts


def test_the_preparation_of_the_recording_is_told(model, epochs):
    facts = trial_facts(front_end(model), epochs, None)
    assert recording_facts(epochs).items() <= facts.items()
    assert facts["sha256"] == data_hash(network_input(model, epochs))


def test_the_hash_is_of_what_the_network_sees(model, epochs):
    parts = front_end(model)
    whole = trial_facts(parts, epochs, None)["sha256"]
    reordered = epochs.copy().reorder_channels(epochs.ch_names[::-1])
    assert trial_facts(parts, reordered, None)["sha256"] == whole
    assert trial_facts(parts, epochs[::-1], None)["sha256"] != whole
    other_units = dataclasses.replace(parts, units_per_volt=1e3)
    assert trial_facts(other_units, epochs, None)["sha256"] != whole


def test_epochs_on_disk_are_told_without_loading_them(model, epochs, tmp_path):
    epochs.save(tmp_path / "trials-epo.fif", fmt="double")
    on_disk = mne.read_epochs(tmp_path / "trials-epo.fif", preload=False)
    assert trial_facts(front_end(model), on_disk, None) == trial_facts(front_end(model), epochs, None)
    assert not on_disk.preload


def test_trials_that_do_not_fit_have_no_facts(model):
    with pytest.raises(EpochsError):
        trial_facts(front_end(model), np.zeros((2, 5, 128)), None)


def test_the_system_is_told_by_its_versions():
    facts = system_facts()
    assert set(LIBRARIES) <= set(facts)
    assert facts["sincviz"] == sincviz.__version__
    assert facts["torch"] == torch.__version__.split("+")[0] or facts["torch"] == torch.__version__
    assert facts["numpy"] == np.__version__
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))
    assert all(isinstance(value, str) and value for value in facts.values())
