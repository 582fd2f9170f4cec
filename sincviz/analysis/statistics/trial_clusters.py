"""Cluster permutation tests over the trials of one network: whether its relevance differs between classes."""

import numpy as np
import scipy
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.checks import check_share, checked_seed, positive_int
from sincviz._utils.progress import followed, shows_progress
from sincviz.analysis.statistics.cluster_maps import checked_maps
from sincviz.analysis.statistics.clusters import ALPHA, CLUSTER_FORMING_P
from sincviz.analysis.statistics.intervals import weighted_trials
from sincviz.analysis.statistics.neighbours import neighbours
from sincviz.analysis.statistics.trial_permutations import PermutedTrials, permuted_trials, share_as_large

N_PERMUTATIONS = 1000

Edges = tuple[NDArray[np.int64], NDArray[np.int64]]


@shows_progress
def trial_cluster_test(
    values: xr.DataArray,
    *,
    trials: str = "contrast",
    permuted_codes: NDArray[np.int64] | None = None,
    strata: NDArray[np.int64] | None = None,
    alpha: float = ALPHA,
    cluster_forming_p: float = CLUSTER_FORMING_P,
    n_permutations: int = N_PERMUTATIONS,
    seed: int = 0,
    progress: bool = True,
) -> xr.Dataset:
    """Test maps of single trials of one network, corrected for the number of cells.

    Neighbouring cells whose t values exceed a threshold with the same sign form a cluster; its mass is their sum. Of
    the contrast, t is Welch's, of the trials of a class against the others, and the mass of a cluster is compared with
    the largest of each permutation of the classes over the trials [1]_; of the mean over all trials, with the largest
    when the signs of trials are drawn at random. The largest is that of all maps of the test, so the probability of any
    cluster with ``cluster_p`` of at most ``alpha``, if relevance does not depend on the class, is at most ``alpha``.

    It is a test of this network in this recording: that relevance differs between the trials of the classes. Whether it
    does in the population, :func:`cluster_test` over subjects tells. The p-value is that of the cluster as a whole: it
    does not show that each cell is part of it, nor when an effect begins and ends [2]_.

    Parameters
    ----------
    values : xarray.DataArray, dims (trial, target, [band or frequency,] channel, [time])
        In any order, one value per trial, such as ``temporal_relevance(..., per_trial=True)``; for the contrast with
        the coordinate ``class_name``. Positions, bands and times as for :func:`cluster_test`.
    trials : {"contrast", "all"}
        As for :func:`sincviz.statistics.bootstrap_intervals`; of two classes the contrast is first minus second.
    permuted_codes : array of int, shape (permutations, trials) | None
        Classes of the trials in every permutation (numbers of the targets), if not all trials are exchangeable; of
        numeric targets the number of the trial whose target each gets; ``None`` exchanges all trials of a stratum.
    strata : array of int, shape (trials,) | None
        Strata within which trials are exchanged, such as subjects and runs; differences between them are removed.
    alpha : float
        Largest p of a cluster that is called significant.
    cluster_forming_p : float
        Two-sided p of the threshold that cells must exceed; fix it before seeing the data. It changes which effects are
        found, not the rate of false positives.
    n_permutations : int
        Number of permutations if none are given.
    seed : int
        Seed of the permutations.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.Dataset, dims (target, [band or frequency,] channel, [time])
        ``mean``, the average that :func:`bootstrap_intervals` returns, whatever the strata; ``t``, NaN where there is
        no test, as for :func:`corrected_p`; ``cluster``, the number of each cell's cluster from 1 in order of mass, 0
        outside; ``cluster_p``, its p, NaN outside. ``attrs`` as of :func:`cluster_test`, with ``n_trials`` and
        ``trials``. :func:`cluster_table` describes the clusters.

    Raises
    ------
    ValueError
        If the dimensions are wrong, classes are unknown, a setting is out of range, or there are too few trials or
        permutations for any p to reach ``alpha``.
    PositionsError
        If channels have no usable positions.

    Notes
    -----
    The threshold is that of Student's t with two degrees of freedom less than trials. Where a small class varies more
    than the others, more cells pass it than ``cluster_forming_p`` says, in the permutations as in the data.

    In 200 simulations each without any effect (two or three classes, 36 to 40 trials, 9 channels, 12 times; heavy
    tails or not) 3 to 12 had a significant cluster, where 10 are expected; 16 had one where a class of 15 trials had
    twice the standard deviation of the 40 others, for classes that differ in spread are not exchangeable.

    References
    ----------
    .. [1] Maris, E., and Oostenveld, R. (2007). Nonparametric statistical testing of EEG- and MEG-data. Journal of
       Neuroscience Methods, 164, 177-190.
    .. [2] Sassenhagen, J., and Draschkow, D. (2019). Cluster-based permutation tests of MEG/EEG data do not establish
       significance of effect latency or location. Psychophysiology, 56, e13335.

    Examples
    --------
    Forty trials; those of the first class have 3 more at C3 and C1 at the last two times.

    >>> from sincviz.statistics import cluster_table
    >>> coords = {"target": ["left", "right"], "time": [0.1, 0.2, 0.3], "channel": ["C3", "C1", "Cz", "C4"]}
    >>> x, y = ("channel", [-0.06, -0.03, 0.0, 0.06]), ("channel", [0.0, 0.02, 0.0, 0.0])
    >>> coords |= {"x": x, "y": y, "z": ("channel", [0.06, 0.08, 0.1, 0.06])}
    >>> coords |= {"class_name": ("trial", ["left", "right"] * 20)}
    >>> values = np.random.default_rng(0).standard_normal((40, 2, 4, 3))
    >>> values[::2, 0, :2, 1:] += 3
    >>> values = xr.DataArray(values, coords, ("trial", "target", "channel", "time"))
    >>> test = trial_cluster_test(values)
    >>> cluster_table(test, values)[["cluster", "n_cells", "times", "significant"]].values.tolist()
    [[1, 4, '0.2–0.3 s', True]]
    """
    maps = checked_maps(values, "trial")
    check_share("alpha", alpha, ALPHA)
    check_share("cluster_forming_p", cluster_forming_p, ALPHA)
    n_permutations = positive_int("n_permutations", n_permutations)
    rng = np.random.default_rng(checked_seed(seed))
    weighted = weighted_trials(maps, trials)
    permuted = permuted_trials(maps, trials, permuted_codes, strata, n_permutations, rng)
    maps = permuted.single
    n_trials, n_targets = maps.shape[:2]
    _check_reach(permuted, alpha)
    degrees = n_trials - (2 if trials == "contrast" else 1)
    threshold = float(scipy.stats.t.isf(cluster_forming_p / 2, degrees))
    t, found, largest = _clusters(permuted, threshold)
    # The largest mass has the smallest p.
    found.sort(key=lambda cluster: -abs(cluster[2]))
    p_values = share_as_large(largest, np.abs([mass for *_, mass in found]))
    numbers, cluster_p = np.zeros(t.shape, int), np.full(t.shape, np.nan)
    for place, (target, cells, _) in enumerate(found):
        numbers[target, cells], cluster_p[target, cells] = 1 + place, p_values[place]
    terms = weighted.terms.to_numpy().astype(float)
    mean = np.stack(
        [weighted.weights[number] @ terms[:, number].reshape(n_trials, -1) for number in range(n_targets)]
    )
    columns = {"mean": mean, "t": t, "cluster": numbers, "cluster_p": cluster_p}
    kept = {name: coord for name, coord in maps.coords.items() if "trial" not in coord.dims}
    attrs = maps.attrs | {
        "trials": trials,
        "n_trials": n_trials,
        "alpha": alpha,
        "cluster_forming_p": cluster_forming_p,
        "cluster_forming_t": threshold,
        "n_permutations": permuted.n_permutations,
        "smallest_p": 1 / (1 + permuted.n_permutations),
        "seed": seed,
    }
    return xr.Dataset(
        {name: (maps.dims[1:], column.reshape(maps.shape[1:])) for name, column in columns.items()},
        kept,
        attrs,
    )


def clusters_of(
    t: NDArray[np.float64], threshold: float, edges: Edges
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the clusters of one map of t values.

    Parameters
    ----------
    t : array, shape (cells,)
        Values of the cells.
    threshold : float
        What their size must exceed.
    edges : (array of int, array of int)
        Cells that are neighbours, each pair once.

    Returns
    -------
    cells : array of int
        Cells that are in a cluster.
    labels : array of int
        Number of the cluster of each of them, from 0.
    masses : array, shape (clusters,)
        Sum of t of each cluster.

    Examples
    --------
    >>> edges = np.array([0, 1, 2]), np.array([1, 2, 3])
    >>> cells, labels, masses = clusters_of(np.array([3.0, 4.0, 0.0, -5.0]), 2.0, edges)
    >>> cells.tolist(), labels.tolist(), masses.tolist()
    ([0, 1, 3], [0, 0, 1], [7.0, -5.0])
    """
    signs = np.sign(t).astype(np.int8) * (np.abs(t) > threshold)
    cells = np.flatnonzero(signs)
    one, other = edges
    # Neighbours of opposite signs are in different clusters, so one graph holds those of both.
    joined = signs[one] * signs[other] > 0
    place = np.zeros(len(t), np.int64)
    place[cells] = np.arange(len(cells))
    ends = place[one[joined]], place[other[joined]]
    graph = scipy.sparse.coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(len(cells),) * 2)
    count, labels = scipy.sparse.csgraph.connected_components(graph, directed=False)
    return cells, labels.astype(np.int64), np.bincount(labels, t[cells], count).astype(float)


def _clusters(
    permuted: PermutedTrials, threshold: float
) -> tuple[NDArray[np.float64], list[tuple[int, NDArray[np.int64], float]], NDArray[np.float64]]:
    """Return t, shape (targets, cells); target, cells and mass of every cluster; the largest of each permutation."""
    adjacency = neighbours(permuted.single.isel(trial=0, target=[0])).tocoo()
    t = np.full(permuted.tested.shape, np.nan)
    largest = np.zeros(permuted.n_permutations)
    found = []
    for number in followed(range(len(t)), "Permuting", "class"):
        tested = permuted.tested[number]
        near = (adjacency.row < adjacency.col) & tested[adjacency.row] & tested[adjacency.col]
        edges = adjacency.row[near], adjacency.col[near]
        for rows, statistics in permuted.t_values(number):
            for row, statistic in enumerate(np.where(tested, statistics, 0.0), rows.start):
                cells, labels, masses = clusters_of(statistic, threshold, edges)
                if row:
                    largest[row - 1] = max(largest[row - 1], np.abs(masses).max(initial=0.0))
                else:
                    t[number, tested] = statistic[tested]
                    found += [
                        (number, cells[labels == one], mass) for one, mass in enumerate(masses.tolist())
                    ]
    return t, found, largest


def _check_reach(permuted: PermutedTrials, alpha: float) -> None:
    n_made, n_different = permuted.n_permutations, permuted.n_different()
    if (1 + n_made) * alpha < 1:
        raise ValueError(
            f"At least {int(np.ceil(1 / alpha)) - 1} permutations are needed for a p of {alpha:g}; got {n_made}. Try "
            f"`n_permutations={N_PERMUTATIONS}`."
        )
    if n_different * alpha < 1:
        raise ValueError(
            f"{permuted.single.sizes['trial']} trials cannot reach alpha = {alpha:g}: they allow {n_different} "
            "different permutations. Pass more trials of each class (and stratum)."
        )
