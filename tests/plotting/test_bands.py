"""The picture of the bands shows the table, all of it, legibly."""

import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import same_color, to_rgb

from sincviz import learned_bands
from sincviz.plotting import plot_bands

NOMINAL, MEASURED, PEAK, INITIAL = (
    "nominal (as written)",
    "measured (−3 dB)",
    "measured peak",
    "before training",
)
NUMBERS = ["low_hz", "high_hz", "center_hz", "bandwidth_hz", "initial_low_hz", "initial_high_hz"]


@pytest.fixture(scope="module")
def table(network, moved):
    """The bands of a network with so many filters, moved as by training."""

    def build(n_filters, **settings):
        wide = {"sfreq": 250, "n_times": 500, "time_filter_len": 65}
        return learned_bands(moved(network(num_time_filters=n_filters, **(wide | settings)), seed=n_filters))

    return build


@pytest.fixture(scope="module")
def free(table):
    """The bands of filters without cut-offs."""
    bands = table(4)
    bands[NUMBERS] = np.nan
    return bands


def artist(ax, label):
    """The one artist, or container of artists, with a label."""
    (found,) = [part for part in (*ax.containers, *ax.collections, *ax.lines) if part.get_label() == label]
    return found


def spans_of_bars(ax, label):
    return np.array([[bar.get_x(), bar.get_x() + bar.get_width()] for bar in artist(ax, label)])


def names_of_rhythms(ax):
    return [text.get_text() for text in ax.texts]


def test_bars_lines_and_points_are_those_of_the_table(table):
    bands = table(4)
    ax = plot_bands(bands).axes[0]
    np.testing.assert_allclose(spans_of_bars(ax, NOMINAL), bands[["low_hz", "high_hz"]])
    np.testing.assert_allclose(spans_of_bars(ax, INITIAL), bands[["initial_low_hz", "initial_high_hz"]])
    segments = np.array(artist(ax, MEASURED).get_segments())
    np.testing.assert_allclose(segments[:, :, 0], bands[["measured_low_hz", "measured_high_hz"]])
    np.testing.assert_allclose(artist(ax, PEAK).get_xdata(), bands["peak_hz"])


def test_everything_of_a_filter_lies_on_its_row(table):
    ax = plot_bands(table(4)).axes[0]
    rows = np.arange(4)
    for label in (NOMINAL, INITIAL):
        middles = [bar.get_y() + bar.get_height() / 2 for bar in artist(ax, label)]
        np.testing.assert_allclose(middles, rows)
    np.testing.assert_allclose(np.array(artist(ax, MEASURED).get_segments())[:, :, 1], rows[:, None] * [1, 1])
    np.testing.assert_allclose(artist(ax, PEAK).get_ydata(), rows)
    assert ax.yaxis_inverted()


def test_rows_bear_the_names_of_the_filters(table):
    chosen = table(8).loc[[6, 1, 3]]
    ax = plot_bands(chosen).axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["6", "1", "3"]


def test_axes_are_labelled_with_units(table):
    ax = plot_bands(table(4)).axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Frequency (Hz)", "Filter")


def test_the_legend_explains_every_artist_once(table):
    (legend,) = plot_bands(table(4)).legends
    assert sorted(text.get_text() for text in legend.get_texts()) == sorted(
        [NOMINAL, MEASURED, PEAK, INITIAL]
    )


@pytest.mark.parametrize("n_filters", [1, 4, 32, 64])
def test_the_limits_contain_everything(table, n_filters):
    bands = table(n_filters)
    ax = plot_bands(bands).axes[0]
    left, right = ax.get_xlim()
    values = bands.select_dtypes(float).drop(columns=["in_band_energy", "bandwidth_hz"])
    assert left == 0
    assert values.to_numpy().max() < right
    bottom, top = sorted(ax.get_ylim())
    edges = [edge for bar in artist(ax, INITIAL) for edge in (bar.get_y(), bar.get_y() + bar.get_height())]
    assert bottom < min(edges) < max(edges) < top


@pytest.mark.parametrize(
    ("n_filters", "settings"),
    [
        (1, {}),
        (4, {}),
        (32, {}),
        (64, {}),
        (32, {"freq_stride": 3.5}),
        (64, {"freq_stride": 3.5, "sfreq": 500}),
    ],
)
def test_no_text_leaves_the_canvas_or_runs_into_another(table, misplaced_text, n_filters, settings):
    assert misplaced_text(plot_bands(table(n_filters, **settings))) == []


def test_rhythms_are_shaded_and_named_in_their_bands(table):
    ax = plot_bands(table(32)).axes[0]
    right = ax.get_xlim()[1]
    expected = {"delta": (1, 4), "theta": (4, 8), "alpha": (8, 13), "beta": (13, 30), "gamma": (30, right)}
    assert names_of_rhythms(ax) == list(expected)
    for text, (low, high) in zip(ax.texts, expected.values(), strict=True):
        assert text.xy[0] == pytest.approx((low + high) / 2)
    bars = {bar for container in ax.containers for bar in container}
    shades = [patch for patch in ax.patches if patch not in bars]
    spans = [(shade.get_x(), shade.get_x() + shade.get_width()) for shade in shades]
    np.testing.assert_allclose(spans, list(expected.values()))
    assert all(shade.get_zorder() < 1 for shade in shades)
    assert not any(
        same_color(one.get_facecolor(), next_.get_facecolor()) for one, next_ in itertools.pairwise(shades)
    )


def test_the_users_own_rhythms_are_shown(network):
    bands = learned_bands(network(), bands={"mu": (8, 13), "low beta": (13, 20), "far away": (60, 63)})
    assert names_of_rhythms(plot_bands(bands).axes[0]) == ["mu", "low beta"]


def test_a_table_read_from_a_file_is_drawn_over_the_usual_rhythms(table):
    bands = table(4)
    bands.attrs = {}
    assert names_of_rhythms(plot_bands(bands).axes[0])[:3] == ["delta", "theta", "alpha"]


def test_free_filters_are_drawn_without_nominal_bands(free, misplaced_text):
    figure = plot_bands(free)
    ax = figure.axes[0]
    assert NOMINAL not in ax.get_legend_handles_labels()[1]
    assert np.isfinite(np.array(artist(ax, MEASURED).get_segments())).all()
    assert ax.get_xlim()[1] > free["measured_high_hz"].max()
    assert misplaced_text(figure) == []


def test_drawing_into_given_axes_makes_no_figure(table, misplaced_text):
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    assert plot_bands(table(4), ax=right) is figure
    assert plt.get_fignums() == [figure.number]
    assert not left.has_data()
    assert right.has_data()
    assert right.get_legend() is not None
    assert misplaced_text(figure) == []


def test_a_new_figure_is_as_wide_as_two_columns_of_print(table):
    width, height = plot_bands(table(4)).get_size_inches()
    assert width * 25.4 == pytest.approx(178)
    assert height < plot_bands(table(32)).get_size_inches()[1]


def test_the_users_settings_and_the_table_are_left_alone(table):
    bands = table(4)
    before, settings = bands.copy(), dict(mpl.rcParams)
    plot_bands(bands)
    assert dict(mpl.rcParams) == settings
    assert bands.equals(before)


def test_the_users_settings_do_not_change_the_picture(table):
    bands = table(4)
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        ax = plot_bands(bands).axes[0]
    assert ax.xaxis.label.get_size() == 8
    assert to_rgb(ax.get_facecolor()) == (1, 1, 1)


def test_nothing_is_shown_unasked(table, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *_, **__: pytest.fail("the figure was shown"))
    plot_bands(table(1))


def test_a_table_without_a_column_is_refused_by_name(table):
    with pytest.raises(ValueError, match="lacks the columns measured_low_hz, peak_hz"):
        plot_bands(table(4).drop(columns=["peak_hz", "measured_low_hz"]))


def test_an_empty_table_is_refused(table):
    with pytest.raises(ValueError, match="no filters"):
        plot_bands(table(4).iloc[:0])
    assert plt.get_fignums() == []


def test_axes_of_a_subfigure_give_the_whole_figure(table):
    figure = plt.figure()
    left, _ = figure.subfigures(1, 2)
    assert plot_bands(table(4), left.subplots()) is figure


def test_the_legend_names_nothing_that_is_not_known(table, free):
    unknown = table(4).assign(initial_low_hz=np.nan, initial_high_hz=np.nan)
    _, names = plot_bands(unknown).axes[0].get_legend_handles_labels()
    assert "before training" not in names
    assert "nominal (as written)" in names
    _, names = plot_bands(free).axes[0].get_legend_handles_labels()
    assert sorted(names) == ["measured (−3 dB)", "measured peak"]
