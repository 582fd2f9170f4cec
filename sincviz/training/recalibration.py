"""Recalibration of the running statistics of batch normalisation."""

import copy
from typing import cast

import torch
from torch import nn

from sincviz._utils.progress import shows_progress
from sincviz.networks.front_ends import front_end as front_end_of
from sincviz.networks.sinc_shallow import SincShallowNet
from sincviz.opening.network import network as opened
from sincviz.opening.network import own_network, suited
from sincviz.trials.containers import trials_and_labels
from sincviz.trials.epochs import EpochsOrArray
from sincviz.trials.moments import Moments, moments_of_filters, moments_of_units


@shows_progress
def recalibrate_batch_norm(model: object, epochs: EpochsOrArray, *, progress: bool = True) -> SincShallowNet:
    """Return a copy of a network with batch-normalisation statistics recomputed on these trials.

    Running statistics of the last batch only (a momentum of 0.99 in PyTorch's convention) or of signals of another
    scale make a network respond differently from how it was trained. The weights stay as they are;
    mean and variance are measured exactly over all trials, first of the filters' outputs, then of the units'.

    Parameters
    ----------
    model : SincShallowNet | classifier
        The network, ours or braindecode's; it is not changed.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials, preferably those it was trained on.
    progress : bool
        Show a progress bar if it takes more than two seconds.

    Returns
    -------
    SincShallowNet
        In evaluation mode; its provenance stores on how many trials it was recalibrated.

    Raises
    ------
    TypeError
        If ``model`` is not a SincShallowNet.
    EpochsError
        If the epochs do not fit the network.

    Examples
    --------
    >>> trials = 1e3 * torch.randn(20, 3, 256)
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> recalibrated = recalibrate_batch_norm(model, trials.numpy())
    >>> bool((recalibrated.depthwiseconv[0].running_var > 1e4).all())
    True
    """
    front_end = front_end_of(opened(model))
    trials, _ = trials_and_labels(epochs, n_times=front_end.n_times, sfreq=front_end.sfreq)
    network = own_network(suited(front_end, trials, classes=False))
    first = cast(nn.BatchNorm2d, network.depthwiseconv[0])
    second = cast(nn.BatchNorm2d, network.temporal_aggregation[0])
    n_times = (
        network.n_times - network.sinc_filter_layer.time_filter_len + 1 + 2 * network.sinc_filter_layer.pad
    )
    moments = moments_of_filters(front_end_of(network), trials)
    _record(first, moments)

    # With the second normalisation as identity, the units are the input that it will normalise.
    bare = copy.deepcopy(network)
    identity = cast(nn.BatchNorm2d, bare.temporal_aggregation[0])
    with torch.no_grad():
        for tensor, value in (
            (identity.running_mean, 0.0),
            (identity.running_var, 1.0 - identity.eps),
            (identity.weight, 1.0),
            (identity.bias, 0.0),
        ):
            cast(torch.Tensor, tensor).fill_(value)
    _record(second, moments_of_units(front_end_of(bare), trials))
    n_trials = moments.count // (network.n_chans * n_times)
    network.provenance = network.provenance | {"n_recalibration_trials": n_trials}
    return network


def _record(normalization: nn.BatchNorm2d, moments: Moments) -> None:
    with torch.no_grad():
        cast(torch.Tensor, normalization.running_mean).copy_(moments.mean.flatten())
        cast(torch.Tensor, normalization.running_var).copy_(moments.unbiased_variance.flatten())
