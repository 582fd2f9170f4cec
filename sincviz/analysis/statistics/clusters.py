"""Cluster permutation tests over subjects: whether an effect holds in the population."""

import warnings

import numpy as np
import pandas as pd
import scipy
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.checks import check_share, checked_seed, positive_int
from sincviz.analysis.statistics.cluster_maps import ClusterMaps, checked_maps
from sincviz.analysis.statistics.neighbours import neighbours
from sincviz.analysis.statistics.subjects import subject_test, with_values

ALPHA = 0.05
CLUSTER_FORMING_P = 0.01
N_PERMUTATIONS = 10_000


def cluster_test(
    values: xr.DataArray,
    *,
    alpha: float = ALPHA,
    cluster_forming_p: float = CLUSTER_FORMING_P,
    n_permutations: int = N_PERMUTATIONS,
    seed: int = 0,
) -> xr.Dataset:
    """Test maps over channels, bands or frequencies, and times against zero, corrected for the number of cells.

    Neighbouring cells whose t values exceed a threshold with the same sign form a cluster; its mass is their sum. The
    signs of whole subjects are flipped, in all ways or in many, and the mass of a cluster is compared with the largest
    of each permutation, over all maps of the test [1]_. So the probability of any cluster with ``cluster_p`` of at most
    ``alpha``, if no cell differs from zero, is at most ``alpha``, whatever the correlations between cells and however
    unlike the subjects; it is assumed that a subject's values would be as likely with the opposite sign.

    The p-value is that of the cluster as a whole: it shows that there is an effect, not that each cell is part of it,
    nor where exactly its border lies [2]_.

    Parameters
    ----------
    values : xarray.DataArray, dims (subject, [target,] [band or frequency,] channel, [time])
        In any order, one value per subject and cell, with bands, frequencies or times. Zero is the chance level.
        Differences between two paired conditions are tested the same way. Channels need positions, the
        coordinates ``x``, ``y``, ``z`` in metres. Limits of bands are the coordinates ``band_low_hz`` and
        ``band_high_hz``. Times are in seconds, of samples or windows (:func:`sincviz.attribution.sum_over_times`).
    alpha : float
        Largest p of a cluster that is called significant.
    cluster_forming_p : float
        Two-sided p of the threshold that cells must exceed; fix it before seeing the data. It changes which effects are
        found, not the rate of false positives. 0.05 favours weak effects over many cells; the default favours focal
        ones, and borders that mean more [3]_. In 300 simulations each (10 subjects, 6 bands, 32 channels) an effect of
        1 SD at six electrodes was found 128 times with 0.01 and 80 with 0.05, with 6 and 23 % of the cells beside it;
        one of 0.8 SD at twelve, 132 and 146 times, with 4 and 11 %.
    n_permutations : int
        Number of permutations; if subjects allow no more than that, all are used once (an exact test).
    seed : int
        Seed of the flips.

    Returns
    -------
    xarray.Dataset, dims ([target,] [band or frequency,] channel, [time])
        What :func:`sincviz.statistics.subject_test` returns; ``cluster``, the number of each cell's cluster from 1 in
        order of p, then mass, 0 outside; ``cluster_p``, its p, NaN outside. Cells without a test are in no cluster.
        ``attrs``: ``alpha``, ``n_subjects``, ``n_permutations`` (those made), ``cluster_forming_p`` and ``_t``,
        ``smallest_p`` (the smallest that so many permutations can give), ``units`` and ``seed``.

    Raises
    ------
    ValueError
        If the dimensions are wrong, the limits of bands are not known, a setting is out of range, or subjects or
        permutations are too few for any p to reach ``alpha``: ``n`` subjects allow ``2 ** (n - 1)`` different
        permutations.
    PositionsError
        If channels have no usable positions.

    Notes
    -----
    Neighbours are electrodes next to each other on the scalp (Delaunay triangulation), bands that touch, frequencies
    one bin apart, and times one sample apart, or windows of time that touch; ``other``, what no band covers, has none,
    and maps of different classes are not neighbours.

    References
    ----------
    .. [1] Maris, E., and Oostenveld, R. (2007). Nonparametric statistical testing of EEG- and MEG-data. Journal of
       Neuroscience Methods, 164, 177-190.
    .. [2] Sassenhagen, J., and Draschkow, D. (2019). Cluster-based permutation tests of MEG/EEG data do not establish
       significance of effect latency or location. Psychophysiology, 56, e13335.
    .. [3] Woo, C.-W., Krishnan, A., and Wager, T. D. (2014). Cluster-extent based thresholding in fMRI analyses:
       pitfalls and recommendations. NeuroImage, 91, 412-419.

    Examples
    --------
    Two conditions of the same ten subjects: the second adds 3 to alpha at C3 and C1, which are neighbours.

    >>> coords = {"band": ["alpha", "beta"], "channel": ["C3", "C1", "Cz", "C4"]}
    >>> x, y = ("channel", [-0.06, -0.03, 0.0, 0.06]), ("channel", [0.0, 0.02, 0.0, 0.0])
    >>> coords |= {"x": x, "y": y, "z": ("channel", [0.06, 0.08, 0.1, 0.06])}
    >>> coords |= {"band_low_hz": ("band", [8.0, 13.0]), "band_high_hz": ("band", [13.0, 30.0])}
    >>> before, after = np.random.default_rng(1).standard_normal((2, 10, 2, 4))
    >>> after[:, 0, :2] += 3
    >>> before, after = (xr.DataArray(a, coords, ("subject", "band", "channel")) for a in (before, after))
    >>> test = cluster_test(after - before)
    >>> test.cluster.sel(band="alpha").values.tolist(), test.attrs["n_permutations"]
    ([1, 1, 0, 0], 512)
    >>> cluster_table(test, after - before)[["cluster", "p", "bands", "channels"]].values.tolist()
    [[1, 0.001953125, 'alpha', 'C1, C3']]
    """
    maps = checked_maps(values)
    check_share("alpha", alpha, ALPHA)
    check_share("cluster_forming_p", cluster_forming_p, ALPHA)
    test = subject_test(maps)
    n_subjects = int(test.attrs["n_subjects"])
    seed = checked_seed(seed)
    n_made = _permutations(n_subjects, alpha, positive_int("n_permutations", n_permutations))
    threshold = float(scipy.stats.t.isf(cluster_forming_p / 2, n_subjects - 1))
    clusters = _clusters(with_values(maps), test["t"].to_numpy(), threshold, n_permutations, seed)
    numbers, p_values = np.zeros(test["t"].size, int), np.full(test["t"].size, np.nan)
    for number, (cells, p) in enumerate(clusters, 1):
        numbers[cells], p_values[cells] = number, p
    dims, shape = test["t"].dims, test["t"].shape
    return test.assign(
        cluster=(dims, numbers.reshape(shape)), cluster_p=(dims, p_values.reshape(shape))
    ).assign_attrs(
        alpha=alpha,
        cluster_forming_p=cluster_forming_p,
        cluster_forming_t=threshold,
        n_permutations=n_made,
        smallest_p=1 / n_made,
        seed=seed,
    )


def cluster_table(test: xr.Dataset, values: xr.DataArray) -> pd.DataFrame:
    """Describe the clusters of a test.

    Parameters
    ----------
    test : xarray.Dataset
        What :func:`cluster_test` or :func:`trial_cluster_test` returned.
    values : xarray.DataArray
        What was tested.

    Returns
    -------
    pandas.DataFrame
        One row per cluster: ``target`` (empty where maps have none), ``cluster``, ``p``, ``n_cells``, ``mass`` (sum of
        t), ``bands`` (or the range in Hz), their outer limits ``band_low_hz`` and ``band_high_hz`` (NaN for
        ``other`` and for maps over frequencies), ``channels`` (strongest first), ``effect_size`` (Hedges' g of the
        subjects' mean over the cluster) with ``ci_low`` and ``ci_high``, its 95 % interval, and ``significant``. Cells
        were selected because they are large, so effect sizes are overestimated, and their intervals too high.

        Of maps over time also ``times`` in words, and the outer limits ``time_low_s`` and ``time_high_s`` of the
        windows, or the first and last sample. A cluster need not be there in every electrode from the one to the other,
        and its limits are no estimates of when an effect begins and ends [1]_.

        Of a test over trials ``effect_size`` is that of the trials' mean over the cluster: of a contrast Hedges' g of
        the class against the others, with their pooled standard deviation; of numeric targets NaN.

    Raises
    ------
    ValueError
        If the values are not those that were tested.

    References
    ----------
    .. [1] Sassenhagen, J., and Draschkow, D. (2019). Cluster-based permutation tests of MEG/EEG data do not establish
       significance of effect latency or location. Psychophysiology, 56, e13335.

    Examples
    --------
    Ten subjects with 3 more of alpha at C3 and C1, which are neighbours.

    >>> coords = {"band": ["alpha"], "channel": ["C3", "C1", "Cz", "C4"]}
    >>> x, y = ("channel", [-0.06, -0.03, 0.0, 0.06]), ("channel", [0.0, 0.02, 0.0, 0.0])
    >>> coords |= {"x": x, "y": y, "z": ("channel", [0.06, 0.08, 0.1, 0.06])}
    >>> coords |= {"band_low_hz": ("band", [8.0]), "band_high_hz": ("band", [13.0])}
    >>> values = np.random.default_rng(1).standard_normal((10, 1, 4)) + [3.0, 3.0, 0.0, 0.0]
    >>> values = xr.DataArray(values, coords, ("subject", "band", "channel"))
    >>> table = cluster_table(cluster_test(values), values)
    >>> table[["cluster", "p", "n_cells", "bands", "channels", "significant"]].values.tolist()
    [[1, 0.001953125, 2, 'alpha', 'C3, C1', True]]
    """
    maps = ClusterMaps(test, values)
    columns: dict[str, type] = {
        "target": str,
        "cluster": int,
        "p": float,
        "n_cells": int,
        "mass": float,
        "bands": str,
        "band_low_hz": float,
        "band_high_hz": float,
        "times": str,
        "time_low_s": float,
        "time_high_s": float,
        "channels": str,
        "effect_size": float,
        "ci_low": float,
        "ci_high": float,
        "significant": bool,
    }
    if "time" not in test.dims:
        columns = {name: kind for name, kind in columns.items() if not name.startswith("time")}
    rows = [maps.described(number) for number in range(1, int(test["cluster"].to_numpy().max(initial=0)) + 1)]
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def _permutations(n_subjects: int, alpha: float, n_permutations: int) -> int:
    """Return the number of permutations, if they can reach ``alpha``."""
    possible = 1 << (n_subjects - 1)
    if possible * alpha < 1:
        needed = int(np.ceil(np.log2(1 / alpha))) + 1
        raise ValueError(
            f"{n_subjects} subjects cannot reach alpha = {alpha:g}: their signs allow {possible} permutations, so no p "
            f"is below {1 / possible:g}. At least {needed} subjects are needed."
        )
    if n_permutations * alpha < 1:
        raise ValueError(
            f"`n_permutations` must be at least {int(np.ceil(1 / alpha))} for a p of {alpha:g}; got {n_permutations}. "
            f"Try {N_PERMUTATIONS}."
        )
    return min(possible, n_permutations)


def _clusters(
    subjects: xr.DataArray, t: NDArray[np.float64], threshold: float, n_permutations: int, seed: int
) -> list[tuple[NDArray[np.int64], float]]:
    """Return the cells (numbers in the flattened maps) and p of every cluster, in order of p, then mass."""
    import mne

    adjacency = neighbours(subjects)
    tested = np.flatnonzero(np.isfinite(t))
    t = t.ravel()
    if not (np.abs(t[tested]) > threshold).any():
        return []
    with mne.utils.use_log_level("error"), warnings.catch_warnings():
        # MNE warns if it finds no clusters, which is a valid result.
        warnings.simplefilter("ignore", RuntimeWarning)
        _, members, p_values, _ = mne.stats.permutation_cluster_1samp_test(
            subjects.to_numpy().reshape(len(subjects), -1)[:, tested],
            threshold=threshold,
            n_permutations=n_permutations,
            adjacency=adjacency[tested][:, tested],
            out_type="indices",
            seed=seed,
        )
    clusters = [(tested[cells], float(p)) for (cells,), p in zip(members, p_values, strict=True)]
    return sorted(clusters, key=lambda cluster: (cluster[1], -abs(t[cluster[0]].sum()), cluster[0].min()))
