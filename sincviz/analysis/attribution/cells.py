"""Relevance of bands of channels, trial by trial, without ever holding every frequency of every trial."""

from collections.abc import Iterator, Mapping

import xarray as xr
from numpy.typing import ArrayLike

from sincviz._utils.progress import followed
from sincviz.analysis.attribution.spectral import spectral_relevance
from sincviz.eeg.sums import sum_over_bands
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.classes import classes_if_known
from sincviz.trials.epochs import EpochsOrArray, n_trials_of, some_of

_TRIALS_AT_ONCE = 64


def cell_relevance(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    bands: Mapping[str, tuple[float, float]] | None = None,
    explain: str = "score",
    n_steps: int = 16,
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
    explain, n_steps
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
    network, epochs, y = analysis_inputs(model, epochs, y)
    codes = classes_if_known(network, epochs, y, needed=False)

    def batches() -> Iterator[xr.DataArray]:
        starts = range(0, n_trials_of(epochs), _TRIALS_AT_ONCE)
        for start in followed(starts, "Explaining", "batch"):
            some = slice(start, start + _TRIALS_AT_ONCE)
            of_some = None if codes is None else codes[some]
            spectrum = spectral_relevance(
                network, some_of(epochs, some), of_some, explain=explain, n_steps=n_steps, per_trial=True
            )
            yield sum_over_bands(spectrum, bands).drop_vars("completeness_error", errors="ignore")

    cells = xr.concat(list(batches()), "trial")
    of_all = ("method", "explain", "baseline", "n_steps", "membership", "units", "outputs", "weights_sha256")
    cells.attrs = {name: value for name, value in cells.attrs.items() if name in (*of_all, "sincviz_version")}
    return cells
