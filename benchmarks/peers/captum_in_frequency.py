"""captum behind an inverse DFT: attributions of the real and the imaginary part of every bin, summed.

Ablation and KernelSHAP silence cells: bands of 4 Hz of one channel. STF-KernelSHAP (Pérez-Rosero et al. 2026,
https://doi.org/10.3390/computers15070428) also divides trials into windows; here a cell lasts for the whole trial, as
the truth does. Its authors' code needs TensorFlow and is in no registry, so captum's KernelSHAP does the sampling.
"""

from collections.abc import Callable

import torch
from captum import attr
from torch import Tensor, nn

from benchmarks.peers.spectrum import BehindDFT, band_cells, equal_parts, spectrum
from benchmarks.peers.wrapping import BATCH, in_batches, method, sampling_rate_hz, seeded

STEPS, DRAWS, NOISE = 50, 16, 0.1
N_COALITIONS = 600


def _behind(attribute: Callable[[nn.Module, Tensor, Tensor], Tensor], model: nn.Module, x: Tensor) -> Tensor:
    """Return what a function of (network, parts of a batch, parts of all) attributes to both parts of bins."""
    network, parts = BehindDFT(model, x.shape[-1]), spectrum(x)
    with seeded():
        return in_batches(lambda batch: attribute(network, batch, parts), parts)


@method("captum behind the DFT, saliency", domain="frequency", note="length of the gradient of both parts")
def saliency(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return the root of the sum of squares of the gradients of both parts."""
    return _behind(
        lambda network, parts, _: attr.Saliency(network).attribute(parts, target=target), model, x
    ).norm(dim=-1)


@method("captum behind the DFT, input × gradient", domain="frequency")
def input_x_gradient(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return the gradient times the spectrum."""
    return _behind(
        lambda network, parts, _: attr.InputXGradient(network).attribute(parts, target=target), model, x
    ).sum(-1)


@method("captum behind the DFT, integrated gradients", domain="frequency", note="50 steps from silence")
def integrated_gradients(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return the shares of a path from silence, in 50 steps."""
    return _behind(
        lambda network, parts, _: attr.IntegratedGradients(network).attribute(
            parts, target=target, n_steps=STEPS, internal_batch_size=BATCH
        ),
        model,
        x,
    ).sum(-1)


@method("captum behind the DFT, DeepLIFT", domain="frequency", note="from silence")
def deep_lift(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return DeepLIFT's contributions against silence (rescale rule)."""
    return _behind(
        lambda network, parts, _: attr.DeepLift(network).attribute(parts, target=target), model, x
    ).sum(-1)


@method("captum behind the DFT, gradient SHAP", domain="frequency", note="16 draws, from other trials")
def gradient_shap(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return expected gradients from the spectra of other trials."""
    return _behind(
        lambda network, parts, others: attr.GradientShap(network).attribute(
            parts, others, n_samples=DRAWS, target=target
        ),
        model,
        x,
    ).sum(-1)


@method(
    "captum behind the DFT, SmoothGrad",
    domain="frequency",
    note="16 draws, noise of 0.1 standard deviations; length of the mean gradient of both parts",
)
def smooth_grad(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return the root of the sum of squares of the mean gradients of both parts of noisy spectra."""
    return _behind(
        lambda network, parts, others: attr.NoiseTunnel(attr.Saliency(network)).attribute(
            parts,
            nt_samples=DRAWS,
            nt_samples_batch_size=1,
            stdevs=NOISE * float(others.std()),
            target=target,
            abs=False,
        ),
        model,
        x,
    ).norm(dim=-1)


def _cells(model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the cells of bins, (channels, bins), and those of both parts, (1, channels, bins, 2)."""
    cells = band_cells(x.shape[1], x.shape[2], sampling_rate_hz(model))
    return cells, cells[None, ..., None].expand(1, *cells.shape, 2)


@method(
    "captum behind the DFT, ablation of bands", domain="frequency", note="silence in one band of one channel"
)
def ablation(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return what silence in one band of 4 Hz of one channel costs."""
    cells, of_parts = _cells(model, x)
    with torch.no_grad():
        cost = _behind(
            lambda network, parts, _: attr.FeatureAblation(network).attribute(
                parts, target=target, feature_mask=of_parts
            ),
            model,
            x,
        )
    return cost[..., 0] / torch.bincount(cells.flatten())[cells]


@method(
    "captum behind the DFT, KernelSHAP of bands",
    domain="frequency",
    note="600 coalitions of bands of channels, absent ones silent; after STF-KernelSHAP, without its windows",
)
def kernel_shap(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return Shapley values of bands of 4 Hz of single channels, estimated from 600 coalitions per trial.

    With more cells than coalitions the values would not be determined; 32 channels to 50 Hz are 416 cells.
    """
    cells, of_parts = _cells(model, x)
    explainer = attr.KernelShap(BehindDFT(model, x.shape[-1]))
    with seeded(), torch.no_grad():
        values = [
            explainer.attribute(
                parts,
                target=target,
                feature_mask=of_parts,
                n_samples=N_COALITIONS,
                perturbations_per_eval=BATCH,
                return_input_shape=False,
            )[0]
            for parts in spectrum(x).split(1)
        ]
    return equal_parts(torch.stack(values), cells)
