"""Integrated gradients of cross-domain-saliency-maps 0.0.8 (GPL-3.0), its variant in batches: 50 steps from silence.

Kechris, Dan, Atienza: Time series saliency maps: explaining models across multiple domains (2025),
https://arxiv.org/abs/2505.13100
"""

import numpy as np
from torch import Tensor, nn

from benchmarks.peers.wrapping import method, sampling_rate_hz
from benchmarks.peers_in_time import PEERS, STEPS, fourier_shares, over_samples, stft_image

_TIME = f"cross-domain-saliency-maps, time, {STEPS} steps"
NOTE = f"{STEPS} steps from silence"


class _Score(nn.Module):
    """One score of a network, as a column."""

    def __init__(self, model: nn.Module, target: int):
        super().__init__()
        self.model, self.target = model, target

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)[:, self.target : self.target + 1]


@method("FourierIG", domain="frequency", note=NOTE)
def fourier_ig(model: nn.Module, x: Tensor, target: int) -> np.ndarray:
    """Return FourierIG; both signs of a frequency are summed."""
    return fourier_shares(_Score(model, target), x, STEPS, by_captum=True)


@method("TimeIG", domain="time", note=NOTE)
def time_ig(model: nn.Module, x: Tensor, target: int) -> np.ndarray:
    """Return TimeIG, which is integrated gradients."""
    return PEERS[_TIME](_Score(model, target), x, x, np.nan)


@method("STFT-IG, over time", domain="time", note=f"{NOTE}; windows of 0.5 s, summed over frequencies")
def stft_ig_over_time(model: nn.Module, x: Tensor, target: int) -> np.ndarray:
    """Return STFT-IG, summed over frequencies; a sample has an equal part of the nearest column."""
    image, hop = _image(model, x, target)
    return over_samples(image.sum(2), x.shape[2], hop)


@method("STFT-IG, over frequency", domain="frequency", note=f"{NOTE}; windows of 0.5 s, summed over times")
def stft_ig_over_frequency(model: nn.Module, x: Tensor, target: int) -> np.ndarray:
    """Return STFT-IG, summed over times; a bin has an equal part of the nearest frequency."""
    image, _ = _image(model, x, target)
    n_bins = x.shape[2] // 2 + 1
    nearest = np.round(np.linspace(0, image.shape[2] - 1, n_bins)).astype(int)
    return image.sum(3)[..., nearest] / np.bincount(nearest)[nearest]


def _image(model: nn.Module, x: Tensor, target: int) -> tuple[np.ndarray, int]:
    return stft_image(_Score(model, target), x, sampling_rate_hz(model))
