"""What a method returns is put together for all trials and classes, and what it may not do is said in one line."""

import random

import numpy as np
import pytest
import torch
from torch import nn

from sincviz.benchmark.calls import attributions, batches, checked_call
from sincviz.benchmark.methods import named_method
from sincviz.errors import MethodError

N_TRIALS, N_CHANS, N_TIMES = 120, 3, 20


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv1d(3, 4, 5), nn.BatchNorm1d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 2)
    ).eval()


@pytest.fixture
def trials():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(N_TRIALS, N_CHANS, N_TIMES, generator=generator), torch.arange(N_TRIALS) % 2


def called(function, network, trials, **settings):
    return attributions(named_method(function), network, *trials, of="this case", **settings)


def test_values_are_in_the_order_of_the_trials_whatever_the_batches(network, trials):
    found = called(lambda model, x, target: x * (target + 1), network, trials)
    np.testing.assert_allclose(found.values, np.stack([trials[0], 2 * trials[0]]))
    assert (found.domain, found.per_trial) == ("time", True)


def test_bins_of_the_fourier_transform_are_recognised(network, trials):
    found = called(lambda model, x, target: torch.fft.rfft(x).abs(), network, trials)
    assert (found.domain, found.values.shape) == ("frequency", (2, N_TRIALS, N_CHANS, 11))


def test_averages_of_a_method_are_those_of_all_trials(network, trials):
    found = called(lambda model, x, target: x.mean(0), network, trials)
    np.testing.assert_allclose(found.values[0], trials[0].mean(0), atol=1e-6)
    assert not found.per_trial


def test_batches_hold_the_same_share_of_each_class():
    for y in (np.repeat([0, 1], 60), np.arange(120) % 2, np.repeat([0, 1], [30, 90])):
        parts = batches(y)
        assert sorted(np.concatenate(parts)) == list(range(120))
        shares = [y[rows].mean() for rows in parts]
        assert max(shares) - min(shares) < 0.03
        assert max(map(len, parts)) <= 50


def test_classes_are_passed_to_those_who_ask(network, trials):
    found = called(lambda model, x, target, y: x * y[:, None, None], network, trials)
    np.testing.assert_allclose(found.values[0], trials[0] * trials[1][:, None, None])


def test_random_numbers_follow_from_the_seed_and_leave_the_generators_alone(network, trials):
    def drawn(model, x, target):
        return torch.randn_like(x) + np.random.standard_normal(x.shape) + random.random()  # noqa: NPY002

    torch.manual_seed(5)
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    one, same, other = (called(drawn, network, trials, seed=seed).values for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)
    assert not np.allclose(one[0], one[1])
    assert torch.equal(before[0], torch.random.get_rng_state())
    np.testing.assert_array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002
    assert before[2] == random.getstate()


def without_gradient(model, x, target):
    return torch.autograd.grad(model(x)[:, target].sum(), x)[0]


def under_no_grad(model, x, target):
    x.requires_grad_()
    with torch.no_grad():
        score = model(x)[:, target].sum()
    score.backward()
    return x.grad


def in_a_library(model, x, target):
    return model(x[:, :2])


def in_place(model, x, target):
    return x.mul_(2)


def fails(model, x, target):
    raise RuntimeError("no\nGPU here")


def in_training(model, x, target):
    model.train()
    return x


def other_weights(model, x, target):
    model[0].weight.data += 1
    return x


def frozen(model, x, target):
    model[4].bias.requires_grad_(False)
    return x


def hooked(model, x, target):
    model[2].register_forward_hook(lambda *_: None)
    return x


def other_layers(model, x, target):
    model[2] = nn.ELU()
    return x


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (
            lambda model, x, target: x[:, 0],
            r"shape \(40, 20\); allowed are \(40, 3, 20\) over times, \(40, 3, 11\)",
        ),
        (lambda model, x, target: x[:, None], "Remove the dimensions of size 1"),
        (lambda model, x, target: torch.stack([x, x], 1), r"Select the class: attribution\[:, target\]"),
        (lambda model, x, target: x / 0 * 0, "values that are not finite. Guard divisions"),
        (lambda model, x, target: torch.fft.rfft(x), "values of type complex64. Return real numbers"),
        (lambda model, x, target: None, "returned NoneType. Return real numbers"),
        (lambda model, x, target: {"a": 1}, "returned dict"),
        (lambda model, x, target: x if target else x[..., :11], "arrays of different kinds"),
        (lambda model, x, target: x[..., :12], "Divide the value of a band or window equally among its bins"),
        (lambda model, x: x, "failed on this case: TypeError"),
        (
            without_gradient,
            r"in without_gradient\)\. x has requires_grad False: try x = x.clone\(\).requires_grad_\(\)",
        ),
        (
            under_no_grad,
            r"in under_no_grad\)\. x has .* do not wrap the call of the model in torch.no_grad\(\)",
        ),
        (in_a_library, r"RuntimeError: .* \(test_calls.py:\d+ in in_a_library\)$"),
        (fails, r"failed on this case: RuntimeError: no GPU here \(test_calls.py:\d+ in fails\)$"),
        (in_place, "changed the trials of this case. Work on a copy"),
        (in_training, "the network itself is in training mode. Work on copy.deepcopy"),
        (other_weights, "the values of 0.weight are others"),
        (frozen, "requires_grad of 4.bias is False"),
        (hooked, "a hook is left in 2"),
        (other_layers, "its layers are others"),
    ],
)
def test_what_a_method_may_not_do_is_one_line(function, words, network, trials):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(MethodError, match=words) as error:
        called(function, network, trials)
    assert "\n" not in str(error.value)
    # The network of the case is as it was, whatever the method did.
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert not any(module.training or module._forward_hooks for module in network.modules())
    assert all(one.requires_grad for one in network.parameters())
    assert isinstance(network[2], nn.ReLU)


def test_ways_to_work_that_leave_nothing_behind_are_allowed(network, trials):
    def backward(model, x, target):
        x.requires_grad_()
        model(x)[:, target].sum().backward()
        return x.grad

    assert np.isfinite(called(backward, network, trials).values).all()


def test_the_same_call_is_made_once(network, trials):
    seen = []

    def counted(model, x, target):
        seen.append(target)
        return x

    call = checked_call(named_method(counted), "this case")
    x = trials[0][:4]
    for _ in range(2):
        call(network, x, 0)
    call(network, x + 1, 0)
    call(network, x, 1)
    network[4].bias.data += 1
    call(network, x, 1)
    assert seen == [0, 0, 1, 1]
