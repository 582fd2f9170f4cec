"""Ranks agree where cells are put into the same order, whatever their values."""

import numpy as np
import pytest
import xarray as xr

from sincviz.statistics import rank_agreement


@pytest.fixture
def cells():
    values = np.random.default_rng(0).standard_normal((2, 5))
    return xr.DataArray(values, {"band": ["alpha", "beta"], "channel": list("abcde")})


def test_the_same_order_is_one_and_the_opposite_minus_one(cells):
    assert rank_agreement(cells, np.exp(cells)) == pytest.approx(1)
    assert rank_agreement(cells, -(cells**3)) == pytest.approx(-1)


def test_cells_are_matched_by_name(cells):
    shuffled = cells.isel(channel=[3, 1, 0, 4, 2], band=[1, 0]).transpose("channel", "band")
    assert rank_agreement(cells, shuffled) == pytest.approx(1)
    assert rank_agreement(cells, cells.sel(channel=["b", "d", "e"])) == pytest.approx(1)


def test_the_mean_is_taken_over_what_only_one_has(cells):
    classes = xr.concat([cells + 5, cells - 5, 3 * cells], "target")
    assert rank_agreement(classes, cells) == pytest.approx(1)


def test_constants_have_no_order(cells):
    assert np.isnan(rank_agreement(cells, 0 * cells))


def test_strangers_are_refused(cells):
    with pytest.raises(ValueError, match="fewer than two cells in common"):
        rank_agreement(cells, cells.assign_coords(channel=list("vwxyz")))
    with pytest.raises(ValueError, match="fewer than two cells in common"):
        rank_agreement(cells, xr.DataArray([1.0, 2.0], dims="frequency"))
