"""Networks of braindecode, rebuilt from the shapes of their weights where braindecode is installed."""

import importlib
import inspect
import warnings
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from sincviz._utils.text import joined, listed
from sincviz.errors import MissingDependencyError, did_you_mean, warn
from sincviz.opening.plans import LIBRARY, article, plans, span
from sincviz.opening.strict_loading import differences, load_strictly, tried
from sincviz.weights.activation import activation_class
from sincviz.weights.deduction import LARGEST, same
from sincviz.weights.file_content import FileContent
from sincviz.weights.known_architectures import Architecture
from sincviz.weights.named_weights import checked_values, renamed_for
from sincviz.weights.stored_tensor import StoredTensor

_LARGEST = 16_385  # taps, filters or samples of anything that shapes determine
_MOST_VALUES = 2**29  # of the first feature maps of one trial
_FIRST_MAPS = ("F1", "n_filters_time", "n_bands", "conv_block_n_filters")
_DERIVED = ("windows", "taps", "embedding", "is_constrained")  # of the sizes; the rest are parameters
_SAME_BANK = 1e-5

Found = tuple[Architecture, Mapping[str, StoredTensor], str]


def rebuilt(
    found: Found,
    file: FileContent,
    name: str,
    *,
    given: Mapping[str, Any],
    config: Mapping[str, Any],
    channels: Sequence[Mapping[str, Any]] | None,
    trial: tuple[int, float] | None,
) -> nn.Module:
    """Return the network to which the weights in a file belong, in evaluation mode, and warn about what was assumed.

    Parameters
    ----------
    found : tuple
        What :func:`sincviz.weights.known_architectures.recognised` returned.
    file : FileContent
        The file that has the weights.
    name : str
        Path of the file, for messages.
    given, config : mapping
        Parameters from the caller, and from a configuration beside the file.
    channels : sequence of dict | None
        The network's channels.
    trial : tuple of (int, float) | None
        Samples and sampling rate of trials.

    Raises
    ------
    MissingDependencyError
        If braindecode is not installed.
    TypeError
        If a parameter is not one that may be given.
    ValueError
        If the shapes contradict each other, or parameters contradict the shapes or are missing.
    """
    architecture, outline, kind = found
    _check_names(architecture, given)
    checked_values(outline)
    sizes = architecture.sizes({key: weight.shape for key, weight in outline.items()})
    _check_sizes(sizes)
    network_class = _class_of(architecture, name)
    parameters = inspect.signature(network_class).parameters
    defaults = {key: one.default for key, one in parameters.items() if one.default is not one.empty}
    stored = {key: value for key, value in config.items() if key in parameters and value is not None}
    known = _agreeing(stored, {key: value for key, value in given.items() if value is not None})
    known = {key: _as_class(value, defaults.get(key)) for key, value in known.items()}
    if channels is not None:
        known = _agreeing(known, {"chs_info": [dict(channel) for channel in channels]})
    _check_known(known, {key: value for key, value in sizes.items() if key not in architecture.lengths})
    settings = {key: value for key, value in sizes.items() if key not in _DERIVED} | known
    weights = file.read(outline)
    attempts, times = plans(architecture, settings, sizes, defaults, known, trial)
    network, chosen = _built(
        network_class,
        attempts,
        weights,
        parameters,
        [key for key in architecture.also_settable if key not in known],
    )
    scores = tried(network, sizes["n_chans"], chosen["n_times"])
    if scores.shape != (1, sizes["n_outputs"]):
        raise ValueError(f"its scores have the shape {tuple(scores.shape)}, not (1, {sizes['n_outputs']})")
    assumed = {
        key: _used(network, key, defaults[key])
        for key in architecture.traceless
        if key in defaults and key not in known and key not in _idle(sizes)
    }
    if architecture.name == "ATCNet" and "num_heads" not in known:
        assumed["head_dim"] = chosen["head_dim"]
    if times is not None:
        assumed = {"n_times": chosen["n_times"], **assumed}
    if chosen["sfreq"] is not None and "sfreq" not in known and not _same_fixed(network, weights):
        assumed |= {"sfreq": chosen["sfreq"]}
    written = {key: _written(value) for key, value in assumed.items()}
    network.provenance = {"format": f"{architecture.name} of {LIBRARY}, {kind}"} | (  # type: ignore[assignment]
        {"assumed": written} if written else {}
    )
    shortened = any(key not in chosen and sizes[key] != defaults[key] for key in architecture.lengths)
    short = (
        f" Kernels are shortened as {LIBRARY} does for trials of {chosen['n_times']} samples."
        if shortened
        else ""
    )
    _say(architecture, name, sizes, written, times, short, sfreq=chosen["sfreq"])
    return network


def _check_names(architecture: Architecture, given: Mapping[str, Any]) -> None:
    unknown = [key for key in given if key not in architecture.settable]
    if unknown:
        raise TypeError(
            f"`load_checkpoint` has no parameter {listed([repr(key) for key in unknown])} for a file with an "
            f"{architecture.name}.{did_you_mean(unknown[0], architecture.settable)} What its shapes do not tell: "
            f"{', '.join(architecture.settable)}, class_names, scale."
        )


def _check_sizes(sizes: Mapping[str, Any]) -> None:
    for key, value in sizes.items():
        largest = LARGEST[key] if key in ("n_chans", "n_outputs") else _LARGEST
        if not isinstance(value, bool) and value > largest:
            raise ValueError(f"`{key}` is {value} in the weights; at most {largest} are read")


def _agreeing(stored: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    for key in stored.keys() & given.keys():
        if not same(key, stored[key], given[key]) and key != "chs_info":
            raise ValueError(f"`{key}` is {stored[key]!s:.60} in the file, but {given[key]!s:.60} was given")
    return {**stored, **given}


def _check_known(known: Mapping[str, Any], sizes: Mapping[str, Any]) -> None:
    stated = dict(known) | ({"n_chans": len(known["chs_info"])} if known.get("chs_info") else {})
    for key in stated.keys() & sizes.keys():
        value = len(stated[key]) if isinstance(stated[key], list) else stated[key]
        if value != sizes[key]:
            raise ValueError(f"`{key}` is {sizes[key]} in the weights, but {value!s:.60} was given for it")


def _as_class(value: Any, default: Any) -> Any:
    """Return a parameter that is a class by its name: of torch, or of braindecode's own modules."""
    if not (isinstance(value, str) and isinstance(default, type)):
        return value
    own = vars(importlib.import_module(f"{LIBRARY}.modules")).get(value.rpartition(".")[2])
    if value.startswith(f"{LIBRARY}.") or (own is not None and "." not in value):
        if isinstance(own, type) and issubclass(own, nn.Module):
            return own
        raise ValueError(f"{LIBRARY} has no module {value!r:.80}")
    return activation_class(value)


def _class_of(architecture: Architecture, name: str) -> type[nn.Module]:
    models = _library()
    if models is None:
        raise MissingDependencyError(
            f"{name} contains the weights of {article(architecture.name)} of {LIBRARY}, which is not installed. "
            f"Install it, `pip install {LIBRARY}`, or name your own class of such a network: "
            f"`load_checkpoint({name!r}, model=MyNetwork, model_args={{'n_chans': 22}})`, on the command line "
            "`--model my_module:MyNetwork --model-args n_chans=22`."
        )
    network_class = getattr(models, architecture.name, None)
    if network_class is None:
        raise MissingDependencyError(
            f"{name} contains the weights of {article(architecture.name)}, which the installed {LIBRARY} does not "
            f"have. Update it: `pip install --upgrade {LIBRARY}`."
        )
    return network_class  # type: ignore[no-any-return]


def _library() -> ModuleType | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(f"{LIBRARY}.models")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != LIBRARY:
            raise
        return None


def _built(
    network_class: type[nn.Module],
    attempts: list[dict[str, Any]],
    weights: Mapping[str, Tensor],
    parameters: Mapping[str, Any],
    also_settable: Sequence[str],
) -> tuple[nn.Module, dict[str, Any]]:
    """Return the first network whose weights have the shapes of those in the file, with these loaded."""
    first_words: list[str] = []
    fitting: list[tuple[nn.Module, dict[str, Any]]] = []
    for attempt in attempts:
        maps = next((attempt[key] for key in _FIRST_MAPS if isinstance(attempt.get(key), int)), 1)
        if maps * attempt["n_chans"] * attempt["n_times"] > _MOST_VALUES:
            raise ValueError("its feature maps would not fit into memory. Check `n_times`")
        # A default rate, as ATCNet has, would be a claim about the trials.
        attempt = {"sfreq": None, **attempt}
        network = _instance(
            network_class, {key: value for key, value in attempt.items() if key in parameters}
        )
        words = differences(network, weights)
        first_words = first_words or words
        if words:
            continue
        fitting.append((network, attempt))
        if _same_fixed(network, weights):
            break
    if not fitting:
        names = [f"`{key}`" for key in also_settable]
        built_with = f" If it was built with other {joined(names)}, pass them." if names else ""
        raise ValueError(
            f"it looks like {article(network_class.__name__)} of {LIBRARY}, but does not fit the installed one: "
            f"{'; '.join(first_words)}.{built_with} If it is a network of your own, name its class: `model=` "
            "(`--model`)"
        )
    network, attempt = fitting[-1] if _same_fixed(fitting[-1][0], weights) else fitting[0]
    load_strictly(network, weights)
    return network, attempt


def _instance(network_class: type[nn.Module], settings: Mapping[str, Any]) -> nn.Module:
    state = torch.random.get_rng_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parameters that the caller did not choose
            return network_class(**settings)
    except Exception as error:  # whatever its code raises
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(
            f"{LIBRARY} does not build {article(network_class.__name__)} of it: {reason:.300}"
        ) from error
    finally:
        torch.random.set_rng_state(state)


def _same_fixed(network: nn.Module, weights: Mapping[str, Tensor]) -> bool:
    """Return whether filters that are not trained, such as those of a bank, are those in the file."""
    named = renamed_for(weights, network.state_dict().keys())
    fixed = {key: value for key, value in network.named_parameters() if not value.requires_grad}
    return all(
        torch.allclose(value.float(), named[key].float(), rtol=0, atol=_SAME_BANK)
        for key, value in fixed.items()
    )


def _idle(sizes: Mapping[str, Any]) -> set[str]:
    """Return parameters that do nothing in a network of this kind."""
    idle = set()
    if sizes.get("final_layer_with_constraint") is False:
        idle.add("norm_rate")
    if sizes.get("is_constrained") is False:
        idle.add("conv_max_norm_const")
    return idle


def _say(
    architecture: Architecture,
    name: str,
    sizes: Mapping[str, Any],
    assumed: Mapping[str, Any],
    times: range | None,
    short: str,
    *,
    sfreq: object,
) -> None:
    if not assumed:
        return
    settings = [f"{key}={value}" for key, value in assumed.items()]
    if times is not None:
        settings[0] += f" ({span(times)} would fit)" if len(times) > 1 else " (nothing else fits)"
    example = next(iter(assumed))
    unknown = "" if sfreq is not None else " Its sampling rate is unknown."
    warn(
        f"{name} contains {article(architecture.name)} of {LIBRARY} with {sizes['n_chans']} channels and "
        f"{sizes['n_outputs']} outputs. What its weights do not tell is assumed: {', '.join(settings)}.{short}{unknown}"
        f" Pass what differs: `load_checkpoint(path, {example}=...)`, on the command line `-p {example}=...`."
    )


def _used(network: nn.Module, name: str, default: Any) -> Any:
    """Return the value that a network computes with: it shortens windows of pooling for short trials."""
    used = getattr(network, name, None)
    return used if isinstance(default, int) and isinstance(used, int) else default


def _written(value: Any) -> Any:
    return value.__name__ if isinstance(value, type) else value
