"""Which labels can only be numbers, and which may be classes."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import sincviz
from sincviz.trials.classes import classes_if_known
from sincviz.trials.numeric_targets import can_only_be_numbers, numeric_targets


@pytest.mark.parametrize(
    ("y", "n_outputs", "expected"),
    [
        ([0.3, 1.7, 2.2], 1, True),
        ([[0.3], [1.7], [2.2]], 1, True),
        ([[0.3, 1.7, 2.2]], 1, True),
        ([20, 35, 61], 1, True),
        ([20.0, 35.0, 61.0], 1, True),
        (pd.Series([20, 35, None], dtype="Int64"), 1, False),
        (pd.Series([20, 35, 61, None], dtype="Int64"), 1, True),
        (torch.tensor([0.3, 1.7, 2.2]), 1, True),
        ([[0.3, 10], [1.7, 20], [2.2, 30]], 2, True),
        ([[3, 10], [1, 20], [2, 30]], 2, True),
        # Classes, or what may be classes.
        ([0, 1, 1], 1, False),
        ([0.0, 1.0, 1.0], 1, False),
        ([20, 60, 60], 1, False),
        ([True, False, True], 1, False),
        (["1.5", "2.5", "3.5"], 1, False),
        ([0, 1, 2], 3, False),
        ([0.3, 1.7, 2.2], 2, False),
        ([[0, 1], [1, 0], [0, 1]], 2, False),
        ([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]], 2, False),
        ([0.3, 1.7, 2.2], None, False),
    ],
)
def test_only_what_no_class_can_be_is_a_number(y, n_outputs, expected):
    assert can_only_be_numbers(y, len(y) if np.shape(y)[0] > 1 else 3, n_outputs) is expected


def test_missing_and_wrong_targets_are_named():
    with pytest.raises(ValueError, match="1 of the labels in `y` is missing \\(trial 1\\)"):
        numeric_targets([20.0, np.nan, 30.0], 3, 1)
    with pytest.raises(ValueError, match=r"`y` must have the shape \(3,\); got \(2,\)"):
        numeric_targets([20.0, 30.0], 3, 1)
    with pytest.raises(ValueError, match="must hold numbers; got 'left', 'right'"):
        numeric_targets(["left", "right"], 2, 1)


@pytest.fixture
def trials():
    return np.random.default_rng(0).standard_normal((6, 2, 32))


def test_a_single_output_is_a_number_where_labels_can_be_nothing_else(trials):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))
    table = sincviz.evidence.predictions(network, trials, [20, 30, 41, 25, 60, 33])
    assert table.columns.tolist() == ["prediction", "target", "error"]
    with torch.no_grad():
        expected = network(torch.from_numpy(trials).float())[:, 0].numpy()
    np.testing.assert_allclose(table["prediction"], expected, rtol=1e-5)
    np.testing.assert_allclose(table["error"], table["prediction"] - table["target"])


def test_output_names_say_that_zeros_and_ones_are_numbers(trials):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))
    named = sincviz.network(network, output_names=["pain"])
    assert "outputs: pain" in repr(named)
    table = sincviz.evidence.predictions(named, trials, [0, 1, 0, 1, 1, 0])
    assert table["target"].tolist() == [0, 1, 0, 1, 1, 0]
    assert classes_if_known(named, trials, None, needed=False) is None
    with pytest.warns(RuntimeWarning, match="read as the logit of class 1"):
        assert "true" in sincviz.evidence.predictions(network, trials, [0, 1, 0, 1, 1, 0])


def test_several_outputs_have_a_column_each(trials):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    y = np.random.default_rng(1).standard_normal((6, 2))
    named = sincviz.network(network, output_names=["age", "speed"])
    table = sincviz.evidence.predictions(named, trials, y)
    assert {"error_age", "target_speed"} <= set(table)
    assert "prediction_output 1" in sincviz.evidence.predictions(network, trials, y)


def test_outputs_are_classes_or_numbers_not_both(trials):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))
    with pytest.raises(ValueError, match="got both"):
        sincviz.network(network, class_names=["a", "b"], output_names=["age"])
    with pytest.raises(ValueError, match="`output_names` must be 2 different names"):
        sincviz.network(
            sincviz.SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128), output_names=["age"]
        )


def test_infinite_targets_are_not_called_missing():
    with pytest.raises(ValueError, match=r"must be finite; 1 of 3 .* in trial 1\. Leave"):
        numeric_targets([1.0, np.inf, 2.0], 3, 1)


def test_a_constant_whole_number_is_shown_the_way_to_numbers():
    from torch import nn

    import sincviz

    model = nn.Sequential(nn.Flatten(), nn.Linear(4 * 50, 1))
    x, y = np.random.default_rng(0).standard_normal((6, 4, 50)), np.full(6, 3)
    with pytest.warns(RuntimeWarning, match="logit"), pytest.raises(ValueError, match="output_names"):
        sincviz.evidence.predictions(model, x, y)
    told = sincviz.network(model, output_names=["age"])
    assert "error" in sincviz.evidence.predictions(told, x, y)
