"""What a decision rests on, read from planted relevances: shares, peaks, channels, certainty."""

import itertools

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sincviz.analysis.attribution.leading import (
    LARGE,
    LARGE_OF_CLASS,
    LEAST_OF_LARGEST,
    MOST_CHANNELS,
    leading_bands,
    leading_cells,
    leading_filters,
)
from sincviz.eeg.bands import RHYTHMS
from sincviz.eeg.sums import sum_over_bands

frequencies = np.arange(0, 64, 0.5)
CHANNELS = ["Fp1", "C3", "Cz", "C4", "CP3", "CP4"]
BANDS = (*RHYTHMS, "other")
few = settings(max_examples=8)
values_of = arrays(float, (2, len(CHANNELS), len(frequencies)), elements=st.floats(-1, 5, width=32))


def spectrum_of(values, targets=("right", "left")):
    coords = {
        "target": list(targets),
        "channel": CHANNELS[: values.shape[1]],
        "frequency": ("frequency", frequencies, {"units": "Hz"}),
    }
    return xr.DataArray(values, coords, ("target", "channel", "frequency"), "share", {"units": "score"})


def with_interval(values, half):
    """What lies beyond its interval is established."""
    p = xr.where(abs(values) > half, 0.01, 0.2)
    return values.assign_coords(ci_low=values - half, ci_high=values + half, p=p)


def leading(spectrum, half=0.1, cell_half=0.1, bands=None):
    cells = sum_over_bands(spectrum, bands)
    of_bands = cells.sum("channel", skipna=False, keep_attrs=True)
    total = of_bands.sum("band", skipna=False)
    of_bands = with_interval(of_bands, half).assign_coords(
        total_ci_low=total - half, total_ci_high=total + half
    )
    return leading_bands(of_bands, with_interval(cells, cell_half), spectrum)


@few
@given(values=values_of, half=st.floats(0, 50))
def test_the_table_says_what_the_arrays_hold(values, half):
    spectrum = spectrum_of(values)
    found = leading(spectrum, half)
    of_bands = sum_over_bands(spectrum).sum("channel")
    for target, band in itertools.product(("right", "left"), BANDS):
        row = found.loc[(target, band)]
        value = float(of_bands.sel(target=target, band=band))
        assert [row["relevance"], row["ci_low"], row["ci_high"]] == pytest.approx(
            [value, value - half, value + half]
        )
        assert row["established"] == (value > half)
        assert row["total"] == pytest.approx(float(spectrum.sel(target=target).sum()), abs=1e-9)


@few
@given(values=values_of)
def test_shares_add_up_to_one_where_there_is_something_to_share(values):
    found = leading(spectrum_of(values))
    for target in ("right", "left"):
        own = found.loc[target]
        if own["total_ci_low"].iloc[0] > 0:
            assert own["share"].sum() == pytest.approx(1)
            assert (own["share"] * own["total"]).tolist() == pytest.approx(own["relevance"].tolist())
        else:
            assert own["share"].isna().all()


@few
@given(values=values_of)
def test_classes_keep_their_order_and_the_most_relevant_band_comes_first(values):
    found = leading(spectrum_of(values))
    assert found.index.get_level_values("target").tolist() == ["right"] * 6 + ["left"] * 6
    for target in ("right", "left"):
        assert found.loc[target, "relevance"].is_monotonic_decreasing
        assert sorted(found.loc[target].index) == sorted(BANDS)


@few
@given(values=values_of)
def test_the_peak_lies_in_its_band_and_no_frequency_of_the_band_is_worth_more(values):
    spectrum = spectrum_of(values)
    for (target, band), row in leading(spectrum).iterrows():
        low, high = RHYTHMS.get(band, (0, 1))
        profile = spectrum.sel(target=target).sum("channel")
        assert low <= row["peak_hz"] < high
        own = profile.sel(frequency=profile["frequency"][(frequencies >= low) & (frequencies < high)])
        assert float(profile.sel(frequency=row["peak_hz"])) == float(own.max())


@few
@given(values=values_of, half=st.floats(0, 30))
def test_channels_are_named_by_their_size_the_established_and_the_large_that_are_not(values, half):
    spectrum = spectrum_of(values)
    cells = sum_over_bands(spectrum)
    for (target, band), row in leading(spectrum, cell_half=half).iterrows():
        own = cells.sel(target=target, band=band).to_series()
        own = own[own > 0].sort_values(ascending=False, kind="stable")
        largest = max(0, float(cells.sel(target=target).max()))
        established = own[(own > half) & (own >= LEAST_OF_LARGEST * largest)]
        uncertain = own[(own <= half) & (own >= max(LARGE * own.max(), LARGE_OF_CLASS * largest))]
        assert row["channels"] == ", ".join(established.index[:MOST_CHANNELS])
        assert row["uncertain_channels"] == ", ".join(uncertain.index[:MOST_CHANNELS])


def planted(target, band_hz, channel, value):
    values = np.zeros((2, len(CHANNELS), len(frequencies)))
    values[target, CHANNELS.index(channel), np.flatnonzero(frequencies == band_hz)] = value
    return values


def test_a_planted_rhythm_leads():
    found = leading(spectrum_of(planted(0, 11.5, "C4", 3) + planted(0, 20, "Cz", 1) + planted(1, 9, "C3", 2)))
    right = found.loc["right"]
    assert right.index[:2].tolist() == ["alpha", "beta"]
    assert right["share"].iloc[:2].tolist() == [0.75, 0.25]
    assert right["peak_hz"].iloc[:2].tolist() == [11.5, 20]
    assert right["channels"].iloc[:3].tolist() == ["C4", "Cz", ""]
    assert right["established"].tolist() == [True, True, False, False, False, False]
    assert found.loc[("left", "alpha"), ["share", "peak_hz", "channels"]].tolist() == [1, 9, "C3"]


def test_a_class_without_trials_stays_and_says_nothing():
    values = planted(0, 11.5, "C4", 3)
    values[1] = np.nan
    found = leading(spectrum_of(values))
    unknown = found.loc["left"]
    assert len(unknown) == len(BANDS)
    assert unknown[["relevance", "ci_low", "ci_high", "share", "total", "peak_hz"]].isna().all(axis=None)
    assert not unknown["established"].any()
    assert (unknown["channels"] == "").all()
    assert found.loc[("right", "alpha"), "share"] == 1


def test_a_total_that_is_not_positive_is_not_shared_out():
    found = leading(spectrum_of(planted(0, 11.5, "C4", 1) - planted(0, 20, "C4", 3)))
    assert (found.loc["right", "total"] == -2).all()
    assert found["share"].isna().all()
    assert bool(found.loc[("right", "alpha"), "established"])


def test_of_a_total_that_may_be_nothing_there_are_no_shares():
    """347 % of what is near zero says nothing."""
    values = planted(0, 11.5, "C4", 3) - planted(0, 20, "C4", 2.2)
    assert leading(spectrum_of(values), half=0.5).loc[("right", "alpha"), "share"] == pytest.approx(3 / 0.8)
    found = leading(spectrum_of(values), half=1.0)
    assert found["share"].isna().all()
    assert found.loc[("right", "alpha"), "total_ci_low"] == pytest.approx(-0.2)
    assert bool(found.loc[("right", "alpha"), "established"])


def test_cells_come_by_size_with_interval_and_direction():
    cells = sum_over_bands(
        spectrum_of(planted(0, 11.5, "C4", 3) + planted(0, 20, "Cz", 1) - planted(0, 9, "C3", 2))
    )
    power = xr.zeros_like(cells)
    power.loc[{"channel": "C4"}], power.loc[{"channel": "Cz"}] = -0.9, 0.2
    found = leading_cells(with_interval(cells, 1.5), power.assign_attrs(n_trials=30)).loc["right"]
    assert found.index.tolist() == [("alpha", "C4"), ("beta", "Cz"), ("alpha", "C3")]
    assert found["established"].tolist() == [True, False, True]
    assert found["direction"].tolist() == ["less power favours it", "", ""]
    assert found["ci_low"].tolist() == [1.5, -0.5, -3.5]


def test_bands_of_your_own_keep_their_limits():
    bands = {"fast": (20, np.inf), "mu": (8, 13)}
    found = leading(spectrum_of(planted(0, 30, "C4", 3) + planted(0, 15, "C4", 1)), bands=bands)
    assert found.loc["right", "peak_hz"].to_dict() == {"fast": 30, "other": 15, "mu": 8}
    limits = found.loc["right", ["band_low_hz", "band_high_hz"]].T.to_dict("list")
    assert (limits["fast"], limits["mu"]) == ([20, np.inf], [8, 13])
    assert np.isnan(limits["other"]).all()
    assert found.loc[("right", "other"), "band_rest_hz"] == "0–8, 13–20"


def bell(hz, width_hz, height=1.0):
    return height * np.exp(-0.5 * ((frequencies - hz) / width_hz) ** 2)


SKIRTS = {
    "alpha reaches into beta": (bell(11, 1.5), "beta", 13, "alpha"),
    "alpha reaches into theta": (bell(8.5, 1.5), "theta", 7.5, "alpha"),
    "drift reaches into delta": (bell(0, 0.8), "delta", 1, "other"),
    "beta of its own": (bell(11, 1.5) + bell(20, 2, 0.6), "beta", 20, ""),
    "beta of its own, near the edge": (bell(10.5, 0.5) + bell(13.5, 0.4, 0.6), "beta", 13.5, ""),
    "beta at its edge, nothing outside": (1.0 * ((frequencies >= 13) & (frequencies < 16)), "beta", 13, ""),
    "nothing": (0 * frequencies, "beta", 13, ""),
    "against the class": (-bell(11, 1.5), "beta", 29.5, ""),
}


@pytest.mark.parametrize(("profile", "band", "peak_hz", "neighbour"), SKIRTS.values(), ids=SKIRTS)
def test_the_skirt_of_a_neighbour_is_told_as_such(profile, band, peak_hz, neighbour):
    values = np.zeros((2, 2, len(frequencies)))
    values[0, 1] = profile
    row = leading(spectrum_of(values)).loc[("right", band)]
    assert (row["peak_hz"], row["skirt_of"]) == (peak_hz, neighbour)


def test_the_peak_itself_is_no_skirt_and_a_class_without_trials_has_none():
    values = np.zeros((2, 2, len(frequencies)))
    values[0, 0], values[1] = bell(11, 1.5), np.nan
    found = leading(spectrum_of(values))
    assert found.loc[("right", "alpha"), "skirt_of"] == ""
    assert (found.loc["left", "skirt_of"] == "").all()


def test_bands_of_your_own_have_skirts_too():
    values = np.zeros((2, 1, len(frequencies)))
    values[0, 0] = bell(22, 2)
    found = leading(spectrum_of(values), bands={"low beta": (13, 20), "high beta": (20, 30)})
    assert found.loc[("right", "low beta"), ["peak_hz", "skirt_of"]].tolist() == [19.5, "high beta"]


def test_a_band_without_frequencies_has_no_peak():
    found = leading(spectrum_of(planted(0, 30, "C4", 3)), bands={"beyond": (70, 80)})
    assert np.isnan(found.loc[("right", "beyond"), "peak_hz"])
    assert found.loc[("right", "beyond"), "relevance"] == 0


def test_the_arrays_are_left_as_they_were():
    spectrum = spectrum_of(planted(0, 11.5, "C4", 3))
    before = spectrum.copy(deep=True)
    found = leading(spectrum)
    found.attrs["mine"] = 1
    xr.testing.assert_identical(spectrum, before)


filters_of = arrays(float, (2, 5), elements=st.floats(-5, 5, width=32))


@given(values=filters_of)
def test_filters_come_by_their_worth_with_the_bands_they_compute(values):
    peaks = np.array([6.0, 11.0, 20.0, 30.0, np.nan])
    worth = xr.DataArray(
        values,
        {"target": ["right", "left"], "filter": range(5), "peak_hz": ("filter", peaks)},
        ("target", "filter"),
        attrs={"units": "score"},
    )
    found = leading_filters(worth)
    assert found.index.get_level_values("target").tolist() == ["right"] * 5 + ["left"] * 5
    for row, target in zip(values, ("right", "left"), strict=True):
        own = found.loc[target]
        order = np.argsort(-row, kind="stable")
        assert own.index.tolist() == order.tolist()
        assert own["relevance"].tolist() == row[order].tolist()
        np.testing.assert_array_equal(own["peak_hz"], peaks[order])
    assert found.columns.tolist() == ["relevance", "peak_hz"]
    assert found.attrs == {"units": "score"}


def test_filters_of_a_class_without_trials_stay():
    worth = xr.DataArray(
        [[np.nan, np.nan], [1.0, 2.0]],
        {"target": ["right", "left"], "filter": [0, 1]},
        ("target", "filter"),
    )
    found = leading_filters(worth)
    assert found.loc["right", "relevance"].isna().all()
    assert found.loc["left"].index.tolist() == [1, 0]
