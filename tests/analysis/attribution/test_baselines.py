"""What trials are compared with, against a direct computation."""

import mne
import numpy as np
import pytest
import torch

from sincviz.analysis.attribution.baselines import BASELINES, baseline_name, baseline_of
from sincviz.networks.decoder import decoder


@pytest.fixture
def seen(network, epochs):
    model = network(chs_info=epochs.info["chs"])
    model.scale = 1e6
    return decoder(model)


def applied(seen, trials, baseline, codes=None, which=slice(None), epochs=None):
    x = torch.from_numpy(np.asarray(trials, np.float32))[which]
    found = baseline_of(seen, trials if epochs is None else epochs, codes, baseline)(x, which)
    assert (found.dtype, found.device) == (x.dtype, x.device)
    return found.expand_as(x).numpy()


def test_silence_is_zero(seen, noise):
    assert (applied(seen, noise(5, n_times=128), "zero") == 0).all()


def test_the_mean_of_a_channel_is_each_trials_own(seen, noise):
    trials = noise(5, n_times=128) + 10
    found = applied(seen, trials, "channel_mean")
    expected = np.broadcast_to(trials.mean(2, keepdims=True), trials.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("which", [slice(None), slice(64, 90), slice(3, 4)])
def test_the_mean_trial_is_that_of_the_class(seen, noise, which):
    trials, codes = noise(100, n_times=128), np.random.default_rng(1).integers(0, 2, 100)
    expected = np.stack([trials[codes == code].mean(0) for code in codes])[which]
    np.testing.assert_allclose(applied(seen, trials, "class_mean", codes, which), expected, atol=1e-6)


def test_mean_trials_of_epochs_are_in_the_networks_units(seen, epochs, tmp_path):
    epochs.save(tmp_path / "trials-epo.fif", fmt="double")
    on_disk = mne.read_epochs(tmp_path / "trials-epo.fif", preload=False)
    trials = epochs.get_data() * 1e6
    codes = epochs.events[:, 2] - 1
    expected = np.stack([trials[codes == code].mean(0) for code in codes])
    for source in (epochs, on_disk):
        found = applied(seen, trials, "class_mean", codes, epochs=source)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_class_without_trials_leaves_the_others_as_they_are(seen, noise):
    trials, codes = noise(4, n_times=128), np.array([2, 2, 0, 2])
    expected = np.stack([trials[codes == code].mean(0) for code in codes])
    np.testing.assert_allclose(applied(seen, trials, "class_mean", codes), expected, atol=1e-6)


def test_mean_trials_need_classes(seen, noise):
    with pytest.raises(ValueError, match=r"'class_mean' needs the class of every trial: pass `y`"):
        baseline_of(seen, noise(4, n_times=128), None, "class_mean")


@pytest.mark.parametrize("n_times", [128, 1])
@pytest.mark.parametrize("wrap", [np.asarray, lambda signal: signal.tolist(), torch.from_numpy])
def test_a_signal_of_ones_own_is_the_same_for_all_trials(seen, noise, n_times, wrap):
    own = noise(1, n_times=n_times, seed=9)[0]
    found = applied(seen, noise(4, n_times=128), wrap(own))
    np.testing.assert_allclose(found, np.broadcast_to(own, found.shape), rtol=1e-6)


def test_whole_numbers_are_signals_too(seen, noise):
    assert (applied(seen, noise(4, n_times=128), np.full((6, 1), 3)) == 3).all()


@pytest.mark.parametrize("shape", [(6, 127), (5, 128), (128, 6), (1, 128)])
def test_a_signal_of_another_shape_is_refused_with_both_shapes(seen, noise, shape):
    with pytest.raises(ValueError, match=r"\(6, 128\).*got \(" + f"{shape[0]}, {shape[1]}"):
        applied(seen, noise(4, n_times=128), np.zeros(shape))


@pytest.mark.parametrize("signal", [0.0, np.zeros(6), np.zeros((1, 6, 128)), np.full((6, 128), np.nan)])
def test_what_is_no_signal_is_refused(seen, noise, signal):
    with pytest.raises(ValueError, match=r"finite numbers in an array of shape \(channels, times\)"):
        baseline_of(seen, noise(4, n_times=128), None, signal)


@pytest.mark.parametrize("unknown", ["noise", "", "Zero"])
def test_an_unknown_name_is_refused(seen, noise, unknown):
    with pytest.raises(
        ValueError, match=r"'auto', 'zero', 'surrogates', 'channel_mean', 'class_mean' or an array"
    ):
        baseline_of(seen, noise(4, n_times=128), None, unknown)


def test_results_name_their_baseline():
    assert [baseline_name(one) for one in BASELINES] == ["zero", "surrogates", "channel mean", "class mean"]
    assert baseline_name(np.zeros((6, 128))) == "the user's own"
