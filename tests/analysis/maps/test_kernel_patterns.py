"""Patterns of units that are no product of a temporal and a spatial filter."""

import dataclasses

import numpy as np
import pytest
import torch

from sincviz import spatial_patterns
from sincviz.analysis.maps.kernel_patterns import kernel_patterns
from sincviz.networks import front_end

N_CHANS, N_TIMES, SFREQ = 6, 200, 100.0
HZ = {"alpha": 10.0, "beta": 22.0}


def whole(model):
    """Return a network's front end with kernels in place of products."""
    opened = front_end(model)
    return dataclasses.replace(opened, unit_kernels=opened.kernels_of_units())


@pytest.fixture
def model(network, moved):
    return moved(network(n_chans=6, n_times=200, sfreq=100.0, time_filter_len=17, padding="valid"))


def trials(seed=0, n=20):
    """Return sources at 10 and at 22 Hz with maps of their own, and a little noise."""
    rng = np.random.default_rng(seed)
    maps = {"alpha": np.array([1.0, 0.5, 0, 0, 0, 0]), "beta": np.array([0, 0, 0, 0, 0.5, 1.0])}
    times = np.arange(N_TIMES) / SFREQ
    x = 0.05 * rng.standard_normal((n, N_CHANS, N_TIMES))
    for name, hz in HZ.items():
        course = np.cos(2 * np.pi * (hz * times + rng.random((n, 1)))) * rng.uniform(0.5, 1.5, (n, 1))
        x += maps[name][:, None] * course[:, None]
    return x, maps


def unit(gains):
    """Return a front end of one unit, whose kernel passes each rhythm from electrodes of its own."""
    taps = np.arange(33) - 16
    kernel = sum(
        gain * np.outer(weights, np.cos(2 * np.pi * HZ[name] * taps / SFREQ) * np.hanning(33))
        for name, (gain, weights) in gains.items()
    )
    kernel = torch.tensor(kernel, dtype=torch.float32)
    left, values, right = torch.linalg.svd(kernel, full_matrices=False)
    from sincviz.networks import FrontEnd

    return FrontEnd(
        kernels=right[:1], cutoffs=None, initial_cutoffs=None, spatial=(left[:, 0] * values[0])[None, None],
        scale=torch.ones(1, 1), bias=torch.zeros(1, 1), padding="same", tail=lambda maps: maps.mean(3).flatten(1),
        sfreq=SFREQ, ch_names=None, chs_info=None, n_times=N_TIMES, unit_kernels=kernel[None, None],
    )  # fmt: skip


def correlation(one, other):
    return abs(float(np.corrcoef(one, other)[0, 1]))


def test_products_have_the_pattern_that_they_have_without_kernels(model):
    rng = np.random.default_rng(0)
    # Ends of trials, which a network without padding does not see, are silent.
    course = np.pad(rng.standard_normal((8, 6, 160)), ((0, 0), (0, 0), (20, 20)))
    x = np.einsum("cd,ndt->nct", rng.standard_normal((6, 6)), course).astype(np.float32)
    x -= x.mean((0, 2), keepdims=True) * (course != 0)
    expected, found = spatial_patterns(model, x), spatial_patterns(whole(model), x)
    # Up to the gain of the temporal filter.
    assert found["explained"].to_numpy() == pytest.approx(1, abs=1e-9)
    for one, other in zip(found.to_numpy().reshape(-1, 6), expected.to_numpy().reshape(-1, 6), strict=True):
        assert np.corrcoef(one, other)[0, 1] > 0.9999


def test_a_unit_sees_what_it_passes_most():
    x, maps = trials()
    weights = {"alpha": np.array([1.0, 0, 0, 0, 0, 0]), "beta": np.array([0, 0, 0, 0, 0, 1.0])}
    for louder, quieter in (("alpha", "beta"), ("beta", "alpha")):
        front = unit({louder: (1.0, weights[louder]), quieter: (0.2, weights[quieter])})
        pattern = spatial_patterns(front, x)[0, 0]
        assert int(np.abs(pattern.to_numpy()).argmax()) == int(maps[louder].argmax())
        # Sources of frequencies of their own need no more than one filter in space and one in time.
        assert pattern["explained"].item() > 0.98


def test_half_of_what_is_a_quarter_of_a_cycle_apart_is_explained():
    rng = np.random.default_rng(0)
    taps, times = np.arange(33) - 16, np.arange(N_TIMES) / SFREQ
    kernel = np.zeros((N_CHANS, 33))
    kernel[0] = np.cos(2 * np.pi * 10 * taps / SFREQ) * np.hanning(33)
    kernel[5] = np.sin(2 * np.pi * 10 * taps / SFREQ) * np.hanning(33)
    front = dataclasses.replace(
        unit({"alpha": (1.0, np.ones(N_CHANS))}),
        unit_kernels=torch.tensor(kernel, dtype=torch.float32)[None, None],
    )
    x = np.zeros((60, N_CHANS, N_TIMES))
    for channel in (0, 5):  # two sources of equal power that know nothing of each other
        noise = rng.standard_normal((60, N_TIMES)) + 1j * rng.standard_normal((60, N_TIMES))
        slow = np.apply_along_axis(lambda row: np.convolve(row, np.hanning(60), "same"), 1, noise)
        x[:, channel] = (slow * np.exp(2j * np.pi * 10 * times)).real
    assert spatial_patterns(front, x)["explained"].item() == pytest.approx(0.5, abs=0.06)


def test_the_fit_explains_no_less_than_the_product_of_the_weights():
    x, _ = trials(seed=3)
    rng = np.random.default_rng(1)
    gains = {name: (rng.uniform(0.5, 1), rng.standard_normal(N_CHANS)) for name in HZ}
    front = unit(gains)
    best = kernel_patterns(front, x.astype(np.float32)).explained.item()
    product = front.spatial[0, 0, :, None] * front.kernels[0]
    padded = torch.nn.functional.pad(
        torch.tensor(x - x.mean((0, 2), keepdims=True), dtype=torch.float32), (16, 16)
    )
    output, of_product = (
        torch.nn.functional.conv1d(padded, kernel[None]).flatten()
        for kernel in (front.unit_kernels[0, 0], product)
    )
    fraction = 1 - float((output - of_product).square().sum() / output.square().sum())
    assert fraction - 0.02 < best <= 1


def test_a_unit_without_output_has_no_pattern():
    x, _ = trials(n=4)
    front = unit({"alpha": (0.0, np.ones(N_CHANS))})
    assert spatial_patterns(front, x).isnull().all()


def test_an_offset_changes_no_pattern():
    x, _ = trials()
    front = unit({"alpha": (1.0, np.arange(6.0)), "beta": (0.5, np.ones(6))})
    np.testing.assert_allclose(
        spatial_patterns(front, x + 1e4 * np.arange(6)[:, None]), spatial_patterns(front, x), atol=5e-3
    )
