"""Random values: what a method that knows nothing scores."""

import numpy as np
from torch import Tensor, nn

from benchmarks.peers.wrapping import method

SEED = 0


@method("random, over time", domain="time")
def over_time(model: nn.Module, x: Tensor, target: int) -> np.ndarray:
    """Return standard normal values for every sample."""
    return np.random.default_rng((SEED, target)).standard_normal(x.shape)


@method("random, over frequency", domain="frequency")
def over_frequency(model: nn.Module, x: Tensor, target: int) -> np.ndarray:
    """Return standard normal values for every bin."""
    shape = (*x.shape[:-1], x.shape[-1] // 2 + 1)
    return np.random.default_rng((SEED, target)).standard_normal(shape)
