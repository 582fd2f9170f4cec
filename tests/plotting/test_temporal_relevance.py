"""Each moment's relevance is a line per class and region, an image over channels, or lines below scalp maps."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import same_color
from matplotlib.patches import ConnectionPatch

from sincviz import PositionsError
from sincviz.eeg.regions import REGIONS
from sincviz.eeg.sums import sum_over_regions, sum_over_times
from sincviz.plotting import plot_temporal_relevance
from sincviz.plotting.canvas.style import CLASS_COLOURS


def below(figure):
    return " ".join(text.get_text() for text in sorted(figure.texts, key=lambda one: -one.get_position()[1]))


def labelled(ax, label):
    return [line for line in ax.lines if line.get_label() == label]


def bars(ax):
    """First and last time of each bar, with its colour."""
    return [
        (*piece[:, 0].round(6).tolist(), part.get_color()[0])
        for part in ax.collections
        if isinstance(part, LineCollection) and part.get_label() == "established"
        for piece in part.get_segments()
    ]


def outlines(ax):
    return [part for part in ax.collections if part.get_label() == "outline"]


def maps_of(figure):
    return [ax for ax in figure.axes if ax.get_label() == "map"]


def panels_of(figure):
    return [ax for ax in figure.axes if labelled(ax, "channel")]


# --- profiles


def test_each_panel_is_a_region_and_each_line_a_class(course_by_region):
    values = course_by_region()
    figure = plot_temporal_relevance(values)
    assert [ax.get_title() for ax in figure.axes] == values.region.to_numpy().tolist()
    for ax, region in zip(figure.axes, values.region.to_numpy(), strict=True):
        assert ax.get_xlim() == (-0.2, 0.8)
        for number, target in enumerate(values.target.to_numpy()):
            (line,) = labelled(ax, target)
            np.testing.assert_array_equal(line.get_ydata(), values.sel(region=region, target=target))
            assert same_color(line.get_color(), CLASS_COLOURS[number])
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    assert figure.axes[0].get_xlabel() == "Time (s)"


def test_channels_are_summed_over_their_regions(course):
    values = course(1, 32)
    figure = plot_temporal_relevance(values)
    summed = sum_over_regions(values)
    assert [ax.get_title() for ax in figure.axes] == summed.region.to_numpy().tolist()
    (line,) = labelled(figure.axes[0], "left")
    np.testing.assert_allclose(line.get_ydata(), summed[0, 0])


def test_the_event_is_marked_inside_the_axis_only(course_by_region):
    values = course_by_region()
    for ax in plot_temporal_relevance(values).axes:
        (line,) = labelled(ax, "event")
        assert line.get_xdata() == [0, 0]
    later = values.assign_coords(time=values.time - float(values.time[0]))
    assert not labelled(plot_temporal_relevance(later).axes[0], "event")


def test_intervals_are_bands_and_said_below(course_by_region):
    values = course_by_region(1, ["left central"], p=False)
    figure = plot_temporal_relevance(values)
    (band,) = figure.axes[0].collections
    vertices = band.get_paths()[0].vertices
    assert vertices[:, 1].min() == pytest.approx(float(values.ci_low.min()))
    assert vertices[:, 1].max() == pytest.approx(float(values.ci_high.max()))
    assert "Bands around the lines: intervals." in below(figure)
    plain = plot_temporal_relevance(values.drop_vars(["ci_low", "ci_high"]))
    assert not plain.axes[0].collections
    assert "intervals" not in below(plain)


def test_bars_span_the_established_times_in_the_colour_of_their_class(course_by_region):
    values = course_by_region(2, ["left central"])
    p = np.full(values.shape, 0.4)
    p[0, 0, 10:13], p[0, 0, 20], p[1, 0, 30:] = 0.01, 0.04, 0.049
    figure = plot_temporal_relevance(values.assign_coords(p=(values.dims, p)))
    (ax,) = figure.axes
    spans = [(0.0 - 0.01, 0.04 + 0.01), (0.19, 0.21), (0.39, 0.81)]
    found = bars(ax)
    assert [bar[:2] for bar in found] == [pytest.approx(span) for span in spans]
    assert [same_color(bar[2], CLASS_COLOURS[number]) for bar, number in zip(found, (0, 0, 1), strict=True)]
    assert "Bars below the lines: established (p < 0.05" in below(figure)


def test_bars_stand_below_all_lines(course_by_region):
    values = course_by_region(5)
    figure = plot_temporal_relevance(values)
    for ax in figure.axes:
        lowest = ax.transAxes.inverted().transform(ax.transData.transform((0, float(values.ci_low.min()))))
        tops = [part.get_segments()[0][0, 1] for part in ax.collections if part.get_label() == "established"
                and part.get_segments()]  # fmt: skip
        assert max(tops, default=0) < lowest[1]


def test_nothing_is_established_where_nothing_can_be_read(course, course_by_region):
    unreadable = {"readable": "no", "not_readable_because": "chance"}
    values = course_by_region().assign_attrs(unreadable)
    figure = plot_temporal_relevance(values)
    assert not any(bars(ax) for ax in figure.axes)
    assert "established" not in below(figure)
    image = plot_temporal_relevance(course().assign_attrs(unreadable), "image")
    assert not any(outlines(ax) for ax in image.axes)


def test_windows_are_drawn_with_their_limits_and_said(course):
    values = sum_over_times(course(1, intervals=False, p=False), 0.1)
    figure = plot_temporal_relevance(values, "image")
    (mesh,) = [part for part in figure.axes[0].collections if isinstance(part, QuadMesh)]
    edges = mesh.get_coordinates()[0, :, 0]
    np.testing.assert_allclose(edges, [*values.time_low_s.to_numpy(), values.time_high_s.to_numpy()[-1]])
    assert "Summed in windows of 100 ms." in below(figure)


def test_a_selected_band_is_named(course):
    values = course(1, intervals=False, p=False).assign_coords(band="alpha")
    assert "Band: alpha." in below(plot_temporal_relevance(values, "image"))


@pytest.mark.parametrize(
    ("targets", "regions"), [(1, ["left central"]), (5, ["left central"]), (20, list(REGIONS)), (2, ["a", "b"])]
)  # fmt: skip
def test_classes_and_regions_do_not_run_into_one_another(course_by_region, misplaced_text, targets, regions):
    assert misplaced_text(plot_temporal_relevance(course_by_region(targets, regions))) == []


def test_the_label_of_a_single_panel_keeps_its_units(course_by_region):
    figure = plot_temporal_relevance(course_by_region(1, ["left central"]))
    assert figure.get_supylabel().split() == ["Temporal", "relevance", "(score)"]


def test_one_time_and_times_in_samples_are_drawn(course, course_by_region):
    samples = course_by_region().assign_coords(time=("time", np.arange(51), {"units": "samples"}))
    assert plot_temporal_relevance(samples).axes[0].get_xlabel() == "Time (samples)"
    for kind, more in (("profile", {}), ("image", {}), ("joint", {"times_s": [0.1]})):
        plot_temporal_relevance(course().isel(time=[15]), kind, **more).canvas.draw()


# --- peaks


def test_peaks_are_circles_with_the_intervals_of_their_latencies(course_by_region, peaks):
    values = course_by_region()
    table = peaks(values)
    figure = plot_temporal_relevance(values, peaks=table)
    for ax, region in zip(figure.axes, values.region.to_numpy(), strict=True):
        here = table.xs(region, level="region")
        circles = [line.get_xydata()[0].tolist() for line in labelled(ax, "peak")]
        assert circles == here[["latency_s", "relevance"]].to_numpy().tolist()
        ends = [list(line.get_xdata()) for line in labelled(ax, "interval of the peak")]
        assert ends == here[["ci_low", "ci_high"]].to_numpy().tolist()
    assert "Circles: peaks, with the intervals of their latencies (pale: p ≥ 0.05)." in below(figure)
    alphas = [line.get_alpha() for ax in figure.axes for line in labelled(ax, "peak")]
    assert alphas == [1, 1, 1, 1, 1, pytest.approx(0.35)]


def test_peaks_that_are_not_known_or_not_shown_are_left_out(course_by_region, peaks):
    values = course_by_region()
    table = peaks(values)
    table.iloc[0, table.columns.get_loc("latency_s")] = np.nan
    figure = plot_temporal_relevance(values.sel(target=["left"]), peaks=table)
    assert [len(labelled(ax, "peak")) for ax in figure.axes] == [0, 1, 1]


def test_other_peaks_are_refused(course_by_region, peaks):
    values = course_by_region()
    table = peaks(values)
    for wrong, words in (
        (table.rename_axis(index={"region": "channel"}), r"the index \(target, region\).*sum_over_regions"),
        (table.drop(columns="latency_s"), "lacks latency_s"),
        (table.rename(index={"left": "up", "right": "down"}), "has none of the figure's values of `target`"),
    ):
        with pytest.raises(ValueError, match=words):
            plot_temporal_relevance(values, peaks=wrong)
    with pytest.raises(TypeError, match=r"must be the table that .*peak_latencies"):
        plot_temporal_relevance(values, peaks=[0.35])
    assert plt.get_fignums() == []


# --- images


def test_an_image_has_times_across_and_the_front_of_the_head_at_the_top(course):
    values = course(2, 32).isel(channel=slice(None, None, -1))
    figure = plot_temporal_relevance(values, "image")
    panels = figure.axes[:2]
    for number, ax in enumerate(panels):
        (mesh,) = [part for part in ax.collections if isinstance(part, QuadMesh)]
        names = [text.get_text() for text in panels[0].texts if text.get_text() in values.channel.to_numpy()]
        assert ax.yaxis_inverted()
        np.testing.assert_array_equal(mesh.get_array(), values[number].sel(channel=names))
        assert mesh.get_clim()[0] == -mesh.get_clim()[1]
        assert ax.get_xlabel() == "Time (s)"
        assert len(labelled(ax, "event")) == 1
    assert len({ax.get_position().y0 for ax in panels}) == 1
    regions = [text.get_text() for text in panels[0].texts if text.get_text() in REGIONS]
    assert regions == [name for name in REGIONS if name in values.region.to_numpy()]


def test_established_cells_are_outlined(course):
    values = course()
    figure = plot_temporal_relevance(values, "image")
    assert [bool(outlines(ax)) for ax in figure.axes[:2]] == (values.p < 0.05).any(
        ["channel", "time"]
    ).values.tolist()
    assert "Outlined: established (p < 0.05" in below(figure)
    assert "Outlined" not in below(plot_temporal_relevance(values.drop_vars("p"), "image"))


@pytest.mark.parametrize(("targets", "n_chans"), [(1, 2), (1, 128), (3, 64), (4, 32), (5, 32), (20, 64)])
def test_images_of_many_channels_and_classes_are_legible(course, misplaced_text, targets, n_chans):
    figure = plot_temporal_relevance(course(targets, n_chans, 20, p=False), "image")
    assert misplaced_text(figure) == []
    assert figure.get_figheight() * 25.4 < 260


def test_missing_values_are_grey_and_said(course):
    values = course()
    values[0, 1] = np.nan
    assert "Grey: no value." in below(plot_temporal_relevance(values, "image"))


# --- lines and maps


def test_maps_show_the_samples_nearest_to_the_times(course):
    values = course(2, 32)
    figure = plot_temporal_relevance(values, "joint", times_s=[0.343, 0.1, 0.34])
    assert [ax.get_title() for ax in maps_of(figure)] == ["100 ms", "340 ms"] * 2
    limits = {image.get_clim() for ax in maps_of(figure) for image in ax.images}
    assert len(limits) == 1
    (low, high) = limits.pop()
    assert low == -high
    assert figure.axes[-1].get_xlabel() == "Temporal relevance (score)"


def test_all_channels_are_lines_in_a_panel_for_each_class(course):
    values = course(2, 32)
    figure = plot_temporal_relevance(values, "joint", times_s=[0.34])
    panels = panels_of(figure)
    assert len(panels) == 2
    for number, ax in enumerate(panels):
        lines = np.array([line.get_ydata() for line in labelled(ax, "channel")])
        np.testing.assert_array_equal(lines, values[number])
    assert len({ax.get_ylim() for ax in panels}) == 1
    assert [len(labelled(ax, "event")) for ax in panels] == [1, 1]
    assert [ax.get_xlabel() for ax in panels] == ["", "Time (s)"]
    assert [text.get_text() for text in figure.texts][:3:2] == ["left", "right"]


def test_lines_have_the_colours_of_the_small_head(course):
    values = course(1, 32)
    figure = plot_temporal_relevance(values, "joint", times_s=[0.34])
    (key,) = [ax for ax in figure.axes if ax.get_label() == "key"]
    (dots,) = [part for part in key.collections if part.get_label() == "channels"]
    lines = labelled(panels_of(figure)[0], "channel")
    for line, colour, place, x in zip(
        lines, dots.get_facecolor(), dots.get_offsets(), values.x.to_numpy(), strict=True
    ):
        assert same_color(line.get_color(), colour[:3])
        assert np.sign(place[0].round(6)) == np.sign(x.round(6))
    left, right = (lines[values.channel.to_numpy().tolist().index(name)].get_color() for name in ("C3", "C4"))
    assert left[2] > left[0]  # blue
    assert right[0] > right[2]  # orange


def test_a_thin_line_leads_from_each_map_to_its_time(course):
    values = course(2, 32)
    figure = plot_temporal_relevance(values, "joint", times_s=[0.1, 0.34])
    found = [(patch.axesA, patch.axesB, patch.xy2[0]) for patch in figure.findobj(ConnectionPatch)]
    maps, panels = maps_of(figure), panels_of(figure)
    assert [pair[0] for pair in found] == maps
    assert [pair[1] for pair in found] == [panels[0]] * 2 + [panels[1]] * 2
    assert [pair[2] for pair in found] == pytest.approx([0.1, 0.34] * 2)


def test_maps_stand_in_the_order_of_time_above_their_panel_and_apart(course):
    times = [-0.2, 0.3, 0.32, 0.34, 0.36, 0.38, 0.4, 0.42, 0.44, 0.8]
    figure = plot_temporal_relevance(course(3, 32), "joint", times_s=times)
    maps, panels = maps_of(figure), panels_of(figure)
    assert len(maps) == 30
    for number, panel in enumerate(panels):
        boxes = [ax.get_position() for ax in maps[10 * number : 10 * number + 10]]
        assert all(one.x1 < other.x0 for one, other in itertools.pairwise(boxes))
        assert all(box.y0 > panel.get_position().y1 for box in boxes)
        assert boxes[0].x0 >= panel.get_position().x0 - 1e-9
        assert boxes[-1].x1 <= panel.get_position().x1 + 1e-9


def test_maps_of_neighbouring_times_give_way_to_both_sides(course):
    figure = plot_temporal_relevance(course(1, 32), "joint", times_s=[0.28, 0.3, 0.32])
    (panel,) = panels_of(figure)
    middles = [np.mean(ax.get_position().intervalx) for ax in maps_of(figure)]
    of_time = (panel.transData.transform((0.3, 0)) / figure.bbox.size)[0]
    assert middles[1] == pytest.approx(of_time)
    assert middles[1] - middles[0] == pytest.approx(middles[2] - middles[1])


def test_established_electrodes_are_dots(course):
    values = course(1, 32)
    figure = plot_temporal_relevance(values, "joint", times_s=[-0.2, 0.34])
    counts = [sum(len(line.get_xdata()) for line in labelled(ax, "marked")) for ax in maps_of(figure)]
    assert counts == (values.p < 0.05).isel(target=0, time=[0, 27]).sum("channel").to_numpy().tolist()
    assert counts[1] > 0
    assert "White dots: established (p < 0.05" in below(figure)
    assert "White dots" not in below(plot_temporal_relevance(values, "joint", times_s=[-0.2]))


def test_times_in_samples_are_named_so(course):
    values = course(1).assign_coords(time=("time", np.arange(51), {"units": "samples"}))
    figure = plot_temporal_relevance(values, "joint", times_s=[3, 25])
    assert [ax.get_title() for ax in maps_of(figure)] == ["sample 3", "sample 25"]


def test_joint_figures_of_long_names_are_legible(course, misplaced_text):
    name = "imagined slow repetitive opening and closing of the left hand while looking ahead, and of the right hand"
    values = course(3).assign_coords(target=[f"{name} {number}" for number in range(3)])
    figure = plot_temporal_relevance(values, "joint", times_s=np.linspace(-0.2, 0.8, 10))
    assert misplaced_text(figure) == []


def test_times_are_asked_for_and_checked(course):
    values = course(1)
    for wrong, words in (
        (
            None,
            r"needs `times_s`, the times of its maps \(-0.2 to 0.8 s\).*peak_latencies.*`times_s=\[0.3\]`",
        ),
        ([3.0], r"must be times from -0.2 to 0.8 s; got 3. Try \[0.3\]"),
        ([np.nan, 0.1], "got nan"),
        ([], "got none"),
        (np.linspace(-0.2, 0.8, 30), r"at most 10 different times; got 30. Choose some: `times_s=\[-0.2, "),
    ):
        with pytest.raises(ValueError, match=words):
            plot_temporal_relevance(values, "joint", times_s=wrong)
    with pytest.raises(TypeError, match="must be a list of numbers; got 'P3'"):
        plot_temporal_relevance(values, "joint", times_s="P3")
    for kind in ("profile", "image"):
        with pytest.raises(ValueError, match="`times_s` belongs to `kind='joint'`"):
            plot_temporal_relevance(values, kind, times_s=[0.1])
    with pytest.raises(ValueError, match="`peaks` belongs to `kind='profile'`"):
        plot_temporal_relevance(values, "joint", peaks=values.to_dataframe(), times_s=[0.1])
    assert plt.get_fignums() == []


def test_many_classes_have_no_joint_figure_but_some_of_them_do(course):
    values = course(4)
    with pytest.raises(ValueError, match=r"at most 3 classes; got 4. Choose some: `result\.sel") as error:
        plot_temporal_relevance(values, "joint", times_s=[0.34])
    fewer = eval(str(error.value).split("`")[-2], {"result": values})
    assert len(panels_of(plot_temporal_relevance(fewer, "joint", times_s=[0.34]))) == 3


def test_maps_need_positions_and_profiles_regions(course):
    bare = course(1).drop_vars(["region", "x", "y", "z"])
    with pytest.raises(PositionsError):
        plot_temporal_relevance(bare, "joint", times_s=[0.34])
    with pytest.raises(ValueError, match=r"plot_temporal_relevance\(result, 'image'\)"):
        plot_temporal_relevance(bare)
    plot_temporal_relevance(bare, "image")


# --- all kinds


@pytest.mark.parametrize(("kind", "more"), [("profile", {}), ("image", {}), ("joint", {"times_s": [0.34]})])
def test_the_evidence_stands_below(course, deletion, kind, more):
    written = below(plot_temporal_relevance(course(), kind, deletion, **more))
    assert "held out" in written
    assert "area between deletion curves 0.21" in written


@pytest.mark.parametrize(("kind", "more"), [("profile", {}), ("image", {}), ("joint", {"times_s": [0.34]})])
def test_the_order_of_dimensions_does_not_matter(course, kind, more):
    values = course()
    one, other = (
        plot_temporal_relevance(given, kind, **more) for given in (values, values.transpose("time", ...))
    )
    for ax, same in zip(one.axes, other.axes, strict=True):
        for line, twin in zip(ax.lines, same.lines, strict=True):
            np.testing.assert_array_equal(line.get_ydata(), twin.get_ydata())
        for part, twin in zip(ax.collections, same.collections, strict=True):
            assert part.get_array() is None or (part.get_array() == twin.get_array()).all()
    assert [ax.get_title() for ax in one.axes] == [ax.get_title() for ax in other.axes]


def test_an_unknown_kind_and_an_empty_array_are_refused(course):
    with pytest.raises(ValueError, match="must be one of 'profile', 'image', 'joint'; got 'pie'"):
        plot_temporal_relevance(course(), "pie")
    with pytest.raises(ValueError, match="not empty"):
        plot_temporal_relevance(course().isel(target=[]), "image")
    assert plt.get_fignums() == []
