"""One file per benchmark network: its weights, how it was made, and test trials that cannot be simulated again."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from sincviz._utils.files import replacing
from sincviz.errors import CheckpointError

SUFFIX = ".safetensors"
_HEADER, _HASH = "sincviz_benchmark", "tensors_sha256"


def cache_folder(cache: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of the network files, which is made if it does not exist.

    Parameters
    ----------
    cache : path-like, optional
        The folder. By default the one that the environment variable ``SINCVIZ_BENCHMARK_CACHE`` names, else
        ``sincviz/benchmark`` in ``XDG_CACHE_HOME`` or ``~/.cache``.

    Examples
    --------
    >>> import tempfile
    >>> cache_folder(tempfile.mkdtemp()).is_dir()
    True
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    given = cache or os.environ.get("SINCVIZ_BENCHMARK_CACHE") or Path(base) / "sincviz" / "benchmark"
    folder = Path(given)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def content_key(description: Mapping[str, Any]) -> str:
    """Return a hash of all that a network depends on, 16 hexadecimal digits.

    Examples
    --------
    >>> content_key({"seed": 1, "name": "a"}) == content_key({"name": "a", "seed": 1}) != content_key({"seed": 2})
    True
    """
    text = json.dumps(description, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_network(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write tensors and facts to a file, as a whole or not at all.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    tensors : mapping of str to torch.Tensor
        Weights and trials.
    facts : mapping
        What JSON can hold.

    Examples
    --------
    >>> import tempfile
    >>> import torch
    >>> path = Path(tempfile.mkdtemp()) / "network.safetensors"
    >>> write_network(path, {"weight": torch.ones(2)}, {"seed": 1})
    >>> tensors, facts = read_network(path)
    >>> tensors["weight"].tolist(), facts
    ([1.0, 1.0], {'seed': 1})
    """
    whole = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    header = {_HEADER: json.dumps(facts, sort_keys=True), _HASH: _hash_of(whole)}
    with replacing(path) as temporary:
        temporary.write_bytes(safetensors.torch.save(whole, header))


def read_network(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors and facts of a file.

    Raises
    ------
    CheckpointError
        If the file is damaged, or was not written by :func:`write_network`.
    """
    try:
        with safetensors.safe_open(path, "pt") as opened:
            header = opened.metadata() or {}
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        facts = json.loads(header[_HEADER])
        is_whole = header[_HASH] == _hash_of(tensors)
    except (safetensors.SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(_damaged(path, f"{type(error).__name__}: {error}")) from error
    if not is_whole:
        raise CheckpointError(_damaged(path, "the hash of its tensors is not the one that it states"))
    return tensors, facts


def _damaged(path: Path, why: str) -> str:
    return (
        f"{str(path)!r} is not a whole file of a benchmark network: {why}. Delete it to train the network again, "
        "or read the bundle again."
    )


def _hash_of(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = tensors[name].numpy()
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
