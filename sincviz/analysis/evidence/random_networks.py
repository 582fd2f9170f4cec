"""Networks with some layers drawn anew."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from sincviz.networks.decoder import evaluated_copy
from sincviz.networks.front_ends import unwrapped
from sincviz.networks.live_networks import from_live_network, is_live_network
from sincviz.networks.sinc_conv import SincConv


def layers_with_weights(module: nn.Module, trials: Tensor) -> list[str]:
    """Return the names of the layers with their own parameters, in the order of the forward pass."""
    layers = {
        name: layer
        for name, layer in module.named_modules()
        if any(True for _ in layer.parameters(recurse=False))
    }
    called: list[str] = []
    handles = [
        layer.register_forward_hook(lambda *_, name=name: called.append(name))
        for name, layer in layers.items()
    ]
    try:
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            module(trials[:1].clone())
    finally:
        for handle in handles:
            handle.remove()
    # Layers whose weights are used without calling them come last, in the order of definition.
    return list(dict.fromkeys([*called, *layers]))


def changeable_copy(model: object) -> nn.Module:
    """Return a copy whose layers can be drawn anew; braindecode's SincShallowNet becomes one of ours.

    Raises
    ------
    TypeError
        If this is not a module.
    """
    inner = unwrapped(model)
    return from_live_network(inner) if is_live_network(inner) else evaluated_copy(inner)


def with_random_layers(module: nn.Module, layers: list[str], trials: Tensor, seed: int) -> nn.Module:
    """Return a copy of a network with the weights of some layers drawn anew.

    Layers are initialised as usual (``reset_parameters``). A sinc layer, which always starts from the same cut-offs,
    draws them uniformly; a layer that cannot reset itself draws from a normal distribution with the standard deviation
    of each parameter. Batch normalisations then estimate their statistics on the trials, as in a network that has seen
    data.

    Parameters
    ----------
    module : torch.nn.Module
        The network; it is not changed.
    layers : list of str
        Names of the layers.
    trials : torch.Tensor, shape (trials, channels, times)
        Trials for the statistics of the batch normalisations.
    seed : int
        Seed of the draws.

    Returns
    -------
    torch.nn.Module
        In evaluation mode.
    """
    # Drawn on the CPU, because generators differ between devices: a seed gives the same weights on all.
    network = copy.deepcopy(module).cpu()
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.default_generator.manual_seed(seed)
        for name in layers:
            _draw(network.get_submodule(name))
        _measure_normalisations(network.to(trials.device), trials)
    return network.eval()


def _draw(layer: nn.Module) -> None:
    if isinstance(layer, SincConv):
        layer.draw_cutoffs()
    elif callable(getattr(layer, "reset_parameters", None)):
        layer.reset_parameters()  # type: ignore[operator]
    else:
        for parameter in layer.parameters(recurse=False):
            spread = float(parameter.std(correction=0)) or float(parameter.abs().mean()) or 1.0
            parameter.normal_(0.0, spread)


def _measure_normalisations(network: nn.Module, trials: Tensor) -> None:
    normalisations = [
        layer for layer in network.modules() if isinstance(layer, _BatchNorm) and layer.track_running_stats
    ]
    if not normalisations:
        return
    momenta = [layer.momentum for layer in normalisations]
    for layer in normalisations:
        layer.reset_running_stats()
        layer.momentum = None  # the average of all batches
        layer.train()
    for batch in torch.split(trials, 128):
        if len(batch) > 1 or len(trials) == 1:
            with torch.autocast("cpu", enabled=False):
                network(batch.clone())
    for layer, momentum in zip(normalisations, momenta, strict=True):
        layer.momentum = momentum
        layer.eval()
