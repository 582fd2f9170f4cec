"""Weights of other networks: their names and sizes, the cut-offs of other sinc layers, and what to do."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from sincviz._utils.text import counted, listed, shown_name
from sincviz.weights.content_walk import Place, walked
from sincviz.weights.file_content import FileContent
from sincviz.weights.pickle_scan import OTHER_KEYS, Named, Unread
from sincviz.weights.stored_tensor import StoredTensor
from sincviz.weights.torch_pickle import opens_weights_only

_MOST_FILTERS = 6
# Names of the lower cut-off and of the width: in Hz in SincNet's second version, in sampling rates in its first.
_SINC_LAYERS = (("low_hz_", "band_hz_", "Hz"), ("filt_b1", "filt_band", "× the sampling rate"))
_WAY_ON = (
    "It is not a network that is recognised. Name its class and the arguments of its training, "
    "`load_checkpoint(path, model=MyNetwork, model_args={...})`, on the command line `--model my_module:MyNetwork "
    "--model-args NAME=VALUE`. Analyses take a live network too: `sincviz.spectral_relevance(network, epochs, y)`; "
    "`@sincviz.networks.front_end.register` tells them how to read its filters."
)


def other_weights(content: FileContent) -> str:
    """Return which weights, not of a SincShallowNet, a file contains, and what to do, as text."""
    groups: dict[int, tuple[Place, dict[str, StoredTensor]]] = {}
    for place in walked(content.outline):
        if isinstance(place.node, StoredTensor) and place.above is not None:
            groups.setdefault(id(place.above.node), (place.above, {}))[1][str(place.key)] = place.node
    unread = content.outline.get(OTHER_KEYS, 0) if isinstance(content.outline, dict) else 0
    if not groups and unread:
        safe = all(map(opens_weights_only, content.names))
        trust = "" if safe else ", if you trust its source: that runs the code in it"
        return (
            f"It contains {unread} entr{'ies' if unread > 1 else 'y'} under keys that are not read: they are not text, "
            "small numbers or short tuples of them. If these are weights, save them under text keys: "
            f"`torch.save({{str(key): value for key, value in torch.load(path, weights_only={safe}).items()}}, "
            f'"weights.pt")`{trust}.'
        )
    if not groups:
        return f"It contains no weights at all, but {_kinds(content.outline)}."
    # Optimizer states are as large as the weights.
    place, weights = max(
        groups.values(), key=lambda group: ("optim" not in "/".join(group[0].keys).lower(), len(group[1]))
    )
    under = f" under {'/'.join(place.keys)!r}" if place.keys else ""
    described = [f"{shown_name(name)} {_size(weight)}" for name, weight in weights.items()]
    n_weights = counted(len(weights), "weight")
    return f"It contains {n_weights}{under}: {listed(described, 6)}. {_sinc_layers(weights, content.read)}{_WAY_ON}"


def _sinc_layers(
    weights: Mapping[str, StoredTensor], read: Callable[[Mapping[str, StoredTensor]], dict[str, Tensor]]
) -> str:
    """Return the cut-offs of SincNet layers, as far as weights determine them."""
    words = []
    for low_name, width_name, unit in _SINC_LAYERS:
        for name, low in weights.items():
            layer = name.removesuffix(low_name)
            width = weights.get(layer + width_name)
            if (
                layer == name
                or width is None
                or width.shape != low.shape
                or low.numel() != max(low.shape, default=0)
            ):
                continue
            if not (
                low.dtype.is_floating_point and width.dtype.is_floating_point and 0 < low.numel() < 2**16
            ):
                continue
            values = read({"low": low, "width": width})
            lows = values["low"].abs().flatten().tolist()
            widths = values["width"].abs().flatten().tolist()
            bands = [f"{low:.4g}–{low + width:.4g}" for low, width in zip(lows, widths, strict=True)]
            words.append(
                f"{shown_name(layer.removesuffix('.')) or 'It'} is a sinc layer as in SincNet, with {len(bands)} "
                f"filters whose cut-offs are {listed(bands, _MOST_FILTERS)} {unit}, to which its code adds a lowest "
                "frequency and a narrowest band that are not in the weights (50 Hz each in SincNet for speech). "
            )
    return "".join(words[:3])


def _size(weight: StoredTensor) -> str:
    return f"({', '.join(map(str, weight.shape))})"[:60] if weight.shape else "(one number)"


def _kinds(outline: Any) -> str:
    if isinstance(outline, Unread | Named):
        return f"an object of the class {shown_name(outline.name)}"
    if isinstance(outline, dict):
        return f"entries named {listed(outline, 6)}" if outline else "nothing"
    return f"one {type(outline).__name__}"
