"""The gate: what it allows runs, and what it refuses is refused for its own reason."""

import copy
import re
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from captum.attr import DeepLift
from torch import nn

from sincviz import EpochsError
from sincviz.analysis.attribution.methods import (
    ALL_METHODS,
    FOREIGN_METHODS,
    INPUT_METHODS,
    SINC_LAYER_METHODS,
    applicable_methods,
    check_applies,
    checked_method,
    instead,
)
from sincviz.analysis.attribution.sinc_layer import relevance
from sincviz.analysis.attribution.spectral import spectral_relevance
from sincviz.errors import MethodError
from sincviz.networks import front_end

pytestmark = pytest.mark.filterwarnings("ignore:The shares of:RuntimeWarning")

ALWAYS = {"integrated_gradients", "gradient_x_input", "amplitude_gradient", "gradient_shap"}
OF_FRONT_ENDS = {"gradient_x_activation", "gradient"}
OF_RELU = {"guided_backprop", "deconvolution"}

KINDS = ("sinc", "sinc with relu", "front end", "eegnet", "eegnet with relu", "fbcsp", "linear")


@pytest.fixture(scope="module")
def networks(network, moved, eegnet, fbcsp, linear):
    """Networks of every kind for 6 channels and 96 samples."""
    sinc = moved(network(n_times=96, n_outputs=3)).double()
    return {
        "sinc": sinc,
        "sinc with relu": moved(network(n_times=96, n_outputs=3, activation=nn.ReLU)).double(),
        "front end": front_end(sinc),
        "eegnet": eegnet().double(),
        "eegnet with relu": eegnet(activation=nn.ReLU).double(),
        "fbcsp": fbcsp().double(),
        "linear": linear().double(),
    }


@pytest.fixture(scope="module")
def tables(networks, noise):
    return {kind: applicable_methods(model, noise(5)) for kind, model in networks.items()}


def test_every_method_has_a_row(tables):
    for table in tables.values():
        assert tuple(table.index) == ALL_METHODS
        assert table.columns.tolist() == ["applies", "reason", "instead"]
        assert table["applies"].dtype == bool


@pytest.mark.parametrize(
    ("kind", "applies"),
    [
        ("sinc", ALWAYS | OF_FRONT_ENDS | {"deep_lift"}),
        ("sinc with relu", ALWAYS | OF_FRONT_ENDS | OF_RELU | {"deep_lift"}),
        ("front end", ALWAYS | OF_FRONT_ENDS),
        ("eegnet", ALWAYS | {"deep_lift"}),
        ("fbcsp", ALWAYS),
        ("linear", ALWAYS | {"deep_lift"}),
    ],
)
def test_what_works_is_known(tables, kind, applies):
    table = tables[kind]
    assert set(table.index[table["applies"]]) == applies


@pytest.mark.parametrize(
    ("kind", "method", "reason"),
    [
        ("sinc", "guided_backprop", r"equals the gradient.*no ReLU"),
        ("sinc", "deconvolution", r"equals the gradient.*no ReLU"),
        ("sinc", "lrp", r"no rule for this network.*SincConv"),
        ("sinc", "layer_grad_cam", "flat over channels"),
        ("front end", "deep_lift", "pass the network itself"),
        ("front end", "guided_backprop", "pass the network itself"),
        ("eegnet", "gradient", "works at the filters, and none can be read"),
        ("fbcsp", "deep_lift", r"miss \d+%.*more than 5%.*no rule for a non-linearity"),
        ("fbcsp", "layer_grad_cam", "flat over channels"),
    ],
)
def test_the_reason_says_why_not(tables, kind, method, reason):
    row = tables[kind].loc[method]
    assert not row["applies"]
    assert re.search(reason, row["reason"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_method_that_works_has_no_reason_and_one_that_does_not_has_something_instead(tables, kind):
    table = tables[kind]
    assert (table["applies"] == (table["reason"] == "")).all()
    assert (table["applies"] == (table["instead"] == "")).all()
    for row in table[~table["applies"]].itertuples():
        assert table.loc[row.instead, "applies"]
        assert re.fullmatch(r"[A-Za-z].*\.", row.reason)
        assert not re.search(r"  |\n", row.reason)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ALL_METHODS)
def test_what_is_allowed_runs_and_what_is_refused_is_refused(networks, tables, noise, kind, method):
    model, row = networks[kind], tables[kind].loc[method]
    functions = [
        function
        for function, offered in ((relevance, SINC_LAYER_METHODS), (spectral_relevance, INPUT_METHODS))
        if method in offered or method in FOREIGN_METHODS
    ]
    if "front" not in kind and "sinc" not in kind:  # `relevance` does not know these
        functions = [function for function in functions if function is spectral_relevance]
    for function in functions:
        if row["applies"]:
            assert np.isfinite(function(model, noise(5), method=method, n_steps=2)).all()
        else:
            with pytest.raises(MethodError, match=f"'{method}' cannot be used.* Use '{row['instead']}'"):
                function(model, noise(5), method=method)


def test_guided_backprop_differs_from_the_gradient_on_a_network_with_relu(networks, noise):
    model, x = networks["sinc with relu"], noise(5)
    guided, plain = (
        spectral_relevance(model, x, method=method) for method in ("guided_backprop", "gradient_x_input")
    )
    assert np.abs(guided - plain).max() > 0.1 * np.abs(plain).max()


def test_the_share_that_is_missed_is_that_of_the_trials(networks, noise):
    model, x = networks["fbcsp"], noise(16)
    reason = applicable_methods(model, x)["reason"]["deep_lift"]
    told = int(re.search(r"miss (\d+)%", reason)[1])
    signals = torch.from_numpy(x)
    start = torch.zeros_like(signals)
    found = []
    for target in range(3):
        engine = DeepLift(copy.deepcopy(model))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Setting .*hooks|Input Tensor", UserWarning)
            found.append(engine.attribute(signals, start, target).sum((1, 2)))
    with torch.no_grad():
        change = model(signals) - model(start)
    missed = (torch.stack(found, 1).detach() - change).abs().sum() / change.abs().sum()
    # Told in whole percent.
    assert told == pytest.approx(100 * float(missed), abs=0.501)


class Twice(nn.Module):
    """A network that uses one activation twice, which captum's DeepLift cannot follow."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.act = nn.Linear(96, 8), nn.Linear(8, 8), nn.ReLU()

    def forward(self, x):
        return self.act(self.second(self.act(self.first(x)))).mean(2)


def test_a_network_that_captum_cannot_follow_is_refused_with_its_words(moved, noise):
    model = moved(Twice())
    reason = applicable_methods(model, noise(5))["reason"]["deep_lift"]
    assert reason.startswith("captum fails on it: ") or "miss" in reason
    with pytest.raises(MethodError, match=r"'deep_lift' cannot be used on this network"):
        spectral_relevance(model, noise(5), method="deep_lift")


def test_epochs_are_tried_as_arrays_are(network, moved, epochs):
    model = moved(network(chs_info=epochs.info["chs"]))
    model.scale = 1e6
    pd.testing.assert_frame_equal(
        applicable_methods(model, epochs), applicable_methods(model, epochs.get_data() * 1e6)
    )


def test_only_a_few_trials_are_tried(eegnet, noise):
    x = noise(200)
    x[20:] = np.nan
    assert applicable_methods(eegnet(), x)["applies"]["deep_lift"]


def test_trials_of_zeros_refuse_nothing_that_works(network):
    table = applicable_methods(network(), np.zeros((3, 6, 128)))
    assert table["applies"]["integrated_gradients"]
    assert table["applies"]["deep_lift"]


@pytest.mark.parametrize("activation", [nn.ELU, nn.ReLU])
def test_the_network_is_left_as_it_was(network, eegnet, noise, activation):
    for model in (network(n_times=96, activation=activation), eegnet(activation=activation)):
        model.train()
        before = copy.deepcopy(model.state_dict())
        applicable_methods(model, noise(4))
        assert all(layer.training for layer in model.modules())
        assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
        assert all(p.requires_grad and p.grad is None for p in model.parameters())
        hooks = [
            (layer._forward_hooks, layer._forward_pre_hooks, layer._backward_hooks)
            for layer in model.modules()
        ]
        assert not any(any(kinds) for kinds in hooks)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("kind", ["sinc", "sinc with relu", "eegnet", "fbcsp"])
def test_gradients_that_are_switched_off_do_not_matter(networks, tables, noise, context, kind):
    with context():
        found = applicable_methods(networks[kind], noise(5))
    pd.testing.assert_frame_equal(found, tables[kind])


@pytest.mark.parametrize(
    ("model", "trials", "error", "message"),
    [
        ("a string", np.zeros((2, 6, 96)), TypeError, "str"),
        (None, np.full((2, 6, 96), np.nan), EpochsError, "not finite"),
        (None, np.zeros((6, 96)), EpochsError, "shape"),
        (None, np.zeros((0, 6, 96)), EpochsError, "no trials"),
        (nn.Identity(), np.zeros((2, 6, 96)), TypeError, r"class scores.*\(\d, 6, 96\)"),
    ],
)
def test_what_cannot_be_tried_is_refused(eegnet, model, trials, error, message):
    with pytest.raises(error, match=message):
        applicable_methods(eegnet() if model is None else model, trials)


def test_one_output_is_enough(eegnet, noise):
    table = applicable_methods(eegnet(n_outputs=1), noise(3))
    assert table["applies"]["integrated_gradients"]


def test_an_unknown_method_is_refused_with_those_that_are_offered(network):
    with pytest.raises(ValueError, match=r"one of 'integrated_gradients', .*; got 'magic'") as raised:
        checked_method("magic", SINC_LAYER_METHODS, network())
    assert not isinstance(raised.value, MethodError)


@pytest.mark.parametrize("method", SINC_LAYER_METHODS)
def test_a_method_that_is_offered_passes(network, method):
    checked_method(method, SINC_LAYER_METHODS, network())


def test_checking_a_method_that_works_says_nothing(networks, noise):
    x = torch.from_numpy(noise(4))
    for method in ("integrated_gradients", "deep_lift", "gradient_shap"):
        check_applies(method, networks["sinc"], x, torch.zeros_like(x))


def test_what_to_use_instead_is_a_method_for_any_network():
    assert {instead(method) for method in ALL_METHODS} == {"integrated_gradients", "gradient_x_input"}
    assert instead("guided_backprop") == instead("deconvolution") == "gradient_x_input"
