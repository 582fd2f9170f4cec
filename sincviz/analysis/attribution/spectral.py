"""Relevance of every frequency and channel for every class, of any network."""

from collections.abc import Callable

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from sincviz._utils.progress import shows_progress
from sincviz.analysis.attribution.baselines import Baseline
from sincviz.analysis.attribution.convergence import TOLERANCE
from sincviz.analysis.attribution.input_relevance import InputSetting, Sampling, Split, input_relevance
from sincviz.analysis.attribution.spectral_shares import amplitude_gradients, spectral_shares
from sincviz.analysis.statistics.two_classes import against
from sincviz.trials.epochs import EpochsOrArray


@shows_progress
def spectral_relevance(
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
    r"""Return the relevance of each frequency and channel for each class, for any network.

    An attribution at the input, :math:`\sum_t x_t g_t`, is split exactly over the bins of the Fourier transform by
    Parseval's theorem: :math:`(m_k / N)\,\mathrm{Re}(X_k^* G_k)`, where :math:`m_k` is 2, and 1 at zero frequency and
    at Nyquist. It uses the frequencies of the input, not the cut-offs of filters. With integrated gradients [1]_ from
    silence its values are those of Fourier integrated gradients [2]_.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any module that maps (batch, channels, times) to class scores (batch, classes). Captum is not needed if
        :func:`sincviz.networks.front_end` knows the network. For ``mne.Epochs`` it must have ``chs_info`` and
        ``scale`` (factor from volts to its units); ``class_names`` and ``sfreq`` are used if present.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials, preferably not used in training.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``. Of outputs that
        are numbers (see :func:`sincviz.network`), what each should be, shape (trials,) or (trials, outputs).
    method : str
        ``"integrated_gradients"``, ``"gradient_x_input"``; by captum ``"deep_lift"``, ``"gradient_shap"`` and, on
        networks with ReLU, ``"guided_backprop"`` and ``"deconvolution"``; ``"amplitude_gradient"`` is the derivative
        with respect to the amplitude of each frequency, not a share.
    explain : {"score", "margin", "log_probability"}
        The class score, its margin over the best other class, or the logarithm of the softmax.
    trials : {"all", "contrast"}
        The mean over all trials, or the mean over the trials of the class minus the mean over the others. Of outputs
        that are numbers the mean of the trials times their standardised target: how much more of the output lies there
        where the target is one standard deviation higher
        (:func:`sincviz.analysis.statistics.trial_average.trial_weights`).
    baseline : {"auto", "zero", "surrogates", "channel_mean", "class_mean"} | array, shape (channels, times)
        What trials are compared with: silence; four signals with the average spectra and cross-spectra of the trials
        and random phases, over which the result is averaged; each trial's mean over time; the mean trial of its class;
        or a signal of your own in the network's units. ``"auto"`` takes surrogates if 16 steps from silence miss more
        than 1 % of what up to eight trials change, and from a surrogate less than a fifth of that, as in networks that
        take the logarithm of power; else silence. ``attrs["baseline_reason"]`` says what was measured.
    n_steps : int | None
        Steps of integrated gradients (Gauss-Legendre); ``None`` takes 16, and doubles them until shares add up;
        surrogates divide them among them. Draws of
        gradient SHAP (``None`` takes 16).
    tolerance : float
        Largest completeness error where ``n_steps`` is ``None``, of every target.
    sfreq : float | None
        Sampling rate in Hz; ``None`` takes the network's, else that of the epochs, else frequencies are in cycles per
        sample.
    per_trial : bool
        Return every trial's relevance, not an average.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.DataArray, dims ([trial,] target, channel, frequency)
        In units of what is explained; shares of a trial sum to the attribution. A contrast of two classes has one
        target, ``left against right``, as in :func:`sincviz.relevance`. ``attrs`` as for
        :func:`sincviz.relevance`. :func:`sincviz.attribution.sum_over_bands` sums it over the bins of each band.

    Raises
    ------
    TypeError
        If this is not a network, or its output is not class scores.
    MethodError
        If the method does not work on this network, or integrated gradients do not add up within 256 steps; the message
        says why, and what to use instead.
    ValueError
        If a setting is unknown, or the contrast lacks labels.
    EpochsError
        If the epochs do not fit the network.

    Warns
    -----
    RuntimeWarning
        If the shares of another method, or of a number of steps that you chose, miss more than 5 % of what they should
        explain.

    Notes
    -----
    The output of a network that takes the logarithm of power changes without bound as its input approaches zero. From
    silence integrated gradients then explain the way to the faintest signal, in up to hundreds of steps, and may
    point to the wrong band. Surrogates leave that way out; they are the same for all trials, so a contrast is complete.

    References
    ----------
    .. [1] Sundararajan, M., Taly, A., & Yan, Q. (2017). Axiomatic attribution for deep networks. ICML, 3319-3328.
    .. [2] Kechris, C., Dan, J., & Atienza, D. (2025). Time series saliency maps: Explaining models across multiple
       domains. arXiv:2505.13100.

    Examples
    --------
    >>> from torch import nn
    >>> network = nn.Sequential(nn.Conv1d(2, 4, 9), nn.ELU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2))
    >>> spectrum = spectral_relevance(network, np.random.default_rng(0).standard_normal((10, 2, 100)), sfreq=100)
    >>> spectrum.dims, float(spectrum.frequency[-1])
    (('target', 'channel', 'frequency'), 50.0)
    """
    setting = InputSetting(method, explain, trials, baseline, n_steps, tolerance, sfreq)
    return against(input_relevance(model, epochs, y, over_frequencies(method), setting, per_trial=per_trial))


def over_frequencies(method: str = "integrated_gradients") -> Callable[[Sampling], Split]:
    """Return how the relevance of trials is split over frequencies."""

    def split_of(sampling: Sampling) -> Split:
        frequency = np.fft.rfftfreq(len(sampling.times), 1 / sampling.rate_hz)
        return Split(
            "spectral_relevance",
            amplitude_gradients if method == "amplitude_gradient" else spectral_shares,
            {"frequency": (frequency, {"units": sampling.frequency_unit})},
            {},
        )

    return split_of
