"""Folders of ensembles: written whole, read whole, or refused with the name of the file."""

import json
import shutil

import pytest
import torch

from sincviz import load_checkpoint, save_checkpoint
from sincviz.errors import CheckpointError
from sincviz.networks import Ensemble, members
from sincviz.opening import ensemble_folders


@pytest.fixture
def networks(network, moved, epochs):
    found = [moved(network(seed, chs_info=epochs.info["chs"]), seed).eval() for seed in range(3)]
    for seed, model in enumerate(found):
        model.scale, model.class_names, model.provenance = 1e6, ["left", "right"], {"seed": seed}
    return found


@pytest.fixture
def folder(networks, tmp_path):
    save_checkpoint(Ensemble(networks), tmp_path / "seeds")
    return tmp_path / "seeds"


def test_what_was_written_is_read(networks, folder):
    again = load_checkpoint(folder)
    assert isinstance(again, Ensemble)
    assert not again.training
    for one, other in zip(members(again), networks, strict=True):
        assert all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())
    assert (again.class_names, again.scale, again.provenance["seeds"]) == (["left", "right"], 1e6, [0, 1, 2])
    names = ["ensemble.json", "network-01.safetensors", "network-02.safetensors", "network-03.safetensors"]
    assert sorted(path.name for path in folder.iterdir()) == names


def test_what_was_set_on_the_ensemble_is_stored_with_each(networks, tmp_path):
    ensemble = Ensemble(networks)
    ensemble.class_names = ["l", "r"]
    save_checkpoint(ensemble, tmp_path / "seeds")
    assert load_checkpoint(tmp_path / "seeds" / "network-02.safetensors").class_names == ["l", "r"]


def test_a_smaller_one_replaces_a_larger_one(networks, folder):
    save_checkpoint(Ensemble(networks[1:]), folder)
    assert load_checkpoint(folder).provenance["seeds"] == [1, 2]


def test_nothing_is_left_of_what_could_not_be_written(networks, tmp_path, monkeypatch):
    written = []

    def fails(model, path):
        if written:
            raise OSError("disk full")
        written.append(path)
        path.write_text("half")

    monkeypatch.setattr(ensemble_folders, "write_network", fails)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(Ensemble(networks), tmp_path / "seeds")
    assert not (tmp_path / "seeds").exists()


def test_a_damaged_or_missing_file_is_named(folder):
    path = folder / "network-02.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-4] + b"\x00\x01\x02\x03")
    with pytest.raises(CheckpointError, match="network-02"):
        load_checkpoint(folder)
    path.unlink()
    with pytest.raises(CheckpointError, match=r"network-02\.safetensors is missing"):
        load_checkpoint(folder)
    shutil.copy(folder / "network-01.safetensors", path)
    with pytest.raises(
        CheckpointError, match=r"network-02\.safetensors is not the network that was stored there"
    ):
        load_checkpoint(folder)


def test_a_network_of_other_settings_is_named(network, folder, moved, epochs):
    other = moved(network(chs_info=epochs.info["chs"], pool_stride=8)).eval()
    path = folder / "network-03.safetensors"
    save_checkpoint(other, path)
    index = json.loads((folder / "ensemble.json").read_text())
    index["networks"][2]["weights_sha256"] = ensemble_folders.weights_hash(load_checkpoint(path))
    (folder / "ensemble.json").write_text(json.dumps(index))
    with pytest.raises(CheckpointError, match=r"network-03\.safetensors has other settings .*: pool_stride"):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"networks": []}',
        '{"networks": [1]}',
        '{"networks": [{"file": "../a", "weights_sha256": ""}]}',
    ],
)
def test_a_damaged_index_is_named(folder, text):
    (folder / "ensemble.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"ensemble\.json is damaged"):
        load_checkpoint(folder)


def test_the_name_of_a_file_is_refused(networks, tmp_path):
    with pytest.raises(ValueError, match=r"stored in a folder.* Try '.*seeds'"):
        save_checkpoint(Ensemble(networks), tmp_path / "seeds.safetensors")
    (tmp_path / "taken").write_text("")
    with pytest.raises(FileExistsError, match="is a file"):
        save_checkpoint(Ensemble(networks), tmp_path / "taken")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        save_checkpoint(Ensemble(networks), tmp_path / "no" / "seeds")


def test_a_hugging_face_folder_stays_what_it_was(networks, tmp_path):
    networks[0].save_pretrained(tmp_path / "hub")
    assert type(load_checkpoint(tmp_path / "hub")) is type(networks[0])


def test_networks_of_different_settings_are_not_written(network, networks, epochs, tmp_path):
    larger = network(num_time_filters=7, chs_info=epochs.info["chs"]).eval()
    larger.scale, larger.class_names = networks[0].scale, networks[0].class_names
    with pytest.raises(ValueError, match="these differ in num_time_filters"):
        save_checkpoint(Ensemble([networks[0], larger]), tmp_path / "mixed")
    assert not (tmp_path / "mixed").exists()
