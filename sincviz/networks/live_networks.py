"""Live networks of other libraries with the weights of a SincShallowNet, such as braindecode's."""

import inspect
from collections.abc import Mapping
from typing import Any, TypeGuard, cast

from torch import Tensor, nn

from sincviz.networks.sinc_shallow import SincShallowNet
from sincviz.weights.deduction import configuration
from sincviz.weights.state_dict import EARLIER_LAYOUT, is_earlier, now_named


def is_live_network(model: object) -> TypeGuard[nn.Module]:
    """Return whether a foreign network has the state dict of a SincShallowNet."""
    return (
        isinstance(model, nn.Module)
        and not isinstance(model, SincShallowNet)
        and "sinc_filter_layer.low_freqs" in model.state_dict()
    )


def from_live_network(model: nn.Module) -> SincShallowNet:
    """Return a SincShallowNet from a network with the same weights, configured as it or its layers say."""
    weights = {name: value.detach().cpu() for name, value in model.state_dict().items()}
    provenance: dict[str, Any] = {}
    if is_earlier(weights):
        weights = now_named(weights)
        provenance["format"] = f"live network, {EARLIER_LAYOUT}"
    if hasattr(model, "get_config"):
        config = cast(Any, model).get_config()
    else:
        config, provenance["assumed"] = _config_of_layers(model, weights)
    ours = SincShallowNet.from_config(config)
    ours.load_state_dict(weights)
    ours.provenance = provenance
    # A state dict does not store the momentum, which decides what the running statistics are worth.
    for layer, theirs in zip(_normalisations(ours), _normalisations(model), strict=True):
        layer.momentum = theirs.momentum
    return ours.eval()


def _normalisations(model: nn.Module) -> list[nn.BatchNorm2d]:
    return [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]


def _config_of_layers(
    model: nn.Module, weights: Mapping[str, Tensor]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings that the layers have (braindecode's first versions), and what had to be assumed."""
    network = cast(Any, model)
    try:
        activation, pooling, dropout = network.temporal_aggregation[1:4]
        known = {
            "min_freq": network.sinc_filter_layer.min_freq,
            "padding": network.sinc_filter_layer.padding,
            "activation": type(activation),
            "pool_size": pooling.kernel_size[1],
            "pool_stride": pooling.stride[1],
            "drop_prob": dropout.p,
            "n_times": network.n_times,
        }
    except (AttributeError, TypeError, ValueError, IndexError) as error:
        raise TypeError(
            f"{type(model).__name__} has the weights of a SincShallowNet but no `get_config`, and its layers do not "
            "store its settings. Build a `sincviz.SincShallowNet` with its settings and "
            "`load_state_dict(model.state_dict())`."
        ) from error
    defaults = {
        name: setting.default for name, setting in inspect.signature(SincShallowNet).parameters.items()
    }
    config, assumed = configuration(weights, known=known, defaults=defaults)
    channels = getattr(model, "_chs_info", None)  # the property of braindecode raises where there are none
    return config if channels is None else config | {"chs_info": channels}, assumed
