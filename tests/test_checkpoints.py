"""What is saved comes back, or an error says why not."""

import json

import pytest
import safetensors
import torch
from torch import nn

from sincviz import CheckpointError, SincvizError, learned_bands, load_checkpoint, save_checkpoint, training


@pytest.fixture
def model(network, moved, epochs):
    model = moved(network(chs_info=epochs.info["chs"]))
    model.class_names, model.scale = ["left", "right"], 1e6
    model.provenance = {"note": "mine", "initial_cutoffs_hz": [[1.0, 2.0]] * 4}
    return model


def assert_same_network(first, second):
    assert list(first.state_dict()) == list(second.state_dict())
    assert all(torch.equal(value, second.state_dict()[name]) for name, value in first.state_dict().items())
    assert json.dumps(first.get_config()) == json.dumps(second.get_config())
    for remembered in ("class_names", "scale", "provenance", "ch_names"):
        assert getattr(first, remembered) == getattr(second, remembered)


def test_a_network_comes_back_as_it_was(model, tmp_path):
    save_checkpoint(model, tmp_path / "a.safetensors")
    again = load_checkpoint(tmp_path / "a.safetensors")
    assert_same_network(model, again)
    x = torch.randn(2, 6, 128)
    assert torch.equal(again(x), model.eval()(x))
    torch.testing.assert_close(again.initial_cutoffs(), torch.tensor([[1.0, 2.0]] * 4))


def test_a_classifier_is_saved_as_its_network(network, epochs, tmp_path):
    classifier = training.fit(
        network(chs_info=epochs.info["chs"]), epochs, max_epochs=2, progress=False, seed=3
    )
    save_checkpoint(classifier, tmp_path / "a.safetensors")
    again = load_checkpoint(tmp_path / "a.safetensors")
    assert_same_network(classifier.module_, again)
    assert (again.provenance["seed"], again.provenance["n_training_trials"]) == (3, 40)
    start = classifier.cutoff_history_.query("epoch == 0")[["low_hz", "high_hz"]].to_numpy()
    assert again.initial_cutoffs().tolist() == start.tolist()
    assert learned_bands(again).equals(learned_bands(classifier))


def test_a_network_without_names_and_units_keeps_none(network, tmp_path):
    save_checkpoint(network(), tmp_path / "a.safetensors")
    again = load_checkpoint(tmp_path / "a.safetensors")
    assert (again.class_names, again.scale, again.ch_names) == (None, None, None)


@pytest.mark.parametrize("training_mode", [True, False])
def test_it_comes_in_evaluation_mode_and_saving_changes_no_mode(model, tmp_path, training_mode):
    model.train(training_mode)
    save_checkpoint(model, tmp_path / "a.safetensors")
    assert model.training is training_mode
    assert not any(module.training for module in load_checkpoint(tmp_path / "a.safetensors").modules())


def test_saving_replaces_the_file_and_leaves_nothing_beside_it(model, network, tmp_path):
    path = tmp_path / "a.safetensors"
    save_checkpoint(network(), path)
    save_checkpoint(model, path)
    assert load_checkpoint(path).class_names == ["left", "right"]
    assert [file.name for file in tmp_path.iterdir()] == ["a.safetensors"]


def test_what_cannot_be_kept_leaves_the_old_file_whole(model, tmp_path):
    path = tmp_path / "a.safetensors"
    save_checkpoint(model, path)
    before = path.read_bytes()
    model.provenance["bad"] = float("nan")
    with pytest.raises(ValueError, match="JSON"):
        save_checkpoint(model, path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_the_header_says_everything_but_the_weights(model, epochs, tmp_path):
    save_checkpoint(model, tmp_path / "a.safetensors")
    with safetensors.safe_open(tmp_path / "a.safetensors", framework="pt") as file:
        header = json.loads(file.metadata()["sincviz"])
    assert header["version"]
    assert header["class_names"] == ["left", "right"]
    assert [channel["ch_name"] for channel in header["config"]["chs_info"]] == epochs.ch_names


def test_only_networks_can_be_saved(tmp_path):
    with pytest.raises(TypeError, match="got Linear"):
        save_checkpoint(nn.Linear(2, 2), tmp_path / "a.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named(model, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing' does not exist; create it"):
        save_checkpoint(model, tmp_path / "missing" / "a.safetensors")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no checkpoint '.*nothing.safetensors'"):
        load_checkpoint(tmp_path / "nothing.safetensors")


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


def without_header(path):
    with safetensors.safe_open(path, framework="pt") as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    safetensors.torch.save_file(weights, path)


def changed_header(**changes):
    def change(path):
        with safetensors.safe_open(path, framework="pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            header = json.loads(file.metadata()["sincviz"])
        header |= {"config": header["config"] | changes.pop("config", {})} | changes
        safetensors.torch.save_file(weights, path, metadata={"sincviz": json.dumps(header)})

    return change


DAMAGE = {
    "cut short": (cut_short, "no readable safetensors"),
    "another program's": (without_header, "not written by sincviz"),
    "text": (lambda path: path.write_text("hello"), "no readable safetensors"),
    "another size": (lambda path: changed_header(config={"num_time_filters": 5})(path), "size mismatch"),
    "another rate": (lambda path: changed_header(config={"sfreq": 256.0})(path), "128 Hz"),
    "names for other classes": (
        lambda path: changed_header(class_names=["a", "b", "c"])(path),
        "name 2 outputs.*got a, b, c",
    ),
    "an activation from elsewhere": (
        lambda path: changed_header(config={"activation": "os.system"})(path),
        r"torch\.nn",
    ),
    "an unknown setting": (lambda path: changed_header(config={"surprise": 1})(path), "surprise"),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGE.values(), ids=DAMAGE)
def test_a_file_that_is_not_what_it_claims_is_refused(model, tmp_path, damage, message):
    path = tmp_path / "a.safetensors"
    save_checkpoint(model, path)
    damage(path)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(path)
    assert str(path) in str(caught.value)
    assert isinstance(caught.value, SincvizError)


def test_channels_can_be_given_to_a_file_that_does_not_know_them(network, epochs, tmp_path):
    save_checkpoint(network(), tmp_path / "a.safetensors")
    again = load_checkpoint(tmp_path / "a.safetensors", chs_info=epochs.info["chs"])
    assert again.ch_names == epochs.ch_names


@pytest.mark.parametrize("select", [slice(None, None, -1), slice(1, None)], ids=["order", "number"])
def test_channels_that_contradict_the_file_are_refused(model, epochs, tmp_path, select):
    save_checkpoint(model, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match="`chs_info` does not fit"):
        load_checkpoint(tmp_path / "a.safetensors", chs_info=epochs.info["chs"][select])


def test_a_wrong_number_of_channels_is_refused_also_where_the_file_knows_none(network, epochs, tmp_path):
    save_checkpoint(network(), tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match=r"names FC3, C3, Cz, C4, CP3; the network has 6 channels"):
        load_checkpoint(tmp_path / "a.safetensors", chs_info=epochs.info["chs"][:5])


def test_positions_can_be_given_to_a_file_that_knows_only_names(model, epochs, tmp_path):
    save_checkpoint(model, tmp_path / "a.safetensors")
    channels = [dict(channel) for channel in epochs.info["chs"]]
    channels[0]["loc"] = channels[0]["loc"] + 1
    again = load_checkpoint(tmp_path / "a.safetensors", chs_info=channels)
    assert again.chs_info[0]["loc"].tolist()[:3] == channels[0]["loc"].tolist()[:3]
