"""DFT-LRP: layer-wise relevance propagation through a network and an inverse DFT before it.

Vielhaben, Lapuschkin, Montavon, Samek: Explainable AI for time series via virtual inspection layers. Pattern
Recognition 150 (2024), 110309, https://doi.org/10.1016/j.patcog.2024.110309. Their code is in no registry.

Relevance of a value is the value times a modified gradient. With the epsilon rule in the limit of a small epsilon, a
nonlinearity f is differentiated as f(z) / z, and linear layers as they are (Ancona, Ceolini, Öztireli, Gross: Towards
better understanding of gradient-based attribution methods, ICLR 2018, proposition 1); biases keep their part. With the
z+ rule (Montavon et al. 2017), a convolution hands relevance to its positive contributions (x w)⁺ only, in proportion
to them; the authors combine it with the epsilon rule in linear layers. This needs a convolution that is called as one:
a network that computes it by other products, as SincShallowNet may, has the epsilon rule there. A batch normalization
is a linear layer of its own. The inverse DFT is a linear layer with the epsilon rule: parts of bins times their
modified gradient.

There is no rule for squares, logarithms and products of values, so that not every network can be explained.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from benchmarks.peers.spectrum import BehindDFT, spectrum
from benchmarks.peers.wrapping import in_batches, method

NOTE = "written anew from the paper"
SMALL = 1e-9


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


CONVOLUTIONS = _named("conv1d conv2d conv3d")
ACTIVATIONS = _named("elu relu leaky_relu selu celu gelu silu tanh mish softsign hardtanh")
PRODUCTS = _named("matmul __matmul__ einsum mm bmm tensordot mul __mul__ __rmul__")
SUMS = _named(
    "linear addmm batch_norm add __add__ __radd__ sub __sub__ neg div __truediv__ mean sum cumsum avg_pool1d "
    "avg_pool2d adaptive_avg_pool1d adaptive_avg_pool2d complex fft_irfft fft_rfft"
)
CHOICES = _named(
    "max_pool1d max_pool2d adaptive_max_pool1d adaptive_max_pool2d dropout dropout1d dropout2d feature_dropout "
    "alpha_dropout pad cat stack flatten unflatten reshape view permute transpose squeeze unsqueeze expand swapaxes "
    "movedim narrow unfold contiguous clone to float type __getitem__ split chunk unbind flip roll"
)
LINEAR = PRODUCTS | SUMS | CHOICES


class _Rules(TorchFunctionMode):
    """Gives values that depend on the trials the gradients of relevance propagation."""

    def __init__(self, network: str, *, plus: bool):
        super().__init__()
        self.network, self.plus = network, plus

    def __torch_function__(
        self, func: Callable[..., Any], types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs, name = kwargs or {}, func.__name__
        explained = sum(
            isinstance(leaf, Tensor) and leaf.requires_grad for leaf in tree_leaves((args, kwargs))
        )
        if not explained:
            return func(*args, **kwargs)
        if name in ACTIVATIONS:
            return _with_ratio(func, *args, **kwargs)
        if name in CONVOLUTIONS and explained == 1:
            return _z_plus(func, *args, **kwargs) if self.plus else func(*args, **kwargs)
        if name not in LINEAR:
            found = func(*args, **kwargs)
            if not any(isinstance(leaf, Tensor) for leaf in tree_leaves(found)):
                return found  # a size or a type, which says nothing of values
        of_a_constant = name in ("div", "__truediv__") and not args[0].requires_grad
        if name not in LINEAR or (explained > 1 and name in PRODUCTS) or of_a_constant:
            raise ValueError(
                f"`model` must consist of linear layers, pooling and activations without offset; got `{name}` of "
                f"values that depend on the trials, in {self.network}. Try input × gradient or integrated "
                "gradients behind the inverse DFT, which need no rules."
            )
        return func(*args, **kwargs)


def _with_ratio(func: Callable[..., Tensor], z: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """Return f(z), differentiated as f(z) / z."""
    with torch.no_grad():
        ratio = func(z.clone(), *args, **kwargs) / torch.where(z.abs() < SMALL, torch.ones_like(z), z)
    return z * ratio


def _z_plus(
    func: Callable[..., Tensor],
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *args: Any,
    **kwargs: Any,
) -> Tensor:
    """Return a convolution, differentiated so that positive contributions share its relevance."""
    with torch.no_grad():
        value = func(x, weight, bias, *args, **kwargs)
    positive = func(x.clamp(min=0), weight.clamp(min=0), None, *args, **kwargs)
    positive = positive + func(x.clamp(max=0), weight.clamp(max=0), None, *args, **kwargs)
    with torch.no_grad():
        ratio = torch.where(positive > SMALL, value / positive.clamp(min=SMALL), torch.zeros_like(value))
    # What has no positive contribution keeps its value, and hands on nothing.
    return positive * ratio + (value - positive.detach() * ratio)


def _relevance(model: nn.Module, x: Tensor, target: int, *, plus: bool) -> Tensor:
    network = BehindDFT(model, x.shape[-1])
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def of(parts: Tensor) -> Tensor:
        parts = parts.clone().requires_grad_(True)
        with _Rules(type(model).__name__, plus=plus):
            scores = network(parts)
        (modified,) = torch.autograd.grad(scores[:, target].sum(), parts)
        return (parts * modified).sum(-1)

    for parameter in trained:  # what requires a gradient depends on the trials
        parameter.requires_grad_(False)
    try:
        with torch.enable_grad():
            return in_batches(of, spectrum(x))
    finally:
        for parameter in trained:
            parameter.requires_grad_(True)


@method("DFT-LRP, epsilon", domain="frequency", note=f"{NOTE}; epsilon rule in all layers")
def epsilon(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return relevance of bins with the epsilon rule in all layers."""
    return _relevance(model, x, target, plus=False)


@method("DFT-LRP, epsilon and z+", domain="frequency", note=f"{NOTE}; z+ rule in convolutions")
def epsilon_and_z_plus(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return relevance of bins with the z+ rule in convolutions and the epsilon rule in all other layers."""
    return _relevance(model, x, target, plus=True)
