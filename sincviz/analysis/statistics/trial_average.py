"""Trial averages: over which trials a relevance is averaged."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz.trials.numeric_targets import Targets, are_numbers, standardised_targets

TRIALS = ("all", "contrast")


def checked_trials(trials: str) -> str:
    """Return ``trials`` if it is a known setting.

    Raises
    ------
    ValueError
        If it is unknown.
    """
    if trials not in TRIALS:
        raise ValueError(f"`trials` must be one of {', '.join(map(repr, TRIALS))}; got {trials!r}.")
    return trials


def trial_weights(trials: str, n_trials: int, n_classes: int, codes: Targets | None) -> NDArray[np.float64]:
    r"""Return the weight of every trial in the average of every class or output.

    With numeric targets :math:`t`, the contrast of an output is :math:`\frac{1}{n} \sum_i z_i R_i` with :math:`z_i =
    (t_i - \bar t) / s_t`: the covariance of relevance and target over the target's standard deviation, that is, by how
    much the relevance rises where the target is one standard deviation higher (the slope of its regression on the
    target, times :math:`s_t`). For two classes of equal size, coded as any two numbers, it is half the contrast between
    them.

    Parameters
    ----------
    trials : {"all", "contrast"}
        The mean over all trials, or the mean over the trials of the class minus the mean over the others; of numeric
        targets the mean of the trials times their standardised target.
    n_trials, n_classes : int
        Numbers of trials and of class scores or outputs.
    codes : array of int, shape (trials,), or of float, shape (trials, outputs), or None
        Number of the class of each trial, or what each output should be; the contrast needs either.

    Returns
    -------
    array, shape (classes, trials)
        The weights. A class without trials, or with all of them, has no contrast (NaN), nor has an output whose targets
        are all equal.

    Raises
    ------
    ValueError
        If ``trials`` is unknown, or classes are needed and not known.

    Examples
    --------
    >>> trial_weights("contrast", 3, 2, np.array([0, 1, 1])).tolist()
    [[1.0, -0.5, -0.5], [-1.0, 0.5, 0.5]]
    >>> trial_weights("contrast", 2, 1, np.array([[20.0], [60.0]])).tolist()
    [[-0.5, 0.5]]
    """
    if checked_trials(trials) == "all":
        return np.full((n_classes, n_trials), 1 / n_trials)
    if codes is None:
        raise ValueError("`trials='contrast'` needs the class of every trial: pass `y`.")
    if are_numbers(codes):
        standardised = standardised_targets(codes)
        if not np.isfinite(standardised).any():
            raise ValueError(
                "All targets are equal, so there is no contrast. Pass trials with different targets."
            )
        return np.ascontiguousarray(standardised.T) / n_trials
    if n_classes < 2:
        raise ValueError(
            "The network has one score, so there is no contrast between classes. Pass `trials='all'`."
        )
    members = codes == np.arange(n_classes)[:, None]
    n_members = members.sum(1, keepdims=True)
    if not ((n_members > 0) & (n_members < n_trials)).any():
        raise ValueError(
            "All trials are of one class, so there is no contrast. Pass trials of two or more classes."
        )
    with np.errstate(divide="ignore"):
        inside, outside = 1 / n_members, 1 / (n_trials - n_members)
    return np.where(np.isfinite(inside + outside), np.where(members, inside, -outside), np.nan)


def averaged(single: xr.DataArray, trials: str, codes: Targets | None) -> xr.DataArray:
    """Return the average of every class, dims (target, ...), of single trials, dims (trial, target, ...).

    Examples
    --------
    >>> single = xr.DataArray([[4.0, 1.0], [1.0, 2.0]], {"target": ["left", "right"]}, ("trial", "target"))
    >>> averaged(single, "contrast", np.array([0, 1])).values.tolist()
    [3.0, 1.0]
    """
    weights = trial_weights(trials, single.sizes["trial"], single.sizes["target"], codes)
    plain = single.transpose("trial", "target", ...)
    average = xr.dot(xr.DataArray(weights, dims=("target", "trial")), plain.drop_vars("target"), dim="trial")
    kept = {name: coord for name, coord in plain.coords.items() if "trial" not in coord.dims}
    return xr.DataArray(average.to_numpy(), kept, plain.dims[1:], single.name, single.attrs)
