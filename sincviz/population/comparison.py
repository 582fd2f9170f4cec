"""What subjects have in common: every comparison of classes and of conditions, tested over subjects."""

import itertools
from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from sincviz.analysis.filters.occupancy import AFTER, BEFORE
from sincviz.analysis.statistics.clusters import cluster_table, cluster_test
from sincviz.analysis.statistics.subjects import subject_test
from sincviz.eeg.band_limits import BAND_LIMITS
from sincviz.population.averages import ALL_CLASSES

BETWEEN_CLASSES = "between classes"
MAPS = {"band": "band × channel", "frequency": "channel × frequency"}


def comparisons(contrasts: xr.DataArray) -> Iterator[tuple[str, xr.DataArray]]:
    """Yield what is tested against zero: the contrasts of every condition, then the differences of each two.

    Parameters
    ----------
    contrasts : xarray.DataArray, dims (condition, subject, ...)
        Contrasts between classes, not-a-number for subjects that lack a condition.

    Yields
    ------
    str
        Name of the comparison, ``"imagery − movement"``.
    xarray.DataArray, dims (subject, ...)
        Of the subjects who have it.

    Examples
    --------
    >>> values = xr.DataArray([[1.0, 2.0], [3.0, np.nan]], {"condition": ["a", "b"], "subject": ["1", "2"]})
    >>> {name: part.values.tolist() for name, part in comparisons(values)}
    {'a': [1.0, 2.0], 'b': [3.0], 'a − b': [-2.0]}
    """
    names = [str(name) for name in contrasts["condition"].to_numpy()]
    for name in names:
        own = contrasts.sel(condition=name, drop=True)
        yield name or BETWEEN_CLASSES, own.dropna("subject", how="all")
    for one, other in itertools.combinations(names, 2):
        change = contrasts.sel(condition=one, drop=True) - contrasts.sel(condition=other, drop=True)
        change.attrs = dict(contrasts.attrs)
        yield f"{one} − {other}", change.dropna("subject", how="all")


def over_subjects(
    contrasts: xr.DataArray, *, alpha: float, n_permutations: int, seed: int
) -> tuple[xr.Dataset | None, pd.DataFrame, dict[str, str]]:
    """Test every comparison.

    Parameters
    ----------
    contrasts : xarray.DataArray, dims (condition, subject, target, band or frequency, channel)
        Contrasts between classes, runs averaged within subjects.
    alpha, n_permutations, seed
        As for :func:`sincviz.statistics.cluster_test`.

    Returns
    -------
    test : xarray.Dataset | None
        Over ``comparison``, then as :func:`sincviz.statistics.cluster_test` returns it; ``None`` if nothing could be
        tested.
    clusters : pandas.DataFrame
        Every cluster of all comparisons.
    missing : dict of str to str
        Comparisons that could not be tested, and why.
    """
    maps = MAPS["band" if "band" in contrasts.dims else "frequency"]
    tests, tables, missing = {}, [], {}
    for name, values in comparisons(contrasts):
        try:
            found = cluster_test(values, alpha=alpha, n_permutations=n_permutations, seed=seed)
        except ValueError as error:  # too few subjects, or positions that cannot be used
            missing[f"{maps}, {name}"] = str(error)
            continue
        table = cluster_table(found, values)
        table.insert(0, "comparison", name)
        table.insert(1, "maps", maps)
        tables.append(table)
        own = {
            key: found.attrs.pop(key)
            for key in ("n_subjects", "n_permutations", "smallest_p", "cluster_forming_t")
        }
        coords = {key: ("comparison", [value]) for key, value in own.items()}
        tests[name] = found.expand_dims(comparison=[name]).assign_coords(coords)
    clusters = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    if not tests:
        return None, clusters, missing
    return xr.concat(list(tests.values()), "comparison", combine_attrs="override"), clusters, missing


def band_shares(contrasts: xr.DataArray) -> xr.DataArray:
    """Return what share of each subject's contrast each band holds, all channels together.

    Parameters
    ----------
    contrasts : xarray.DataArray, dims (condition, subject, target, band, channel)
        Contrasts between classes.

    Returns
    -------
    xarray.DataArray, dims (condition, subject, band)
        Shares that add up to 1; a band that speaks against the right class has a negative one. Not-a-number where the
        whole contrast is not positive: there is nothing to share.

    Examples
    --------
    >>> values = xr.DataArray(np.ones((1, 1, 1, 2, 3)), {"target": ["all classes"]},
    ...                       ("condition", "subject", "target", "band", "channel"))
    >>> band_shares(values).values.tolist()
    [[[0.5, 0.5]]]
    """
    bands = contrasts.sel(target=ALL_CLASSES, drop=True).sum("channel", skipna=False)
    total = bands.sum("band", skipna=False)
    shares = (bands / total.where(total > 0)).rename("band_use")
    shares.attrs = {"units": "1"}
    return shares


def share_intervals(contrasts: xr.DataArray) -> xr.DataArray:
    """Return what share of the contrast each band holds in all subjects together, with its 95 % interval over subjects.

    Subjects are summed first: a mean of their own shares is ruled by those whose whole contrast is nearly nothing.

    Parameters
    ----------
    contrasts : xarray.DataArray, dims (condition, subject, target, band, channel)
        Contrasts between classes.

    Returns
    -------
    xarray.DataArray, dims (condition, subject, band)
        As :func:`band_shares` returns it; its coordinates ``mean``, ``low``, ``high`` (condition, band) are the ratio
        of the means over subjects, with the interval of a ratio estimator [1]_. They are not-a-number
        where the whole contrast is not surely above zero (its own 95 % interval): there is nothing to share. One
        subject has no interval.

    References
    ----------
    .. [1] Cochran, W. G. (1977). Sampling techniques (3rd ed.). Wiley. Section 6.4.

    Examples
    --------
    >>> values = xr.DataArray([[[[[3.0], [1.0]]], [[[2.0], [1.0]]], [[[4.0], [1.0]]]]],
    ...                       {"target": ["all classes"]}, ("condition", "subject", "target", "band", "channel"))
    >>> share_intervals(values)["mean"].round(2).values.tolist()
    [[0.75, 0.25]]
    """
    bands = contrasts.sel(target=ALL_CLASSES, drop=True).sum("channel", skipna=False)
    parts = []
    for number in range(bands.sizes["condition"]):
        own = bands.isel(condition=number).dropna("subject", how="any")
        total = own.sum("band")
        ratio = own.mean("subject") / total.mean()
        there_is_some = float(total.mean()) > 0
        # Of subjects who are all alike the interval is not known.
        if there_is_some and own.sizes["subject"] > 1 and not float(subject_test(total)["low"]) <= 0:
            # Errors of a ratio, to first order; their mean over subjects is zero.
            parts.append(subject_test(ratio + (own - ratio * total) / total.mean())[["mean", "low", "high"]])
        else:
            alone = there_is_some and own.sizes["subject"] == 1
            nothing = xr.full_like(ratio, np.nan)
            parts.append(xr.Dataset({"mean": ratio if alone else nothing, "low": nothing, "high": nothing}))
    found = xr.concat(parts, "condition", combine_attrs="override", join="override")
    shares = band_shares(contrasts)
    of_all = {name: (("condition", "band"), found[name].to_numpy()) for name in ("mean", "low", "high")}
    return shares.assign_coords(of_all)


def occupancy_change(occupancy: xr.DataArray) -> pd.DataFrame:
    """Test whether training moved the filters' energy between bands.

    Parameters
    ----------
    occupancy : xarray.DataArray, dims (training, condition, subject, band)
        Share of the filters' energy in each band, runs averaged within subjects.

    Returns
    -------
    pandas.DataFrame
        Index (condition, band): mean ``before`` and ``after``, their difference ``change`` with its interval ``low``
        and ``high``, ``p``, ``q`` and ``effect_size`` over subjects; the limits of the band, ``band_low_hz`` and
        ``band_high_hz``, not-a-number for ``other``, whose ranges are text in ``band_rest_hz``. Conditions of a single
        subject are left out.

    Raises
    ------
    ValueError
        If nobody knows where the filters started, or no condition has two subjects.
    """
    if not np.isfinite(occupancy.sel(training=BEFORE)).any():
        raise ValueError("The checkpoints do not tell where the cut-offs were before training.")
    change = occupancy.sel(training=AFTER, drop=True) - occupancy.sel(training=BEFORE, drop=True)
    parts = {}
    for name in _repeated_conditions(change):
        moved = change.sel(condition=name, drop=True).dropna("subject", how="all")
        own = occupancy.sel(condition=name, subject=moved["subject"], drop=True)
        found = subject_test(moved).rename(mean="change")
        means = {stage: own.sel(training=stage, drop=True).mean("subject") for stage in (BEFORE, AFTER)}
        table = found.assign(means).to_dataframe()
        limits = [column for column in BAND_LIMITS if column in table]
        parts[name] = table[["before", "after", "change", "low", "high", "p", "q", "effect_size", *limits]]
    return pd.concat(parts, names=["condition", "band"])


def filter_shifts(shift_hz: xr.DataArray, initial_hz: xr.DataArray) -> pd.DataFrame:
    """Test which filters move to the same side in all subjects; an untrained filter, or one that drifts, moves to none.

    Parameters
    ----------
    shift_hz : xarray.DataArray, dims (condition, subject, filter)
        How far the middle of each filter's cut-offs moved, runs averaged within subjects.
    initial_hz : xarray.DataArray, dims (run, filter)
        Where it started in every run.

    Returns
    -------
    pandas.DataFrame
        Index (condition, filter): ``initial_hz``, the mean ``shift_hz`` with its interval ``low`` and ``high``, ``p``
        and ``q`` over subjects. Conditions of a single subject are left out.

    Raises
    ------
    ValueError
        If filters of the same number do not start alike, or no condition has two subjects.
    """
    start = initial_hz.to_numpy()
    if not np.isfinite(start).all() or np.ptp(start, axis=0).max() > 1e-3:
        raise ValueError("Filters of the same number do not start at the same frequency in all networks.")
    parts = {}
    for name in _repeated_conditions(shift_hz):
        found = subject_test(shift_hz.sel(condition=name, drop=True)).rename(mean="shift_hz").to_dataframe()
        found.insert(0, "initial_hz", start[0])
        parts[name] = found[["initial_hz", "shift_hz", "low", "high", "p", "q"]]
    return pd.concat(parts, names=["condition", "filter"])


def _repeated_conditions(values: xr.DataArray) -> list[str]:
    """Return the conditions that two subjects or more have."""
    names = [str(name) for name in values["condition"].to_numpy()]
    found = [
        name for name in names if values.sel(condition=name).dropna("subject", how="all").sizes["subject"] > 1
    ]
    if not found:
        raise ValueError("Fewer than two subjects have values. A test over subjects needs at least two.")
    return found
