"""What a figure shows together is summed; what does not add up is left out."""

import numpy as np
import pytest
import xarray as xr

from sincviz.plotting.canvas.shown_cells import shown_cells

DIMS = ("target", "band", "channel")


def spectrum(**coords):
    return xr.DataArray(
        np.arange(12.0).reshape(1, 3, 4),
        {"target": ["left"], "channel": ["C3", "C1", "C4"], "frequency": [2.0, 10, 11, 20], **coords},
        ("target", "channel", "frequency"),
        attrs={"units": "score"},
    )


def test_what_fits_is_returned_as_it_is():
    values = spectrum().rename(frequency="band")
    assert shown_cells(values, DIMS) is values


@pytest.mark.parametrize("dims", [DIMS, ("target", "band")])
def test_nothing_is_lost(dims):
    values = spectrum()
    shown = shown_cells(values, dims)
    assert set(shown.dims) == set(dims)
    assert float(shown.sum()) == float(values.sum())
    assert shown.attrs["units"] == "score"


def test_regions_are_summed_where_they_are_known():
    region = ("channel", ["left central", "left central", "right central"])
    dims = ("target", "region", "frequency")
    assert dict(shown_cells(spectrum(region=region), dims).sizes)["region"] == 2
    assert "channel" in shown_cells(spectrum(), dims).dims


def test_intervals_do_not_add_up():
    values = spectrum()
    values = values.assign_coords(ci_low=values - 1, ci_high=values + 1, p=values * 0)
    assert not {"ci_low", "ci_high", "p"} & set(shown_cells(values, DIMS).coords)
    of_bands = values.rename(frequency="band")
    assert not {"ci_low", "ci_high", "p"} & set(shown_cells(of_bands, ("target", "band")).coords)
