"""Crossed intervals: how certain a mean is over trainings and trials together."""

import numpy as np
import scipy
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.checks import check_share
from sincviz.analysis.statistics.intervals import LEVEL, WeightedTrials, weighted_trials

_Floats = NDArray[np.float64]


def crossed_intervals(values: xr.DataArray, *, trials: str = "contrast", level: float = LEVEL) -> xr.Dataset:
    r"""Average single trials of several networks, with intervals over trainings and trials together.

    Every network explains the same trials, so seeds and trials are crossed random effects: what a cell is worth varies
    with the training, with the trials, and with how a training responds to a trial. The variance of the mean of
    :math:`K` seeds and :math:`n` trials is estimated without bias by

    .. math:: V = V_\text{seeds} + V_\text{trials} - V_\text{interaction},

    where :math:`V_\text{seeds}` is the variance of the contrasts of the seeds over :math:`K`,
    :math:`V_\text{trials}` that of the contrast of the mean over seeds (within classes, as in Welch's test), and
    :math:`V_\text{interaction}`, of the residuals, is in both of them; :math:`V` is at least the larger one. The
    quantiles are those of Student's t with Satterthwaite's degrees of freedom [1]_, at least :math:`K - 1`.

    Parameters
    ----------
    values : xarray.DataArray, dims (seed, trial, target, ...)
        One value per network and trial; for the contrast with the coordinate ``class_name``, or of numeric targets
        ``target_value``.
    trials : {"contrast", "all"}
        As for :func:`sincviz.statistics.bootstrap_intervals`.
    level : float
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    xarray.Dataset, dims (target, ...)
        ``mean``, ``ci_low``, ``ci_high``; ``of_seeds``, dims (seed, target, ...), the contrast of each network;
        ``seed_se``, ``trial_se`` and ``interaction_se``, the roots of the three variances. Intervals are NaN if there
        is a single seed, or a class with a single trial. They are for the mean that further trainings on the same data
        and further trials like these would have, not for the mean of these networks.

    Raises
    ------
    ValueError
        If there is no dimension ``seed``, ``trial`` or ``target``, the classes are unknown, or a setting is out of
        range.

    Notes
    -----
    Coverage of 95 % intervals in simulated cells, for 20 to 200 trials and shares of the seeds in the variance from 0
    to 1 (2000 data sets each, ``benchmarks/seed_intervals.py``): 92 to 97 % with 3 seeds, lowest where seeds have most
    of the variance, 94 to 97 % with 5 and with 10. With heavy tails of trials or seeds (Student's t with 3 degrees of
    freedom, log-normal) 92 to 98 % with 3, 94 to 98 % with 5 and with 10. If only two in five trainings use a cell at
    all, and hardly anything but the seeds varies, it falls to 74 %, 89 % and 93 %.

    References
    ----------
    .. [1] Satterthwaite, F. E. (1946). An approximate distribution of estimates of variance components. Biometrics
       Bulletin, 2, 110-114.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = xr.DataArray(rng.standard_normal((5, 40, 1)) + rng.standard_normal((5, 1, 1)) + 3,
    ...                       dims=("seed", "trial", "target"))
    >>> found = crossed_intervals(values, trials="all")
    >>> bool(found["ci_low"] < 3 < found["ci_high"]), bool(found["seed_se"] > found["trial_se"])
    (True, True)
    """
    check_share("level", level, LEVEL)
    if values.dims[:3] != ("seed", "trial", "target"):
        raise ValueError(
            f"`values` must have the dimensions (seed, trial, target, ...); got {values.dims}. Stack the single trials "
            "of all networks: `xarray.concat(values, 'seed')`, with `per_trial=True`."
        )
    weighted = [weighted_trials(values.isel(seed=number), trials) for number in range(values.sizes["seed"])]
    first = weighted[0].terms
    n_seeds, shape = len(weighted), first.shape[1:]
    results = np.stack(
        [_of_target(weighted, number, level) for number in range(first.sizes["target"])], axis=1
    ).reshape(n_seeds + len(_NAMES), *shape)
    dims = first.dims[1:]
    kept = {
        name: coord for name, coord in first.coords.items() if not {"trial", "seed"} & {*coord.dims, name}
    }
    kept |= {"seed": values["seed"]} if "seed" in values.coords else {}
    variables = {"of_seeds": (("seed", *dims), results[:n_seeds])}
    variables |= {name: (dims, results[n_seeds + number]) for number, name in enumerate(_NAMES)}
    attrs = values.attrs | {
        "trials": trials,
        "interval": f"{level:.0%} over trainings and trials (crossed random effects)",
        "n_seeds": n_seeds,
        "n_trials": values.sizes["trial"],
    }
    return xr.Dataset(variables, kept, attrs)


_NAMES = ("mean", "ci_low", "ci_high", "seed_se", "trial_se", "interaction_se")


def _of_target(weighted: list[WeightedTrials], number: int, level: float) -> _Floats:
    """Return the contrasts of all seeds, then mean, interval and standard errors, shape (seeds + 6, cells)."""
    terms = np.stack([one.terms.to_numpy()[:, number].reshape(len(one.strata), -1) for one in weighted])
    return crossed(terms.astype(np.float64), weighted[0].weights[number], weighted[0].strata, level)


def crossed(terms: _Floats, weights: _Floats, strata: NDArray[np.int64], level: float = LEVEL) -> _Floats:
    """Return the weighted sums over trials of each seed, then their mean, its interval and standard errors.

    Parameters
    ----------
    terms : array, shape (seeds, trials, cells)
        What is summed.
    weights : array, shape (trials,)
        Of the trials.
    strata : array of int, shape (trials,)
        Class of each trial: trials vary within them.
    level : float
        Coverage.

    Returns
    -------
    array, shape (seeds + 6, cells)
        Ends with mean, ``ci_low``, ``ci_high``, and standard errors of seeds, trials and interaction.
    """
    n_seeds, _, n_cells = terms.shape
    of_seeds = np.einsum("i,sic->sc", weights, terms)
    mean = of_seeds.mean(0)
    of_trials = terms.mean(0)
    trials_var, interaction_var, squares = np.zeros(n_cells), np.zeros(n_cells), np.zeros(n_cells)
    for stratum in np.unique(strata):
        members = strata == stratum
        n_members = int(members.sum())
        if n_members < 2 or n_seeds < 2:
            nothing = np.full((5, n_cells), np.nan)
            return np.concatenate([of_seeds, mean[None], nothing])
        squared = np.square(weights[members])
        average = of_trials[members] - of_trials[members].mean(0)
        of_stratum = n_members / (n_members - 1) * (squared @ np.square(average))
        trials_var += of_stratum
        squares += np.square(of_stratum) / (n_members - 1)
        own = terms[:, members] - terms[:, members].mean(1, keepdims=True) - average
        interaction_var += (
            np.einsum("i,sic->c", squared, np.square(own))
            * n_members
            / ((n_members - 1) * (n_seeds - 1) * n_seeds)
        )
    seeds_var = of_seeds.var(0, ddof=1) / n_seeds
    largest = np.maximum(seeds_var, trials_var)
    variance = np.maximum(seeds_var + trials_var - interaction_var, largest)
    residual_df = (n_seeds - 1) * max(len(strata) - len(np.unique(strata)), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.square(variance) / (
            np.square(seeds_var) / (n_seeds - 1) + squares + np.square(interaction_var) / residual_df
        )
    df = np.where(variance > 0, np.maximum(df, n_seeds - 1), n_seeds - 1)
    half = scipy.stats.t.ppf((1 + level) / 2, df) * np.sqrt(variance)
    errors = np.sqrt([seeds_var, trials_var, interaction_var])
    return np.concatenate([of_seeds, [mean, mean - half, mean + half], errors])
