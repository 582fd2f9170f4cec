"""Filters found again in other networks: their overlap with its lowest and chance, and where their peaks lie."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection

from sincviz.plotting import plot_filter_stability


def points(ax, label):
    (line,) = [line for line in ax.lines if line.get_label() == label]
    return line.get_xdata(), line.get_ydata()


def ranges(ax, label):
    (part,) = [
        part for part in ax.collections if part.get_label() == label and isinstance(part, LineCollection)
    ]
    return np.array([piece[:, 0] for piece in part.get_segments()])


def below(figure):
    return " ".join(text.get_text() for text in sorted(figure.texts, key=lambda one: -one.get_position()[1]))


def test_points_are_the_overlaps_in_the_order_of_the_table(stability):
    table = stability()
    left = plot_filter_stability(table).axes[0]
    for label, column in (
        ("matched filters", "overlap"),
        ("any two filters (chance)", "chance_overlap"),
        ("matched scalp patterns", "pattern_similarity"),
    ):
        x, rows = points(left, label)
        np.testing.assert_array_equal(x, table[column])
        np.testing.assert_array_equal(rows, np.arange(8))
    assert [text.get_text() for text in left.get_yticklabels()] == [str(name) for name in table.index]
    assert left.get_ylim()[0] > left.get_ylim()[1]  # the first filter on top


def test_a_line_goes_down_to_the_lowest_overlap(stability):
    table = stability()
    found = ranges(plot_filter_stability(table).axes[0], "down to the lowest match")
    np.testing.assert_array_equal(found, table[["lowest_overlap", "overlap"]])


def test_peaks_have_their_range_on_the_frequency_axis(stability):
    table = stability()
    right = plot_filter_stability(table).axes[1]
    np.testing.assert_array_equal(points(right, "median peak")[0], table["peak_hz"])
    np.testing.assert_array_equal(ranges(right, "5–95 % of networks"), table[["peak_low_hz", "peak_high_hz"]])
    assert right.get_xlabel() == "Frequency (Hz)"
    assert right.get_xlim()[1] > table["peak_high_hz"].max()


def test_without_patterns_nothing_speaks_of_them(stability):
    figure = plot_filter_stability(stability(patterns=False))
    assert not any("pattern" in text.get_text() for text in figure.legends[0].get_texts())
    assert "attern" not in below(figure)
    figure = plot_filter_stability(stability())
    assert any("pattern" in text.get_text() for text in figure.legends[0].get_texts())


@pytest.mark.parametrize("n_filters", [1, 4, 32])
def test_few_and_many_filters_are_legible(stability, misplaced_text, n_filters):
    assert misplaced_text(plot_filter_stability(stability(n_filters))) == []


def test_networks_are_counted(stability):
    table = stability()
    assert "means over 50 other networks" in below(plot_filter_stability(table))
    table.loc[2, "n_runs"] = 31
    assert "means over up to 50 other networks" in below(plot_filter_stability(table))


def test_filters_that_are_never_found_have_a_row_without_points(stability, misplaced_text):
    table = stability(4).astype(float)
    table.iloc[1, :-1] = np.nan
    table.iloc[1, -1] = 0
    figure = plot_filter_stability(table)
    assert misplaced_text(figure) == []
    assert np.isnan(points(figure.axes[0], "matched filters")[0]).tolist() == [False, True, False, False]
    assert len(figure.axes[0].get_yticklabels()) == 4


def test_without_any_peak_the_axis_is_finite(stability):
    figure = plot_filter_stability(
        stability(2).assign(peak_hz=np.nan, peak_low_hz=np.nan, peak_high_hz=np.nan)
    )
    assert np.isfinite(figure.axes[1].get_xlim()).all()


def test_other_tables_are_refused(stability):
    with pytest.raises(ValueError, match="lacks overlap; pass what `filter_stability` returned"):
        plot_filter_stability(stability().drop(columns="overlap"))
    with pytest.raises(ValueError, match="is empty"):
        plot_filter_stability(stability().iloc[:0])
    assert plt.get_fignums() == []
