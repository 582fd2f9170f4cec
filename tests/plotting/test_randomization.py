"""The test by randomisation shows every layer's similarity, the threshold, and its verdict."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.text import Text

from sincviz.plotting import plot_randomization
from sincviz.plotting.canvas.style import SEVERITIES


def points(ax):
    return {
        line.get_label().partition(":")[0]: line for line in ax.lines if line.get_marker() in ("o", "s", "D")
    }


def names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


@pytest.mark.parametrize(("panel", "column"), [(0, "similarity"), (1, "magnitude_similarity")])
def test_points_lie_at_the_similarity_of_their_layer(randomization, panel, column):
    table = randomization()
    drawn = points(plot_randomization(table).axes[panel])
    for kind in ("cascading", "independent", "wrong class"):
        np.testing.assert_array_equal(drawn[kind].get_xdata(), table.loc[table["kind"] == kind, column])
    assert np.round(drawn["cascading"].get_ydata()).tolist() == [0, 1, 2]


def test_intervals_are_lines_through_the_points(randomization):
    table = randomization()
    segments = plot_randomization(table).axes[0].collections[0].get_segments()
    first = table[table["kind"] == "cascading"]
    np.testing.assert_allclose([segment[:, 0] for segment in segments], first[["ci_low", "ci_high"]])


def test_layers_go_down_in_their_order_and_the_wrong_class_stands_apart(randomization):
    ax = plot_randomization(randomization()).axes[0]
    assert names(ax) == ["head", "spatial", "sinc", "wrong class"]
    assert ax.yaxis_inverted()
    ticks = ax.get_yticks()
    assert ticks[3] - ticks[2] > ticks[1] - ticks[0]


def test_without_a_wrong_class_there_is_no_row_for_it(randomization):
    table = randomization()
    only = table[table["kind"] != "wrong class"].copy()
    only.attrs = table.attrs
    assert names(plot_randomization(only).axes[0]) == ["head", "spatial", "sinc"]


def test_the_threshold_is_a_line(randomization):
    (line,) = [
        line for line in plot_randomization(randomization()).axes[0].lines if "threshold" in line.get_label()
    ]
    assert line.get_label() == "threshold 0.5"
    assert set(line.get_xdata()) == {0.5}


@pytest.mark.parametrize(
    ("outcome", "start", "alarm"),
    [
        ("differs", "Differs", False),
        ("stays", "STAYS", True),
        ("inconclusive", "Inconclusive", False),
        ("unknown", "Not known", False),
    ],
)
def test_the_verdict_stands_above(randomization, outcome, start, alarm):
    figure = plot_randomization(randomization(outcome=outcome))
    (title,) = [text for text in figure.findobj(Text) if text.get_text().startswith(start)]
    assert title.get_weight() == "bold"
    assert same_color(title.get_color(), SEVERITIES["error"]) == alarm


@pytest.mark.parametrize(
    "layers", [["one"], [f"$x_{n}$ <script> a.long.name.of.a.module.{n}" for n in range(12)]]
)
@pytest.mark.parametrize("outcome", ["differs", "stays", "inconclusive"])
def test_nothing_runs_into_anything(randomization, misplaced_text, layers, outcome):
    figure = plot_randomization(randomization(layers, outcome))
    assert misplaced_text(figure) == []
    assert any("held out" in text.get_text() for text in figure.texts)


def test_other_tables_are_refused(randomization):
    table = randomization()
    with pytest.raises(ValueError, match="lacks layer; pass what `randomization_test` returned"):
        plot_randomization(table.drop(columns="layer"))
    with pytest.raises(ValueError, match="is empty"):
        plot_randomization(table.iloc[:0])
    with pytest.raises(ValueError, match=r"`kind` must be one of .* got sideways"):
        plot_randomization(table.replace({"kind": {"cascading": "sideways"}}))
    assert plt.get_fignums() == []
