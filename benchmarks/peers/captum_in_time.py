"""captum on the samples of trials.

Gradients keep their signs, although captum's saliency takes absolute values by default: the benchmark does that
itself. DeepLIFT and guided backprop change modules: a nonlinearity that is called as a function is explained by its
gradient, and guided backprop changes ReLU only, so that it is the gradient in networks of ELU.

Grad-CAM of a layer is not among them: a layer after the spatial convolution has no channels, so there is nothing to
say about the channels that the truth names.
"""

import torch
from captum import attr
from torch import Tensor, nn

from benchmarks.peers.spectrum import WINDOW_S
from benchmarks.peers.wrapping import BATCH, in_batches, method, sampling_rate_hz, seeded

STEPS, DRAWS, NOISE = 50, 16, 0.1


@method("captum, gradient", domain="time", note="signed")
def gradient(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return the gradient of the score."""
    return in_batches(lambda batch: attr.Saliency(model).attribute(batch, target=target, abs=False), x)


@method("captum, input × gradient", domain="time")
def input_x_gradient(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return the gradient times the trial."""
    return in_batches(lambda batch: attr.InputXGradient(model).attribute(batch, target=target), x)


@method("captum, integrated gradients", domain="time", note="50 steps from silence")
def integrated_gradients(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return the shares of a path from silence, in 50 steps."""
    return in_batches(
        lambda batch: attr.IntegratedGradients(model).attribute(
            batch, target=target, n_steps=STEPS, internal_batch_size=BATCH
        ),
        x,
    )


@method("captum, DeepLIFT", domain="time", note="from silence")
def deep_lift(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return DeepLIFT's contributions against silence (rescale rule)."""
    return in_batches(lambda batch: attr.DeepLift(model).attribute(batch, target=target), x)


@method("captum, gradient SHAP", domain="time", note="16 draws, from other trials")
def gradient_shap(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return expected gradients from other trials."""
    with seeded():
        return in_batches(
            lambda batch: attr.GradientShap(model).attribute(batch, x, n_samples=DRAWS, target=target), x
        )


@method("captum, guided backprop", domain="time", note="the gradient where a network has no ReLU")
def guided_backprop(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return the gradient without the negative ones at every ReLU."""
    return in_batches(lambda batch: attr.GuidedBackprop(model).attribute(batch, target=target), x)


@method("captum, SmoothGrad", domain="time", note="16 draws, noise of 0.1 standard deviations, signed")
def smooth_grad(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return the mean gradient of noisy copies of a trial."""
    tunnel, noise = attr.NoiseTunnel(attr.Saliency(model)), NOISE * float(x.std())
    with seeded():
        return in_batches(
            lambda batch: tunnel.attribute(
                batch, nt_samples=DRAWS, nt_samples_batch_size=1, stdevs=noise, target=target, abs=False
            ),
            x,
        )


@method("captum, occlusion", domain="time", note="silence in one channel for 50 ms")
def occlusion(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return what silence in one channel for 50 ms costs; every sample has an equal part of its window's value."""
    n_times = max(1, round(WINDOW_S * sampling_rate_hz(model)))
    window, explainer = (1, n_times), attr.Occlusion(model)
    with torch.no_grad():
        cost = in_batches(lambda batch: explainer.attribute(batch, window, window, target=target), x)
    return cost / n_times
