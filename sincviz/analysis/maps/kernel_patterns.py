"""Patterns of units whose kernels are no product of a temporal and a spatial filter."""

from typing import NamedTuple

import torch
from torch import Tensor

from sincviz.networks.units import FrontEnd
from sincviz.trials.epochs import EpochsOrArray, input_batches

_STEPS = 20


class KernelPatterns(NamedTuple):
    """What units with any kernels see.

    Attributes
    ----------
    n_trials : int
        Number of trials.
    covariance : torch.Tensor, shape (filters, depth, channels)
        Of the unit with the channels, as its temporal filter on these trials lets them through; in double precision.
    variance : torch.Tensor, shape (filters, depth, 1)
        Of the unit.
    explained : torch.Tensor, shape (filters, depth)
        Share of that variance which one temporal and one spatial filter explain.
    """

    n_trials: int
    covariance: Tensor
    variance: Tensor
    explained: Tensor


@torch.no_grad()
def kernel_patterns(front_end: FrontEnd, epochs: EpochsOrArray) -> KernelPatterns:
    r"""Return what units see at the frequencies that they let through on these trials.

    With the cross-spectrum :math:`S(f)` of the trials, the output of a unit with the transfer functions :math:`H(f)`,
    one for each channel, is approximated by one spatial filter :math:`w` and one temporal filter :math:`h(f)`: those
    for which :math:`\sum_f (H - h w)^\top S (H - h w)^*` is smallest, by alternating least squares. The pattern is the
    covariance of the unit's whole output with the channels as :math:`h` filters them,
    :math:`\sum_f \mathrm{Re}(h^* S^\top H)`; :math:`h` has a gain of 1 where the unit's output is largest. For a kernel
    that is a product this is its covariance with the channels as its temporal filter lets them through.

    Means of channels over trials and times are removed; outside a trial there is silence.
    """
    kernels = front_end.kernels_of_units().double()
    n_trials, n_values, n_fft, spectrum = _cross_spectrum(front_end, epochs)
    # A convolution layer does not reverse its kernels.
    units = (
        torch.fft.rfft(kernels.flatten(0, 1), n_fft).conj().permute(2, 0, 1)
    )  # (frequencies, units, channels)
    passed = units @ spectrum
    power = (passed * units.conj()).real.sum(2)  # (frequencies, units)
    variance = power.sum(0)
    peak = power.argmax(0)
    at_peak = units[peak, torch.arange(len(peak))]
    starts = (_best_real(at_peak), front_end.spatial.flatten(0, 1).double().to(at_peak.device))
    fits = [_best_product(start, passed, spectrum) for start in starts]
    better = fits[1][1] > fits[0][1]
    temporal = torch.where(better, fits[1][0], fits[0][0])
    explained = torch.where(better, fits[1][1], fits[0][1])
    gain = temporal.abs().gather(0, peak[None])[0]
    covariance = (temporal.conj()[..., None] * passed).real.sum(0) / gain[:, None]
    shape = kernels.shape[:2]
    return KernelPatterns(
        n_trials,
        (covariance / n_values).reshape(*shape, -1).cpu(),
        (variance / n_values).reshape(*shape, 1).cpu(),
        (explained / variance).reshape(shape).cpu(),
    )


def _cross_spectrum(front_end: FrontEnd, epochs: EpochsOrArray) -> tuple[int, int, int, Tensor]:
    """Return numbers of trials, of values, of the transform's samples, and the cross-spectrum.

    It has the shape (frequencies, channels, channels); summed over frequencies it is the sum over trials and times of
    the products of channels.
    """
    n_trials = n_times = 0
    mean = torch.zeros(0)
    for batch in input_batches(front_end, epochs):
        x = torch.from_numpy(batch).double()
        mean = x.sum((0, 2)) + (mean if n_trials else 0)
        n_trials, n_times = n_trials + len(x), x.shape[2]
    mean = (mean / (n_trials * n_times))[:, None]
    # Long enough for kernels to end after the trial, so that no end meets a beginning.
    n_fft = n_times + front_end.kernels.shape[1] - 1
    spectrum = torch.zeros(0)
    for number, batch in enumerate(input_batches(front_end, epochs)):
        signal = torch.fft.rfft(torch.from_numpy(batch).double() - mean, n_fft).permute(2, 1, 0)
        product = signal @ signal.mH
        spectrum = product if number == 0 else spectrum + product
    weight = torch.full((len(spectrum), 1, 1), 2.0 / n_fft, dtype=torch.float64)
    weight[0] = 1 / n_fft
    if n_fft % 2 == 0:
        weight[-1] = 1 / n_fft
    return n_trials, n_trials * n_times, n_fft, (weight * spectrum).to(front_end.device)


def _best_real(values: Tensor) -> Tensor:
    """Return the real part of vectors after the common rotation that makes it largest."""
    angle = torch.angle(values.square().sum(1, keepdim=True)) / 2
    return (values * torch.exp(-1j * angle)).real


def _best_product(spatial: Tensor, passed: Tensor, spectrum: Tensor) -> tuple[Tensor, Tensor]:
    """Return temporal filters (frequencies, units) and what the best products explain (units,), from first guesses.

    Parameters
    ----------
    spatial : torch.Tensor, shape (units, channels)
        Where to begin.
    passed : torch.Tensor, shape (frequencies, units, channels)
        Transfer functions times the cross-spectrum.
    spectrum : torch.Tensor, shape (frequencies, channels, channels)
        The cross-spectrum.
    """
    real = spectrum.real
    for step in range(_STEPS + 1):
        spatial = spatial / spatial.norm(dim=1, keepdim=True).clamp(min=1e-300)
        crossed = (passed * spatial).sum(2)
        own = ((spatial @ real) * spatial).sum(2)
        silent = own <= 1e-12 * own.amax(0)
        temporal = torch.where(silent, 0, crossed / torch.where(silent, 1, own))
        if step == _STEPS:
            break
        weighted = torch.einsum("fu,fcd->ucd", temporal.abs().square(), real)
        right = (temporal.conj()[..., None] * passed).real.sum(0)
        # Channels of an average reference depend on one another.
        spatial = (torch.linalg.pinv(weighted, rtol=1e-9, hermitian=True) @ right[..., None])[..., 0]
    return temporal, (temporal.conj() * crossed).real.sum(0)
