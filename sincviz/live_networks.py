"""Networks of others that hold the weights of a SincShallowNet, such as braindecode's."""

from typing import Any, TypeGuard, cast

from torch import nn

from sincviz.models.sinc_shallow import SincShallowNet


def is_live_network(model: object) -> TypeGuard[nn.Module]:
    """Tell somebody else's network with the state dict of a SincShallowNet."""
    return (
        isinstance(model, nn.Module)
        and not isinstance(model, SincShallowNet)
        and "sinc_filter_layer.low_freqs" in model.state_dict()
    )


def from_live_network(model: nn.Module) -> SincShallowNet:
    """Return ours, from a network with the same state dict that tells its own configuration."""
    if not hasattr(model, "get_config"):
        raise TypeError(
            f"{type(model).__name__} has the weights of a SincShallowNet but no `get_config`. Build a "
            "`sincviz.SincShallowNet` with its settings and `load_state_dict(model.state_dict())`."
        )
    ours = SincShallowNet.from_config(cast(Any, model).get_config())
    ours.load_state_dict({key: value.cpu() for key, value in model.state_dict().items()})
    # No state dict tells the momentum, which decides what the running statistics are worth.
    for name, layer in model.named_modules():
        if isinstance(layer, nn.BatchNorm2d):
            cast(nn.BatchNorm2d, ours.get_submodule(name)).momentum = layer.momentum
    return ours.eval()
