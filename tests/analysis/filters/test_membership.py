"""Filters in bands: nothing is lost and nothing counted twice."""

import dataclasses

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sincviz import learned_bands, spatial_filters
from sincviz.analysis.filters.bands import energy_share
from sincviz.attribution import sum_over_bands
from sincviz.eeg.band_limits import BAND_LIMITS, ranges_by_name, ranges_of
from sincviz.filters import band_membership
from sincviz.maps import importance
from sincviz.networks import front_end
from tests.band_examples import bands_apart

BOTH = ("nominal_center", "measured_energy")


@pytest.fixture
def model(network, moved, epochs):
    return moved(network(chs_info=epochs.info["chs"], num_time_filters=6)).eval()


def set_cutoffs(model, low_hz, high_hz):
    with torch.no_grad():
        model.sinc_filter_layer.low_freqs[:] = torch.tensor(low_hz) - model.sinc_filter_layer.min_freq
        model.sinc_filter_layer.bandwidths[:] = torch.tensor(high_hz) - torch.tensor(low_hz)
    return model


@pytest.mark.parametrize("by", BOTH)
@given(bands=bands_apart(), seed=st.integers(0, 50))
def test_the_shares_of_a_filter_add_up_to_one(network, moved, by, bands, seed):
    shares = band_membership(moved(network(seed), seed), bands=bands, by=by)
    np.testing.assert_allclose(shares.sum("band"), 1, atol=1e-12)
    assert ((shares >= 0) & (shares <= 1)).all()


@pytest.mark.parametrize("by", BOTH)
@pytest.mark.parametrize("bands", [None, {"mu": (8, 13)}, {"low": (0, 9.5), "high": (9.5, 64)}, {}])
@given(values=arrays(float, (2, 4, 3), elements=st.floats(-10, 10)))
def test_sums_over_bands_are_sums_over_filters(network, by, bands, values):
    values = xr.DataArray(values, dims=("target", "filter", "channel"), coords={"filter": range(4)})
    grouped = sum_over_bands(values, band_membership(network(), bands=bands, by=by))
    np.testing.assert_allclose(grouped.sum("band"), values.sum("filter"), atol=1e-12)


def test_a_filter_belongs_to_the_band_of_its_nominal_centre(network):
    model = set_cutoffs(network(), [6.0, 10.0, 16.0, 40.0], [9.0, 16.0, 20.0, 50.0])
    shares = band_membership(model)
    assert shares["band"].to_numpy().tolist() == ["delta", "theta", "alpha", "beta", "gamma", "other"]
    assert shares["band"][shares.argmax("band")].to_numpy().tolist() == ["theta", "beta", "beta", "gamma"]
    assert set(np.unique(shares)) == {0, 1}


def test_the_lower_limit_is_in_the_band_and_the_upper_is_not(network):
    model = set_cutoffs(network(), [6.0, 11.0, 12.0, 30.0], [10.0, 15.0, 16.0, 34.0])
    shares = band_membership(model, bands={"mu": (8, 13), "beta": (13, 14)})
    assert shares["band"][shares.argmax("band")].to_numpy().tolist() == ["mu", "beta", "other", "other"]


def test_bands_of_your_own_stand_in_your_order_and_other_is_last(model):
    shares = band_membership(model, bands={"fast": (20, 30), "mu": (8, 13)})
    assert shares["band"].to_numpy().tolist() == ["fast", "mu", "other"]


def test_other_keeps_what_no_band_covers(model):
    shares = band_membership(model, bands={"nowhere": (63, 64)})
    assert (shares.sel(band="other") == 1).all()
    assert (band_membership(model, bands={}) == 1).all()


def test_by_energy_a_filter_is_split_as_its_kernel_is(model):
    bands = {"mu": (8, 13), "beta": (13, 30)}
    shares = band_membership(model, bands=bands, by="measured_energy")
    kernels = front_end(model).kernels.double().numpy()
    for name, limits in bands.items():
        expected = energy_share(kernels, np.array([limits] * 6, float), sfreq=128)
        np.testing.assert_allclose(shares.sel(band=name), expected)


def test_by_energy_the_nominal_band_holds_the_energy_in_the_band(model):
    bands = learned_bands(model)
    for number, row in bands.iterrows():
        shares = band_membership(
            model,
            bands={"own": (row["low_hz"], max(row["high_hz"], row["low_hz"] + 1e-9))},
            by="measured_energy",
        )
        share = float(shares.sel(band="own", filter=number))
        assert share == pytest.approx(row["in_band_energy"], abs=1e-6)


def with_kernels(model, kernels, **changes):
    return dataclasses.replace(front_end(model), kernels=kernels, **changes)


@pytest.mark.parametrize("by", BOTH)
def test_free_filters_are_put_where_their_kernels_pass(model, by):
    time = torch.arange(-100, 101) / 128
    window = torch.hann_window(201)
    kernels = torch.stack([window * torch.cos(2 * torch.pi * hz * time) for hz in (2, 6, 10, 20, 40, 0)])
    parts = with_kernels(model, kernels, cutoffs=None, initial_cutoffs=None)
    shares = band_membership(parts, by=by)
    leading = shares["band"][shares.argmax("band")].to_numpy().tolist()
    assert leading == ["delta", "theta", "alpha", "beta", "gamma", "other"]


@pytest.mark.parametrize("changes", [{}, {"cutoffs": None, "initial_cutoffs": None}])
def test_a_kernel_of_zeros_belongs_to_other(model, changes):
    kernels = front_end(model).kernels.clone()
    kernels[2] = 0
    parts = with_kernels(model, kernels, **changes)
    assert band_membership(parts, by="measured_energy").sel(filter=2, band="other") == 1
    if changes:
        assert band_membership(parts).sel(filter=2, band="other") == 1


OVERLAPPING = [
    ({"mu": (8, 13), "alpha": (8, 12)}, "share 8–12 Hz"),
    ({"wide": (1, 100), "narrow": (5, 10)}, "'wide' and 'narrow' share 5–10 Hz"),
    ({"beta": (12, 30), "mu": (8, 13)}, "'mu' and 'beta' share 12–13 Hz"),
]


@pytest.mark.parametrize("by", BOTH)
@pytest.mark.parametrize(("bands", "message"), OVERLAPPING)
def test_bands_that_overlap_are_refused(model, by, bands, message):
    with pytest.raises(ValueError, match=message):
        band_membership(model, bands=bands, by=by)


def test_a_band_named_other_is_refused(model):
    with pytest.raises(ValueError, match="'other'"):
        band_membership(model, bands={"other": (8, 13)})


@pytest.mark.parametrize("limits", [(13, 8), (8, 8), (8,), (-1, 8), (np.nan, 8)])
def test_limits_that_are_no_band_are_refused(model, limits):
    with pytest.raises(ValueError, match="'mu' must be two increasing"):
        band_membership(model, bands={"mu": limits})


def test_another_membership_is_refused(model):
    with pytest.raises(ValueError, match="'nominal_center' or 'measured_energy'; got 'energy'"):
        band_membership(model, by="energy")


def test_band_stands_where_filter_stood(model):
    shares = band_membership(model)
    assert shares.dims == ("band", "filter")
    assert sum_over_bands(abs(spatial_filters(model)), shares).dims == ("band", "depth", "channel")
    assert sum_over_bands(importance(model)["contribution"], shares).dims == ("target", "band", "depth")


def test_coordinates_of_filters_go_and_others_stay(model):
    filters = spatial_filters(model)
    grouped = sum_over_bands(abs(filters), band_membership(model))
    assert set(grouped.coords) == {*BAND_LIMITS, "band", "depth", "channel", "region", "x", "y", "z"}
    np.testing.assert_array_equal(grouped["x"], filters["x"])


def test_groups_tell_how_they_were_made_and_keep_name_and_attributes(model):
    filters = spatial_filters(model)
    shares = band_membership(model, bands={"mu": (8, 13), "beta": (13.5, 30)}, by="measured_energy")
    grouped = sum_over_bands(filters, shares)
    assert grouped.name == filters.name
    assert grouped.attrs["membership"] == "measured energy"
    assert ranges_by_name(grouped) == ranges_of({"mu": (8, 13), "beta": (13.5, 30)})
    assert {key: grouped.attrs[key] for key in filters.attrs} == filters.attrs
    assert all(isinstance(value, str | int | float) for value in (grouped.attrs | shares.attrs).values())


def test_the_order_of_dimensions_of_the_membership_does_not_matter(model):
    values, shares = importance(model)["importance"], band_membership(model)
    xr.testing.assert_identical(sum_over_bands(values, shares.T), sum_over_bands(values, shares))


@pytest.mark.parametrize("by", BOTH)
def test_memberships_and_groups_survive_a_file(model, tmp_path, by):
    shares = band_membership(model, by=by)
    for number, one in enumerate((shares, sum_over_bands(importance(model)["importance"], shares))):
        one.to_netcdf(tmp_path / f"{number}.nc", engine="scipy")
        assert xr.load_dataarray(tmp_path / f"{number}.nc", engine="scipy").identical(one)


def test_a_filter_without_value_leaves_the_other_bands_alone(network):
    model = set_cutoffs(network(), [6.0, 10.0, 16.0, 40.0], [9.0, 12.0, 20.0, 50.0])
    values = xr.DataArray([1.0, np.nan, 2.0, 4.0], dims="filter", coords={"filter": range(4)})
    grouped = sum_over_bands(values, band_membership(model))
    np.testing.assert_array_equal(grouped, [0, 1, np.nan, 2, 4, 0])


OTHER_FILTERS = {
    "fewer": lambda values: values.isel(filter=slice(3)),
    "another order": lambda values: values.isel(filter=slice(None, None, -1)),
    "one": lambda values: values.sel(filter=0),
}


@pytest.mark.parametrize("choose", OTHER_FILTERS.values(), ids=OTHER_FILTERS)
def test_values_of_other_filters_are_refused(model, choose):
    with pytest.raises(ValueError, match="must have the same filters"):
        sum_over_bands(choose(importance(model)["importance"]), band_membership(model))
