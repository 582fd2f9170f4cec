"""Shares of two networks: which bands and channels each of them relies on more than the other."""

import numpy as np
import xarray as xr

from sincviz.analysis.statistics.intervals import bootstrap_intervals
from sincviz.analysis.statistics.two_classes import first_minus_second

_NAMED = ("target", "channel")  # of each network in its own order

FIRST, SECOND, DIFFERENCE = "first", "second", "second − first"


def compare_shares(
    cells: xr.DataArray, other_cells: xr.DataArray, *, trials: str = "contrast", seed: int = 0
) -> xr.DataArray:
    """Compare two networks by the share that each cell has of what separates the classes.

    Scores of two networks have different units, shares do not: the relevance of a cell is divided by the sum over
    all cells of its target.

    Parameters
    ----------
    cells, other_cells : xarray.DataArray, dims (trial, target, band, channel)
        Relevance of both networks in the same trials: :func:`sum_over_bands` of :func:`sincviz.spectral_relevance` with
        ``per_trial=True``. Targets and channels may have another order; that of ``cells`` is kept.
    trials : {"contrast", "all"}
        As for :func:`sincviz.spectral_relevance`.
    seed : int
        Seed of the intervals.

    Returns
    -------
    xarray.DataArray, dims (network, target, band, channel)
        Shares of the first and of the second network, and their difference, second minus first; of two classes one
        target, ``a against b``. The coordinates ``ci_low`` and ``ci_high`` are 95 % bootstrap intervals over trials of
        the shares linearised around their values; both networks are resampled together. NaN for a target whose sum is
        not above zero.

    Raises
    ------
    ValueError
        If the arrays are of different trials, targets, bands or channels.

    Examples
    --------
    >>> coords = {"target": ["a", "b"], "class_name": ("trial", ["a", "b"] * 20)}
    >>> own = (np.arange(40) % 2)[:, None] == np.arange(2)
    >>> cells = xr.DataArray(own[..., None, None] * [[1.0, 3.0]], coords, ("trial", "target", "band", "channel"))
    >>> compare_shares(cells, cells).sel(target="a against b").squeeze().values.round(6).tolist()
    [[0.25, 0.75], [0.25, 0.75], [0.0, 0.0]]
    """
    for dim in ("trial", "target", "band", "channel"):
        one, other = (array[dim].to_numpy() for array in (cells, other_cells))
        if dim in _NAMED and not np.array_equal(one, other) and sorted(one) == sorted(other):
            other_cells, other = other_cells.sel({dim: one}), one
        if not np.array_equal(one, other):
            raise ValueError(
                f"Both networks must have the same {dim}s; got {len(one)} and {len(other)}"
                f"{'' if len(one) != len(other) else ', with other names'}."
            )
    if trials == "contrast":
        cells, other_cells = first_minus_second(cells), first_minus_second(other_cells)
    shares, influences = zip(*(_linearised(array, trials) for array in (cells, other_cells)), strict=True)
    values = xr.concat([*shares, shares[1] - shares[0]], "network")
    around = [
        bootstrap_intervals(influence, trials=trials, seed=seed)
        for influence in (*influences, influences[1] - influences[0])
    ]
    limits = {
        end: xr.concat(
            [one[end].drop_vars(["ci_low", "ci_high"], errors="ignore") for one in around], "network"
        )
        for end in ("ci_low", "ci_high")
    }
    compared: xr.DataArray = values.assign_coords(
        network=[FIRST, SECOND, DIFFERENCE],
        **{end: (values.dims, (values + limit.to_numpy()).to_numpy()) for end, limit in limits.items()},
    )
    compared.attrs = {
        "units": "of what separates the classes" if trials == "contrast" else "of the score",
        "trials": trials,
        "interval": "95% bootstrap over trials",
    }
    compared.name = "share"
    return compared


def _linearised(cells: xr.DataArray, trials: str) -> tuple[xr.DataArray, xr.DataArray]:
    """Return the shares of cells, and by how much each trial moves them."""
    is_measured = cells.notnull().any("trial")  # a band may hold no frequency of these trials
    cells = cells.fillna(0.0)
    average = bootstrap_intervals(cells, trials=trials, n_resamples=1).drop_vars(["ci_low", "ci_high"])
    total = average.sum(("band", "channel"))
    total = total.where(total > 0)
    share = (average / total).where(is_measured)
    return share, ((cells - share * cells.sum(("band", "channel"))) / total).transpose(*cells.dims)
