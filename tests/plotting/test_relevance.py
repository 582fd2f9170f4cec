"""Relevance is drawn cell by cell on one scale, and cells that may be zero are marked."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import QuadMesh

from sincviz import PositionsError
from sincviz.plotting import plot_relevance
from sincviz.plotting.canvas.evidence import evidence_line

NAMES = ["$x_1$", r"$\bad$", "<script>alert(1)</script>", "левая рука", "_hidden", "a very long name " * 6]


def meshes(figure):
    """The heat maps, from the top."""
    found = [part for ax in figure.axes for part in ax.collections if isinstance(part, QuadMesh)]
    return [part for part in found if part.get_array().size != 256]


def below(figure):
    return " ".join(text.get_text() for text in sorted(figure.texts, key=lambda one: -one.get_position()[1]))


def marked(ax):
    return [line for line in ax.lines if line.get_label() == "marked"]


def words(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("kind", ["topomaps", "channels"])
def test_the_evidence_and_the_bands_stand_below(cells, deletion, kind):
    relevance = cells()
    text = below(plot_relevance(relevance, kind, deletion))
    assert text.endswith(evidence_line(relevance.attrs, deletion))
    assert "Bands in Hz: delta: 1–4; theta: 4–8; alpha: 8–13." in text


def test_maps_mark_electrodes_that_are_surely_not_zero(cells):
    relevance = cells(1, 2)
    figure = plot_relevance(relevance)
    for number in range(2):
        sure = np.abs(relevance[0, number]) > 0.5
        dots = [len(line.get_xdata()) for line in marked(figure.axes[number])]
        assert sum(dots) == int(sure.sum())
    assert below(figure).startswith(
        "White dots: the interval excludes zero; black points: the interval includes zero."
    )


def test_corrected_probabilities_come_before_intervals_and_nothing_is_marked_where_nothing_can_be_read(cells):
    relevance = cells(1, 2)
    p = np.full(relevance.shape, 0.2)
    p[0, 0, 1] = 0.01
    relevance = relevance.assign_coords(p=(relevance.dims, p))
    figure = plot_relevance(relevance)
    assert sum(len(line.get_xdata()) for ax in figure.axes[:2] for line in marked(ax)) == 1
    assert below(figure).startswith(
        "White dots: established (p < 0.05, corrected for the number of cells); black"
    )
    relevance.attrs |= {"readable": "no", "not_readable_because": "chance unknown_trials"}
    figure = plot_relevance(relevance)
    assert not any(marked(ax) for ax in figure.axes)
    assert below(figure).startswith("Not evidence of what the network uses: the accuracy on these trials")
    assert "stablished" not in below(figure)


@pytest.mark.parametrize("kind", ["topomaps", "channels"])
def test_without_intervals_nothing_is_marked(cells, kind):
    figure = plot_relevance(cells(intervals=False), kind)
    assert not any(marked(ax) for ax in figure.axes)
    assert "interval" not in below(figure)


def test_heat_maps_show_every_cell_on_one_scale(cells):
    relevance = cells(2, 3)
    drawn = meshes(plot_relevance(relevance, "channels"))
    np.testing.assert_array_equal([part.get_array() for part in drawn], relevance)
    largest = float(np.abs(relevance).max())
    assert {part.get_clim() for part in drawn} == {(-largest, largest)}


def test_heat_maps_have_dots_where_the_interval_includes_zero(cells):
    relevance = cells(1, 3)
    figure = plot_relevance(relevance, "channels")
    (dots,) = marked(figure.axes[0])
    rows, columns = np.nonzero(np.abs(relevance[0].to_numpy()) <= 0.5)
    np.testing.assert_array_equal(dots.get_ydata(), rows)
    np.testing.assert_array_equal(dots.get_xdata(), columns)
    assert below(figure).startswith("Dots: the interval includes zero.")


def test_cells_without_value_are_grey_and_bear_no_dot(cells):
    relevance = cells(1, 3)
    figure = plot_relevance(relevance.where(relevance.band != "theta"), "channels")
    (mesh,) = meshes(figure)
    assert np.ma.getmaskarray(mesh.get_array())[1].all()
    assert 1 not in marked(figure.axes[0])[0].get_ydata()
    assert "Grey: no value." in below(figure)


def test_channels_keep_their_order_and_regions_are_named_once(cells):
    relevance = cells(2, 3, 64)
    *_, last, _ = plot_relevance(relevance, "channels").axes
    regions = list(dict.fromkeys(relevance.region.to_numpy().tolist()))
    assert words(last) == [*relevance.channel.to_numpy().tolist(), *regions]


def test_classes_are_titles_and_bands_are_rows_from_the_top(cells):
    ax = plot_relevance(cells(), "channels").axes[0]
    assert ax.get_title("left") == "left"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["delta", "theta", "alpha"]
    assert ax.yaxis_inverted()


def test_scattered_regions_are_not_named(cells, misplaced_text):
    relevance = cells(1, 2, 128)
    mixed = relevance.isel(channel=np.random.default_rng(0).permutation(128))
    figure = plot_relevance(mixed, "channels")
    assert misplaced_text(figure) == []
    assert not set(words(figure.axes[0])) & set(mixed.region.to_numpy().tolist())


@pytest.mark.parametrize("n_chans", [2, 3, 22, 64, 128])
def test_names_of_channels_do_not_run_into_one_another(cells, misplaced_text, n_chans):
    figure = plot_relevance(cells(2, 6, n_chans), "channels")
    assert misplaced_text(figure) == []
    assert len(words(figure.axes[1])) > n_chans


def test_maps_of_many_classes_fit_a_page(cells, misplaced_text):
    figure = plot_relevance(cells(20, 2, 8))
    assert misplaced_text(figure) == []
    assert figure.get_figheight() * 25.4 < 270


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dim", ["target", "band"])
@pytest.mark.parametrize("kind", ["topomaps", "channels", "matrix"])
def test_any_name_is_drawn_as_it_is(cells, matrix, misplaced_text, kind, dim, name):
    relevance = matrix() if kind == "matrix" else cells()
    relevance = relevance.assign_coords({dim: [name, *relevance[dim].to_numpy()[1:]]})
    assert misplaced_text(plot_relevance(relevance, kind)) == []


@pytest.mark.parametrize("name", NAMES)
def test_channels_and_regions_may_have_any_name(cells, misplaced_text, name):
    relevance = cells(n_chans=32)
    names = [f"{number}{name}" for number in range(32)]
    figure = plot_relevance(
        relevance.assign_coords(channel=names, region=("channel", [name] * 32)), "channels"
    )
    assert misplaced_text(figure) == []


def test_a_matrix_has_its_numbers_and_parentheses_around_those_that_may_be_zero(matrix):
    relevance = matrix()
    relevance[:] = [[0.8, -0.6, 0.125], [0.0, -0.001, np.nan]]
    low, high = relevance.ci_low.copy(data=relevance - 0.5), relevance.ci_high.copy(data=relevance + 0.5)
    figure = plot_relevance(relevance.assign_coords(ci_low=low, ci_high=high), "matrix")
    assert words(figure.axes[0]) == ["0.80", "−0.60", "(0.12)", "(0.00)", "(0.00)", "–"]
    assert below(figure).startswith("In parentheses: the interval includes zero.")


def test_the_kind_of_interval_is_said(matrix):
    relevance = matrix().assign_attrs(interval="95% bootstrap over trials")
    assert "the interval (95% bootstrap over trials) includes zero" in below(
        plot_relevance(relevance, "matrix")
    )


@pytest.mark.parametrize(
    ("largest", "text"), [(0.02, "0.020"), (1e-5, "1.0e−05"), (3.0, "3.00"), (2000, "2000"), (1e6, "1.0e+06")]
)
def test_numbers_have_the_decimals_they_need(matrix, largest, text):
    relevance = matrix(1, 1).drop_vars(["ci_low", "ci_high"])
    relevance[:] = largest
    assert words(plot_relevance(relevance, "matrix").axes[0]) == [text]


@pytest.mark.parametrize(("n_bands", "width_mm"), [(3, 88), (12, 178), (32, 178)])
def test_a_matrix_is_as_wide_as_its_bands_need(matrix, misplaced_text, n_bands, width_mm):
    figure = plot_relevance(matrix(20, n_bands), "matrix")
    assert figure.get_figwidth() * 25.4 == pytest.approx(width_mm)
    assert misplaced_text(figure) == []
    if n_bands == 32:
        assert words(figure.axes[0]) == []
        assert below(figure).startswith("Dots:")


def test_a_matrix_of_channels_sums_them_and_marks_nothing(cells):
    given = cells()
    drawn, summed = (plot_relevance(one, "matrix") for one in (given, given.sum("channel", keep_attrs=True)))
    assert [text.get_text() for text in drawn.axes[0].texts] == [
        text.get_text() for text in summed.axes[0].texts
    ]
    assert below(drawn) == below(summed)
    assert "interval" not in below(drawn)


@pytest.mark.parametrize("kind", ["topomaps", "channels"])
def test_other_dimensions_are_refused(matrix, kind):
    with pytest.raises(ValueError, match=r"draws an array over \(target, band, channel\)"):
        plot_relevance(matrix(), kind)
    assert plt.get_fignums() == []


def test_an_unknown_kind_is_refused(cells):
    with pytest.raises(ValueError, match="`kind` must be one of 'matrix', 'channels', 'topomaps'; got 'pie'"):
        plot_relevance(cells(), "pie")


def test_maps_need_positions_and_heat_maps_do_not(cells):
    nowhere = cells().drop_vars(["x", "y", "z"])
    with pytest.raises(PositionsError):
        plot_relevance(nowhere)
    assert plt.get_fignums() == []
    plot_relevance(nowhere, "channels").canvas.draw()


@pytest.mark.parametrize("kind", ["topomaps", "channels", "matrix"])
def test_the_order_of_dimensions_does_not_matter(cells, matrix, kind):
    relevance = matrix() if kind == "matrix" else cells()
    turned = relevance.transpose(*relevance.dims[::-1])
    one, other = (plot_relevance(values, kind) for values in (relevance, turned))
    for first, second in zip(meshes(one), meshes(other), strict=True):
        np.testing.assert_array_equal(first.get_array(), second.get_array())
    assert [len(ax.lines) for ax in one.axes] == [len(ax.lines) for ax in other.axes]
