"""Recomputation in the backward pass of what would cost more memory to keep than time to compute."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def recomputed(function: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """Return ``function(*inputs)``, keeping only the inputs for the backward pass.

    Unlike ``torch.utils.checkpoint`` this works inside the transforms of ``torch.func``. All tensors that need
    gradients must be among the inputs, and the function must give the same result when it is called again.

    Examples
    --------
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> torch.autograd.grad(recomputed(torch.square, x), x)
    (tensor(6.),)
    """
    result: Tensor = _Recomputed.apply(function, *inputs)  # type: ignore[no-untyped-call]
    return result


class _Recomputed(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(function: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
        return function(*inputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.function, *tensors = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        pull_back = torch.func.vjp(ctx.function, *ctx.saved_tensors)[1]
        return None, *pull_back(gradient)
