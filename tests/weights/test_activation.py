"""Activations by name: classes of torch.nn, and nothing else, and nothing imported."""

import sys

import pytest
import torch
from torch import nn

from sincviz import SincShallowNet
from sincviz.weights.activation import activation_class, activation_name, build_activation

HOSTILE = [
    "",
    ".",
    "os.system",
    "builtins.eval",
    "torch.nn.functional.relu",
    "torch.nn.functional.ELU",
    "torch.nn.Sequential.__class__",
    "torch.nn.modules.activation.os",
    "torch.nn.modules.activation.torch",
    "torch.nn.modules",
    "torch.nn.Parameter",
    "torch.nn.init",
    "torch.nn.__class__",
    "__class__",
    "torch.load",
    "sklearn.svm.SVC",
    "elu",
    "ELU()",
    "torch.nn.ELU; import os",
]


@pytest.mark.parametrize("name", ["GELU", "torch.nn.GELU", "torch.nn.modules.activation.GELU"])
def test_a_class_is_found_by_each_of_its_names(name):
    assert activation_class(name) is nn.GELU


def test_a_class_is_itself_even_when_it_is_ones_own():
    class Own(nn.ELU):
        pass

    assert activation_class(Own) is Own


@pytest.mark.parametrize("activation", [nn.ELU, nn.ReLU, nn.Tanh, nn.PReLU, nn.Identity])
def test_the_name_leads_back_to_the_class(activation):
    assert activation_class(activation_name(activation)) is activation


@pytest.mark.parametrize("name", HOSTILE)
def test_other_names_are_refused(name, network):
    with pytest.raises(
        ValueError, match=r"^`activation` must name a module class of `torch\.nn`; got .* Try 'ELU'"
    ):
        activation_class(name)
    with pytest.raises(ValueError, match=r"^`activation` must name"):
        SincShallowNet.from_config(network().get_config() | {"activation": name})


@pytest.mark.parametrize(
    "name", ["bait", "bait.Bait", "torch.nn.modules.bait.Bait", "torch.nn.bait.Bait", "bait:Bait"]
)
def test_no_name_is_ever_imported(name, tmp_path, monkeypatch, network):
    mark = tmp_path / "imported"
    (tmp_path / "bait.py").write_text(
        f"import pathlib\npathlib.Path({str(mark)!r}).touch()\nfrom torch.nn import ELU as Bait\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    with pytest.raises(ValueError, match=r"torch\.nn"):
        SincShallowNet.from_config(network().get_config() | {"activation": name})
    assert not mark.exists()
    assert not [module for module in set(sys.modules) - before if "bait" in module]


@pytest.mark.parametrize("activation", [nn.ELU(), torch.relu, 3, int, nn.functional.elu])
def test_what_is_no_class_of_modules_is_refused(activation, network):
    for use in (activation_class, lambda value: network(activation=value)):
        with pytest.raises(
            TypeError, match=r"^`activation` must be a class such as `torch\.nn\.ELU`, or None; got "
        ):
            use(activation)


def test_a_class_of_ones_own_has_no_name_that_can_be_read_back(network):
    own = type("Own", (nn.ELU,), {})
    disguised = type("ELU", (nn.ELU,), {})
    for activation in (own, disguised):
        with pytest.raises(ValueError, match=r"only store activations of `torch\.nn`.*state dict"):
            activation_name(activation)
        model = network(activation=activation)
        assert isinstance(model.temporal_aggregation[1], activation)
        with pytest.raises(ValueError, match=rf"got {__name__}\.{activation.__name__}\."):
            model.get_config()


def test_a_module_that_needs_arguments_is_no_activation():
    with pytest.raises(ValueError, match=r"needs no arguments; got Linear.*torch\.nn\.ELU"):
        build_activation("torch.nn.Linear")
