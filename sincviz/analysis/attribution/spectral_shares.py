"""Spectral shares: a product of signals, summed over time, split exactly over frequencies."""

import torch
from torch import Tensor


def spectral_shares(signal: Tensor, gradient: Tensor) -> Tensor:
    r"""Return what each frequency adds to :math:`\sum_t x_t g_t`, by Parseval's theorem.

    Parameters
    ----------
    signal, gradient : torch.Tensor, shape (..., times)
        Their shapes must broadcast.

    Returns
    -------
    torch.Tensor, shape (..., times // 2 + 1)
        :math:`(m_k / N)\,\mathrm{Re}(X_k^* G_k)`; :math:`m_k` is 2, 1 at zero frequency and, for even N, at Nyquist.

    Examples
    --------
    >>> x = torch.tensor([1.0, 2.0, 3.0])
    >>> shares = spectral_shares(x, x)
    >>> bool(torch.isclose(shares.sum(), x @ x)), round(float(shares[0]), 4)
    (True, 12.0)
    """
    product = (torch.fft.rfft(signal).conj() * torch.fft.rfft(gradient)).real
    shares: Tensor = product * bin_weights(signal.shape[-1]).to(product)
    return shares


def amplitude_gradients(signal: Tensor, gradient: Tensor) -> Tensor:
    """Return the derivative with respect to the amplitude of each frequency, its phase kept.

    Parameters
    ----------
    signal, gradient : torch.Tensor, shape (..., times)
        The signal and the gradient with respect to it, of shapes that broadcast.

    Returns
    -------
    torch.Tensor, shape (..., times // 2 + 1)
        Per unit of the one-sided amplitude; 0 where the signal lacks the frequency and so has no phase.
    """
    spectrum = torch.fft.rfft(signal)
    amplitude = spectrum.abs() * bin_weights(signal.shape[-1]).to(signal)
    shares = spectral_shares(signal, gradient)
    return torch.where(amplitude > 0, shares / amplitude.clamp(min=torch.finfo(amplitude.dtype).tiny), 0.0)


def bin_weights(n_times: int) -> Tensor:
    """Return how often each bin of ``rfft`` counts, over the number of samples."""
    weights = torch.full((n_times // 2 + 1,), 2.0 / n_times, dtype=torch.float64)
    weights[0] = 1 / n_times
    if n_times % 2 == 0:
        weights[-1] = 1 / n_times
    return weights
