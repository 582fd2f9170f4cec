"""Moments of the signals at the batch normalisations of a network."""

from dataclasses import dataclass

import torch
from torch import Tensor

from sincviz.networks.fast.filtered_moments import filtered_moments
from sincviz.networks.front_ends import FrontEnd
from sincviz.trials.epochs import EpochsOrArray, input_batches


@dataclass(frozen=True)
class Moments:
    """Mean and (biased) variance of signals over all their values, in double precision, on the CPU."""

    mean: Tensor
    variance: Tensor
    count: int

    @property
    def unbiased_variance(self) -> Tensor:
        """The variance that PyTorch's running statistics keep."""
        return self.variance * self.count / max(1, self.count - 1)


def moments_of_filters(front_end: FrontEnd, epochs: EpochsOrArray) -> Moments:
    """Return the moments of each filter's output over trials, channels and times, shape (filters,) each.

    Where units are no product of a temporal and a spatial filter, these are the moments of the units.
    """
    if front_end.unit_kernels is not None:
        of_units = moments_of_units(front_end, epochs)
        return Moments(of_units.mean[:, 0], of_units.variance[:, 0], of_units.count)
    moments = []
    for batch in input_batches(front_end, epochs):
        x, pad = front_end.padded(torch.from_numpy(batch).to(front_end.kernels.device))
        mean, variance = filtered_moments(x, front_end.kernels, pad=pad)
        values = len(x) * x.shape[1] * (x.shape[2] + 2 * pad - front_end.kernels.shape[1] + 1)
        moments.append(Moments(mean.cpu().double(), variance.cpu().double(), values))
    return pooled(moments)


def moments_of_units(front_end: FrontEnd, epochs: EpochsOrArray) -> Moments:
    """Return the moments of each unit's pre-activation map over trials and times, shape (filters, depth) each."""
    moments = []
    for batch in input_batches(front_end, epochs):
        with torch.no_grad():
            maps = (
                front_end.maps(torch.from_numpy(batch).to(front_end.kernels.device))
                .transpose(0, 2)
                .flatten(2)
            )
        # (depth, filters, values)
        variance, mean = torch.var_mean(maps, 2, correction=0)
        moments.append(Moments(mean.T.cpu().double(), variance.T.cpu().double(), maps.shape[2]))
    return pooled(moments)


def pooled(moments: list[Moments]) -> Moments:
    """Return the moments of all values, pooled over batches."""
    count = sum(part.count for part in moments)
    mean = torch.stack([part.mean * part.count for part in moments]).sum(0) / count
    second = [(part.variance + (part.mean - mean).square()) * part.count for part in moments]
    return Moments(mean, torch.stack(second).sum(0) / count, count)
