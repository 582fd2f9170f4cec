"""Single precision for filtering that a CPU must not do with 16 bits.

Generating the kernel of some 16-bit depthwise convolutions never ends on processors with AVX512-FP16 (oneDNN, as torch
2.11 to 2.14 bring it), and where it ends it is neither faster nor as exact.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

_NARROW = (torch.float16, torch.bfloat16)


def in_single_precision(function: Callable[..., Tensor], x: Tensor, *others: Any) -> Tensor:
    """Return ``function(x, *others)`` in the precision that a layer would return.

    On a CPU 16-bit tensors are widened for it, and autocast is switched off; elsewhere nothing changes.

    Examples
    --------
    >>> x = torch.ones(3, dtype=torch.bfloat16)
    >>> in_single_precision(lambda a, b: print(a.dtype, b.dtype) or a + b, x, x).dtype
    torch.float32 torch.float32
    torch.bfloat16
    """
    if x.device.type != "cpu":
        return function(x, *others)
    expected = x.dtype
    if expected != torch.float64 and torch.is_autocast_enabled("cpu"):
        expected = torch.get_autocast_dtype("cpu")
    with torch.autocast("cpu", enabled=False):
        return function(*map(widened, (x, *others))).to(expected)


def widened(value: Any) -> Any:
    """Return a 16-bit tensor on a CPU in single precision, and anything else as it is."""
    narrow = isinstance(value, Tensor) and value.device.type == "cpu" and value.dtype in _NARROW
    return value.float() if narrow else value


def is_narrow(module: nn.Module) -> bool:
    """Return whether a network has 16-bit weights: it is then analysed as a copy in single precision."""
    return any(parameter.dtype in _NARROW for parameter in module.parameters())
