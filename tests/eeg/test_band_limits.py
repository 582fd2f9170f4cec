"""Bands mean the same frequencies after anything that is done to a result, or nothing is done with it."""

import itertools
import math
import pickle
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from sincviz import ablate, deletion_curve
from sincviz.analysis.attribution.leading import leading_bands
from sincviz.analysis.statistics.neighbours import neighbours
from sincviz.attribution import sum_over_bands
from sincviz.eeg.band_limits import (
    BAND_LIMITS,
    HIGH,
    LOW,
    REST,
    band_ranges,
    in_ranges,
    ranges_by_name,
    ranges_of,
    with_band_limits,
)
from sincviz.eeg.bands import OTHER, RHYTHMS, rhythm_names
from sincviz.evidence import band_power_contrast
from sincviz.statistics import rank_agreement

SFREQ, N_TIMES = 64, 64
FREQUENCY_HZ = np.fft.rfftfreq(N_TIMES, 1 / SFREQ)
CHANNELS = ["0", "1"]
SAFELY = {"coords": "different", "compat": "equals"}  # what concat does unless asked


class Listener(nn.Module):
    """A network that keeps what it is shown, in its copies too."""

    shown: ClassVar[list[np.ndarray]] = []

    def forward(self, x):
        self.shown.append(x.detach().double().numpy())
        return x[:, :, :2].sum(1)


def cells_of(bands):
    """Relevance of every frequency, the larger the higher, summed over bands."""
    values = np.random.default_rng(0).uniform(1, 2, (1, len(CHANNELS), len(FREQUENCY_HZ)))
    coords = {
        "target": ["left"],
        "channel": CHANNELS,
        "frequency": ("frequency", FREQUENCY_HZ, {"units": "Hz"}),
        "x": ("channel", [-0.06, 0.06]),
        **{axis: ("channel", [at, at]) for axis, at in (("y", 0.0), ("z", 0.07))},
    }
    spectrum = xr.DataArray(
        values, coords, ("target", "channel", "frequency"), "relevance", {"units": "score"}
    )
    return spectrum, sum_over_bands(spectrum, bands)


def removed_by(ranking):
    """Return what is changed of trials once all cells are deleted, as (channels, frequencies)."""
    x = np.random.default_rng(1).standard_normal((8, len(CHANNELS), N_TIMES)).astype(np.float32)
    Listener.shown.clear()
    deletion_curve(
        Listener(), x, [0, 1] * 4, ranking=ranking, sfreq=SFREQ, n_steps=2, n_random=2, progress=False
    )
    changed = [
        np.abs(np.fft.rfft(shown - x)).max(0) > 1e-3 for shown in Listener.shown if shown.shape == x.shape
    ]
    return np.logical_or.reduce(changed)


# What is done to an array, and what its bands were called before.
def renamed(cells, names):
    return cells.assign_coords(band=[f"band {n}" for n in range(len(names))]), names


def without_names(cells, names):
    return cells.drop_vars("band"), names


def without_attrs(cells, names):
    cells = cells.copy()
    cells.attrs = {}
    cells.coords["band"].attrs = {}
    return cells, names


def computed(cells, names):
    with xr.set_options(keep_attrs=False):
        return 2 * (cells - cells.min()) / 3 + cells**2 + 1, names


def averaged(cells, names):
    return xr.concat([cells, 2 * cells], "run", **SAFELY).mean("run"), names


def joined(cells, names):
    return xr.concat([cells.isel(band=[n]) for n in range(len(names))], "band", **SAFELY), names


def stacked(cells, names):
    return xr.concat([cells.isel(band=n) for n in range(len(names))], "band", **SAFELY), names


def turned(cells, names):
    return cells.isel(band=slice(None, None, -1)), names[::-1]


def halved(cells, names):
    return cells.isel(band=slice(None, None, 2)), names[::2]


def last(cells, names):
    return cells.isel(band=-1).expand_dims("band", 1), names[-1:]


def pickled(cells, names):
    return pickle.loads(pickle.dumps(cells)), names


def filed(cells, names):
    with xr.open_dataarray(bytes(cells.to_netcdf(engine="scipy")), engine="scipy") as file:
        return file.load(), names


def in_a_dataset(cells, names):
    return cells.to_dataset(name="worth").merge({"more": cells * 2})["worth"], names


def coarsened(cells, names):
    assume(len(names) > 1)
    return cells.coarsen(band=2, boundary="trim").mean(), names[: len(names) // 2]


def widened(cells, names):
    return cells.reindex(band=[*cells["band"].to_numpy(), "more"], fill_value=1.0), [*names, "more"]


def of_two_kinds(cells, names):
    moved = cells.assign_coords({LOW: cells[LOW] + 1, HIGH: cells[HIGH] + 1})
    return cells + moved, names


def of_two_runs(cells, names):
    moved = cells.assign_coords({LOW: cells[LOW] + 1, HIGH: cells[HIGH] + 1})
    return xr.concat([cells, moved], "run", **SAFELY).mean("run"), names


def without_limits(cells, names):
    return cells.drop_vars(BAND_LIMITS, errors="ignore"), names


def of_numbers(cells, names):
    return xr.DataArray(
        cells.to_numpy(), {"band": cells["band"].to_numpy(), "channel": CHANNELS}, cells.dims
    ), names


KEEP = (renamed, without_names, without_attrs, computed, averaged, joined, stacked, turned, halved, last, pickled,
        filed, in_a_dataset)  # fmt: skip
LOSE = (coarsened, widened, of_two_kinds, of_two_runs, without_limits, of_numbers)


@st.composite
def bands_apart(draw):
    """Draw bands with gaps or without, in any order, some with other limits than their name has by default."""
    edges = sorted(
        draw(st.lists(st.sampled_from(np.arange(0, 32.5, 0.5).tolist()), min_size=2, max_size=8, unique=True))
    )
    if draw(st.booleans()):
        edges[-1] = math.inf
    pairs = list(itertools.pairwise(edges))
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=5, unique=True))
    names = draw(st.permutations([*RHYTHMS, "mu", "high"]))
    return dict(zip(names, chosen, strict=False))


@settings(max_examples=40, deadline=None)
@given(bands=bands_apart(), steps=st.lists(st.sampled_from([*KEEP, *LOSE]), max_size=4))
def test_whatever_is_done_to_it_a_result_means_the_same_or_is_refused(bands, steps):
    spectrum, cells = cells_of(bands)
    names = [*bands, OTHER]
    try:
        for step in steps:
            cells, names = step(cells, names)
    except (ValueError, TypeError, KeyError):
        # What xarray cannot do is no concern of ours, unless all of it keeps limits.
        assert set(steps) & set(LOSE) or "band" not in cells.coords
        return
    of_bins = rhythm_names(FREQUENCY_HZ, bands)
    truth = [of_bins == name for name in names]
    try:
        removed = removed_by(cells)
        covered = band_ranges(cells)
        near = neighbours(cells).toarray()
    except ValueError:
        assert set(steps) & set(LOSE) or not np.any(truth)
        return
    np.testing.assert_array_equal(removed, [np.logical_or.reduce(truth)] * len(CHANNELS))
    np.testing.assert_array_equal([in_ranges(FREQUENCY_HZ, ranges) for ranges in covered], truth)
    limits = np.array([bands.get(name, (np.nan, np.nan)) for name in names])
    touch = limits[:, :1] == limits[:, 1]
    size = len(names)
    np.testing.assert_array_equal(
        near.reshape(size, 2, size, 2)[:, 0, :, 0] > 0, touch | touch.T | np.eye(size, dtype=bool)
    )
    if len(set(cells["band"].to_numpy().tolist())) == size:
        of_bands = cells.sum("channel").assign_coords(band=[f"{n}" for n in range(size)])
        of_bands, apart = (
            one.assign_coords(
                ci_low=one - 1,
                ci_high=one + 1,
                p=one * 0,
                total_ci_low=("target", [0.0]),
                total_ci_high=("target", [1.0]),
            )
            for one in (of_bands, cells.assign_coords(band=of_bands["band"]))
        )
        peaks = leading_bands(of_bands, apart, spectrum)["peak_hz"].droplevel("target")
        profile = spectrum.sum("channel")[0].to_numpy()
        expected = [FREQUENCY_HZ[own][profile[own].argmax()] if own.any() else np.nan for own in truth]
        np.testing.assert_array_equal(peaks[[f"{n}" for n in range(size)]], expected)


@pytest.mark.parametrize("step", KEEP)
def test_what_keeps_limits_keeps_them(step):
    _, cells = cells_of({"beta": (20, 26), "alpha": (9, 12), "mu": (6, 9)})
    names = ["beta", "alpha", "mu", OTHER]
    found, names = step(cells, names)
    known = ranges_of({"beta": (20, 26), "alpha": (9, 12), "mu": (6, 9)})
    assert band_ranges(found) == [known[name] for name in names]


@pytest.mark.parametrize("step", [of_two_kinds, of_two_runs, without_limits, of_numbers, widened])
def test_what_loses_limits_is_refused(step):
    cells, _ = step(cells_of({"alpha": (9, 12), "beta": (12, 20)})[1], ["alpha", "beta", OTHER])
    for use in (band_ranges, neighbours, removed_by):
        with pytest.raises(ValueError, match=r"band_low_hz|other limits|not finite"):
            use(cells)


def test_each_cell_alone_takes_its_own_frequencies():
    bands = {"alpha": (9.5, 10.5), "beta": (20, math.inf)}
    _, cells = cells_of(bands)
    for name, expected in (("alpha", [10]), ("beta", range(20, 33)), (OTHER, [*range(10), *range(11, 20)])):
        removed = removed_by(cells.sel(band=[name], channel=["1"]))
        assert not removed[0].any()
        assert FREQUENCY_HZ[removed[1]].tolist() == list(expected)


def test_the_rest_of_a_selection_is_the_rest_of_all_bands():
    _, cells = cells_of(RHYTHMS)
    removed = removed_by(cells.sel(band=["alpha", OTHER]))
    assert FREQUENCY_HZ[removed[0]].tolist() == [0, *range(8, 13)]


def test_rests_of_two_results_stay_apart():
    mu, gamma = (cells_of(bands)[1] for bands in ({"mu": (8, 13)}, {"gamma": (30, math.inf)}))
    both = xr.concat([mu, gamma], "band")
    assert band_ranges(both)[1::2] == [((0, 8), (13, math.inf)), ((0, 30),)]
    with pytest.raises(ValueError, match="Two bands with different limits are both called 'other'"):
        ranges_by_name(both)


def test_bands_that_overlap_are_taken_whole_in_any_order():
    bands = {"mu": (8, 13), "wide": (4, 30), "low": (4, 9)}
    x = np.random.default_rng(0).standard_normal((8, 2, N_TIMES)).astype(np.float32)
    y = [0, 1] * 4
    loss = ablate(Listener(), x, y, bands=bands, sfreq=SFREQ, progress=False)["score_loss"]
    contrast = band_power_contrast(Listener(), x, y, bands=bands, sfreq=SFREQ)
    for cells in (loss, contrast, loss[::-1], contrast[:, [1, 2, 0]]):
        assert ranges_by_name(cells) == {name: (limits,) for name, limits in bands.items()}
        for name, (low, high) in bands.items():
            expected = FREQUENCY_HZ[(low <= FREQUENCY_HZ) & (high > FREQUENCY_HZ)]
            assert FREQUENCY_HZ[removed_by(cells.sel(band=[name]))[0]].tolist() == expected.tolist()


@given(bands=bands_apart())
def test_the_rest_is_what_names_call_so(bands):
    expected = rhythm_names(FREQUENCY_HZ, bands) == OTHER
    np.testing.assert_array_equal(in_ranges(FREQUENCY_HZ, ranges_of(bands)[OTHER]), expected)


@given(low=st.floats(0, 1e3), width=st.floats(1e-3, 1e3))
def test_limits_come_back_exactly(low, width):
    assume(low < low + width)
    cells = with_band_limits(xr.DataArray([1.0, 2.0], {"band": ["own", OTHER]}), {"own": (low, low + width)})
    assert ranges_by_name(cells) == ranges_of({"own": (low, low + width)})


def test_without_a_gap_nothing_is_left():
    cells = with_band_limits(xr.DataArray([1.0, 2.0], {"band": ["all", OTHER]}), {"all": (0, math.inf)})
    assert cells[REST].to_numpy().tolist() == ["", "nothing"]
    assert band_ranges(filed(cells, [])[0])[1] == ()


def test_tables_have_columns_and_say_when_these_are_missing():
    cells = with_band_limits(xr.DataArray([1.0, 2.0], {"band": ["mu", OTHER]}, name="share"), {"mu": (8, 13)})
    table = cells.to_dataframe()
    assert table.columns.tolist() == [LOW, HIGH, REST, "share"] or set(table) == {*BAND_LIMITS, "share"}
    for one in (table, table.reset_index(), table.iloc[::-1], pd.concat({"left": table}, names=["target"])):
        assert ranges_by_name(one) == ranges_of({"mu": (8, 13)})
    with pytest.raises(
        ValueError, match=r"columns `band_low_hz` and `band_high_hz` are missing.*values.assign\("
    ):
        band_ranges(table[["share"]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {LOW: [13, 13]},
            r"must be two increasing frequencies in Hz; got `band_low_hz` 13 and `band_high_hz` 13",
        ),
        ({HIGH: [np.nan, 30]}, "must be two increasing"),
        ({LOW: [-1, 13]}, "must be two increasing"),
        ({LOW: [np.nan, 13], HIGH: [np.nan, 30]}, "What the band 'mu' covers is not known"),
    ],
)
def test_limits_that_say_nothing_are_refused(changes, message):
    cells = with_band_limits(
        xr.DataArray([1.0, 2.0], {"band": ["mu", "beta"]}), {"mu": (8, 13), "beta": (13, 30)}
    )
    with pytest.raises(ValueError, match=message):
        band_ranges(cells.assign_coords({name: ("band", values) for name, values in changes.items()}))


@pytest.mark.parametrize("text", ["", "slow", "5–1", "1-5", np.nan, 3.0])
def test_a_rest_that_cannot_be_read_is_refused(text):
    cells = with_band_limits(xr.DataArray([1.0, 2.0], {"band": ["mu", OTHER]}), {"mu": (8, 13)})
    with pytest.raises(ValueError, match="What the band 'other' covers is not known"):
        band_ranges(cells.assign_coords({REST: ("band", np.array(["", text], object))}))


def test_every_band_needs_limits():
    with pytest.raises(ValueError, match="got mu, other, but not beta"):
        with_band_limits(xr.DataArray([1.0, 2.0], {"band": ["mu", "beta"]}), {"mu": (8, 13)})
    with pytest.raises(ValueError, match="The dimension `band` is missing"):
        band_ranges(xr.DataArray([1.0], dims="channel"))


def test_bands_of_one_name_and_other_limits_are_not_compared():
    (spectrum, one), (_, other) = (cells_of({"alpha": (8, high), "beta": (13, 30)}) for high in (13, 12))
    for left_out in (["alpha"], [OTHER]):
        with pytest.raises(
            ValueError, match=r"in one result, .* in the other\. Compute both with the same bands"
        ):
            rank_agreement(one.sel(band=left_out), other)
    assert rank_agreement(one.sel(band=["beta"]), other) == pytest.approx(1)
    assert rank_agreement(one, one.drop_vars(BAND_LIMITS)) == pytest.approx(1)
    with pytest.raises(ValueError, match="The band 'alpha' is 8–13 Hz in one result, 8–12 Hz in the other"):
        leading_bands(one.sum("channel"), other, spectrum)
