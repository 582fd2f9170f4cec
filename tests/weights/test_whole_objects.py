"""Pickles of whole objects are refused, and the lines that are printed make weights of them."""

import argparse
import collections
import enum
import io
import pathlib
import pickle
import re

import joblib
import numpy as np
import pytest
import skorch
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch import nn

from sincviz import CheckpointError, load_checkpoint
from sincviz.networks.sinc_shallow import SincShallowNet
from sincviz.weights.file_check import checked
from sincviz.weights.pickle_scan import scanned

POOLING = {"pool_size": 32, "pool_stride": 16, "n_times": 128}


class Whole(nn.Module):
    """A module around the network, as Lightning's are."""

    def __init__(self, net):
        super().__init__()
        self.model, self.loss = net, nn.CrossEntropyLoss()


class Trainer:
    """An object that keeps a network beside other things."""

    def __init__(self, net):
        self.epoch, self.net = 3, net


class Config(dict):
    """A dict with attributes."""


class Choice(enum.Enum):
    FIRST = 1


@pytest.fixture
def model(network, moved):
    return moved(network()).eval()


def lines_of(text):
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


def fitted(net):
    classifier = skorch.NeuralNetClassifier(net, train_split=None)
    return classifier.initialize()


WHOLE = {
    "a network": lambda net: net,
    "a module around it": Whole,
    "in a dict": lambda net: {"epoch": 1, "net": net},
    "in a list": lambda net: [1, {"net": net}],
    "in an object": Trainer,
    "a classifier of skorch": fitted,
    "a pipeline": lambda net: make_pipeline(FunctionTransformer(), fitted(net)),
    "another network before it": lambda net: {"first": nn.Linear(2, 2), "net": net},
}


@pytest.mark.parametrize("wrap", WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("write", [torch.save, joblib.dump], ids=["torch", "joblib"])
def test_the_lines_that_are_printed_make_a_file_that_opens(model, tmp_path, wrap, write):
    path = tmp_path / "whole.pt"
    write(wrap(model), path)
    with pytest.raises(CheckpointError, match="contains whole objects, not only weights") as caught:
        load_checkpoint(path)
    lines = lines_of(str(caught.value))
    assert len(lines) == 2
    for line in lines:
        exec(line, SCOPE)
    opened = load_checkpoint(tmp_path / "whole_weights.pt", **POOLING)
    x = torch.randn(2, 6, 128)
    assert torch.equal(opened(x), model(x))


SCOPE = {"torch": torch, "joblib": joblib}


@pytest.mark.parametrize(
    "wrap", [dict, lambda state: {"epoch": 1, "state_dict": state}], ids=["bare", "in a dict"]
)
@pytest.mark.parametrize("write", ["pickle", "joblib", "joblib, compressed"])
def test_weights_in_a_plain_pickle_become_a_file_of_weights(model, tmp_path, wrap, write):
    path, content = tmp_path / "w.pkl", wrap(model.state_dict())
    if write == "pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        joblib.dump(content, path, compress=3 if "compressed" in write else 0)
    with pytest.raises(CheckpointError, match="convert it to a safe file") as caught:
        load_checkpoint(path)
    for line in lines_of(str(caught.value)):
        exec(line, SCOPE)
    assert load_checkpoint(tmp_path / "w_weights.pt", **POOLING).n_chans == 6


@pytest.mark.parametrize("write", [torch.save, lambda content, path: path.write_bytes(pickle.dumps(content))])
@pytest.mark.parametrize(
    "wrap", [dict, lambda state: {"epoch": 1, "weights": state}], ids=["bare", "in a dict"]
)
def test_weights_that_are_arrays_become_a_file_of_weights(model, tmp_path, wrap, write):
    path = tmp_path / "a.pt"
    write(wrap({name: value.numpy() for name, value in model.state_dict().items()}), path)
    with pytest.raises(CheckpointError, match=r"numpy\._?core") as caught:
        load_checkpoint(path)
    for line in lines_of(str(caught.value)):
        exec(line, SCOPE)
    x = torch.randn(2, 6, 128)
    assert torch.equal(load_checkpoint(tmp_path / "a_weights.pt", **POOLING)(x), model(x))


BESIDE = {
    "Lightning's hyper-parameters": {"hyper_parameters": argparse.Namespace(lr=1e-3, net="sinc")},
    "numbers of numpy": {"best": np.float64(0.5), "losses": np.arange(3.0)},
    "plain data": {"set": {1, 2}, "bytes": b"abc", "complex": 1j, "frozen": frozenset("ab")},
    "tuples and floats as keys": {"by": {(0, 1): 3, 0.5: 4}},
    "dicts of other kinds": {
        "ordered": collections.OrderedDict(a=1),
        "default": collections.defaultdict(list, a=[1]),
        "own": Config(a=1),
    },
    "a path and a choice": {"where": pathlib.Path("a/b"), "which": Choice.FIRST},
    "classes and functions": {"class": nn.ELU, "function": torch.nn.functional.elu, "type": torch.float32},
    "a generator": {"generator": np.random.default_rng(0)},
    "a scheduler and a layer": {"scheduler": Trainer(None), "loss": nn.CrossEntropyLoss()},
    "tensors in objects": {"trainer": Trainer(torch.zeros(3)), "more": [torch.ones(2)]},
}


@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE)
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_weights_beside_other_objects_open_and_it_is_said_what_was_left(model, tmp_path, beside, protocol):
    torch.save({"state_dict": model.state_dict()} | beside, tmp_path / "a.ckpt", pickle_protocol=protocol)
    opened = load_checkpoint(tmp_path / "a.ckpt", **POOLING)
    x = torch.randn(2, 6, 128)
    assert torch.equal(opened(x), model(x))
    unread = opened.provenance.get("left_unread", [])
    objects = {
        name for name, value in beside.items() if type(value) not in (dict, list, collections.OrderedDict)
    }
    objects -= {"default", "type"}
    assert {line.partition(":")[0].partition("/")[0] for line in unread} >= objects


def test_what_was_left_is_named_by_place_and_class(model, tmp_path):
    beside = {"args": {"run": [argparse.Namespace()]}, "best": np.float32(1), "by": {0.5: 3}}
    torch.save({"state_dict": model.state_dict()} | beside, tmp_path / "a.ckpt")
    second, first, third = load_checkpoint(tmp_path / "a.ckpt", **POOLING).provenance["left_unread"]
    assert (first, third) == (
        "by: 1 entry under a key that is not text, a small number or a short tuple",
        "args/run/0: argparse.Namespace",
    )
    assert re.fullmatch(r"best: numpy\._?core\.multiarray\.scalar", second)


@pytest.mark.parametrize(
    "kind", [Config, collections.OrderedDict, lambda *of, **by: collections.defaultdict(int, *of, **by)]
)
def test_weights_in_dicts_of_other_kinds_open(model, tmp_path, kind):
    torch.save(kind(state_dict=kind(model.state_dict())), tmp_path / "a.pt")
    assert load_checkpoint(tmp_path / "a.pt", **POOLING).n_chans == 6


@pytest.mark.parametrize(
    "wrap", [lambda state: [1, state], lambda state: (state, {"epoch": 1})], ids=["list", "tuple"]
)
def test_weights_in_a_list_open(model, tmp_path, wrap):
    torch.save(wrap(model.state_dict()), tmp_path / "a.pt")
    assert load_checkpoint(tmp_path / "a.pt", **POOLING).n_chans == 6


def test_parameters_with_attributes_are_weights(model, tmp_path):
    state = dict(model.state_dict())
    for name in ("final_layer.bias", "sinc_filter_layer.low_freqs"):
        state[name] = nn.Parameter(state[name])
        state[name].note = "mine"
    state["final_layer.weight"] = state["final_layer.weight"].as_subclass(torch.Tensor)
    torch.save(state, tmp_path / "a.pt")
    x = torch.randn(2, 6, 128)
    assert torch.equal(load_checkpoint(tmp_path / "a.pt", **POOLING)(x), model(x))


def test_a_decoder_of_scikit_learn_is_said_to_be_one(tmp_path):
    decoder = make_pipeline(StandardScaler(), LogisticRegression()).fit([[0.0], [1.0]], [0, 1])
    joblib.dump(decoder, tmp_path / "lda.joblib")
    joblib.dump(decoder, tmp_path / "small.joblib", compress=("gzip", 3))
    for name in ("lda.joblib", "small.joblib"):
        with pytest.raises(CheckpointError, match=r"is a scikit-learn decoder \(sklearn\.pipeline\.Pipeline"):
            load_checkpoint(tmp_path / name)


def test_a_file_of_pickles_is_never_executed_whatever_it_is_packed_in(tmp_path):
    class Attack:
        def __reduce__(self):
            return open, (str(tmp_path / "marker"), "w")

    buffer = io.BytesIO()
    torch.save(
        {
            "a": Attack(),
            "state_dict": SincShallowNet(n_chans=2, n_outputs=2, n_times=99, sfreq=128).state_dict(),
        },
        buffer,
    )
    (tmp_path / "a.pt").write_bytes(buffer.getvalue())
    joblib.dump(Attack(), tmp_path / "b.joblib", compress=3)
    for name in ("a.pt", "b.joblib"):
        with pytest.raises(CheckpointError, match=r"calls (_io|io|builtins)\.open"):
            load_checkpoint(tmp_path / name)
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    "beside", [{}, {"seen": {1}, "bytes": b"a"}, {"args": argparse.Namespace(lr=1)}], ids=str
)
def test_what_is_said_of_two_networks_in_a_file_makes_a_file_of_one(model, tmp_path, monkeypatch, beside):
    monkeypatch.chdir(tmp_path)
    state = model.state_dict()
    torch.save({"student": state, "teacher": state} | beside, "two.pt")
    with pytest.raises(CheckpointError, match="several networks, under student, teacher") as caught:
        load_checkpoint("two.pt")
    assert ("if you trust it" in str(caught.value)) == ("args" in beside)
    exec(str(caught.value).split("`")[1], {"torch": torch, "path": "two.pt"})
    assert load_checkpoint("weights.pt", **POOLING).n_chans == 6


FOLDS = {"numbers": (0, 1, "0, 1"), "tuples": (("S1", 1), ("S1", 2), r"\('S1', 1\), \('S1', 2\)")}


@pytest.mark.parametrize(("first", "second", "places"), FOLDS.values(), ids=FOLDS)
def test_folds_under_numbers_or_tuples_are_told_apart_and_one_alone_opens(
    model, tmp_path, monkeypatch, first, second, places
):
    monkeypatch.chdir(tmp_path)
    torch.save({first: model.state_dict(), second: {}}, "one.pt")
    assert load_checkpoint("one.pt", **POOLING).n_chans == 6
    torch.save({first: model.state_dict(), second: model.state_dict()}, "two.pt")
    with pytest.raises(CheckpointError, match=f"several networks, under {places}") as caught:
        load_checkpoint("two.pt")
    assert "under" in checked("two.pt").facts["reason"]
    exec(str(caught.value).split("`")[1], {"torch": torch, "path": "two.pt"})
    assert load_checkpoint("weights.pt", **POOLING).n_chans == 6


@pytest.mark.parametrize("key", [0.5, np.int64(1)], ids=repr)
def test_weights_under_a_key_that_is_not_read_are_saved_under_text(model, tmp_path, monkeypatch, key):
    monkeypatch.chdir(tmp_path)
    torch.save({key: model.state_dict()}, "fold.pt")
    with pytest.raises(CheckpointError, match="1 entry under keys that are not read") as caught:
        load_checkpoint("fold.pt")
    exec(str(caught.value).split("`")[3], {"torch": torch, "path": "fold.pt"})
    assert load_checkpoint("weights.pt", **POOLING).n_chans == 6


def test_many_tuples_as_keys_are_not_compared():
    scan = scanned(pickle.dumps({(number, 1): number for number in range(3000)})).root
    assert 1000 <= len(scan) < 1100
    assert not any(isinstance(key, tuple) for key in scanned(pickle.dumps({((0,), 1): 2})).root)


@pytest.mark.parametrize("compress", [0, 3])
def test_arrays_that_joblib_keeps_become_weights_by_the_lines_that_are_printed(model, tmp_path, compress):
    path = tmp_path / "a.joblib"
    joblib.dump({key: value.numpy() for key, value in model.state_dict().items()}, path, compress=compress)
    with pytest.raises(CheckpointError, match="NumpyArrayWrapper") as caught:
        load_checkpoint(path)
    exec("\n".join(lines_of(str(caught.value))), {"torch": torch, "joblib": joblib})
    x = torch.randn(2, 6, 128)
    assert torch.equal(load_checkpoint(tmp_path / "a_weights.pt", **POOLING)(x), model(x))


@pytest.mark.parametrize(
    "beside", [None, np.float64(0.8), argparse.Namespace(a=1), pathlib.Path("a")], ids=repr
)
def test_both_ways_that_are_named_for_a_file_of_an_old_torch_work(model, tmp_path, beside):
    content = {"state_dict": model.state_dict()} | ({} if beside is None else {"beside": beside})
    path = tmp_path / "l.pt"
    torch.save(content, path, _use_new_zipfile_serialization=False)
    with pytest.raises(CheckpointError, match=r"before 1\.6") as caught:
        load_checkpoint(path)
    code = "\n".join(lines_of(str(caught.value)))
    if beside is not None:
        with pytest.raises(pickle.UnpicklingError):
            exec(code, {"torch": torch})
        assert "`weights_only=False`" in str(caught.value)
        code = code.replace("weights_only=True", "weights_only=False")
    exec(code, {"torch": torch})
    assert load_checkpoint(tmp_path / "l_weights.pt", **POOLING).n_chans == 6


def test_the_way_from_a_whole_network_of_an_old_torch_works(model, tmp_path):
    torch.save(model, tmp_path / "l.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(
        CheckpointError, match=r"for a whole network save `weights\.state_dict\(\)`"
    ) as caught:
        load_checkpoint(tmp_path / "l.pt")
    code = (
        "\n".join(lines_of(str(caught.value)))
        .replace("=True", "=False")
        .replace("save(weights", "save(weights.state_dict()")
    )
    exec(code, {"torch": torch})
    assert load_checkpoint(tmp_path / "l_weights.pt", **POOLING).n_chans == 6
