"""Training: from the given weights, by seed, by group, with the best weights kept."""

import copy
import pickle

import mne
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from torch import nn

from sincviz import EpochsError, datasets, training
from sincviz.filters import cutoff_history
from sincviz.training import recalibrate_batch_norm
from sincviz.trials.classes import trial_labels
from sincviz.trials.epochs import network_input
from sincviz.trials.identity import trial_fingerprints
from sincviz.trials.recordings import data_hash


def weights(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def same_weights(first, second):
    first, second = weights(first), weights(second)
    assert list(first) == list(second)
    return all(torch.equal(value, second[name]) for name, value in first.items())


def fit(model, epochs, y=None, **settings):
    return training.fit(
        model, epochs, y, **({"max_epochs": 2, "progress": False, "batch_size": 16} | settings)
    )


@pytest.fixture
def model(network, epochs):
    return network(chs_info=epochs.info["chs"])


@pytest.fixture(scope="module")
def trained(network, simulation):
    """A classifier of simulated trials; do not change it."""
    return fit(network(chs_info=simulation[0].info["chs"]), simulation[0])


@pytest.fixture
def array(epochs):
    return (epochs.get_data() * 1e6).astype(np.float32)


@pytest.fixture
def y(epochs):
    return np.where(epochs.events[:, 2] == 1, "left", "right")


@pytest.fixture
def split(monkeypatch):
    return recorded_split(monkeypatch)


def recorded_split(monkeypatch):
    """Return what holds the training and the validation set as the last fit saw them."""
    seen = {}
    original = training.EpochsClassifier.get_split_datasets

    def spy(self, *arguments, **settings):
        seen["train"], seen["valid"] = original(self, *arguments, **settings)
        return seen["train"], seen["valid"]

    monkeypatch.setattr(training.EpochsClassifier, "get_split_datasets", spy)
    return seen


def test_the_given_network_is_not_changed(model, epochs):
    before = copy.deepcopy(model)
    classifier = fit(model, epochs)
    assert same_weights(model, before)
    assert not same_weights(model, classifier.module_)
    assert (model.scale, model.class_names, model.provenance) == (None, None, {})
    assert model.training == before.training


def test_the_given_epochs_are_not_changed(model, epochs, simulation):
    fit(model, epochs)
    np.testing.assert_array_equal(epochs.get_data(), simulation[0].get_data())


def test_a_clone_starts_from_the_untrained_weights(model, epochs):
    classifier = fit(model, epochs)
    again = clone(classifier)
    assert same_weights(again.module, model)
    again.fit(epochs)
    assert same_weights(again.module_, classifier.module_)
    before_training = again.cutoff_history_.query("epoch == 0")[["low_hz", "high_hz"]]
    np.testing.assert_array_equal(before_training, model.cutoffs().detach())


@pytest.mark.parametrize("progress", [True, False])
def test_a_fitted_classifier_survives_pickling_and_copying(model, epochs, progress):
    fitted = fit(model, epochs, progress=progress)
    for again in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        np.testing.assert_array_equal(again.predict(epochs), fitted.predict(epochs))
        assert same_weights(again.module_, fitted.module_)
        assert again.cutoff_history_.equals(fitted.cutoff_history_)


def test_a_second_fit_forgets_the_first(model, epochs):
    classifier = fit(model, epochs)
    first = weights(classifier.module_)
    classifier.fit(epochs)
    assert all(torch.equal(first[name], value) for name, value in classifier.module_.state_dict().items())


def test_the_same_seed_gives_the_same_weights_and_another_others(model, epochs):
    first, second, other = (fit(model, epochs, seed=seed) for seed in (3, 3, 4))
    assert same_weights(first.module_, second.module_)
    assert not same_weights(first.module_, other.module_)


def test_random_numbers_outside_do_not_matter_and_are_not_consumed(model, epochs):
    first = fit(model, epochs)
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    second = fit(model, epochs)
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002
    assert same_weights(first.module_, second.module_)


@pytest.mark.parametrize("validation", [0.2, 0.5])
@pytest.mark.parametrize("n_groups", [2, 5])
def test_no_group_is_in_training_and_validation_at_once(model, epochs, split, validation, n_groups):
    groups = np.array([f"subject {number % n_groups}" for number in range(40)])
    for seed in range(3):
        fit(model, epochs, groups=groups, validation=validation, max_epochs=1, seed=seed, batch_size=64)
        train, valid = split["train"].indices, split["valid"].indices
        assert set(groups[train]).isdisjoint(groups[valid])
        assert sorted(train + valid) == list(range(40))
        assert valid


def test_without_groups_the_stated_share_of_each_class_is_held_out(model, epochs, split):
    fit(model, epochs, validation=0.25, max_epochs=1)
    codes = epochs.events[split["valid"].indices, 2]
    assert np.bincount(codes).tolist() == [0, 5, 5]


def cross_entropy(network, dataset):
    trials, codes = zip(*dataset, strict=True)
    with torch.no_grad():
        scores = network(torch.from_numpy(np.stack(trials)))
    return float(torch.nn.functional.cross_entropy(scores, torch.tensor(np.array(codes))))


@pytest.mark.parametrize("patience", [8, 99], ids=["stopped early", "not stopped"])
def test_the_weights_are_those_of_the_best_epoch(network, split, patience):
    noise = np.random.default_rng(0).standard_normal((40, 6, 128))
    classifier = fit(
        network(drop_prob=0.0), noise, np.arange(40) % 2, max_epochs=30, lr=0.02, patience=patience
    )
    losses = classifier.history[:, "valid_loss"]
    assert losses[-1] > 1.05 * min(losses), "nothing to restore: this test would prove nothing"
    assert cross_entropy(classifier.module_, split["valid"]) == pytest.approx(min(losses), rel=1e-6)
    assert len(losses) == min(30, int(np.argmin(losses)) + 1 + patience)


def test_without_validation_all_trials_are_trained_on_for_all_epochs(model, epochs, split):
    classifier = fit(model, epochs, validation=0, max_epochs=4, patience=1)
    assert (len(split["train"]), split["valid"]) == (40, None)
    assert len(classifier.history) == 4
    assert "valid_loss" not in classifier.history[-1]


def test_the_history_of_the_cutoffs_has_one_row_per_epoch_and_filter(model, epochs):
    classifier = fit(model, epochs, max_epochs=3, validation=0)
    history = classifier.cutoff_history_
    assert history[["epoch", "filter"]].to_numpy().tolist() == [[e, f] for e in range(4) for f in range(4)]
    cutoffs = history.set_index(["epoch", "filter"])[["low_hz", "high_hz"]]
    np.testing.assert_array_equal(cutoffs.loc[0], model.cutoffs().detach())
    np.testing.assert_array_equal(cutoffs.loc[3], classifier.module_.cutoffs().detach())
    assert (cutoffs.loc[1] != cutoffs.loc[2]).to_numpy().all()


def test_the_trained_network_tells_the_history_too(model, epochs):
    classifier = fit(model, epochs, max_epochs=3, validation=0)
    np.testing.assert_allclose(cutoff_history(classifier), classifier.cutoff_history_, atol=1e-4)


def test_the_history_starts_anew_with_every_fit(model, epochs):
    classifier = fit(model, epochs, max_epochs=1)
    classifier.fit(epochs)
    assert classifier.cutoff_history_["epoch"].max() == 1


def moved_parameters(before, after):
    return {
        name for name, value in after.named_parameters() if not torch.equal(value, before.get_parameter(name))
    }


def test_the_learning_rate_in_hz_is_that_of_the_cutoffs_alone(model, epochs):
    in_hz = {"sinc_filter_layer.low_freqs", "sinc_filter_layer.bandwidths"}
    everything = {name for name, _ in model.named_parameters()}
    settings = {"validation": 0, "weight_decay": 0.0}
    still = fit(model, epochs, sinc_lr=0.0, **settings).module_
    assert moved_parameters(model, still) == everything - in_hz
    alone = fit(model, epochs, lr=0.0, sinc_lr=0.1, **settings).module_
    assert moved_parameters(model, alone) == in_hz
    # Adam's first step is its learning rate, whatever the gradient.
    one_step = fit(model, epochs, sinc_lr=0.1, max_epochs=1, batch_size=64, **settings)
    moves = one_step.module_.sinc_filter_layer.low_freqs - model.sinc_filter_layer.low_freqs
    np.testing.assert_allclose(moves.detach().abs(), 0.1, rtol=1e-3)


def test_weight_decay_does_not_pull_at_the_cutoffs(model, epochs):
    settings = {"validation": 0, "weight_decay": 10.0, "lr": 0.0}
    decayed = fit(model, epochs, sinc_lr=1e-9, **settings).module_
    torch.testing.assert_close(decayed.cutoffs(), model.cutoffs(), rtol=0, atol=1e-5)


def test_what_training_knew_is_remembered(network, epochs):
    with epochs.info._unlock():
        epochs.info["highpass"], epochs.info["lowpass"] = 1.0, 38.0
    model = network(chs_info=epochs.info["chs"])
    model.provenance = {"note": "kept"}
    trained = fit(model, epochs, scale=1e5, seed=7).module_
    assert trained.class_names == ["left", "right"]
    assert (trained.scale, trained.ch_names, trained.training) == (1e5, epochs.ch_names, False)
    remembered = dict(trained.provenance)
    assert remembered.pop("initial_cutoffs_hz") == model.cutoffs().tolist()
    history = np.array(remembered.pop("cutoff_history_hz"))
    np.testing.assert_allclose(history[0], model.cutoffs().detach(), atol=1e-4)
    assert history.shape[1:] == (4, 2)
    curves = remembered.pop("learning_curves")
    assert set(curves) == {"train_loss", "valid_loss", "valid_accuracy"}
    assert {len(values) for values in curves.values()} == {len(history) - 1}
    assert remembered == {
        "note": "kept",
        "highpass_hz": 1.0,
        "lowpass_hz": 38.0,
        "reference": "as recorded",
        "training_data_sha256": data_hash(network_input(trained, epochs)),
        "training_trials": sorted(trial_fingerprints(network_input(trained, epochs))),
        "n_training_trials": 40,
        "seed": 7,
    }


def test_the_recordings_of_all_trainings_are_remembered_or_none(model, epochs, array, y):
    described = epochs.copy()
    described.metadata = pd.DataFrame({"Subject": [3] * 40, "run": np.arange(40) % 2})
    first = fit(model, described, max_epochs=1).module_
    assert first.provenance["training_recordings"] == [
        {"subject": "3", "run": "0"},
        {"subject": "3", "run": "1"},
    ]
    assert "training_recordings" not in fit(first, array, y, max_epochs=1).module_.provenance


def test_an_array_does_not_inherit_the_filters_and_reference_of_an_earlier_training(model, epochs, array, y):
    refitted = fit(fit(model, epochs).module_, array, y).module_
    assert refitted.provenance["highpass_hz"] is refitted.provenance["reference"] is None


def test_the_share_held_out_is_the_one_asked_for(model, array, y):
    for share in (0.1, 0.25, 0.4):
        classifier = fit(model, array, y, validation=share)
        train, held_out = classifier.get_split_datasets(array, np.array([0, 1] * 20))
        assert (len(train), len(held_out)) == (40 - round(40 * share), round(40 * share))


def test_initial_cutoffs_are_those_of_the_first_of_two_trainings(model, epochs):
    first = fit(model, epochs).module_
    second = fit(first, epochs).module_
    assert second.provenance["initial_cutoffs_hz"] == model.cutoffs().tolist()
    torch.testing.assert_close(second.initial_cutoffs(), model.cutoffs())


def test_a_network_without_channel_names_takes_those_of_the_epochs(network, epochs):
    epochs.set_channel_types({epochs.ch_names[0]: "eog"})
    nameless = network(n_chans=5)
    with pytest.warns(RuntimeWarning, match=f"dropped: {epochs.ch_names[0]}"):
        trained = fit(nameless, epochs).module_
    assert trained.ch_names == epochs.ch_names[1:]
    np.testing.assert_array_equal(trained.chs_info[2]["loc"], epochs.info["chs"][3]["loc"])
    assert nameless.ch_names is None


def test_scale_makes_epochs_in_volts_the_same_as_an_array_in_microvolts(model, epochs, array, y):
    from_epochs = fit(model, epochs)
    from_array = fit(model, array, y, scale=1e6)
    assert same_weights(from_epochs.module_, from_array.module_)
    assert (from_epochs.module_.scale, from_array.module_.scale) == (1e6, 1e6)
    assert same_weights(fit(model, array, y, scale=123.0).module_, from_array.module_)
    np.testing.assert_array_equal(from_epochs.predict_proba(epochs), from_array.predict_proba(array))


def test_a_scale_that_the_network_knows_is_kept(model, epochs):
    model.scale = 1e3
    assert fit(model, epochs).module_.scale == 1e3


def test_predictions_are_labels_and_probabilities_sum_to_one(trained, epochs):
    probabilities = trained.predict_proba(epochs)
    assert probabilities.shape == (40, 2)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-6)
    predicted = trained.predict(epochs)
    assert predicted.tolist() == [["left", "right"][column] for column in probabilities.argmax(1)]


def test_the_score_is_the_accuracy_with_and_without_labels(trained, epochs, array, y):
    expected = (trained.predict(epochs) == y).mean()
    scores = [trained.score(epochs), trained.score(epochs, y), trained.score(array, y)]
    assert scores == [expected] * 3
    with pytest.raises(ValueError, match="`y` is missing"):
        trained.score(array)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [(("left", "right"), ["left", "right"]), ((7, 3), [3, 7]), ((True, False), [False, True])],
)
def test_labels_come_back_as_they_were_given(model, array, labels, classes):
    y = np.resize(labels, 40)
    classifier = fit(model, array, list(y))
    assert classifier.classes_.tolist() == classes
    assert classifier.module_.class_names == [str(label) for label in classes]
    predicted = classifier.predict(array)
    assert predicted.dtype.kind == y.dtype.kind
    assert set(predicted.tolist()) <= set(classes)
    assert classifier.score(array, y) == (predicted == y).mean()


@pytest.mark.parametrize(
    "read",
    [
        lambda codes: codes, lambda codes: codes.astype(bool), lambda codes: codes.astype(float),
        torch.tensor, lambda codes: np.array([b"left", b"right"])[codes], lambda codes: np.eye(2)[codes],
        lambda codes: codes[:, None],
    ],
)  # fmt: skip
def test_labels_are_read_as_analyses_read_them(model, array, epochs, read):
    model.class_names = ["left", "right"]
    y = np.arange(40) % 2
    expected = fit(model, array, np.array(["left", "right"])[y])
    classifier = fit(model, array, read(y))
    assert classifier.module_.class_names == ["left", "right"]
    np.testing.assert_array_equal(classifier.predict_proba(array), expected.predict_proba(array))
    assert classifier.score(array, read(y)) == expected.score(array, np.array(["left", "right"])[y])
    assert classifier.score(epochs) == expected.score(epochs)


class Foreign(nn.Module):
    """Somebody else's class with the layers and state dict of a SincShallowNet, as braindecode's is."""

    def __init__(self, own):
        super().__init__()
        for name, layer in own.named_children():
            setattr(self, name, layer)
        self.get_config, self.forward = own.get_config, own.forward


def test_somebody_elses_network_of_the_same_weights_is_trained_as_ours(model, epochs):
    foreign = Foreign(copy.deepcopy(model))
    foreign.class_names = ["left", "right"]
    before = weights(foreign)
    ours = fit(model, epochs)
    classifier = fit(foreign, epochs)
    assert same_weights(classifier.module_, ours.module_)
    assert all(torch.equal(value, before[name]) for name, value in weights(foreign).items())
    with pytest.raises(
        TypeError, match="must be a SincShallowNet of sincviz, or one of braindecode; got Linear"
    ):
        fit(nn.Linear(2, 2), epochs)


def test_outputs_keep_the_order_of_the_class_names_the_network_knows(model, epochs):
    model.class_names = ["right", "left"]
    classifier = fit(model, epochs)
    assert classifier.classes_.tolist() == classifier.module_.class_names == ["right", "left"]


def test_cross_validation_of_scikit_learn_works_on_arrays(model, array, y):
    classifier = fit(model, array, y)
    folds = GroupKFold(2)
    scores = cross_val_score(clone(classifier), array, y, groups=np.arange(40) % 4, cv=folds)
    train, test = next(folds.split(array, y, np.arange(40) % 4))
    assert scores[0] == clone(classifier).fit(array[train], y[train]).score(array[test], y[test])


def test_settings_survive_the_parameters_of_scikit_learn(model):
    classifier = training.EpochsClassifier(model, validation=0.3, scale=5.0, seed=6, lr=0.02)
    parameters = clone(classifier).get_params()
    assert [parameters[name] for name in ("validation", "scale", "seed", "lr")] == [0.3, 5.0, 6, 0.02]


def test_the_progress_bar_is_shown_only_when_wanted(model, epochs, capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)  # a command that ran before may have set it
    fit(model, epochs)
    quiet = capsys.readouterr()
    fit(model, epochs, progress=True)
    assert (quiet.out, quiet.err) == ("", "")
    shown = capsys.readouterr()
    assert "2/2" in shown.err
    assert "valid_loss" in shown.err
    assert shown.out == ""


def with_nan(array, y):
    array[4, 0, 0] = np.nan
    return {"epochs": array, "y": y}


REFUSED = {
    "three classes for two outputs": (
        lambda a, y: {"epochs": a, "y": np.arange(40) % 3},
        "2 outputs, but the trials have 3 classes: 0, 1, 2.*n_outputs=3",
    ),
    "one class": (lambda a, y: {"epochs": a, "y": [0] * 40}, "one class, 0"),
    "no labels": (lambda a, y: {"epochs": a}, "`y` is missing"),
    "labels of two dimensions": (
        lambda a, y: {"epochs": a, "y": np.ones((40, 2))},
        r"one label per trial.*\(40, 2\)",
    ),
    "too few labels": (lambda a, y: {"epochs": a, "y": y[:-1]}, r"got the shape \(39,\) for 40 trials"),
    "one group": (lambda a, y: {"epochs": a, "y": y, "groups": [1] * 40}, "one group.*groups=None"),
    "groups that each hold one class": (
        lambda a, y: {"epochs": a, "y": y, "groups": y},
        "the training set lacks a class",
    ),
    "too few groups": (lambda a, y: {"epochs": a, "y": y, "groups": [1, 2]}, "got 2 for 40"),
    "one trial of a class": (
        lambda a, y: {"epochs": a[:4], "y": [0, 0, 0, 1]},
        "fewer than two.*validation=0",
    ),
    "too much validation": (lambda a, y: {"epochs": a, "y": y, "validation": 0.6}, "0 and 0.5; got 0.6"),
    "negative validation": (lambda a, y: {"epochs": a, "y": y, "validation": -0.1}, "0 and 0.5; got -0.1"),
    "NaN": (with_nan, "1 trial holds values that are not finite, trial 4"),
}


@pytest.mark.parametrize(("settings", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_trained_on_is_refused_with_the_reason(model, array, y, settings, message):
    with pytest.raises(ValueError, match=message):
        fit(model, **settings(array, y))


def test_epochs_that_do_not_fit_are_refused(model, epochs):
    with pytest.raises(EpochsError, match="resample"):
        fit(model, epochs.resample(64.0))


def test_other_classes_than_the_networks_are_refused_until_the_head_is_new(model, epochs):
    model.class_names = ["hands", "feet"]
    with pytest.raises(ValueError, match=r"hands, feet.*left, right.*reset_head"):
        fit(model, epochs)
    model.reset_head(2)
    assert fit(model, epochs).module_.class_names == ["left", "right"]


def test_a_failed_fit_leaves_the_random_numbers_alone(model, array):
    before = torch.get_rng_state()
    with pytest.raises(ValueError, match="one group"):
        fit(model, array, np.arange(40) % 2, groups=[1] * 40)
    assert torch.equal(before, torch.get_rng_state())


def test_it_learns_to_tell_new_trials_apart(network):
    train, test = (
        datasets.simulate_motor_imagery(300, n_chans=8, duration=2.0, snr_db=9, erd_depth=0.7, seed=seed)[0]
        for seed in (5, 6)
    )
    model = network(
        n_times=len(train.times),
        sfreq=train.info["sfreq"],
        chs_info=train.info["chs"],
        num_time_filters=8,
        time_filter_len=33,
        freq_stride=2.0,
        pool_size=55,
        pool_stride=12,
    )
    classifier = fit(model, train, max_epochs=15, lr=0.01)
    assert classifier.score(test) > 0.8
    # The check can fail: without imagery in the signals there is nothing to learn.
    nothing = datasets.simulate_motor_imagery(300, n_chans=8, duration=2.0, erd_depth=0, seed=5)[0]
    assert fit(model, nothing, max_epochs=15, lr=0.01).score(test) < 0.7


@given(
    layout=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=7).filter(
        lambda layout: all(sum(count > 0 for count in counts) >= 3 for counts in zip(*layout, strict=True))
    ),
    share=st.sampled_from([0.1, 0.2, 0.34, 0.5]),
    seed=st.integers(0, 3),
)
def test_any_layout_of_groups_is_split_between_them_and_leaves_every_class_to_train(
    network, layout, share, seed
):
    groups = np.repeat(np.arange(len(layout)), [sum(counts) for counts in layout])
    y = np.concatenate([np.repeat([0, 1], counts) for counts in layout])
    trials = np.random.default_rng(seed).standard_normal((len(y), 6, 128))
    with pytest.MonkeyPatch.context() as patch:
        seen = recorded_split(patch)
        fit(network(), trials, y, groups=groups, validation=share, max_epochs=1, seed=seed, batch_size=64)
    train, valid = seen["train"].indices, seen["valid"].indices
    assert sorted(train + valid) == list(range(len(y)))
    assert set(groups[train]).isdisjoint(groups[valid])
    assert valid
    assert set(y[train]) == {0, 1}


def test_groups_in_which_every_class_occurs_are_held_out_first(model, array, split):
    groups = np.repeat(["a", "b", "left only"], [12, 12, 16])
    y = np.where(groups == "left only", 0, np.arange(40) % 2)
    for seed in range(5):
        fit(model, array, y, groups=groups, validation=0.33, seed=seed, max_epochs=1)
        assert set(y[split["valid"].indices]) == {0, 1}


def test_rejected_trials_of_epochs_that_are_not_loaded_are_left_out(network, epochs):
    data = epochs.get_data()
    data[3, :, :64] += 1e-2
    raw = mne.io.RawArray(np.hstack(data), epochs.info)
    events = np.column_stack([np.arange(40) * 128, np.zeros(40, int), epochs.events[:, 2]])
    lazy = mne.Epochs(raw, events, epochs.event_id, 0, 127 / 128, baseline=None, reject={"eeg": 5e-3})
    classifier = fit(network(chs_info=epochs.info["chs"]), lazy)
    assert classifier.module_.provenance["n_training_trials"] == 39
    assert len(classifier.predict(lazy)) == 39
    assert not lazy.preload


def test_scikit_learn_cross_validates_on_epochs(model, epochs):
    classifier = clone(fit(model, epochs, progress=False))
    scores = cross_val_score(classifier, epochs, trial_labels(epochs), cv=2, error_score="raise")
    assert len(scores) == 2


def test_a_grid_of_settings_of_training_and_network_is_searched(model, array, y):
    grid = {"validation": [0, 0.25], "module__num_time_filters": [2, 3]}
    search = GridSearchCV(fit(model, array, y), grid, cv=2, error_score="raise").fit(array, y)
    assert search.best_estimator_.module_.num_time_filters in (2, 3)


def test_a_network_in_double_precision_is_trained_and_used_in_it(model, array, y):
    classifier = fit(model.double(), array, y)
    assert classifier.module_.final_layer.weight.dtype == torch.float64
    assert classifier.predict_proba(array).dtype == np.float64


def test_an_interrupted_training_is_not_taken_for_a_whole_one(model, array, y, monkeypatch):
    def interrupted(self, *_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(training.EpochsClassifier, "train_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit(model, array, y)


def test_trials_of_classes_it_was_not_trained_on_are_not_scored(model, epochs):
    classifier = fit(model, epochs)
    epochs.event_id = {"hand/left": 1, "hand/right": 2}
    with pytest.raises(
        EpochsError, match=r"labelled hand/left, hand/right.*trained on the classes left, right"
    ):
        classifier.score(epochs)


def test_a_fitted_classifier_can_be_trained_further(model, array, y):
    assert fit(fit(model, array, y), array, y).module_.class_names == ["left", "right"]
    with pytest.raises(TypeError, match="must be a SincShallowNet"):
        fit(torch.nn.Linear(2, 2), array, y)


def test_no_trials_are_refused_by_name(model, epochs, array, y):
    with pytest.raises(EpochsError, match="no trials"):
        fit(model, epochs[:0])
    with pytest.raises(EpochsError, match="no trials"):
        fit(model, array, y).predict(array[:0])


def test_training_forgets_that_the_network_was_recalibrated(model, epochs):
    recalibrated = recalibrate_batch_norm(fit(model, epochs).module_, epochs)
    assert "n_recalibration_trials" in recalibrated.provenance
    assert "n_recalibration_trials" not in fit(recalibrated, epochs).module_.provenance


@pytest.mark.parametrize("device", ["no_such_device", "cuda:77"])
def test_a_device_that_torch_cannot_use_is_refused_with_those_it_can(model, epochs, device):
    with pytest.raises(ValueError, match=rf"`device` must be one .*cpu.*got '{device}'\. Try device='cpu'"):
        training.fit(model, epochs, max_epochs=1, device=device, progress=False)
