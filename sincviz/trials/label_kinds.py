"""Label formats of MATLAB, pandas, HDF5 and neural networks, converted to whole numbers or names."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sincviz._utils.text import listed


def plain_labels(y: Any, n_trials: int) -> NDArray[Any]:
    """Return one label per trial, a whole number or a name.

    Parameters
    ----------
    y : array, shape (trials,), (trials, 1), (1, trials) or (trials, classes)
        Whole numbers, also as floats; booleans, which count as 0 and 1; names, also as bytes; with several columns
        one-hot, a single 1 in each row. Lists, tensors, and pandas Series and categories.
    n_trials : int
        Number of trials.

    Returns
    -------
    array of int or str, shape (trials,)
        Labels; floats that are not whole numbers are kept.

    Raises
    ------
    ValueError
        If there is not one label per trial, or one is missing.

    Examples
    --------
    >>> plain_labels([[1.0], [0.0]], 2), plain_labels([b"left", b"right"], 2), plain_labels([[0, 1], [1, 0]], 2)
    (array([1, 0]), array(['left', 'right'], dtype='<U5'), array([1, 0]))
    """
    labels = np.asarray(y.detach().cpu() if isinstance(y, Tensor) else y)
    if labels.dtype == object:  # pandas' type for names and for numbers with missing values
        labels = _of_objects(labels)
    given = labels.shape
    if labels.ndim == 2 and given in ((n_trials, 1), (1, n_trials)):
        labels = labels.ravel()
    elif labels.ndim == 2 and len(labels) == n_trials and _is_one_hot(labels):
        labels = labels.argmax(1)
    if labels.shape != (n_trials,):
        several = ""
        if labels.ndim == 2 and len(labels) == n_trials:
            several = " With several columns each row must have a single 1; for scores use `y.argmax(1)`."
        raise ValueError(
            f"`y` must have one label per trial; got the shape {given} for {n_trials} trials.{several}"
        )
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8")
    if labels.dtype == bool:
        labels = labels.astype(np.int64)
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all():
            refuse_missing(~np.isfinite(labels))
        if (labels == np.round(labels)).all():
            labels = labels.astype(np.int64)
    return labels


def _of_objects(labels: NDArray[Any]) -> NDArray[Any]:
    flat = [label.item() if hasattr(label, "item") else label for label in labels.ravel().tolist()]
    # NaN is not equal to itself; for pandas' missing value the comparison is undefined.
    missing = np.array(
        [label is None or not isinstance(label == label, bool) or label != label for label in flat]
    )
    if missing.any():
        refuse_missing(missing)
    flat = [label.decode() if isinstance(label, bytes) else label for label in flat]
    return np.array(flat).reshape(labels.shape)


def _is_one_hot(labels: NDArray[Any]) -> bool:
    if labels.dtype.kind not in "biuf" or labels.shape[1] < 2:
        return False
    return bool(((labels == 0) | (labels == 1)).all() and (labels.sum(1) == 1).all())


def refuse_missing(missing: NDArray[np.bool_]) -> None:
    """Raise an error that names the trials without a label, and leaves them out."""
    trials = np.flatnonzero(missing).tolist()
    raise ValueError(
        f"{len(trials)} of the labels in `y` {'is' if len(trials) == 1 else 'are'} missing (trial {listed(trials)}). "
        "Leave out these trials, `known = ~pd.isna(y)`: `epochs[known]` and `y[known]`."
    )
