"""Scalp maps show the numbers at their places, all on one scale, each with its name."""

import contextlib
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import threadpoolctl
from matplotlib.contour import ContourSet
from matplotlib.text import Text

from sincviz import PositionsError, spatial_filters
from sincviz.maps import relative_maps
from sincviz.plotting import plot_spatial_filters_and_patterns, plot_topomaps, save_figure
from sincviz.plotting.canvas.style import AMOUNT, SIGNED


def images(figure):
    """The coloured fields of the maps, in order; a colour bar has none."""
    return [ax.images[0] for ax in figure.axes if ax.images]


def titles(figure):
    return [ax.get_title() for ax in figure.axes if ax.get_title()]


def limits(figure):
    return {image.get_clim() for image in images(figure)}


def bars(figure):
    """The axes of the colour bars, which are wide and low."""
    return [ax for ax in figure.axes if ax.get_position().width > 0.25]


def labels_of_ticks(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def placed(maps, at, position_m):
    """The maps with one channel somewhere else."""
    coords = {axis: maps[axis].to_numpy().copy() for axis in "xyz"}
    for (axis, values), value in zip(coords.items(), position_m, strict=True):
        values[at] = value
        coords[axis] = ("channel", values)
    return maps.assign_coords(coords)


@pytest.fixture(scope="module")
def filters_by_depth(scalp_maps):
    """A figure of 3 filters with 2 units each."""
    return plot_topomaps(scalp_maps(filter=3, depth=2))


@pytest.fixture(scope="module")
def rough(scalp_maps):
    """A figure of 64 maps whose 64 channels have nothing in common."""
    maps = scalp_maps(64, filter=32, depth=2)
    maps = relative_maps(maps.copy(data=np.random.default_rng(0).uniform(-1, 1, maps.shape)))
    figure = plot_topomaps(maps)
    figure.canvas.draw()  # closed figures are not drawn any more
    return figure


# --- places and colours


def test_the_right_is_on_the_right_and_the_nose_on_top(scalp_maps):
    maps = scalp_maps(32, unit=2)
    maps = maps.copy(data=np.stack([maps.x, maps.y]))
    (to_the_right, to_the_front) = (np.asarray(image.get_array()) for image in images(plot_topomaps(maps)))
    middle = slice(24, 40)
    assert to_the_right[middle, 44].mean() > 0.02 > -0.02 > to_the_right[middle, 20].mean()
    assert to_the_front[44, middle].mean() > 0.02 > -0.02 > to_the_front[20, middle].mean()


def test_the_field_has_each_channels_value_at_its_sensor(scalp_maps):
    maps = scalp_maps(32, unit=1)
    ax = plot_topomaps(maps).axes[0]
    (image,), (sensors,) = ax.images, ax.collections[1:]
    left, right, bottom, top = image.get_extent()
    at = sensors.get_offsets()
    columns = ((at[:, 0] - left) / (right - left) * 63).round().astype(int)
    rows = ((at[:, 1] - bottom) / (top - bottom) * 63).round().astype(int)
    np.testing.assert_allclose(image.get_array()[rows, columns], maps[0], atol=0.1)


def test_signed_maps_share_limits_symmetric_around_zero(filters_by_depth, scalp_maps):
    largest = float(abs(scalp_maps(filter=3, depth=2)).max())
    assert limits(filters_by_depth) == {(-largest, largest)}
    assert all(image.cmap == SIGNED for image in images(filters_by_depth))


def test_maps_without_negative_values_share_a_scale_from_zero(scalp_maps):
    maps = abs(scalp_maps(unit=3))
    figure = plot_topomaps(maps)
    assert limits(figure) == {(0, float(maps.max()))}
    assert all(image.cmap == AMOUNT for image in images(figure))


def test_a_table_of_maps_shares_one_scale_too(scalp_maps):
    assert len(limits(plot_topomaps(scalp_maps(target=2, band=3)))) == 1


def test_maps_of_zeros_are_drawn_on_a_scale_from_zero(scalp_maps):
    figure = plot_topomaps(0 * scalp_maps(unit=2))
    assert limits(figure) == {(0, 1)}
    assert len(images(figure)) == 2


@pytest.mark.parametrize("kind", ["float32", "int64"])
def test_numbers_of_other_kinds_are_drawn(scalp_maps, kind):
    maps = (10 * scalp_maps(unit=1)).astype(kind)
    assert limits(plot_topomaps(maps)) == {(-abs(maps).max().item(), abs(maps).max().item())}


def test_lines_of_equal_height_are_left_out_where_maps_are_small(scalp_maps, rough):
    few = plot_topomaps(scalp_maps(unit=2)).axes[0]
    many = rough.axes[0]
    lines = [[part for part in ax.collections if isinstance(part, ContourSet)] for ax in (few, many)]
    assert [len(found) for found in lines] == [1, 0]


# --- layout


@pytest.mark.parametrize(
    ("sizes", "rows", "columns"),
    [
        ({}, 1, 1),
        ({"unit": 1}, 1, 1),
        ({"unit": 5}, 1, 5),
        ({"unit": 9}, 2, 8),
        ({"filter": 3}, 1, 3),
        ({"filter": 5, "depth": 2}, 2, 8),
        ({"filter": 4, "depth": 3}, 2, 6),
        ({"target": 2, "band": 6}, 2, 6),
        ({"band": 6, "target": 2}, 6, 2),
        ({"target": 1, "band": 1}, 1, 1),
    ],
    ids=str,
)
def test_maps_stand_in_rows(scalp_maps, sizes, rows, columns):
    maps = scalp_maps(2, **sizes)
    figure = plot_topomaps(maps)
    places = [image.axes.get_position() for image in images(figure)]
    assert len(places) == maps.size / 2
    assert len({round(place.y0, 6) for place in places}) == rows
    assert len({round(place.x0, 6) for place in places}) == columns
    assert len(figure.axes) == len(places) + 1


def test_units_of_a_filter_stand_side_by_side(filters_by_depth):
    assert [title.split("\n")[0] for title in titles(filters_by_depth)] == [
        "filter 0 (0)",
        "filter 0 (1)",
        "filter 1 (0)",
        "filter 1 (1)",
        "filter 2 (0)",
        "filter 2 (1)",
    ]


def test_maps_are_drawn_in_the_order_given(scalp_maps):
    maps = scalp_maps(unit=3)
    forwards, backwards = (plot_topomaps(maps.isel(unit=order)) for order in ([0, 1, 2], [2, 1, 0]))
    assert titles(backwards) == titles(forwards)[::-1]
    for one, other in zip(images(forwards), images(backwards)[::-1], strict=True):
        np.testing.assert_array_equal(one.get_array(), other.get_array())


def test_the_order_of_dimensions_does_not_matter_for_the_numbers(scalp_maps):
    maps = scalp_maps(unit=2)
    one, other = (images(plot_topomaps(order)) for order in (maps, maps.transpose("channel", "unit")))
    np.testing.assert_array_equal(one[1].get_array(), other[1].get_array())


def test_maps_are_round(filters_by_depth):
    assert {image.axes.get_aspect() for image in images(filters_by_depth)} == {1}


# --- words


def test_titles_name_filter_unit_and_measured_band(filters_by_depth):
    assert titles(filters_by_depth)[3] == "filter 1 (1)\n6.2–12.5 Hz"


def test_sorted_units_bear_their_own_names(scalp_maps):
    assert titles(plot_topomaps(scalp_maps(unit=3))) == [
        "filter 4 (0)\n9.2–15.5 Hz",
        "filter 7 (1)\n12.2–18.5 Hz",
        "filter 10 (0)\n15.2–21.5 Hz",
    ]


def test_frequencies_of_three_digits_have_no_decimals(scalp_maps):
    maps = scalp_maps(filter=1)
    maps = maps.assign_coords(
        {f"{name}_hz": maps[f"{name}_hz"] + 110 for name in ("measured_low", "measured_high")}
    )
    assert titles(plot_topomaps(maps)) == ["filter 0\n115–122 Hz"]


def test_free_filters_are_named_by_their_measured_band(scalp_maps):
    maps = scalp_maps(filter=1)
    maps = maps.assign_coords(low_hz=maps.low_hz * np.nan, high_hz=maps.high_hz * np.nan)
    assert titles(plot_topomaps(maps)) == ["filter 0\n5.2–11.5 Hz"]


def test_a_filter_without_a_measured_band_is_named_by_its_number(scalp_maps):
    maps = scalp_maps(filter=2)
    unknown = maps.assign_coords(measured_low_hz=("filter", [np.nan, 6.0]))
    assert titles(plot_topomaps(unknown)) == ["filter 0", "filter 1\n6.0–12.5 Hz"]
    bare = maps.drop_vars(["measured_low_hz", "measured_high_hz"])
    assert titles(plot_topomaps(bare)) == ["filter 0", "filter 1"]


def test_one_dimension_of_classes_is_named_by_them(scalp_maps):
    assert titles(plot_topomaps(scalp_maps(target=2))) == ["left", "right"]


def test_a_table_has_names_of_columns_above_and_of_rows_beside(scalp_maps):
    figure = plot_topomaps(scalp_maps(target=2, band=3))
    assert titles(figure) == ["delta", "theta", "alpha"]
    beside = [text for ax in figure.axes for text in ax.texts]
    assert [(text.get_text(), text.get_rotation()) for text in beside] == [("left", 90), ("right", 90)]


def test_rows_of_filters_say_so(scalp_maps):
    figure = plot_topomaps(scalp_maps(filter=2, target=2))
    assert [text.get_text() for ax in figure.axes for text in ax.texts] == ["filter 0", "filter 1"]


@pytest.mark.parametrize("dims", [("target", "band"), ("band", "target")], ids=str)
def test_long_names_are_broken_into_lines(scalp_maps, misplaced_text, dims):
    maps = scalp_maps(2, **{dim: 6 if dim == "band" else 4 for dim in dims})
    long = ["both hands imagined slowly", "rest", "Donaudampfschiffahrtsgesellschaft " * 2, "WWW MMM"]
    assert misplaced_text(plot_topomaps(maps.assign_coords(target=long))) == []


def test_long_names_above_maps_in_a_row_are_broken_into_lines(scalp_maps, misplaced_text):
    maps = scalp_maps(2, place=8).assign_coords(place=[f"both hands imagined slowly {n}" for n in range(8)])
    figure = plot_topomaps(maps)
    assert titles(figure)[0] == "both hands\nimagined\nslowly 0"
    assert misplaced_text(figure) == []


@pytest.mark.parametrize("name", ["$x_1$", r"$\bad$", "<script>", "левая рука", "100 % & more"])
def test_names_are_shown_as_they_are(scalp_maps, misplaced_text, name):
    for figure in (
        plot_topomaps(scalp_maps(2, target=1).assign_coords(target=[name])),
        plot_topomaps(scalp_maps(2, band=1, target=1).assign_coords(target=[name])),
        plot_topomaps(scalp_maps(2, target=1, band=1).assign_coords(target=[name])),
    ):
        assert misplaced_text(figure) == []
        (text,) = [text for text in figure.findobj(Text) if text.get_text().replace("\n", " ") == name]
        assert not text.get_parse_math()


def test_one_colour_bar_has_ticks_and_units(filters_by_depth, scalp_maps):
    (bar,) = bars(filters_by_depth)
    largest = float(abs(scalp_maps(filter=3, depth=2)).max())
    assert bar.get_xlabel() == "Spatial pattern (µV)"
    assert labels_of_ticks(bar) == [f"−{largest:.3g}", "0", f"{largest:.3g}"]
    assert bar.get_xlim() == (-largest, largest)


def test_the_colour_bar_of_amounts_begins_at_zero(scalp_maps):
    (bar,) = bars(plot_topomaps(abs(scalp_maps(unit=2))))
    assert labels_of_ticks(bar)[0] == "0"
    assert len(labels_of_ticks(bar)) == 2


@pytest.mark.parametrize(
    ("name", "units", "label"),
    [("spatial_filter", "1", "Spatial filter"), ("relevance", "", "Relevance"), (None, "µV", "Value (µV)")],
)
def test_the_colour_bar_says_what_is_shown(scalp_maps, name, units, label):
    maps = scalp_maps(2, unit=1).rename(name).assign_attrs(units=units)
    assert bars(plot_topomaps(maps))[0].get_xlabel() == label


def test_a_long_unit_is_broken_into_lines(scalp_maps, misplaced_text):
    maps = scalp_maps(2, unit=1)
    long = maps.assign_attrs(units="input units, filtered, per standard deviation of the unit")
    for figure in (plot_topomaps(long), plot_spatial_filters_and_patterns(maps, long)):
        assert "per standard deviation" in bars(figure)[-1].get_xlabel().replace("\n", " ")
        assert misplaced_text(figure) == []


def test_a_unit_that_does_not_fit_beside_its_name_stands_below(scalp_maps):
    maps = scalp_maps(2, unit=1)
    long = maps.assign_attrs(units="µV, filtered, per standard deviation of the unit")
    alone, pairs = plot_topomaps(long), plot_spatial_filters_and_patterns(maps, long)
    assert "\n" not in bars(alone)[0].get_xlabel()
    assert (
        bars(pairs)[1].get_xlabel() == "Spatial pattern\n(µV, filtered, per standard deviation of the unit)"
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_map_of_no_numbers_says_no_output(scalp_maps, bad, misplaced_text):
    maps = scalp_maps(unit=3)
    with_hole = maps.where(maps.unit != 1, bad)
    figure = plot_topomaps(with_hole)
    assert len(images(figure)) == 2
    assert [text.get_text() for text in figure.axes[1].texts] == ["no output"]
    assert titles(figure) == titles(plot_topomaps(maps))
    assert limits(figure) == limits(plot_topomaps(maps.isel(unit=[0, 2])))
    assert misplaced_text(figure) == []


def test_maps_of_no_numbers_at_all_are_said_to_have_no_output(scalp_maps):
    figure = plot_topomaps(scalp_maps(filter=2, depth=1) * np.nan)
    assert texts(figure).count("no output") == 2
    assert images(figure) == []


# --- axes that are given


def test_given_axes_are_drawn_into_and_no_others(scalp_maps):
    figure, axes = plt.subplots(2, 2)
    assert plot_topomaps(scalp_maps(unit=3), axes) is figure
    assert plt.get_fignums() == [figure.number]
    assert [bool(ax.images) for ax in axes.ravel()] == [True, True, True, False]
    assert len(limits(figure)) == 1
    assert len(figure.axes) == 4


def test_one_axes_is_enough_for_one_map(scalp_maps):
    figure, ax = plt.subplots()
    assert plot_topomaps(scalp_maps(), ax) is figure
    assert len(ax.images) == 1


def test_axes_of_a_subfigure_give_the_whole_figure(scalp_maps):
    figure = plt.figure()
    left, _ = figure.subfigures(1, 2)
    assert plot_topomaps(scalp_maps(unit=2), left.subplots(1, 2)) is figure


def test_too_few_axes_are_refused_before_anything_is_drawn(scalp_maps):
    _, axes = plt.subplots(1, 2)
    with pytest.raises(ValueError, match="got 2 for 3 maps"):
        plot_topomaps(scalp_maps(unit=3), axes)
    assert not any(ax.has_data() for ax in axes)


# --- positions


def test_channels_without_positions_are_refused_by_name(scalp_maps):
    with pytest.raises(PositionsError, match=r"without a position on the scalp: C3, C4, Cz\..*set_montage"):
        plot_topomaps(scalp_maps(3, unit=2).drop_vars(["x", "y", "z"]))
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("position_m", "reason"),
    [
        ((np.nan, 0, 0.1), "without a position on the scalp: C4"),
        ((np.inf, 0, 0.1), "without a position on the scalp: C4"),
        ((0, 0, 0), "at the origin: C4"),
        ((66.0, 5.0, 80.0), "more than 0.5 m from the middle of the head: C4"),
    ],
    ids=["not a number", "infinite", "zero", "millimetres"],
)
def test_a_position_that_cannot_be_used_is_refused_by_name(scalp_maps, position_m, reason):
    with pytest.raises(PositionsError, match=rf"{re.escape(reason)}\."):
        plot_topomaps(placed(scalp_maps(unit=1), 1, position_m))


def test_channels_in_the_same_place_are_refused_by_name(scalp_maps):
    maps = scalp_maps(unit=1)
    at = [maps[axis].to_numpy()[0] for axis in "xyz"]
    with pytest.raises(PositionsError, match="in the same place: C3, Pz"):
        plot_topomaps(placed(maps, 7, at))


def test_several_channels_at_the_origin_are_said_to_be_there_only(scalp_maps):
    maps = placed(placed(scalp_maps(unit=1), 0, (0, 0, 0)), 1, (0, 0, 0))
    with pytest.raises(PositionsError, match=r"scalp: at the origin: C3, C4\."):
        plot_topomaps(maps)


def test_every_reason_is_said_at_once(scalp_maps):
    maps = placed(placed(scalp_maps(unit=1), 1, (0, 0, 0)), 2, (np.nan,) * 3)
    with pytest.raises(PositionsError, match=r"position on the scalp: Cz; at the origin: C4\."):
        plot_topomaps(maps)


def test_after_dropping_the_channel_the_others_are_drawn(scalp_maps):
    maps = placed(scalp_maps(unit=1), 1, (0, 0, 0))
    assert len(images(plot_topomaps(maps.drop_sel(channel="C4")))) == 1


@pytest.mark.filterwarnings("ignore:The network takes channels that are not EEG")
@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["MEG 0113", "MEG 0112"], "grad"),
        (["LA1", "LA2"], "seeg"),
        (["EOG left", "EOG right"], "eog"),
    ],
    ids=["MEG", "depth", "eyes"],
)
def test_channels_that_are_not_on_the_scalp_are_refused(network, epochs, names, kind):
    epochs.rename_channels(dict(zip(epochs.ch_names[:2], names, strict=True)))
    epochs.set_channel_types(dict.fromkeys(names, kind))
    maps = spatial_filters(network(chs_info=epochs.info["chs"]))
    with pytest.raises(PositionsError, match=f"position on the scalp: {', '.join(names)}"):
        plot_topomaps(maps)
    assert len(images(plot_topomaps(maps.drop_sel(channel=names).isel(filter=[0])))) == 2


def test_bipolar_channels_are_drawn_where_their_positions_say(network, epochs):
    epochs.rename_channels({epochs.ch_names[0]: "Fp1-F7", epochs.ch_names[1]: "F7-T3"})
    maps = spatial_filters(network(chs_info=epochs.info["chs"])).isel(filter=[0])
    assert len(images(plot_topomaps(maps))) == 2
    epochs.info["chs"][0]["loc"][:3] = np.nan
    with pytest.raises(PositionsError, match=r"scalp: Fp1-F7\."):
        plot_topomaps(spatial_filters(network(chs_info=epochs.info["chs"])))


# --- how many


@pytest.mark.parametrize("n_chans", [2, 3, 4, 64, 128])
def test_few_and_many_channels_are_drawn(scalp_maps, misplaced_text, n_chans):
    figure = plot_topomaps(scalp_maps(n_chans, unit=1))
    (sensors,) = [
        part
        for part in figure.axes[0].collections
        if not isinstance(part, ContourSet) and len(part.get_offsets()) == n_chans
    ]
    assert np.isfinite(sensors.get_offsets()).all()
    assert misplaced_text(figure) == []


def test_channels_on_one_line_are_drawn(scalp_maps):
    midline = scalp_maps(64, unit=1).sel(channel=["Fz", "Cz", "Pz", "Oz"])
    assert len(images(plot_topomaps(midline))) == 1


def test_one_channel_makes_no_map(scalp_maps):
    with pytest.raises(PositionsError, match="at least two channels; got C3"):
        plot_topomaps(scalp_maps(1, unit=2))


def test_64_maps_are_legible(rough, misplaced_text):
    assert len(images(rough)) == 64
    assert misplaced_text(rough) == []
    assert rough.get_size_inches()[1] * 25.4 < 250  # a page


def test_64_rough_maps_make_a_pdf_of_at_most_1_mb(rough, tmp_path):
    save_figure(rough, tmp_path / "maps.pdf")
    document = (tmp_path / "maps.pdf").read_bytes()
    assert len(document) <= 1e6
    # The maps, the colour bar, and a mask for each.
    assert 65 <= document.count(b"/Subtype /Image") <= 130
    assert b"/FontFile2" in document


def test_fields_are_pixels_and_titles_stay_text(filters_by_depth, tmp_path):
    save_figure(filters_by_depth, tmp_path / "maps.svg")
    written = (tmp_path / "maps.svg").read_text()
    # Six maps and the colour bar.
    assert written.count("<image ") == 7
    assert ">filter 1 (1)</" in written
    assert ">Spatial pattern (µV)</text>" in written


# --- nothing else changes


def test_maps_and_settings_are_left_alone(scalp_maps):
    maps = scalp_maps(unit=2)
    before, settings = maps.copy(deep=True), dict(mpl.rcParams)
    plot_topomaps(maps)
    assert maps.identical(before)
    assert dict(mpl.rcParams) == settings


def n_threads():
    """How many threads linear algebra may use."""
    return {
        library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"
    }


@pytest.mark.parametrize("fails", [False, True], ids=["drawn", "failed"])
def test_one_thread_interpolates_and_the_others_come_back(scalp_maps, monkeypatch, fails):
    used = []

    def draw(*_, **__):
        used.append(n_threads())
        if fails:
            raise RuntimeError("no")
        return None, None

    monkeypatch.setattr("mne.viz.plot_topomap", draw)
    with threadpoolctl.threadpool_limits(2, "blas"):
        before = n_threads()
        with pytest.raises(RuntimeError) if fails else contextlib.nullcontext():
            plot_topomaps(scalp_maps(unit=2))
        assert n_threads() == before
    assert used == [{1}] * (1 if fails else 2)


# --- what cannot be drawn


def test_an_array_without_channels_is_refused(scalp_maps):
    with pytest.raises(ValueError, match="no dimension `channel`; it has unit"):
        plot_topomaps(scalp_maps(unit=2).isel(channel=0))


def test_three_dimensions_beside_channel_are_refused(scalp_maps):
    with pytest.raises(ValueError, match=r"At most two.*got target, filter, depth"):
        plot_topomaps(scalp_maps(target=2, filter=2, depth=2))


def test_no_maps_are_refused(scalp_maps):
    with pytest.raises(ValueError, match="no maps"):
        plot_topomaps(scalp_maps(unit=2).isel(unit=[]))
    assert plt.get_fignums() == []


# --- filters and patterns


@pytest.fixture
def pairs(scalp_maps):
    """Build weights and patterns of so many units."""

    def build(n_units, n_chans=2):
        patterns = scalp_maps(n_chans, unit=n_units)
        return (0.5 * patterns + 0.1).rename("spatial_filter").assign_attrs(units="1"), patterns

    return build


def test_a_pattern_stands_below_its_weights(pairs):
    weights, patterns = pairs(3, 8)
    figure = plot_spatial_filters_and_patterns(weights, patterns)
    drawn = images(figure)
    for above, below in zip(drawn[:3], drawn[3:], strict=True):
        upper, lower = above.axes.get_position(), below.axes.get_position()
        assert upper.x0 == pytest.approx(lower.x0)
        assert upper.y0 > lower.y1
    alone = images(plot_topomaps(weights)) + images(plot_topomaps(patterns))
    for one, other in zip(drawn, alone, strict=True):
        np.testing.assert_array_equal(one.get_array(), other.get_array())


def test_pairs_are_named_once_and_rows_say_what_they_are(pairs):
    figure = plot_spatial_filters_and_patterns(*pairs(2))
    assert titles(figure) == ["filter 4 (0)\n9.2–15.5 Hz", "filter 7 (1)\n12.2–18.5 Hz"]
    assert [text.get_text() for ax in figure.axes for text in ax.texts] == ["weights", "pattern"]


def test_weights_and_patterns_have_a_scale_each(pairs):
    weights, patterns = pairs(2)
    figure = plot_spatial_filters_and_patterns(weights, patterns)
    assert [bar.get_xlabel() for bar in bars(figure)] == ["Spatial filter", "Spatial pattern (µV)"]
    largest = [float(abs(maps).max()) for maps in (weights, patterns)]
    assert [image.get_clim()[1] for image in images(figure)] == [largest[0]] * 2 + [largest[1]] * 2
    assert [bar.get_xlim()[1] for bar in bars(figure)] == largest


def test_shapes_share_one_scale(pairs):
    figure = plot_spatial_filters_and_patterns(*(relative_maps(maps) for maps in pairs(2)))
    (bar,) = bars(figure)
    assert bar.get_xlabel() == "Relative to each map's largest value"
    assert limits(figure) == {(-1, 1)}


@pytest.mark.parametrize(("n_units", "rows", "columns"), [(1, 2, 1), (8, 2, 8), (9, 4, 8)])
def test_more_than_eight_pairs_go_on_below(pairs, misplaced_text, n_units, rows, columns):
    figure = plot_spatial_filters_and_patterns(*pairs(n_units))
    places = [image.axes.get_position() for image in images(figure)]
    assert len(places) == 2 * n_units
    assert len({round(place.y0, 6) for place in places}) == rows
    assert len({round(place.x0, 6) for place in places}) == columns
    assert misplaced_text(figure) == []


def test_filters_by_depth_are_paired_too(scalp_maps):
    maps = scalp_maps(2, filter=2, depth=2)
    assert len(images(plot_spatial_filters_and_patterns(maps, maps))) == 8


def test_a_pair_without_output_says_so(pairs):
    weights, patterns = pairs(2)
    figure = plot_spatial_filters_and_patterns(weights, patterns.where(patterns.unit == 0))
    assert len(images(figure)) == 3
    assert texts(figure).count("no output") == 1


def test_different_numbers_of_units_are_refused(pairs):
    with pytest.raises(ValueError, match=r"same units; got \{'unit': 3.*\} and \{'unit': 2"):
        plot_spatial_filters_and_patterns(pairs(3)[0], pairs(2)[1])


def test_units_in_another_order_are_refused(pairs):
    weights, patterns = pairs(3)
    with pytest.raises(ValueError, match="same order"):
        plot_spatial_filters_and_patterns(weights, patterns.isel(unit=[1, 0, 2]))
    assert plt.get_fignums() == []


@pytest.mark.parametrize("lost", [0, 1], ids=["weights", "patterns"])
def test_positions_of_both_are_checked(pairs, lost):
    both = list(pairs(2))
    both[lost] = placed(both[lost], 0, (0, 0, 0))
    with pytest.raises(PositionsError, match="at the origin: C3"):
        plot_spatial_filters_and_patterns(*both)


def test_no_pairs_are_refused(pairs):
    with pytest.raises(ValueError, match="no maps"):
        plot_spatial_filters_and_patterns(*(maps.isel(unit=[]) for maps in pairs(1)))
