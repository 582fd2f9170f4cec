"""Sums over bands, regions and windows of time: nothing is lost and nothing counted twice."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sincviz.eeg.band_limits import ranges_by_name, ranges_of
from sincviz.eeg.regions import REGIONS, scalp_regions
from sincviz.eeg.sums import sort_by_region, sum_over_bands, sum_over_regions, sum_over_times
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
    assert grouped.sel(band="mu") == 1


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
    ("dims", "expected"),
    [
        (("target", "channel", "frequency", "time"), ("target", "band", "channel", "time")),
        (
            ("trial", "target", "part", "channel", "frequency", "time"),
            ("trial", "target", "part", "band", "channel", "time"),
        ),
        (("target", "frequency", "time"), ("target", "band", "time")),
        (("time", "frequency"), ("band", "time")),
    ],
)
def test_times_come_last(dims, expected):
    values = spectrum(np.arange(2.0 ** len(dims)).reshape((2,) * len(dims)), [10, 20], dims)
    grouped = sum_over_bands(values, {"mu": (8, 13)})
    assert grouped.dims == expected
    xr.testing.assert_equal(
        grouped.sel(band="mu", drop=True),
        values.isel(frequency=0, drop=True)
        .transpose(*[dim for dim in expected if dim != "band"])
        .drop_vars("frequency", errors="ignore"),
    )


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


def test_a_channel_without_value_leaves_its_region_without_one():
    values = regional(["C3", "C1", "Pz"])
    values[0, 0] = np.nan
    summed = sum_over_regions(values)
    assert np.isnan(summed[0, 0])
    assert summed[0, 1] == values[0, 2]


def test_regions_stand_where_channels_stood():
    values = regional(["C3", "C1", "Pz"]).expand_dims(time=4).transpose("target", "channel", "time")
    assert sum_over_regions(values).dims == ("target", "region", "time")
    assert sort_by_region(values).dims == ("target", "channel", "time")


def course(values, sfreq, dims=("time",), start_s=0.0, **attrs):
    n_times = np.shape(values)[dims.index("time")]
    times = start_s + np.arange(n_times) / sfreq
    return xr.DataArray(values, {"time": ("time", times, {"units": "s"})}, dims, "relevance", attrs)


@given(
    values=arrays(float, st.tuples(st.just(2), st.integers(2, 40), st.just(3)), elements=st.floats(-10, 10)),
    sfreq=st.sampled_from([1.0, 128.0, 160.0, 250.0, 1000 / 3]),
    n_samples=st.floats(1, 50),
    start_s=st.floats(-2, 2),
)
def test_sums_over_windows_are_sums_over_times(values, sfreq, n_samples, start_s):
    single = course(values, sfreq, ("target", "time", "channel"), start_s)
    n_samples = min(n_samples, values.shape[1])
    summed = sum_over_times(single, n_samples / sfreq)
    assert summed.dims == single.dims
    np.testing.assert_allclose(summed.sum("time"), single.sum("time"), atol=1e-9)
    low_s, high_s = summed["time_low_s"].to_numpy(), summed["time_high_s"].to_numpy()
    np.testing.assert_allclose(low_s[1:], high_s[:-1], atol=1e-9)
    np.testing.assert_allclose(summed["time"], (low_s + high_s) / 2, atol=1e-9)
    for number, (low, high) in enumerate(zip(low_s, high_s, strict=True)):
        inside = ((single["time"] > low) & (single["time"] < high)).to_numpy()
        np.testing.assert_allclose(summed[:, number], single[:, inside].sum("time"), atol=1e-9)
    widths_s = high_s - low_s
    np.testing.assert_allclose(widths_s[1:-1], summed.attrs["window_width_s"], atol=1e-9)
    assert widths_s.max() <= summed.attrs["window_width_s"] + 1e-9
    times_s = single["time"].to_numpy()
    if times_s[0] < 0 <= times_s[-1]:
        # No window holds samples from before and after the event.
        before = np.searchsorted(times_s, -1e-6 / sfreq)
        np.testing.assert_allclose(low_s[np.argmin(np.abs(low_s))], times_s[before] - 0.5 / sfreq, atol=1e-6)
    else:
        np.testing.assert_allclose(widths_s[:-1], summed.attrs["window_width_s"], atol=1e-9)
    assert abs(summed.attrs["window_width_s"] - n_samples / sfreq) <= 0.5 / sfreq + 1e-9


def test_windows_of_one_sample_change_nothing():
    single = course(np.arange(5.0), 128, start_s=-0.1, units="score")
    summed = sum_over_times(single, 1 / 128)
    xr.testing.assert_allclose(summed.drop_vars(["time_low_s", "time_high_s"]), single)
    assert summed.attrs == {"units": "score", "window_width_s": 1 / 128}
    assert single.attrs == {"units": "score"}


def test_a_time_without_value_leaves_its_window_without_one():
    summed = sum_over_times(course([1.0, np.nan, 2, 4, 8], 10), 0.2)
    np.testing.assert_array_equal(summed, [np.nan, 6, 8])


def test_windows_keep_other_dimensions_coordinates_and_attributes():
    dims = ("trial", "target", "band", "channel", "time")
    single = course(np.ones((2, 1, 3, 2, 5), np.float32), 10, dims, method="gradient_x_input")
    single = single.assign_coords(
        class_name=("trial", ["a", "b"]), band_low_hz=("band", [1.0, 8, 13]), p=("time", np.ones(5))
    )
    summed = sum_over_times(single, 0.2)
    assert (summed.dims, summed.shape, summed.dtype) == (dims, (2, 1, 3, 2, 3), np.float64)
    assert summed["time"].attrs == {"units": "s"}
    assert summed["class_name"].to_numpy().tolist() == ["a", "b"]
    assert "p" not in summed.coords
    assert (summed.name, summed.attrs["method"]) == ("relevance", "gradient_x_input")
    # Bands first or windows first is the same.
    both = course(np.arange(24.0).reshape(2, 3, 4), 10, ("channel", "frequency", "time")).assign_coords(
        frequency=[0.0, 10, 20]
    )
    xr.testing.assert_allclose(
        sum_over_times(sum_over_bands(both), 0.2), sum_over_bands(sum_over_times(both, 0.2))
    )


def test_a_single_time_is_a_window():
    assert sum_over_times(course([2.0], 10), 0.05).to_numpy().tolist() == [2]


def test_windows_of_less_than_a_sample_are_refused_with_a_width_that_works():
    single = course(np.ones(30), 10)
    with pytest.raises(ValueError, match=r"at least the distance of two times, 0.1 s; got 0.05. Try 0.2"):
        sum_over_times(single)
    assert sum_over_times(single, 0.2).sizes["time"] == 15


@pytest.mark.parametrize("width_s", [0.0, -1.0, np.nan, np.inf, 50])
def test_widths_that_make_no_sense_are_refused(width_s):
    with pytest.raises(ValueError, match=r"`width_s` must be .* Try 0\.05\.") as refused:
        sum_over_times(course(np.ones(30), 100), width_s)
    assert f"got {width_s:g}" in str(refused.value)
    with pytest.raises(TypeError, match="`width_s` must be a number"):
        sum_over_times(course(np.ones(30), 100), "0.05")


@pytest.mark.parametrize(
    "values",
    [
        xr.DataArray(np.ones(3), dims=["channel"]),
        xr.DataArray(np.ones(3), dims=["time"]),
        xr.DataArray(np.ones(3), {"time": ("time", [0, 1, 2], {"units": "samples"})}, ["time"]),
        course(np.ones(3), 10)[:0],
        course(np.ones(3), 10)[0],
    ],
    ids=["no times", "no values of the times", "samples", "none", "one"],
)
def test_what_has_no_times_in_seconds_cannot_be_summed_over_them(values):
    with pytest.raises(ValueError, match="must have the dimension `time` in seconds"):
        sum_over_times(values)


def test_times_with_gaps_are_refused():
    with pytest.raises(ValueError, match="evenly spaced"):
        sum_over_times(course(np.ones(30), 100)[[0, 1, 2, 10, 11]])
