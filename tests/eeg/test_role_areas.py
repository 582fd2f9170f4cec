"""Of power and evoked response, the surer area is taken, and less power tells a class as well as more."""

import numpy as np
import pytest
import xarray as xr

from sincviz.eeg.role_areas import telling_areas


def areas(power, evoked=None, half=0.1):
    of = {"power_area": power} | ({} if evoked is None else {"evoked_area": evoked})
    return xr.Dataset(
        {
            f"{name}{end}": ("channel", np.atleast_1d(value) + by)
            for name, value in of.items()
            for end, by in (("", 0.0), ("_ci_low", -half), ("_ci_high", half))
        }
    )


@pytest.mark.parametrize("area", np.linspace(0, 1, 11))
def test_an_area_and_its_mirror_image_are_the_same(area):
    one, other = telling_areas(areas(area)), telling_areas(areas(1 - area))
    for name in ("area", "ci_low", "ci_high"):
        np.testing.assert_allclose(one[name], other[name], atol=1e-12)
    assert one["area"] >= 0.5
    assert one["ci_low"] <= one["area"] <= one["ci_high"]


def test_the_one_whose_interval_begins_higher_is_taken():
    cells = areas([0.7, 0.5, 0.2], [0.6, 0.65, 0.7])
    cells["power_area_ci_low"][0] = 0.4  # large, but not sure
    telling = telling_areas(cells)
    assert telling["of"].to_numpy().tolist() == ["evoked response", "evoked response", "power"]
    np.testing.assert_allclose(telling["area"], [0.6, 0.65, 0.8])


def test_an_evoked_area_below_chance_tells_nothing():
    telling = telling_areas(areas([0.45, 0.5], [0.3, 0.3]))
    np.testing.assert_allclose(telling["area"], [0.55, 0.5])
    alone = telling_areas(
        areas([0.5], [0.3]).drop_vars([f"power_area{end}" for end in ("", "_ci_low", "_ci_high")])
    )
    np.testing.assert_allclose([alone["area"], alone["ci_low"], alone["ci_high"]], [[0.3], [0.2], [0.4]])


def test_what_is_not_known_is_not_taken():
    telling = telling_areas(areas([0.6, np.nan], [np.nan, np.nan]))
    np.testing.assert_allclose(telling["area"], [0.6, np.nan])
    assert telling["of"].to_numpy()[0] == "power"


def test_without_areas_it_says_what_to_pass():
    with pytest.raises(ValueError, match=r"needs `power_area` or `evoked_area`; got role\. Pass what"):
        telling_areas(xr.Dataset({"role": ("channel", ["neither"])}))
