"""The figure of sensitivity: accuracy with intervals, bands in stacks, agreement, one row for each training."""

import numpy as np
import pytest

from sincviz import plotting


@pytest.fixture
def table(sensitivity):
    return sensitivity()


def lines_called(ax, label):
    return [line for line in ax.lines if line.get_label() == label]


def test_accuracies_with_intervals_filled_where_they_changed(table):
    ax = plotting.plot_sensitivity(table).axes[0]
    (changed,), (rest,) = lines_called(ax, "_changed"), lines_called(ax, "_not shown to change")
    assert (changed.get_xdata().tolist(), changed.get_ydata().tolist()) == ([0.52], [1])
    assert rest.get_xdata().tolist() == [0.84, 0.8]
    assert rest.get_markerfacecolor() == "white"
    np.testing.assert_allclose(
        [s[:, 0] for s in ax.collections[0].get_segments()], table[["ci_low", "ci_high"]]
    )
    assert lines_called(ax, "_as trained")[0].get_xdata()[0] == 0.84
    assert lines_called(ax, "_chance")[0].get_xdata()[0] == 0.5
    assert [label.get_text() for label in ax.get_yticklabels()] == list(table.index)
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_bands_are_stacked_from_the_lowest_and_pale_at_chance(table):
    figure = plotting.plot_sensitivity(table)
    ax = figure.axes[1]
    names = [container.get_label() for container in ax.containers]
    assert names == ["below 1 Hz", "delta", "alpha"]
    widths = np.array([[bar.get_width() for bar in container] for container in ax.containers])
    np.testing.assert_allclose(widths, table[["share_other", "share_delta", "share_alpha"]].T)
    np.testing.assert_allclose([bar.get_x() for bar in ax.containers[2]], [0.7, 0.4, 0.3])
    assert [bar.get_alpha() for bar in ax.containers[0]] == [1.0, 0.3, 1.0]
    (dot,) = lines_called(ax, "_changed")
    assert dot.get_ydata()[0] == 2
    assert [text.get_text() for text in figure.legends[0].get_texts()] == names


def test_agreement_has_the_line_of_the_seeds(table):
    ax = plotting.plot_sensitivity(table).axes[2]
    drawn = {y: x for line in ax.lines[1:] for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)}
    assert [drawn[row] for row in range(3)] == [0.9, 0.1, 0.5]
    assert ax.lines[0].get_xdata()[0] == 0.9


def test_missing_values_leave_gaps(table):
    table.loc["high-pass at 4 Hz", ["agreement", "share_delta", "share_alpha", "share_other"]] = np.nan
    plotting.plot_sensitivity(table).canvas.draw()


def test_what_cannot_be_drawn_is_refused(table):
    with pytest.raises(ValueError, match="lacks agreement"):
        plotting.plot_sensitivity(table.drop(columns="agreement"))
    with pytest.raises(ValueError, match="lacks the shares of bands"):
        plotting.plot_sensitivity(table.drop(columns=["share_delta", "share_alpha", "share_other"]))
    with pytest.raises(ValueError, match="no rows"):
        plotting.plot_sensitivity(table.iloc[:0])
    with pytest.raises(
        TypeError, match=r"sincviz\.inspect\(model, epochs, sensitivity=training\)\.sensitivity"
    ):
        plotting.plot_sensitivity(np.zeros(3))
