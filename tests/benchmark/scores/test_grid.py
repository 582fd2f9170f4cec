"""Cells are sums over bands or windows, and the true ones are those of the sources."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import xarray as xr

from sincviz.analysis.evidence.recovery import true_cells
from sincviz.benchmark.conditions import ARCHITECTURES, CONDITIONS, SFREQ_HZ, setting
from sincviz.benchmark.scores.grid import GRID, cells_of, channels_of, column_members, true_cells_of
from sincviz.benchmark.simulation import simulate
from sincviz.eeg.band_limits import with_band_limits


def test_bands_are_sums_below_48_hz(case):
    values = np.random.default_rng(0).standard_normal((4, 6, 101))
    cells = cells_of(case, values)
    assert cells.shape == (4, 6, 12)
    np.testing.assert_allclose(cells[..., 2], values[..., 16:24].sum(-1))  # 8 to 11.5 Hz
    np.testing.assert_allclose(cells.sum(-1), values[..., :96].sum(-1))  # 48 to 50 Hz are not scored
    np.testing.assert_allclose(channels_of(case, values), cells.sum(-1))


def test_windows_are_50_ms_from_the_event(time_case):
    values = np.random.default_rng(0).standard_normal((6, 200))
    cells = cells_of(time_case, values)
    assert cells.shape == (6, 40)
    np.testing.assert_allclose(cells[:, 4], values[:, 20:25].sum(-1))  # 0 to 0.05 s
    np.testing.assert_allclose(channels_of(time_case, values), values.sum(-1))
    assert column_members(time_case).sum(0).tolist() == [1] * 200


def test_the_other_plane_has_no_cells_but_channels(case, time_case):
    assert cells_of(case, np.zeros((6, 200))) is None
    assert cells_of(time_case, np.zeros((6, 101))) is None
    assert channels_of(case, np.ones((6, 200))).tolist() == [200.0] * 6


def test_other_shapes_are_refused(case):
    with pytest.raises(ValueError, match=r"must end in \(channels, times\).*got the shape \(6, 99\)"):
        cells_of(case, np.zeros((6, 99)))


def test_true_cells_of_a_source(case, time_case):
    true = true_cells_of(case)
    assert [list(cell) for cell in np.argwhere(true)] == [[2, 2], [3, 2]]
    in_time = true_cells_of(time_case)
    assert in_time.any(1).tolist() == [False, False, False, True, False, False]
    assert np.flatnonzero(in_time[3]).tolist() == [14, 15]  # 0.5 to 0.6 s


def test_a_wide_source_is_true_in_all_of_its_bands(case):
    assert [list(cell) for cell in np.argwhere(true_cells_of(case, "suppressor"))] == [[4, 4], [4, 5]]
    assert not true_cells_of(case, "artefact").any()


def test_narrow_sources_are_those_of_the_package(case):
    frame = xr.DataArray(
        np.zeros((12, 6)), {"band": list(GRID), "channel": list(case.ch_names)}, ("band", "channel")
    )
    assert np.array_equal(true_cells_of(case).T, true_cells(case.truth, with_band_limits(frame, GRID)))


def test_channels_come_in_the_order_of_the_case(case):
    before = true_cells_of(case)
    case.truth = case.truth.isel(channel=[5, 4, 3, 2, 1, 0])
    assert np.array_equal(true_cells_of(case), before)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_sources_of_all_conditions_have_cells(condition):
    settings = setting(condition, ARCHITECTURES[0])
    background = (
        np.zeros((2, len(settings.ch_names), 200)) + np.sin(np.arange(200)) if settings.recorded else None
    )
    trials = simulate(settings, 2, 0, background)
    one = SimpleNamespace(
        name=condition,
        domain=settings.domain,
        x=torch.from_numpy(trials.uv),
        ch_names=settings.ch_names,
        sfreq=SFREQ_HZ,
        tmin_s=settings.tmin_s,
        truth=trials.truth,
    )
    true = true_cells_of(one)
    assert 0 < true.sum() < true.size / 2
    assert true_cells_of(one, "suppressor").any() == (condition == "suppressor")
