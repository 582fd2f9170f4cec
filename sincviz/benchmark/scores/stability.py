"""Stability: whether methods are ranked alike, whatever replaces the cells that are deleted."""

import itertools

import numpy as np
import pandas as pd
import scipy

from sincviz.analysis.statistics.ranks import spearman


def rank_stability(areas: pd.DataFrame) -> dict[str, float]:
    r"""Return how far several operators rank methods alike.

    What replaces a cell can decide which method seems faithful; a ranking counts only as far as operators agree on
    it [1]_. Kendall's coefficient of concordance [2]_ is

    .. math:: W = \frac{12 \sum_i (R_i - \bar R)^2}{m^2 (n^3 - n) - m \sum_j T_j}

    with the sum of ranks :math:`R_i` of each of ``n`` methods over ``m`` operators, and :math:`T_j = \sum (t^3 - t)`
    over the ties of an operator.

    Parameters
    ----------
    areas : pandas.DataFrame, shape (methods, operators)
        Scores by deletion, one column per operator. Methods without one of them are left out.

    Returns
    -------
    dict of str to float
        ``"kendall_w"``, 1 if all agree, about 1 / m by chance; ``"mean_spearman"``, mean of Spearman's correlation over
        pairs of operators; ``"min_spearman"``, the smallest; ``"n_methods"``, how many were ranked. NaN if fewer than
        two methods or operators are left, or an operator gives all the same.

    References
    ----------
    .. [1] Hsieh, Fang & Wei (2026), AIM: Adversarial information masking for faithfulness evaluation of saliency maps,
       arXiv:2605.16905.
    .. [2] Kendall & Babington Smith (1939), The problem of m rankings, Annals of Mathematical Statistics 10, 275–287.

    Examples
    --------
    >>> rank_stability(pd.DataFrame({"mean": [3.0, 2.0, 1.0], "noise": [9.0, 5.0, 1.0]}))["kendall_w"]
    1.0
    """
    complete = areas[np.isfinite(areas.to_numpy(float)).all(axis=1)].to_numpy(float)
    n_methods, n_operators = complete.shape
    found = {
        "kendall_w": np.nan,
        "mean_spearman": np.nan,
        "min_spearman": np.nan,
        "n_methods": float(n_methods),
    }
    if n_methods < 2 or n_operators < 2 or (np.ptp(complete, axis=0) == 0).any():
        return found
    ranks = scipy.stats.rankdata(complete, axis=0)
    spread = ((ranks.sum(axis=1) - n_operators * (n_methods + 1) / 2) ** 2).sum()
    counts = [np.unique(column, return_counts=True)[1] for column in ranks.T]
    ties = sum(float((count**3 - count).sum()) for count in counts)
    found["kendall_w"] = 12 * spread / (n_operators**2 * (n_methods**3 - n_methods) - n_operators * ties)
    pairs = [spearman(one, other) for one, other in itertools.combinations(complete.T, 2)]
    found["mean_spearman"], found["min_spearman"] = float(np.mean(pairs)), float(np.min(pairs))
    return {name: float(value) for name, value in found.items()}
