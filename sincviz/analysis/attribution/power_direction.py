"""Direction of power: whether more power in a cell raises or lowers the score of a class."""

import numpy as np
import scipy
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.attribution.spectral_shares import bin_weights
from sincviz.eeg.band_limits import Ranges, band_ranges, in_ranges
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.epochs import EpochsOrArray, input_batches, sampling_rate_hz

LEAST_CORRELATION = 0.3
ALPHA = 0.01
LEAST_OF_CLASS = 5  # trials
MORE, LESS = "more power", "less power"
FAVOURS, RAISES = "favours", "raises"
"""What power does to a class, and to an output that is a number."""


def power_direction(
    model: object,
    epochs: EpochsOrArray,
    single: xr.DataArray,
    *,
    sfreq: float | None = None,
) -> xr.DataArray:
    """Return how the relevance of every cell correlates with its power over trials.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        The network, for its channels and units.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials.
    single : xarray.DataArray, dims (trial, target, band, channel)
        Relevance of these trials, with the limits of the bands.
    sfreq : float | None
        Sampling rate in Hz, if neither the network nor the epochs know it.

    Returns
    -------
    xarray.DataArray, dims (target, band, channel)
        Pearson correlation over trials between log power and relevance. Near zero where the network does not use
        power, for example for an evoked response; NaN where the correlation is positive in the trials of one class
        and negative in those of another.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> from sincviz.analysis.attribution.cells import cell_relevance
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> x = np.random.default_rng(0).standard_normal((8, 3, 256))
    >>> dict(power_direction(model, x, cell_relevance(model, x)).sizes)
    {'target': 2, 'band': 6, 'channel': 3}
    """
    network, epochs, _ = analysis_inputs(model, epochs, classes=False)
    rate_hz = sampling_rate_hz(network.sfreq, epochs, sfreq)
    ranges = band_ranges(single)
    power = np.concatenate([_band_power(batch, ranges, rate_hz) for batch in input_batches(network, epochs)])
    with np.errstate(divide="ignore", invalid="ignore"):
        log_power, values = np.log(power)[:, None], single.to_numpy().astype(float)
        correlation = _correlation(log_power, values)
        # Power does the same to a score whatever the class; a waveform speaks for one class and against the other.
        of_classes = [
            _correlation(log_power[members], values[members]) * np.sqrt(members.sum() - 3)
            for members in _classes(single)
            if members.sum() > LEAST_OF_CLASS
        ]
        if len(of_classes) > 1:
            sizes = np.nan_to_num(of_classes)
            opposite = (sizes.min(0) < -1) & (sizes.max(0) > 1)
            correlation[opposite] = np.nan
    kept = {name: coord for name, coord in single.coords.items() if "trial" not in coord.dims}
    return xr.DataArray(
        correlation, kept, single.dims[1:], "power_direction", {"units": "1", "n_trials": len(power)}
    )


def direction_words(correlation: float, n_trials: int, whom: str = "it", does: str = FAVOURS) -> str:
    """Return whether more or less power favours the class, the first of two, or an output; empty where unclear.

    Examples
    --------
    >>> direction_words(-0.8, 50), direction_words(0.1, 50)
    ('less power favours it', '')
    >>> direction_words(0.8, 50, "left")
    'more power favours left'
    """
    if n_trials < 4 or not abs(correlation) >= LEAST_CORRELATION:
        return ""
    t = abs(correlation) * np.sqrt((n_trials - 2) / max(1 - correlation**2, 1e-12))
    if 2 * scipy.stats.t.sf(t, n_trials - 2) >= ALPHA:
        return ""
    return f"{MORE if correlation > 0 else LESS} {does} {whom}"


def _band_power(batch: NDArray[np.floating], ranges: list[Ranges], rate_hz: float) -> NDArray[np.float64]:
    """Return the power in each band, shape (trials, bands, channels)."""
    n_times = batch.shape[2]
    power = np.abs(np.fft.rfft(batch)) ** 2 * bin_weights(n_times).numpy()
    frequency_hz = np.fft.rfftfreq(n_times, 1 / rate_hz)
    members = np.array([in_ranges(frequency_hz, band) for band in ranges], float)
    of_bands: NDArray[np.float64] = np.einsum("bk,tck->tbc", members, power)
    return of_bands


def _classes(single: xr.DataArray) -> list[NDArray[np.bool_]]:
    """Return which trials are of each class, if that is known."""
    if "class_name" not in single.coords:
        return []
    names = single["class_name"].to_numpy()
    return [names == name for name in np.unique(names)]


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    correlation: NDArray[np.float64] = (_standardized(one) * _standardized(other)).mean(0)
    return correlation


def _standardized(values: NDArray[np.float64]) -> NDArray[np.float64]:
    standardized: NDArray[np.float64] = (values - values.mean(0)) / values.std(0)
    return standardized
