"""Cards of clusters of units: a pattern, bands and people each."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection

from sincviz.plotting import plot_filter_dashboards


def axes_of(figure, label):
    (found,) = [ax for ax in figure.axes if ax.get_label() == label]
    return found


def line(ax, label):
    (found,) = [line for line in ax.lines if line.get_label() == label]
    return found


def test_one_card_per_stable_cluster(unit_clusters):
    figure = plot_filter_dashboards(unit_clusters())
    assert [ax.get_label() for ax in figure.axes if ax.get_label().startswith("people")] == [
        "people 0",
        "people 1",
    ]
    titles = [text.get_text() for text in figure.texts if "held by" in text.get_text()]
    assert titles[0] == "1: 8.0–12.0 Hz, strongest at C3; held by 4 of 6 people"
    assert any(text.get_text() == "stability 0.95, p = 0.005" for text in figure.texts)


def test_bands_of_people_and_their_mean_are_drawn(unit_clusters):
    clusters = unit_clusters()
    band = axes_of(plot_filter_dashboards(clusters), "band 0")
    (lines,) = [part for part in band.collections if isinstance(part, LineCollection)]
    drawn = np.array([piece[:, 0] for piece in lines.get_segments()])
    own = clusters.isel(cluster=0)
    known = np.isfinite(own["low_hz"].to_numpy())
    np.testing.assert_allclose(drawn[:, 0], own["low_hz"].to_numpy()[known])
    np.testing.assert_allclose(drawn[:, 1], own["high_hz"].to_numpy()[known])
    assert len(drawn) == 5


def test_people_stand_by_their_share_and_are_filled_if_they_hold_it(unit_clusters):
    people = axes_of(plot_filter_dashboards(unit_clusters()), "people 0")
    assert line(people, "held").get_xdata().tolist() == [0, 1, 2, 3]
    assert line(people, "held").get_ydata().tolist() == pytest.approx([0.3] * 4)
    assert line(people, "in fewer than half of the networks").get_xdata().tolist() == [4]
    assert line(people, "in fewer than half of the networks").get_markerfacecolor() == "white"
    assert line(people, "not found").get_xdata().tolist() == [5]


def test_names_of_people_are_below_the_last_card_where_there_is_room(unit_clusters):
    figure = plot_filter_dashboards(unit_clusters())
    names = [label.get_text() for label in axes_of(figure, "people 1").get_xticklabels()]
    assert names == [f"p{number}" for number in range(6)]
    many = plot_filter_dashboards(unit_clusters(n_people=60))
    assert axes_of(many, "people 1").get_xlabel() == "60 people"


def test_text_stands_apart(unit_clusters, misplaced_text):
    for clusters in (unit_clusters(), unit_clusters(n_people=60), unit_clusters().drop_vars(["x", "y", "z"])):
        assert misplaced_text(plot_filter_dashboards(clusters)) == []


def test_without_positions_channels_are_named(unit_clusters):
    figure = plot_filter_dashboards(unit_clusters().drop_vars(["x", "y", "z"]))
    assert axes_of(figure, "map 0").texts[0].get_text().splitlines()[0] == "C3"


def test_more_cards_than_fit_are_counted(unit_clusters):
    clusters = unit_clusters()
    many = xr.concat([clusters.isel(cluster=[0])] * 10, "cluster")
    figure = plot_filter_dashboards(many)
    assert sum(ax.get_label().startswith("map") for ax in figure.axes) == 8
    assert "2 more stable clusters not drawn." in " ".join(text.get_text() for text in figure.texts).replace(
        "\n", " "
    )


def test_what_cannot_be_drawn_is_said(unit_clusters):
    clusters = unit_clusters()
    with pytest.raises(ValueError, match="No cluster is stable"):
        plot_filter_dashboards(clusters.assign(stable=("cluster", [False] * 3)))
    with pytest.raises(ValueError, match=r"lack share, p\. Pass"):
        plot_filter_dashboards(clusters.drop_vars(["p", "share"]))
    with pytest.raises(TypeError, match=r"group\.unit_clusters"):
        plot_filter_dashboards(3)
