"""Suppressors: how much relevance goes to cells that help the network but tell nothing of the class."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sincviz.benchmark.scores.grid import SUPPRESSOR, true_cells_of
from sincviz.benchmark.scores.recovery import share_in

if TYPE_CHECKING:
    from sincviz.benchmark.cases import Case


def suppressor_cells(case: "Case") -> NDArray[np.bool_]:
    """Return the cells of the suppressors that are not also those of an informative source.

    A suppressor carries no information on the class, but a network that subtracts it is better with it [1]_.

    Parameters
    ----------
    case : Case
        Sources with the role ``"suppressor"`` are meant.

    Returns
    -------
    array of bool, shape (channels, columns)
        All false if there is none.

    References
    ----------
    .. [1] Wilming, Budding, Müller & Haufe (2022), Scrutinizing XAI using linear ground-truth data with suppressor
       variables, Machine Learning 111, 1903–1923.
    """
    return np.asarray(true_cells_of(case, SUPPRESSOR) & ~true_cells_of(case))


def suppressor_shares(values: NDArray[np.floating], cells: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the shares of absolute and of positive relevance that fall into the suppressors' cells.

    Parameters
    ----------
    values : ndarray
        Relevance of cells.
    cells : array of bool, of the same shape
        The suppressors' cells.

    Returns
    -------
    (float, float)
        Share of absolute values, share of positive values; NaN without suppressors, or without such values.

    Examples
    --------
    >>> suppressor_shares(np.array([1.0, -3.0]), np.array([False, True]))
    (0.75, 0.0)
    """
    if not cells.any():
        return float("nan"), float("nan")
    return share_in(np.abs(values), cells), share_in(np.clip(values, 0, None), cells)
