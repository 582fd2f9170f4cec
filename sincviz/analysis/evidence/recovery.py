"""Recovery: how well the bands and channels that a network uses agree with known sources."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from sincviz.eeg.band_limits import band_ranges, in_ranges


@dataclass(frozen=True)
class Recovery:
    """Agreement of a relevance, or of losses, with the known sources; 1 is perfect.

    Attributes
    ----------
    cells : float
        Area under the ROC curve over all (band, channel) cells; 0.5 is chance.
    best_rank : int
        Rank of the best true cell among all cells.
    mass : float
        Share of all positive values that falls into true cells.
    bands : float
        Share that falls into the sources' bands.
    channels : float
        Area under the ROC curve over channels, losses summed over bands; 0.5 is chance.
    """

    cells: float
    best_rank: int
    mass: float
    bands: float
    channels: float


def true_cells(truth: xr.Dataset, loss: xr.DataArray) -> NDArray[np.bool_]:
    """Return the (band, channel) cells that carry class information.

    Those above half the maximum of the summed absolute scalp maps of the band's informative sources.

    Parameters
    ----------
    truth : xarray.Dataset
        The ground truth that :func:`sincviz.datasets.simulate_motor_imagery` returned.
    loss : xarray.DataArray, dims (band, channel)
        Gives bands and channels; limits of bands are the coordinates ``band_low_hz`` and ``band_high_hz``.

    Returns
    -------
    array of bool, shape (bands, channels)
        The cells.
    """
    sources = truth.sel(source=truth["role"] == "informative")
    center_hz = (sources["low_hz"] + sources["high_hz"]).to_numpy() / 2
    maps = np.abs(sources["scalp_map"].sel(channel=loss["channel"]).to_numpy())
    cells = np.zeros(loss.shape, bool)
    for row, ranges in enumerate(band_ranges(loss)):
        summed = maps[in_ranges(center_hz, ranges)].sum(0)
        cells[row] = summed > summed.max() / 2
    return cells


def recovery(loss: xr.DataArray, truth: xr.Dataset) -> Recovery:
    """Compare what a network loses without a band of a channel with the location of the sources.

    Parameters
    ----------
    loss : xarray.DataArray, dims (band, channel)
        Loss of score, as :func:`sincviz.analysis.evidence.ablation.ablate` returns it.
    truth : xarray.Dataset
        The ground truth that :func:`sincviz.datasets.simulate_motor_imagery` returned.

    Returns
    -------
    Recovery
        The agreement.

    Examples
    --------
    >>> from sincviz.datasets import simulate_motor_imagery
    >>> _, truth = simulate_motor_imagery(4, n_chans=8)
    >>> loss = xr.DataArray(np.zeros((2, 8)), coords={"band": ["alpha", "gamma"], "channel": truth.channel})
    >>> loss = loss.assign_coords(band_low_hz=("band", [8, 30]), band_high_hz=("band", [13, np.inf]))
    >>> loss.loc["alpha", ["C3", "C4", "CP3", "CP4"]] = 1.0
    >>> recovery(loss, truth).bands
    1.0
    """
    cells = true_cells(truth, loss)
    values = loss.to_numpy()
    gained = np.clip(values, 0, None)
    total = max(gained.sum(), np.finfo(float).tiny)
    return Recovery(
        cells=float(roc_auc_score(cells.ravel(), values.ravel())),
        best_rank=int((values > values[cells].max()).sum()) + 1,
        mass=float(gained[cells].sum() / total),
        bands=float(gained[cells.any(1)].sum() / total),
        channels=float(roc_auc_score(cells.any(0), values.sum(0))),
    )
