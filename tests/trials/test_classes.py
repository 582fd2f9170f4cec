"""The class of every trial: names and numbers that fit the network, or an error that lists what would."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from sincviz import EpochsError
from sincviz.networks import front_end
from sincviz.trials.classes import class_codes, class_order, classes_if_known, trial_labels, true_classes


@pytest.fixture
def model(network, epochs):
    """A network that names its outputs in the opposite order of the event codes."""
    model = network(chs_info=epochs.info["chs"])
    model.class_names = ["right", "left"]
    return model


def test_labels_are_the_names_of_the_events(epochs):
    codes = epochs.events[:, 2]
    assert trial_labels(epochs).tolist() == [{1: "left", 2: "right"}[code] for code in codes]


def test_two_names_for_one_code_are_refused(epochs):
    epochs.event_id = {"left": 1, "also left": 1, "right": 2}
    with pytest.raises(EpochsError, match="share a code"):
        trial_labels(epochs)


def test_classes_follow_their_codes_and_those_without_trials_are_left_out(epochs):
    epochs.event_id = {"right": 2, "left": 1, "feet": 7}
    assert class_order(epochs) == ["left", "right"]


@given(labels=st.lists(st.sampled_from(["left", "right"]), min_size=1, max_size=6))
def test_names_become_numbers_of_outputs(network, labels):
    model = network()
    model.class_names = ["right", "left"]
    codes = class_codes(model, np.array(labels))
    assert [model.class_names[code] for code in codes] == labels
    assert codes.dtype == np.int64


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64])
def test_whole_numbers_are_numbers_of_outputs(model, dtype):
    codes = class_codes(model, np.array([1, 0, 1], dtype))
    assert (codes.tolist(), codes.dtype) == ([1, 0, 1], np.int64)


@pytest.mark.parametrize(
    ("labels", "unknown"),
    [
        (["left", "feet", "tongue"], r"\['feet', 'tongue'\]"),
        ([0, 2, -1], r"\[-1, 2\]"),
        ([0.5, 1.0], r"\[0\.5, 1\.0\]"),
        ([2.0, 1.0], r"\[2\]"),
        (["0", "1"], r"\['0', '1'\]"),
    ],
)
def test_classes_that_the_network_lacks_are_listed_beside_those_it_has(model, labels, unknown):
    with pytest.raises(ValueError, match=unknown + r".*it has \['right', 'left'\]"):
        class_codes(model, np.array(labels))


def test_a_network_without_names_knows_numbers_only(network):
    assert class_codes(network(n_outputs=3), np.array([2])).tolist() == [2]
    with pytest.raises(ValueError, match="outputs 0 to 2"):
        class_codes(network(n_outputs=3), np.array(["left"]))


def test_a_network_that_does_not_tell_its_outputs_takes_any_number_but_negative_ones():
    somebodys = nn.Sequential(nn.Flatten(), nn.Linear(6, 2))
    assert class_codes(somebodys, np.array([0, 7])).tolist() == [0, 7]
    with pytest.raises(ValueError, match=r"\[-1\]; it has outputs\."):
        class_codes(somebodys, np.array([-1]))


@pytest.mark.parametrize("known", [lambda model: model, front_end])
def test_the_classes_of_epochs_are_those_of_their_events(model, epochs, known):
    codes = true_classes(known(model), epochs)
    assert [model.class_names[code] for code in codes] == trial_labels(epochs).tolist()


def test_labels_that_are_passed_count_more_than_the_events(model, epochs):
    assert true_classes(model, epochs, np.zeros(40, int)).tolist() == [0] * 40


@pytest.mark.parametrize("wrap", [list, tuple, np.array, pd.Series])
def test_labels_may_be_a_list_or_a_column_of_a_table(model, wrap):
    assert true_classes(model, np.zeros((2, 6, 128)), wrap(["left", "right"])).tolist() == [1, 0]


def test_an_array_without_labels_has_no_classes(model):
    assert true_classes(model, np.zeros((2, 6, 128))) is None


@pytest.mark.parametrize("labels", [["left"], ["left"] * 3, [["left", "left"]] * 2, "left"])
def test_labels_must_be_one_per_trial(model, labels):
    with pytest.raises(ValueError, match=r"one label per trial.*for 2 trials"):
        true_classes(model, np.zeros((2, 6, 128)), labels)


def test_names_that_the_network_lacks_matter_only_where_classes_are_needed(network, epochs):
    model = network(chs_info=epochs.info["chs"])
    assert classes_if_known(model, epochs, None, needed=False) is None
    with pytest.raises(ValueError, match="does not have the classes"):
        classes_if_known(model, epochs, None, needed=True)


def test_labels_that_are_passed_must_fit_even_where_they_are_not_needed(model, epochs):
    with pytest.raises(ValueError, match="does not have the classes"):
        classes_if_known(model, epochs, ["feet"] * 40, needed=False)


def test_classes_that_are_known_are_returned_needed_or_not(model, epochs):
    expected = true_classes(model, epochs).tolist()
    assert classes_if_known(model, epochs, None, needed=False).tolist() == expected
    assert classes_if_known(model, epochs, None, needed=True).tolist() == expected


def test_an_array_needs_labels_where_classes_are_needed(model):
    trials = np.zeros((2, 6, 128))
    assert classes_if_known(model, trials, None, needed=False) is None
    with pytest.raises(ValueError, match="pass `y`"):
        classes_if_known(model, trials, None, needed=True)


def test_events_that_share_a_code_are_refused_where_classes_are_needed(model, epochs):
    epochs.event_id = {"left": 1, "also left": 1, "right": 2}
    with pytest.raises(EpochsError, match="share a code"):
        classes_if_known(model, epochs, None, needed=True)
