"""Drawing layers anew: those named and no others, the sinc layer too, seeded, the network untouched."""

import numpy as np
import pytest
import torch
from torch import nn

from sincviz.analysis.evidence.random_networks import changeable_copy, layers_with_weights, with_random_layers
from sincviz.networks import SincConv


@pytest.fixture
def model(network, moved):
    return moved(network(time_filter_len=65)).eval()


@pytest.fixture
def trials():
    return torch.from_numpy(np.random.default_rng(0).standard_normal((30, 6, 128)).astype(np.float32))


def test_layers_stand_from_the_input_to_the_output(model, trials):
    assert layers_with_weights(model, trials) == [
        *("sinc_filter_layer", "depthwiseconv.0", "depthwiseconv.1", "temporal_aggregation.0", "final_layer")
    ]


@pytest.mark.parametrize("name", ["sinc_filter_layer", "depthwiseconv.1", "final_layer"])
def test_only_the_named_layer_is_drawn(model, trials, name):
    other = with_random_layers(model, [name], trials, seed=0)
    for key, value in model.named_parameters():
        same = torch.equal(value, other.get_parameter(key))
        assert same is not key.startswith(name)


def test_the_network_is_untouched(model, trials):
    before = {key: value.clone() for key, value in model.state_dict().items()}
    state = torch.get_rng_state()
    with_random_layers(model, layers_with_weights(model, trials), trials, seed=0)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())


def test_the_seed_decides(model, trials):
    one, same, other = (
        with_random_layers(model, layers_with_weights(model, trials), trials, seed) for seed in (0, 0, 1)
    )
    assert torch.equal(one(trials), same(trials))
    assert not torch.allclose(one(trials), other(trials))


def test_drawn_cutoffs_fill_the_range_evenly():
    conv = SincConv(500, 33, sfreq=250, freq_stride=0.1, min_freq=2.0)
    conv.draw_cutoffs(torch.Generator().manual_seed(0))
    low, high = conv.cutoffs().detach().unbind(1)
    assert (low >= 2).all()
    assert (high <= 125).all()
    assert (low < high).all()
    both = torch.cat([low, high]).numpy()
    np.testing.assert_allclose(
        np.quantile(both, [0.25, 0.5, 0.75]), 2 + 123 * np.array([0.25, 0.5, 0.75]), atol=6
    )
    before = conv.cutoffs().detach().clone()
    conv.draw_cutoffs(torch.Generator().manual_seed(1))
    assert not torch.allclose(before, conv.cutoffs())


def test_normalisations_measure_the_trials(model, trials):
    other = with_random_layers(model, layers_with_weights(model, trials), 100 * trials, seed=0)
    maps = other.feature_maps(100 * trials)
    normalised = other.depthwiseconv[0](maps["sinc"])
    np.testing.assert_allclose(normalised.detach().var((0, 2, 3)), 1, rtol=1e-2)
    assert not any(module.training for module in other.modules())
    assert [layer.momentum for layer in (other.depthwiseconv[0], other.temporal_aggregation[0])] == [
        layer.momentum for layer in (model.depthwiseconv[0], model.temporal_aggregation[0])
    ]


def test_a_layer_that_cannot_reset_itself_is_drawn_with_its_own_spread(trials):
    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.gain = nn.Parameter(5 * torch.randn(1, 6, 128))

        def forward(self, x):
            return (x * self.gain).sum(2)

    module = nn.Sequential(Scale())
    other = with_random_layers(module, layers_with_weights(module, trials), trials, seed=0)
    assert not torch.equal(other[0].gain, module[0].gain)
    assert float(other[0].gain.detach().std()) == pytest.approx(5, rel=0.15)


def test_what_is_no_module_is_refused():
    with pytest.raises(TypeError, match="needs the network itself"):
        changeable_copy("network")


def test_layers_stand_in_the_order_in_which_they_are_met(trials):
    class Backwards(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(4, 2)
            self.convolution = nn.Conv1d(6, 4, 128)

        def forward(self, x):
            return self.head(self.convolution(x)[..., 0])

    assert layers_with_weights(Backwards(), trials) == ["convolution", "head"]
