"""Shared information: how much of what tells the classes anywhere on the scalp reaches a single channel."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from sincviz.analysis.evidence.roc_areas import Bools, Floats

N_COMPONENTS = 6
"""Those that tell the classes of the other trials most surely."""

N_COURSES = 2
"""Leading time courses of evoked responses from which a lower limit is made."""

SHRINKAGE = 0.02
"""Of the channels' covariance, in units of their power: else components are made of directions without any power."""

RELIABLE_Z = 3.0
"""Components whose own difference of the classes is less sure than this many standard errors make no lower limit."""

LEVEL = 0.95
NORMAL_LIMIT = scipy.stats.norm.ppf((1 + LEVEL) / 2)


class Shared(NamedTuple):
    """What the discriminant components leave to each channel.

    Attributes
    ----------
    area : array, shape (channels,)
        Upper limit of the area under the ROC curve that all components leave, at least 0.5: one-sided, 97.5 %, for
        Gaussian classes.
    least : array, shape (channels,)
        Lower limit likewise, of the reliable components; 0.5 where nothing surely reaches the channel, corrected for
        the number of tests.
    sign : array, shape (channels,)
        1 if the class has more of it, -1 if less.
    reliable : bool
        Whether any component tells the classes surely.
    """

    area: Floats
    least: Floats
    sign: Floats
    reliable: bool


def shared_power(
    values: Floats,
    log_power: Floats,
    members: Bools,
    folds: NDArray[np.int64],
    n_tests: int = 1,
    widening: float = 1.0,
    strata: NDArray[np.int64] | None = None,
) -> Shared:
    r"""Return what the common spatial patterns of the classes leave to each channel.

    The classes' covariances differ by :math:`\Delta`; the common spatial patterns' filters are :math:`w_k`, their
    differences of power :math:`\lambda_k = w_k^T \Delta w_k`. The part of a channel's own difference of power that
    they carry, :math:`\sum_k (\Delta w_k)_c^2 / \lambda_k`, is estimated with one factor from the trials of the
    other folds and one from a fold's own, so it is not biased upwards. A channel that only carries what disturbs others
    covaries with the components equally in both classes, and gets zero [1]_, with a far smaller error than the
    difference of its power has, for the error is multiplied by that small first factor.

    Parameters
    ----------
    values : array, shape (trials, channels, numbers)
        Products of two channels' numbers add up to their covariance.
    log_power : array, shape (channels, trials)
        Logarithm of the power; its spread turns a difference into an area.
    members : array of bool, shape (trials,)
        The class.
    folds : array of int, shape (trials,)
        What the components are not fitted to.
    n_tests : int
        Number of tests, for which the lower limit is corrected (Bonferroni).
    widening : float
        What standard errors are multiplied with, for trials that are not independent.
    strata : array of int, shape (trials,) | None
        Differences between these, such as subjects, are removed.

    References
    ----------
    .. [1] Haufe, S., et al. (2014). On the interpretation of weight vectors of linear models in multivariate
       neuroimaging. NeuroImage, 87, 96-110.
    """
    scaled = _of_unit_power(values, strata)
    covariances = np.einsum("tcv,tdv->tcd", scaled, scaled, optimize=True)
    apart = without_strata(covariances, strata)
    components, terms = [], []
    for own, rest, test in _splits(members, folds):
        difference = apart[own].mean(0) - apart[rest].mean(0)
        total = (covariances[own].mean(0) + covariances[rest].mean(0)) / 2
        total = (1 - SHRINKAGE) * total + SHRINKAGE * np.eye(len(total))
        vectors = scipy.linalg.eigh(difference, total)[1]
        powers = without_strata(_log_sums((covariances @ vectors) * vectors), strata)
        size, error = _difference(powers[own | rest], members[own | rest])
        # Not those of the largest ratio of power, which are often made by a few loud trials.
        order = np.argsort(-_over(np.abs(size), error))[:N_COMPONENTS]
        vectors = vectors[:, order]
        # The same place may be taken by a component with more power in the class in one fold, and less in the next.
        components.append((test, powers[test][:, order] * np.sign(size[order])))
        patterns = difference @ vectors
        products = apart[test] @ vectors  # (test trials, channels, components)
        # What other trials say of a component, over its difference of power, is what its covariance weighs.
        terms.append((test, products * _over(patterns, (vectors * patterns).sum(0))))
    if not terms:
        return _nothing(len(log_power))
    spread = _within(log_power.T, members).std(0)
    return _limits(
        _put(components), _put(terms), members, n_tests, widening, lambda size: _over(size, spread)
    )


def shared_evoked(
    values: Floats,
    members: Bools,
    folds: NDArray[np.int64],
    n_tests: int = 1,
    widening: float = 1.0,
    strata: NDArray[np.int64] | None = None,
) -> Shared:
    """Return what the time courses of the difference of the evoked responses leave to each channel.

    Likewise: squared distances of the classes, in standard deviations, one factor from other trials. The time courses
    of all channels together hold each channel's own difference, so the upper limit is that of the channel by itself.

    Parameters
    ----------
    values, members, folds, n_tests, widening, strata
        As for :func:`shared_power`.
    """
    scaled = without_strata(_of_unit_power(values, strata), strata)
    components, terms = [], []
    for own, rest, test in _splits(members, folds):
        difference = scaled[own].mean(0) - scaled[rest].mean(0)
        maps, _, courses = np.linalg.svd(difference, full_matrices=False)
        projected = scaled @ courses.T  # (trials, channels, components)
        squares = _within(projected[own | rest], members[own | rest]).var(0)
        weights = _over(projected[own].mean(0) - projected[rest].mean(0), squares)
        leading = maps[:, :N_COURSES]
        components.append((test, np.einsum("tck,ck->tk", projected[test][..., :N_COURSES], leading)))
        terms.append((test, projected[test] * weights))
    if not terms:
        return _nothing(values.shape[1])
    known = (NORMAL_LIMIT * widening) ** 2 * (1 / members.sum() + 1 / (~members).sum())

    def upper(size: Floats, error: Floats) -> Floats:
        # Both factors are uncertain, by more the larger the distance is: this is the largest that is not rejected.
        noise = error**2 - known * np.maximum(size, 0.0)
        return np.asarray(size + 2 * known + np.sqrt(np.maximum(4 * known * (known + size) + noise, 0.0)))

    return _limits(
        *(_put(components), _put(terms), members, n_tests, widening),
        lambda size: np.sqrt(np.maximum(size, 0.0)),
        upper,
    )


def _nothing(n_channels: int) -> Shared:
    unknown = np.full(n_channels, np.nan)
    return Shared(unknown, unknown, unknown, reliable=False)


def _splits(members: Bools, folds: NDArray[np.int64]) -> list[tuple[Bools, Bools, Bools]]:
    """Return the class's and the other trials outside each fold, and those in it; none if a class is not there."""
    found = [
        (members & (folds != fold), ~members & (folds != fold), folds == fold) for fold in np.unique(folds)
    ]
    return found if len(found) > 1 and all(min(own.sum(), rest.sum()) > 1 for own, rest, _ in found) else []


def _limits(
    components: Floats,
    terms: Floats,
    members: Bools,
    n_tests: int,
    widening: float,
    distance_of: Callable[[Floats], Floats],
    upper: Callable[[Floats, Floats], Floats] = lambda size, error: np.abs(size) + error,
) -> Shared:
    """Return the limits from components (trials, components) and terms (trials, channels, components)."""
    size, error = _difference(components, members, widening)
    reliable = np.flatnonzero(np.abs(size) * NORMAL_LIMIT > RELIABLE_Z * error)
    most = upper(*_difference(terms.sum(2), members, widening))
    sign, surely = np.zeros(terms.shape[1]), np.zeros(terms.shape[1])
    if reliable.size:
        size, error = _difference(terms[:, :, reliable].sum(2), members, widening)
        # Weaker components are not known well enough to be part of a lower limit, but may be real.
        most = np.maximum(most, upper(size, error))
        corrected = scipy.stats.norm.ppf(1 - (1 - LEVEL) / 2 / n_tests) / NORMAL_LIMIT
        surely = np.where(np.abs(size) > corrected * error, np.maximum(np.abs(size) - error, 0.0), 0.0)
        sign = np.sign(size)
    area, least = (scipy.stats.norm.cdf(distance_of(of) / np.sqrt(2.0)) for of in (most, surely))
    return Shared(area, least, sign, reliable=bool(reliable.size))


def _put(parts: list[tuple[Bools, Floats]]) -> Floats:
    """Return what was computed fold by fold in the order of the trials."""
    together = np.empty((len(parts[0][0]), *parts[0][1].shape[1:]))
    for test, of_fold in parts:
        together[test] = of_fold
    return together


def _within(values: Floats, members: Bools) -> Floats:
    """Return values, (trials, ...), without the means of the two classes."""
    centred = values.copy()
    for own in (members, ~members):
        centred[own] -= values[own].mean(0)
    return centred


def _difference(terms: Floats, members: Bools, widening: float = 1.0) -> tuple[Floats, Floats]:
    """Return the difference of the classes' means, and how far it may be off (half of a 95 % interval, Welch)."""
    own, rest = terms[members], terms[~members]
    parts = [of.var(0, ddof=1) / len(of) for of in (own, rest)]
    freedom = _over(
        (parts[0] + parts[1]) ** 2, parts[0] ** 2 / (len(own) - 1) + parts[1] ** 2 / (len(rest) - 1)
    )
    half = scipy.stats.t.ppf((1 + LEVEL) / 2, np.maximum(freedom, 1.0)) * np.sqrt(parts[0] + parts[1])
    return own.mean(0) - rest.mean(0), widening * half


def _over(one: Floats, other: Floats) -> Floats:
    """Return a quotient, 0 where nothing is divided by 0, as in trials that are copies of each other."""
    quotient = np.zeros(np.broadcast(one, other).shape)
    return np.asarray(np.divide(one, other, out=quotient, where=np.broadcast_to(other != 0, quotient.shape)))


def _log_sums(products: Floats) -> Floats:
    """Return logarithms of sums over channels, (trials, components); those without power have that of the faintest."""
    return logarithms(products.sum(1))


def logarithms(powers: Floats) -> Floats:
    """Return logarithms of powers, (trials, ...); a trial without power, such as a flat one, counts as the faintest."""
    known = np.where(powers > 0, powers, np.inf)
    return np.asarray(np.log(np.where(powers > 0, powers, known.min(0))))


def without_strata(values: Floats, strata: NDArray[np.int64] | None) -> Floats:
    """Return values, (trials, ...), the mean of each stratum removed; without strata the mean of all."""
    apart = np.empty(values.shape)
    for here in _members(strata, len(values)):
        apart[here] = values[here] - values[here].mean(0)
    return apart


def _of_unit_power(values: Floats, strata: NDArray[np.int64] | None) -> Floats:
    """Return values, (trials, channels, numbers), of a mean power of one for each channel in each stratum."""
    scaled = np.empty(values.shape)
    for here in _members(strata, len(values)):
        root = np.sqrt((values[here] ** 2).sum(2).mean(0))
        scaled[here] = _over(values[here], root[None, :, None])
    return scaled


def _members(strata: NDArray[np.int64] | None, n_trials: int) -> list[Bools]:
    return (
        [np.ones(n_trials, bool)] if strata is None else [strata == stratum for stratum in np.unique(strata)]
    )
