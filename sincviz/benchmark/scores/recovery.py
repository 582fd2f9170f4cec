"""Recovery: how well the relevance of cells agrees with those that are known to be informative."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score


def roc_area(values: NDArray[np.floating], true: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve; 0.5 is chance, NaN if all are true or none.

    Parameters
    ----------
    values : ndarray
        Relevance of cells, or of channels.
    true : array of bool, of the same shape
        Which of them are informative.

    Examples
    --------
    >>> roc_area(np.array([3.0, 2.0, 1.0]), np.array([True, False, False]))
    1.0
    """
    return float(roc_auc_score(true.ravel(), values.ravel())) if _mixed(true) else float("nan")


def average_precision(values: NDArray[np.floating], true: NDArray[np.bool_]) -> float:
    r"""Return the average precision; chance is about the share of true cells, NaN if all are true or none.

    :math:`\sum_n (R_n - R_{n-1}) P_n` over the thresholds, with precision ``P`` and recall ``R``. Where few cells are
    true it says more about the first of the ranking than the area under the ROC curve.

    Parameters
    ----------
    values : ndarray
        Relevance of cells.
    true : array of bool, of the same shape
        Which of them are informative.

    Examples
    --------
    >>> average_precision(np.array([3.0, 2.0, 1.0]), np.array([False, True, False]))
    0.5
    """
    return float(average_precision_score(true.ravel(), values.ravel())) if _mixed(true) else float("nan")


def mass(values: NDArray[np.floating], true: NDArray[np.bool_]) -> float:
    """Return the share of all positive values that falls into true cells; 0 if none is positive.

    The relevance mass accuracy [1]_ of the positive values.

    Parameters
    ----------
    values : ndarray
        Relevance of cells.
    true : array of bool, of the same shape
        Which of them are informative.

    References
    ----------
    .. [1] Arras, Osman & Samek (2022), CLEVR-XAI: A benchmark dataset for the ground truth evaluation of neural network
       explanations, Information Fusion 81, 14–40.

    Examples
    --------
    >>> mass(np.array([3.0, 1.0, -4.0]), np.array([True, False, False]))
    0.75
    """
    return share_in(np.clip(values, 0, None), true, empty=0.0)


def share_in(values: NDArray[np.floating], cells: NDArray[np.bool_], empty: float = float("nan")) -> float:
    """Return the share of values, none of them negative, that falls into some cells; ``empty`` if all are zero.

    Examples
    --------
    >>> share_in(np.array([3.0, 1.0]), np.array([True, False]))
    0.75
    """
    total = float(values.sum())
    return float(values[cells].sum()) / total if total > 0 else empty


def best_rank(values: NDArray[np.floating], true: NDArray[np.bool_]) -> float:
    """Return the rank of the best true cell among all cells, 1 is perfect; NaN if none is true.

    Cells with the same value share the middle of their ranks, so that a constant relevance is not perfect.

    Parameters
    ----------
    values : ndarray
        Relevance of cells.
    true : array of bool, of the same shape
        Which of them are informative.

    Examples
    --------
    >>> best_rank(np.array([3.0, 2.0, 1.0]), np.array([False, True, True]))
    2.0
    """
    if not true.any():
        return float("nan")
    best = values[true].max()
    return float((values > best).sum() + ((values == best).sum() + 1) / 2)


def rank_accuracy(values: NDArray[np.floating], true: NDArray[np.bool_]) -> float:
    """Return the share of true cells among the first of the ranking, as many as there are true cells.

    The relevance rank accuracy [1]_. Of cells with the same value at the end of the first, the expected share counts.
    NaN if none is true.

    Parameters
    ----------
    values : ndarray
        Relevance of cells.
    true : array of bool, of the same shape
        Which of them are informative.

    References
    ----------
    .. [1] Arras, Osman & Samek (2022), CLEVR-XAI: A benchmark dataset for the ground truth evaluation of neural network
       explanations, Information Fusion 81, 14–40.

    Examples
    --------
    >>> rank_accuracy(np.array([3.0, 2.0, 1.0]), np.array([True, False, True]))
    0.5
    """
    n_true = int(true.sum())
    if not n_true:
        return float("nan")
    last = np.sort(values, axis=None)[-n_true]
    above, tied = values > last, values == last
    from_ties = (n_true - above.sum()) * true[tied].mean()
    return float((true[above].sum() + from_ties) / n_true)


def _mixed(true: NDArray[np.bool_]) -> bool:
    return bool(true.any() and not true.all())
