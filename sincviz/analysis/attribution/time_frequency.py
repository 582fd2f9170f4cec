"""Relevance of every frequency, time and channel for every class, of any network."""

from collections.abc import Callable

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from sincviz._utils.progress import shows_progress
from sincviz.analysis.attribution.baselines import Baseline
from sincviz.analysis.attribution.convergence import TOLERANCE
from sincviz.analysis.attribution.input_relevance import InputSetting, Sampling, Split, input_relevance
from sincviz.analysis.attribution.methods import check_is_share
from sincviz.analysis.attribution.time_frames import resolution, time_frames
from sincviz.analysis.statistics.two_classes import against
from sincviz.trials.epochs import EpochsOrArray

WINDOW_S = 0.5


@shows_progress
def time_frequency_relevance(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    window_s: float = WINDOW_S,
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
    r"""Return the relevance of each frequency, time and channel for each class, for any network.

    Signal and gradient are analysed in a tight short-time Fourier frame: Hann windows, each moved by a quarter of its
    length and divided by the root of the sum of all squared windows. In such a frame inner products are preserved, so
    the attribution :math:`\sum_t x_t g_t` is split exactly into :math:`(m_f / M)\,\mathrm{Re}(X_{kf}^* G_{kf})`,
    over windows :math:`k` of :math:`M` samples and frequencies :math:`f` (:math:`m_f` is 2, and 1 at zero frequency
    and at Nyquist) [1]_.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        As for :func:`sincviz.spectral_relevance`.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        As there.
    y : array, shape (trials,) | None
        As there.
    window_s : float
        Length of the windows in seconds. Longer ones tell neighbouring frequencies apart, shorter ones neighbouring
        times: what happens at one time is spread over 0.36 window lengths (full width at half maximum), what happens at
        one frequency over 1.44 / ``window_s`` Hz.
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
        Sampling rate in Hz; ``None`` takes the network's, else that of the epochs.
    per_trial : bool
        Return every trial's relevance, not an average.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.DataArray, dims ([trial,] target, channel, frequency, time)
        In units of what is explained; all shares of a trial sum to its attribution. ``time`` is the middle of each
        window. The sum over frequencies is :func:`sincviz.temporal_relevance`, weighted with the squared windows; the
        sum over times is :func:`sincviz.spectral_relevance`, spread by the windows' spectrum. ``attrs``: ``window_s``,
        ``step_s``, ``time_resolution_s`` and ``frequency_resolution_hz`` (full widths at half maximum of what one time
        and one frequency are spread to), and those of :func:`sincviz.relevance`.

    Raises
    ------
    TypeError, MethodError, EpochsError
        As for :func:`sincviz.spectral_relevance`.
    ValueError
        If the sampling rate is not known, a window does not fit the trials, or as there.

    Warns
    -----
    RuntimeWarning
        As for :func:`sincviz.spectral_relevance`.

    Notes
    -----
    Half of the first window lies before the trial, and part of the last ones after it: what is left of them is shorter,
    so frequencies are spread up to twice as far there, and what happens in the last quarter of a window counts for its
    middle.

    References
    ----------
    .. [1] Gröchenig, K. (2001). Foundations of time-frequency analysis. Birkhäuser (tight Gabor frames).

    Examples
    --------
    >>> from torch import nn
    >>> network = nn.Sequential(nn.Conv1d(2, 4, 9), nn.ELU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2))
    >>> x = np.random.default_rng(0).standard_normal((10, 2, 100))
    >>> image = time_frequency_relevance(network, x, sfreq=100, window_s=0.4)
    >>> image.dims, float(image.frequency[1]), image.time.values[:3].round(2).tolist()
    (('target', 'channel', 'frequency', 'time'), 2.5, [0.0, 0.1, 0.2])
    """
    check_is_share(method, "time_frequency_relevance")
    setting = InputSetting(method, explain, trials, baseline, n_steps, tolerance, sfreq)
    split_of = over_frequencies_and_times(window_s)
    return against(input_relevance(model, epochs, y, split_of, setting, per_trial=per_trial))


def over_frequencies_and_times(window_s: float = WINDOW_S) -> Callable[[Sampling], Split]:
    """Return how the relevance of trials is split over frequencies and times."""

    def split_of(sampling: Sampling) -> Split:
        if not sampling.known:
            raise ValueError(
                "The sampling rate is not known, so there is no window of so many seconds. Pass `sfreq`."
            )
        frames = time_frames(len(sampling.times), sampling.rate_hz, window_s)
        frequency = np.fft.rfftfreq(frames.n_window, 1 / sampling.rate_hz)
        time = sampling.times[frames.centers]
        return Split(
            "time_frequency_relevance",
            frames.shares,
            {"frequency": (frequency, {"units": "Hz"}), "time": (time, {"units": "s"})},
            resolution(frames, sampling.rate_hz),
        )

    return split_of
