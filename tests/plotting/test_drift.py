"""The filters' energy before and after training, and the change with its interval."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from sincviz.plotting import plot_drift


def line(ax, label):
    (found,) = [line for line in ax.lines if line.get_label() == label]
    return found


def segments(ax):
    (part,) = [part for part in ax.collections if isinstance(part, LineCollection)]
    return np.array([piece[:, 0] for piece in part.get_segments()])


def below(figure):
    return " ".join(text.get_text() for text in sorted(figure.texts, key=lambda one: -one.get_position()[1]))


def with_conditions(drift, *names):
    """The same table for each condition, attrs kept."""
    table = pd.concat(dict.fromkeys(names, drift), names=["condition"])
    table.attrs = drift.attrs
    return table


def test_dots_before_and_after_are_joined(drift):
    table = drift()
    left = plot_drift(table).axes[0]
    np.testing.assert_array_equal(line(left, "before training").get_xdata(), table["before"])
    np.testing.assert_array_equal(line(left, "after training").get_xdata(), table["after"])
    np.testing.assert_array_equal(segments(left), table[["before", "after"]])
    assert [text.get_text() for text in left.get_yticklabels()] == list(table.index)


def test_changes_have_intervals_and_are_filled_where_p_is_small(drift):
    table = drift()
    right = plot_drift(table).axes[1]
    np.testing.assert_array_equal(segments(right), table[["ci_low", "ci_high"]])
    sure = table["p"] <= 0.05
    for label, chosen in (("p ≤ 0.05", sure), ("p > 0.05", ~sure)):
        np.testing.assert_array_equal(line(right, label).get_xdata(), table["change"][chosen])
        np.testing.assert_array_equal(line(right, label).get_ydata(), np.flatnonzero(chosen))
    assert line(right, "p > 0.05").get_markerfacecolor() == "white"
    assert line(right, "p ≤ 0.05").get_markerfacecolor() != "white"


def test_p_stands_beside_each_band(drift):
    table = drift()
    texts = [text.get_text() for text in plot_drift(table).axes[1].texts]
    assert texts == ["p < 0.001" if p < 0.001 else f"p = {p:.2g}" for p in table["p"]]


def test_alpha_of_the_table_counts(drift):
    table = drift()
    table.attrs["alpha"] = 0.0001
    right = plot_drift(table).axes[1]
    assert len(line(right, "p > 0.0001").get_xdata()) == len(table)
    assert not any("≤" in str(line.get_label()) for line in right.lines)


def test_a_band_without_a_test_has_no_p(drift, misplaced_text):
    table = drift()
    table.loc["beta", ["ci_low", "ci_high", "p"]] = np.nan
    figure = plot_drift(table)
    assert misplaced_text(figure) == []
    right = figure.axes[1]
    assert [text.get_text() for text in right.texts][3] == ""
    np.testing.assert_array_equal(line(right, "no test").get_ydata(), [3])
    assert 3 not in line(right, "p > 0.05").get_ydata()


def test_shares_are_written_in_percent(drift):
    figure = plot_drift(drift())
    figure.canvas.draw()
    left, right = figure.axes
    low, high = left.get_xlim()
    shown = [text.get_text() for text in left.get_xticklabels() if low <= text.get_position()[0] <= high]
    assert shown[:3] == ["0", "5", "10"]
    assert low == 0
    assert any("−" in text.get_text() for text in right.get_xticklabels())
    assert (left.get_xlabel(), right.get_xlabel()) == (
        "Share of the filters' energy (%)",
        "Change (percentage points)",
    )


def test_one_condition_is_named_and_several_are_refused(drift):
    figure = plot_drift(with_conditions(drift(), "rest"))
    assert "Condition: rest. Mean over 10 subjects" in below(figure)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == list(drift().index)
    plt.close(figure)
    with pytest.raises(ValueError, match=r"got rest, movement. Choose one: `drift.loc\['rest'\]`"):
        plot_drift(with_conditions(drift(), "rest", "movement"))
    assert plt.get_fignums() == []


def test_long_names_are_legible(drift, misplaced_text):
    assert misplaced_text(plot_drift(drift(("delta", "outside of all the named bands", "a" * 50)))) == []


def test_other_tables_are_refused(drift):
    with pytest.raises(ValueError, match="lacks after, p; it must have a row per band"):
        plot_drift(drift().drop(columns=["p", "after"]))
    with pytest.raises(ValueError, match="is empty"):
        plot_drift(drift().iloc[:0])
    assert plt.get_fignums() == []
