"""Normalisation, ELU and pooling in few passes equal PyTorch's layers, back and forth."""

import pytest
import torch
from torch import nn

from sincviz.networks.fast import elu_pooling
from sincviz.networks.fast.elu_pooling import elu_pooled, normalized_elu_pooled, pools_elu

UNITS = 6
POOLINGS = [
    nn.AvgPool2d((1, 5), (1, 2)),
    nn.AvgPool2d((1, 4)),
    nn.AvgPool2d((1, 5), (1, 3), (0, 2)),
    nn.AvgPool2d((1, 5), (1, 3), (0, 2), count_include_pad=False),
]


def random_maps(n_trials=7, n_times=31, dtype=torch.double):
    maps = torch.randn(n_trials, UNITS, 1, n_times, dtype=dtype) * 3 + 1
    return maps.contiguous(memory_format=torch.channels_last)


@pytest.fixture(autouse=True)
def same_numbers():
    torch.manual_seed(0)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_it_pools_the_elu(pooling):
    maps = random_maps().requires_grad_()
    expected, found = pooling(nn.functional.elu(maps)), elu_pooled(maps.split(3), pooling)
    torch.testing.assert_close(found, expected)
    gradient = torch.randn_like(expected)
    (of_expected,) = torch.autograd.grad(expected, maps, gradient)
    torch.testing.assert_close(torch.autograd.grad(found, maps, gradient)[0], of_expected)
    assert torch.autograd.gradgradcheck(lambda x: elu_pooled(x.split(1), pooling), maps[:2])


@pytest.mark.parametrize("pooling", POOLINGS)
def test_it_normalises_as_the_layer_in_training(pooling):
    layer = nn.BatchNorm2d(UNITS, eps=0.1).double()
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    whole = random_maps().requires_grad_()
    wanted = (layer.weight, layer.bias, whole)
    expected = pooling(nn.functional.elu(layer(whole)))
    found, mean, variance = normalized_elu_pooled(
        list(whole.split(3)), pooling, layer.weight, layer.bias, layer.eps
    )
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(mean, whole.mean((0, 2, 3)))
    torch.testing.assert_close(variance, whole.var((0, 2, 3), correction=0))
    gradient = torch.randn_like(expected)
    for one, other in zip(
        torch.autograd.grad(found, wanted, gradient),
        torch.autograd.grad(expected, wanted, gradient),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def test_the_normalised_gradient_has_a_gradient():
    def pooled(weight, bias, *maps):
        return normalized_elu_pooled(list(maps), POOLINGS[0], weight, bias, 0.1)[0]

    weight, bias = torch.randn(2, UNITS, dtype=torch.double).unbind()
    inputs = [one.detach().requires_grad_() for one in (weight, bias, *random_maps(3, 11).split(2))]
    assert torch.autograd.gradcheck(pooled, inputs)
    assert torch.autograd.gradgradcheck(pooled, inputs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_small_values_are_as_precise_as_numbers_near_1(dtype):
    y = torch.cat([-torch.logspace(-12, 2, 500), torch.zeros(1), torch.logspace(-12, 2, 500)]).to(dtype)
    error = (elu_pooling._elu(y) - nn.functional.elu(y.double())).abs()
    assert error.max() <= torch.finfo(dtype).eps
    assert error[y >= 0].max() == 0
    assert elu_pooling._elu(torch.tensor([float("nan"), -torch.inf, torch.inf])).tolist()[1:] == [
        -1,
        torch.inf,
    ]
    assert elu_pooling._elu(torch.tensor(float("nan"))).isnan()


def test_many_windows_need_no_table(monkeypatch):
    maps = random_maps().requires_grad_()
    gradient = torch.randn(7, UNITS, 1, 14, dtype=torch.double)
    (by_table,) = torch.autograd.grad(elu_pooled([maps], POOLINGS[0]), maps, gradient)
    monkeypatch.setattr(elu_pooling, "_MOST_SHARES", 31 * 14 - 1)
    monkeypatch.setattr(elu_pooling, "_shares_of_windows", None)
    (by_loop,) = torch.autograd.grad(elu_pooled([maps], POOLINGS[0]), maps, gradient)
    torch.testing.assert_close(by_loop, by_table)


def test_maps_are_kept():
    maps = random_maps()
    before = maps.clone()
    pooled = elu_pooled(maps.split(3), POOLINGS[0])
    assert torch.equal(maps, before)
    with torch.no_grad():
        torch.testing.assert_close(elu_pooled(maps.split(3), POOLINGS[0]), pooled)
    assert torch.equal(maps, before)


@pytest.mark.parametrize(
    ("pooling", "activation"),
    [
        (nn.AvgPool2d((1, 5)), nn.ELU(alpha=0.5)),
        (nn.AvgPool2d((1, 5)), nn.SELU()),
        (nn.MaxPool2d((1, 5)), nn.ELU()),
        (nn.AvgPool2d((1, 5), ceil_mode=True), nn.ELU()),
        (nn.AvgPool2d((1, 5), divisor_override=3), nn.ELU()),
    ],
)
def test_other_layers_are_left_alone(pooling, activation):
    assert not pools_elu(pooling, activation)


def test_the_defaults_are_what_it_computes():
    assert all(pools_elu(pooling, nn.ELU()) for pooling in POOLINGS)
