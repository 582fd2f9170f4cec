"""Gradients at the input: in closed form and by captum the same, and neither leaves a trace."""

import copy

import numpy as np
import pytest
import torch
from captum import attr
from torch import nn

from sincviz.analysis.attribution.gradients import AVERAGED, Explained, input_gradients
from sincviz.networks import front_end
from sincviz.networks.decoder import decoder
from sincviz.networks.fast.trial_blocks import trial_blocks


def gradients(model, x, start, method, explain="score", n_steps=4):
    return input_gradients(model, decoder(model), method=method, explain=explain, n_steps=n_steps)(x, start)


class Hidden(nn.Module):
    """A network whose front end cannot be seen."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x)


@pytest.fixture
def signals(noise):
    return torch.from_numpy(noise(5, n_times=128)), torch.from_numpy(noise(5, n_times=128, seed=1))


@pytest.mark.parametrize("method", AVERAGED)
@pytest.mark.parametrize("explain", ["score", "margin", "log_probability"])
@pytest.mark.parametrize("activation", [nn.ELU, nn.PReLU])
def test_the_closed_form_and_captum_give_the_same(network, moved, signals, method, explain, activation):
    model = moved(network(n_outputs=3, activation=activation)).double()
    x, start = signals
    for first in (start, start[:1]):
        found = gradients(model, x, first, method, explain)
        expected = gradients(Hidden(model), x, first, method, explain)
        assert found.shape == (3, 5, 6, 128)
        # captum keeps the weights of its steps in single precision
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-7 * float(expected.abs().max()))


@pytest.mark.parametrize("n_blocks", [1, 2, 5])
def test_the_size_of_the_blocks_does_not_matter(network, moved, signals, monkeypatch, n_blocks):
    model = moved(network()).double()
    x, start = signals
    expected = gradients(model, x, start, "integrated_gradients")
    values = 8 * 128 * 8
    monkeypatch.setattr("sincviz.networks.fast.trial_blocks.BLOCK_BYTES", -(-5 // n_blocks) * values)
    assert len(trial_blocks(x, 8 * 128)) == -(-5 // -(-5 // n_blocks))
    for first in (start, start[:1].expand_as(x)):
        torch.testing.assert_close(
            gradients(model, x, first, "integrated_gradients"),
            expected if first is start else gradients(model, x, start[:1], "integrated_gradients"),
        )


def test_the_plain_gradient_is_that_of_the_scores(network, moved, signals):
    model = moved(network()).double().eval()
    x = signals[0].clone().requires_grad_()
    found = gradients(model, signals[0], torch.zeros_like(x[:1]), "gradient_x_input")
    for number, score in enumerate(model(x).sum(0)):
        expected = torch.autograd.grad(score, x, retain_graph=True)[0]
        torch.testing.assert_close(found[number], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("method", ["deep_lift", "gradient_shap", "guided_backprop", "deconvolution"])
def test_methods_by_captum_give_gradients_of_every_class(eegnet, noise, method):
    model = eegnet(activation=nn.ReLU).double()
    x = torch.from_numpy(noise(4))
    found = gradients(model, x, torch.zeros_like(x[:1]), method)
    assert found.shape == (3, 4, 6, 96)
    assert torch.isfinite(found).all()
    assert not found.requires_grad
    assert (found != 0).any()


def test_each_trial_of_gradient_shap_has_its_own_baseline(noise):
    # The gradient of a square is twice the place: between the trial and its own baseline, on average in the middle.
    class Square(nn.Module):
        def forward(self, x):
            return x.square().sum((1, 2))[:, None]

    start = torch.from_numpy(noise(3, n_times=8)) + 10 * torch.arange(3.0, dtype=torch.float64)[:, None, None]
    x = start + 0.1
    found = gradients(Square(), x, start, "gradient_shap", n_steps=5)[0]
    assert ((found >= 2 * start - 1e-9) & (found <= 2 * x + 1e-9)).all()


def test_captum_needs_the_network_itself(network, signals):
    parts = front_end(network().double())
    with pytest.raises(TypeError, match="needs the network itself"):
        gradients(parts, *signals, "deep_lift")


def test_one_trial_and_many_give_the_same(eegnet, noise):
    model = eegnet(activation=nn.ReLU).double()
    x, start = torch.from_numpy(noise(6)), torch.from_numpy(noise(6, seed=1))
    for method in ("integrated_gradients", "deep_lift", "guided_backprop", "gradient_x_input"):
        whole = gradients(model, x, start, method)
        pieces = [gradients(model, x[n : n + 1], start[n : n + 1], method) for n in range(6)]
        torch.testing.assert_close(torch.cat(pieces, 1), whole, rtol=1e-8, atol=1e-12)


def test_neither_network_nor_trials_are_changed(eegnet, signals):
    model = eegnet(activation=nn.ReLU, n_times=128).double().train()
    before = copy.deepcopy(model.state_dict())
    x, start = (signal.clone() for signal in signals)
    for method in (*AVERAGED, "deep_lift", "gradient_shap", "guided_backprop", "deconvolution"):
        gradients(model, x, start, method)
    for now, then in zip((x, start), signals, strict=True):
        assert torch.equal(now, then)
        assert not now.requires_grad
        assert now.grad is None
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())
    assert not any(layer._forward_hooks or layer._backward_hooks for layer in model.modules())


def test_what_is_explained_is_what_the_module_returns(linear, noise, what_is_explained):
    model, x = linear().double(), torch.from_numpy(noise(3))
    for explain in ("score", "margin", "log_probability"):
        torch.testing.assert_close(Explained(model, explain)(x), what_is_explained(model(x), explain))
    with pytest.raises(TypeError, match="class scores"):
        Explained(nn.Identity(), "score")(x)


def test_single_precision_stays_single(network, eegnet, noise):
    x = torch.from_numpy(noise(3, dtype=np.float32))
    for model in (network(n_times=96), eegnet()):
        for method in ("integrated_gradients", "gradient_x_input", "deep_lift", "gradient_shap"):
            assert gradients(model, x, torch.zeros_like(x[:1]), method).dtype == torch.float32


@pytest.mark.parametrize("method", AVERAGED)
@pytest.mark.parametrize("n_times", [96, 97])
def test_gradients_of_all_classes_from_one_pass_are_those_that_captum_finds(eegnet, noise, method, n_times):
    model = eegnet(n_times=n_times).double().eval()
    x, start = (torch.from_numpy(noise(7, n_times=n_times, seed=seed)) for seed in (0, 1))
    found = gradients(model, x, start, method, n_steps=5)
    for number in range(3):
        if method == "integrated_gradients":
            engine = attr.IntegratedGradients(model, multiply_by_inputs=False)
            expected = engine.attribute(x, start, number, n_steps=5, method="gausslegendre")
        else:
            expected = attr.Saliency(model).attribute(x.clone().requires_grad_(), number, abs=False)
        torch.testing.assert_close(found[number], expected, rtol=0, atol=1e-7 * float(expected.abs().max()))
