"""Narrow lines in the spectra of trials: mains, harmonics and other interference."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.labels import channel_coords
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.epochs import EpochsOrArray, input_batches, sampling_rate_hz

FAR_ABOVE = 10.0  # times the power beside it
RHYTHMS_BELOW_HZ = 35.0  # below, rhythms of the brain may be nearly as narrow as a line
FAR_ABOVE_RHYTHMS = 20.0
COARSEST_HZ = 0.34  # wider bins cannot distinguish a line from a rhythm
LEAST_CHANNELS = 0.5
_BESIDE_HZ = 1.5  # how far the power beside a line is looked at
_WIDTH_BINS = 3  # half of what a line fills after a Hann window, and one more


def power_spectrum(model: object, epochs: EpochsOrArray, sfreq: float | None = None) -> xr.DataArray:
    """Return the power spectrum of the trials as the network takes them, averaged over trials.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        The network, for its channels, their order and units.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials; epochs on disk are read batch by batch.
    sfreq : float | None
        Sampling rate in Hz; ``None`` takes the network's, else that of the epochs.

    Returns
    -------
    xarray.DataArray, dims (channel, frequency)
        Power in each bin of the Fourier transform, in squares of the network's units; each trial without its mean,
        under a Hann window. Frequencies in Hz.

    Raises
    ------
    EpochsError
        If the epochs do not fit the network.
    ValueError
        If the sampling rate is unknown.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> tone = np.cos(2 * np.pi * 50 * np.arange(256) / 128) * np.ones((4, 3, 1))
    >>> power = power_spectrum(model, tone)
    >>> power.dims, float(power.mean("channel").idxmax())
    (('channel', 'frequency'), 50.0)
    """
    network, epochs, _ = analysis_inputs(model, epochs, classes=False)
    rate_hz = sampling_rate_hz(network.sfreq, epochs, sfreq)
    total: NDArray[np.float64] | None = None
    n_trials = n_times = 0
    for batch in input_batches(network, epochs):
        n_times = batch.shape[2]
        window = np.hanning(n_times + 2)[1:-1]
        signal = (batch - batch.mean(2, keepdims=True)) * (window / np.sqrt((window**2).sum()))
        power = (np.abs(np.fft.rfft(signal)) ** 2).sum(0, dtype=np.float64)
        total = power if total is None else total + power
        n_trials += len(batch)
    if total is None:
        raise ValueError("There are no trials to compute a spectrum from. Pass one trial or more.")
    coords = channel_coords(network, len(total)) | {
        "frequency": ("frequency", np.fft.rfftfreq(n_times, 1 / rate_hz), {"units": "Hz"})
    }
    return xr.DataArray(total / n_trials, coords, ("channel", "frequency"), "power")


def narrow_lines(power: xr.DataArray) -> list[float]:
    """Return the frequencies of narrow lines that stand out on half of the channels or more, lowest first.

    Parameters
    ----------
    power : xarray.DataArray, dims (channel, frequency)
        What :func:`power_spectrum` returned.

    Returns
    -------
    list of float
        Bins in Hz.

    Examples
    --------
    >>> frequency = np.arange(0, 80, 0.25)
    >>> power = 1 / (1 + frequency) + 5.0 * (frequency == 50)
    >>> narrow_lines(xr.DataArray(power[None], {"frequency": frequency}, ("channel", "frequency")))
    [50.0]
    """
    is_line = stands_out(power).mean("channel") >= LEAST_CHANNELS
    return [float(hz) for hz in is_line["frequency"].to_numpy()[is_line.to_numpy()]]


def resolves_slow_lines(frequency: NDArray[np.floating]) -> bool:
    """Return whether the bins of a spectrum are fine enough to distinguish a line from a rhythm below 35 Hz.

    Examples
    --------
    >>> resolves_slow_lines(np.arange(0, 80, 0.25)), resolves_slow_lines(np.arange(80))
    (True, False)
    """
    return len(frequency) > 1 and bool(frequency[1] - frequency[0] <= COARSEST_HZ)


def stands_out(power: xr.DataArray, *, faint: bool = False) -> xr.DataArray:
    """Return which bins of a power spectrum are far above their surroundings, as lines are and rhythms are not.

    Parameters
    ----------
    power : xarray.DataArray, dims (channel, frequency)
        What :func:`power_spectrum` returned.
    faint : bool
        Use a quarter of the threshold, if there is other evidence for a line.

    Returns
    -------
    xarray.DataArray of bool, dims (channel, frequency)
        Whether the bin is higher than its neighbours and ten times the power three or more bins to either side; below
        35 Hz, where rhythms are narrow too, twenty times and only for trials of 3 s or more.
    """
    power = power.transpose("channel", "frequency")
    frequency = power["frequency"].to_numpy()
    values: NDArray[np.float64] = power.to_numpy()
    standing = np.zeros(values.shape, dtype=bool)
    bin_hz = float(frequency[1] - frequency[0]) if len(frequency) > 1 else np.inf
    n_beside = max(2, round(_BESIDE_HZ / bin_hz))
    for peak in range(_WIDTH_BINS + 1, len(frequency) - 1):
        rhythmic = frequency[peak] < RHYTHMS_BELOW_HZ
        if rhythmic and not resolves_slow_lines(frequency):
            continue
        below = values[:, max(1, peak - _WIDTH_BINS - n_beside + 1) : peak - _WIDTH_BINS + 1]
        above = values[:, peak + _WIDTH_BINS : peak + _WIDTH_BINS + n_beside]
        # The higher side counts: the foot of a slope is not a line.
        beside = below.mean(1) if above.shape[1] == 0 else np.maximum(below.mean(1), above.mean(1))
        highest = values[:, peak] >= values[:, peak - 1 : peak + 2].max(1)
        far = (FAR_ABOVE_RHYTHMS if rhythmic else FAR_ABOVE) / (4 if faint else 1)
        standing[:, peak] = highest & (values[:, peak] > far * beside)
    return power.copy(data=standing)
