"""The relevance of each frequency at each moment is an image for each region, class and part, on one scale."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import QuadMesh

from sincviz.eeg.regions import REGIONS
from sincviz.eeg.sums import sum_over_regions
from sincviz.plotting import plot_time_frequency_relevance


def below(figure):
    return " ".join(text.get_text() for text in sorted(figure.texts, key=lambda one: -one.get_position()[1]))


def panels_of(figure):
    return figure.axes[:-1]


def mesh_of(ax):
    (mesh,) = [part for part in ax.collections if isinstance(part, QuadMesh)]
    return mesh


def outlined(figure):
    return [any(part.get_label() == "outline" for part in ax.collections) for ax in panels_of(figure)]


def in_regions(values, regions):
    coords = {"region": list(regions)}
    return values.drop_vars(["region", "x", "y", "z"]).rename(channel="region").assign_coords(coords)


def test_each_panel_is_a_region_of_a_class(spectrogram):
    values = spectrogram(2, 32, 12)
    summed = sum_over_regions(values)
    figure = plot_time_frequency_relevance(values, high_hz=100)
    panels = panels_of(figure)
    assert [ax.get_title() for ax in panels] == 2 * summed.region.to_numpy().tolist()
    for ax, expected in zip(panels, summed.to_numpy().reshape(len(panels), 12, 17), strict=True):
        np.testing.assert_allclose(mesh_of(ax).get_array(), expected)
    for name in ("left", "right"):
        assert [text.get_text() for text in figure.texts].count(name) == 1


def test_all_panels_have_one_symmetric_scale_and_its_bar_says_what_it_is(spectrogram):
    figure = plot_time_frequency_relevance(spectrogram(2, 32))
    limits = {mesh_of(ax).get_clim() for ax in panels_of(figure)}
    assert len(limits) == 1
    (low, high) = limits.pop()
    assert low == -high
    assert figure.axes[-1].get_xlabel() == "Time-frequency relevance (score)"


def test_regions_stand_as_on_the_head(spectrogram):
    regions = ["left frontal", "right frontal", "left central", "midline central", "right central"]
    figure = plot_time_frequency_relevance(in_regions(spectrogram(1, 5), regions))
    corners = [ax.get_position().p0.round(6) for ax in panels_of(figure)]
    columns = sorted({x for x, _ in corners})
    rows = sorted({y for _, y in corners}, reverse=True)
    assert [(rows.index(y), columns.index(x)) for x, y in corners] == [(0, 0), (0, 2), (1, 0), (1, 1), (1, 2)]


def test_the_event_and_the_axes_are_drawn(spectrogram):
    figure = plot_time_frequency_relevance(in_regions(spectrogram(1, 3), ["a", "b", "c"]))
    for ax in panels_of(figure):
        assert [line.get_xdata() for line in ax.lines if line.get_label() == "event"] == [[0, 0]]
        assert ax.get_xlabel() == "Time (s)"
        assert ax.get_ylim()[0] == 0
        assert ax.get_xlim() == (-0.5625, 1.5625)
    assert "Frequency (Hz)" in [text.get_text() for text in figure.texts]


def test_frequencies_are_shown_up_to_where_nearly_all_relevance_lies(spectrogram):
    values = spectrogram(1, 8)
    figure = plot_time_frequency_relevance(values)
    n_shown = mesh_of(figure.axes[0]).get_array().shape[0]
    # What is counted is what is drawn, the regions.
    size = np.abs(sum_over_regions(values).to_numpy()).sum((0, 1, 3))
    share = size.cumsum() / size.sum()
    assert share[n_shown - 2] < 0.99 <= share[n_shown - 1]
    highest = f"{2 * (n_shown - 1)} Hz"
    assert f"Not shown: frequencies above {highest}, with {100 * (1 - share[n_shown - 1]):.2g} %" in below(
        figure
    )


def test_a_highest_frequency_can_be_chosen(spectrogram):
    values = spectrogram(1)
    figure = plot_time_frequency_relevance(values, high_hz=30)
    assert figure.axes[0].get_ylim() == (0, 31)
    assert "Not shown: frequencies above 30 Hz, with less than 0.1 %" in below(figure)
    assert "Not shown" not in below(plot_time_frequency_relevance(values, high_hz=80))
    with pytest.raises(ValueError, match=r"must be above the lowest frequency, 0; got -3\. Try 80"):
        plot_time_frequency_relevance(values, high_hz=-3)


def test_nothing_but_zeros_is_drawn(spectrogram):
    figure = plot_time_frequency_relevance(0 * spectrogram(1, p=False))
    assert mesh_of(figure.axes[0]).get_array().shape[0] == 4  # nothing says that more is worth seeing
    figure.canvas.draw()


def test_parts_are_blocks_below_each_other(spectrogram):
    figure = plot_time_frequency_relevance(spectrogram(1, 8, parts=("evoked", "induced")))
    names = {text.get_text(): text.get_position()[1] for text in figure.texts}
    assert names["left: evoked"] > names["left: induced"]
    panels = panels_of(figure)
    half = len(panels) // 2
    for one, other in zip(panels[:half], panels[half:], strict=True):
        np.testing.assert_allclose(2 * mesh_of(one).get_array(), mesh_of(other).get_array())
        assert one.get_position().y0 > other.get_position().y0


def test_channels_without_regions_have_panels_of_their_own(spectrogram):
    values = spectrogram(1, 8).isel(channel=[2, 0, 1]).drop_vars("region")
    figure = plot_time_frequency_relevance(values)
    assert [ax.get_title() for ax in panels_of(figure)] == values.channel.to_numpy().tolist()


@pytest.mark.parametrize("parts", [(), ("evoked", "induced")])
def test_established_cells_are_outlined_if_nothing_was_summed(spectrogram, parts):
    values = in_regions(spectrogram(2, 3, parts=parts), ["a", "b", "c"])
    figure = plot_time_frequency_relevance(values)
    cells = (values.p < 0.05).any(["frequency", "time"]).to_numpy().ravel().tolist()
    assert outlined(figure) == cells
    assert 0 < sum(cells) < len(cells)
    assert "Outlined: established (p < 0.05" in below(figure)
    assert not any(outlined(plot_time_frequency_relevance(spectrogram(2, 8, parts=parts))))


def test_the_resolution_is_told(spectrogram):
    values = spectrogram(1)
    written = below(plot_time_frequency_relevance(values))
    assert "Resolution: 180 ms and 2.9 Hz (windows of 500 ms)." in written
    bare = values.copy()
    del bare.attrs["time_resolution_s"]
    assert "Resolution" not in below(plot_time_frequency_relevance(bare))


def test_rhythms_are_named_where_there_is_room_and_frequencies_are_in_hz(spectrogram):
    values = in_regions(spectrogram(1, 3), ["a", "b", "c"])
    figure = plot_time_frequency_relevance(values, high_hz=40)
    assert [[text.get_text() for text in ax.texts] for ax in panels_of(figure)] == [[], [], ["α", "β", "γ"]]
    other = values.assign_coords(
        frequency=("frequency", values.frequency.to_numpy() / 160, {"units": "cycles per sample"})
    )
    figure = plot_time_frequency_relevance(other)
    assert not any(ax.texts for ax in panels_of(figure))
    assert "Frequency (cycles per sample)" in [" ".join(text.get_text().split()) for text in figure.texts]


@pytest.mark.parametrize(
    ("targets", "regions"), [(1, list(REGIONS)), (2, list(REGIONS)), (5, ["left central"]), (15, ["a", "b"])]
)  # fmt: skip
def test_classes_and_regions_do_not_run_into_one_another(spectrogram, misplaced_text, targets, regions):
    values = in_regions(spectrogram(targets, len(regions)), regions)
    figure = plot_time_frequency_relevance(values)
    assert misplaced_text(figure) == []
    assert figure.get_figheight() * 25.4 < 450


@pytest.mark.parametrize("name", ["$x_1$", r"$\bad$", "<script>", "левая рука", "_hidden", "long name " * 12])
def test_any_name_is_drawn_as_it_is(spectrogram, misplaced_text, name):
    values = in_regions(spectrogram(2, 3), [name, "c", "d"]).assign_coords(target=[name, "b"])
    assert misplaced_text(plot_time_frequency_relevance(values)) == []


def test_one_frequency_and_one_time_are_drawn(spectrogram, misplaced_text):
    assert misplaced_text(plot_time_frequency_relevance(spectrogram(1).isel(frequency=[5]))) == []
    plot_time_frequency_relevance(spectrogram(1).isel(frequency=[0], time=[3])).canvas.draw()


def test_missing_values_are_grey_and_said(spectrogram):
    values = spectrogram(1)
    values[0, 1] = np.nan
    assert "Grey: no value." in below(plot_time_frequency_relevance(values))


def test_the_evidence_stands_below(spectrogram, deletion):
    written = below(plot_time_frequency_relevance(spectrogram(), deletion))
    assert "held out" in written
    assert "area between deletion curves 0.21" in written


def test_the_order_of_dimensions_does_not_matter(spectrogram):
    values = spectrogram(2, 8, parts=("evoked", "induced"))
    one, other = (plot_time_frequency_relevance(given) for given in (values, values.transpose("time", ...)))
    for ax, same in zip(panels_of(one), panels_of(other), strict=True):
        np.testing.assert_allclose(mesh_of(ax).get_array(), mesh_of(same).get_array())


def test_too_many_panels_are_refused_and_fewer_are_drawn(spectrogram):
    values = spectrogram(9, 32, 12).assign_coords(target=[f"class {number}" for number in range(9)])
    for given in (values, spectrogram(1, 128, 12).drop_vars("region")):
        with pytest.raises(ValueError, match=r"do not fit on two pages; got \{'target'") as error:
            plot_time_frequency_relevance(given)
        assert plt.get_fignums() == []
        plot_time_frequency_relevance(eval(str(error.value).split("`")[-2], {"result": given}))
        plt.close("all")


def test_other_arrays_are_refused(spectrogram, course):
    with pytest.raises(ValueError, match="`plot_time_frequency_relevance` draws an array over"):
        plot_time_frequency_relevance(course())
    with pytest.raises(ValueError, match="not empty"):
        plot_time_frequency_relevance(spectrogram().isel(target=[]))
    assert plt.get_fignums() == []
