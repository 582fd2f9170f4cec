"""The fast order is the slow one: outputs, statistics and gradients; and what a network offers besides."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call

from sincviz.networks.sinc_shallow import SincShallowNet


def signals(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def outcome(model, scores, x):
    """Return scores, statistics and every gradient of one pass, by name."""
    x = x.detach().clone().requires_grad_()
    model.zero_grad()
    logits = scores(model, x)
    logits.sin().sum().backward()
    gradients = {f"gradient of {name}": parameter.grad for name, parameter in model.named_parameters()}
    return {"logits": logits.detach(), "gradient of x": x.grad} | gradients | dict(model.named_buffers())


def layer_by_layer(model, x):
    return model.feature_maps(x)["scores"]


@st.composite
def networks(draw):
    """Draw a network in double precision and a batch that it takes."""
    half = draw(st.integers(1, 10))
    taps = 2 * half + 1
    padding = draw(st.sampled_from(["same", "valid"]))
    pool_size = draw(st.integers(1, 12))
    shortest = max(taps, pool_size + (0 if padding == "same" else taps - 1)) + 8
    channels = draw(st.integers(1, 5))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(draw(st.integers(0, 1000)))
        model = SincShallowNet(
            num_time_filters=draw(st.integers(1, 4)),
            time_filter_len=taps,
            depth_multiplier=draw(st.integers(1, 3)),
            activation=draw(st.sampled_from([nn.ELU, nn.Tanh, nn.Softplus])),
            drop_prob=0.0,
            padding=padding,
            pool_size=pool_size,
            pool_stride=draw(st.integers(1, 8)),
            n_chans=channels,
            n_outputs=draw(st.integers(1, 3)),
            n_times=shortest + draw(st.integers(0, 60)),
            sfreq=100,
        ).double()
    x = signals(draw(st.integers(1, 3)), channels, model.n_times, seed=1, dtype=torch.float64)
    return model, x + draw(st.sampled_from([0.0, 5.0]))


@settings(max_examples=40)
@given(drawn=networks(), training=st.booleans(), data=st.data())
def test_both_orders_are_one_function(moved, drawn, training, data):
    model, x = drawn
    moved(model, seed=data.draw(st.integers(0, 1000))).train(training)
    slow = outcome(copy.deepcopy(model), layer_by_layer, x)
    fast = outcome(model, lambda model, x: model(x), x)
    assert fast.keys() == slow.keys()
    scale = max(float(value.abs().max()) for name, value in slow.items() if "gradient" in name)
    for name, expected in slow.items():
        within = 1e-10 * max(scale, 1) if "gradient" in name else 1e-10
        torch.testing.assert_close(
            fast[name], expected, rtol=1e-10, atol=within, msg=lambda text, n=name: f"{n}: {text}"
        )


@pytest.mark.parametrize("momentum", [0.1, 0.01, None])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_statistics_are_those_of_batch_norm_on_the_plain_maps(network, moved, scores, momentum, padding):
    model = moved(network(padding=padding, drop_prob=0.0))
    first = model.depthwiseconv[0]
    first.reset_running_stats()
    first.momentum = momentum
    plain = copy.deepcopy(first)
    assert type(plain) is nn.BatchNorm2d
    for seed in range(3):
        x = 10 * signals(4, 6, 128, seed=seed) + 3
        model.train()
        scores(model, x)
        normalized = plain.train()(model.sinc_filter_layer(x))
        for name, expected in plain.named_buffers():
            torch.testing.assert_close(getattr(first, name), expected, rtol=1e-5, atol=1e-5)
        assert int(first.num_batches_tracked) == seed + 1

        # What follows in evaluation is the rest of the network on the plain normalisation's output.
        normalized = plain.eval()(model.eval().sinc_filter_layer(x))
        rest = model.final_layer(model.temporal_aggregation(model.depthwiseconv[1](normalized)))
        torch.testing.assert_close(scores(model, x), rest, rtol=1e-5, atol=1e-5)


def test_the_first_variance_is_recorded_unbiased(network):
    model = network(n_times=32, time_filter_len=31, padding="valid", pool_size=1, pool_stride=1, n_chans=2)
    model.depthwiseconv[0].momentum = 1.0
    x = signals(1, 2, 32)
    model.train()(x)
    # Four values per filter: the biased variance would be a quarter smaller.
    expected = model.sinc_filter_layer(x).var((0, 2, 3), correction=1)
    torch.testing.assert_close(model.depthwiseconv[0].running_var, expected.detach(), rtol=1e-4, atol=0)


def test_momentum_is_that_of_torch(network):
    model = network()
    assert model.depthwiseconv[0].momentum == model.temporal_aggregation[0].momentum == 0.1


def test_frozen_normalization_stays_frozen_in_training(network, moved, scores):
    model = moved(network(drop_prob=0.0)).train()
    model.depthwiseconv[0].eval()
    before = {name: value.clone() for name, value in model.depthwiseconv[0].named_buffers()}
    x = signals(3, 6, 128)
    expected = copy.deepcopy(model)
    normalized = expected.depthwiseconv[0](expected.sinc_filter_layer(x))
    expected_scores = expected.final_layer(
        expected.temporal_aggregation(expected.depthwiseconv[1](normalized))
    )
    torch.testing.assert_close(scores(model, x), expected_scores, rtol=1e-5, atol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in model.depthwiseconv[0].named_buffers())
    assert int(model.temporal_aggregation[0].num_batches_tracked) == 1


@pytest.mark.parametrize("eps", [1e-5, 0.5])
def test_gradients_in_training(moved, eps):
    model = SincShallowNet(
        num_time_filters=2,
        time_filter_len=5,
        depth_multiplier=2,
        drop_prob=0.0,
        pool_size=4,
        pool_stride=3,
        n_chans=2,
        n_outputs=2,
        n_times=10,
        sfreq=50,
    )
    moved(model.double()).train()
    model.depthwiseconv[0].eps = eps
    names = [name for name, _ in model.named_parameters()]

    def scores_of(x, *parameters):
        return functional_call(model, dict(zip(names, parameters, strict=True)), x)

    inputs = signals(2, 2, 10, dtype=torch.float64), *model.parameters()
    assert torch.autograd.gradcheck(scores_of, [value.detach().clone().requires_grad_() for value in inputs])


def test_maps_are_what_the_layers_give(network, moved):
    model = moved(network()).eval()
    x = signals(3, 6, 128)
    maps = model.feature_maps(x)
    shapes = {name: tuple(value.shape) for name, value in maps.items()}
    assert shapes == {
        "sinc": (3, 4, 6, 128),
        "normalized": (3, 4, 6, 128),
        "spatial": (3, 8, 128),
        "activation": (3, 8, 128),
        "pooled": (3, 8, 7),
        "features": (3, 56),
        "scores": (3, 2),
    }
    assert model.n_pooled == 7
    torch.testing.assert_close(maps["pooled"][:, :, 1], maps["activation"][:, :, 16:48].mean(-1))


def test_features_are_what_enters_the_head(network, moved):
    model = moved(network()).eval()
    x = signals(3, 6, 128)
    result = model(x, return_features=True)
    assert set(result) == {"features", "cls_token"}
    assert result["cls_token"] is None
    torch.testing.assert_close(model.final_layer(result["features"]), model(x))
    torch.testing.assert_close(result["features"], model.feature_maps(x)["features"])


def test_reset_head_keeps_the_rest(network, moved):
    model = moved(network()).double().eval()
    model.class_names = ["left", "right"]
    x = signals(3, 6, 128, dtype=torch.float64)
    features, weight = model(x, return_features=True)["features"], model.final_layer.weight
    assert model.reset_head(5) is None
    assert model(x).shape == (3, 5)
    assert torch.equal(model(x, return_features=True)["features"], features)
    assert model.final_layer.weight is not weight
    assert (model.n_outputs, model.get_config()["n_outputs"], model.class_names) == (5, 5, None)
    assert not model.final_layer.training


@pytest.mark.parametrize(("n_outputs", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError)])
def test_reset_head_refuses_what_is_no_number_of_classes(network, n_outputs, error):
    model = network()
    with pytest.raises(error, match=f"`n_outputs`.*{n_outputs}"):
        model.reset_head(n_outputs)
    assert model.n_outputs == model.final_layer.out_features == 2


def test_a_copy_is_a_network_of_its_own(network, moved):
    model = moved(network()).eval()
    x = signals(2, 6, 128)
    expected = model(x)
    other = copy.deepcopy(model)
    assert torch.equal(other(x), expected)
    other.reset_head(3)
    moved(other, seed=1).train()(x)
    assert torch.equal(model(x), expected)


@pytest.mark.parametrize(
    "awkward",
    [
        lambda x: x.transpose(1, 2).contiguous().transpose(1, 2),
        lambda x: x.repeat_interleave(2, 2)[..., ::2],
        lambda x: x.flip(0).flip(0),
    ],
)
def test_memory_layout_does_not_matter(network, moved, scores, awkward):
    model = moved(network()).eval()
    x = signals(3, 6, 128)
    torch.testing.assert_close(scores(model, awkward(x)), scores(model, x), rtol=1e-5, atol=1e-6)


def test_one_trial_gives_what_it_gives_among_others(network, moved, scores):
    model = moved(network()).eval()
    x = signals(3, 6, 128)
    torch.testing.assert_close(scores(model, x[:1]), scores(model, x)[:1], rtol=1e-5, atol=1e-6)
    assert scores(model.train(), x[:1]).isfinite().all()


@pytest.mark.parametrize("shape", [(6, 128), (2, 5, 128), (2, 6, 127), (2, 6, 129), (2, 1, 6, 128), (128,)])
def test_wrong_shapes(network, scores, shape):
    with pytest.raises(ValueError, match=r"\(batch, 6 channels, 128 times\); got \(") as error:
        scores(network(), torch.zeros(shape))
    assert str(shape) in str(error.value)


def test_one_value_per_filter_cannot_be_normalized_in_training(network, scores):
    model = network(n_times=17, n_chans=1, padding="valid", pool_size=1)
    x = signals(1, 1, 17)
    with pytest.raises(ValueError, match="more than"):
        scores(model.train(), x)
    assert scores(model.eval(), x).isfinite().all()
