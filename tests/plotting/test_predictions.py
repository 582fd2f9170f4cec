"""The picture of predictions of numbers: a point for each trial, equality, and the regression on the target."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import sincviz
from sincviz.plotting import plot_predictions


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    target = rng.uniform(20, 60, 30)
    return pd.DataFrame(
        {"prediction": 10 + 0.5 * target, "target": target, "seen_in_training": [True, False, False] * 10}
    )


def test_points_are_trials_and_the_line_is_the_regression(table):
    held_out, seen, equal, line = plot_predictions(table).axes[0].lines
    assert (len(held_out.get_xdata()), len(seen.get_xdata())) == (20, 10)
    assert seen.get_markerfacecolor() == "none"
    np.testing.assert_allclose(equal.get_xdata(), equal.get_ydata())
    np.testing.assert_allclose(line.get_ydata(), 10 + 0.5 * line.get_xdata())


def test_of_several_outputs_one_is_drawn(table):
    several = table.rename(columns={"prediction": "prediction_age", "target": "target_age"})
    several = several.assign(prediction_speed=1.0, target_speed=2.0)
    assert plot_predictions(several).axes[0].get_title() == "age"
    assert plot_predictions(several, "speed").axes[0].get_title() == "speed"
    with pytest.raises(ValueError, match="no output 'weight'; the table has age, speed"):
        plot_predictions(several, "weight")


@pytest.mark.parametrize("name", ["$x^2$", "<b>", "a\x1b[0m"])
def test_hostile_names_are_shown(table, name):
    several = pd.DataFrame({f"prediction_{name}": [1.0, 2.0], f"target_{name}": [1.0, 2.0]})
    several[["prediction_b", "target_b"]] = 0.0
    plot_predictions(several).canvas.draw()


def test_what_cannot_be_drawn_says_what_to_call(table, network):
    with pytest.raises(ValueError, match="lacks target"):
        plot_predictions(table[["prediction"]])
    with pytest.raises(ValueError, match="is empty"):
        plot_predictions(table.iloc[:0])
    model = network(n_outputs=1)
    with pytest.raises(TypeError, match=r"Try `sincviz\.plotting\.plot_predictions\(") as caught:
        plot_predictions(model)
    line = re.findall(r"`([^`]+)`", str(caught.value))[-1]
    rng = np.random.default_rng(0)
    names = {"model": model, "epochs": rng.standard_normal((8, 6, 128)), "y": rng.uniform(20, 60, 8)}
    assert isinstance(eval(line, {"sincviz": sincviz} | names), Figure)
    predicted = pd.DataFrame({"predicted": ["a", "b"], "true": ["a", "a"]})
    with pytest.raises(ValueError, match="predictions of classes") as caught:
        plot_predictions(predicted)
    line = re.findall(r"`([^`]+)`", str(caught.value))[-1]
    assert isinstance(eval(line, {"sincviz": sincviz, "predicted": predicted}), Figure)
