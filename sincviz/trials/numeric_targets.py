"""Numeric targets: numbers that a network predicts, such as an age or a reaction time, in place of classes."""

import warnings
from typing import Any, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sincviz._utils.text import listed
from sincviz.trials.label_kinds import refuse_missing

Targets: TypeAlias = NDArray[np.int64] | NDArray[np.float64]
"""Number of the class of each trial (whole numbers), or what each output should be (floats, one column per output)."""


def are_numbers(targets: Any) -> TypeGuard[NDArray[np.float64]]:
    """Return whether these are numeric targets, shape (trials, outputs), and not numbers of classes.

    Examples
    --------
    >>> are_numbers(np.array([0, 1])), are_numbers(np.array([[0.3], [1.2]])), are_numbers(None)
    (False, True, False)
    """
    return targets is not None and bool(np.issubdtype(targets.dtype, np.floating))


def can_only_be_numbers(y: Any, n_trials: int, n_outputs: int | None) -> bool:
    """Return whether labels can only be numbers that a network predicts, not classes.

    With a single output: fractions, or whole numbers with more than two different values, for one output distinguishes
    two classes at most. With several outputs: one column for each of them, unless the rows are 0 and 1 or shares that
    add up to 1. Everything else may be classes.

    Parameters
    ----------
    y : array, shape (trials,) or (trials, outputs)
        Labels as given.
    n_trials : int
        Number of trials.
    n_outputs : int | None
        Number of outputs of the network, if known.

    Examples
    --------
    >>> can_only_be_numbers([20, 35, 61], 3, 1), can_only_be_numbers([0.0, 1.0, 1.0], 3, 1)
    (True, False)
    >>> can_only_be_numbers([[0.4, 31], [0.6, 28]], 2, 2), can_only_be_numbers([[0, 1], [1, 0]], 2, 2)
    (True, False)
    """
    from sklearn.utils.multiclass import type_of_target

    values = _real(y)
    if values is None or n_outputs is None:
        return False
    values = values.ravel() if values.shape in ((n_trials, 1), (1, n_trials)) else values
    if len(values) != n_trials or values.shape[1:] != (() if n_outputs == 1 else (n_outputs,)):
        return False
    known = values[np.isfinite(values).reshape(n_trials, -1).all(1)]
    if len(known) == 0:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there are nearly as many values as trials is no surprise
        kind = type_of_target(known)
    if kind == "continuous-multioutput":
        return not ((known >= 0).all() and np.allclose(known.sum(1), 1))
    return kind in ("continuous", "multiclass", "multiclass-multioutput")


def numeric_targets(y: Any, n_trials: int, n_outputs: int | None) -> NDArray[np.float64]:
    """Return what each output should be in each trial, shape (trials, outputs).

    Raises
    ------
    ValueError
        If these are not numbers, one is missing, or there is not one for each trial and output.

    Examples
    --------
    >>> numeric_targets([20, 35], 2, 1).tolist()
    [[20.0], [35.0]]
    """
    values = _real(y)
    if values is None:
        raise ValueError(
            "The outputs of this network are numbers, so `y` must hold numbers; got "
            f"{listed([repr(one) for one in np.ravel(np.asarray(y, object))[:4]])}. For classes, open the network "
            "without `output_names`, and name its classes with `class_names`."
        )
    wanted = (n_trials, 1 if n_outputs is None else n_outputs)
    column = (
        values.reshape(wanted) if values.shape in ((n_trials,), wanted[::-1]) and wanted[1] == 1 else values
    )
    if column.shape != wanted:
        shape = f"({n_trials},)" if wanted[1] == 1 else f"{wanted}: one number per trial and output"
        raise ValueError(f"`y` must have the shape {shape}; got {values.shape}.")
    infinite = np.flatnonzero(np.isinf(column).any(1))
    if len(infinite):
        raise ValueError(
            f"`y` must be finite; {len(infinite)} of {n_trials} targets are infinite, the first in trial "
            f"{infinite[0]}. Leave these trials out: `keep = np.isfinite(y)`, then pass `epochs[keep]` and `y[keep]`."
        )
    missing: NDArray[np.bool_] = np.logical_not(np.isfinite(column).all(1))
    if missing.any():
        refuse_missing(missing)
    return column


def target_levels(targets: Targets, most: int = 4) -> NDArray[np.int64]:
    """Return classes as they are, and of numbers the quarter of the trials that the first output's target is in.

    Examples
    --------
    >>> target_levels(np.array([[8.0], [1.0], [5.0], [3.0]])).tolist()
    [3, 0, 2, 1]
    """
    if not are_numbers(targets):
        return np.asarray(targets, np.int64)
    values = targets[:, 0]
    cuts = np.quantile(values, np.arange(1, most) / most)
    return np.searchsorted(cuts, values, side="left").astype(np.int64)


def standardised_targets(targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return targets with mean 0 and standard deviation 1 over trials; NaN where all are equal.

    Examples
    --------
    >>> standardised_targets(np.array([[1.0], [3.0]])).tolist()
    [[-1.0], [1.0]]
    """
    spread = targets.std(0)
    varies = spread > 1e-9 * np.abs(targets).max(0)
    standardised: NDArray[np.float64] = (targets - targets.mean(0)) / np.where(varies, spread, np.nan)
    return standardised


def _real(y: Any) -> NDArray[np.float64] | None:
    """Return real numbers as floats, missing ones as NaN; ``None`` for names and truth values."""
    values = np.asarray(y.detach().cpu() if isinstance(y, Tensor) else y)
    if values.dtype == object:
        flat = values.ravel().tolist()
        if any(isinstance(one, str | bytes | bool | np.bool_) for one in flat):
            return None
        try:
            values = np.array([_number(one) for one in flat]).reshape(values.shape)
        except (TypeError, ValueError):
            return None
    return values.astype(np.float64) if values.dtype.kind in "iuf" and values.ndim else None


def _number(one: Any) -> float:
    # For pandas' missing value the comparison with itself is undefined.
    return float("nan") if one is None or not isinstance(one == one, bool | np.bool_) else float(one)
