"""A network behind an inverse DFT, the virtual inspection layer of Vielhaben et al. (2024), and cells of its inputs.

Vielhaben, Lapuschkin, Montavon, Samek: Explainable AI for time series via virtual inspection layers. Pattern
Recognition 150 (2024), 110309, https://doi.org/10.1016/j.patcog.2024.110309
"""

import torch
from torch import Tensor, nn

BAND_HZ, WINDOW_S = 4.0, 0.05


class BehindDFT(nn.Module):
    """A network whose input is the real and imaginary parts of a spectrum, shape (trials, channels, bins, 2)."""

    def __init__(self, model: nn.Module, n_times: int):
        super().__init__()
        self.model, self.n_times = model, n_times

    def forward(self, parts: Tensor) -> Tensor:
        """Return the scores of the signals with these spectra."""
        return self.model(torch.fft.irfft(torch.complex(parts[..., 0], parts[..., 1]), n=self.n_times))


def spectrum(x: Tensor) -> Tensor:
    """Return the real and imaginary parts of one-sided spectra, shape (..., times // 2 + 1, 2).

    Examples
    --------
    >>> spectrum(torch.tensor([1.0, 0.0, -1.0, 0.0])).tolist()
    [[0.0, 0.0], [2.0, 0.0], [0.0, 0.0]]
    """
    return torch.view_as_real(torch.fft.rfft(x))


def band_cells(n_chans: int, n_times: int, sfreq: float, band_hz: float = BAND_HZ) -> Tensor:
    """Return the number of the cell, a band of one channel, of every bin: shape (channels, bins).

    A band contains its lower limit and not its upper one; the last one ends at the Nyquist frequency.

    Examples
    --------
    >>> band_cells(2, 10, sfreq=10.0).tolist()
    [[0, 0, 0, 0, 1, 1], [2, 2, 2, 2, 3, 3]]
    """
    frequency_hz = torch.arange(n_times // 2 + 1, dtype=torch.float64) * (sfreq / n_times)
    return _of_channels(torch.floor(frequency_hz / band_hz + 1e-9).long(), n_chans)


def window_cells(n_chans: int, n_times: int, sfreq: float, window_s: float = WINDOW_S) -> Tensor:
    """Return the number of the cell, a window of one channel, of every sample: shape (channels, times).

    Examples
    --------
    >>> window_cells(2, 4, sfreq=40.0).tolist()
    [[0, 0, 1, 1], [2, 2, 3, 3]]
    """
    return _of_channels(torch.arange(n_times) // max(1, round(window_s * sfreq)), n_chans)


def equal_parts(values: Tensor, cells: Tensor) -> Tensor:
    """Return values of cells, (..., cells), as equal parts of their members, (..., channels, members)."""
    n_members = torch.bincount(cells.flatten())
    return (values / n_members)[..., cells]


def _of_channels(groups: Tensor, n_chans: int) -> Tensor:
    return groups + torch.arange(n_chans)[:, None] * (int(groups.max()) + 1)
