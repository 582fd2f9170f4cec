"""Means and variances where a network normalises, against its own maps in one piece."""

import dataclasses
from functools import partial

import mne
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sincviz.networks import front_end
from sincviz.trials import moments as signal_moments
from sincviz.trials.epochs import input_batches
from sincviz.trials.moments import Moments, moments_of_filters, moments_of_units


def signals(n_trials, n_chans, n_times, seed, offset):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n_trials, n_chans, n_times)).cumsum(2)
    return x + offset * x.std() * rng.standard_normal((n_chans, 1))


def filtered(model, x):
    with torch.no_grad():
        return model.feature_maps(torch.from_numpy(x))["sinc"].double()


def units(model, x):
    """Return the maps before the activation, shape (trials, filters, depth, times)."""
    with torch.no_grad():
        maps = model.temporal_aggregation[0](model.feature_maps(torch.from_numpy(x))["spatial"][:, :, None])
    return maps.reshape(len(x), model.num_time_filters, model.depth_multiplier, -1).double()


shapes = st.fixed_dictionaries(
    {
        "n_chans": st.integers(1, 5),
        "num_time_filters": st.integers(1, 4),
        "time_filter_len": st.integers(1, 12).map(lambda half: 2 * half + 1),
        "depth_multiplier": st.integers(1, 3),
        "padding": st.sampled_from(["same", "valid"]),
        "n_times": st.integers(64, 120),
    }
)


@pytest.mark.parametrize(
    ("measure", "maps", "dims"),
    [(moments_of_filters, filtered, (0, 2, 3)), (moments_of_units, units, (0, 3))],
)
@settings(max_examples=12)
@given(
    shape=shapes, n_trials=st.integers(1, 70), offset=st.sampled_from([0.0, 1e3]), seed=st.integers(0, 100)
)
def test_they_are_those_of_the_maps(network, moved, measure, maps, dims, shape, n_trials, offset, seed):
    model = moved(network(seed, **shape), seed).double().eval()
    x = signals(n_trials, shape["n_chans"], shape["n_times"], seed, offset)
    variance, mean = torch.var_mean(maps(model, x), dims, correction=0)
    moments = measure(front_end(model), x)
    size = (variance + mean.square()).sqrt()
    assert ((moments.mean - mean).abs() <= 1e-10 * size).all()
    torch.testing.assert_close(moments.variance, variance, rtol=1e-8, atol=0)
    assert moments.count == maps(model, x).numel() // mean.numel()


@pytest.mark.parametrize(
    ("measure", "maps", "dims"),
    [(moments_of_filters, filtered, (0, 2, 3)), (moments_of_units, units, (0, 3))],
)
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_single_precision_is_enough(network, moved, measure, maps, dims, offset):
    model = moved(network()).eval()
    x = signals(100, 6, 128, 0, offset).astype(np.float32)
    moments, found = front_end(model), measure(front_end(model), x)
    exact = dataclasses.replace(
        moments, **{name: getattr(moments, name).double() for name in ("kernels", "spatial", "scale", "bias")}
    )
    expected = measure(exact, x.astype(float))
    torch.testing.assert_close(found.variance, expected.variance, rtol=1e-4, atol=0)
    assert ((found.mean - expected.mean).abs() <= 1e-4 * expected.variance.sqrt()).all()


@pytest.mark.parametrize("measure", [moments_of_filters, moments_of_units])
@pytest.mark.parametrize("batch_size", [1, 7, 40])
def test_the_size_of_the_batches_does_not_matter(network, moved, monkeypatch, measure, batch_size):
    opened = front_end(moved(network()).double().eval())
    x = signals(40, 6, 128, 1, 10.0)
    expected = measure(opened, x)
    monkeypatch.setattr(signal_moments, "input_batches", partial(input_batches, batch_size=batch_size))
    moments = measure(opened, x)
    torch.testing.assert_close(moments.mean, expected.mean)
    torch.testing.assert_close(moments.variance, expected.variance)
    assert moments.count == expected.count


def even(opened, n_taps):
    kernels = torch.from_numpy(np.random.default_rng(0).standard_normal((4, n_taps)))
    return dataclasses.replace(opened, kernels=kernels)


@pytest.mark.parametrize("n_taps", [2, 16])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_even_kernels_are_padded_as_in_the_maps(network, moved, n_taps, padding):
    opened = even(front_end(moved(network()).double().eval()), n_taps)
    opened = dataclasses.replace(opened, padding=padding)
    x = signals(5, 6, 128, 2, 100.0)
    zeros = n_taps - 1 if padding == "same" else 0
    padded = np.pad(x, [(0, 0), (0, 0), (zeros // 2, zeros - zeros // 2)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, n_taps, 2)
    outputs = windows @ opened.kernels.numpy().T
    moments = moments_of_filters(opened, x)
    np.testing.assert_allclose(moments.variance, outputs.var((0, 1, 2)), rtol=1e-9)
    np.testing.assert_allclose(moments.mean, outputs.mean((0, 1, 2)), rtol=1e-9)
    assert moments.count == outputs[..., 0].size
    of_units = moments_of_units(opened, x)
    np.testing.assert_allclose(
        of_units.variance, opened.maps(torch.from_numpy(x)).numpy().var((0, 3)), rtol=1e-9
    )


@pytest.mark.parametrize("measure", [moments_of_filters, moments_of_units])
def test_epochs_on_disk_give_the_same(network, epochs, tmp_path, measure):
    model = network(chs_info=epochs.info["chs"])
    model.scale = 1e6
    epochs.save(tmp_path / "trials-epo.fif", fmt="double")
    moments = measure(front_end(model), mne.read_epochs(tmp_path / "trials-epo.fif", preload=False))
    expected = measure(front_end(model), epochs.get_data() * 1e6)
    torch.testing.assert_close(moments.mean, expected.mean, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(moments.variance, expected.variance, rtol=1e-5, atol=0)


@given(st.integers(2, 50), st.integers(0, 100))
def test_the_unbiased_variance_is_that_of_pytorch(count, seed):
    values = torch.from_numpy(np.random.default_rng(seed).standard_normal((count, 3)))
    variance = Moments(values.mean(0), values.var(0, correction=0), count).unbiased_variance
    torch.testing.assert_close(variance, values.var(0))


def test_a_single_value_has_no_variance():
    assert Moments(torch.ones(1), torch.zeros(1), 1).unbiased_variance == 0
