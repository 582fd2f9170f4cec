"""Cross-spectra of trials: how channels vary together at each frequency, read batch by batch."""

import torch
from torch import Tensor

from sincviz.errors import EpochsError
from sincviz.networks.decoder import Decoder
from sincviz.trials.epochs import EpochsOrArray, input_batches, n_trials_of


def cross_spectra(network: Decoder, epochs: EpochsOrArray) -> Tensor:
    r"""Return the covariance over trials of the channels' Fourier coefficients.

    :math:`S_f = \frac{1}{n} \sum_i (X_{i,f} - \bar X_f) (X_{i,f} - \bar X_f)^H`, then the mean over each frequency and
    its two neighbours, which steadies it with few trials and assumes that channels lag behind each other by little of a
    trial's length. Zero frequency and Nyquist stand alone, so offsets of channels do not reach the next frequency.
    Classes are not told apart: what separates them is part of the covariance.

    Parameters
    ----------
    network : Decoder
        The network, in whose units the signals are.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials.

    Returns
    -------
    torch.Tensor of complex128, shape (times // 2 + 1, channels, channels)
        On the CPU, the matrix of each frequency divided by its trace, or zero if there is no signal.

    Raises
    ------
    EpochsError
        If there are fewer than two trials.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from sincviz.opening.inputs import analysis_inputs
    >>> x = np.random.default_rng(0).standard_normal((100, 1, 50)) * np.array([[2.0], [-1.0]])
    >>> network, trials, _ = analysis_inputs(nn.Sequential(nn.Flatten(), nn.Linear(100, 2)), x)
    >>> cross_spectra(network, trials)[5].real.round(decimals=2).tolist()
    [[0.8, -0.4], [-0.4, 0.2]]
    """
    n_trials = n_trials_of(epochs)
    if n_trials < 2:
        raise EpochsError(
            f"How channels vary together can only be told from two or more trials; got {n_trials}. Pass more trials, "
            "40 or more if there are."
        )
    total: Tensor | None = None
    for batch in input_batches(network, epochs):
        spectrum = torch.fft.rfft(torch.from_numpy(batch).double()).permute(
            2, 1, 0
        )  # frequency, channel, trial
        if total is None:
            first = spectrum.mean(2, keepdim=True)  # near the mean, so that large offsets do not cost digits
            total, summed = torch.zeros(()).to(spectrum), torch.zeros_like(first)
        spectrum = spectrum - first
        total = total + spectrum @ spectrum.mH
        summed = summed + spectrum.sum(2, keepdim=True)
    assert total is not None  # there are trials
    covariance = total - summed @ summed.mH / n_trials
    inner = covariance[1:-1] if len(batch[0, 0]) % 2 == 0 else covariance[1:]
    if len(inner) > 2:
        padded = torch.cat([inner[:1], inner, inner[-1:]])
        inner.copy_((padded[:-2] + padded[1:-1] + padded[2:]) / 3)
    power = covariance.diagonal(dim1=1, dim2=2).real.sum(1)[:, None, None]
    return torch.where(power > 0, covariance / power.clamp(min=torch.finfo(power.dtype).tiny), 0.0)
