"""Deletion curves show accuracy with its interval for each order, and the area that speaks for the ranking."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text

from sincviz.plotting import plot_deletion

ORDERS = ["most relevant first", "random", "least relevant first"]


def lines(figure):
    return {line.get_label(): line for line in figure.axes[0].lines}


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_each_order_is_a_line_of_accuracy(deletion):
    drawn = lines(plot_deletion(deletion))
    for order in ORDERS:
        rows = deletion[deletion["order"] == order]
        np.testing.assert_array_equal(drawn[order].get_xdata(), rows["share_removed"])
        np.testing.assert_array_equal(drawn[order].get_ydata(), rows["accuracy"])
    assert len({line.get_linestyle() for line in drawn.values()}) == 4  # legible without colour


def test_rows_may_come_in_any_order(deletion):
    shuffled = deletion.sample(frac=1, random_state=0)
    shuffled.attrs = deletion.attrs
    for order, line in lines(plot_deletion(shuffled)).items():
        np.testing.assert_array_equal(line.get_xdata(), lines(plot_deletion(deletion))[order].get_xdata())


def test_chance_is_a_line(deletion):
    assert set(lines(plot_deletion(deletion))["chance"].get_ydata()) == {0.5}


def test_the_area_is_shaded_and_written_with_its_interval(deletion):
    figure = plot_deletion(deletion)
    (field,) = figure.axes[0].patches
    assert field.get_label() == "area 0.21 (0.15–0.27)"
    assert len(field.get_xy()) >= 12
    assert legend(figure) == [*ORDERS, "chance", "area 0.21 (0.15–0.27)"]


def test_what_is_not_known_is_left_out(deletion, misplaced_text):
    bare = deletion[deletion["order"] != "random"].copy()
    bare.attrs = {}
    figure = plot_deletion(bare)
    assert legend(figure) == [ORDERS[0], ORDERS[2]]
    assert misplaced_text(figure) == []


def test_the_evidence_stands_below_and_nothing_runs_into_it(deletion, misplaced_text):
    bad = deletion.copy()
    bad.attrs = deletion.attrs | {"above_chance": "no"}
    figure = plot_deletion(bad)
    assert misplaced_text(figure) == []
    assert any(text.get_text().startswith("NOT ABOVE CHANCE") for text in figure.findobj(Text))


def test_drawing_into_given_axes_makes_no_figure(deletion):
    figure, (left, right) = plt.subplots(1, 2)
    assert plot_deletion(deletion, right) is figure
    assert plt.get_fignums() == [figure.number]
    assert not left.has_data()
    assert right.get_legend() is not None
    assert figure.texts == []


def test_other_tables_are_refused(deletion):
    with pytest.raises(ValueError, match="lacks accuracy, order; pass what `deletion_curve` returned"):
        plot_deletion(deletion.drop(columns=["order", "accuracy"]))
    with pytest.raises(ValueError, match="is empty"):
        plot_deletion(deletion.iloc[:0])
    with pytest.raises(ValueError, match=r"must be one of .* got backwards"):
        plot_deletion(deletion.replace({"order": {"random": "backwards"}}))
    assert plt.get_fignums() == []


def with_attrs(curve, **attrs):
    """The same curve, the shared one left as it is."""
    changed = curve.copy()
    changed.attrs = curve.attrs | attrs
    return changed


@pytest.mark.parametrize(
    ("attrs", "written"),
    [
        ({"p_deletion": 0.0004, "shown": "yes"}, "Relevance shown by deletion (p < 0.001)."),
        ({"p_deletion": 0.24, "shown": "no"}, "Relevance not shown by deletion (p = 0.24)."),
        (
            {"p_deletion": 0.2, "shown": "could not be checked"},
            "Too few cells or trials to check by deletion.",
        ),
        (
            {"p_deletion": 0.024, "shown": "yes", "ranked_on": "given"},
            "Relevance shown by deletion (p = 0.024, order given, perhaps by these trials).",
        ),
    ],
)
def test_whether_it_was_shown_is_written(deletion, misplaced_text, attrs, written):
    figure = plot_deletion(with_attrs(deletion, **attrs))
    assert misplaced_text(figure) == []
    below = " ".join(" ".join(text.get_text() for text in figure.texts).split())
    assert written in below or written in " ".join(text.get_text() for text in reversed(figure.texts))


def test_given_axes_say_it_too_when_the_network_guesses(deletion):
    _, ax = plt.subplots()
    plot_deletion(with_attrs(deletion, above_chance="no"), ax=ax)
    assert ax.get_title() == "NOT ABOVE CHANCE"
