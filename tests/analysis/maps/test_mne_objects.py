"""Maps as MNE's own objects: MNE's own plots work on them."""

from types import SimpleNamespace

import mne
import numpy as np
import pytest
import xarray as xr

from sincviz import MissingDependencyError, spatial_filters, spatial_patterns
from sincviz.maps import importance, most_important, relative_maps, to_evoked, to_spatial_filter

has_spatial_filter = pytest.mark.skipif(
    not hasattr(mne.decoding, "SpatialFilter"), reason="mne.decoding.SpatialFilter needs MNE 1.11"
)


@pytest.fixture
def model(network, moved, epochs):
    model = moved(network(chs_info=epochs.info["chs"])).eval()
    model.scale, model.class_names = 1e6, ["left", "right"]
    return model


@pytest.fixture
def patterns(model, epochs):
    return spatial_patterns(model, epochs)


def test_maps_run_through_filters_and_depths_the_last_fastest(patterns):
    evoked = to_evoked(patterns)
    assert evoked.data.shape == (6, 8)
    for number, (filter_, depth) in enumerate(np.ndindex(4, 2)):
        expected = patterns.isel(filter=filter_, depth=depth)
        np.testing.assert_allclose(evoked.data[:, number], expected * 1e-6)


def test_the_order_of_dimensions_that_are_not_channels_is_kept(patterns):
    one = patterns.isel(depth=0).transpose("channel", "filter")
    np.testing.assert_allclose(to_evoked(one).data, one * 1e-6)


def test_a_single_map_is_one_sample(patterns):
    assert to_evoked(patterns.isel(filter=0, depth=0)).data.shape == (6, 1)


def test_times_count_the_maps(patterns):
    evoked = to_evoked(patterns)
    assert evoked.times.tolist() == list(range(8))
    assert evoked.info["sfreq"] == 1


def test_microvolts_become_volts_and_other_units_stay(model, epochs, patterns):
    np.testing.assert_allclose(to_evoked(patterns).data.T.reshape(4, 2, 6), patterns * 1e-6)
    with pytest.warns(RuntimeWarning, match="look as if they were in volts"):
        of_array = spatial_patterns(model, epochs.get_data())
    for maps in (spatial_filters(model), relative_maps(patterns), of_array):
        np.testing.assert_allclose(to_evoked(maps).data.T.reshape(4, 2, 6), maps)


def test_channels_lie_where_they_lay_in_the_epochs(patterns, epochs):
    evoked = to_evoked(patterns)
    assert evoked.ch_names == epochs.ch_names
    for found, expected in zip(evoked.info["chs"], epochs.info["chs"], strict=True):
        np.testing.assert_allclose(found["loc"][:3], expected["loc"][:3], atol=1e-9)


def test_name_and_number_of_trials_are_kept(patterns, model):
    evoked = to_evoked(patterns)
    assert (evoked.comment, evoked.nave) == ("spatial_pattern", 40)
    assert to_evoked(spatial_filters(model)).nave == 1


def test_the_plots_of_mne_work(patterns):
    figure = to_evoked(patterns).plot_topomap(times=[0, 3], show=False, colorbar=False)
    assert len(figure.axes) == 2


def test_some_of_the_channels_are_enough(patterns, epochs):
    evoked = to_evoked(patterns.sel(channel=["C4", "C3"]))
    assert evoked.ch_names == ["C4", "C3"]
    np.testing.assert_allclose(evoked.data[0], patterns.sel(channel="C4").to_numpy().ravel() * 1e-6)


def test_the_most_important_maps_can_be_taken(model, patterns, epochs):
    leading = most_important(patterns, importance(model, epochs), 3)
    np.testing.assert_allclose(to_evoked(leading).data, leading.T * 1e-6)


def test_channels_without_a_position_are_kept_without(network):
    evoked = to_evoked(spatial_filters(network()))
    assert evoked.data.shape == (6, 8)
    assert evoked.get_montage() is None


def test_maps_that_are_not_a_number_stay_so(patterns):
    patterns[1, 0] = np.nan
    assert np.isnan(to_evoked(patterns).data[:, 2]).all()
    assert np.isfinite(np.delete(to_evoked(patterns).data, 2, 1)).all()


@pytest.mark.parametrize("convert", [to_evoked, lambda maps: to_spatial_filter(maps, maps)])
def test_what_has_no_channels_is_refused(patterns, convert):
    with pytest.raises(ValueError, match="no dimension `channel`; it has filter, depth"):
        convert(patterns.mean("channel"))
    with pytest.raises(ValueError, match="it has none"):
        convert(patterns.mean())


@has_spatial_filter
def test_filters_and_patterns_are_components(model, patterns):
    found = to_spatial_filter(spatial_filters(model), patterns)
    np.testing.assert_array_equal(found.filters, spatial_filters(model).to_numpy().reshape(8, 6))
    np.testing.assert_array_equal(found.patterns, patterns.to_numpy().reshape(8, 6))


@has_spatial_filter
@pytest.mark.parametrize("plot", ["plot_patterns", "plot_filters"])
def test_the_plots_of_the_spatial_filter_work(model, patterns, plot):
    one = to_spatial_filter(spatial_filters(model).sel(filter=3), patterns.sel(filter=3))
    figure = getattr(one, plot)(show=False, colorbar=False)
    assert len(figure.axes) == 2


MISMATCHES = {
    "fewer filters": (lambda maps: maps.isel(filter=slice(3)), "same units"),
    "one filter": (lambda maps: maps.sel(filter=0), "same units"),
    "another order of dimensions": (lambda maps: maps.transpose("depth", "filter", "channel"), "same units"),
    "fewer channels": (lambda maps: maps.isel(channel=slice(5)), "same units"),
    "another order of channels": (lambda maps: maps.isel(channel=slice(None, None, -1)), "same channels"),
}


@pytest.mark.parametrize(("change", "message"), MISMATCHES.values(), ids=MISMATCHES)
def test_filters_and_patterns_that_do_not_belong_together_are_refused(model, patterns, change, message):
    with pytest.raises(ValueError, match=message):
        to_spatial_filter(spatial_filters(model), change(patterns))
    with pytest.raises(ValueError, match=message):
        to_spatial_filter(change(spatial_filters(model)), patterns)


def test_an_mne_without_spatial_filters_is_named(model, patterns, monkeypatch):
    monkeypatch.setattr(mne, "decoding", SimpleNamespace())
    with pytest.raises(MissingDependencyError, match=r"1\.11 or newer.*to_evoked"):
        to_spatial_filter(spatial_filters(model), patterns)


def test_maps_read_from_a_file_are_maps_too(patterns, tmp_path):
    patterns.to_netcdf(tmp_path / "patterns.nc", engine="scipy")
    again = xr.load_dataarray(tmp_path / "patterns.nc", engine="scipy")
    np.testing.assert_array_equal(to_evoked(again).data, to_evoked(patterns).data)
