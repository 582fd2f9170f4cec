"""Run agreement: whether separately trained networks rest on the same cells, by size and sign."""

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray


def run_agreement(contrasts: xr.DataArray) -> xr.DataArray:
    """Return Pearson's correlation between the contrasts of every two runs.

    Most cells of a network hold next to nothing, and their order is chance, so cells count by how much they hold.

    Parameters
    ----------
    contrasts : xarray.DataArray, dims (run, ...)
        One value per run and cell, such as bands and channels. Known properties of the runs, ``subject``, ``seed``,
        ``fold`` and ``condition``, are coordinates.

    Returns
    -------
    xarray.DataArray, dims (run, other_run)
        From −1 to 1, symmetric, 1 for a run with itself; NaN where a run lacks a cell or is constant.
        The coordinates of runs are also on ``other_run``, as ``other_subject`` and so on.

    Raises
    ------
    ValueError
        If there is no dimension ``run`` or fewer than two cells.

    Examples
    --------
    >>> contrasts = xr.DataArray([[1.0, 2.0, 3.0], [0.1, 0.2, 0.3], [3.0, 2.0, 1.0]], dims=("run", "channel"))
    >>> run_agreement(contrasts).round(6).values.tolist()
    [[1.0, 1.0, -1.0], [1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]]
    """
    if "run" not in contrasts.dims or contrasts.size < 2 * contrasts.sizes["run"]:
        raise ValueError(
            f"`contrasts` must have the dimension `run` and at least two cells per run; got {dict(contrasts.sizes)}."
        )
    contrasts = contrasts.transpose("run", ...)
    # All pairs in one product: a correlation is the cosine of centred values.
    values = contrasts.to_numpy().reshape(len(contrasts), -1).astype(float)
    centred = values - values.mean(1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    # Rounding leaves a little of values that are all the same.
    varies = length > 1e-12 * np.linalg.norm(values, axis=1, keepdims=True)
    directions = centred / np.where(varies, length, np.nan)
    of_runs = {name: coord for name, coord in contrasts.coords.items() if coord.dims == ("run",)}
    others = {
        f"other_{name}": ("other_run", coord.to_numpy(), coord.attrs) for name, coord in of_runs.items()
    }
    return xr.DataArray(
        np.clip(directions @ directions.T, -1, 1),
        of_runs | others,
        ("run", "other_run"),
        "run_agreement",
        contrasts.attrs | {"units": "Pearson's correlation", "n_cells": values.shape[1]},
    )


def agreement_by_subject(agreement: xr.DataArray) -> pd.DataFrame:
    """Summarise the agreement of runs of the same condition, within and between subjects.

    Parameters
    ----------
    agreement : xarray.DataArray, dims (run, other_run)
        What :func:`run_agreement` returned, with the coordinate ``subject`` and, if there are several, ``condition``.

    Returns
    -------
    pandas.DataFrame
        One row per subject: ``n_runs``; ``between_runs``, the mean over pairs of the subject's runs, and ``lowest``,
        the worst pair; ``with_others``, the mean over pairs of one of them and a run of another subject. Pairs without
        agreement are left out; NaN if none remain.

    Raises
    ------
    ValueError
        If subjects are unknown.

    Examples
    --------
    >>> runs = {"subject": ("run", ["a", "a", "b"])}
    >>> contrasts = xr.DataArray([[1.0, 2.0, 3.0], [1.0, 3.0, 2.0], [3.0, 2.0, 1.0]], runs, ("run", "channel"))
    >>> agreement_by_subject(run_agreement(contrasts)).round(2).loc["a"].tolist()
    [2.0, 0.5, 0.5, -0.75]
    """
    if "subject" not in agreement.coords:
        raise ValueError("`agreement` must have the coordinate `subject` on `run`. Add it to the contrasts.")
    subjects = agreement["subject"].to_numpy()
    values = agreement.to_numpy()
    counted = np.isfinite(values) & ~np.eye(len(values), dtype=bool)
    if "condition" in agreement.coords:
        conditions = agreement["condition"].to_numpy()
        counted &= conditions[:, None] == conditions
    names = pd.unique(pd.Series(subjects))
    rows = [_summary(values, counted, subjects == name) for name in names]
    return pd.DataFrame(
        rows,
        pd.Index(names, name="subject"),
        ["n_runs", "between_runs", "lowest", "with_others"],
    ).astype({"n_runs": int})


def _summary(
    values: NDArray[np.float64], counted: NDArray[np.bool_], members: NDArray[np.bool_]
) -> tuple[float, float, float, float]:
    within = values[counted & members[:, None] & members]
    others = values[counted & members[:, None] & ~members]
    return (
        members.sum(),
        within.mean() if within.size else np.nan,
        within.min() if within.size else np.nan,
        others.mean() if others.size else np.nan,
    )
