"""Contents of a file of weights, described before values are read, and safe reading while the file may change."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from torch import Tensor

from sincviz.errors import CheckpointError
from sincviz.weights.stored_tensor import StoredTensor

MOST_BYTES = 2**29
"""Bytes of the weights of one network at most; anything larger is not a network."""

_FRESH_S = 2.0  # longer than the clock of any file system lags
SETTLING_S = 0.2  # longer than the pauses of a writing process


@dataclass(frozen=True)
class FileContent:
    """Contents of a file: stored tensors, perhaps in containers, and the text in its header.

    Attributes
    ----------
    outline : object
        Dicts, lists and tuples of :class:`~sincviz.weights.stored_tensor.StoredTensor`, numbers and text.
    read : callable
        Maps stored tensors by name to their values.
    metadata : mapping of str
        Text of the header of a safetensors file.
    names : tuple of str
        Functions and classes that a pickle names; none was called.
    """

    outline: Any
    read: Callable[[Mapping[str, StoredTensor]], dict[str, Tensor]]
    metadata: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()


@contextmanager
def steady(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, and check that it was not written to meanwhile.

    Raises
    ------
    ValueError
        If it was changed before the end of the block.
    """
    with path.open("rb") as file:
        before = _state(file)
        yield file
        if _state(file) != before:
            raise ValueError(CHANGED)


CHANGED = "it was changed while it was read. Try again when nothing is writing to it"


def is_fresh(file: BinaryIO) -> bool:
    """Return whether a file was written so recently that its time stamp may not show another write."""
    return time.time() - os.fstat(file.fileno()).st_mtime < _FRESH_S


def check_size(weights: Mapping[str, StoredTensor]) -> None:
    """Reject more bytes than any network has, before memory is allocated.

    Raises
    ------
    ValueError
        If there are more bytes than :data:`MOST_BYTES`.
    """
    n_bytes = sum(storage.n_bytes for storage in {weight.storage for weight in weights.values()})
    if n_bytes > MOST_BYTES:
        raise ValueError(f"its weights have {n_bytes} bytes; more than {MOST_BYTES} are not read")


@contextmanager
def naming(path: Path, kind: str) -> Iterator[None]:
    """Add the name of the file to errors."""
    try:
        yield
    except CheckpointError:
        raise
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    except Exception as error:  # a hostile file can make json, zipfile and torch raise anything
        reason = " ".join(str(error).split()).removesuffix(".") or type(error).__name__
        raise CheckpointError(f"{path} is not a readable {kind}: {reason:.300}.") from error


def _state(file: BinaryIO) -> tuple[int, ...]:
    state = os.fstat(file.fileno())
    return state.st_size, state.st_mtime_ns
