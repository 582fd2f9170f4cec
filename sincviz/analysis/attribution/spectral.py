"""Relevance of every frequency and channel for every class, of any network."""

import numpy as np
import torch
import xarray as xr
from numpy.typing import ArrayLike
from torch import Tensor

from sincviz._utils.checks import positive_int
from sincviz._utils.progress import shows_progress
from sincviz.analysis.attribution.baselines import Baseline, baseline_of, needs_classes
from sincviz.analysis.attribution.explained import explained, explained_words
from sincviz.analysis.attribution.explanation import Attribution, explain_trials, warn_if_incomplete
from sincviz.analysis.attribution.gradients import Gradients, input_gradients
from sincviz.analysis.attribution.methods import INPUT_METHODS, check_applies, checked_method
from sincviz.analysis.attribution.sinc_layer import attribution_settings
from sincviz.analysis.attribution.spectral_shares import amplitude_gradients, spectral_shares
from sincviz.analysis.labels import channel_coords, class_labels, class_of_trials, decoder_origin
from sincviz.analysis.statistics.two_classes import against
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.classes import classes_if_known
from sincviz.trials.epochs import EpochsOrArray, is_epochs, sampling_rate


@shows_progress
def spectral_relevance(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    method: str = "integrated_gradients",
    explain: str = "score",
    trials: str = "all",
    baseline: Baseline = "zero",
    n_steps: int = 16,
    sfreq: float | None = None,
    per_trial: bool = False,
    progress: bool = True,
) -> xr.DataArray:
    r"""Return the relevance of each frequency and channel for each class, for any network.

    An attribution at the input, :math:`\sum_t x_t g_t`, is split exactly over the bins of the Fourier transform by
    Parseval's theorem: :math:`(m_k / N)\,\mathrm{Re}(X_k^* G_k)`, where :math:`m_k` is 2, and 1 at zero frequency and
    at Nyquist. It uses the frequencies of the input, not the cut-offs of filters.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any module that maps (batch, channels, times) to class scores (batch, classes). Captum is not needed if
        :func:`sincviz.networks.front_ends` knows the network. For ``mne.Epochs`` it must have ``chs_info`` and
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
    baseline : {"zero", "channel_mean", "class_mean"} | array, shape (channels, times)
        What trials are compared with: silence, each trial's mean over time, the mean trial of its class, or a
        signal of your own in the network's units.
    n_steps : int
        Steps of integrated gradients (Gauss-Legendre); draws of gradient SHAP.
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
        If the method does not work on this network; the message says why, and what to use instead.
    ValueError
        If a setting is unknown, or the contrast lacks labels.
    EpochsError
        If the epochs do not fit the network.

    Warns
    -----
    RuntimeWarning
        If the shares miss more than 5 % of what they should explain.

    Notes
    -----
    The output of a network that takes the logarithm of power changes without bound as its input approaches zero. From
    the baseline ``"zero"`` integrated gradients then need hundreds of steps, from a signal of typical size only a few.

    Examples
    --------
    >>> from torch import nn
    >>> network = nn.Sequential(nn.Conv1d(2, 4, 9), nn.ELU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2))
    >>> spectrum = spectral_relevance(network, np.random.default_rng(0).standard_normal((10, 2, 100)), sfreq=100)
    >>> spectrum.dims, float(spectrum.frequency[-1])
    (('target', 'channel', 'frequency'), 50.0)
    """
    return against(
        class_spectra(
            model,
            epochs,
            y,
            method=method,
            explain=explain,
            trials=trials,
            baseline=baseline,
            n_steps=n_steps,
            sfreq=sfreq,
            per_trial=per_trial,
        )
    )


@torch.enable_grad()
@torch.inference_mode(False)
def class_spectra(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    method: str = "integrated_gradients",
    explain: str = "score",
    trials: str = "all",
    baseline: Baseline = "zero",
    n_steps: int = 16,
    sfreq: float | None = None,
    per_trial: bool = False,
) -> xr.DataArray:
    """Return the same for every class, also where a contrast of two classes is one."""
    network, epochs, y = analysis_inputs(model, epochs, y)
    checked_method(method, INPUT_METHODS, network)
    what = explained_words(network, explain)
    codes = classes_if_known(network, epochs, y, needed=needs_classes(trials, baseline))
    n_steps = positive_int("n_steps", n_steps)
    split = amplitude_gradients if method == "amplitude_gradient" else spectral_shares
    gradients_of: Gradients | None = None

    def attribute(x: Tensor, start: Tensor) -> Attribution:
        nonlocal gradients_of
        if gradients_of is None:
            check_applies(method, network, x, start.expand_as(x))
            gradients_of = input_gradients(network, network, method=method, explain=explain, n_steps=n_steps)
        gradients = gradients_of(x, start)
        with torch.no_grad():
            values = split(x if method == "amplitude_gradient" else x - start, gradients).transpose(0, 1)
            scores = network.scores(x)
            change = explained(scores, explain) - explained(network.scores(start), explain)
        return Attribution(values, scores, None if method == "amplitude_gradient" else change)

    explanation = explain_trials(
        attribute,
        network,
        epochs,
        codes,
        trials=trials,
        baseline=baseline_of(network, epochs, codes, baseline),
        per_trial=per_trial,
    )
    if method != "integrated_gradients":
        warn_if_incomplete(method, explanation.completeness_error, "`integrated_gradients` adds up.")
    else:
        warn_if_incomplete(method, explanation.completeness_error, "Take more `n_steps`.")

    rate_hz, unit = sampling_rate(network.sfreq, epochs, sfreq)
    values = explanation.values
    n_classes, n_chans = values.shape[-3], values.shape[-2]
    n_times = np.asarray(epochs).shape[2] if not is_epochs(epochs) else len(epochs.times)
    coords = channel_coords(network, n_chans) | {
        "target": class_labels(network, n_classes),
        "frequency": ("frequency", np.fft.rfftfreq(n_times, 1 / rate_hz), {"units": unit}),
    }
    if per_trial:
        coords |= class_of_trials(network, codes, n_classes)
    if explanation.completeness_error is not None:
        coords["completeness_error"] = ("target", explanation.completeness_error)
    units = what.replace("_", " ")
    if method == "amplitude_gradient":
        units += " per unit of amplitude"
    attrs = decoder_origin(network) | {"units": units, "sfreq_hz": rate_hz}
    settings = attribution_settings(method, what, trials, baseline, n_steps)
    dims = [*(["trial"] if per_trial else []), "target", "channel", "frequency"]
    return xr.DataArray(values, coords, dims, "spectral_relevance", attrs | settings | explanation.evidence)
