"""Network files: writing to safetensors with everything but the weights in the header, reading of any file."""

import inspect
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import safetensors.torch
import torch
from torch import Tensor

from sincviz._utils.checks import finite_float
from sincviz._utils.files import replacing
from sincviz._utils.text import listed
from sincviz._version import __version__
from sincviz.errors import CheckpointError
from sincviz.preparation.steps import as_json, checked_steps
from sincviz.weights.content_walk import left_unread
from sincviz.weights.deduction import (
    check_outline,
    check_precision,
    check_sizes,
    configuration,
    same,
    start_is_assumed,
)
from sincviz.weights.file_content import FileContent
from sincviz.weights.foreign_weights import other_weights
from sincviz.weights.remembered import check_provenance
from sincviz.weights.safetensors_file import LONGEST_JSON, parsed_json
from sincviz.weights.state_dict import EARLIER_LAYOUT, NoNetworkError, bare_weights
from sincviz.weights.torch_pickle import opens_weights_only
from sincviz.weights.weights_file import content_hash, read_weights_file

if TYPE_CHECKING:
    from sincviz.weights.stored_network import StoredNetwork

    Network = TypeVar("Network", bound=StoredNetwork)

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
CONFIG = "config.json"
MICROVOLTS = 1e6  # per volt: the usual units of training

HEADER = "sincviz"
_ENTRIES = {"version", "config", "class_names", "scale", "preparation", "provenance", "sha256"}


@dataclass(frozen=True)
class _Stored:
    """Contents of a file for a network."""

    weights: dict[str, Tensor]
    config: Mapping[str, Any]
    class_names: Any
    scale: Any
    provenance: Mapping[str, Any]
    preparation: Any = None

    @property
    def assumed(self) -> dict[str, Any]:
        assumed = self.provenance.get("assumed") or {}
        if not isinstance(assumed, Mapping):
            raise TypeError("`assumed` in the provenance must be a mapping.")
        return dict(assumed)


def write_network(model: "StoredNetwork", path: str | os.PathLike[str]) -> None:
    """Write weights, configuration, class names, scale and provenance to one safetensors file, atomically.

    A hash of everything goes into the header, so that damage is detected.

    Raises
    ------
    ValueError
        If the activation or the provenance cannot be stored in strict JSON, the class names do not fit the outputs,
        or the weights are of half precision.
    FileNotFoundError
        If the folder does not exist.
    """
    weights = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    for key, value in weights.items():
        if value.is_floating_point() and value.dtype not in (torch.float32, torch.float64):
            # After such rounding the weights no longer determine the sampling rate.
            raise ValueError(
                f"`{key}` is {value.dtype}; only single and double precision can be stored. Try `model.float()`."
            )
    try:
        provenance = json.loads(json.dumps(model.provenance, allow_nan=False))
    except TypeError as error:
        raise ValueError(f"`provenance` holds a value that strict JSON cannot store: {error}.") from error
    check_provenance(provenance, model.num_time_filters, _assumable(type(model)))
    start = {} if start_is_assumed(provenance) else {"initial_cutoffs_hz": model.initial_cutoffs().tolist()}
    described = {
        "version": __version__,
        "config": model.get_config(),
        "class_names": _class_names(model.class_names, model.n_outputs),
        "scale": _scale(model.scale),
        "provenance": start | provenance,
    }
    if steps := checked_steps(model.preparation):
        described["preparation"] = as_json(
            steps
        )  # an earlier sincviz refuses such a file instead of ignoring it
    text = json.dumps(described, allow_nan=False)
    # All in one entry: safetensors does not fix the order of several entries.
    header = text[:-1] + _seal(content_hash(text, weights))
    with replacing(path) as temporary:
        safetensors.torch.save_file(weights, temporary, metadata={HEADER: header})


def read_network(
    cls: "type[Network]",
    path: str | os.PathLike[str],
    *,
    given: Mapping[str, Any] | None = None,
    trial: tuple[int, float] | None = None,
) -> "Network":
    """Read a network from any file or folder with its weights, in evaluation mode.

    Parameters
    ----------
    cls : type
        The network's class.
    path : path-like
        A file that :func:`write_network` wrote, one of weights alone, or a folder of the Hugging Face Hub.
    given : mapping | None
        Constructor parameters, ``class_names`` and ``scale`` that the file may not store.
    trial : tuple of (int, float) | None
        Samples and sampling rate of trials, for a file that does not store the number of samples.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CheckpointError
        If the file is damaged, would run code, contains no such network, or contradicts what was given.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no checkpoint {str(path)!r}.")
    try:
        stored = _from_folder(path) if path.is_dir() else _from_file(path, read_weights_file(path))
        return _built(cls, stored, dict(given or {}), trial)
    except CheckpointError:
        raise
    except (
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        RuntimeError,
        ArithmeticError,
        MemoryError,
    ) as error:
        reason = " ".join(str(error).split()).removesuffix(".") or type(error).__name__
        if any(reason.startswith(f"`{name}`") for name, value in (given or {}).items() if value is not None):
            raise CheckpointError(f"A parameter given for {path} is not allowed: {reason:.1200}.") from error
        raise CheckpointError(f"{path} does not contain a usable network: {reason:.1200}.") from error


def is_ours(path: Path) -> bool:
    """Return whether :func:`write_network` wrote a file; its header makes a configuration file unnecessary."""
    return HEADER in read_weights_file(path).metadata


def weights_in_folder(folder: Path) -> Path:
    """Return the file of weights in a folder of the Hugging Face Hub.

    Raises
    ------
    CheckpointError
        If there is none.
    """
    path = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
    if path is None:
        raise CheckpointError(
            f"The folder {str(folder)!r} has no {' and no '.join(WEIGHTS)}. Pass a folder that `save_pretrained` "
            "wrote, or the file of weights itself."
        )
    return path


def folder_configuration(folder: Path) -> dict[str, Any]:
    """Return the configuration in a folder of the Hugging Face Hub.

    Raises
    ------
    TypeError
        If it is not a mapping.
    """
    with (folder / CONFIG).open("rb") as described:
        config = parsed_json(described.read(LONGEST_JSON + 1))
    if not isinstance(config, dict):
        raise TypeError(f"{CONFIG} must hold a mapping; got {type(config).__name__}.")
    return config


def _from_folder(folder: Path) -> _Stored:
    path = weights_in_folder(folder)
    file = read_weights_file(path)
    if HEADER in file.metadata:
        return _from_file(path, file)
    if not (folder / CONFIG).is_file():
        raise CheckpointError(
            f"{path} was not written by sincviz, and the folder has no {CONFIG} with its configuration. "
            f'Open the file itself, `load_checkpoint("{path}")`, and pass what it does not store.'
        )
    config = folder_configuration(folder)
    maker = "braindecode" if config.pop("braindecode_version", None) is not None else None
    weights, provenance = _bare(file)
    kind = f"Hugging Face folder{f' of {maker}' if maker else ''}"
    kind += f", {EARLIER_LAYOUT}" if provenance["format"].endswith(EARLIER_LAYOUT) else ""
    return _Stored(weights, config, None, None, provenance | {"format": kind})


def _from_file(path: Path, file: FileContent) -> _Stored:
    if HEADER not in file.metadata:
        if any('"sha256": "' in text for text in file.metadata.values()):
            raise CheckpointError(f"{path} is damaged: it has a header of sincviz, but under another name.")
        weights, provenance = _bare(file)
        return _Stored(weights, {}, None, None, provenance)
    header = parsed_json(file.metadata[HEADER])
    if unknown := sorted(set(header) - _ENTRIES):
        raise ValueError(f"its header has unknown entries: {', '.join(unknown)}. Try a newer sincviz.")
    check_outline(file.outline)
    check_precision(file.outline)
    weights = file.read(file.outline)
    if "sha256" in header:
        text = file.metadata[HEADER].removesuffix(_seal(header["sha256"])) + "}"
        if content_hash(text, weights) != header["sha256"]:
            raise CheckpointError(
                f"{path} is damaged or was changed: its contents do not match the hash that was written into it. "
                "Copy it again from its source."
            )
    return _Stored(
        weights,
        header["config"],
        header.get("class_names"),
        header.get("scale"),
        dict(header.get("provenance") or {}),
        header.get("preparation"),
    )


def _bare(file: FileContent) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the weights and what is known of their file; they are read only if names, types and shapes fit."""
    try:
        outline, kind = bare_weights(file.outline)
    except NoNetworkError as error:
        raise ValueError(f"{error}. {other_weights(file)}") from error
    except ValueError as error:
        refused = [name for name in file.names if not opens_weights_only(name)]
        if not refused or "weights_only=True" not in str(error):
            raise
        advice = str(error).replace("weights_only=True", "weights_only=False")
        raise ValueError(f"{advice}, if you trust it: that runs the code of {listed(refused)}") from error
    check_outline(outline)
    check_precision(outline)
    unread = left_unread(file.outline)
    provenance = {"format": kind, "assumed": {"scale": MICROVOLTS}} | (
        {"left_unread": unread} if unread else {}
    )
    return file.read(outline), provenance


def _seal(digest: str) -> str:
    return f', "sha256": "{digest}"}}'


def _built(
    cls: "type[Network]", stored: _Stored, given: dict[str, Any], trial: tuple[int, float] | None
) -> "Network":
    precision = check_precision(stored.weights)
    check_provenance(
        stored.provenance, stored.weights["sinc_filter_layer.low_freqs"].shape[1], _assumable(cls)
    )
    config, assumed = _completed(cls, stored, given, trial)
    defaults = {name: parameter.default for name, parameter in inspect.signature(cls).parameters.items()}
    check_sizes(stored.weights, defaults | config)
    model = cls.from_config(config).to(precision)
    model.load_state_dict(stored.weights)
    model.class_names = _class_names(_stored_or_given("class_names", stored, given), model.n_outputs)
    model.scale = _scale(_stored_or_given("scale", stored, given))
    if model.scale is None and "scale" in assumed:
        model.scale = _scale(assumed["scale"])
    model.preparation = checked_steps(stored.preparation)
    model.provenance = dict(stored.provenance)
    if assumed:
        model.provenance["assumed"] = assumed
    else:
        model.provenance.pop("assumed", None)
    return model.eval()


def _assumable(cls: type) -> set[str]:
    return {*inspect.signature(cls).parameters, "ch_names", "class_names", "scale"}


def _completed(
    cls: "type[Network]", stored: _Stored, given: Mapping[str, Any], trial: tuple[int, float] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the configuration, and which values were assumed."""
    parameters = inspect.signature(cls).parameters
    known = {name: value for name, value in stored.config.items() if name not in stored.assumed}
    settled = {name for name, value in given.items() if value is not None}
    if unknown := sorted(set(known) - set(parameters)):
        raise ValueError(f"its configuration holds unknown parameters: {', '.join(unknown)}. Remove them.")
    given = {name: given[name] for name in settled & set(parameters)}
    for name in given.keys() & known.keys():
        if known[name] is not None and not same(name, given[name], known[name]):
            raise ValueError(
                f"`{name}` is {known[name]!s:.60} in the file, but {given[name]!s:.60} was given."
            )
    if not stored.provenance.get("assumed"):
        # The file is complete; a length in seconds may still be given, but must be that of the file.
        return dict(known) | given, {}
    defaults = {name: parameter.default for name, parameter in parameters.items()} | {"activation": "ELU"}
    defaults |= {name: stored.assumed[name] for name in stored.assumed.keys() & set(parameters)}
    config, assumed = configuration(stored.weights, known=known | given, defaults=defaults, trial=trial)
    beside = stored.assumed.keys() - set(parameters) - settled
    return config, assumed | {name: stored.assumed[name] for name in sorted(beside)}


def _stored_or_given(name: str, stored: _Stored, given: Mapping[str, Any]) -> Any:
    """Return a value from the file or the caller, who may set what the file lacks or assumed."""
    kept, new = getattr(stored, name), given.get(name)
    if new is None:
        return kept
    if kept is not None and name not in stored.assumed and not same(name, kept, new):
        raise ValueError(f"`{name}` is {kept!s:.200} in the file, but {new!s:.200} was given.")
    return new


def _class_names(names: Sequence[object] | None, n_outputs: int) -> list[str] | None:
    if names is None:
        return None
    if isinstance(names, str | Mapping):
        raise TypeError(f"`class_names` must be a list; got {type(names).__name__}.")
    listed = [str(name) for name in names]
    if len(set(listed)) < n_outputs or len(listed) != n_outputs:
        raise ValueError(
            f"`class_names` must be {n_outputs} different names, one per output; got {', '.join(listed)}."
        )
    return listed


def _scale(scale: float | None) -> float | None:
    return None if scale is None else finite_float("scale", scale, above=0)
