"""Averages over trials: from attributions of single trials to one relevance."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

if TYPE_CHECKING:
    from sincviz.benchmark.cases import Case

Floats: TypeAlias = NDArray[np.floating]

AttributionsByTarget: TypeAlias = Mapping[int, NDArray[np.floating] | Tensor]
"""Target index to attributions ([trials,] channels, times or rfft bins) of all trials."""

CONTRAST, MEAN, MAGNITUDE = VARIANTS = ("contrast", "mean", "magnitude")

AS_RETURNED = "as returned"
"""The variant of attributions without trials, an average that the method made itself."""


def checked_attributions(case: "Case", attributions: AttributionsByTarget) -> dict[int, Floats]:
    """Return attributions as arrays in the order of the targets.

    Parameters
    ----------
    case : Case
        Gives the number of trials, channels, times and classes.
    attributions : mapping of int to array or tensor
        For every target index ``([trials,] channels, times)`` or ``([trials,] channels, times // 2 + 1)``.

    Returns
    -------
    dict of int to ndarray
        The same.

    Raises
    ------
    ValueError
        If a target is missing, shapes do not fit the case or differ, or values are not finite.
    """
    n_trials, n_chans, n_times = case.x.shape
    n_targets = int(case.y.max()) + 1
    if sorted(attributions) != list(range(n_targets)):
        raise ValueError(
            f"`attributions` must have the targets 0 to {n_targets - 1}; got {sorted(attributions)}. Attribute the "
            "score of every class."
        )
    arrays = {target: _array(attributions[target]) for target in range(n_targets)}
    allowed: list[tuple[int, ...]] = [(n_chans, n_times), (n_chans, n_times // 2 + 1)]
    allowed += [(n_trials, *shape) for shape in allowed]
    shapes = [values.shape for values in arrays.values()]
    if shapes[0] not in allowed or len(set(shapes)) > 1:
        raise ValueError(
            f"An attribution must have one of the shapes {', '.join(map(str, allowed))}, the same for all targets; "
            f"got {', '.join(map(str, shapes))}."
        )
    for target, values in arrays.items():
        if not np.isfinite(values).all():
            raise ValueError(
                f"An attribution must be finite; got {int((~np.isfinite(values)).sum())} of {values.size} values of "
                f"target {target} that are not."
            )
    return arrays


def has_trials(attributions: AttributionsByTarget) -> bool:
    """Return whether attributions are of single trials.

    Examples
    --------
    >>> has_trials({0: np.zeros((4, 2, 10))}), has_trials({0: np.zeros((2, 10))})
    (True, False)
    """
    return all(values.ndim == 3 for values in attributions.values())


def trial_weights(y: ArrayLike, n_targets: int, variant: str) -> NDArray[np.float64]:
    r"""Return the weight of each trial in a variant, the same average over the targets for all variants.

    The relevance is :math:`\sum_{k,i} w_{ki} A_{ki}`. In a mean :math:`w_{ki} = 1 / (K n_k)` for the trials of class
    ``k``; in a contrast these and :math:`-1 / (K (n - n_k))` for the others.

    Parameters
    ----------
    y : array of int, shape (trials,)
        Class of every trial.
    n_targets : int
        Number of targets ``K``.
    variant : {"contrast", "mean", "magnitude"}
        A magnitude is the mean of absolute values.

    Returns
    -------
    ndarray, shape (targets, trials)
        The weights.

    Raises
    ------
    ValueError
        If the variant is unknown, or a class has no trials, or all of them.

    Examples
    --------
    >>> trial_weights([0, 0, 1], 2, "contrast").tolist()
    [[0.25, 0.25, -0.5], [-0.25, -0.25, 0.5]]
    """
    if variant not in VARIANTS:
        raise ValueError(
            f"`variant` of attributions of single trials must be one of {', '.join(VARIANTS)}; got {variant!r}."
        )
    own = np.asarray(y) == np.arange(n_targets)[:, None]
    n_own = own.sum(axis=1, keepdims=True)
    n_others = own.shape[1] - n_own
    if not (n_own.all() and n_others.all()):
        raise ValueError(
            f"Every class needs a trial, and a trial of another class; got {n_own.ravel().tolist()} trials of the "
            f"classes. Use more trials."
        )
    weights = own / n_own
    if variant == CONTRAST:
        weights = weights - ~own / n_others
    return np.asarray(weights / n_targets, np.float64)


def weighted_trials(
    attributions: AttributionsByTarget, y: ArrayLike, variant: str, trials: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Return what each trial adds to the relevance, the sum over trials.

    Parameters
    ----------
    attributions : mapping of int to array, shape (trials, channels, columns)
        AttributionsByTarget of every target.
    y : array of int, shape (trials,)
        Class of every trial.
    variant : {"contrast", "mean", "magnitude"}
        The average.
    trials : array of int | None
        Numbers of the trials to use; ``None`` means all.

    Returns
    -------
    ndarray, shape (trials, channels, columns)
        What each of these trials adds.
    """
    chosen = np.arange(len(np.asarray(y))) if trials is None else np.asarray(trials)
    weights = trial_weights(np.asarray(y)[chosen], len(attributions), variant)
    added: NDArray[np.float64] | None = None
    for target, of_trials in enumerate(weights):
        values = _array(attributions[target])[chosen]
        values = np.abs(values) if variant == MAGNITUDE else values
        share = of_trials[:, None, None] * values
        added = share if added is None else added + share
    assert added is not None
    return added


def relevance_of(
    attributions: AttributionsByTarget, y: ArrayLike, variant: str, trials: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Return one relevance from the attributions of all targets.

    Parameters
    ----------
    attributions : mapping of int to array, shape ([trials,] channels, columns)
        AttributionsByTarget of every target.
    y : array of int, shape (trials,)
        Class of every trial.
    variant : {"contrast", "mean", "magnitude", "as returned"}
        ``"contrast"``: mean over the trials of a class minus mean over the others; ``"mean"``: mean over the trials of
        a class; ``"magnitude"``: the same of absolute values; each averaged over the targets. ``"as returned"``, of
        attributions without trials: their mean over targets.
    trials : array of int | None
        Numbers of the trials to use; ``None`` means all.

    Returns
    -------
    ndarray, shape (channels, columns)
        The relevance.

    Raises
    ------
    ValueError
        If the variant does not fit the attributions, or a class has no trials, or all of them.

    Examples
    --------
    >>> attributions = {0: np.array([[[1.0]], [[5.0]]]), 1: np.array([[[0.0]], [[-2.0]]])}
    >>> [relevance_of(attributions, [0, 1], variant).item() for variant in VARIANTS]
    [-3.0, -0.5, 1.5]
    """
    single = has_trials(attributions)
    if single == (variant == AS_RETURNED):
        allowed = ", ".join(VARIANTS) if single else AS_RETURNED
        raise ValueError(
            f"`variant` of attributions {'of single trials' if single else 'without trials'} must be one of {allowed}; "
            f"got {variant!r}."
        )
    if not single:
        returned = np.stack([_array(attributions[target]) for target in sorted(attributions)])
        return np.asarray(returned.mean(axis=0, dtype=float))
    return np.asarray(weighted_trials(attributions, y, variant, trials).sum(axis=0))


def _array(values: Floats | Tensor) -> Floats:
    return values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
