"""Numbers of a group: what is counted, and how values are written."""

import itertools
import math
from collections.abc import Callable

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


def points(share: float) -> str:
    """Return a change of shares in percentage points.

    Examples
    --------
    >>> points(-0.0123), points(0.2), points(math.nan)
    ('−1.2', '+20.0', '')
    """
    return signed(100 * share, 1)


def signed(value: float, decimals: int) -> str:
    """Return a number with its sign; nothing for what is not known.

    Examples
    --------
    >>> signed(-0.001, 2), signed(0.5, 2)
    ('+0.00', '+0.50')
    """
    return "" if math.isnan(value) else f"{value:+z.{decimals}f}".replace("-", "−")


def coefficient(value: float) -> str:
    """Return a number with two decimals; nothing for what is not known.

    Examples
    --------
    >>> coefficient(-0.256), coefficient(-0.001), coefficient(math.nan)
    ('−0.26', '0.00', '')
    """
    return "" if math.isnan(value) else f"{value:z.2f}".replace("-", "−")


def in_brackets(low: float, high: float, written: Callable[[float], str]) -> str:
    """Return an interval behind its value; nothing where there is none.

    Examples
    --------
    >>> "+1.2" + in_brackets(0.005, 0.02, points), in_brackets(math.nan, math.nan, points)
    ('+1.2 (+0.5 to +2.0)', '')
    """
    return f" ({written(low)} to {written(high)})" if math.isfinite(low) and math.isfinite(high) else ""
