"""Sums over bands and regions: nothing is lost and nothing counted twice."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sincviz.eeg.band_limits import ranges_by_name, ranges_of
from sincviz.eeg.regions import REGIONS, scalp_regions
from sincviz.eeg.sums import sort_by_region, sum_over_bands, sum_over_regions
from tests.band_examples import bands_apart


def spectrum(values, frequency, dims=("target", "channel", "frequency"), **attrs):
    coords = {"frequency": ("frequency", np.asarray(frequency, float), {"units": "Hz"})}
    return xr.DataArray(values, coords, dims, "share", attrs)


@given(
    bands=st.none() | bands_apart(),
    values=arrays(float, (2, 3, 33), elements=st.floats(-10, 10)),
)
def test_sums_over_bands_are_sums_over_frequencies(bands, values):
    spectra = spectrum(values, np.arange(33) * 2)
    grouped = sum_over_bands(spectra, bands)
    assert grouped.dims == ("target", "band", "channel")
    np.testing.assert_allclose(grouped.sum("band"), spectra.sum("frequency"), atol=1e-9)
    for name, (low, high) in (bands or {}).items():
        inside = (spectra["frequency"] >= low) & (spectra["frequency"] < high)
        np.testing.assert_allclose(
            grouped.sel(band=name), spectra[..., inside.to_numpy()].sum("frequency"), atol=1e-9
        )


def test_a_frequency_at_a_limit_belongs_to_the_band_above():
    grouped = sum_over_bands(spectrum([1.0, 2, 4, 8], [7, 8, 13, 14], ["frequency"]), {"mu": (8, 13)})
    assert grouped.to_series().to_dict() == {"mu": 2, "other": 13}


def test_rhythms_are_the_bands_if_none_are_given():
    grouped = sum_over_bands(spectrum(np.ones(65), np.arange(65), ["frequency"]))
    names = ["delta", "theta", "alpha", "beta", "gamma", "other"]
    assert grouped.to_series().to_dict() == dict(zip(names, [3, 4, 5, 17, 35, 1], strict=True))


def test_a_frequency_without_value_leaves_its_band_without_one():
    grouped = sum_over_bands(spectrum([1.0, np.nan], [10, 20], ["frequency"]), {"mu": (8, 13)})
    assert np.isnan(grouped.sel(band="other"))


def test_other_coordinates_and_attributes_of_spectra_stay():
    spectra = spectrum(np.ones((2, 3, 4)), [0, 10, 20, 30], units="score")
    spectra = spectra.assign_coords(
        target=["a", "b"], error=("target", [0.1, 0.2]), channel=["C3", "Cz", "C4"]
    )
    grouped = sum_over_bands(spectra, {"mu": (8, 13), "high": (13, np.inf)})
    assert grouped["error"].to_numpy().tolist() == [0.1, 0.2]
    assert grouped["channel"].to_numpy().tolist() == ["C3", "Cz", "C4"]
    assert (grouped.name, grouped.attrs["units"]) == ("share", "score")
    assert grouped.attrs["membership"] == "frequency of the input"
    assert ranges_by_name(grouped) == ranges_of({"mu": (8, 13), "high": (13, np.inf)})
    assert "frequency" not in grouped.coords
    assert spectra.attrs == {"units": "score"}


@pytest.mark.parametrize(
    "dims", [("trial", "target", "channel", "frequency"), ("frequency", "channel", "target")]
)
def test_bands_come_before_channels(dims):
    grouped = sum_over_bands(spectrum(np.ones((4,) * len(dims)), range(4), dims))
    rest = [dim for dim in dims if dim not in ("frequency", "channel")]
    assert grouped.dims == (*rest, "band", "channel")


@pytest.mark.parametrize(
    "values",
    [
        xr.DataArray(np.ones(3), dims=["channel"]),
        xr.DataArray(
            np.ones(3),
            {"frequency": ("frequency", np.arange(3), {"units": "cycles per sample"})},
            ["frequency"],
        ),
        xr.DataArray(np.ones(3), dims=["frequency"]),
    ],
    ids=["no frequencies", "an unknown rate", "no values of the frequencies"],
)
def test_what_has_no_frequencies_in_hz_cannot_be_grouped(values):
    with pytest.raises(ValueError, match="must have the dimension `frequency` in Hz"):
        sum_over_bands(values)


@pytest.mark.parametrize(
    ("bands", "message"),
    [
        ({"a": (1, 5), "b": (4, 8)}, "must not overlap"),
        ({"other": (1, 5)}, "'other'"),
        ({"a": (5, 1)}, "two increasing frequencies"),
    ],
)
def test_bands_of_spectra_that_make_no_sense_are_refused(bands, message):
    with pytest.raises(ValueError, match=message):
        sum_over_bands(spectrum([1.0, 2], [1, 2], ["frequency"]), bands)


def regional(names):
    values = np.arange(2.0 * len(names)).reshape(2, -1)
    regions = scalp_regions(names)
    return xr.DataArray(
        values,
        {"channel": names, "region": ("channel", regions)},
        ("target", "channel"),
        "share",
        {"units": "score"},
    )


@given(
    names=st.lists(
        st.sampled_from(["Fz", "C3", "C1", "C4", "Pz", "O1", "O2", "EXG1", "T7"]), min_size=1, unique=True
    )
)
def test_channels_are_sorted_and_summed_by_region(names):
    values = regional(names)
    ordered = sort_by_region(values)
    assert sorted(ordered["channel"].to_numpy()) == sorted(names)
    order = [REGIONS.index(region) for region in ordered["region"].to_numpy()]
    assert order == sorted(order)
    xr.testing.assert_identical(ordered.sel(channel=names), values)
    summed = sum_over_regions(values)
    assert summed.dims == ("target", "region")
    assert summed["region"].to_numpy().tolist() == list(dict.fromkeys(ordered["region"].to_numpy()))
    for region in summed["region"].to_numpy():
        own = values[:, (values["region"] == region).to_numpy()].sum("channel")
        np.testing.assert_array_equal(summed.sel(region=region), own)
    assert (summed.name, summed.attrs) == ("share", {"units": "score"})


@pytest.mark.parametrize("function", [sort_by_region, sum_over_regions])
def test_channels_without_regions_cannot_be_put_into_them(function):
    with pytest.raises(ValueError, match="regions of the channels are not known"):
        function(regional(["C3"]).drop_vars("region"))
