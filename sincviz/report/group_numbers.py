"""Numbers of a group: what is counted, and how values are written."""

import itertools

import numpy as np
import xarray as xr

from sincviz.population.averages import READ
from sincviz.population.group import Group


def has_several_runs(found: Group) -> bool:
    """Tell whether a subject has more than one run of one condition."""
    used = found.networks[found.networks["status"] == READ]
    return bool(used.duplicated(["subject", "condition"]).any())


def are_matched(found: Group) -> bool:
    """Tell whether filters of one network stand for those of another."""
    return found.filter_stability is not None and bool(found.filter_stability["overlap"].notna().any())


def paired_comparisons(found: Group) -> list[str]:
    """Return the names of the comparisons between two conditions."""
    return [f"{one} − {other}" for one, other in itertools.combinations(found.facts["conditions"], 2)]


def n_drifted(occupancy: xr.DataArray, condition: str) -> int:
    """Return how many subjects have filters before training and after.

    Examples
    --------
    >>> shares = xr.DataArray([[[[0.5], [np.nan]]], [[[0.6], [0.7]]]],
    ...                       {"condition": [""]}, ("training", "condition", "subject", "band"))
    >>> n_drifted(shares, "")
    1
    """
    own = occupancy.sel(condition=condition).transpose("training", "subject", "band").to_numpy()
    return int(np.isfinite(own).all(0).any(1).sum())
