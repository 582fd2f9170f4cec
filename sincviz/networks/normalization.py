"""Batch normalisation: its gain and shift, and its running statistics."""

import torch
from torch import Tensor, nn

from sincviz.networks.precision import widened


def recorded_statistics(normalization: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return the running mean and variance, shape (features,) each.

    Raises
    ------
    TypeError
        If the normalisation has no running statistics.
    """
    mean, variance = normalization.running_mean, normalization.running_var
    if mean is None or variance is None:
        raise TypeError(
            "A batch normalisation without running statistics has no evaluation mode: its output depends "
            "on the batch. Try `track_running_stats=True` and train again."
        )
    return mean, variance


def gain_and_shift(normalization: nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
    """Return the factor and the summand of each feature under these statistics, shape (features,) each."""
    weight, bias, mean, variance = map(widened, (normalization.weight, normalization.bias, mean, variance))
    gain = weight * torch.rsqrt(variance + normalization.eps)
    return gain, bias - mean * gain


def record_statistics(normalization: nn.BatchNorm2d, mean: Tensor, variance: Tensor, count: int) -> None:
    """Update the running statistics as PyTorch does, from a mean and a biased variance over ``count`` values."""
    running_mean, running_variance = recorded_statistics(normalization)
    seen = normalization.num_batches_tracked
    assert seen is not None  # a buffer beside the other two
    with torch.no_grad():
        seen += 1
        momentum = 1 / float(seen) if normalization.momentum is None else normalization.momentum
        running_mean.lerp_(mean.to(running_mean), momentum)
        running_variance.lerp_((variance * (count / (count - 1))).to(running_variance), momentum)
