"""Copies of a network that can be inspected, changed and compared."""

import copy

import torch
from torch import Tensor, nn

from sincviz.networks.precision import is_narrow
from sincviz.networks.wrappers import unwrapped

_SAME = 1e-3  # of the scores' spread: float32 in another order


@torch.inference_mode(False)
def evaluated_copy(model: object) -> nn.Module:
    """Return a copy of the network in evaluation mode, which can be inspected and changed.

    A 16-bit network is copied in single precision, like the trials.

    Raises
    ------
    TypeError
        If this is not a module; a :class:`sincviz.networks.FrontEnd` is not one.
    """
    inner = unwrapped(model)
    if not isinstance(inner, nn.Module):
        raise TypeError(
            f"This needs the network itself, because it uses its layers; got {type(inner).__name__}. Pass the "
            "`torch.nn.Module`."
        )
    # Tensors that a layer keeps from its last forward pass belong to a graph and cannot be copied.
    kept = [value for layer in inner.modules() for value in vars(layer).values() if isinstance(value, Tensor)]
    detached = {id(value): value.detach().clone() for value in kept if not value.is_leaf}
    try:
        copied = copy.deepcopy(inner, detached).eval().requires_grad_(False)
        return copied.float() if is_narrow(copied) else copied
    except RuntimeError as error:
        raise TypeError(
            f"{type(inner).__name__} cannot be copied: {str(error).rstrip('.')}. If it keeps tensors of its last "
            "forward pass, delete them."
        ) from None


def maps_alike(one: nn.Module, other: nn.Module, n_chans: int, n_times: int) -> bool:
    """Return whether two networks return the same scores for noise, in evaluation mode.

    Examples
    --------
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(6, 2))
    >>> maps_alike(network, nn.Sequential(network), 2, 3), maps_alike(network, nn.Flatten(), 2, 3)
    (True, False)
    """
    x = 10 * torch.randn(2, n_chans, n_times, generator=torch.Generator().manual_seed(0))
    try:
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            first, second = (_scores(module, x) for module in (one, other))
    except (RuntimeError, ValueError, TypeError, AttributeError, LookupError, NotImplementedError):
        return False
    if not (isinstance(first, Tensor) and isinstance(second, Tensor) and first.shape == second.shape):
        return False
    first, second = first.cpu().double(), second.cpu().double()
    # Weights that are not finite make the scores of both not finite.
    error = (first - second).nan_to_num().abs().max()
    same_gaps = torch.equal(first.isfinite(), second.isfinite())
    return same_gaps and bool(error <= _SAME * second.nan_to_num().abs().max().clamp(min=1e-6))


def _scores(module: nn.Module, x: Tensor) -> Tensor:
    copied = evaluated_copy(module)
    like = next(copied.parameters(), x)
    scores: Tensor = copied(x.to(like.device, like.dtype).clone())
    return scores
