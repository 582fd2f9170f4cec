"""What a network says of trials is the greatest of its scores, and accuracies tell how far to trust it."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sincviz import EpochsError
from sincviz.analysis.evidence.prediction import accuracies, predictions
from sincviz.trials.epochs import network_input
from sincviz.trials.identity import trial_fingerprints

CLASSES = ["right fist", "left fist", "feet"]


@pytest.fixture(scope="module")
def model(network, moved):
    built = moved(network(n_outputs=3)).eval()
    built.class_names = CLASSES
    return built


@pytest.fixture(scope="module")
def trials(model):
    """More trials than fit into one batch, of which the network takes some for each class."""
    x = np.random.default_rng(0).standard_normal((70, 6, 128)).astype(np.float32)
    scores = scores_of(model, x)
    with torch.no_grad():
        model.final_layer.bias -= torch.from_numpy(scores.mean(0))
    assert set(scores_of(model, x).argmax(1)) == {0, 1, 2}
    return x


def scores_of(model, x):
    with torch.no_grad():
        return model(torch.from_numpy(x)).numpy()


def remembering(model, fingerprints):
    model.provenance = {"training_trials": list(fingerprints)}
    return model


@pytest.fixture(autouse=True)
def _forget(model):
    yield
    model.provenance = {}


def test_the_class_of_the_highest_score_is_predicted(model, trials):
    found = predictions(model, trials)
    scores = scores_of(model, trials)
    assert found["predicted"].tolist() == [CLASSES[code] for code in scores.argmax(1)]
    assert found.columns.tolist() == ["predicted", *(f"score_{name}" for name in CLASSES)]
    np.testing.assert_allclose(found[[f"score_{name}" for name in CLASSES]], scores, atol=1e-5)
    assert (found.index.name, found.index.tolist()) == ("trial", list(range(70)))


@settings(max_examples=8)
@given(seed=st.integers(0, 1000))
def test_labels_by_name_and_by_number_say_the_same(model, trials, seed):
    codes = np.random.default_rng(seed).integers(0, 3, 70)
    found = predictions(model, trials, codes)
    assert found["true"].tolist() == [CLASSES[code] for code in codes]
    assert found["correct"].tolist() == (scores_of(model, trials).argmax(1) == codes).tolist()
    pd.testing.assert_frame_equal(found, predictions(model, trials, [CLASSES[code] for code in codes]))


def test_every_trial_is_right_if_its_class_is_what_the_network_says(model, trials):
    found = predictions(model, trials, scores_of(model, trials).argmax(1))
    assert found["correct"].all()
    assert accuracies(found).loc["all", ["accuracy", "n_correct"]].tolist() == [1, 70]


def test_what_is_said_of_a_trial_does_not_depend_on_its_company(model, trials):
    whole = predictions(model, trials)
    for some in (slice(0, 3), slice(60, 68), slice(69, None)):
        alone = predictions(model, trials[some])
        assert alone["predicted"].tolist() == whole["predicted"][some].tolist()
        np.testing.assert_allclose(
            alone.filter(like="score_"), whole.filter(like="score_").iloc[some], atol=1e-5
        )


def test_a_network_in_training_mode_is_read_in_evaluation_mode_and_left_as_it_was(model, trials):
    expected = predictions(model, trials)
    model.train()
    try:
        pd.testing.assert_frame_equal(predictions(model, trials), expected)
        assert model.training
    finally:
        model.eval()
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_network_without_memory_says_nothing_of_its_training(model, trials):
    assert "seen_in_training" not in predictions(model, trials, [0] * 70)


@settings(max_examples=8)
@given(members=st.sets(st.integers(0, 69), min_size=1))
def test_trials_of_the_training_are_known_again(model, trials, members):
    fingerprints = trial_fingerprints(trials)
    found = predictions(remembering(model, [fingerprints[index] for index in members]), trials)
    assert set(np.flatnonzero(found["seen_in_training"])) == members


def test_no_trial_is_known_to_a_network_of_other_trials(model, trials):
    others = np.random.default_rng(1).standard_normal(trials.shape)
    found = predictions(remembering(model, trial_fingerprints(others)), trials)
    assert not found["seen_in_training"].any()


def test_epochs_are_known_again_by_what_the_network_sees_of_them(network, simulation, epochs):
    model = network(chs_info=epochs.info["chs"])
    model.scale, model.class_names = 1e6, ["left", "right"]
    remembering(model, trial_fingerprints(network_input(model, epochs[:15])))
    found = predictions(model, epochs.reorder_channels(epochs.ch_names[::-1]))
    assert found["seen_in_training"].tolist() == [True] * 15 + [False] * 25
    names = {code: name for name, code in epochs.event_id.items()}
    assert found["true"].tolist() == [names[code] for code in epochs.events[:, 2]]


def test_classes_that_the_network_does_not_know_are_left_out(network, epochs):
    model = network(chs_info=epochs.info["chs"])
    model.scale, model.class_names = 1e6, ["hands", "feet"]
    found = predictions(model, epochs)
    assert not {"true", "correct"} & set(found)
    with pytest.raises(ValueError, match="Pass `y`"):
        accuracies(found)


def test_without_names_classes_are_numbers(network):
    found = predictions(network(), np.ones((2, 6, 128)), [1, 1])
    assert found["true"].tolist() == ["1", "1"]
    assert {"score_0", "score_1"} <= set(found)


def test_the_attributes_hold_only_text_and_numbers(model, trials):
    attrs = predictions(remembering(model, trial_fingerprints(trials)), trials).attrs
    assert attrs["class_names"] == "right fist, left fist, feet"
    assert "weights_sha256" in attrs
    assert all(isinstance(value, str | int | float) for value in attrs.values())


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 1], "one label per trial"),
        ([0, 1, 3], r"does not have the classes \[3\]"),
        ([0, 1, -1], r"does not have the classes \[-1\]"),
        (["feet", "feet", "tongue"], "tongue"),
    ],
)
def test_labels_that_do_not_fit_are_refused(model, trials, y, message):
    with pytest.raises(ValueError, match=message):
        predictions(model, trials[:3], y)


def test_a_class_beyond_the_scores_is_refused_of_a_network_that_does_not_tell_their_number(linear):
    model = linear(n_outputs=3)
    with pytest.raises(ValueError, match=r"does not have the classes \[3\]; it has outputs 0 to 2"):
        predictions(model, np.ones((2, 6, 96), np.float32), [0, 3])


@pytest.mark.parametrize("bad", [np.zeros((0, 6, 128)), np.full((2, 6, 128), np.nan), np.zeros((2, 5, 128))])
def test_trials_that_cannot_be_judged_are_refused(model, bad):
    with pytest.raises(EpochsError):
        predictions(model, bad)


def table(n_correct, counts, seen=None):
    """Predictions without scores: the first trials of a random order are right, the others of the next class."""
    codes = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    predicted = np.where(np.arange(len(codes)) < n_correct, codes, codes + 1)
    columns = {
        "true": [f"class {code}" for code in codes],
        "predicted": [f"class {code}" for code in predicted],
    }
    columns["correct"] = codes == predicted
    return pd.DataFrame(columns | ({} if seen is None else {"seen_in_training": seen}))


@given(counts=st.lists(st.integers(1, 30), min_size=1, max_size=4), share=st.floats(0, 1))
def test_accuracies_have_wilsons_interval_and_stand_beside_the_most_frequent_class(counts, share):
    n_trials = sum(counts)
    n_correct = round(share * n_trials)
    found = accuracies(table(n_correct, counts)).loc["all"]
    interval = scipy.stats.binomtest(n_correct, n_trials).proportion_ci(0.95, "wilson")
    expected = [n_correct / n_trials, interval.low, interval.high, max(counts) / n_trials, 1 / len(counts)]
    np.testing.assert_allclose(
        found[["accuracy", "ci_low", "ci_high", "majority", "chance_level"]].astype(float), expected
    )
    assert found[["n_trials", "n_correct"]].tolist() == [n_trials, n_correct]
    assert found["above_chance"] == (
        "unknown" if np.isnan(found["p"]) else "yes" if found["p"] < 0.05 else "no"
    )


@given(seen=st.lists(st.booleans(), min_size=1, max_size=40), seed=st.integers(0, 99))
def test_held_out_and_seen_trials_add_up_to_all(seen, seed):
    rng = np.random.default_rng(seed)
    whole = pd.DataFrame(
        {
            "true": rng.choice(["a", "b"], len(seen)),
            "predicted": rng.choice(["a", "b"], len(seen)),
            "seen_in_training": seen,
        }
    )
    whole["correct"] = whole["true"] == whole["predicted"]
    found = accuracies(whole)
    kinds = {"all", *(["seen in training"] if any(seen) else []), *(["held out"] if not all(seen) else [])}
    assert set(found.index) == kinds
    parts = found.drop("all")
    assert parts["n_trials"].sum() == found.loc["all", "n_trials"] == len(seen)
    assert parts["n_correct"].sum() == found.loc["all", "n_correct"] == whole["correct"].sum()


def test_what_was_remembered_is_not_counted_as_held_out():
    seen = np.arange(40) < 20
    found = accuracies(table(20, [10, 10, 10, 10], seen))
    assert found["accuracy"].to_dict() == {"all": 0.5, "held out": 0.0, "seen in training": 1.0}


@pytest.mark.parametrize(
    ("n_correct", "counts", "verdict"),
    [
        (4, [2, 2], "unknown"),
        (5, [3, 2], "unknown"),
        (5, [2, 2, 1], "yes"),
        (3, [3, 3], "unknown"),
        (4, [4, 3], "no"),
        (9, [9], "unknown"),
    ],
)
def test_too_few_trials_are_not_called_chance(n_correct, counts, verdict):
    assert accuracies(table(n_correct, counts)).loc["all", "above_chance"] == verdict


def test_labels_change_places_within_the_subjects_of_the_metadata(network, simulation, epochs):
    model = network(chs_info=epochs.info["chs"])
    model.scale, model.class_names = 1e6, ["left", "right"]
    told = epochs.copy()
    told.metadata = pd.DataFrame({"Participant_ID": np.arange(40) // 10, "trial": np.arange(40)})
    found = predictions(model, told)
    assert found["subject"].tolist() == [str(number // 10) for number in range(40)]
    row = accuracies(found).loc["all"]
    assert (row["permuted_within"], row["n_subjects"], row["n_units"]) == ("subject", 4, 40)
    of_subjects = found.groupby("subject")["correct"].mean()
    reach = scipy.stats.t.ppf(0.975, 3) * of_subjects.std() / 2
    assert row["subjects_ci_high"] == pytest.approx(min(of_subjects.mean() + reach, 1))
