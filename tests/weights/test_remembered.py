"""What a file says that a network remembers is of its kind, or the file is refused."""

import copy
import json
import time

import pytest
import safetensors.torch
import torch

from sincviz import CheckpointError, SincShallowNet, inspect, load_checkpoint, save_checkpoint
from sincviz.weights.deduction import LARGEST
from sincviz.weights.network_file import _seal
from sincviz.weights.remembered import check_provenance
from sincviz.weights.safetensors_file import parsed_json
from sincviz.weights.weights_file import content_hash

DAMAGED = {
    "n_training_trials": [-1, 2.5, "many", None, 10**30, [], True],
    "training_trials": [[1], "text", {"a": 1}, [None]],
    "training_trials_complete": [None, 1, "yes"],
    "training_recordings": [[{"subject": None}], [1], {"subject": "1"}, [[{}]], "text"],
    "reference": [5, ["average"], {"kind": None}, [[["average"]]]],
    "format": [3, [], "x" * 5000],
    "highpass_hz": ["low", [1.0], 10**400],
    "seed": ["a", -1, {}],
    "initial_cutoffs_hz": [None, 3, [[1.0, 2.0]], [[1.0], [2.0, 3.0]], [[None, 1.0]] * 4, [["a", "b"]] * 4],
    "cutoff_history_hz": [[], [[]], [[[1.0]]] * 4, [[[1.0, 2.0]] * 3], [[[[1.0, 2.0]] * 4]], {"epoch": 1}],
    "assumed": [[1], "text", {"os.system": 1}, {"min_freq": {"a": 1}}, {"ch_names": [[1]]}, {"scale": [1.0]}],
    "left_unread": [3, [4], {}],
    "learning_curves": [
        3,
        [1.0],
        {"train_loss": 1.0},
        {"train_loss": ["a"]},
        {"train_loss": [1.0], "valid_loss": []},
    ],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in DAMAGED.items() for value in values]
)
def test_an_entry_of_another_kind_is_refused_by_name(network, tmp_path, name, value):
    path = tmp_path / "a.safetensors"
    model = network()
    model.provenance = {name: value}
    with pytest.raises((ValueError, TypeError)):
        save_checkpoint(model, path)
    described = {"version": "0", "config": model.get_config(), "provenance": {name: value}}
    text = json.dumps(described)
    weights = model.state_dict()
    header = {"sincviz": text[:-1] + _seal(content_hash(text, weights))}
    safetensors.torch.save_file(weights, path, metadata=header)
    with pytest.raises(CheckpointError, match=r"provenance|assumed|mapping") as caught:
        load_checkpoint(path)
    assert len(str(caught.value)) < 400


def test_what_is_known_and_what_is_of_another_name_comes_back(network, tmp_path):
    model = network()
    cutoffs = model.cutoffs().tolist()
    model.provenance = {
        "initial_cutoffs_hz": cutoffs,
        "cutoff_history_hz": [cutoffs] * 3,
        "learning_curves": {"train_loss": [0.7, None], "valid_loss": [0.6, 0.5]},
        "n_training_trials": 40,
        "training_recordings": [{"subject": "1"}],
        "reference": None,
        "mine": {"deep": [1, [2, {"x": None}]]},
    }
    save_checkpoint(model, tmp_path / "a.safetensors")
    opened = load_checkpoint(tmp_path / "a.safetensors")
    assert opened.provenance == model.provenance
    inspection = inspect(opened, progress=False)
    assert len(inspection.cutoff_history) == 12
    assert inspection.learning_curves.attrs["kept_epoch"] == 2


@pytest.mark.parametrize("text", [r'{"a": "\ud800"}', r'{"\udfff": 1}', r'{"a": ["x", {"b": "\ud83d"}]}'])
def test_half_a_character_is_refused(text):
    with pytest.raises(ValueError, match="a lone surrogate"):
        parsed_json(text)
    assert parsed_json(r'{"a": "\ud83d\ude00"}') == {"a": "😀"}


@pytest.mark.parametrize("code", [None, "eeg", [2], 2.5, {}])
def test_a_code_of_a_channel_that_is_no_number_is_refused(code):
    channels = [{"ch_name": "C3", "kind": code}, {"ch_name": "C4"}]
    with pytest.raises(ValueError, match=r"`kind` of channel 'C3' must be a whole number"):
        SincShallowNet(chs_info=channels, n_outputs=2, n_times=256, sfreq=128)


def test_of_many_channels_the_double_name_is_found_at_once():
    channels = [{"ch_name": f"c{number}"} for number in range(100_000)] + [{"ch_name": "c7"}]
    began = time.process_time()
    with pytest.raises(ValueError, match=r"names channels twice: c7\."):
        SincShallowNet(chs_info=channels, n_outputs=2, n_times=256, sfreq=128)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("name", ["n_chans", "num_time_filters", "depth_multiplier", "n_outputs"])
def test_sizes_that_nobody_needs_are_refused_with_the_limit(tmp_path, name):
    sizes = {"n_chans": 2, "n_outputs": 2, "num_time_filters": 2, "depth_multiplier": 1, "freq_stride": 1e-3}
    model = SincShallowNet(**sizes | {name: LARGEST[name] + 1}, n_times=64, sfreq=128)
    torch.save(model.state_dict(), tmp_path / "a.pt")
    with pytest.raises(
        CheckpointError, match=rf"`{name}` is {LARGEST[name] + 1} in the weights; at most {LARGEST[name]}"
    ):
        load_checkpoint(tmp_path / "a.pt")


def nested(depth):
    value = "end"
    for number in range(depth):
        value = [value] if number % 2 else {"inside": value}
    return {"note": value}


@pytest.mark.parametrize("depth", [0, 1, 40])
def test_what_is_nested_as_people_nest_is_kept(depth):
    check_provenance(nested(depth), 4, set())
    assert copy.deepcopy(nested(depth)) == nested(depth)


@pytest.mark.parametrize("depth", [51, 400, 900])
def test_what_is_nested_without_end_is_refused(depth):
    with pytest.raises(ValueError, match="nested more than 50 deep"):
        check_provenance(nested(depth), 4, set())
