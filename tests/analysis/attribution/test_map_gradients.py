"""Gradients at the maps: the shortcut behind a pointwise activation against the derivative of the whole tail."""

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sincviz.analysis.attribution.explained import EXPLAIN
from sincviz.analysis.attribution.map_gradients import map_gradients
from sincviz.analysis.attribution.path_gradients import AT_THE_END, gauss_legendre
from sincviz.networks import front_end

POINTWISE = (nn.ELU, nn.ReLU, nn.Tanh, nn.GELU, nn.Identity)


def without_shortcut(parts):
    return dataclasses.replace(parts, activation=None, pooling=None)


@settings(max_examples=30)
@given(
    activation=st.sampled_from(POINTWISE),
    depth=st.integers(1, 3),
    padding=st.sampled_from(["same", "valid"]),
    n_steps=st.integers(0, 4),
    n_starts=st.sampled_from([1, 5]),
    explain=st.sampled_from(EXPLAIN),
    seed=st.integers(0, 100),
)
def test_the_shortcut_gives_what_the_derivative_of_the_tail_gives(
    network, moved, noise, activation, depth, padding, n_steps, n_starts, explain, seed
):
    model = network(seed, activation=activation, depth_multiplier=depth, padding=padding, n_outputs=3)
    parts = front_end(moved(model, seed).double())
    rule = gauss_legendre(n_steps) if n_steps else AT_THE_END
    start = parts.maps(torch.from_numpy(noise(n_starts, n_times=128, seed=seed + 1)))
    maps = parts.maps(torch.from_numpy(noise(5, n_times=128, seed=seed)))
    found = map_gradients(parts, explain, rule)(start, maps)
    expected = map_gradients(without_shortcut(parts), explain, rule)(start, maps)
    assert len(found) == len(expected) == 3
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_the_plain_gradient_is_that_of_the_scores(network, moved, noise):
    parts = front_end(moved(network(n_outputs=3)).double())
    maps = parts.maps(torch.from_numpy(noise(5, n_times=128)))
    found = map_gradients(parts, "score", AT_THE_END)(torch.zeros_like(maps[:1]), maps)
    point = maps.clone().requires_grad_()
    for number, gradient in enumerate(found):
        (expected,) = torch.autograd.grad(parts.tail(point)[:, number].sum(), point)
        torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize("missing", ["activation", "pooling", "head"])
def test_a_network_that_does_not_tell_all_of_it_takes_the_general_way(network, moved, noise, missing):
    parts = front_end(moved(network()).double())
    maps = parts.maps(torch.from_numpy(noise(5, n_times=128)))
    rule = gauss_legendre(3)
    expected = map_gradients(parts, "score", rule)(maps[:1], maps)
    found = map_gradients(dataclasses.replace(parts, **{missing: None}), "score", rule)(maps[:1], maps)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


def test_an_activation_that_mixes_values_takes_the_general_way(network):
    assert front_end(network(activation=nn.PReLU)).activation is None
    assert front_end(network()).activation is not None


def test_batches_of_other_sizes_may_follow(network, moved, noise):
    parts = front_end(moved(network()).double())
    gradients_of = map_gradients(parts, "score", gauss_legendre(3))
    maps = parts.maps(torch.from_numpy(noise(7, n_times=128)))
    start = torch.zeros_like(maps[:1])
    whole = gradients_of(start, maps)
    pieces = [gradients_of(start, piece) for piece in (maps[:4], maps[4:])]
    for number, gradient in enumerate(whole):
        torch.testing.assert_close(torch.cat([piece[number] for piece in pieces]), gradient)
