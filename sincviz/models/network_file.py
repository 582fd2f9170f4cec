"""One safetensors file per network; its header carries everything but the weights."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import safetensors
import safetensors.torch
import torch

from sincviz._version import __version__
from sincviz.atomic_file import replacing
from sincviz.errors import CheckpointError
from sincviz.models.checks import finite_float

if TYPE_CHECKING:
    from sincviz.models.sinc_shallow import SincShallowNet

    Network = TypeVar("Network", bound=SincShallowNet)

_HEADER = "sincviz"


def write_network(model: "SincShallowNet", path: str | os.PathLike[str]) -> None:
    """Write weights, configuration, class names, scale and provenance to one safetensors file, atomically.

    Raises
    ------
    ValueError
        If the activation or the provenance cannot be kept in strict JSON, the class names do not fit the outputs,
        or the weights are of half precision.
    FileNotFoundError
        If the folder does not exist.
    """
    weights = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    for key, value in weights.items():
        if value.is_floating_point() and value.dtype not in (torch.float32, torch.float64):
            # Rounded so far, the weights no longer tell their sampling rate.
            raise ValueError(
                f"`{key}` is {value.dtype}; only single and double precision are kept. Try `model.float()`."
            )
    described = {
        "version": __version__,
        "config": model.get_config(),
        "class_names": _class_names(model.class_names, model.n_outputs),
        "scale": _scale(model.scale),
        "provenance": {"initial_cutoffs_hz": model.initial_cutoffs().tolist()} | model.provenance,
    }
    try:
        header = json.dumps(described, allow_nan=False)
    except TypeError as error:
        raise ValueError(f"`provenance` holds what strict JSON cannot keep: {error}.") from error
    with replacing(path) as temporary:
        safetensors.torch.save_file(weights, temporary, metadata={_HEADER: header})


def read_network(cls: "type[Network]", path: str | os.PathLike[str]) -> "Network":
    """Read what :func:`write_network` wrote; the network comes in evaluation mode.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CheckpointError
        If the file is no safetensors file of sincviz, or header and weights do not fit each other.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no checkpoint {str(path)!r}.")
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{path} is no readable safetensors file: {error}.") from error
    if _HEADER not in metadata:
        raise CheckpointError(
            f"{path} was not written by sincviz: its header tells no configuration. Build the network with "
            "`SincShallowNet(...)`, call `load_state_dict`, then `save_checkpoint`."
        )
    try:
        header = json.loads(metadata[_HEADER])
        # The weights must fit before memory of the header's sizes is taken.
        with torch.device("meta"):
            cls.from_config(header["config"]).load_state_dict(weights, assign=True)
        model = cls.from_config(header["config"])
        model.load_state_dict(weights)
        _restore(model, header)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise CheckpointError(f"{path} holds no usable network: {error}") from error
    return model.eval()


def _restore(model: "SincShallowNet", header: Mapping[str, Any]) -> None:
    model.class_names = _class_names(header.get("class_names"), model.n_outputs)
    model.scale = _scale(header.get("scale"))
    model.provenance = dict(header.get("provenance") or {})
    if model.initial_cutoffs().shape != (model.num_time_filters, 2):
        raise ValueError(
            f"the initial cut-offs must be two for each of the {model.num_time_filters} filters."
        )


def _class_names(names: Sequence[object] | None, n_outputs: int) -> list[str] | None:
    if names is None:
        return None
    if isinstance(names, str | Mapping):
        raise TypeError(f"`class_names` must be a list; got {type(names).__name__}.")
    listed = [str(name) for name in names]
    if len(set(listed)) < n_outputs or len(listed) != n_outputs:
        raise ValueError(
            f"`class_names` must name {n_outputs} outputs, each differently; got {', '.join(listed)}."
        )
    return listed


def _scale(scale: float | None) -> float | None:
    return None if scale is None else finite_float("scale", scale, above=0)
