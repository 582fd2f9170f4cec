"""The first normalisation where it is at risk: large offsets, too few values, lost statistics."""

import copy

import pytest
import torch

PADDINGS = ["same", "valid"]


def batch(size=5, *, seed=0):
    return torch.randn(size, 6, 128, generator=torch.Generator().manual_seed(seed))


def state_of(model):
    return {key: value.clone() for key, value in model.state_dict().items()}


def assert_unchanged(model, before):
    assert [key for key, value in model.state_dict().items() if not torch.equal(value, before[key])] == []


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("offset", [1e2, 1e4])
def test_a_large_offset_of_every_channel_does_not_spoil_the_statistics(network, padding, offset):
    # Unprocessed amplifiers record microvolts on top of millivolts.
    model = network(padding=padding, first_freq=30, drop_prob=0.0)
    model.depthwiseconv[0].momentum = 1.0
    x = batch() + offset * torch.tensor([1.0, 1.1, 0.9, -1.0, 1.2, 1.0])[:, None]
    maps = copy.deepcopy(model).double().sinc_filter_layer(x.double())
    model(x)
    recorded = model.depthwiseconv[0]
    torch.testing.assert_close(recorded.running_var.double(), maps.var((0, 2, 3)), rtol=2e-4, atol=0)
    torch.testing.assert_close(recorded.running_mean.double(), maps.mean((0, 2, 3)), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("eps", [1e-5, 0.5])
@pytest.mark.parametrize("settings", [{}, {"padding": "valid"}, {"time_filter_len": 65}])
def test_in_single_precision_the_orders_differ_by_rounding(network, moved, settings, eps, training):
    model = moved(network(drop_prob=0.0, **settings)).train(training)
    model.depthwiseconv[0].eps = eps
    x = 20 * batch(8)
    with torch.no_grad():
        fast = copy.deepcopy(model)(x)
        plain = model.feature_maps(x)["scores"]
    assert float((fast - plain).norm() / plain.norm()) <= 1e-5


def test_evaluation_records_nothing(network, moved, scores):
    model = moved(network()).eval()
    before = state_of(model)
    first = scores(model, batch())
    assert torch.equal(scores(model, batch()), first)
    assert_unchanged(model, before)


@pytest.mark.parametrize("batch_size", [0, 1])
def test_fewer_than_two_values_are_refused_before_anything_is_recorded(network, batch_size):
    model = network(n_chans=1, n_times=17, pool_size=1, pool_stride=1, padding="valid")
    before = state_of(model)
    with pytest.raises(ValueError, match=rf"more than one value per filter.*\({batch_size}, 1, 17\)"):
        model(torch.randn(batch_size, 1, 17))
    assert_unchanged(model, before)
