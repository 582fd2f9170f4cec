"""Tests over subjects are drawn with their clusters: marked, their p written, and said plainly where there is none."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection, PathCollection, QuadMesh

import sincviz
from sincviz import PositionsError
from sincviz.eeg.regions import REGIONS
from sincviz.plotting import plot_cluster_spectrum, plot_cluster_times, plot_cluster_topomaps

PLOTS = [
    (plot_cluster_topomaps, "band_test"),
    (plot_cluster_spectrum, "spectral_test"),
    (plot_cluster_times, "time_test"),
]


@pytest.fixture(params=PLOTS, ids=["topomaps", "spectrum", "times"])
def plot_and_build(request):
    return request.param[0], request.getfixturevalue(request.param[1])


def below(figure):
    return " ".join(text.get_text() for text in sorted(figure.texts, key=lambda one: -one.get_position()[1]))


def marks(ax, label):
    """The places of marks with this label."""
    return [place for line in ax.lines if line.get_label() == label for place in line.get_xydata().tolist()]


def maps_of(figure):
    return figure.axes[:-1]


def outlines(ax):
    """The pieces of the outlines, as (x, y, x, y)."""
    return [
        tuple(np.ravel(piece).tolist())
        for part in ax.collections
        if isinstance(part, LineCollection) and part.get_label() == "outline"
        for piece in part.get_segments()
    ]


# --- on the scalp


def test_dots_are_the_electrodes_of_significant_clusters(band_test):
    test = band_test(3, 4)
    figure = plot_cluster_topomaps(test)
    dots = [len(marks(ax, "marked")) for ax in maps_of(figure)]
    assert dots == (test.cluster == 1).sum("channel").to_numpy().ravel().tolist()
    assert sum(dots) > 0


def test_dots_lie_on_their_electrodes(band_test):
    test = band_test(1, 1)
    ax = plot_cluster_topomaps(test).axes[0]
    (others,) = [part.get_offsets() for part in ax.collections if isinstance(part, PathCollection)]
    chosen = (test.cluster == 1).to_numpy().ravel()
    for places, of in ((marks(ax, "marked"), chosen), (others, ~chosen)):
        # The projection turns nothing: from left to right in both.
        order = np.argsort(test.x.to_numpy()[of], kind="stable")
        assert np.corrcoef(np.asarray(places)[order, 0], np.sort(test.x.to_numpy()[of]))[0, 1] > 0.99


def test_rings_are_the_electrodes_with_a_small_q_in_no_significant_cluster(band_test):
    test = band_test(2, 3)
    figure = plot_cluster_topomaps(test)
    expected = (test.q <= 0.05) & (test.cluster != 1)
    rings = [len(marks(ax, "ringed")) for ax in maps_of(figure)]
    assert rings == expected.sum("channel").to_numpy().ravel().tolist()
    assert 0 < sum(rings) < test.q.size
    maps = zip(maps_of(figure), expected.to_numpy().reshape(6, -1), test.cluster.to_numpy().reshape(6, -1),
               strict=True)  # fmt: skip
    for ax, ringed, numbers in maps:
        (others,) = [part.get_offsets() for part in ax.collections if isinstance(part, PathCollection)]
        assert marks(ax, "ringed") == others[ringed[numbers != 1]].tolist()
    assert "Rings: q ≤ 0.05" in below(figure)


def test_rings_are_not_spoken_of_where_there_are_none(band_test):
    test = band_test(1, 2)
    written = below(plot_cluster_topomaps(test.assign(q=xr.where(test.cluster == 1, 0.01, 0.2))))
    assert "Rings" not in written
    assert "Benjamini" not in written


def test_one_electrode_alone_outside_the_cluster_gets_its_ring(band_test):
    test = band_test(1, 1, 8)
    test = test.assign(cluster=xr.ones_like(test.cluster), cluster_p=xr.full_like(test["mean"], 0.01))
    test.cluster[0, 0, 3] = 0
    test.cluster_p[0, 0, 3] = np.nan
    test.q[:] = 0.01
    ax = plot_cluster_topomaps(test).axes[0]
    (other,) = [part.get_offsets() for part in ax.collections if isinstance(part, PathCollection)]
    assert marks(ax, "ringed") == other.tolist()
    assert len(marks(ax, "marked")) == 7


def test_alpha_decides_what_is_marked(band_test):
    test = band_test(1, 2).assign_attrs(alpha=0.001)
    figure = plot_cluster_topomaps(test)
    assert not any(marks(ax, "marked") for ax in maps_of(figure))
    assert "No significant cluster: smallest p = 0.004." in below(figure)
    significant = plot_cluster_topomaps(test.assign_attrs(alpha=0.004))
    assert sum(len(marks(ax, "marked")) for ax in maps_of(significant)) == (test.cluster == 1).sum()
    assert "p ≤ 0.004" in below(significant)


def test_the_p_of_each_maps_clusters_is_above_it(band_test):
    test = band_test(2, 3)
    figure = plot_cluster_topomaps(test)
    for number, ax in enumerate(maps_of(figure)):
        target, band = divmod(number, 3)
        there = set(test.cluster[target, band].to_numpy().tolist())
        p = "p = 0.004" if 1 in there else "p = 0.31" if 2 in there else ""
        name = str(test.band[band].item())
        assert ax.get_title() == (f"{name}\n{p}" if target == 0 else p)


def test_several_significant_clusters_of_a_map_are_counted_once_each(band_test):
    test = band_test(1, 1, p=(0.0004, 0.02))
    assert set(np.unique(test.cluster)) == {0, 1, 2}
    assert plot_cluster_topomaps(test).axes[0].get_title() == "delta\np < 0.001, 0.02"


def test_all_maps_have_one_symmetric_limit(band_test):
    test = band_test(2, 3)
    figure = plot_cluster_topomaps(test)
    most = float(np.abs(test["mean"]).max())
    limits = {image.get_clim() for ax in maps_of(figure) for image in ax.images}
    assert limits == {(-most, most)}
    assert figure.axes[-1].get_xlabel() == "Mean contrast (within-class SD of the score)"


def test_maps_need_positions(band_test):
    with pytest.raises(PositionsError):
        plot_cluster_topomaps(band_test().drop_vars(["x", "y", "z"]))
    assert plt.get_fignums() == []


# --- over frequencies


def test_the_image_shows_the_means(spectral_test):
    test = spectral_test(2)
    figure = plot_cluster_spectrum(test)
    for number, ax in enumerate(figure.axes[:2]):
        (mesh,) = [part for part in ax.collections if isinstance(part, QuadMesh)]
        np.testing.assert_array_equal(mesh.get_array(), test["mean"][number])
        assert mesh.get_clim()[0] == -mesh.get_clim()[1]
    assert figure.axes[0].get_ylabel() == "Frequency (Hz)"


def test_outlines_go_around_significant_clusters_only(spectral_test):
    test = spectral_test(1, 8)
    inside = np.zeros((40, 8), int)
    inside[9:12, 2:4] = 1  # 10 to 12 Hz
    inside[20:22, 6] = 2
    p = np.where(inside == 1, 0.01, np.where(inside == 2, 0.4, np.nan))
    dims = test["mean"].dims
    test = test.assign(cluster=(dims, inside[None]), cluster_p=(dims, p[None]))
    found = set(outlines(plot_cluster_spectrum(test).axes[0]))
    upright = {(x, y - 0.5, x, y + 0.5) for x in (1.5, 3.5) for y in (10.0, 11.0, 12.0)}
    flat = {(x - 0.5, y, x + 0.5, y) for x in (2.0, 3.0) for y in (9.5, 12.5)}
    assert found == upright | flat


def test_clusters_that_touch_are_parted(spectral_test):
    test = spectral_test(1, 8, p=(0.01, 0.02))
    numbers = np.ones((1, 40, 8), int)
    numbers[:, 20:] = 2
    dims = test["mean"].dims
    test = test.assign(cluster=(dims, numbers), cluster_p=(dims, np.full(numbers.shape, 0.01)))
    found = outlines(plot_cluster_spectrum(test).axes[0])
    assert {piece for piece in found if piece[1] == piece[3] == 20.5} == {
        (x - 0.5, 20.5, x + 0.5, 20.5) for x in range(8)
    }
    assert len(found) == 3 * 8 + 2 * 40


def test_titles_say_class_and_p(spectral_test):
    titles = [ax.get_title("left") for ax in plot_cluster_spectrum(spectral_test(2)).axes[:2]]
    assert titles == ["left: p = 0.004", "right: p = 0.004"]
    assert plot_cluster_spectrum(spectral_test()).axes[0].get_title("left") == "p = 0.004"


def test_regions_stand_below(spectral_test):
    figure = plot_cluster_spectrum(spectral_test(1, 8))
    assert {"left central", "midline parietal"} <= {text.get_text() for text in figure.axes[0].texts}


# --- over times


def test_the_image_of_times_shows_the_means_from_front_to_back(time_test):
    test = time_test(2)
    figure = plot_cluster_times(test.isel(channel=slice(None, None, -1)))
    order = test.isel(
        channel=np.lexsort([np.arange(32), [REGIONS.index(name) for name in test.region.to_numpy()]])
    )
    assert order.region.to_numpy().tolist() == test.region.to_numpy().tolist()
    for number, ax in enumerate(figure.axes[:2]):
        (mesh,) = [part for part in ax.collections if isinstance(part, QuadMesh)]
        assert set(map(tuple, mesh.get_array().round(9))) == set(
            map(tuple, test["mean"][number].to_numpy().round(9))
        )
        np.testing.assert_array_equal(
            mesh.get_array()[:1], test["mean"][number].sel(channel=[first_name(figure)])
        )
        assert mesh.get_clim()[0] == -mesh.get_clim()[1]
        assert ax.get_xlabel() == "Time (s)"
        assert [line.get_xdata() for line in ax.lines if line.get_label() == "event"] == [[0, 0]]


def first_name(figure):
    return figure.axes[0].texts[0].get_text()


def test_outlines_follow_the_channels_when_these_are_sorted(time_test):
    test = time_test(1, 8).isel(channel=slice(None, None, -1))
    inside = np.zeros((8, 51), int)
    inside[0, 20:23] = 1  # the last from front to back, at 0.2 to 0.24 s
    p = np.where(inside == 1, 0.01, np.nan)
    test = test.assign(cluster=(test["mean"].dims, inside[None]), cluster_p=(test["mean"].dims, p[None]))
    ax = plot_cluster_times(test).axes[0]
    names = [text.get_text() for text in ax.texts if text.get_text() in test.channel.to_numpy()]
    row = names.index(str(test.channel[0].item()))
    ends = np.array(outlines(ax))
    assert (ends[:, [1, 3]].min(), ends[:, [1, 3]].max()) == (row - 0.5, row + 0.5)
    assert ends[:, [0, 2]].min() == pytest.approx(0.19)
    assert ends[:, [0, 2]].max() == pytest.approx(0.25)


def test_a_test_over_trials_says_so(time_test, misplaced_text):
    test = time_test(2)
    attrs = {name: value for name, value in test.attrs.items() if name != "n_subjects"}
    of_trials = test.drop_attrs(deep=False).assign_attrs(attrs | {"n_trials": 240, "trials": "contrast"})
    figure = plot_cluster_times(of_trials)
    assert "Contrast of 240 trials of one network." in below(figure)
    assert "permutations of the classes: 512" in below(figure)
    assert "subjects" not in below(figure)
    assert misplaced_text(figure) == []


def test_of_something_else_it_says_what_to_test():
    with pytest.raises(TypeError, match=r"try `sincviz\.plotting\.plot_cluster_times\(group\.time_test\)`"):
        plot_cluster_times(np.zeros((3, 3)))


@pytest.mark.parametrize(("dim", "entries"), [("band", ["alpha", "beta"]), ("frequency", [10.0, 12.5])])
@pytest.mark.parametrize("plot", [plot for plot, _ in PLOTS])
def test_bands_and_frequencies_over_time_are_chosen_as_the_message_says(time_test, plot, dim, entries):
    test = xr.concat([time_test(2, 8)] * 2, xr.Variable(dim, entries)).transpose(
        "target", dim, "channel", "time"
    )
    with pytest.raises(ValueError, match=f"Choose one {dim}: ") as error:
        plot(test)
    line = str(error.value).split("`")[-2]
    figure = eval(line, {"sincviz": sincviz, "result": test})
    assert ("Band: alpha." if dim == "band" else "Frequency: 10 Hz.") in below(figure)


# --- all


def test_no_significant_cluster_is_said_plainly(plot_and_build, misplaced_text):
    plot, build = plot_and_build
    figure = plot(build(p=(0.21, 0.4)))
    assert misplaced_text(figure) == []
    (line,) = [text for text in figure.texts if text.get_text().startswith("No significant cluster")]
    assert line.get_text() == "No significant cluster: smallest p = 0.21."
    assert line.get_fontweight() == "bold"
    assert not any(marks(ax, "marked") or outlines(ax) for ax in figure.axes)
    assert "clusters with p" not in below(figure)


def test_no_cluster_at_all_is_said_plainly(plot_and_build):
    plot, build = plot_and_build
    test = build()
    test = test.assign(cluster=0 * test.cluster, cluster_p=np.nan * test.cluster_p)
    assert "No significant cluster: no cell passes the threshold." in below(plot(test))


def test_without_a_test_of_clusters_it_says_so(plot_and_build):
    plot, build = plot_and_build
    written = below(plot(build().drop_vars(["cluster", "cluster_p"])))
    assert "Clusters were not tested." in written
    assert "permutation" not in written


def test_a_significant_cluster_needs_no_such_words(plot_and_build):
    plot, build = plot_and_build
    written = below(plot(build()))
    assert "No significant cluster" not in written
    assert "not tested" not in written


def test_below_stands_how_it_was_tested(plot_and_build, misplaced_text):
    plot, build = plot_and_build
    figure = plot(build(3, n_chans=64))
    assert misplaced_text(figure) == []
    for words in (
        "10 subjects",
        "clusters with p ≤ 0.05",
        "permutations: 512",
        "|t| > 2.26",
        "possible p = 0.002",
    ):
        assert words in below(figure)


def test_one_of_several_comparisons_is_named_and_counted(plot_and_build):
    plot, build = plot_and_build
    both = xr.concat([build(), -build()], xr.Variable("comparison", ["rest", "movement − rest"]))
    both = both.assign_coords(n_subjects=("comparison", [9, 7])).drop_attrs(deep=False)
    for one in (both.isel(comparison=1), both.isel(comparison=[1])):
        written = below(plot(one))
        assert "Comparison: movement − rest." in written
        assert "7 subjects" in written
    with pytest.raises(
        ValueError, match=r"got rest, movement − rest. Choose one: `test.sel\(comparison='rest'\)`"
    ):
        plot(both)


def test_the_order_of_dimensions_does_not_matter(plot_and_build):
    plot, build = plot_and_build
    one, other = (plot(test) for test in (build(2), build(2).transpose("channel", ...)))
    assert [ax.get_title() for ax in one.axes] == [ax.get_title() for ax in other.axes]
    assert [marks(ax, "marked") for ax in one.axes] == [marks(ax, "marked") for ax in other.axes]
    assert [outlines(ax) for ax in one.axes] == [outlines(ax) for ax in other.axes]


def test_a_single_class_keeps_its_name_and_all_classes_need_none(band_test):
    test = band_test(2, 2)
    texts = [text.get_text() for text in plot_cluster_topomaps(test.sel(target="right")).axes[0].texts]
    assert texts == ["right"]
    texts = [text.get_text() for text in plot_cluster_topomaps(band_test(1, 2)).axes[0].texts]
    assert "all classes" not in texts


def test_other_datasets_are_refused(plot_and_build):
    plot, build = plot_and_build
    test = build()
    for wrong in (test.drop_vars("mean"), test.isel(channel=0), test.isel(channel=[]), xr.Dataset()):
        with pytest.raises(ValueError, match="Pass what `cluster_test` returned"):
            plot(wrong)
    assert plt.get_fignums() == []
