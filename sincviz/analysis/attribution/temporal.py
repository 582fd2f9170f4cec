"""Relevance of every time and channel for every class, of any network."""

import xarray as xr
from numpy.typing import ArrayLike

from sincviz._utils.progress import shows_progress
from sincviz.analysis.attribution.baselines import Baseline
from sincviz.analysis.attribution.convergence import TOLERANCE
from sincviz.analysis.attribution.input_relevance import InputSetting, Sampling, Split, input_relevance
from sincviz.analysis.attribution.methods import check_is_share
from sincviz.analysis.statistics.two_classes import against
from sincviz.trials.epochs import EpochsOrArray


@shows_progress
def temporal_relevance(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    method: str = "integrated_gradients",
    explain: str = "score",
    trials: str = "all",
    baseline: Baseline = "auto",
    n_steps: int | None = None,
    tolerance: float = TOLERANCE,
    sfreq: float | None = None,
    per_trial: bool = False,
    progress: bool = True,
) -> xr.DataArray:
    r"""Return the relevance of each time and channel for each class, for any network.

    The attribution at the input, :math:`x_t g_t`, sample by sample: :func:`sincviz.spectral_relevance` splits the same
    sum over frequencies. It says when what the network uses is in the signal, not when the network could have decided.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any module that maps (batch, channels, times) to class scores (batch, classes).
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials, preferably not used in training.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``.
    method : str
        As for :func:`sincviz.spectral_relevance`, without ``"amplitude_gradient"``.
    explain, trials : str
        As for :func:`sincviz.spectral_relevance`.
    baseline : str | array, shape (channels, times)
        As there.
    n_steps : int | None
        As there.
    tolerance : float
        As there.
    sfreq : float | None
        Sampling rate of an array in Hz; ``None`` takes the network's, else times are numbers of samples. Epochs have
        times of their own.
    per_trial : bool
        Return every trial's relevance, not an average.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.DataArray, dims ([trial,] target, channel, time)
        In units of what is explained; all shares of a trial sum to its attribution. ``time`` is that of the epochs
        (0 is the event), of arrays it begins at 0. A contrast of two classes has one target, ``left against right``, as
        in :func:`sincviz.relevance`. :func:`sincviz.attribution.sum_over_times` sums it over windows.

    Raises
    ------
    TypeError, MethodError, ValueError, EpochsError
        As for :func:`sincviz.spectral_relevance`.

    Warns
    -----
    RuntimeWarning
        As for :func:`sincviz.spectral_relevance`.

    Notes
    -----
    A network that uses the power of a rhythm has a gradient that follows the rhythm. Its relevance then oscillates
    at twice the rhythm's frequency: windows of about 50 ms or more (``sum_over_times``) show the course.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> network = nn.Sequential(nn.Conv1d(2, 4, 9), nn.ELU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2))
    >>> course = temporal_relevance(network, np.random.default_rng(0).standard_normal((10, 2, 100)), sfreq=100)
    >>> course.dims, float(course.time[-1])
    (('target', 'channel', 'time'), 0.99)
    """
    check_is_share(method, "temporal_relevance")
    setting = InputSetting(method, explain, trials, baseline, n_steps, tolerance, sfreq)
    return against(input_relevance(model, epochs, y, over_times, setting, per_trial=per_trial))


def over_times(sampling: Sampling) -> Split:
    """Return how the relevance of trials is split over times: the products themselves."""
    return Split(
        "temporal_relevance",
        lambda signal, gradient: signal * gradient,
        {"time": (sampling.times, {"units": sampling.time_unit})},
        {},
    )
