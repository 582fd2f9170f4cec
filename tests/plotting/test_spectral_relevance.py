"""Each frequency's relevance is a line per class and region, or an image over channels."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import same_color

from sincviz.eeg.regions import REGIONS
from sincviz.plotting import plot_spectral_relevance
from sincviz.plotting.canvas.style import CLASS_COLOURS


def titles(figure):
    return [ax.get_title() for ax in figure.axes]


def curves(ax):
    return [line for line in ax.lines if len(line.get_xdata()) == 41]


def places(figure):
    """The row and column of each panel."""
    corners = [ax.get_position().p0.round(6) for ax in figure.axes]
    columns, rows = (sorted({corner[axis] for corner in corners}) for axis in (0, 1))
    return [(len(rows) - 1 - rows.index(y), columns.index(x)) for x, y in corners]


@pytest.fixture
def image(profile):
    return profile(regions=["C3", "Cz", "C4"]).rename(region="channel").drop_vars(["ci_low", "ci_high"])


def test_each_panel_is_a_region_and_each_line_a_class(profile):
    values = profile()
    figure = plot_spectral_relevance(values)
    assert titles(figure) == values.region.to_numpy().tolist()
    for ax, region in zip(figure.axes, values.region.to_numpy(), strict=True):
        for line, target in zip(curves(ax), values.target.to_numpy(), strict=True):
            np.testing.assert_array_equal(line.get_ydata(), values.sel(region=region, target=target))
            assert line.get_label() == target
    assert [same_color(line.get_color(), CLASS_COLOURS[at]) for at, line in enumerate(curves(ax))] == [
        True,
        True,
    ]


def test_panels_share_their_limits(profile):
    figure = plot_spectral_relevance(profile())
    assert len({(ax.get_xlim(), ax.get_ylim()) for ax in figure.axes}) == 1


def test_intervals_are_bands_and_said_below(profile):
    values = profile(targets=1, regions=["left central"])
    figure = plot_spectral_relevance(values)
    (band,) = figure.axes[0].collections
    vertices = band.get_paths()[0].vertices
    assert vertices[:, 1].min() == pytest.approx(float(values.ci_low.min()))
    assert vertices[:, 1].max() == pytest.approx(float(values.ci_high.max()))
    assert any("Bands around the lines: intervals." in text.get_text() for text in figure.texts)
    assert not plot_spectral_relevance(values.drop_vars(["ci_low", "ci_high"])).axes[0].collections


def test_left_is_left_and_the_midline_between(profile):
    regions = ["left frontal", "right frontal", "left central", "midline central", "right central", "other"]
    figure = plot_spectral_relevance(profile(regions=regions))
    assert places(figure) == [(0, 0), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0)]


def test_other_names_stand_in_their_order(profile):
    figure = plot_spectral_relevance(profile(regions=["a", "b", "left", "c"]))
    assert places(figure) == [(0, 0), (0, 1), (0, 2), (1, 0)]


@pytest.mark.parametrize("units", ["Hz", "cycles per sample"])
def test_rhythms_are_shaded_only_where_frequencies_are_in_hz(profile, units):
    ax = plot_spectral_relevance(profile(units=units)).axes[0]
    assert ax.get_xlabel() == f"Frequency ({units})"
    assert [text.get_text() for text in ax.texts] == (list("δθαβγ") if units == "Hz" else [])


@pytest.mark.parametrize(
    ("targets", "regions"),
    [
        *((targets, ["left central"]) for targets in (1, 2, 7, 8, 20)),
        *((targets, list(REGIONS)) for targets in (1, 20)),
    ],
)
def test_classes_and_regions_do_not_run_into_one_another(profile, misplaced_text, targets, regions):
    figure = plot_spectral_relevance(profile(targets, regions))
    assert misplaced_text(figure) == []
    lines = curves(figure.axes[0])
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == targets


@pytest.mark.parametrize("name", ["$x_1$", r"$\bad$", "<script>", "левая рука", "_hidden", "long name " * 12])
def test_any_name_is_drawn_as_it_is(profile, image, misplaced_text, name):
    values = profile().assign_coords(target=[name, "b"], region=[name, "c", "d"])
    figure = plot_spectral_relevance(values)
    assert misplaced_text(figure) == []
    assert len(figure.legends[0].get_texts()) == 2
    images = image.assign_coords(target=[name, "b"], channel=[name, "c", "d"])
    assert misplaced_text(plot_spectral_relevance(images, "image")) == []


def test_an_image_has_frequencies_up_and_channels_across(image):
    figure = plot_spectral_relevance(image, "image")
    for number, ax in enumerate(figure.axes[:2]):
        (mesh,) = [part for part in ax.collections if isinstance(part, QuadMesh)]
        np.testing.assert_array_equal(mesh.get_array(), image[number].transpose("frequency", "channel"))
        assert mesh.get_coordinates()[0, 0].tolist() == [-0.5, -0.5]
        assert not ax.yaxis_inverted()
        assert ax.get_ylabel() == "Frequency (Hz)"
    assert [text.get_text() for text in figure.axes[1].texts] == ["C3", "Cz", "C4"]


def test_one_frequency_is_drawn(profile, image):
    plot_spectral_relevance(profile().isel(frequency=[10])).canvas.draw()
    plot_spectral_relevance(profile().isel(frequency=[0])).canvas.draw()
    plot_spectral_relevance(image.isel(frequency=[10]), "image").canvas.draw()


def test_the_evidence_stands_below(profile, image, deletion):
    for values, kind in ((profile(), "profile"), (image, "image")):
        figure = plot_spectral_relevance(values, kind, deletion)
        text = " ".join(
            one.get_text() for one in sorted(figure.texts, key=lambda one: -one.get_position()[1])
        )
        assert "held out" in text
        assert "area between deletion curves 0.21" in text


@pytest.mark.parametrize("kind", ["profile", "image"])
def test_other_arrays_are_refused(profile, image, kind):
    with pytest.raises(ValueError, match="draws an array over"):
        plot_spectral_relevance(image if kind == "profile" else profile(), kind)
    with pytest.raises(ValueError, match="not empty; got"):
        plot_spectral_relevance(profile().isel(target=[]))
    assert plt.get_fignums() == []


def test_an_unknown_kind_is_refused(profile):
    with pytest.raises(ValueError, match="`kind` must be one of 'profile', 'image'; got 'pie'"):
        plot_spectral_relevance(profile(), "pie")
