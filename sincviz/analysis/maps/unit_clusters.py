"""Unit clusters: units of many networks with one scalp pattern and one band, and the people who have them."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.cluster.hierarchy import average, fcluster
from scipy.spatial.distance import squareform

from sincviz._utils.checks import checked_seed, positive_int
from sincviz._utils.progress import followed, shows_progress
from sincviz.analysis.maps.turned_patterns import corrected_p, turned_patterns
from sincviz.eeg.positions import check_positions

STABLE = 0.8
"""A cluster that samples of people contain again with this similarity, on average, is called stable."""

ALPHA = 0.05
N_BOOTSTRAP = 100
N_PERMUTATIONS = 199
FEWEST_SUBJECTS = 6
"""Fewer people give too few different samples."""

USED = 0.9
"""Of each network those units are clustered that together have this share of its importance, the largest first."""

SIMILARITIES = (0.5, 0.6, 0.7, 0.8)
"""Clusters are merged while the mean similarity between their units is at least one of these."""

_HELD = 0.5  # of the networks of a subject
_LEAST = 3  # subjects of a cluster
_NAMES = ("pattern", "amplitude", "importance", "low_hz", "high_hz")

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@shows_progress
def cluster_units(
    units: xr.Dataset,
    *,
    n_bootstrap: int = N_BOOTSTRAP,
    n_permutations: int = N_PERMUTATIONS,
    seed: int = 0,
    progress: bool = True,
) -> xr.Dataset:
    r"""Cluster the units of many networks by scalp pattern and band, and find the clusters that hold over people.

    The similarity of two units is :math:`|\cos| \cdot o`: the absolute cosine of their patterns, which have no sign,
    times the overlap :math:`o` of their bands, the cosine of the amplitude responses. Units are merged by average
    linkage while the mean similarity between two clusters is at least a limit.

    The stability of a cluster is its Jaccard similarity, units weighted by importance, to the most similar cluster of
    a bootstrap sample, mean over samples [1]_. Samples are drawn from people, with all their networks; who is
    drawn twice counts once. As units that are close by chance may be stable too, the number of people who hold a
    cluster, and for equal numbers its share of the importance, is compared with the largest of any cluster after the
    patterns of each person were turned around the vertical axis of the head at random, all by one angle, half of
    the people mirrored. This keeps the bands, the smoothness of the patterns, and their similarity
    within a person.

    Of several limits the one is taken at which clusters that pass both have most of the importance; ``p`` is corrected
    for this choice.

    Parameters
    ----------
    units : xarray.Dataset, dims (unit, channel, frequency)
        ``pattern`` (unit, channel); ``amplitude`` (unit, frequency), the response of the unit's filter; ``importance``,
        ``low_hz`` and ``high_hz`` (unit); the coordinates ``run`` and ``subject`` (unit) and the positions ``x``, ``y``
        and ``z`` (channel) in metres. Units with a value that is not finite, and units without importance, are left
        out.
    n_bootstrap : int
        Number of samples.
    n_permutations : int
        Number of random turns of the patterns of all people.
    seed : int
        Seed of both.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.Dataset, dims (cluster, subject, channel)
        Clusters that at least three people hold, the stable ones first, then by their share of the importance:

        ``stable`` (cluster)
            Whether stability is at least 0.8 and p at most 0.05.
        ``stability``, ``p`` (cluster)
            Mean Jaccard similarity, 0 to 1; probability of so many people by chance, corrected for all clusters.
        ``pattern`` (cluster, channel)
            First principal component of the patterns weighted by importance, of norm 1; its largest value is positive.
        ``share`` (cluster, subject)
            Share of the importance of the subject's networks that units of the cluster have, mean over networks.
        ``held`` (cluster, subject)
            Whether at least half of the subject's networks have a unit of the cluster.
        ``low_hz``, ``high_hz`` (cluster, subject)
            Band of the subject's units in the cluster, mean weighted by importance; NaN without any.
        ``n_units``, ``n_networks``, ``n_subjects`` (cluster)
            How many are in the cluster; of subjects, how many hold it.

        ``attrs`` are ``similarity``, the limit; ``n_units`` and ``n_networks`` that were clustered; ``n_bootstrap``,
        ``n_permutations`` and ``seed``.

    Raises
    ------
    ValueError
        If a variable is missing, or fewer than six subjects have units.
    PositionsError
        If channels have no positions.

    Notes
    -----
    Patterns contain what the channels share in the trials, and initial bands are often the same in all networks, so a
    cluster says what networks have in common, not that training made it. Patterns around the vertex stay much the same
    when they are turned, so clusters of these are less often shown.

    In simulated populations of 8 and 20 people in which three pairs of pattern and band are each held by 80 %, 2.4 and
    3.0 clusters were stable on average; where units are random, a cluster was in 3 of 100 populations. A stability of
    0.8 alone had clusters of random units in 99 of 100.

    References
    ----------
    .. [1] Hennig, C. (2007). Cluster-wise assessment of cluster stability. Computational Statistics and Data Analysis,
       52, 258-271.

    Examples
    --------
    Two units in each of eight networks, alike in all:

    >>> columns = {"pattern": (("unit", "channel"), np.tile(np.eye(2, 12), (8, 1))),
    ...            "amplitude": (("unit", "frequency"), np.tile(np.eye(2, 7), (8, 1))),
    ...            "importance": ("unit", [0.6, 0.4] * 8),
    ...            "low_hz": ("unit", [8.0, 20.0] * 8), "high_hz": ("unit", [13.0, 30.0] * 8)}
    >>> people, angle = np.repeat(list("abcdefgh"), 2), np.arange(12) * np.pi / 6
    >>> units = xr.Dataset(columns, {"run": ("unit", people), "subject": ("unit", people),
    ...     "x": ("channel", 0.08 * np.cos(angle)), "y": ("channel", 0.08 * np.sin(angle)),
    ...     "z": ("channel", np.full(12, 0.05))})
    >>> found = cluster_units(units)
    >>> found.n_subjects.values.tolist(), found.stable.values.tolist(), found.low_hz.sel(subject="a").values.tolist()
    ([8, 8], [True, True], [8.0, 20.0])
    """
    positive_int("n_bootstrap", n_bootstrap)
    positive_int("n_permutations", n_permutations)
    generator = np.random.default_rng(checked_seed(seed))
    used, people = _used(units)
    check_positions(used["pattern"])
    subject = np.searchsorted(people, used["subject"].to_numpy().astype(str))
    runs, run = np.unique(used["run"].to_numpy(), return_inverse=True)
    owner = np.zeros(len(runs), int)
    owner[run] = subject
    cosine, overlap = (
        np.abs(_unit_rows(used[name].to_numpy()) @ _unit_rows(used[name].to_numpy()).T)
        for name in ("pattern", "amplitude")
    )
    weight = used["weight"].to_numpy()
    cuts = _cut(cosine * overlap)
    held = [_held(labels, run, owner, len(people)) for labels in cuts]
    names = [np.flatnonzero(of.sum(0) >= _LEAST) for of in held]
    found = [np.full((n_bootstrap, len(of)), np.nan) for of in names]
    most = np.zeros((n_permutations, len(cuts)))
    for sample in followed(range(n_bootstrap), "Samples of people", "sample"):
        drawn = np.flatnonzero(np.isin(subject, generator.integers(len(people), size=len(people))))
        again = _cut((cosine * overlap)[np.ix_(drawn, drawn)])
        for values, labels, others, of in zip(found, cuts, again, names, strict=True):
            values[sample] = _jaccard(labels[drawn], others, weight[drawn], of)
    patterns = _unit_rows(used["pattern"].to_numpy())
    positions_m = np.stack([used[axis].to_numpy() for axis in "xyz"], 1)
    for sample in followed(range(n_permutations), "Turned patterns", "turn"):
        turned = turned_patterns(patterns, subject, positions_m, generator)
        by_chance = _cut(np.abs(turned @ turned.T) * overlap)
        most[sample] = [_size(labels, run, owner, len(people), weight).max() for labels in by_chance]
    sizes = [
        _size(labels, run, owner, len(people), weight)[of] for labels, of in zip(cuts, names, strict=True)
    ]
    p = corrected_p(most, sizes)
    stability = [np.nanmean(values, 0) for values in found]
    stable = [(values >= STABLE) & (chance <= ALPHA) for values, chance in zip(stability, p, strict=True)]
    share = [np.bincount(labels, weight)[of] / len(people) for labels, of in zip(cuts, names, strict=True)]
    best = int(np.argmax([of[good].sum() for of, good in zip(share, stable, strict=True)]))
    order = np.lexsort((-share[best], ~stable[best]))
    tested = {"stable": stable[best], "stability": stability[best], "p": p[best]}
    result = _described(used, people, cuts[best], names[best][order], held[best])
    result = result.assign({name: ("cluster", values[order]) for name, values in tested.items()})
    return result.assign_attrs(
        similarity=SIMILARITIES[best],
        n_units=len(run),
        n_networks=len(runs),
        n_bootstrap=n_bootstrap,
        n_permutations=n_permutations,
        seed=seed,
    )


def _used(units: xr.Dataset) -> tuple[xr.Dataset, NDArray[np.str_]]:
    """Return the units that matter, with their weights, which add up to 1 over each subject, and the subjects."""
    lacking = [name for name in (*_NAMES, "run", "subject") if name not in units.variables]
    if lacking:
        raise ValueError(
            f"`units` must have {', '.join((*_NAMES, 'run', 'subject'))}; it lacks {', '.join(lacking)}."
        )
    finite = np.ones(units.sizes["unit"], bool)
    for name in _NAMES:
        finite &= np.isfinite(units[name].to_numpy().reshape(len(finite), -1)).all(1)
    for name in ("pattern", "amplitude"):
        finite &= (units[name] != 0).to_numpy().any(1)
    known = units.isel(unit=np.flatnonzero(finite & (units["importance"] > 0).to_numpy()))
    run, importance = known["run"].to_numpy(), known["importance"].to_numpy().astype(float)
    share, chosen = np.zeros(len(run)), np.zeros(len(run), bool)
    for name in np.unique(run):
        own = np.flatnonzero(run == name)
        own = own[np.argsort(-importance[own], kind="stable")]
        share[own] = importance[own] / importance[own].sum()
        chosen[own] = np.cumsum(share[own]) - share[own] < USED
    people, subject = np.unique(known["subject"].to_numpy().astype(str), return_inverse=True)
    if len(people) < FEWEST_SUBJECTS:
        raise ValueError(
            f"Clusters of units over people need {FEWEST_SUBJECTS} subjects with patterns and importance; got "
            f"{len(people)}."
        )
    n_networks = np.array([len(np.unique(run[subject == number])) for number in range(len(people))])
    return known.assign(weight=("unit", share / n_networks[subject])).isel(
        unit=np.flatnonzero(chosen)
    ), people


def _unit_rows(values: Floats) -> Floats:
    rows = values.astype(float)
    unit: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _cut(similarity: Floats) -> list[Ints]:
    """Return the clusters at every limit, numbered from 0."""
    if len(similarity) < 2:
        return [np.zeros(len(similarity), int)] * len(SIMILARITIES)
    # Single precision makes a product of matrices that is not quite symmetric.
    distance = np.clip(1 - (similarity + similarity.T) / 2, 0, None)
    merged = average(squareform(distance, checks=False))
    return [fcluster(merged, 1 - limit, "distance").astype(np.intp) - 1 for limit in SIMILARITIES]


def _held(labels: Ints, run: Ints, owner: Ints, n_subjects: int) -> NDArray[np.bool_]:
    """Return which subjects hold which clusters, over (subject, cluster)."""
    present = np.zeros((len(owner), labels.max() + 1))
    present[run, labels] = 1
    mean = np.zeros((n_subjects, present.shape[1]))
    np.add.at(mean, owner, present / np.bincount(owner, minlength=n_subjects)[owner, None])
    return mean >= _HELD - 1e-9


def _jaccard(labels: Ints, others: Ints, weight: Floats, names: Ints) -> Floats:
    """Return the similarity of each named cluster to the most similar of another clustering; NaN without units."""
    both = np.zeros((max(labels.max(), names.max(initial=0)) + 1, others.max() + 1))
    np.add.at(both, (labels, others), weight)
    either = both.sum(1, keepdims=True) + both.sum(0) - both
    similar: Floats = (both / np.where(either > 0, either, 1)).max(1)
    return np.where(both.sum(1) > 0, similar, np.nan)[names]


def _size(labels: Ints, run: Ints, owner: Ints, n_subjects: int, weight: Floats) -> Floats:
    """Return how many subjects hold each cluster, and in the decimals its share of the importance."""
    share = np.bincount(labels, weight) / n_subjects
    size: Floats = _held(labels, run, owner, n_subjects).sum(0) + 0.999 * share
    return size


def _described(
    used: xr.Dataset, people: NDArray[np.str_], labels: Ints, names: Ints, held: NDArray[np.bool_]
) -> xr.Dataset:
    """Return the patterns, bands and people of the named clusters."""
    weight, subject = used["weight"].to_numpy(), used["subject"].to_numpy().astype(str)
    patterns = _unit_rows(used["pattern"].to_numpy())
    mean = np.zeros((len(names), patterns.shape[1]))
    share = np.zeros((len(names), len(people)))
    limits = np.full((2, len(names), len(people)), np.nan)
    for number, name in enumerate(names):
        of = labels == name
        component = np.linalg.svd(patterns[of] * np.sqrt(weight[of])[:, None], full_matrices=False)[2][0]
        mean[number] = component * np.sign(component[np.argmax(np.abs(component))])
        for place, person in enumerate(people):
            own = of & (subject == person)
            share[number, place] = weight[own].sum()
            if own.any():
                edges = used[["low_hz", "high_hz"]].to_array().to_numpy()[:, own]
                limits[:, number, place] = np.average(edges, axis=1, weights=weight[own])
    over_people = ("cluster", "subject")
    counts = {
        "n_units": np.bincount(labels)[names],
        "n_networks": [len(np.unique(used["run"].to_numpy()[labels == name])) for name in names],
        "n_subjects": held.sum(0)[names],
    }
    kept = {name: coord for name, coord in used.coords.items() if coord.dims == ("channel",)}
    return xr.Dataset(
        {
            "pattern": (("cluster", "channel"), mean),
            "share": (over_people, share),
            "held": (over_people, held.T[names]),
            "low_hz": (over_people, limits[0], {"units": "Hz"}),
            "high_hz": (over_people, limits[1], {"units": "Hz"}),
            **{name: ("cluster", np.asarray(count, int)) for name, count in counts.items()},
        },
        {"cluster": np.arange(len(names)), "subject": people} | kept,
    )
