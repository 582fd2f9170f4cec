"""Names beside points never run into one another, and what finds no room is counted."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from sincviz.plotting.canvas.point_labels import label_points
from sincviz.plotting.canvas.style import style


def labelled(places, names, limits=(0, 1)):
    figure = plt.figure(figsize=(2.5, 2.5))
    ax = figure.add_axes((0.15, 0.15, 0.8, 0.8))
    ax.set(xlim=limits, ylim=limits)
    return figure, ax, label_points(ax, places, names, np.array(places))


@pytest.mark.parametrize("seed", range(5))
def test_names_stay_apart_and_inside(seed, misplaced_text):
    places = [tuple(place) for place in np.random.default_rng(seed).uniform(0, 1, (15, 2))]
    with style():
        figure, ax, n_left_out = labelled(places, [f"FC{number}, alpha" for number in range(15)])
        assert [one for one in misplaced_text(figure) if "alpha" in one] == []
        room = ax.get_window_extent()
        boxes = [text.get_window_extent() for text in ax.texts if text.get_text()]
        assert all(room.x0 <= box.x0 and box.x1 <= room.x1 for box in boxes)
    assert len(boxes) == 15 - n_left_out


def test_points_in_one_place_do_not_all_find_room():
    with style():
        _, ax, n_left_out = labelled([(0.5, 0.5)] * 60, ["Cz, alpha"] * 60)
    assert 0 < n_left_out < 60
    assert len([text for text in ax.texts if text.get_text()]) == 60 - n_left_out


def test_a_name_that_is_wider_than_the_axes_is_left_out():
    with style():
        _, ax, n_left_out = labelled([(0.5, 0.5)], ["a name " * 20])
    assert (n_left_out, len(ax.texts)) == (1, 0)


def test_nothing_to_name_is_fine():
    with style():
        figure = plt.figure()
        assert label_points(figure.add_subplot(), [], [], np.empty((0, 2))) == 0
