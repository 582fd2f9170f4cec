"""Relevance of bands of channels, trial by trial, without ever holding every frequency of every trial."""

from collections.abc import Mapping

import xarray as xr
from numpy.typing import ArrayLike

from sincviz.analysis.attribution.collectors import of_single_trials
from sincviz.analysis.attribution.convergence import TOLERANCE
from sincviz.analysis.attribution.input_relevance import InputSetting, input_relevance
from sincviz.analysis.attribution.spectral import over_frequencies
from sincviz.eeg.sums import sum_over_bands
from sincviz.trials.epochs import EpochsOrArray


def cell_relevance(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    bands: Mapping[str, tuple[float, float]] | None = None,
    explain: str = "score",
    n_steps: int | None = None,
    tolerance: float = TOLERANCE,
) -> xr.DataArray:
    """Return the integrated gradients of every trial, summed over the frequencies of each band.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any network that :func:`sincviz.spectral_relevance` takes and that has a sampling rate.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials, preferably not used in training.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``. Of outputs that
        are numbers (see :func:`sincviz.network`), what each should be, shape (trials,) or (trials, outputs).
    bands : mapping of str to (float, float) | None
        Bands in Hz; ``None`` means delta to gamma.
    explain, n_steps, tolerance
        As for :func:`sincviz.spectral_relevance`.

    Returns
    -------
    xarray.DataArray, dims (trial, target, band, channel)
        Ready for :func:`sincviz.statistics.bootstrap_intervals`. Bands and their limits are as in
        :func:`sincviz.attribution.sum_over_bands`.

    Examples
    --------
    >>> import numpy as np
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> dict(cell_relevance(model, np.random.default_rng(0).standard_normal((4, 3, 256))).sizes)
    {'trial': 4, 'target': 2, 'band': 6, 'channel': 3}
    """
    cells = input_relevance(
        model,
        epochs,
        y,
        over_frequencies(),
        InputSetting(explain=explain, n_steps=n_steps, tolerance=tolerance),
        per_trial=True,
        kept_as=lambda spectra: sum_over_bands(spectra, bands),
    )
    return of_single_trials(cells)
