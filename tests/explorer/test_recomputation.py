"""Recomputation: the arrays alone give the network's scores, or it is said why not."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from sincviz.explorer.recomputation import NotRecomputableError, network_arrays, recomputed_scores
from sincviz.networks import front_end


@pytest.fixture
def trials():
    return (3 * np.random.default_rng(0).standard_normal((5, 6, 128))).astype(np.float32)


def scores_of(model, trials):
    with torch.no_grad():
        return model(torch.from_numpy(trials)).numpy()


@pytest.mark.parametrize(
    ("activation", "name", "alpha"),
    [
        (nn.ELU, "elu", 1),
        (nn.ReLU, "leaky_relu", 0),
        (nn.LeakyReLU, "leaky_relu", 0.01),
        (nn.Identity, "leaky_relu", 1),
        (nn.Softplus, "softplus", 0),
        (nn.Sigmoid, "sigmoid", 0),
        (nn.SiLU, "silu", 0),
        (nn.Tanh, "tanh", 0),
    ],
)
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_the_arrays_give_the_scores(network, moved, trials, activation, name, alpha, padding):
    model = moved(network(activation=activation, padding=padding, n_outputs=3)).eval()
    arrays = network_arrays(front_end(model), trials)
    assert arrays.attrs["activation"] == {"name": name, "alpha": pytest.approx(alpha)}
    assert arrays.attrs["pool"]["size"] == 32
    assert arrays.attrs["pool"]["starts"][:3] == [0, 16, 32]
    np.testing.assert_allclose(
        recomputed_scores(arrays, trials), scores_of(model, trials), rtol=1e-4, atol=1e-4
    )


def test_one_window_and_windows_of_one_sample(network, moved, trials):
    for settings in (
        {"pool_size": 128},
        {"pool_size": 1, "pool_stride": 1},
        {"pool_size": 7, "pool_stride": 9},
    ):
        model = moved(network(**settings)).eval()
        arrays = network_arrays(front_end(model), trials)
        assert arrays.attrs["pool"]["size"] == settings["pool_size"]
        np.testing.assert_allclose(
            recomputed_scores(arrays, trials), scores_of(model, trials), rtol=1e-4, atol=1e-4
        )


def test_the_closed_form_of_the_kernels_is_there(network, moved, trials):
    seen = front_end(moved(network()))
    arrays = network_arrays(seen, trials)
    low, high = arrays["cutoffs_hz"].to_numpy().T[..., None]
    n_pi, window = arrays["n_pi"].to_numpy(), arrays["window"].to_numpy()
    half = window * np.cos(n_pi * (low + high) / 2) * np.sinc(n_pi * (high - low) / 2 / np.pi)
    bank = np.hstack([half, np.ones((len(half), 1)), half[:, ::-1]])
    assert arrays.attrs["bank_std"] == pytest.approx(bank.std(ddof=1), rel=1e-5)
    np.testing.assert_allclose(bank / bank.std(ddof=1), seen.kernels, atol=1e-5)


def test_free_kernels_have_no_cutoffs(network, moved, trials):
    seen = front_end(moved(network()))
    for free in (replace(seen, cutoffs=None), replace(seen, kernels=seen.kernels * 1.1)):
        arrays = network_arrays(replace(free, tail=seen.tail), trials)
        assert "cutoffs_hz" not in arrays


def test_what_cannot_be_computed_is_named(network, moved, trials):
    seen = front_end(moved(network()).eval())
    head = replace(seen, head=None)
    with pytest.raises(NotRecomputableError, match="head is not one linear layer"):
        network_arrays(head, trials)
    log = replace(seen, activation=lambda maps: seen.activation(maps).abs().log1p())
    with pytest.raises(NotRecomputableError, match="activation is none that the page can compute"):
        network_arrays(log, trials)
    largest = replace(seen, pooling=lambda maps: nn.functional.max_pool2d(maps, (1, 32), (1, 16)))
    with pytest.raises(NotRecomputableError, match="not an average over windows"):
        network_arrays(largest, trials)
    other = replace(seen, tail=lambda maps: seen.tail(maps).square())
    with pytest.raises(NotRecomputableError, match="does not give its scores"):
        network_arrays(other, trials)
    broken = replace(seen, kernels=seen.kernels * torch.nan)
    with pytest.raises(NotRecomputableError):
        network_arrays(broken, trials)
