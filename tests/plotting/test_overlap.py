"""The picture of the overlap shows every pair of filters on a scale from nothing to everything."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import QuadMesh
from matplotlib.colors import same_color

from sincviz.filters import filter_overlap
from sincviz.plotting import plot_overlap
from sincviz.plotting.canvas.style import NO_OUTPUT


@pytest.fixture(scope="module")
def overlap():
    """An overlap of so many filters, smaller the farther they are apart."""

    def build(n_filters):
        number = np.arange(n_filters)
        values = np.exp(-np.abs(number[:, None] - number) / 3)
        coords = {"filter": number, "other_filter": number}
        return xr.DataArray(values, coords, ("filter", "other_filter"), name="filter_overlap")

    return build


def mesh(figure):
    """The coloured cells; the colour bar has its own."""
    (found,) = [part for part in figure.axes[0].collections if isinstance(part, QuadMesh)]
    return found


def names(labels):
    return [label.get_text() for label in labels]


def test_every_cell_has_the_overlap_of_its_two_filters(network):
    measured = filter_overlap(network())
    np.testing.assert_array_equal(mesh(plot_overlap(measured)).get_array(), measured)


def test_the_scale_goes_from_zero_to_one_whatever_the_values(overlap):
    figure = plot_overlap(0.4 * overlap(4))
    assert mesh(figure).get_clim() == (0, 1)
    bar = figure.axes[1]
    assert bar.get_ylabel() == "Overlap of responses"
    assert list(bar.get_yticks()) == [0, 0.5, 1]


def test_the_first_filter_is_at_the_top_left(overlap):
    ax = plot_overlap(overlap(4)).axes[0]
    assert ax.yaxis_inverted()
    assert not ax.xaxis_inverted()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Filter", "Filter")


def test_cells_are_square_and_their_middle_is_the_filter(overlap):
    ax = plot_overlap(overlap(3)).axes[0]
    assert ax.get_aspect() == 1
    assert list(ax.get_xticks()) == [0, 1, 2]
    assert ax.get_xlim() == (-0.5, 2.5)


def test_filters_that_were_chosen_keep_their_numbers(overlap):
    chosen = overlap(8).isel(filter=[6, 1, 3], other_filter=[6, 1, 3])
    ax = plot_overlap(chosen).axes[0]
    assert names(ax.get_xticklabels()) == names(ax.get_yticklabels()) == ["6", "1", "3"]


@pytest.mark.parametrize("n_filters", [1, 2, 12, 13, 23, 24, 32, 64, 101, 128])
def test_numbers_do_not_run_into_one_another(overlap, misplaced_text, n_filters):
    figure = plot_overlap(overlap(n_filters))
    assert misplaced_text(figure) == []
    labels = names(figure.axes[0].get_xticklabels())
    assert labels[0] == "0"
    assert min(n_filters, 7) <= len(labels) <= 12


def test_a_filter_without_output_is_grey_not_white(overlap):
    dead = overlap(3).where(overlap(3)["filter"] != 1)
    cells = mesh(plot_overlap(dead))
    assert np.ma.getmaskarray(cells.get_array())[1].all()
    assert same_color(cells.cmap.get_bad(), NO_OUTPUT)
    assert not same_color(cells.cmap(0.0), NO_OUTPUT)


def test_drawing_into_given_axes_makes_no_figure(overlap):
    figure, (left, right) = plt.subplots(1, 2)
    assert plot_overlap(overlap(3), right) is figure
    assert plt.get_fignums() == [figure.number]
    assert right.has_data()
    assert not left.has_data()


def test_cells_are_pixels_in_a_file_of_lines(overlap):
    assert mesh(plot_overlap(overlap(3))).get_rasterized()


@pytest.mark.parametrize(
    "change",
    [
        lambda overlap: overlap.isel(filter=0),
        lambda overlap: overlap.transpose(),
        lambda overlap: overlap.isel(filter=[]),
    ],
    ids=["one filter", "turned", "empty"],
)
def test_other_arrays_are_refused(overlap, change):
    with pytest.raises(ValueError, match="Pass what `filter_overlap` returned"):
        plot_overlap(change(overlap(3)))
    assert plt.get_fignums() == []
