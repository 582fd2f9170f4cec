"""What a file of weights holds, told before values are read, and how they are read while the file may change."""

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
"""Of the weights of one network: what is larger is none."""

_FRESH_S = 2.0  # longer than any clock of a file system lags
SETTLING_S = 0.2  # longer than whoever is writing pauses


@dataclass(frozen=True)
class FileContent:
    """What a file holds: stored tensors, perhaps in containers, and the text in its header.

    Attributes
    ----------
    outline : object
        Dicts, lists and tuples of :class:`~sincviz.weights.stored_tensor.StoredTensor`, numbers and text.
    read : callable
        Maps stored tensors by name to their values.
    metadata : mapping of str
        Text of the header of a safetensors file.
    names : tuple of str
        Functions and classes that a pickle names and that were not called.
    """

    outline: Any
    read: Callable[[Mapping[str, StoredTensor]], dict[str, Tensor]]
    metadata: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()


@contextmanager
def steady(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading; what is read holds only if nobody has written to it meanwhile.

    Raises
    ------
    ValueError
        If it was changed before the block ended.
    """
    with path.open("rb") as file:
        before = _state(file)
        yield file
        if _state(file) != before:
            raise ValueError(CHANGED)


CHANGED = "it was changed while it was read. Try again when nothing writes to it any more"


def is_fresh(file: BinaryIO) -> bool:
    """Tell a file that was written to so recently that its time need not show that it was written to again."""
    return time.time() - os.fstat(file.fileno()).st_mtime < _FRESH_S


def check_size(weights: Mapping[str, StoredTensor]) -> None:
    """Refuse more than the weights of any network, before memory is taken.

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
    """Say of which file an error speaks."""
    try:
        yield
    except CheckpointError:
        raise
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    except Exception as error:  # whatever a hostile file makes of JSON, of zipfile and of torch
        reason = " ".join(str(error).split()).removesuffix(".") or type(error).__name__
        raise CheckpointError(f"{path} is no readable {kind}: {reason:.300}.") from error


def _state(file: BinaryIO) -> tuple[int, ...]:
    state = os.fstat(file.fileno())
    return state.st_size, state.st_mtime_ns
