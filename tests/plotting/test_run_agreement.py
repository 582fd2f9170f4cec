"""The agreement of runs is a matrix, with lines between subjects and their names along both sides."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection, QuadMesh

from sincviz.plotting import plot_run_agreement


def below(figure):
    return " ".join(text.get_text() for text in sorted(figure.texts, key=lambda one: -one.get_position()[1]))


def between(ax):
    """Where lines lie, upright and flat."""
    parts = [part for part in ax.collections if isinstance(part, LineCollection)]
    pieces = [piece for part in parts for piece in part.get_segments()]
    upright = sorted(piece[0, 0] for piece in pieces if piece[0, 0] == piece[1, 0])
    return upright, sorted(piece[0, 1] for piece in pieces if piece[0, 1] == piece[1, 1])


def names(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


def test_cells_are_the_correlations_on_the_scale_from_minus_one_to_one(agreement):
    runs = agreement()
    figure = plot_run_agreement(runs)
    (mesh,) = [part for part in figure.axes[0].collections if isinstance(part, QuadMesh)]
    np.testing.assert_array_equal(mesh.get_array(), runs)
    assert mesh.get_clim() == (-1, 1)
    assert figure.axes[1].get_xlim() == (-1, 1)
    assert figure.axes[1].get_xlabel() == "Rank correlation"


def test_the_first_run_is_at_the_upper_left(agreement):
    ax = plot_run_agreement(agreement()).axes[0]
    assert ax.get_xlim() == (-0.5, 49.5)
    assert ax.get_ylim() == (49.5, -0.5)


def test_lines_are_where_the_subject_changes(agreement):
    runs = agreement(4, 3).isel(run=slice(1, None), other_run=slice(1, None))  # the first has two
    upright, flat = between(plot_run_agreement(runs).axes[0])
    assert upright == flat == [1.5, 4.5, 7.5]


def test_names_stand_at_the_middle_of_each_subject_on_both_sides(agreement):
    ax = plot_run_agreement(agreement()).axes[0]
    for axis in (ax.xaxis, ax.yaxis):
        assert names(axis) == [f"S{number:02d}" for number in range(10)]
        assert list(axis.get_ticklocs()) == [5 * number + 2 for number in range(10)]


def test_subjects_may_stand_in_any_order_and_come_again(agreement):
    runs = agreement(3, 2).isel(run=[4, 5, 0, 1, 2, 3, 4, 5], other_run=[4, 5, 0, 1, 2, 3, 4, 5])
    figure = plot_run_agreement(runs)
    assert names(figure.axes[0].yaxis) == ["S02", "S00", "S01", "S02"]
    assert "8 runs of 3 subjects" in below(figure)


@pytest.mark.parametrize(
    ("n_subjects", "n_runs"), [(1, 1), (1, 2), (2, 1), (10, 5), (40, 5), (200, 1), (1, 200)]
)
def test_few_and_many_runs_are_legible(agreement, misplaced_text, n_subjects, n_runs):
    figure = plot_run_agreement(agreement(n_subjects, n_runs))
    assert misplaced_text(figure) == []
    assert figure.get_figheight() * 25.4 < 240
    shown = names(figure.axes[0].yaxis)
    assert shown[0] == "S00"
    assert ("not all are named" in below(figure)) == (len(shown) < n_subjects)


def test_what_is_not_known_is_grey_and_said(agreement):
    runs = agreement(3, 2)
    assert "Grey" not in below(plot_run_agreement(runs))
    runs[1] = np.nan
    figure = plot_run_agreement(runs)
    (mesh,) = [part for part in figure.axes[0].collections if isinstance(part, QuadMesh)]
    assert np.ma.getmaskarray(mesh.get_array())[1].all()
    assert "Grey: no correlation" in below(figure)


def test_other_arrays_are_refused(agreement):
    runs = agreement(2, 2)
    for wrong in (runs.T, runs.isel(run=0), runs.isel(run=[])):
        with pytest.raises(
            ValueError, match=r"must have the dimensions \(run, other_run\) .* Pass what `run_agreement`"
        ):
            plot_run_agreement(wrong)
    with pytest.raises(ValueError, match="a coordinate `subject`; got other_subject"):
        plot_run_agreement(runs.drop_vars("subject"))
    assert plt.get_fignums() == []
