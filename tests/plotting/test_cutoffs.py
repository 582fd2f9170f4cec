"""The history of the cut-offs shows where each filter went, in one colour from panel to panel."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import same_color, to_rgb

from sincviz.networks.cutoff_table import cutoff_table
from sincviz.plotting import plot_cutoff_history


@pytest.fixture(scope="module")
def history():
    """So many filters over so many epochs, moving slowly."""

    def build(n_filters, n_epochs):
        epoch = np.linspace(0, 3, n_epochs)[:, None]
        number = np.arange(n_filters)
        low = 6 + number + np.sin(epoch + number)
        return cutoff_table(np.stack([low, low + 4 + np.cos(2 * epoch + number)], 2))

    return build


def test_lines_are_those_of_the_table(history):
    table = history(3, 5)
    centres, widths = plot_cutoff_history(table).axes
    for ax, column in ((centres, "center_hz"), (widths, "bandwidth_hz")):
        assert sorted(line.get_label() for line in ax.lines) == ["filter 0", "filter 1", "filter 2"]
        for line in ax.lines:
            own = table[table["filter"] == int(line.get_label().split()[1])]
            np.testing.assert_array_equal(line.get_xdata(), own["epoch"])
            np.testing.assert_array_equal(line.get_ydata(), own[column])


def test_axes_are_labelled_with_units(history):
    axes = plot_cutoff_history(history(2, 3)).axes
    assert [ax.get_ylabel() for ax in axes] == ["Centre (Hz)", "Width (Hz)"]
    assert {ax.get_xlabel() for ax in axes} == {"Epoch (0: before training)"}


def test_frequencies_begin_at_zero_and_epochs_fill_the_width(history):
    for ax in plot_cutoff_history(history(2, 5)).axes:
        bottom, top = ax.get_ylim()
        assert bottom == 0
        assert top > max(line.get_ydata().max() for line in ax.lines)
        assert ax.get_xlim() == (0, 4)


@pytest.mark.parametrize("n_epochs", [2, 3, 50])
def test_epochs_are_whole_numbers(history, n_epochs):
    for ax in plot_cutoff_history(history(2, n_epochs)).axes:
        assert all(float(tick).is_integer() for tick in ax.get_xticks())


def test_a_filter_has_the_same_colour_in_both_panels_and_none_shares_it(history):
    centres, widths = (
        {line.get_label(): to_rgb(line.get_color()) for line in ax.lines}
        for ax in plot_cutoff_history(history(5, 3)).axes
    )
    assert centres == widths
    assert len(set(centres.values())) == 5


def test_colours_tell_where_a_filter_began_not_its_number():
    numbered = cutoff_table([[[6, 10], [20, 24]], [[7, 11], [22, 26]]])
    backwards = numbered.assign(filter=1 - numbered["filter"])
    low, high = (
        {line.get_label(): line.get_color() for line in plot_cutoff_history(table).axes[0].lines}
        for table in (numbered, backwards)
    )
    assert same_color(low["filter 0"], high["filter 1"])
    assert same_color(low["filter 1"], high["filter 0"])


def test_one_epoch_is_drawn_as_points(history):
    for ax in plot_cutoff_history(history(3, 1)).axes:
        assert [line.get_marker() for line in ax.lines] == ["o"] * 3
        assert list(ax.get_xticks()) == [0]


def test_epochs_without_numbers_leave_a_gap(history):
    table = history(2, 4)
    table.loc[table["epoch"] == 2, ["center_hz", "bandwidth_hz"]] = np.nan
    lines = plot_cutoff_history(table).axes[0].lines
    assert [list(np.isnan(line.get_ydata())) for line in lines] == [[False, False, True, False]] * 2


@pytest.mark.parametrize(("n_filters", "n_epochs"), [(1, 1), (1, 2), (32, 50), (64, 300)])
def test_no_text_leaves_the_canvas_or_runs_into_another(history, misplaced_text, n_filters, n_epochs):
    assert misplaced_text(plot_cutoff_history(history(n_filters, n_epochs))) == []


def test_drawing_into_given_axes_makes_no_figure(history):
    figure, axes = plt.subplots(2, 1)
    assert plot_cutoff_history(history(2, 3), axes) is figure
    assert plt.get_fignums() == [figure.number]
    assert [len(ax.lines) for ax in axes] == [2, 2]


@pytest.mark.parametrize("n_axes", [1, 3])
def test_other_than_two_axes_are_refused_before_anything_is_drawn(history, n_axes):
    _, axes = plt.subplots(1, n_axes)
    with pytest.raises(ValueError, match=f"must be two axes, for centres and widths; got {n_axes}"):
        plot_cutoff_history(history(2, 3), axes)
    assert not any(ax.lines for ax in np.atleast_1d(axes))


def test_a_table_without_a_column_is_refused_by_name(history):
    with pytest.raises(ValueError, match="lacks bandwidth_hz, epoch; pass what `cutoff_history` returned"):
        plot_cutoff_history(history(2, 3).drop(columns=["epoch", "bandwidth_hz"]))


def test_an_empty_table_is_refused(history):
    with pytest.raises(ValueError, match="is empty"):
        plot_cutoff_history(history(2, 3).iloc[:0])
    assert plt.get_fignums() == []
