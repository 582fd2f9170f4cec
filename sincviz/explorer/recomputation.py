"""Recomputation: everything that a page needs to compute the scores of trials anew, checked against the network."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from sincviz.networks.front_ends import FrontEnd

ACTIVATIONS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "elu": lambda x, alpha: torch.where(x > 0, x, alpha * torch.expm1(x)),
    "leaky_relu": lambda x, alpha: torch.where(x > 0, x, alpha * x),
    "softplus": lambda x, _: F.softplus(x),
    "sigmoid": lambda x, _: torch.sigmoid(x),
    "silu": lambda x, _: F.silu(x),
    "tanh": lambda x, _: torch.tanh(x),
    "square": lambda x, _: x.square(),
}
"""What the page can compute; ``leaky_relu`` with 0 is ReLU and with 1 the identity."""

_TOLERANCE = 1e-4  # of the largest score
_MOST_CHECKED = 16  # trials


class NotRecomputableError(Exception):
    """The network has a part that the page cannot compute; the message says which."""


def network_arrays(front_end: FrontEnd, trials: NDArray[np.floating[Any]]) -> xr.Dataset:
    """Return the arrays from which the scores of trials can be computed.

    Parameters
    ----------
    front_end : FrontEnd
        The network.
    trials : array, shape (trials, channels, times)
        Trials as the network takes them, on which the recomputation is checked.

    Returns
    -------
    xarray.Dataset
        ``kernels`` (filter, tap), ``spatial_weights`` (filter, depth, channel), ``scale`` and ``bias`` (filter, depth),
        ``head`` (class, filter, depth, pooled), ``head_bias`` (class), and where cut-offs make
        the kernels ``cutoffs_hz`` (filter, limit), ``window`` and ``n_pi`` (half); attributes ``activation``
        (name and alpha), ``pool`` (starts and size), ``pad`` and ``bank_std``.

    Raises
    ------
    NotRecomputableError
        If a part of the network is unknown, or the scores of these trials are not those of the network.
    """
    if front_end.head is None or front_end.features is None:
        raise NotRecomputableError("Its head is not one linear layer on pooled maps.")
    if front_end.activation is None or front_end.pooling is None:
        raise NotRecomputableError("Its non-linearity is not followed by a linear pooling.")
    if front_end.device.type != "cpu":
        raise NotRecomputableError("It is not on the CPU.")
    with torch.no_grad():
        few = torch.from_numpy(trials[:_MOST_CHECKED])
        maps = front_end.maps(few)
        name, alpha = _activation(front_end, maps)
        start, size = _pool(front_end, maps)
        zero = torch.zeros_like(maps[:1])
        head_bias = front_end.tail(zero)[0] - (front_end.head * front_end.features(zero)).sum((1, 2, 3))
        arrays = xr.Dataset(
            {
                "kernels": (("filter", "tap"), front_end.kernels.numpy()),
                "spatial_weights": (("filter", "depth", "channel"), front_end.spatial.numpy()),
                "scale": (("filter", "depth"), front_end.scale.numpy()),
                "bias": (("filter", "depth"), front_end.bias.numpy()),
                "head": (("class", "filter", "depth", "pooled"), front_end.head.numpy()),
                "head_bias": ("class", head_bias.numpy()),
            },
            attrs={
                "activation": {"name": name, "alpha": alpha},
                "pool": {"starts": start.tolist(), "size": size},
                "pad": list(front_end.pad),
                "bank_std": None,
            },
        )
        sinc = _sinc_arrays(front_end)
        arrays = arrays.merge(sinc).assign_attrs(sinc.attrs)
        scores, again = (
            front_end.scores(few).double().numpy(),
            recomputed_scores(arrays, trials[:_MOST_CHECKED]),
        )
    if not np.abs(again - scores).max() <= _TOLERANCE * np.abs(scores).max(initial=1e-30):
        raise NotRecomputableError("What is known of it does not give its scores.")
    return arrays


def recomputed_scores(arrays: xr.Dataset, trials: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the scores of trials, shape (trials, classes), from the arrays alone, as the page computes them."""
    kernels, spatial, scale, bias, head = (
        torch.from_numpy(arrays[name].to_numpy()).double()
        for name in ("kernels", "spatial_weights", "scale", "bias", "head")
    )
    filters, depth, _ = spatial.shape
    pool, activation = arrays.attrs["pool"], arrays.attrs["activation"]
    start = np.array(pool["starts"])
    scores = []
    for trial in torch.from_numpy(np.asarray(trials)):
        mixed = torch.einsum("fdc,ct->fdt", spatial, trial.double()).reshape(1, filters * depth, -1)
        padded = F.pad(mixed, arrays.attrs["pad"])
        filtered = F.conv1d(padded, kernels.repeat_interleave(depth, 0)[:, None], groups=filters * depth)
        maps = scale[..., None] * filtered.reshape(filters, depth, -1) + bias[..., None]
        active = ACTIVATIONS[activation["name"]](maps, activation["alpha"])
        total = F.pad(active.cumsum(-1), (1, 0))
        pooled = (total[..., start + pool["size"]] - total[..., start]) / pool["size"]
        scores.append(torch.einsum("kfdw,fdw->k", head, pooled).numpy())
    again: NDArray[np.float64] = np.array(scores) + arrays["head_bias"].to_numpy()
    return again


def _activation(front_end: FrontEnd, maps: Tensor) -> tuple[str, float]:
    """Return the name of the activation, found by what it does."""
    reach = max(float(maps.abs().max()), 30.0)
    x = torch.linspace(-reach, reach, maps[0].numel(), dtype=maps.dtype).reshape(maps[:1].shape)
    assert front_end.activation is not None  # checked by the caller
    y = front_end.activation(x).reshape(x.shape)
    lowest = float(y.flatten()[0])
    for name, alpha in (
        ("leaky_relu", -lowest / reach),
        ("elu", -lowest),
        *((name, 0.0) for name in ("softplus", "sigmoid", "silu", "tanh", "square")),
    ):
        if torch.allclose(ACTIVATIONS[name](x, alpha), y, rtol=1e-5, atol=1e-5):
            return name, round(alpha, 6) + 0.0  # no minus zero
    raise NotRecomputableError("Its activation is none that the page can compute.")


def _pool(front_end: FrontEnd, maps: Tensor) -> tuple[NDArray[np.int64], int]:
    """Return the first sample of every window, and how many each averages, found by what the pooling does."""
    assert front_end.pooling is not None  # checked by the caller
    time = torch.arange(maps.shape[-1], dtype=torch.float64)
    mean, square = (
        front_end.pooling(values.expand(1, *maps.shape[1:]).contiguous())[0, 0, 0]
        for values in (time, time.square())
    )
    # The variance of so many successive numbers is (size² − 1) / 12.
    size = int((12 * (square - mean.square()).clamp(min=0) + 1).sqrt().round()[0])
    start = (mean - (size - 1) / 2).round().long().numpy()
    averages = maps.unfold(-1, size, 1).mean(-1)[..., start] if start.min() >= 0 else None
    windows = front_end.pooling(maps)
    if (
        averages is None
        or averages.shape != windows.shape
        or not torch.allclose(averages, windows, atol=1e-4)
    ):
        raise NotRecomputableError("Its pooling is not an average over windows.")
    return start, size


def _sinc_arrays(front_end: FrontEnd) -> xr.Dataset:
    """Return what makes kernels from cut-offs, or nothing where filters are free."""
    layer, cutoffs = front_end.sinc_layer, front_end.cutoffs
    if layer is None or cutoffs is None or layer.time_filter_len != front_end.kernels.shape[1]:
        return xr.Dataset()
    if not torch.allclose(layer.kernels_of(cutoffs), front_end.kernels, rtol=1e-4, atol=1e-5):
        return xr.Dataset()
    return xr.Dataset(
        {
            "cutoffs_hz": (("filter", "limit"), cutoffs.numpy()),
            "window": ("half", layer.window.flatten().numpy()),
            "n_pi": ("half", layer.n_pi.flatten().numpy()),
        },
        # The bank has a standard deviation of 1; the kernel's largest value, 1, was divided by it.
        attrs={"bank_std": float(1 / front_end.kernels[:, layer.window.numel()].mean())},
    )
