"""Agreement of decisions: on which trials two networks decide alike, and which of them is right."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray


def compare_decisions(predicted: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Compare what two networks answer for the same trials.

    Parameters
    ----------
    predicted, other : pandas.DataFrame
        What :func:`predictions` returned for two networks and the same trials; the classes may have another order.

    Returns
    -------
    pandas.DataFrame
        One row per trial: ``true`` (where the classes are known), ``predicted``, ``other_predicted``, ``same``; with
        classes also ``correct``, ``other_correct``, ``margin`` and ``other_margin``, the score of the true class minus
        the best other score. ``attrs`` holds ``n_trials``, ``n_same``, and with classes ``n_both_right``,
        ``n_only_first``, ``n_only_second``, ``n_both_wrong`` and ``p``, that of the exact test of McNemar [1]_:
        whether one network is right more often than the other, if trials are independent.

    Raises
    ------
    ValueError
        If the tables are of different trials or classes, a score is not finite, or a network has one output.

    References
    ----------
    .. [1] McNemar, Q. (1947). Note on the sampling error of the difference between correlated proportions or
       percentages. Psychometrika, 12, 153-157.

    Examples
    --------
    >>> true = ["left", "left", "right", "right"]
    >>> first = pd.DataFrame({"true": true, "predicted": ["left", "left", "right", "left"],
    ...                       "score_left": [2.0, 1.0, 0.0, 1.0], "score_right": [0.0, 0.0, 1.0, 0.0]})
    >>> second = pd.DataFrame({"true": true, "predicted": ["right", "left", "right", "left"],
    ...                        "score_left": [0.0, 1.0, 0.0, 1.0], "score_right": [1.0, 0.0, 1.0, 0.0]})
    >>> decisions = compare_decisions(first, second)
    >>> decisions.same.tolist(), decisions.attrs["n_only_first"], decisions.attrs["p"]
    ([False, True, True, True], 1, 1.0)
    """
    for table in (predicted, other):
        if "predicted" not in table:
            raise ValueError("A network has one output, so it makes no decision that could be compared.")
    names = _class_names(predicted)
    if len(predicted) != len(other) or sorted(names) != sorted(_class_names(other)):
        raise ValueError(
            f"Both networks must be asked about the same trials and classes; got {len(predicted)} trials of "
            f"{', '.join(names)} and {len(other)} of {', '.join(_class_names(other))}."
        )
    scores = [f"score_{name}" for name in names]
    if not np.isfinite([table[scores].to_numpy(float) for table in (predicted, other)]).all():
        raise ValueError("Some scores are not finite, so they make no decision that could be compared.")
    rows = pd.DataFrame(
        {"predicted": predicted["predicted"], "other_predicted": other["predicted"].to_numpy()},
        predicted.index,
    )
    rows["same"] = rows["predicted"] == rows["other_predicted"]
    attrs: dict[Hashable | None, Any] = {"n_trials": len(rows), "n_same": int(rows["same"].sum())}
    if "true" in predicted and "true" in other:
        if (predicted["true"].to_numpy() != other["true"].to_numpy()).any():
            raise ValueError("The tables give the same trials different classes.")
        rows.insert(0, "true", predicted["true"])
        right, other_right = (rows[name] == rows["true"] for name in ("predicted", "other_predicted"))
        rows["correct"], rows["other_correct"] = right, other_right
        rows["margin"], rows["other_margin"] = (_margins(table, names) for table in (predicted, other))
        n_first, n_second = int((right & ~other_right).sum()), int((~right & other_right).sum())
        attrs |= {
            "n_both_right": int((right & other_right).sum()),
            "n_only_first": n_first,
            "n_only_second": n_second,
            "n_both_wrong": int((~right & ~other_right).sum()),
            "p": float(scipy.stats.binomtest(n_first, n_first + n_second).pvalue)
            if n_first + n_second
            else 1.0,
        }
    rows.attrs = attrs
    return rows


def _class_names(table: pd.DataFrame) -> list[str]:
    return [str(name).removeprefix("score_") for name in table if str(name).startswith("score_")]


def _margins(table: pd.DataFrame, names: list[str]) -> NDArray[np.float64]:
    scores = table[[f"score_{name}" for name in names]].to_numpy(float)
    true = np.array([names.index(name) for name in table["true"]])[:, None]
    best_other = np.where(np.arange(len(names)) == true, -np.inf, scores).max(1)
    return np.asarray(np.take_along_axis(scores, true, 1)[:, 0] - best_other)
