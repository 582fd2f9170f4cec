"""Order test: whether the first cells of an order cost more than others, against other orders and over trials."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

ALPHA = 0.05
N_ORDERS = 1999
SIZES = (1, 2, 5, 10, 20)
"""So many cells at the head of an order are compared; a quarter of all cells is added."""


_CORRELATION = 2 / 3  # of parts that rank each other


@dataclass(frozen=True)
class OrderTest:
    """Result of the test of an order of cells.

    Attributes
    ----------
    p : float
        The larger of the two below.
    p_orders : float
        How often a random order has costlier cells at its head.
    p_trials : float
        How often the costs are as large if the sign of each trial is drawn at random.
    shown : {"yes", "no", "could not be checked"}
        ``"yes"`` if ``p`` is below 0.05; ``"could not be checked"`` if no order of these cells, or no result on so few
        trials, could have been below.
    """

    p: float
    p_orders: float
    p_trials: float
    shown: str


def order_test(
    losses: NDArray[np.floating],
    orders: NDArray[np.intp],
    parts: NDArray[np.int64],
    *,
    n_orders: int = N_ORDERS,
    seed: int = 0,
) -> OrderTest:
    """Test whether cells that come first in an order cost more than cells do on average.

    For the first 1, 2, 5, 10, 20 and a quarter of all cells the mean cost, less that of all cells, is averaged over
    trials. Each is divided by its standard deviation under chance, and the largest counts, here and in every draw (a
    maximum statistic, which corrects for the choice among sizes [1]_). There are two kinds of chance, and both must be
    ruled out: that the order is unrelated to the cells (cells are permuted at random, in the orders of all parts
    alike), and that the network is unrelated to the classes, so that a cost has the sign of its trial's label (signs
    of trials are drawn at random, in each part). Parts that rank each other are not independent, even without any
    effect: their normal quantiles are combined as if correlated by 2/3, which is more than in any simulation (0.34 to
    0.65).

    Parameters
    ----------
    losses : array, shape (trials, cells)
        What each cell costs in each trial.
    orders : array of int, shape (parts, cells)
        Cells in the order that is tested in each part of the trials.
    parts : array of int, shape (trials,)
        Number of the part that each trial belongs to.
    n_orders : int
        Draws of each kind.
    seed : int
        Seed of the draws.

    References
    ----------
    .. [1] Westfall, P. H., & Young, S. S. (1993). Resampling-based multiple testing. Wiley.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> losses = rng.standard_normal((40, 60))
    >>> losses[:, 7] += 3                                            # the only cell that matters
    >>> first = np.roll(np.arange(60), -7)[None]                     # comes first in the order
    >>> test = order_test(losses, first, np.zeros(40, int))
    >>> test.shown, test.p < 0.05
    ('yes', True)
    """
    rng = np.random.default_rng(seed)
    n_trials, n_cells = losses.shape
    sizes = np.array(sorted({size for size in (*SIZES, n_cells // 4) if 0 < size <= max(1, n_cells // 2)}))
    costs = np.stack([losses[parts == part].sum(0) / n_trials for part in range(len(orders))])
    places = np.concatenate(
        [np.arange(n_cells)[None], rng.permuted(np.tile(np.arange(n_cells), (n_orders, 1)), axis=1)]
    )
    p_orders = _greatest_p(_head_costs(costs, places, orders, sizes))
    # The order that would be best on these trials.
    p_best = _greatest_p(_head_costs(costs, places, np.argsort(-costs, axis=1, kind="stable"), sizes))

    p_of_parts = []
    for part, order in enumerate(orders):
        of_part = losses[parts == part]
        if len(of_part):
            heads = np.cumsum(of_part[:, order], 1)[:, sizes - 1] / sizes - of_part.mean(1, keepdims=True)
            signs = rng.choice([-1.0, 1.0], (n_orders, len(of_part)))
            p_of_parts.append(_greatest_p(np.concatenate([heads.sum(0)[None], signs @ heads]), centre=0.0))
    p_trials = _combined(p_of_parts, n_orders)
    # With n trials no result is rarer than all signs being equal.
    least = _combined([2.0 ** -int((parts == part).sum()) for part in np.unique(parts)], n_orders)

    p = max(p_orders, p_trials)
    possible = p_best < ALPHA and least < ALPHA
    return OrderTest(
        p, p_orders, p_trials, "yes" if p < ALPHA else "no" if possible else "could not be checked"
    )


def _combined(p_values: Sequence[float], n_draws: int) -> float:
    """Return one p-value from those of the parts."""
    # No p-value is smaller than its draws allow.
    bounded = np.clip(p_values, 1 / (n_draws + 1), n_draws / (n_draws + 1))
    n_parts = len(bounded)
    spread = np.sqrt(n_parts + n_parts * (n_parts - 1) * _CORRELATION)
    return float(scipy.stats.norm.sf(scipy.stats.norm.isf(bounded).sum() / spread))


def _head_costs(
    costs: NDArray[np.float64],
    places: NDArray[np.int64],
    orders: NDArray[np.intp],
    sizes: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the mean cost of the first cells, shape (draws, sizes), summed over parts."""
    heads = np.zeros((len(places), len(sizes)))
    most = int(sizes.max())
    for cost, order in zip(costs, orders, strict=True):
        heads += np.cumsum(cost[places[:, order[:most]]], 1)[:, sizes - 1] / sizes
    return heads


def _greatest_p(draws: NDArray[np.float64], centre: float | None = None) -> float:
    """Return how often the largest value of a draw reaches that of the first draw, which is the one tested."""
    middle = draws.mean(0) if centre is None else centre
    spread = np.sqrt(np.square(draws - middle).mean(0))
    usable = spread > 1e-12 * max(float(np.abs(draws).max()), 1e-300)
    if not usable.any():
        return 1.0
    greatest = ((draws - middle)[:, usable] / spread[usable]).max(1)
    # Draws that equal the one tested up to rounding count as reaching it.
    return float((greatest >= greatest[0] - 1e-9).mean())
