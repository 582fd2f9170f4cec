"""Pattern relevance: in which channels lies the signal that a network reads, not only which weights read it."""

import torch
import xarray as xr
from numpy.typing import ArrayLike
from torch import Tensor

from sincviz._utils.progress import shows_progress
from sincviz.analysis.attribution.baselines import Baseline
from sincviz.analysis.attribution.convergence import TOLERANCE
from sincviz.analysis.attribution.cross_spectra import cross_spectra
from sincviz.analysis.attribution.input_relevance import InputSetting, Sampling, Split, input_relevance
from sincviz.analysis.attribution.spectral import over_frequencies
from sincviz.analysis.attribution.spectral_shares import spectral_shares
from sincviz.analysis.statistics.two_classes import against
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.epochs import EpochsOrArray, warned_once


@shows_progress
def pattern_relevance(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    explain: str = "score",
    trials: str = "all",
    baseline: Baseline = "auto",
    n_steps: int | None = None,
    tolerance: float = TOLERANCE,
    sfreq: float | None = None,
    per_trial: bool = False,
    progress: bool = True,
) -> xr.DataArray:
    r"""Return the relevance of each frequency, in the channels where the signal lies that the network reads there.

    A gradient says with which weights a network reads its input. A channel that only carries noise of other channels
    has a weight too, if the network subtracts that noise: a suppressor. Of a linear read-out with weights :math:`w`,
    the pattern :math:`\Sigma w` says where its signal is visible (Haufe et al. 2014 [1]_); in a suppressor it is not.
    Here the read-out is the gradient of each trial at each frequency, :math:`G_f`, averaged on the way from the
    baseline, and :math:`\Sigma` is the cross-spectral matrix :math:`S_f` of all trials. The relevance of the
    frequency, summed over channels, is shared out by the power of the pattern:

    .. math:: r_{c,f} = \frac{|(S_f G_f)_c|^2}{\sum_{d} |(S_f G_f)_d|^2} \; \frac{m_f}{N}
       \sum_{d} \mathrm{Re}(X_{d,f}^* G_{d,f})

    Summed over channels this is :func:`sincviz.spectral_relevance`, frequency by frequency.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        As for :func:`sincviz.spectral_relevance`.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        As there; they are read once more, for their cross-spectra. Two at least, better 40 or more.
    y : array, shape (trials,) | None
        As there.
    explain : {"score", "margin", "log_probability"}
        As there; the method is integrated gradients.
    trials : {"all", "contrast"}
        As there.
    baseline : str | array, shape (channels, times)
        As there.
    n_steps : int | None
        As there.
    tolerance : float
        As there.
    sfreq : float | None
        As there.
    per_trial : bool
        Return every trial's relevance, not an average.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.DataArray, dims ([trial,] target, channel, frequency)
        In units of what is explained, with the coordinates and ``attrs`` of :func:`sincviz.spectral_relevance`. A
        contrast of two classes has one target, ``left against right``.

    Raises
    ------
    TypeError, MethodError, ValueError
        As for :func:`sincviz.spectral_relevance`.
    EpochsError
        If the epochs do not fit the network, or there is only one.

    Notes
    -----
    *Where*, not *by which weights*: a channel that shows the signal has a share even if the network does not read it.
    Whether it does is what :func:`sincviz.spectral_relevance` says. Conversely, the average or contrast of that
    function over trials is small in a suppressor too, where the noise cancels on average; single trials and their
    absolute values are not.

    *Which read-out.* A softmax sees only differences of scores, so the pattern is that of the score minus the mean of
    all scores; of two classes it is that of their difference. Outputs that are numbers, and single scores, have their
    own.

    *Which covariance.* That of all trials about their mean, with both classes, as for Haufe's pattern: within classes
    a difference of their means, an evoked response, would be missing. No matrix is inverted, so an average reference
    or bridged channels need no regularisation. Where a read-out has no pattern at all, as where trials have no signal,
    its relevance stays in its channels.

    *Measured* by ``benchmarks/pattern_relevance.py``: SincShallowNet and EEGNet, three each, on simulated trials
    in which Fz carries nothing but noise of the other channels (without it their accuracy falls from 0.95 and 0.91 to
    0.63). Of the absolute relevance of single trials in the bands that tell the class, Fz holds 6.3 % and 6.5 % by
    :func:`sincviz.spectral_relevance`, 0.7 % and 0.4 % by this function; of the contrast 1.8 % and 1.8 %, and 0.1 % and
    0.2 %. Without such noise contrasts of 160 trials find the cells of the sources with an area under the ROC curve of
    0.996 and 0.845 (SincShallowNet, EEGNet), and 0.998 and 0.997 by this function. Cells count as true where sources
    are visible, which is what this function looks for.

    *Limits.* It shows where the carrier is visible, that is anything coherent with what the network reads, not where
    the classes differ: a channel with the same oscillation in all classes has its share. The pattern belongs to the
    local linear view of one trial at one frequency. If a network reads several sources at one frequency, some for and
    some against a class, all channels of a trial have the sign of their sum; averages and contrasts keep them apart
    only roughly. A suppressor that is weighted too weakly or too strongly lets noise through, which is then visible in
    that channel and has its share. Channels may lag behind each other by little of a trial's length, for cross-spectra
    are averaged over neighbouring frequencies. Power depends on units: channels are compared in the units of the
    network's input.

    References
    ----------
    .. [1] Haufe et al. (2014), On the interpretation of weight vectors of linear models in multivariate neuroimaging,
       NeuroImage 87, 96–110.
    .. [2] Kindermans et al. (2018), Learning how to explain neural networks: PatternNet and PatternAttribution, ICLR:
       patterns of every layer.
    .. [3] Gjølbye, Haufe & Hansen (2025), Minimizing false-positive attributions in explanations of non-linear models,
       NeurIPS: patterns of local linear surrogates.

    Examples
    --------
    The first channel carries signal and noise, the second noise alone, and the network takes the difference:

    >>> import numpy as np
    >>> from torch import nn
    >>> signal, noise = np.random.default_rng(0).standard_normal((2, 400, 50))
    >>> x = np.stack([signal + noise, noise], 1)
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(100, 1, bias=False))
    >>> _ = nn.init.constant_(network[1].weight[:, :50], 1.0), nn.init.constant_(network[1].weight[:, 50:], -1.0)
    >>> found = pattern_relevance(network, x, sfreq=50, per_trial=True)
    >>> size = abs(found).mean("trial").sum(("target", "frequency"))
    >>> bool(size[1] < 0.01 * size[0])
    True
    """
    network, epochs, y = analysis_inputs(model, epochs, y)
    setting = InputSetting("integrated_gradients", explain, trials, baseline, n_steps, tolerance, sfreq)

    def split_of(sampling: Sampling) -> Split:
        spectra = cross_spectra(network, epochs)
        centred = not network.numeric
        return over_patterns(over_frequencies()(sampling), spectra, centred=centred)

    with warned_once(network, epochs):
        return against(input_relevance(network, epochs, y, split_of, setting, per_trial=per_trial))


def over_patterns(frequencies: Split, spectra: Tensor, *, centred: bool = True) -> Split:
    """Return the split over frequencies of which each is shared out over channels by patterns."""

    def share(signal: Tensor, gradients: Tensor) -> Tensor:
        return pattern_shares(signal, gradients, spectra, centred=centred)

    return frequencies._replace(name="pattern_relevance", share=share)


def pattern_shares(signal: Tensor, gradients: Tensor, spectra: Tensor, *, centred: bool) -> Tensor:
    """Return spectral shares, at each frequency shared out over channels by the power of the read-out's pattern.

    Parameters
    ----------
    signal : torch.Tensor, shape (batch, channels, times)
        Trials minus their baseline.
    gradients : torch.Tensor, shape (classes, batch, channels, times)
        The read-outs.
    spectra : torch.Tensor of complex, shape (times // 2 + 1, channels, channels)
        Cross-spectral matrices, of any scale.
    centred : bool
        Take the pattern of each class's score minus the mean of all.

    Returns
    -------
    torch.Tensor, shape (classes, batch, channels, times // 2 + 1)
        Summed over channels the same as :func:`sincviz.analysis.attribution.spectral_shares.spectral_shares`.

    Examples
    --------
    >>> x = torch.tensor([[[1.0, 2.0, 3.0], [0.5, 0.5, 0.0]]])
    >>> spectra = torch.eye(2, dtype=torch.complex128).expand(2, 2, 2)
    >>> shares = pattern_shares(x, x[None], spectra, centred=False)
    >>> bool(torch.isclose(shares.sum(), (x * x).sum()))
    True
    """
    relevance = spectral_shares(signal, gradients)
    several = centred and len(gradients) > 1
    read = torch.fft.rfft(gradients - gradients.mean(0, keepdim=True) if several else gradients)
    pattern = torch.einsum("fcd,kbdf->kbcf", spectra.to(read), read).abs()
    largest = pattern.amax(-2, keepdim=True)
    # Over the largest first: squares of small numbers would vanish in single precision.
    power = (pattern / largest.clamp(min=torch.finfo(pattern.dtype).tiny)).square()
    shares = power / power.sum(-2, keepdim=True).clamp(min=1.0)
    return torch.where(largest > 0, relevance.sum(-2, keepdim=True) * shares, relevance)
