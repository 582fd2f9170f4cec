"""Weights of a network of one's own are loaded into the class that one names, all of them or none."""

import importlib.util
import re

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import sincviz
from sincviz import CheckpointError, MissingDependencyError, load_checkpoint
from sincviz.opening import rebuilding
from sincviz.opening.strict_loading import tried
from sincviz.weights.known_architectures import ARCHITECTURES, recognised


class Small(nn.Module):
    """A network with a front, a normalisation and a head."""

    def __init__(self, n_chans, n_outputs=2, n_times=64, taps=9):
        super().__init__()
        self.n_chans, self.n_outputs, self.n_times = n_chans, n_outputs, n_times
        self.front = nn.Conv1d(n_chans, 4, taps, bias=False)
        self.norm = nn.BatchNorm1d(4)
        self.head = nn.Linear(4, n_outputs)

    def forward(self, x):
        return self.head(self.norm(self.front(x)).square().mean(-1))


class Constrained(Small):
    """The same with a weight that is constrained, so that it has another name."""

    def __init__(self, n_chans):
        super().__init__(n_chans)
        nn.utils.parametrizations.weight_norm(self.front)


@pytest.fixture
def small():
    torch.manual_seed(0)
    network = Small(3)
    network(torch.randn(20, 3, 64))  # statistics that are not those of the start
    return network.eval()


@pytest.fixture
def path(small, tmp_path):
    torch.save(small.state_dict(), tmp_path / "small.pt")
    return tmp_path / "small.pt"


def same_scores(network, again):
    x = torch.randn(5, 3, 64)
    return torch.equal(again(x), network(x))


@pytest.mark.parametrize(
    ("model", "model_args"),
    [(Small, {"n_chans": 3}), (lambda **sizes: Small(**sizes), {"n_chans": 3}), (Small(3), None)],
    ids=["class", "function", "network"],
)
def test_a_class_a_function_or_a_network_gets_the_weights(model, model_args, small, path):
    again = load_checkpoint(path, model=model, model_args=model_args)
    assert again is not model
    assert not again.training
    assert same_scores(small, again)
    assert again.provenance == {"format": "Small, bare state dict"}


def test_the_network_that_was_given_is_not_changed(path):
    given = Small(3)
    before = {key: value.clone() for key, value in given.state_dict().items()}
    load_checkpoint(path, model=given)
    assert all(torch.equal(value, before[key]) for key, value in given.state_dict().items())


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"epoch": 3, "model_state_dict": state},
        lambda state: {
            "state_dict": {f"net.{key}": value for key, value in state.items()} | {"loss": torch.ones(2)}
        },
        lambda state: [{f"module._orig_mod.{key}": value for key, value in state.items()}],
    ],
    ids=["a dict", "a prefix beside others", "compiled and parallel"],
)
def test_wrappers_and_prefixes_are_taken_off(wrap, small, tmp_path):
    torch.save(wrap(small.state_dict()), tmp_path / "wrapped.pt")
    assert same_scores(
        small, load_checkpoint(tmp_path / "wrapped.pt", model=Small, model_args={"n_chans": 3})
    )


def test_safetensors_and_metadata(small, tmp_path):
    save_file(small.state_dict(), tmp_path / "small.safetensors")
    again = load_checkpoint(
        tmp_path / "small.safetensors",
        ["C3", "Cz", "C4"],
        model=Small,
        model_args={"n_chans": 3},
        class_names=["left", "right"],
        scale=1e6,
        montage="standard_1005",
    )
    opened = sincviz.network(again)
    assert (opened.ch_names, opened.class_names, opened.units_per_volt) == (
        ["C3", "Cz", "C4"],
        ["left", "right"],
        1e6,
    )
    assert len(opened.chs_info[0]["loc"]) == 12


@pytest.mark.parametrize(
    ("model", "model_args", "error", "words"),
    [
        (
            Small,
            {},
            CheckpointError,
            "Small cannot be built from no arguments: .*missing 1 required .*'n_chans'",
        ),
        (
            Small,
            {"chans": 3},
            CheckpointError,
            "Small cannot be built from chans=3: .*unexpected keyword .*'chans'",
        ),
        (
            Small,
            {"n_chans": 4},
            CheckpointError,
            r"front\.weight is \(4, 3, 9\) in the file, but \(4, 4, 9\) in the",
        ),
        (Constrained, {"n_chans": 3}, CheckpointError, "front.parametrizations"),
        (
            lambda: nn.Sequential(nn.Linear(2, 2)),
            None,
            CheckpointError,
            r"no weight in it has a name of Sequential, such as 0\.bias\. It contains 8 weights",
        ),
        (lambda: 3, None, TypeError, "returned int"),
        (3, None, TypeError, "must be a class of networks"),
        (Small(3), {"n_chans": 3}, TypeError, "`model` is a network, which was built"),
        (nn.Identity, None, CheckpointError, "Identity has no weights"),
    ],
)
def test_what_does_not_fit_says_why(model, model_args, error, words, path):
    with pytest.raises(error, match=words):
        load_checkpoint(path, model=model, model_args=model_args)


def test_missing_and_unknown_weights_are_named(small, tmp_path):
    state = small.state_dict()
    state["extra"] = state.pop("head.bias")
    torch.save(state, tmp_path / "changed.pt")
    with pytest.raises(
        CheckpointError, match=r"missing from the file: head\.bias; the network has no weight extra"
    ):
        load_checkpoint(tmp_path / "changed.pt", model=Small, model_args={"n_chans": 3})


def test_sizes_are_not_parameters_by_name(path):
    with pytest.raises(TypeError, match="With `model`, `n_chans` must be in `model_args`"):
        load_checkpoint(path, model=Small, n_chans=3)
    with pytest.raises(TypeError, match="`model_args` are for `model`"):
        load_checkpoint(path, model_args={"n_chans": 3})


def test_weights_that_are_not_finite_are_said(small, tmp_path):
    state = small.state_dict()
    state["head.bias"][0] = torch.inf
    torch.save(state, tmp_path / "broken.pt")
    with pytest.warns(RuntimeWarning, match=r"are not finite.*: head\.bias\."):
        load_checkpoint(tmp_path / "broken.pt", model=Small, model_args={"n_chans": 3})


def test_a_network_that_fails_on_zeros_is_refused(path):
    class Failing(Small):
        def forward(self, x):
            raise RuntimeError("no such size")

    with pytest.raises(
        CheckpointError, match=r"on a trial of zeros of shape \(1, 3, 64\) it fails: no such size"
    ):
        load_checkpoint(path, model=Failing, model_args={"n_chans": 3})
    with pytest.raises(ValueError, match="must return a tensor of scores; got tuple"):
        tried(nn.LSTM(3, 2), 2, 3)


def test_two_networks_in_a_file_are_refused(small, tmp_path):
    state = small.state_dict()
    torch.save(
        {f"{name}.{key}": value for name in ("a", "b") for key, value in state.items()}, tmp_path / "two.pt"
    )
    with pytest.raises(CheckpointError, match="several networks, with the prefixes"):
        load_checkpoint(tmp_path / "two.pt", model=Small, model_args={"n_chans": 3})


def test_whole_pickled_networks_stay_refused(small, tmp_path):
    torch.save(small, tmp_path / "whole.pt")
    with pytest.raises(CheckpointError, match="whole objects") as refused:
        load_checkpoint(tmp_path / "whole.pt", model=Small, model_args={"n_chans": 3})
    lines = [line.strip() for line in str(refused.value).splitlines() if line.startswith("    ")]
    exec("\n".join(lines), {"torch": torch})
    safe = tmp_path / "whole_weights.pt"
    assert same_scores(small, load_checkpoint(safe, model=Small, model_args={"n_chans": 3}))


def test_a_network_that_is_not_recognised_says_how_to_name_it(small, path):
    with pytest.raises(
        CheckpointError, match=re.escape("load_checkpoint(path, model=MyNetwork, model_args={...})")
    ):
        load_checkpoint(path)


# A file of each architecture with its signs alone, of the first name in each group.
@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda one: one.name)
def test_each_architecture_is_recognised_by_its_names_alone(architecture):
    names = [group[0] for group in architecture.signs]
    found = recognised({f"model.{name}": torch.zeros(2) for name in names})
    assert found[0] is architecture
    assert set(found[1]) == set(names)
    assert recognised({name: torch.zeros(2) for name in names[1:]}) is None


class MyNetwork(nn.Module):
    """An EEGNet's layers, as far as its names tell, in code of one's own."""

    def __init__(self, n_chans):
        super().__init__()
        self.conv_temporal = nn.Conv2d(1, 4, (1, 9), bias=False)
        self.conv_spatial = nn.Conv2d(4, 8, (n_chans, 1), groups=4, bias=False)
        self.conv_separable_depth = nn.Conv2d(8, 8, (1, 5), groups=8, bias=False)
        self.conv_separable_point = nn.Conv2d(8, 8, 1, bias=False)
        self.conv_classifier = nn.Conv2d(8, 2, (1, 10))

    def forward(self, x):
        return self.conv_classifier(self.conv_separable_point(self.conv_spatial(x))).flatten(1)


def test_without_braindecode_the_error_says_what_to_install_or_how_to_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(rebuilding, "_library", lambda: None)
    path = tmp_path / "eegnet.pt"
    torch.save(MyNetwork(22).state_dict(), path)
    with pytest.raises(MissingDependencyError) as error:
        load_checkpoint(path)
    message = str(error.value)
    assert f"{path} contains the weights of an EEGNet of braindecode, which is not installed" in message
    assert "`pip install braindecode`" in message
    code = re.search(r"`(load_checkpoint\(.*?\))`", message)[1]
    assert isinstance(eval(code, {"load_checkpoint": load_checkpoint, "MyNetwork": MyNetwork}), MyNetwork)


def test_the_library_is_looked_for_only_when_it_is_needed():
    assert (rebuilding._library() is None) == (importlib.util.find_spec("braindecode") is None)


def test_shapes_that_contradict_each_other_are_said_before_anything_is_built(tmp_path, monkeypatch):
    state = MyNetwork(22).state_dict()
    for name, shape, words in (
        ("conv_spatial.weight", (7, 1, 22, 1), "the shapes contradict each other"),
        ("conv_temporal.weight", (4, 9), r"has the shape \(4, 9\); expected are 4 dimensions"),
        ("conv_spatial.weight", (8, 1, 5000, 1), "`n_chans` is 5000 in the weights; at most 1024"),
    ):
        torch.save(state | {name: torch.zeros(shape)}, tmp_path / "wrong.pt")
        with pytest.raises(CheckpointError, match=words):
            load_checkpoint(tmp_path / "wrong.pt")


def test_a_file_that_claims_more_than_it_has_is_refused(tmp_path):
    state = MyNetwork(22).state_dict()
    state["conv_spatial.weight"] = torch.zeros(1).expand(8, 1, 1000, 1_000_000)
    torch.save(state, tmp_path / "large.pt")
    with pytest.raises(CheckpointError, match="claims more than the 1 values"):
        load_checkpoint(tmp_path / "large.pt")


def test_sizes_and_rate_that_were_told_are_kept(tmp_path, epochs):
    class Plain(nn.Module):
        def __init__(self, n_chans, taps=9):
            super().__init__()
            self.conv, self.head = nn.Conv1d(n_chans, 3, taps), nn.Linear(3, 2)

        def forward(self, x):
            return self.head(torch.tanh(self.conv(x)).mean(2))

    torch.save(Plain(6).state_dict(), tmp_path / "weights.pt")
    arguments = {"model": Plain, "model_args": {"n_chans": 6}}
    by_epochs = load_checkpoint(tmp_path / "weights.pt", epochs=epochs, **arguments)
    assert (by_epochs.n_chans, by_epochs.n_times, by_epochs.sfreq) == (6, len(epochs.times), 128.0)
    by_hand = load_checkpoint(tmp_path / "weights.pt", sfreq=100, **arguments)
    assert (by_hand.n_chans, by_hand.sfreq, hasattr(by_hand, "n_times")) == (6, 100, False)
    # So that filters can be read without trials.
    assert len(sincviz.learned_bands(by_epochs)) == 3
