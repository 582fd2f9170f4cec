"""The cheap order wherever networks run: any size, offsets, compilers, mixed precision, listeners, copies."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sincviz.networks.fast.cheap_order import POINTWISE
from sincviz.networks.fast.trial_blocks import trial_blocks


def signals(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def error(got, expected):
    got, expected = got.detach().double(), expected.detach().double()
    return float((got - expected).norm() / expected.norm())


def plain_scores(model, x):
    return model.feature_maps(x)["scores"]


def gradients(model, x, scores):
    model.zero_grad()
    scores(model, x).sin().sum().backward()
    return {name: parameter.grad.clone() for name, parameter in model.named_parameters()}


def called_layers(model, x):
    """Return the scores and whether every layer of the first two blocks was called."""
    heard = []
    layers = [model.sinc_filter_layer, *model.depthwiseconv, *model.temporal_aggregation]
    handles = [
        layer.register_forward_hook(lambda *_, index=index: heard.append(index))
        for index, layer in enumerate(layers)
    ]
    scores = model(x)
    for handle in handles:
        handle.remove()
    return scores, heard == list(range(len(layers)))


@settings(max_examples=25)
@given(
    n_chans=st.one_of(st.sampled_from([1, 2, 256]), st.integers(1, 256)),
    batch=st.integers(1, 3),
    training=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_any_number_of_channels(network, moved, n_chans, batch, training, seed):
    model = moved(network(n_chans=n_chans, drop_prob=0.0).double(), seed=seed).train(training)
    x = signals(batch, n_chans, 128, seed=seed, dtype=torch.float64)
    torch.testing.assert_close(model(x), plain_scores(copy.deepcopy(model), x), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("training", [True, False])
def test_many_blocks_of_trials_are_one_batch(monkeypatch, network, moved, training):
    model = moved(network(drop_prob=0.0).double()).train(training)
    x = signals(7, 6, 128, dtype=torch.float64)
    expected_state = copy.deepcopy(model)
    expected = gradients(expected_state, x, plain_scores)
    monkeypatch.setattr("sincviz.networks.fast.trial_blocks.BLOCK_BYTES", 2 * 8 * 128 * 8)
    assert [len(block) for block in trial_blocks(x, 8 * 128)] == [2, 2, 2, 1]
    for name, gradient in gradients(model, x, lambda model, x: model(x)).items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-9, atol=1e-9, msg=name)
    for name, buffer in model.named_buffers():
        torch.testing.assert_close(buffer, dict(expected_state.named_buffers())[name], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("offset", [0.0, 1e3])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_an_offset_costs_no_more_digits_than_in_the_plain_order(network, moved, padding, training, offset):
    model = moved(network(padding=padding, drop_prob=0.0)).train(training)
    x = signals(8, 6, 128) + offset
    with torch.no_grad():
        exact = plain_scores(copy.deepcopy(model).double(), x.double())
        plain = error(plain_scores(copy.deepcopy(model), x), exact)
        fast = error(model(x), exact)
    assert fast <= max(2 * plain, 1e-6)


@pytest.mark.parametrize("activation", POINTWISE)
def test_every_known_activation_is_what_its_layer_gives(network, moved, activation):
    model = moved(network(activation=activation, drop_prob=0.0).double()).train()
    x = signals(3, 6, 128, dtype=torch.float64)
    expected = gradients(copy.deepcopy(model), x, plain_scores)
    for name, gradient in gradients(model, x, lambda model, x: model(x)).items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-9, atol=1e-9, msg=name)


class BatchwiseActivation(nn.Module):
    """Looks at all trials at once, so nobody may show it some only."""

    def forward(self, x):
        return x - x.mean(0)


@pytest.mark.parametrize("activation", [nn.PReLU, BatchwiseActivation])
@pytest.mark.parametrize("training", [True, False])
def test_unknown_activations_are_called_with_the_whole_batch(
    monkeypatch, network, moved, activation, training
):
    monkeypatch.setattr("sincviz.networks.fast.trial_blocks.BLOCK_BYTES", 1)
    model = moved(network(activation=activation, drop_prob=0.0).double()).train(training)
    x = signals(4, 6, 128, dtype=torch.float64)
    expected = gradients(copy.deepcopy(model), x, plain_scores)
    for name, gradient in gradients(model, x, lambda model, x: model(x)).items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-9, atol=1e-9, msg=name)


@pytest.mark.parametrize("training", [True, False])
def test_whoever_listens_hears_every_layer(network, moved, training):
    model = moved(network(drop_prob=0.0)).train(training)
    x = signals(3, 6, 128)
    expected = copy.deepcopy(model)(x)
    scores, all_heard = called_layers(model, x)
    assert all_heard
    torch.testing.assert_close(scores, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["depthwiseconv", "temporal_aggregation"])
def test_a_hook_on_a_container_sees_the_whole_batch(network, moved, name):
    model = moved(network()).eval()
    seen = []
    getattr(model, name).register_forward_hook(lambda module, inputs, output: seen.append(output.shape[0]))
    model(signals(5, 6, 128))
    assert seen == [5]


def test_replaced_layers_are_used(network, moved):
    model = moved(network()).eval()
    x = signals(3, 6, 128)
    model.temporal_aggregation[2] = nn.MaxPool2d((1, 32), stride=(1, 16))
    torch.testing.assert_close(model(x), plain_scores(model, x), rtol=1e-5, atol=1e-5)
    nn.utils.parametrizations.weight_norm(model.depthwiseconv[1])
    torch.testing.assert_close(model(x), plain_scores(model, x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("training", [True, False])
def test_normalization_without_running_statistics_is_that_of_the_batch(network, moved, index, training):
    model = network(drop_prob=0.0).train(training)
    parent, features = ((model.depthwiseconv, 4), (model.temporal_aggregation, 8))[index]
    parent[0] = nn.BatchNorm2d(features, track_running_stats=False).train(training)
    x = signals(3, 6, 128)
    torch.testing.assert_close(model(x), plain_scores(copy.deepcopy(model), x), rtol=1e-5, atol=1e-5)


def test_what_is_changed_is_what_the_next_call_uses(network, moved):
    model = moved(network()).eval()
    other = moved(network(seed=1), seed=1).eval()
    x = signals(3, 6, 128)
    model(x)
    with torch.no_grad():
        model.temporal_aggregation[0].running_var *= 3
        model.sinc_filter_layer.low_freqs += 2
    torch.testing.assert_close(model(x), plain_scores(model, x), rtol=1e-5, atol=1e-5)
    model.load_state_dict(other.state_dict())
    assert torch.equal(model(x), other(x))
    model.double()
    assert model(x.double()).dtype == torch.float64
    torch.testing.assert_close(model(x.double()), plain_scores(model, x.double()), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("training", [True, False])
def test_mixed_precision_is_as_exact_as_in_the_plain_order(network, moved, training):
    model = moved(network(drop_prob=0.0)).train(training)
    x = signals(8, 6, 128)
    exact = plain_scores(copy.deepcopy(model), x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        plain = plain_scores(copy.deepcopy(model), x)
        fast = model(x)
    assert fast.dtype == torch.bfloat16
    assert error(fast, exact) <= 2 * error(plain, exact)
    fast.float().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


@pytest.mark.parametrize("training", [True, False])
def test_compiled(network, moved, training):
    model = moved(network(drop_prob=0.0)).train(training)
    x = signals(4, 6, 128)
    expected_state = copy.deepcopy(model)
    expected = gradients(expected_state, x, lambda model, x: model(x))
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    scores = compiled(x)
    scores.sin().sum().backward()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name], rtol=1e-3, atol=2e-4, msg=name)
    for name, buffer in model.named_buffers():
        torch.testing.assert_close(buffer, dict(expected_state.named_buffers())[name], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_exported_for_any_batch(network, moved, training):
    model = moved(network(drop_prob=0.0)).train(training)
    batch = torch.export.Dim("batch", min=2, max=512)
    exported = torch.export.export(model, (signals(4, 6, 128),), dynamic_shapes=({0: batch},)).module()
    for size in (2, 7):
        x = signals(size, 6, 128)
        torch.testing.assert_close(exported(x), model(x), rtol=1e-5, atol=1e-6)


def test_replicas_as_data_parallel_makes_them(network, moved):
    model = moved(network(drop_prob=0.0)).train()
    x = signals(4, 6, 128)
    expected = gradients(copy.deepcopy(model), x, lambda model, x: model(x))

    def replicate(module):
        # Replicas hold plain tensors that lead back to the parameters.
        replica = module._replicate_for_data_parallel()
        replica._former_parameters = {}
        for name, child in module.named_children():
            replica._modules[name] = replicate(child)
        for name, parameter in module._parameters.items():
            if parameter is not None:
                setattr(replica, name, parameter.clone())
                replica._former_parameters[name] = getattr(replica, name)
        for name, buffer in module._buffers.items():
            replica._buffers[name] = None if buffer is None else buffer.clone()
        return replica

    replicate(model)(x).sin().sum().backward()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name], rtol=1e-4, atol=1e-5, msg=name)


def test_transforms_of_functions(network, moved):
    model = moved(network().double()).eval()
    x = signals(3, 6, 128, dtype=torch.float64)

    def scores_of_trial(parameters, trial):
        return torch.func.functional_call(model, parameters, (trial[None],))[0]

    parameters = {name: value.detach() for name, value in model.named_parameters()}
    of_trials = torch.func.vmap(
        torch.func.grad(lambda parameters, trial: scores_of_trial(parameters, trial).sin().sum()), (None, 0)
    )(parameters, x)
    for name, expected in gradients(model, x, lambda model, x: model(x)).items():
        torch.testing.assert_close(of_trials[name].sum(0), expected, rtol=1e-9, atol=1e-9, msg=name)
    jacobian = torch.func.jacrev(lambda trial: model(trial[None])[0])(x[0])
    assert jacobian.shape == (2, 6, 128)


@pytest.mark.parametrize("training", [True, False])
def test_many_gradients_at_once(network, moved, training):
    model = moved(network(drop_prob=0.0).double()).train(training)
    scores = model(signals(3, 6, 128, dtype=torch.float64)).flatten()
    parameters = list(model.parameters())
    at_once = torch.autograd.grad(
        scores, parameters, torch.eye(len(scores)).double(), is_grads_batched=True, retain_graph=True
    )
    for number, score in enumerate(scores):
        alone = torch.autograd.grad(score, parameters, retain_graph=True)
        for several, one in zip(at_once, alone, strict=True):
            torch.testing.assert_close(several[number], one)


@pytest.mark.parametrize("settings", [{"bias": True}, {"groups": 1}])
def test_another_spatial_layer_is_called(network, moved, settings):
    model = moved(network()).eval()
    former = model.depthwiseconv[1]
    model.depthwiseconv[1] = nn.Conv2d(
        former.in_channels,
        former.out_channels,
        former.kernel_size,
        **{"groups": former.groups, "bias": False} | settings,
    )
    x = signals(3, 6, 128)
    torch.testing.assert_close(model(x), plain_scores(model, x))


def test_a_spatial_layer_that_skips_samples_is_not_taken_for_one_that_does_not(network, moved):
    model = moved(network()).eval()
    former = model.depthwiseconv[1]
    model.depthwiseconv[1] = nn.Conv2d(
        former.in_channels, former.out_channels, former.kernel_size, (1, 2), groups=former.groups, bias=False
    )
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        model(signals(3, 6, 128))


@pytest.mark.parametrize("gradients_wanted", [True, False])
def test_several_networks_at_once(network, moved, gradients_wanted):
    models = [moved(network().double()).eval() for _ in range(2)]
    x = signals(3, 6, 128, dtype=torch.float64)
    stacked = torch.func.stack_module_state(models)
    with torch.set_grad_enabled(gradients_wanted):
        found = torch.func.vmap(lambda *state: torch.func.functional_call(models[0], state, (x,)))(*stacked)
        for scores, model in zip(found, models, strict=True):
            torch.testing.assert_close(scores, model(x))


@pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")  # of torch's own code
def test_forward_differentiation_where_no_gradient_is_recorded(network, moved):
    model = moved(network().double()).eval()
    x, direction = signals(2, 3, 6, 128, dtype=torch.float64)
    with torch.no_grad():
        _, change = torch.func.jvp(model, (x,), (direction,))
    scores = model(x.requires_grad_()).flatten()
    expected = [(torch.autograd.grad(one, x, retain_graph=True)[0] * direction).sum() for one in scores]
    torch.testing.assert_close(change.flatten(), torch.stack(expected))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("wanted", ["x", "parameters"])
def test_second_derivatives(network, moved, wanted, training):
    model = moved(network(drop_prob=0.0, time_filter_len=9).double()).train(training)
    results = []
    for scores in (lambda model, x: model(x), plain_scores):
        x = signals(3, 6, 128, dtype=torch.float64).requires_grad_(wanted == "x")
        parameters = list(model.parameters())
        first = torch.autograd.grad(
            scores(model, x).sin().sum(), [x] if wanted == "x" else parameters, create_graph=True
        )
        penalty = sum(gradient.square().sum() for gradient in first)
        results.append(torch.autograd.grad(penalty, parameters, allow_unused=True, materialize_grads=True))
    scale = max(float(expected.abs().max()) for expected in results[1])
    for got, expected in zip(*results, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_on_an_accelerator(network, moved, device):
    available = torch.cuda.is_available() if device == "cuda" else torch.backends.mps.is_available()
    if not available:
        pytest.skip(f"this machine has no {device}")
    model = moved(network(drop_prob=0.0)).train()
    x = signals(4, 6, 128)
    expected = gradients(copy.deepcopy(model), x, plain_scores)
    moved_there = copy.deepcopy(model).to(device)
    got = gradients(moved_there, x.to(device), lambda model, x: model(x))
    scale = max(float(gradient.abs().max()) for gradient in expected.values())
    for name, gradient in got.items():
        torch.testing.assert_close(gradient.cpu(), expected[name], rtol=1e-3, atol=1e-4 * scale, msg=name)
    torch.testing.assert_close(
        moved_there.eval()(x.to(device)).cpu(), plain_scores(moved_there.cpu(), x), rtol=1e-4, atol=1e-4
    )


def test_what_is_kept_for_the_backward_pass_does_not_grow_with_channels(network):
    def kept_bytes(n_chans):
        kept = {}

        def note(tensor):
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        model = network(n_chans=n_chans).train()
        x = signals(4, n_chans, 128)
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            model(x)
        kept.pop(x.untyped_storage().data_ptr(), None)
        weights = sum(parameter.nbytes for parameter in model.parameters())
        return sum(kept.values()) - weights

    maps = 4 * 8 * 128 * 4
    assert abs(kept_bytes(64) - kept_bytes(2)) < 0.2 * maps
    assert kept_bytes(64) < 3 * maps
