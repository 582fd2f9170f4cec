"""The responses show each filter's own curve with both of its bands, one by one, in one axis and as a whole."""

from dataclasses import replace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from sincviz import filter_response
from sincviz.networks import front_end
from sincviz.plotting import plot_cumulative_response, plot_responses

NOMINAL, CURVE, MEASURED = "nominal band (as written)", "response of the kernel", "measured band (−3 dB)"
EDGES = ("nominal edges", "measured edges (−3 dB)")
EACH, ALL = "each filter", "all filters together"


@pytest.fixture(scope="module")
def response(network, moved):
    """The responses of a network with so many filters, moved as by training."""

    def build(n_filters, **settings):
        wide = {"sfreq": 250, "n_times": 500, "time_filter_len": 65}
        return filter_response(
            moved(network(num_time_filters=n_filters, **(wide | settings)), seed=n_filters)
        )

    return build


@pytest.fixture(scope="module")
def free(response):
    """The responses of filters without cut-offs."""
    filter_responses = response(4)
    nothing = ("filter", np.full(4, np.nan))
    return filter_responses.assign_coords(low_hz=nothing, high_hz=nothing)


@pytest.fixture(scope="module")
def silent(network):
    """The responses of four free filters, some without output."""

    def build(*numbers):
        parts = front_end(network(n_times=500, sfreq=250, time_filter_len=65))
        kernels = parts.kernels.clone()
        kernels[list(numbers)] = 0
        return filter_response(replace(parts, kernels=kernels, cutoffs=None, initial_cutoffs=None))

    return build


def edges(ax, label):
    """The frequencies of the short lines with a label."""
    (filter_responses,) = [part for part in ax.collections if part.get_label() == label]
    return sorted(segment[0, 0] for segment in filter_responses.get_segments())


def lines(ax):
    return {line.get_label(): line for line in ax.lines}


def test_every_panel_shows_the_curve_and_the_bands_of_its_filter(response):
    filter_responses = response(4)
    axes = plot_responses(filter_responses).axes
    assert len(axes) == 4
    for ax, filter_ in zip(axes, filter_responses["filter"].values, strict=True):
        one = filter_responses.sel(filter=filter_)
        drawn = lines(ax)
        np.testing.assert_array_equal(drawn[CURVE].get_xdata(), one.frequency)
        np.testing.assert_array_equal(drawn[CURVE].get_ydata(), one.magnitude_db)
        np.testing.assert_allclose(drawn[MEASURED].get_xdata(), [one.measured_low_hz, one.measured_high_hz])
        np.testing.assert_array_equal(drawn[MEASURED].get_ydata(), [-3, -3])
        (shade,) = ax.patches
        assert shade.get_label() == NOMINAL
        span = [shade.get_x(), shade.get_x() + shade.get_width()]
        np.testing.assert_allclose(span, [one.low_hz, one.high_hz])


def test_frequencies_keep_clear_of_the_next_panel(response):
    for n_filters, stride in ((4, 1.0), (8, 10.0)):
        for ax in plot_responses(response(n_filters, freq_stride=stride)).axes:
            assert ax.get_xticks()[0] == 0
            assert 0.4 * ax.get_xlim()[1] < ax.get_xticks()[-1] <= 0.9 * ax.get_xlim()[1]


def test_titles_name_the_filter_and_its_band(response):
    filter_responses = response(8).sel(filter=[5, 2])
    titles = [ax.get_title() for ax in plot_responses(filter_responses).axes]
    low, high = float(filter_responses.low_hz[0]), float(filter_responses.high_hz[0])
    assert titles[0] == f"filter 5: {low:.1f}–{high:.1f} Hz"
    assert titles[1].startswith("filter 2: ")


def test_axes_are_labelled_with_units(response):
    figure = plot_responses(response(4))
    assert figure.get_supxlabel() == "Frequency (Hz)"
    assert figure.get_supylabel() == "Magnitude (dB re peak)"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [NOMINAL, CURVE, MEASURED]


@pytest.mark.parametrize("n_filters", [1, 8])
def test_the_limits_contain_both_bands_and_the_top_of_the_curve(response, n_filters):
    filter_responses = response(n_filters)
    axes = plot_responses(filter_responses).axes
    assert len(axes) == n_filters
    edges = max(float(filter_responses.high_hz.max()), float(filter_responses.measured_high_hz.max()))
    for ax in axes:
        left, right = ax.get_xlim()
        bottom, top = ax.get_ylim()
        assert left == 0
        assert edges <= right <= 125
        assert bottom <= -40
        assert top > 0


@pytest.mark.parametrize(
    ("n_filters", "settings"),
    [
        (1, {}),
        (4, {}),
        (32, {"freq_stride": 3.5}),
        (64, {"freq_stride": 3.5, "sfreq": 500}),
    ],
)
def test_no_text_leaves_the_canvas_or_runs_into_another(response, misplaced_text, n_filters, settings):
    assert misplaced_text(plot_responses(response(n_filters, **settings))) == []


def test_free_filters_are_named_after_their_peak(free, misplaced_text):
    figure = plot_responses(free)
    peaks = free.peak_hz.values
    titles = [f"filter {number}: peak {peak:.1f} Hz" for number, peak in enumerate(peaks)]
    assert [ax.get_title() for ax in figure.axes] == titles
    assert all(len(ax.patches) == 0 for ax in figure.axes)
    assert misplaced_text(figure) == []


def test_the_lowest_panel_of_every_column_shows_the_frequencies(response):
    axes = plot_responses(response(8)).axes
    labelled = [ax.xaxis.get_major_ticks()[0].label1.get_visible() for ax in axes]
    assert labelled == [False, False, False, True, True, True, True, True]


def test_drawing_into_given_axes_makes_no_figure(response):
    figure, axes = plt.subplots(2, 2)
    assert plot_responses(response(3), axes=axes) is figure
    assert plt.get_fignums() == [figure.number]
    assert [bool(ax.lines) for ax in axes.ravel()] == [True, True, True, False]
    assert figure.legends == []


def test_one_axes_is_enough_for_one_filter(response):
    figure, ax = plt.subplots()
    assert plot_responses(response(4).sel(filter=[2]), axes=ax) is figure
    assert ax.get_title().startswith("filter 2: ")


def test_too_few_axes_are_refused(response):
    _, axes = plt.subplots(1, 2)
    with pytest.raises(ValueError, match="got 2 for 4 filters"):
        plot_responses(response(4), axes=axes)
    assert not any(ax.lines for ax in axes)


@pytest.mark.parametrize("selection", [0, []], ids=["dropped dimension", "no filter"])
def test_a_response_without_filters_is_refused(response, selection):
    with pytest.raises(ValueError, match=r"response\.sel\(filter=\[0\]\)"):
        plot_responses(response(4).sel(filter=selection))


def test_the_users_settings_and_the_response_are_left_alone(response):
    filter_responses = response(4)
    before, settings = filter_responses.copy(deep=True), dict(mpl.rcParams)
    plot_responses(filter_responses)
    assert dict(mpl.rcParams) == settings
    assert filter_responses.identical(before)


def test_nothing_is_shown_unasked(response, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *_, **__: pytest.fail("the figure was shown"))
    plot_responses(response(1))


def test_a_filter_without_output_says_so(silent, misplaced_text):
    figure = plot_responses(silent(1))
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[1] == "filter 1: no output"
    assert "no output" not in titles[0] + titles[2] + titles[3]
    assert misplaced_text(figure) == []


@pytest.mark.parametrize(
    "draw",
    [plot_responses, lambda response: plot_responses(response, overlay=True), plot_cumulative_response],
    ids=["panels", "overlay", "cumulative"],
)
def test_a_bank_without_output_gets_the_axis_of_all_frequencies(silent, draw):
    assert draw(silent(0, 1, 2, 3)).axes[0].get_xlim() == (0, 125)


# --- all filters in one axis


def test_an_overlay_shows_every_curve_in_one_axis(response):
    filter_responses = response(4)
    (ax,) = plot_responses(filter_responses, overlay=True).axes
    drawn = lines(ax)
    assert len(drawn) == 4
    for filter_ in filter_responses["filter"].values:
        line = drawn[f"filter {filter_}"]
        np.testing.assert_array_equal(line.get_xdata(), filter_responses.frequency)
        np.testing.assert_array_equal(line.get_ydata(), filter_responses.magnitude_db.sel(filter=filter_))


def test_an_overlay_marks_both_edges_of_both_bands(response):
    filter_responses = response(4)
    ax = plot_responses(filter_responses, overlay=True).axes[0]
    for label, names in zip(
        EDGES, (("low_hz", "high_hz"), ("measured_low_hz", "measured_high_hz")), strict=True
    ):
        expected = np.concatenate([filter_responses[name] for name in names])
        np.testing.assert_allclose(edges(ax, label), sorted(expected))


def test_an_overlay_is_coloured_from_the_lowest_peak_to_the_highest(response):
    filter_responses = response(4)
    backwards = filter_responses.isel(filter=slice(None, None, -1))
    one, other = (
        {
            label: line.get_color()
            for label, line in lines(plot_responses(order, overlay=True).axes[0]).items()
        }
        for order in (filter_responses, backwards)
    )
    assert len({tuple(colour) for colour in one.values()}) == 4
    for label, colour in one.items():
        np.testing.assert_array_equal(colour, other[label])


def test_the_legend_of_an_overlay_tells_the_edges_apart(response):
    figure = plot_responses(response(8), overlay=True)
    (legend,) = figure.legends
    assert tuple(text.get_text() for text in legend.get_texts()) == EDGES


def test_an_overlay_is_labelled_with_units_and_rhythms(response):
    ax = plot_responses(response(4), overlay=True).axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Frequency (Hz)", "Magnitude (dB re peak)")
    assert [text.get_text() for text in ax.texts][:3] == ["delta", "theta", "alpha"]


@pytest.mark.parametrize(
    ("n_filters", "settings"), [(1, {}), (32, {}), (64, {"freq_stride": 3.5, "sfreq": 500})]
)
def test_an_overlay_and_the_whole_are_legible(response, misplaced_text, n_filters, settings):
    filter_responses = response(n_filters, **settings)
    for figure in (
        plot_responses(filter_responses, overlay=True),
        plot_cumulative_response(filter_responses),
    ):
        assert misplaced_text(figure) == []
        left, right = figure.axes[0].get_xlim()
        assert left == 0
        assert (
            max(filter_responses.high_hz.max(), filter_responses.measured_high_hz.max())
            <= right
            <= filter_responses.frequency[-1]
        )


def test_an_overlay_of_free_filters_has_measured_edges_only(free):
    figure = plot_responses(free, overlay=True)
    assert len(edges(figure.axes[0], EDGES[1])) == 8
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [EDGES[1]]


def test_an_overlay_leaves_filters_without_output_out(silent, misplaced_text):
    figure = plot_responses(silent(1), overlay=True)
    assert len(edges(figure.axes[0], EDGES[1])) == 6
    assert misplaced_text(figure) == []


def test_an_overlay_goes_into_the_axis_given(response):
    figure, (left, right) = plt.subplots(1, 2)
    assert plot_responses(response(4), axes=right, overlay=True) is figure
    assert plt.get_fignums() == [figure.number]
    assert (len(left.lines), len(right.lines)) == (0, 4)
    assert figure.legends == []


def test_an_overlay_wants_one_axis(response):
    _, axes = plt.subplots(1, 2)
    with pytest.raises(ValueError, match="one axis; got 2"):
        plot_responses(response(4), axes=axes, overlay=True)
    assert not any(ax.lines for ax in axes)


# --- the whole bank


def test_the_whole_is_drawn_over_each_filter(response):
    filter_responses = response(4)
    (ax,) = plot_cumulative_response(filter_responses).axes
    (whole,) = [line for line in ax.lines if line.get_label() == ALL]
    np.testing.assert_array_equal(whole.get_ydata(), filter_responses.cumulative_db)
    each = [line for line in ax.lines if line is not whole]
    np.testing.assert_array_equal([line.get_ydata() for line in each], filter_responses.magnitude_db)
    assert all(line.get_zorder() < whole.get_zorder() for line in each)
    assert all(line.get_linewidth() < whole.get_linewidth() for line in each)


def test_the_legend_of_the_whole_names_each_kind_once(response):
    (legend,) = plot_cumulative_response(response(8)).legends
    assert [text.get_text() for text in legend.get_texts()] == [EACH, ALL]


def test_the_whole_is_labelled_with_units(response):
    ax = plot_cumulative_response(response(4)).axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Frequency (Hz)", "Power (dB re largest)")
    assert ax.get_ylim() == (-40, 3)


def test_the_whole_goes_into_the_axis_given(response):
    figure, (left, right) = plt.subplots(1, 2)
    assert plot_cumulative_response(response(4), right) is figure
    assert not left.lines
    assert right.get_legend() is not None
    assert figure.legends == []


@pytest.mark.parametrize("selection", [0, []], ids=["dropped dimension", "no filter"])
def test_the_whole_of_no_filters_is_refused(response, selection):
    with pytest.raises(ValueError, match="no filters"):
        plot_cumulative_response(response(4).sel(filter=selection))
    assert plt.get_fignums() == []
