"""Weights are found under any prefix and in any container, one network at a time."""

from collections import OrderedDict

import pytest
import torch

from sincviz.weights.state_dict import bare_weights

SIGN = "sinc_filter_layer.low_freqs"
STATE = {SIGN: torch.zeros(1, 4), "final_layer.bias": torch.ones(2)}


def prefixed(prefix, state=STATE):
    return {prefix + name: value for name, value in state.items()}


@pytest.mark.parametrize(
    "prefix", ["", "model.", "module.", "_orig_mod.", "net._orig_mod.", "module.a.b_c.", "_orig_mod.module."]
)
def test_any_prefix_is_taken_off(prefix):
    weights, kind = bare_weights(prefixed(prefix))
    assert weights.keys() == STATE.keys()
    assert torch.equal(weights["final_layer.bias"], STATE["final_layer.bias"])
    assert kind == "bare state dict"


def test_a_submodule_that_was_compiled_has_its_name():
    weights, _ = bare_weights({SIGN: torch.zeros(1, 4), "final_layer._orig_mod.bias": torch.ones(2)})
    assert weights.keys() == STATE.keys()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (
            {"state_dict": prefixed("model."), "pytorch-lightning_version": "2", "epoch": 1},
            "Lightning checkpoint",
        ),
        ({"state_dict": STATE, "epoch": 1}, "state dict under 'state_dict'"),
        (
            {"model_state_dict": STATE, "optimizer_state_dict": {"state": {0: {}}}},
            "state dict under 'model_state_dict'",
        ),
        ({"a": {"b": OrderedDict(STATE)}, 3: None}, "state dict under 'a/b'"),
    ],
    ids=["Lightning", "state_dict", "model_state_dict", "nested"],
)
def test_containers_around_it_are_opened(content, kind):
    weights, actual_kind = bare_weights(content)
    assert weights.keys() == STATE.keys()
    assert actual_kind == kind


def test_what_a_module_around_it_holds_besides_is_left_out():
    weights, _ = bare_weights(
        prefixed("model.") | {"metric.total": torch.zeros(1), "loss.weight": torch.ones(2)}
    )
    assert weights.keys() == STATE.keys()


def test_in_a_bare_state_dict_nothing_is_left_out():
    weights, _ = bare_weights(STATE | {"metric.total": torch.zeros(1)})
    assert "metric.total" in weights


def test_the_networks_own_state_dict_comes_before_an_average_of_it():
    weights, _ = bare_weights({"ema": {SIGN: torch.ones(1, 4)}, "state_dict": {SIGN: torch.zeros(1, 4)}})
    assert float(weights[SIGN].sum()) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"ema": STATE, "model": STATE}, ["under ema, model", "torch.save", "['ema']"]),
        (prefixed("model.") | prefixed("ema."), ["prefixes 'model.', 'ema.'", "torch.save"]),
        (STATE | prefixed("_orig_mod."), ["with and without `_orig_mod.`"]),
        ({"weights": torch.zeros(3)}, ["no weights of a SincShallowNet"]),
        (torch.zeros(3), ["no weights of a SincShallowNet"]),
        ({}, ["no weights of a SincShallowNet"]),
        (STATE | {"note": "mine"}, ["should be weights but are not: note"]),
        ({"a": {"b": {"c": {"d": STATE}}}}, ["no weights"]),
    ],
    ids=[
        "two containers",
        "two prefixes",
        "two copies",
        "no sinc layer",
        "a tensor",
        "nothing",
        "text",
        "deep",
    ],
)
def test_what_is_not_one_network_is_said(content, words):
    with pytest.raises(ValueError, match=r"(network|SincShallowNet|should be weights but are not)") as caught:
        bare_weights(content)
    for word in words:
        assert word in str(caught.value)


def test_dicts_that_lie_in_each_other_under_many_names_are_opened_once():
    inner = {}
    for _ in range(3):
        inner = dict.fromkeys(map(str, range(2000)), inner)
    with pytest.raises(ValueError, match="no weights of a SincShallowNet"):
        bare_weights(inner)
    with pytest.raises(ValueError, match=r"several networks, under .* and 1994 more") as caught:
        bare_weights(dict.fromkeys(map(str, range(2000)), STATE))
    assert len(str(caught.value)) < 400


def test_attributes_that_hide_the_methods_of_a_dict_do_nothing():
    state = OrderedDict(STATE)
    state.__dict__.update(items=torch.Size, keys=None, values=3)
    assert bare_weights(state)[0].keys() == STATE.keys()
