"""Shares of suppressors are those of their cells."""

import numpy as np

from sincviz.benchmark.scores.suppressors import suppressor_cells, suppressor_shares


def test_shares_of_known_cells(case):
    cells = suppressor_cells(case)
    assert [list(cell) for cell in np.argwhere(cells)] == [[4, 4], [4, 5]]
    values = np.zeros(cells.shape)
    values[4, 4], values[4, 5], values[2, 2] = -2.0, 1.0, 3.0
    assert suppressor_shares(values, cells) == (0.5, 0.25)


def test_an_informative_cell_is_not_a_suppressor(case):
    case.truth = case.truth.assign_coords(low_hz=("source", [16.0, 16.0]), high_hz=("source", [20.0, 24.0]))
    maps = np.array([[0, 0, 0, 0, 3, 0], [0, 0, 0, 0, 2, 0]], float)
    case.truth = case.truth.assign(scalp_map=(("source", "channel"), maps))
    assert [list(cell) for cell in np.argwhere(suppressor_cells(case))] == [[4, 5]]


def test_without_suppressors_there_is_no_share(time_case):
    cells = suppressor_cells(time_case)
    assert not cells.any()
    assert np.isnan(suppressor_shares(np.ones(cells.shape), cells)).all()
