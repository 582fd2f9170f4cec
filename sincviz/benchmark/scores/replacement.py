"""Replacement: what the cells that are deleted become."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

OTHER_TRIAL, MEAN, NOISE = OPERATORS = ("other trial", "mean", "noise")
"""Whole trials whose cells take the place of the deleted ones; each serves bands as well as windows.

- ``"other trial"``: another trial, of any class. Every cell by itself is as likely as before.
- ``"mean"``: the mean over trials, which is the evoked response. What a cell has of this trial alone is gone, and with
  it most of the power of what is not locked to the event.
- ``"noise"``: stationary noise with the mean cross-spectrum of the trials. Power and topography on average stay, time
  courses and differences between the classes go.
"""


def replacements(x: Tensor, operator: str, seed: int) -> Tensor:
    r"""Return a replacement for every trial.

    Noise is :math:`R_i(f) = n^{-1/2} \sum_j \epsilon_{ij}(f) X_j(f)` with independent standard normal numbers, complex
    but at zero and at Nyquist, so that its expected cross-spectrum is the mean of the trials'.

    Parameters
    ----------
    x : torch.Tensor, shape (trials, channels, times)
        Trials.
    operator : {"other trial", "mean", "noise"}
        See ``OPERATORS``.
    seed : int
        Seed of the choice of other trials, or of the noise.

    Returns
    -------
    torch.Tensor, shape (trials, channels, times)
        The replacements.

    Raises
    ------
    ValueError
        If the operator is unknown, or there is only one trial.

    Examples
    --------
    >>> x = torch.tensor([[[1.0, 2.0]], [[3.0, 4.0]]])
    >>> replacements(x, "other trial", seed=0).tolist(), replacements(x, "mean", seed=0)[0].tolist()
    ([[[3.0, 4.0]], [[1.0, 2.0]]], [[2.0, 3.0]])
    """
    if len(x) < 2:
        raise ValueError(
            f"Cells are replaced with those of other trials, so there must be two; got {len(x)}."
        )
    rng = np.random.default_rng(seed)
    if operator == OTHER_TRIAL:
        return x[torch.from_numpy(_others(len(x), rng))]
    if operator == MEAN:
        return x.mean(dim=0, keepdim=True).expand_as(x)
    if operator == NOISE:
        return _noise(x, rng)
    raise ValueError(f"`operator` must be one of {', '.join(OPERATORS)}; got {operator!r}.")


def _others(n_trials: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return another trial for every trial, each used once."""
    order = rng.permutation(n_trials)
    others = np.empty(n_trials, np.int64)
    others[order] = np.roll(order, 1)
    return others


def _noise(x: Tensor, rng: np.random.Generator) -> Tensor:
    n_trials, _, n_times = x.shape
    spectra = torch.fft.rfft(x.double(), dim=2).permute(2, 0, 1)
    parts = rng.standard_normal((2, len(spectra), n_trials, n_trials))
    mixing = (parts[0] + 1j * parts[1]) / np.sqrt(2)
    real = [0, -1] if n_times % 2 == 0 else [0]
    mixing[real] = parts[0][real]
    mixed = torch.from_numpy(mixing / np.sqrt(n_trials)) @ spectra
    noise: Tensor = torch.fft.irfft(mixed.permute(1, 2, 0), n=n_times, dim=2)
    return noise.to(x.dtype)
