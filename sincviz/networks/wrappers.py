"""Wrappers around a network: classifiers, pipelines, searches; compiled, parallel and Lightning modules."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

HELD_AS = ("model", "module", "net", "network")
"""Attribute names under which modules hold a network."""

_LIGHTNING = ("lightning", "pytorch_lightning")


def unwrapped(model: Any) -> Any:
    """Return the network inside a fitted classifier, a pipeline, a compiled or a data-parallel network.

    Raises
    ------
    TypeError
        If a classifier or search was never fitted, or the network was compiled by TorchScript.
    """
    return list(layers_around(model))[-1]


def layers_around(model: Any) -> Iterator[Any]:
    """Yield the object that was passed and everything that it wraps, down to the network.

    Raises
    ------
    TypeError
        If a classifier was never fitted.

    Examples
    --------
    >>> inner = nn.Linear(2, 2)
    >>> [type(layer).__name__ for layer in layers_around(nn.DataParallel(inner))]
    ['DataParallel', 'Linear']
    """
    yield model
    if (inside := _inside(model)) is not None:
        yield from layers_around(inside[1])


def held_networks(module: nn.Module) -> dict[str, nn.Module]:
    """Return, by name, the child modules that may be the wrapped network: those with all parameters."""
    parameter_ids = {id(parameter) for parameter in module.parameters()}
    return {
        name: child
        for name, child in module.named_children()
        if name in HELD_AS
        and parameter_ids
        and {id(parameter) for parameter in child.parameters()} == parameter_ids
    }


def skipped_steps(model: Any) -> list[str]:
    """Return the names of the pipeline steps that change trials before the last step.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer, StandardScaler
    >>> skipped_steps(make_pipeline(FunctionTransformer(), StandardScaler(), nn.Linear(2, 2)))
    ['standardscaler']
    """
    return [name for layer in layers_around(model) for name in _changing(layer)]


def place_of_skipped(model: Any, name: str = "model") -> str:
    """Return the expression for the pipeline whose steps are skipped, within the object that was passed.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> pipeline = make_pipeline(StandardScaler(), nn.Linear(2, 2))
    >>> place_of_skipped(SimpleNamespace(best_estimator_=pipeline))
    'model.best_estimator_'
    """
    while not _changing(model) and (inside := _inside(model)) is not None:
        name, model = name + inside[0], inside[1]
    return name


def has_forward(module: nn.Module) -> bool:
    """Return whether a module has its own forward pass; a LightningModule need not have one."""
    forward = type(module).forward
    made_by = getattr(forward, "__module__", "").partition(".")[0]
    return forward is not nn.Module.forward and made_by not in _LIGHTNING


def _changing(layer: Any) -> list[str]:
    """Return the names of the steps of this pipeline that change trials."""
    return [
        str(name)
        for name, step in _steps(layer)[:-1]
        # scikit-learn's FunctionTransformer may have no function.
        if step is not None and step != "passthrough" and getattr(step, "func", step) is not None
    ]


def _inside(model: Any) -> tuple[str, Any] | None:
    """Return what a wrapper holds, and the expression for it after the wrapper's name; ``None`` for a network."""
    if hasattr(model, "weights_sha256"):  # already opened
        return (".module", model.module) if isinstance(model.module, nn.Module) else None
    if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
        return ".module", model.module
    for attribute in ("best_estimator_", "module_", "_orig_mod"):
        if hasattr(model, attribute):
            return f".{attribute}", getattr(model, attribute)
    if isinstance(model, torch.jit.ScriptModule):
        raise TypeError(
            f"{type(model).__name__} is a network compiled by `torch.jit`, whose layers cannot be inspected. Pass "
            "the network that was traced or scripted; for a file, build that network again and load the weights, "
            "`network.load_state_dict(model.state_dict())`."
        )
    if isinstance(model, nn.Module):
        held = held_networks(model)
        return (
            next((f".{name}", one) for name, one in held.items()) if held and not has_forward(model) else None
        )
    if steps := _steps(model):
        return "[-1]", steps[-1][1]
    if hasattr(model, "refit") and hasattr(model, "estimator"):
        kind = type(model).__name__
        if hasattr(model, "cv_results_"):
            raise TypeError(
                f"{kind} has searched with `refit={model.refit}`, so it has no fitted classifier. Fit it again "
                "with `refit=True`, `model.set_params(refit=True).fit(X, y)`."
            )
        raise TypeError(f"{kind} is not fitted, so it has no network yet. Fit it with `.fit(X, y)`.")
    if hasattr(model, "initialize_module"):
        raise TypeError(
            f"{type(model).__name__} is not fitted, so it has no network yet. Fit it with `.fit(X, y)`; "
            "`.initialize()` builds its network with the initial weights."
        )
    return None


def _steps(model: Any) -> list[tuple[str, Any]]:
    """Return the steps of a pipeline as pairs of name and step."""
    steps = None if isinstance(model, nn.Module | type) else getattr(model, "steps", None)
    pairs = isinstance(steps, list) and all(isinstance(step, tuple) and len(step) == 2 for step in steps)
    return list(steps) if pairs and steps is not None else []
