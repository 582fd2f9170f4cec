"""Bands of two networks beside each other."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from sincviz.plotting import plot_decisions, plot_filter_pairs


def pairs(**columns):
    band = {"measured_low_hz": 8.0, "measured_high_hz": 12.0, "peak_hz": 10.0}
    row = {"other_filter": 3, "overlap": 0.9, "map_similarity": 0.5, "peak_shift_hz": 1.0, **band}
    row |= {f"other_{name}": value + 1 for name, value in band.items()} | columns
    return pd.DataFrame([row], index=pd.Index([2], name="filter"))


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_peaks_bands_and_similarities_are_where_they_belong():
    figure = plot_filter_pairs(pairs(), ("before", "after"))
    left, right = figure.axes
    np.testing.assert_allclose(lines(left)["before"][:, 0], [10])
    np.testing.assert_allclose(lines(left)["after"][:, 0], [11])
    assert lines(left)["before"][0, 1] < lines(left)["after"][0, 1]
    segments = [collection.get_segments()[0][:, 0].tolist() for collection in left.collections[-2:]]
    assert segments == [[8, 12], [9, 13]]
    np.testing.assert_allclose(lines(right)["responses"][:, 0], [0.9])
    np.testing.assert_allclose(lines(right)["scalp maps"][:, 0], [0.5])
    assert [text.get_text() for text in left.get_yticklabels()] == ["2 · 3"]
    plt.close(figure)


def test_the_legend_names_no_maps_where_there_are_none_and_a_dash_stands_for_no_match():
    nothing = dict.fromkeys(("overlap", "map_similarity", "other_peak_hz"), np.nan)
    figure = plot_filter_pairs(pairs(other_filter=-1, **nothing))
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["2 · –"]
    assert "scalp maps" not in [text.get_text() for text in figure.legends[0].get_texts()]
    plt.close(figure)


@pytest.mark.parametrize("plot", [plot_filter_pairs, plot_decisions])
def test_two_names_are_needed_and_rows(plot):
    table = pairs().assign(correct=True, other_correct=True, margin=1.0, other_margin=1.0)
    before = plt.get_fignums()
    with pytest.raises(ValueError, match="names of both networks"):
        plot(table, ("one",))
    with pytest.raises(ValueError, match="is empty"):
        plot(table.iloc[:0])
    assert plt.get_fignums() == before


def test_every_trial_is_a_dot_of_its_kind():
    decisions = pd.DataFrame(
        {
            "correct": [True, True, False, False],
            "other_correct": [True, False, True, False],
            "margin": [1.0, 2.0, -1.0, -2.0],
            "other_margin": [0.5, -0.5, 1.5, -1.0],
        }
    )
    figure = plot_decisions(decisions, ("before", "after"))
    drawn = lines(figure.axes[0])
    assert drawn["both right: 1"].tolist() == [[1.0, 0.5]]
    assert drawn["only before: 1"].tolist() == [[2.0, -0.5]]
    assert drawn["only after: 1"].tolist() == [[-1.0, 1.5]]
    assert drawn["both wrong: 1"].tolist() == [[-2.0, -1.0]]
    plt.close(figure)
