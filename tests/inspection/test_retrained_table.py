"""The table of retrained networks against numbers by hand."""

import numpy as np
import pytest
import scipy
import xarray as xr

from sincviz.inspection.retrained_table import Reading, sensitivity_table
from sincviz.inspection.variations import Variation

BANDS = ["delta", "theta", "alpha", "beta", "gamma", "other"]


def reading(n_right, of_bands, channels=("C3", "C4"), n_trials=100):
    """The first so many trials are right; each band is shared among channels as 3 to 1, the second negative."""
    values = np.outer(of_bands, [0.75, -0.25])[None]
    contrast = xr.DataArray(values, {"band": BANDS, "channel": list(channels)}, ("target", "band", "channel"))
    return Reading(np.arange(n_trials) < n_right, (0.8, 0.7, 0.9), contrast, 0.5, 60)


def table(*rows, channels=("C3", "C4")):
    variations = [Variation("as trained", "nothing", ())] + [
        Variation(f"v{number}", "highpass", (), highpass_hz=4.0) for number in range(1, len(rows))
    ]
    readings = {
        one.words: [reading(right, bands, channels) for right, bands in row]
        for one, row in zip(variations, rows, strict=True)
    }
    return sensitivity_table(variations, readings)


SLOW, FAST = (6, 0, 1, 1, 0, 2), (0, 0, 6, 3, 1, 0)
BESIDE = (0, 0, 5, 4, 1, 0)


def test_means_and_shares():
    found = table([(80, SLOW), (84, SLOW)], [(80, FAST), (80, BESIDE)])
    first, second = found.iloc[0], found.iloc[1]
    assert first["accuracy"] == pytest.approx(0.82)
    assert first["accuracy_seed_sd"] == pytest.approx(np.std([0.8, 0.84], ddof=1))
    assert first["below_4_hz"] == pytest.approx(0.8)
    assert second["share_alpha"] == pytest.approx(0.55)
    assert second["accuracy_change"] == pytest.approx(-0.02)
    assert (first["region"], first["region_share"]) == ("left central", pytest.approx(0.75))
    assert (first["ci_low"], first["ci_high"]) == pytest.approx(
        tuple(scipy.stats.binomtest(82, 100).proportion_ci(method="wilson"))
    )


def test_the_interval_of_a_change_is_that_of_seeds_and_paired_trials():
    found = table([(80, SLOW), (84, SLOW)], [(60, SLOW), (60, SLOW)])
    correct = np.arange(100)[None] < np.array([80, 84, 60, 60])[:, None]
    paired = correct[2:].mean(0) - correct[:2].mean(0)
    pooled = (np.var([0.8, 0.84], ddof=1) + 0) / 2
    error = np.sqrt(2 * pooled / 2 + paired.var(ddof=1) / 100)
    half = scipy.stats.t.ppf(0.975, 2) * error
    assert found["change_ci_low"].iloc[1] == pytest.approx(-0.22 - half)
    assert found["change_ci_high"].iloc[1] == pytest.approx(-0.22 + half)
    assert found["accuracy_changed"].tolist() == [False, True]


def test_a_change_within_the_spread_of_seeds_is_none():
    assert not table([(70, SLOW), (90, SLOW)], [(70, SLOW), (74, SLOW)])["accuracy_changed"].any()


def test_bands_change_where_networks_are_above_chance():
    rows = [(80, FAST), (80, np.add(FAST, 0.01))]
    found = table(rows, [(80, SLOW), (80, np.add(SLOW, 0.01))], [(50, SLOW), (50, SLOW)])
    assert "delta" in found["bands_changed"].iloc[1]
    assert "alpha" in found["bands_changed"].iloc[1]
    assert "theta" not in found["bands_changed"].iloc[1]
    assert not found["above_chance"].iloc[2]
    assert found["bands_changed"].iloc[[0, 2]].tolist() == ["", ""]


def test_agreement_is_between_different_seeds():
    found = table([(80, SLOW), (80, FAST)], [(80, SLOW), (80, SLOW)])
    vectors = [np.outer(bands, [0.75, -0.25]).ravel() for bands in (SLOW, FAST)]
    between = np.corrcoef(vectors)[0, 1]
    assert found["agreement"].iloc[0] == pytest.approx(between)
    assert found["agreement"].iloc[1] == pytest.approx((1 + between) / 2)


def test_channels_without_a_region_are_named_themselves():
    assert table([(80, SLOW)] * 2, channels=("E1", "E2"))["region"].iloc[0] == "E1"


def test_a_network_that_explains_nothing_has_no_agreement():
    found = table([(80, SLOW)] * 2, [(50, [0] * 6)] * 2)
    assert np.isnan(found["agreement"].iloc[1])
    assert found["bands_changed"].iloc[1] == ""
