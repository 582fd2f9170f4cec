"""Networks with a preparation: it is stored, applied to epochs, and its alignment is undone in what is shown."""

import mne
import numpy as np
import pandas as pd
import pytest
import torch

import sincviz
from benchmarks.small_eegnet import EEGNet
from sincviz import EpochsError, load_checkpoint, save_checkpoint, training
from sincviz.inspection.words import data_words
from sincviz.networks.front_ends import front_end
from sincviz.preparation import (
    EuclideanAlignment,
    Filter,
    Resample,
    SetEEGReference,
    StandardizeTrials,
    prepare,
)
from sincviz.preparation.alignment import alignment_matrix, mean_covariance
from sincviz.trials.epochs import input_batches, network_input

STEPS = [SetEEGReference(), Filter(4, 38), EuclideanAlignment()]


@pytest.fixture
def people(epochs):
    """Trials of two people, the second with twice the amplitude."""
    epochs.metadata = pd.DataFrame({"subject": ["a"] * 20 + ["b"] * 20})
    epochs._data[20:] *= 2
    return epochs


@pytest.fixture
def model(network, moved, epochs):
    model = moved(network(n_times=len(epochs.times), chs_info=epochs.info["chs"])).eval()
    model.scale, model.class_names, model.preparation = 1e6, ["left", "right"], STEPS
    return model


def before_alignment(epochs):
    return prepare(STEPS[:-1], epochs).get_data() * 1e6


def matrix_of(x):
    return alignment_matrix(mean_covariance([x]))


def test_epochs_are_prepared_and_arrays_are_not(model, people):
    x = before_alignment(people)
    expected = np.concatenate([matrix_of(part) @ part for part in (x[:20], x[20:])])
    np.testing.assert_allclose(network_input(model, people), expected, atol=1e-4)
    np.testing.assert_allclose(np.concatenate(list(input_batches(model, people, 7))), expected, atol=1e-4)
    array = x.astype(np.float32)
    np.testing.assert_array_equal(network_input(model, array), array)


def test_epochs_on_disk_are_prepared_alike(model, people, tmp_path):
    people.metadata = None  # of one person
    people.save(tmp_path / "people-epo.fif")
    stored = mne.read_epochs(tmp_path / "people-epo.fif", preload=False)
    # Files of MNE are in single precision.
    np.testing.assert_allclose(
        np.concatenate(list(input_batches(model, stored, 16))), network_input(model, people), atol=1e-3
    )


def test_a_checkpoint_keeps_the_preparation(model, people, tmp_path):
    save_checkpoint(model, tmp_path / "net.safetensors")
    again = load_checkpoint(tmp_path / "net.safetensors")
    assert again.preparation == tuple(STEPS)
    np.testing.assert_array_equal(network_input(again, people), network_input(model, people))
    model.preparation = ()
    save_checkpoint(model, tmp_path / "plain.safetensors")
    assert load_checkpoint(tmp_path / "plain.safetensors").preparation == ()


def by_hand(module, x, matrix):
    """Gradient × input of every class score at the channels before the matrix, by automatic differentiation."""
    point = torch.from_numpy(x).double().requires_grad_()
    scores = module.double()(torch.from_numpy(matrix) @ point)
    shares = []
    for target in range(scores.shape[1]):
        (gradient,) = torch.autograd.grad(scores[:, target].sum(), point, retain_graph=True)
        shares.append((point * gradient).detach().sum(2).mean(0))
    return torch.stack(shares).numpy()


INCOMPLETE = pytest.mark.filterwarnings("ignore:The shares of 'gradient_x_input' miss")


@INCOMPLETE
def test_relevance_is_that_of_the_network_with_the_matrix_folded_in(model, people):
    one = people[:20]
    x = before_alignment(one)
    found = sincviz.spectral_relevance(model, one, method="gradient_x_input").sum("frequency")
    expected = by_hand(model, x, matrix_of(x))
    np.testing.assert_allclose(found.to_numpy(), expected, atol=1e-4 * np.abs(expected).max())
    assert list(found["channel"].to_numpy()) == one.ch_names


@INCOMPLETE
def test_relevance_of_any_network_is_carried_back(people):
    torch.manual_seed(0)
    module = EEGNet(n_chans=6, n_times=128).eval()
    one = people[20:]
    x = before_alignment(one)
    seen = sincviz.network(
        module,
        class_names=["left", "right"],
        ch_names=one.info["chs"],
        scale=1e6,
        sfreq=128,
        preparation=STEPS,
    )
    found = sincviz.spectral_relevance(seen, one, method="gradient_x_input").sum("frequency")
    expected = by_hand(module, x, matrix_of(x))
    np.testing.assert_allclose(found.to_numpy(), expected, atol=1e-4 * np.abs(expected).max())


def test_integrated_gradients_add_up_to_the_scores(model, people):
    one = people[:20]
    x = before_alignment(one)
    found = sincviz.spectral_relevance(model, one, trials="all").sum(("frequency", "channel"))
    with torch.no_grad():
        scores = model(torch.from_numpy(matrix_of(x) @ x).float()) - model(torch.zeros(1, 6, 128))
    np.testing.assert_allclose(found.to_numpy(), scores.mean(0).numpy(), rtol=0.01, atol=1e-3)


def test_patterns_are_at_the_electrodes(model, people):
    one = people[:20]
    x = before_alignment(one)
    matrix = matrix_of(x)
    patterns = sincviz.spatial_patterns(model, one).to_numpy()
    seen = front_end(model)
    kernels, spatial = seen.kernels.numpy(), seen.spatial.numpy()
    for number in (0, 3):
        filtered = np.apply_along_axis(lambda s, k=kernels[number]: np.convolve(s, k[::-1], "same"), 2, x)
        filtered = filtered - filtered.mean((0, 2), keepdims=True)
        unit = np.einsum("c,ict->it", spatial[number, 0] @ matrix, filtered)
        expected = np.einsum("ict,it->c", filtered, unit) / unit.size / unit.std()
        got = patterns[number, 0]
        np.testing.assert_allclose(got, expected, atol=2e-3 * np.abs(expected).max())


def test_several_people_are_refused_with_advice_that_works(model, people):
    with pytest.raises(
        EpochsError, match="read for one person at a time; these trials are of 2 people: a, b"
    ) as error:
        sincviz.spectral_relevance(model, people)
    advised = str(error.value).split("`")[1]
    one = eval(advised, {"epochs": people})
    assert len(one) == 20
    sincviz.spectral_relevance(model, one)


def test_training_stores_its_preparation_and_decodes_people_together(network, people):
    start = network(n_times=len(people.times), chs_info=people.info["chs"])
    classifier = training.fit(start, people, max_epochs=2, validation=0, preparation=STEPS, progress=False)
    assert classifier.module_.preparation == tuple(STEPS)
    assert start.preparation == ()
    assert 0 <= classifier.score(people) <= 1
    facts = classifier.module_.provenance
    assert (facts["highpass_hz"], facts["lowpass_hz"], facts["reference"]) == (4, 38, "average")


def test_training_trials_are_recognised_through_an_alignment(network, people):
    start = network(n_times=len(people.times), chs_info=people.info["chs"])
    classifier = training.fit(
        start, people[:30], max_epochs=1, validation=0, preparation=STEPS, progress=False
    )
    table = sincviz.evidence.predictions(classifier, people[20:])
    np.testing.assert_array_equal(table["seen_in_training"].to_numpy(), [True] * 10 + [False] * 10)


def test_a_reference_that_is_no_channel_of_the_network(network, epochs):
    few = network(n_times=len(epochs.times), chs_info=epochs.info["chs"][:4])
    few.scale, few.preparation = 1e6, [SetEEGReference(epochs.ch_names[4:])]
    expected = epochs.copy().set_eeg_reference(epochs.ch_names[4:]).get_data()[:, :4] * 1e6
    with pytest.warns(RuntimeWarning, match="dropped"):
        np.testing.assert_allclose(network_input(few, epochs), expected, atol=1e-3)
    epochs.drop_channels(epochs.ch_names[4])
    with pytest.warns(RuntimeWarning), pytest.raises(EpochsError, match="which the epochs do not have"):
        network_input(few, epochs)


def test_sampling_rate_and_length_are_those_after_resampling(network, epochs):
    slow = network(n_times=64, sfreq=64, chs_info=epochs.info["chs"], pool_size=16, time_filter_len=9)
    slow.scale = 1e6
    with pytest.raises(EpochsError, match="128 Hz, but the network expects 64"):
        network_input(slow, epochs)
    slow.preparation = [Resample(64)]
    assert network_input(slow, epochs).shape == (40, 6, 64)
    with pytest.raises(EpochsError, match="have 56 samples at 64 Hz, but the network takes 64"):
        network_input(slow, epochs.copy().crop(tmax=epochs.tmin + 111 / 128))
    slow.preparation = [Resample(100)]
    with pytest.raises(EpochsError, match=r"preparation resamples trials to 100 Hz.*Resample\(64\)"):
        network_input(slow, epochs)


def test_values_that_are_not_finite_are_found_before_they_spread(model, people):
    people._data[3, 2, 5] = np.nan
    with pytest.raises(EpochsError, match=people.ch_names[2]):
        network_input(model, people)


def test_standardised_trials_do_not_look_like_wrong_units(network, epochs, recwarn):
    own = network(n_times=len(epochs.times), chs_info=epochs.info["chs"])
    own.scale, own.preparation = 1e6, [StandardizeTrials()]
    np.testing.assert_allclose(network_input(own, epochs).std(2), 1, rtol=1e-4)
    assert not recwarn.list


def test_an_inspection_reads_one_person_and_refuses_two(model, people):
    inspection = sincviz.inspect(model, people[:20], only=["bands", "maps", "relevance"])
    assert list(inspection.spatial_patterns["channel"].to_numpy()) == people.ch_names
    with pytest.raises(EpochsError, match="one person at a time"):
        sincviz.inspect(model, people, only=["bands"])


@pytest.mark.parametrize("trained_on", ["epochs", "array"])
def test_aligned_arrays_are_recognised_or_not_known(network, people, trained_on):
    start = network(n_times=len(people.times), chs_info=people.info["chs"])
    start.preparation = STEPS
    y = people.events[:, 2] - 1
    aligned = network_input(_with_units(start), people)
    given = (people, None) if trained_on == "epochs" else (aligned, y)
    classifier = training.fit(start, *given, max_epochs=1, validation=0, progress=False)
    of_array = sincviz.evidence.predictions(classifier, people[:20])
    if trained_on == "epochs":
        assert of_array["seen_in_training"].all()
        with pytest.warns(RuntimeWarning, match="mixtures of electrodes"):
            assert sincviz.evidence.predictions(classifier, aligned, y)["seen_in_training"].all()
    else:
        assert "seen_in_training" not in of_array or of_array["seen_in_training"].isna().all()


def _with_units(model):
    model.scale = 1e6
    return model


def test_without_epochs_of_one_person_maps_are_no_scalp_maps(model, people):
    array = network_input(model, people)
    with pytest.warns(RuntimeWarning, match="mixtures of electrodes"):
        sincviz.spatial_patterns(model, array)
    with pytest.warns(RuntimeWarning, match="mixtures of electrodes"):
        inspection = sincviz.inspect(model, only=["bands", "maps"])
    assert "no map here is one of the scalp" in data_words(inspection, of_trials=False)
    assert "no map here" not in data_words(sincviz.inspect(model, people[:20], only=["maps"]), of_trials=True)


def test_a_reference_channel_may_have_another_spelling(network, epochs):
    own = network(n_times=len(epochs.times), chs_info=epochs.info["chs"])
    name = epochs.ch_names[1]
    own.scale, own.preparation = 1e6, [SetEEGReference([name])]
    expected = network_input(own, epochs)
    epochs.rename_channels({name: name.lower()})
    with pytest.warns(RuntimeWarning, match="another spelling"):
        np.testing.assert_array_equal(network_input(own, epochs), expected)
