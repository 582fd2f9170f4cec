"""Covariance of filtered channels with units whose kernels are no product of a temporal and a spatial filter."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from sincviz.networks.fast.trial_blocks import trial_blocks
from sincviz.networks.units import FrontEnd
from sincviz.trials.epochs import EpochsOrArray, input_batches


@torch.no_grad()
def covariance_with_kernels(front_end: FrontEnd, epochs: EpochsOrArray) -> tuple[int, Tensor, Tensor]:
    """Return the number of trials, the covariance of filtered channels with units, and the variance of units.

    A unit is the whole kernel's output; channels are filtered with the temporal filter of its best product. Where the
    kernel is that product, this is what :func:`sincviz.spatial_patterns` computes without it.

    Returns
    -------
    n_trials : int
        Number of trials.
    covariance : torch.Tensor, shape (filters, depth, channels)
        In double precision, means over trials and times removed.
    variance : torch.Tensor, shape (filters, depth, 1)
        Of the units.
    """
    kernels = front_end.kernels_of_units().double()
    shape, n_taps = kernels.shape[:2], kernels.shape[3]
    n_units, n_chans = shape.numel(), kernels.shape[2]
    weight = kernels.flatten(0, 1)
    n_trials = n_values = 0
    # How units go with the signal at every lag: (units, channels × taps)
    products = weight.new_zeros(n_units, n_chans * n_taps)
    of_lags, of_units, squares = products[0].clone(), weight.new_zeros(n_units), weight.new_zeros(n_units)
    for batch in input_batches(front_end, epochs):
        x = torch.from_numpy(batch).to(weight)
        n_trials += len(x)
        for block in trial_blocks(x, n_chans * n_taps * x.shape[2]):
            padded = F.pad(block, front_end.pad)
            windows = padded.unfold(2, n_taps, front_end.stride).permute(0, 2, 1, 3).flatten(2).flatten(0, 1)
            units = windows @ weight.flatten(1).T
            products += units.T @ windows
            of_lags += windows.sum(0)
            of_units += units.sum(0)
            squares += units.square().sum(0)
            n_values += len(units)
    covariance = products / n_values - (of_units / n_values)[:, None] * (of_lags / n_values)
    temporal = front_end.kernels.double().repeat_interleave(shape[1], 0)
    filtered = (covariance.reshape(-1, n_chans, n_taps) * temporal[:, None]).sum(2)
    variance = squares / n_values - (of_units / n_values).square()
    return n_trials, filtered.reshape(*shape, n_chans).cpu(), variance.reshape(*shape, 1).cpu()
