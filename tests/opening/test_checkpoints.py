"""What is saved comes back, or an error says why not."""

import io
import json
import pathlib

import numpy as np
import pytest
import safetensors
import torch
from mne.utils import object_diff
from torch import nn

from sincviz import (
    CheckpointError,
    SincvizError,
    diagnose,
    learned_bands,
    load_checkpoint,
    save_checkpoint,
    training,
)
from sincviz.eeg.montages import placed_channels
from sincviz.eeg.positions import electrode_positions
from sincviz.filters import cutoff_drift
from sincviz.networks import front_end
from sincviz.opening import checkpoints
from sincviz.weights.file_check import checked


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


def with_a_flipped_bit(path):
    content = bytearray(path.read_bytes())
    content[-50] ^= 4
    path.write_bytes(content)


def changed_header(**changes):
    def change(path):
        with safetensors.safe_open(path, framework="pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            header = json.loads(file.metadata()["sincviz"])
        # Files of earlier versions have no hash.
        del header["sha256"]
        header |= {"config": header["config"] | changes.pop("config", {})} | changes
        safetensors.torch.save_file(weights, path, metadata={"sincviz": json.dumps(header)})

    return change


DAMAGE = {
    "cut short": (cut_short, "not a readable safetensors"),
    "a flipped bit": (with_a_flipped_bit, "damaged or was changed"),
    "text": (lambda path: path.write_text("hello"), "not a readable safetensors"),
    "another size": (lambda path: changed_header(config={"num_time_filters": 5})(path), "num_time_filters"),
    "another rate": (lambda path: changed_header(config={"sfreq": 256.0})(path), "sfreq"),
    "names for other classes": (
        lambda path: changed_header(class_names=["a", "b", "c"])(path),
        "2 different names, one per output; got a, b, c",
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


POOLING = {"pool_size": 32, "pool_stride": 16}  # of the small network
LATE_START = {"first_freq": 7.0}

OF_OTHERS = {
    "braindecode_state_dict.pt": ("bare state dict", True),
    "skorch_params.pt": ("bare state dict", True),
    "skorch_params.safetensors": ("bare state dict", True),
    "lightning.ckpt": ("Lightning checkpoint", True),
    "braindecode_hub_folder": ("Hugging Face folder of braindecode", False),
    "braindecode_hub_folder/pytorch_model.bin": ("bare state dict", True),
}


@pytest.mark.parametrize(("name", "kind", "bare"), [(name, *rest) for name, rest in OF_OTHERS.items()])
def test_files_of_others_open_as_the_network_they_are(test_data, name, kind, bare):
    reference = test_data / "reference"
    settings = {"pool_size": 30, "pool_stride": 10, "n_times": 256} if bare else {}
    model = load_checkpoint(reference / "checkpoints" / name, **settings)
    arrays = np.load(reference / "small_8ch_128hz" / "arrays.npz")
    with torch.no_grad():
        scores = model(torch.from_numpy(arrays["x"]))
    np.testing.assert_allclose(scores.numpy(), arrays["logits_eval"], atol=1e-5)
    assert not model.training
    assert model.provenance["format"] == kind
    assert (model.scale, model.provenance["assumed"]["scale"]) == (1e6, 1e6)
    assert ("min_freq" in model.provenance["assumed"]) == bare
    assert model.ch_names == (None if bare else ["Fz", "C3", "C1", "Cz", "C2", "C4", "CP3", "CP4"])


def test_a_whole_network_of_others_is_refused_with_the_way_out(test_data):
    path = test_data / "reference" / "checkpoints" / "braindecode_whole_model_pickle.pt"
    with pytest.raises(CheckpointError, match=r"braindecode\.models\.sinc_shallow\.SincShallowNet") as caught:
        load_checkpoint(path)
    assert f"model = torch.load({str(path)!r}, weights_only=False)\n" in str(caught.value)


@pytest.fixture
def bare(model, tmp_path):
    path = tmp_path / "weights.pt"
    torch.save(model.state_dict(), path)
    return path


def test_what_weights_do_not_tell_can_be_given(model, bare):
    again = load_checkpoint(
        bare, model.chs_info, **POOLING, **LATE_START, n_times=128, class_names=["left", "right"], scale=1e6
    )
    assert again.get_config() == model.get_config()
    assert (again.class_names, again.scale) == (model.class_names, model.scale)
    assert set(again.provenance["assumed"]) == {
        *("min_freq", "padding", "activation", "drop_prob", "freq_stride", "bandwidth")
    }


def test_the_epochs_tell_what_the_weights_do_not(bare, epochs):
    again = load_checkpoint(bare, epochs=epochs, **POOLING)
    assert again.ch_names == epochs.ch_names
    assert again.n_times == len(epochs.times)
    assert again.class_names == ["left", "right"]
    assert again.provenance["assumed"]["class_names"] == ["left", "right"], "their order is nowhere written"
    assert again.provenance["assumed"]["ch_names"] == epochs.ch_names
    assert "n_times" not in again.provenance["assumed"]
    learned_bands(again)


def test_the_order_of_the_classes_is_that_of_the_event_codes(bare, epochs):
    codes = {"right": 1, "left": 2}
    epochs.events[:, 2] = np.tile([1, 2], 20)
    epochs.event_id = codes
    assert load_checkpoint(bare, epochs=epochs, **POOLING).class_names == ["right", "left"]


def test_epochs_that_are_of_something_else_tell_nothing(bare, epochs):
    other = epochs["left"].pick(["FC3", "C3", "Cz"]).resample(130)
    again = load_checkpoint(bare, epochs=other, **POOLING)
    assert (again.ch_names, again.class_names, again.n_times) == (None, None, 128)


def test_given_channels_come_before_those_of_the_epochs(bare, epochs):
    turned = [epochs.info["chs"][index] for index in range(5, -1, -1)]
    again = load_checkpoint(bare, turned, epochs=epochs, **POOLING)
    assert again.ch_names == epochs.ch_names[::-1]
    assert "ch_names" not in again.provenance["assumed"]


def test_our_own_file_knows_better_than_the_epochs(model, epochs, tmp_path):
    save_checkpoint(model, tmp_path / "a.safetensors")
    other = epochs.copy().rename_channels({"C3": "X"}).crop(0, 0.5)
    other.event_id = {"b": 1, "a": 2}
    assert_same_network(load_checkpoint(tmp_path / "a.safetensors", epochs=other), model)


def test_what_was_assumed_survives_saving_and_can_still_be_given(bare, epochs, tmp_path):
    opened = load_checkpoint(bare, epochs=epochs, **POOLING)
    save_checkpoint(opened, tmp_path / "a.safetensors")
    again = load_checkpoint(tmp_path / "a.safetensors")
    assert_same_network(again, opened)
    better = load_checkpoint(
        tmp_path / "a.safetensors", min_freq=2, scale=1e3, class_names=["feet", "hand"], activation="ReLU"
    )
    assert (better.sinc_filter_layer.min_freq, better.scale, better.activation) == (2, 1e3, nn.ReLU)
    assert better.class_names == ["feet", "hand"]
    gone = {"min_freq", "scale", "class_names", "activation"}
    assert not gone & set(better.provenance["assumed"])
    with pytest.raises(CheckpointError, match="`pool_size` is 32 in the file, but 33 was given"):
        load_checkpoint(tmp_path / "a.safetensors", pool_size=33)


def test_a_start_that_nobody_knows_is_not_compared_with(bare, network, tmp_path):
    opened = load_checkpoint(bare, **POOLING)
    assert front_end(opened).initial_cutoffs is None
    assert set(cutoff_drift(opened)["verdict"]) == {"unknown"}
    assert "unmoved" not in set(diagnose(opened)["check"])
    save_checkpoint(opened, tmp_path / "a.safetensors")
    assert "initial_cutoffs_hz" not in load_checkpoint(tmp_path / "a.safetensors").provenance
    known = load_checkpoint(bare, **POOLING, first_freq=7, freq_stride=1, bandwidth=4, min_freq=1)
    assert front_end(known).initial_cutoffs.tolist() == network().cutoffs().tolist()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"scale": 1.0}, r"`scale` is 1000000\.0 in the file, but 1\.0 was given"),
        ({"class_names": ["right", "left"]}, "`class_names` is .*left.*right.* in the file"),
        ({"sfreq": 250}, r"`sfreq` is 128\.0 in the file, but 250"),
        ({"n_times": 256}, "`n_times` is 128 in the file"),
        ({"input_window_seconds": 2.0}, "n_times"),
        ({"activation": nn.ReLU}, "`activation`"),
        ({"padding": "valid"}, "`padding` is same"),
    ],
    ids=str,
)
def test_what_contradicts_the_file_is_refused(model, tmp_path, given, message):
    save_checkpoint(model, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(tmp_path / "a.safetensors", **given)


def test_what_agrees_with_the_file_is_fine(model, tmp_path):
    save_checkpoint(model, tmp_path / "a.safetensors")
    given = {
        "scale": 1e6,
        "class_names": ("left", "right"),
        "sfreq": 128,
        "activation": nn.ELU,
        "padding": "SAME",
    }
    assert_same_network(
        load_checkpoint(tmp_path / "a.safetensors", **given, input_window_seconds=None), model
    )


def test_an_unknown_parameter_says_what_is_known(model, tmp_path):
    save_checkpoint(model, tmp_path / "a.safetensors")
    with pytest.raises(TypeError, match=r"no parameter 'colour'\. It takes: num_time_filters, .*, scale\."):
        load_checkpoint(tmp_path / "a.safetensors", colour=1)
    with pytest.raises(TypeError, match=r"must be `mne\.Epochs`; got ndarray"):
        load_checkpoint(tmp_path / "a.safetensors", epochs=np.zeros((3, 6, 128)))


def test_weights_that_are_not_finite_are_the_doctors(model, tmp_path):
    state = model.state_dict()
    state["depthwiseconv.1.weight"][0] = torch.nan
    torch.save(state, tmp_path / "weights.pt")
    opened = load_checkpoint(tmp_path / "weights.pt", **POOLING)
    assert diagnose(opened)["check"].tolist() == ["not_finite"]


def test_precision_is_kept_and_half_of_it_refused(model, tmp_path):
    torch.save(model.double().state_dict(), tmp_path / "weights.pt")
    assert load_checkpoint(tmp_path / "weights.pt", **POOLING).final_layer.weight.dtype == torch.float64
    torch.save(model.half().state_dict(), tmp_path / "weights.pt")
    with pytest.raises(CheckpointError, match=r"must be float32 or float64; got float16"):
        load_checkpoint(tmp_path / "weights.pt", **POOLING)
    state = model.float().state_dict()
    state["final_layer.bias"] = state["final_layer.bias"].double()
    torch.save(state, tmp_path / "weights.pt")
    with pytest.raises(CheckpointError, match="partly float32, partly float64"):
        load_checkpoint(tmp_path / "weights.pt", **POOLING)


@pytest.mark.parametrize("name", ["runs/model.pt", "a/b/c", "nothing", "folder/model", "user/"])
def test_what_is_no_repository_is_not_looked_for_on_the_hub(name, tmp_path, monkeypatch):
    monkeypatch.setattr(
        checkpoints, "downloaded_network", lambda repo_id: pytest.fail(f"asked for {repo_id}")
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileNotFoundError, match=f"no checkpoint '{name.rstrip('/')}'"):
        load_checkpoint(name)


def test_a_repository_is_downloaded(model, tmp_path, monkeypatch):
    save_checkpoint(model, tmp_path / "model.safetensors")
    monkeypatch.setattr(checkpoints, "downloaded_network", {"user/model": tmp_path}.__getitem__)
    assert_same_network(load_checkpoint("user/model"), model)


NO_PATHS = {
    "nothing": (None, r"got NoneType\.$"),
    "a number": (3, r"got int\.$"),
    "bytes": (b"a.pt", r"got bytes\.$"),
    "a dict": ({"a": 1}, r"got dict\. Save it first: `torch\.save"),
    "a file": (io.BytesIO(), r"got BytesIO\. Write its contents to a file first\.$"),
}


@pytest.mark.parametrize(("path", "message"), NO_PATHS.values(), ids=NO_PATHS)
def test_what_is_no_path_is_refused_with_what_is_taken(path, message):
    with pytest.raises(TypeError, match=rf"takes the path of a file or folder.*{message}"):
        load_checkpoint(path)


def test_a_network_is_said_to_be_one_already(network):
    with pytest.raises(
        TypeError, match=r"already a network: pass it to the analyses, `sincviz\.inspect\(network\)`"
    ):
        load_checkpoint(network())


@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_a_file_in_the_home_folder_opens(network, tmp_path, monkeypatch, kind):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    save_checkpoint(network(), tmp_path / "a.safetensors")
    assert load_checkpoint(kind("~/a.safetensors")).n_chans == network().n_chans
    assert checked(kind("~/a.safetensors")).facts["network"]


NAMES = ["FC3", "C3", "Cz", "C4", "CP3", "CP4"]


def nameless(epochs):
    """The channels of the epochs, as somebody who knows only their names would give them."""
    return [{"ch_name": name} for name in epochs.ch_names]


@pytest.fixture
def unplaced(network, epochs, tmp_path):
    """A checkpoint that knows the names of its channels, not their places."""
    path = tmp_path / "unplaced.safetensors"
    save_checkpoint(network(chs_info=nameless(epochs)), path)
    return str(path)


@pytest.fixture
def unnamed(network, tmp_path):
    """A checkpoint that does not know its channels."""
    path = tmp_path / "unnamed.safetensors"
    save_checkpoint(network(), path)
    return str(path)


def placed(model):
    return np.isfinite(electrode_positions(model.chs_info)).all() and np.any(
        electrode_positions(model.chs_info) != 0
    )


@pytest.mark.parametrize("kind", [list, tuple])
def test_channels_may_be_given_by_name(unnamed, kind):
    assert load_checkpoint(unnamed, kind(NAMES)).ch_names == NAMES


def test_channels_are_named_and_placed(unnamed):
    model = load_checkpoint(unnamed, NAMES, montage="standard_1005")
    assert model.ch_names == NAMES
    assert placed(model)
    x_m = electrode_positions(model.chs_info)[:, 0]
    assert x_m[1] < 0 < x_m[3]


def test_channels_that_the_checkpoint_names_are_placed(unplaced, epochs):
    model = load_checkpoint(unplaced, montage="standard_1005")
    assert model.ch_names == epochs.ch_names
    assert placed(model)
    assert not placed(load_checkpoint(unplaced))


def test_a_montage_changes_nothing_but_places(network, epochs, tmp_path):
    epochs.set_channel_types({"FC3": "ecog"})
    save_checkpoint(network(chs_info=epochs.info["chs"]), tmp_path / "a.safetensors")
    expected = load_checkpoint(tmp_path / "a.safetensors", placed_channels(NAMES))
    for channels in (None, epochs.info["chs"]):
        loaded = load_checkpoint(tmp_path / "a.safetensors", channels, montage="standard_1005")
        assert [one["kind"] for one in loaded.chs_info] == [one["kind"] for one in epochs.info["chs"]]
        for one, other in zip(loaded.chs_info, expected.chs_info, strict=True):
            np.testing.assert_array_equal(one["loc"], other["loc"])


@pytest.mark.parametrize("places", ["no", "own"])
@pytest.mark.parametrize("channels", [None, NAMES])
@pytest.mark.parametrize("checkpoint", ["unplaced", "unnamed"])
def test_a_montage_places_the_network_and_leaves_the_epochs_as_they_were(
    request, checkpoint, epochs, channels, places
):
    if places == "no":
        epochs.set_montage(None)
    else:
        for channel in epochs.info["chs"]:
            channel["loc"][:3] += 0.001
    before, data = epochs.copy(), epochs.get_data(copy=True)
    where = electrode_positions(before.info["chs"])
    path = request.getfixturevalue(checkpoint)
    model = load_checkpoint(path, channels, epochs=epochs, montage="standard_1005")
    assert placed(model)
    assert object_diff(epochs.info, before.info) == ""
    np.testing.assert_array_equal(electrode_positions(epochs.info["chs"]), where)
    np.testing.assert_array_equal(epochs.get_data(copy=False), data)
    np.testing.assert_array_equal(epochs.events, before.events)
    assert (epochs.event_id, epochs.ch_names) == (before.event_id, before.ch_names)
    assert not np.array_equal(electrode_positions(model.chs_info), where, equal_nan=True)


def test_epochs_name_the_channels_that_the_checkpoint_does_not(unnamed, epochs):
    assert load_checkpoint(unnamed, epochs=epochs).ch_names == epochs.ch_names


def test_the_places_of_the_epochs_stay_without_a_montage(unnamed, epochs):
    before = electrode_positions(epochs.info["chs"])
    model = load_checkpoint(unnamed, epochs=epochs)
    np.testing.assert_array_equal(electrode_positions(epochs.info["chs"]), before)
    np.testing.assert_allclose(electrode_positions(model.chs_info), before)


def test_a_montage_without_names_is_refused_with_a_remedy(unnamed):
    with pytest.raises(
        ValueError, match=r"their names are not known\. Pass them as `chs_info` \(`--channels`"
    ):
        load_checkpoint(unnamed, montage="standard_1005")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"chs_info": ["C3", "C4"]}, CheckpointError, "names C3, C4; the network has 6 channels"),
        ({"chs_info": "C3,C4"}, ValueError, "must be a list of dict"),
        ({"chs_info": [*NAMES[:5], "FC3"], "montage": "standard_1005"}, ValueError, "twice: FC3"),
        (
            {"chs_info": [f"E{k}" for k in range(1, 7)], "montage": "standard_1005"},
            ValueError,
            "no channel E1.*GSN",
        ),
        ({"chs_info": NAMES, "montage": "standard"}, ValueError, "no montage 'standard'"),
        ({"chs_info": NAMES, "montage": ["standard_1005"]}, TypeError, "`montage` must be the name"),
        ({"sfreq": 250}, CheckpointError, "250"),
    ],
)
def test_what_contradicts_or_cannot_be_placed_is_refused(unnamed, given, error, message):
    with pytest.raises(error, match=message):
        load_checkpoint(unnamed, **given)


def test_parameters_reach_the_network(network, tmp_path):
    torch.save(network(n_chans=6).state_dict(), tmp_path / "bare.pt")
    known = {"n_times": 128, "pool_size": 32, "pool_stride": 16, "class_names": ["left fist", "right fist"]}
    model = load_checkpoint(tmp_path / "bare.pt", **known)
    assert (model.n_times, model.class_names) == (128, ["left fist", "right fist"])


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [("sfreq", "abc", "must be a number; got 'abc'"), ("n_times", 300, "300 was given")],
)
def test_a_parameter_that_is_refused_is_not_blamed_on_the_file(network, tmp_path, name, value, why):
    path = tmp_path / "a.safetensors"
    save_checkpoint(network(), path)
    with pytest.raises(CheckpointError, match=f"^A parameter given for .* is not allowed: `{name}` .*{why}"):
        load_checkpoint(path, **{name: value})
