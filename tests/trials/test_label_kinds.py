"""Labels of every kind mean the same classes, or are refused."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sincviz import spectral_relevance
from sincviz.trials.classes import class_codes, true_classes
from sincviz.trials.event_classes import mapping_remedy
from sincviz.trials.label_kinds import plain_labels

CODES = np.array([1, 0, 0, 1, 1])
NAMES = np.array(["left", "right"])

KINDS = {
    "integers": CODES,
    "floats": CODES.astype(float),
    "unsigned": CODES.astype(np.uint8),
    "truth": CODES.astype(bool),
    "column": CODES[:, None],
    "row": CODES[None].astype(float),
    "one-hot": np.eye(2)[CODES],
    "one-hot truth": np.eye(2, dtype=bool)[CODES],
    "list": CODES.tolist(),
    "objects": CODES.astype(object),
    "tensor": torch.from_numpy(CODES),
    "tensor of a graph": torch.from_numpy(CODES).float().requires_grad_(),
    "series": pd.Series(CODES, index=range(5, 10)),
    "nullable": pd.Series(CODES, dtype="Int64"),
    "categories of numbers": pd.Series(CODES).astype("category"),
    "frame": pd.DataFrame({"y": CODES}),
}
NAMED = {
    "names": NAMES[CODES],
    "bytes": NAMES[CODES].astype("S"),
    "bytes in objects": NAMES[CODES].astype("S").astype(object),
    "names in objects": NAMES[CODES].astype(object),
    "series of names": pd.Series(NAMES[CODES]),
    "categorical": pd.Categorical(NAMES[CODES], categories=["right", "left", "feet"]),
    "string": pd.Series(NAMES[CODES], dtype="string"),
    "column of names": NAMES[CODES][:, None],
}


@pytest.mark.parametrize("labels", [*KINDS.values(), *NAMED.values()], ids=[*KINDS, *NAMED])
def test_every_kind_means_the_same_classes(network, labels):
    model = network()
    model.class_names = NAMES.tolist()
    assert true_classes(model, np.zeros((5, 6, 128)), labels).tolist() == CODES.tolist()


@pytest.mark.parametrize("labels", [KINDS["floats"], KINDS["truth"], KINDS["column"], NAMED["bytes"]])
def test_a_contrast_is_that_of_whole_numbers(network, moved, labels):
    model = moved(network())
    model.class_names = NAMES.tolist()
    trials = np.random.default_rng(0).standard_normal((5, 6, 128))
    expected = spectral_relevance(model, trials, CODES, trials="contrast")
    np.testing.assert_array_equal(spectral_relevance(model, trials, labels, trials="contrast"), expected)


@given(codes=st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_one_hot_is_undone(codes):
    assert plain_labels(np.eye(5)[codes], len(codes)).tolist() == codes


@pytest.mark.parametrize(
    "missing",
    [
        [0.0, np.nan],
        pd.Series([0, None], dtype="Int64"),
        pd.Series(["left", None]),
        np.array(["left", None], object),
    ],
)
def test_labels_that_are_missing_are_told_by_trial(missing):
    with pytest.raises(ValueError, match=r"1 of the labels in `y` is missing \(trial 1\)"):
        plain_labels(missing, 2)


@pytest.mark.parametrize(
    "labels",
    [np.array([[0.2, 0.8], [0.5, 0.5]]), np.array([[1, 1], [0, 1]]), np.zeros((2, 2)), np.zeros((2, 2, 2))],
)
def test_several_columns_that_are_no_one_hot_are_refused(labels):
    with pytest.raises(ValueError, match=r"one label per trial; got the shape \(2, 2"):
        plain_labels(labels, 2)


def test_fractions_are_no_numbers_of_outputs(network):
    with pytest.raises(ValueError, match=r"does not have the classes \[0\.4\]"):
        class_codes(network(), np.array([0.4]))


def test_a_network_without_names_knows_those_that_its_results_have(network):
    assert class_codes(network(), np.array(["1", "0"])).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("labels", "meant"),
    [
        (lambda y: y + 1, ["left", "right"]),
        (lambda y: torch.from_numpy(y + 1), ["left", "right"]),
        (lambda y: (y + 1.0)[:, None], ["left", "right"]),
        (lambda y: pd.DataFrame({"label": y + 1}), ["left", "right"]),
        (lambda y: np.array([b"L", b"R"])[y], ["left", "right"]),
        (lambda y: list(np.array(["RIGHT", "Left"])[y]), ["right", "left"]),
    ],
)
def test_the_line_that_renames_labels_works_for_every_kind_of_them(network, labels, meant):
    model = network()
    model.class_names = ["left", "right"]
    numbers = np.array([0, 1, 1, 0, 1])
    y = labels(numbers)
    with pytest.raises(ValueError, match="does not have the classes") as raised:
        class_codes(model, y)
    line = re.search(r"`(y = .*?)`", str(raised.value))[1]
    namespace = {"y": y, "np": np}
    exec(line, namespace)
    assert namespace["y"] == [meant[number] for number in numbers]
    assert class_codes(model, namespace["y"]).tolist() == [
        ["left", "right"].index(name) for name in namespace["y"]
    ]


@pytest.mark.parametrize(
    ("class_names", "event_id", "mapping"),
    [
        (["left", "right"], {"RIGHT": 1, "LEFT": 2}, {"left": 2, "right": 1}),
        (["left", "right"], {"right_hand": 1, "left_hand": 2}, {"left": 2, "right": 1}),
        (
            ["left_hand", "right_hand", "feet", "tongue"],
            {"feet": 1, "left": 2, "right": 3, "tongue": 4},
            {"left_hand": 2, "right_hand": 3, "feet": 1, "tongue": 4},
        ),
        (["left", "right"], {"769": 769, "770": 770}, {"left": 769, "right": 770}),
    ],
)
def test_events_are_proposed_by_their_names_and_else_by_their_order(class_names, event_id, mapping):
    assert f"`epochs.event_id = {mapping}`" in mapping_remedy(class_names, event_id)


@pytest.mark.parametrize("events", [["left", "feet"], ["left_hand", "left_foot"], ["left"], ["rest", "left"]])
def test_where_names_tell_some_classes_only_nothing_is_proposed(events):
    assert mapping_remedy(["left", "right"], dict(zip(events, (1, 2), strict=False))) == ""


def test_proposed_lines_do_not_steer_a_terminal():
    assert "\x1b" not in mapping_remedy(["a\x1b]52;c;aGk=\x07", "b"], {"1": 1, "2": 2})
