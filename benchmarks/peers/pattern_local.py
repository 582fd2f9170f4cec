"""PatternLocal: the pattern of a linear model of the score around one trial.

Gjølbye, Haufe, Hansen: Minimizing false-positive attributions in explanations of non-linear models. NeurIPS 2025,
https://arxiv.org/abs/2505.11210. Written anew; the authors' package, patternlocal 1.0.1, cannot be imported in Python
3.11.

1. Features of trials are values of cells, standardized over trials: the logarithm of the amplitude (root mean square
   of bins) of a band of 4 Hz in one channel, or the mean of a window of 50 ms in one channel.
2. Around a trial, `N_SAMPLES` trials are made: every cell takes, with a probability of 0.5, the feature that another
   trial, drawn at random, has there. Bins of a cell are scaled, samples of a window are shifted.
3. A ridge regression (penalty 1, as in LIME) of the score on their features, weighted by a Gaussian kernel of the
   distance to the trial, gives weights w. The width of the kernel is the median distance.
4. The pattern is C w (Haufe et al. 2014), with C the covariance of features of the trials given, weighted by a Gaussian
   kernel of the distance to the trial in question; its width is again the median distance. The authors use the nearest
   tenth of the training data, around the projection of the trial on the plane where the linear model is zero; 100
   trials have too few neighbours for that.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.peers.spectrum import band_cells, equal_parts, window_cells
from benchmarks.peers.wrapping import in_batches, method, sampling_rate_hz
from sincviz.benchmark.own_methods import of_all_classes

N_SAMPLES, PENALTY, SEED = 500, 1.0, 0
NOTE = "written anew from the paper"


def _of_bands(model: nn.Module, x: Tensor) -> np.ndarray:
    cells = band_cells(x.shape[1], x.shape[2], sampling_rate_hz(model))
    spectra = torch.fft.rfft(x)
    features = _means(spectra.abs().square(), cells).clamp(min=1e-20).log() / 2

    def changed(trial: int, change: Tensor) -> Tensor:
        return torch.fft.irfft(spectra[trial] * change.exp()[:, cells], n=x.shape[2])

    return np.stack([equal_parts(one, cells).numpy() for one in _patterns(model, features, changed)])


def _of_windows(model: nn.Module, x: Tensor) -> np.ndarray:
    cells = window_cells(x.shape[1], x.shape[2], sampling_rate_hz(model))

    def changed(trial: int, change: Tensor) -> Tensor:
        return x[trial] + change[:, cells]

    return np.stack([equal_parts(one, cells).numpy() for one in _patterns(model, _means(x, cells), changed)])


_bands, _windows = of_all_classes(_of_bands), of_all_classes(_of_windows)


@method("PatternLocal, bands", domain="frequency", note=f"{NOTE}; log amplitudes of bands of channels")
def bands(model: nn.Module, x: Tensor, target: int) -> np.ndarray:
    """Return patterns of log amplitudes of bands of 4 Hz, in units of the score per standard deviation."""
    return _bands(model, x, target)


@method("PatternLocal, windows", domain="time", note=f"{NOTE}; means of windows of channels")
def windows(model: nn.Module, x: Tensor, target: int) -> np.ndarray:
    """Return patterns of means of windows of 50 ms, in units of the score per standard deviation."""
    return _windows(model, x, target)


def _means(values: Tensor, cells: Tensor) -> Tensor:
    """Return means of cells, shape (trials, cells)."""
    n_members = torch.bincount(cells.flatten())
    sums = values.new_zeros(len(values), len(n_members))
    return sums.index_add_(1, cells.flatten(), values.flatten(1)) / n_members


def _patterns(model: nn.Module, features: Tensor, changed: Callable[[int, Tensor], Tensor]) -> Tensor:
    """Return the pattern of every score and trial, shape (scores, trials, cells)."""
    spread = features.std(0).clamp(min=1e-12)
    standard = (features - features.mean(0)) / spread
    n_trials, n_cells = standard.shape
    generator = torch.Generator().manual_seed(SEED)
    patterns = []
    for trial in range(n_trials):
        others = torch.randint(max(n_trials - 1, 1), (N_SAMPLES,), generator=generator)
        others = (others + trial + 1) % n_trials
        takes = torch.rand(N_SAMPLES, n_cells, generator=generator) < 0.5
        change = (standard[others] - standard[trial]) * takes
        with torch.no_grad():
            scores = in_batches(lambda part, at=trial: model(changed(at, part * spread)), change)
        weights = _ridge(change, scores, _kernel(change.norm(dim=1)))
        near = _kernel((standard - standard[trial]).norm(dim=1))
        centred = standard - near @ standard
        patterns.append((near[:, None] * (centred @ weights)).T @ centred)
    return torch.stack(patterns, 1)


def _kernel(distance: Tensor) -> Tensor:
    """Return weights that sum to 1, of a Gaussian kernel as wide as the median distance."""
    width = distance.median().clamp(min=1e-12)
    kernel = torch.exp(-(distance**2) / (2 * width**2))
    return kernel / kernel.sum()


def _ridge(features: Tensor, scores: Tensor, kernel: Tensor) -> Tensor:
    """Return the weights of a ridge regression with a free intercept, shape (cells, scores)."""
    root = (kernel * len(kernel)).sqrt()[:, None]
    A = root * (features - kernel @ features)
    b = root * (scores - kernel @ scores)
    # In as many unknowns as samples, of which there are fewer than windows of channels.
    dual = A @ A.T
    dual.diagonal().add_(PENALTY)
    return A.T @ torch.linalg.solve(dual, b)
