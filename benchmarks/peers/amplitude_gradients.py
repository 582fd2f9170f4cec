"""Gradients of scores with respect to amplitudes, of braindecode (Schirrmeister et al. 2017)."""

import numpy as np
from torch import Tensor, nn

from benchmarks.peers.wrapping import method


@method("braindecode, amplitude gradients", domain="frequency", note="signed, phases kept")
def amplitude_gradients(model: nn.Module, x: Tensor, target: int) -> np.ndarray:
    """Return the gradient of the score with respect to the amplitude of every bin."""
    from braindecode.visualization import amplitude_gradients as of_mean_score

    found = of_mean_score(model, x.numpy())[target] * len(x)  # it differentiates the mean over trials
    model.zero_grad(set_to_none=True)  # it leaves gradients in the parameters
    return found
