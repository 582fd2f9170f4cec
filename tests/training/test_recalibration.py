"""Recalibrated statistics are those of the trials, and nothing else changes."""

import copy

import mne
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sincviz import EpochsError
from sincviz.networks import front_end
from sincviz.training import fit, recalibrate_batch_norm


@pytest.fixture
def model(network, moved, epochs):
    """A network that has parameters but no sensible statistics."""
    model = moved(network(chs_info=epochs.info["chs"], drop_prob=0.0)).eval()
    model.scale = 1e6
    return model


@pytest.fixture
def trials(epochs):
    return (epochs.get_data() * 1e6).astype(np.float32)


def normalizations(model):
    return model.depthwiseconv[0], model.temporal_aggregation[0]


def maps_before(model, x):
    """Return what enters the two normalisations, features first."""
    with torch.no_grad():
        maps = model.feature_maps(torch.as_tensor(x, dtype=model.final_layer.weight.dtype))
    return [maps[name].double().transpose(0, 1).flatten(1) for name in ("sinc", "spatial")]


@given(
    seed=st.integers(0, 100),
    padding=st.sampled_from(["same", "valid"]),
    depth_multiplier=st.integers(1, 3),
    n_trials=st.integers(1, 70),
    offset=st.sampled_from([0.0, 1e3]),
)
@settings(max_examples=10)
def test_the_statistics_are_exactly_those_of_the_maps(network, moved, seed, n_trials, offset, **shape):
    model = moved(network(seed, **shape), seed).double().eval()
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n_trials, 6, 128)) + offset * rng.standard_normal((6, 1))
    recalibrated = recalibrate_batch_norm(model, x)
    for layer, values in zip(normalizations(recalibrated), maps_before(recalibrated, x), strict=True):
        torch.testing.assert_close(layer.running_var, values.var(1), rtol=1e-8, atol=0)
        size = values.square().mean(1).sqrt()
        assert ((layer.running_mean - values.mean(1)).abs() <= 1e-10 * size).all()


def test_single_precision_is_enough(model, trials):
    recalibrated = recalibrate_batch_norm(model, trials)
    for layer, values in zip(normalizations(recalibrated), maps_before(recalibrated, trials), strict=True):
        np.testing.assert_allclose(layer.running_var, values.var(1), rtol=1e-5)
        np.testing.assert_allclose(layer.running_mean, values.mean(1), atol=1e-5 * float(values.std()))


def test_evaluation_then_equals_training_on_all_trials_at_once(model, trials):
    x = torch.from_numpy(trials).double()
    double = model.double()
    with torch.no_grad():
        before = double(x)
        expected = double.train()(x)
        recalibrated = recalibrate_batch_norm(double, x.numpy())(x)
    # In evaluation variances are divided by one less than the number of values: 30 720 and 5120 here.
    assert (recalibrated - expected).abs().max() < 2 / 5120 * expected.abs().max()
    assert (before - expected).abs().max() > 0.1 * expected.abs().max()


def test_one_pass_of_training_with_momentum_one_records_the_same(model, trials):
    recalibrated = recalibrate_batch_norm(model, trials)
    trained = copy.deepcopy(model).train()
    for layer in normalizations(trained):
        layer.momentum = 1.0
    with torch.no_grad():
        trained(torch.from_numpy(trials))
    for found, expected in zip(normalizations(recalibrated), normalizations(trained), strict=True):
        torch.testing.assert_close(found.running_var, expected.running_var, rtol=1e-4, atol=0)
        torch.testing.assert_close(found.running_mean, expected.running_mean, rtol=1e-4, atol=1e-4)


def test_statistics_of_before_do_not_matter(model, moved, trials):
    expected = recalibrate_batch_norm(model, trials).state_dict()
    for layer in normalizations(model):
        layer.running_mean += 100
        layer.running_var *= 1e4
    recalibrated = recalibrate_batch_norm(model, trials).state_dict()
    for name, value in expected.items():
        torch.testing.assert_close(recalibrated[name], value, rtol=1e-5, atol=1e-5)


def test_twice_is_once(model, trials):
    once = recalibrate_batch_norm(model, trials)
    twice = recalibrate_batch_norm(once, trials)
    assert all(torch.equal(value, twice.state_dict()[name]) for name, value in once.state_dict().items())


def test_the_order_of_the_trials_does_not_matter(network, moved):
    model = moved(network()).double()
    x = np.random.default_rng(0).standard_normal((150, 6, 128)).cumsum(2)
    recalibrated = [recalibrate_batch_norm(model, trials).state_dict() for trials in (x, x[::-1])]
    for name, value in recalibrated[0].items():
        torch.testing.assert_close(recalibrated[1][name], value)


def test_only_running_statistics_change(model, epochs):
    recalibrated = recalibrate_batch_norm(model, epochs)
    before, after = model.state_dict(), recalibrated.state_dict()
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert changed == {
        f"{layer}.0.running_{what}"
        for layer in ("depthwiseconv", "temporal_aggregation")
        for what in ("mean", "var")
    }


@pytest.mark.parametrize("training", [True, False])
def test_the_network_itself_is_not_touched(model, epochs, training):
    model.provenance = {"n_trials": 7}
    model.train(training)
    before = copy.deepcopy(model.state_dict())
    recalibrated = recalibrate_batch_norm(model, epochs)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.provenance == {"n_trials": 7}
    assert all(module.training is training for module in model.modules())
    assert not any(module.training for module in recalibrated.modules())


def test_what_the_network_knows_is_kept(model, epochs):
    model.class_names, model.provenance = ["left", "right"], {"n_trials": 7}
    recalibrated = recalibrate_batch_norm(model, epochs)
    assert (recalibrated.class_names, recalibrated.scale) == (["left", "right"], 1e6)
    assert recalibrated.ch_names == model.ch_names
    assert recalibrated.provenance == {"n_trials": 7, "n_recalibration_trials": 40}


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("n_trials", [1, 65])
def test_the_number_of_trials_is_noted(network, padding, n_trials):
    x = np.random.default_rng(0).standard_normal((n_trials, 6, 128))
    recalibrated = recalibrate_batch_norm(network(padding=padding), x)
    assert recalibrated.provenance["n_recalibration_trials"] == n_trials


def test_parameters_can_be_trained_on(model, epochs, trials):
    recalibrated = recalibrate_batch_norm(model, epochs).train()
    recalibrated(torch.from_numpy(trials)).sum().backward()
    assert all(parameter.grad is not None for parameter in recalibrated.parameters())


def test_epochs_on_disk_give_the_same(model, epochs, tmp_path):
    epochs.save(tmp_path / "trials-epo.fif", fmt="double")
    on_disk = mne.read_epochs(tmp_path / "trials-epo.fif", preload=False)
    recalibrated, expected = (recalibrate_batch_norm(model, data).state_dict() for data in (on_disk, epochs))
    assert not on_disk.preload
    for name, value in expected.items():
        torch.testing.assert_close(recalibrated[name], value, rtol=1e-5, atol=1e-5)


def test_a_fitted_classifier_gives_its_network(network, epochs):
    classifier = fit(network(chs_info=epochs.info["chs"]), epochs, max_epochs=1, progress=False)
    before = copy.deepcopy(classifier.module_.state_dict())
    recalibrated = recalibrate_batch_norm(classifier, epochs)
    expected = recalibrate_batch_norm(classifier.module_, epochs)
    assert front_end(recalibrated).weights_sha256 == front_end(expected).weights_sha256
    assert all(torch.equal(value, before[name]) for name, value in classifier.module_.state_dict().items())


def test_signals_of_another_scale_are_made_good(model, trials):
    # Statistics of microvolts, signals in volts: the scores no longer tell trials apart, until recalibrated.
    known = recalibrate_batch_norm(model, trials)
    x = torch.from_numpy(trials)
    with torch.no_grad():
        expected = known(x)
        lost = known(x * 1e-2)
        recalibrated = recalibrate_batch_norm(known, trials * 1e-2)(x * 1e-2)
    assert lost.std(0).max() < 0.05 * expected.std(0).max()
    torch.testing.assert_close(recalibrated, expected, rtol=0.02, atol=0.02 * float(expected.std()))


def test_a_unit_without_weights_becomes_its_bias(model, trials):
    with torch.no_grad():
        model.depthwiseconv[1].weight[3] = 0
    recalibrated = recalibrate_batch_norm(model, trials)
    assert recalibrated.temporal_aggregation[0].running_var[3] == 0
    assert torch.isfinite(recalibrated(torch.from_numpy(trials))).all()


@pytest.mark.parametrize("unknown", [nn.Linear(2, 2), "a string", None])
def test_other_networks_are_refused(unknown, epochs):
    with pytest.raises(TypeError, match="does not know the front end of "):
        recalibrate_batch_norm(unknown, epochs)


def test_epochs_that_do_not_fit_are_refused(model, epochs):
    with pytest.raises(EpochsError, match="missing"):
        recalibrate_batch_norm(model, epochs.drop_channels(["C3"]))


def test_no_trials_are_refused(model, epochs):
    with pytest.raises(EpochsError, match="no trials"):
        recalibrate_batch_norm(model, epochs[:0])
    with pytest.raises(EpochsError, match="no trials"):
        recalibrate_batch_norm(model, np.zeros((0, 6, 128)))
