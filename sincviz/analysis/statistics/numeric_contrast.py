"""Numeric contrast: how values of single trials rise with a numeric target, as a mean over trials."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.statistics.number_exchange import unit_means
from sincviz.trials.numeric_targets import standardised_targets

TARGET_VALUE = "target_value"
"""Coordinate of single trials: what each output should be in each trial."""

NUMBERS = "numbers"
"""``attrs["outputs"]`` of the results of a network whose outputs are numbers; others are of classes."""

_AT_ONCE = 2**22  # values of one product


def is_of_numbers(values: xr.DataArray) -> bool:
    """Return whether values are of a network whose outputs are numbers, so that two targets are no two classes."""
    return values.attrs.get("outputs") == NUMBERS or TARGET_VALUE in values.coords


def contributions(values: xr.DataArray) -> xr.DataArray:
    r"""Return what every trial contributes to the numeric contrast: its mean over trials is the contrast.

    The contrast :math:`\beta` is the mean of :math:`z R` (``trial_average.trial_weights``). With every value's own mean
    and the spread of the targets estimated from the same trials, its influence function is :math:`z (R - \bar R) -
    \beta - \beta (z^2 - 1) / 2`; resampling these gives intervals that allow for both.

    Parameters
    ----------
    values : xarray.DataArray, dims (trial, target, ...)
        One value per trial, with the coordinate ``target_value``, dims (trial, target).

    Examples
    --------
    >>> coords = {"target_value": (("trial", "target"), [[1.0], [3.0]])}
    >>> float(contributions(xr.DataArray([[2.0], [8.0]], coords, ("trial", "target"))).mean())
    3.0
    """
    standardised = xr.DataArray(
        standardised_targets(values[TARGET_VALUE].transpose("trial", "target").to_numpy()),
        dims=("trial", "target"),
    )
    plain = values.drop_vars(TARGET_VALUE)
    of_trials = standardised * (plain - plain.mean("trial", skipna=False))
    contrast = of_trials.mean("trial", skipna=False)
    result: xr.DataArray = of_trials - contrast * (standardised**2 - 1) / 2
    return result.transpose(*values.dims).assign_attrs(values.attrs).rename(values.name)


def studentised(targets: NDArray[np.float64], values: NDArray[np.float64]) -> Iterator[tuple[slice, Any]]:
    """Yield the contrast over its standard error, shape (rows, cells), for rows of standardised targets.

    The standard error allows for values that vary more where the target is far from its mean [1]_.

    Parameters
    ----------
    targets : array, shape (rows, trials)
        Targets of the trials in every permutation, the observed ones first.
    values : array, shape (trials, cells)
        Centred values.

    References
    ----------
    .. [1] DiCiccio, C. J., & Romano, J. P. (2017). Robust permutation tests for correlation and regression
       coefficients. Journal of the American Statistical Association, 112, 1211-1220.

    Examples
    --------
    >>> ((rows, statistic),) = studentised(np.array([[-1.0, 1.0]]), np.array([[-1.0], [1.0]]))
    >>> statistic.round(3).tolist()
    [[1.414]]
    """
    step = max(2, _AT_ONCE // max(1, values.shape[1]))
    squares = values**2
    for start in range(0, len(targets), step):
        rows = slice(start, min(start + step, len(targets)))
        with np.errstate(divide="ignore", invalid="ignore"):
            yield rows, np.nan_to_num(targets[rows] @ values / np.sqrt(targets[rows] ** 2 @ squares))


def target_rows(
    values: xr.DataArray, orders: NDArray[np.int64], strata: NDArray[np.int64] | None
) -> list[NDArray[np.float64]]:
    """Return the targets of each output, observed and in every order, shape (1 + orders, trials), centred in strata."""
    targets = standardised_targets(values[TARGET_VALUE].transpose("trial", "target").to_numpy())
    if strata is not None:
        targets = targets - unit_means(targets, strata)
    whole = np.concatenate([np.arange(len(targets))[None], orders])
    return [targets[whole, number] for number in range(targets.shape[1])]
