"""A file of weights, read by what it holds, not by its name; nothing in it is ever executed."""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import torch
from torch import Tensor

from sincviz.errors import CheckpointError
from sincviz.models.torch_archive import read_torch_archive, refusal

LONGEST_JSON = 32 * 2**20  # channels, fingerprints of training trials and the history of cut-offs in plenty
_LEGACY_TORCH = (
    b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # the number every torch file before the zip format begins with
)
_TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_MOST_DIMENSIONS = 64


@dataclass(frozen=True)
class WeightsFile:
    """What a file holds: tensors, perhaps in containers, and the text in its header.

    In the outline tensors may lie on the device ``meta``: names, types and shapes that are not read yet.
    """

    outline: Any
    metadata: Mapping[str, str] = field(default_factory=dict)
    load: Callable[[], Any] | None = None

    @property
    def content(self) -> Any:
        """The same with values; of a safetensors file they are mapped, so that only what is used is read."""
        return self.outline if self.load is None else self.load()


def read_weights_file(path: Path) -> WeightsFile:
    """Read a safetensors file or one of ``torch.save``, whatever its name.

    Raises
    ------
    CheckpointError
        If it is another kind of file, damaged, or would run code.
    """
    if not path.is_file():  # to open a pipe is to wait for somebody who writes
        raise CheckpointError(f"{path} is no regular file, so it is not opened.")
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    if start[8:9] == b"{":
        return _read_safetensors(path)
    if start.startswith(b"PK\x03\x04"):
        return WeightsFile(read_torch_archive(path))
    if _LEGACY_TORCH in start[:32] or start[257:262] == b"ustar":
        raise CheckpointError(
            f"{path} was written in the format that torch had before 1.6, which cannot be checked before it is read. "
            "If you trust whoever made it, these two lines make a safe file of it:\n"
            f"    weights = torch.load({str(path)!r}, weights_only=True)\n"
            f"    torch.save(weights, {str(path.with_name(f'{path.stem}_weights.pt'))!r})"
        )
    if start[:1] == b"\x80":
        raise CheckpointError(
            refusal(path, "it is a plain pickle, as joblib makes them too", "joblib.load({!r})")
        )
    raise CheckpointError(
        f"{path} is no readable safetensors file, and none that `torch.save` wrote either. "
        "Pass a file of weights: .safetensors, .pt, .pth, .bin or .ckpt."
    )


def parsed_json(text: str | bytes) -> Any:
    """Return what JSON says; not-a-number is let through, since others write it.

    Raises
    ------
    ValueError
        If it is no JSON, names an entry twice, or is too long or too deep.
    """
    if len(text) > LONGEST_JSON:
        raise ValueError(f"its JSON is longer than {LONGEST_JSON} characters")
    try:
        return json.loads(text, object_pairs_hook=_entries_once)
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None


def content_hash(text: str, weights: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 over a header's text and the names, types, shapes and bytes of all weights."""
    digest = hashlib.sha256(text.encode())
    for name, value in sorted(weights.items()):
        digest.update(f"\0{name}\0{value.dtype}\0{tuple(value.shape)}\0".encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _entries_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"its JSON names {name!r:.60} twice")
            seen.add(name)
    return entries


def _read_safetensors(path: Path) -> WeightsFile:
    with _naming(path):
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            held = path.stat().st_size - 8
            if length > held:
                raise ValueError(f"its header claims {length} bytes, of which the file holds {held}")
            header = parsed_json(file.read(length) if length <= LONGEST_JSON else " " * (LONGEST_JSON + 1))
        metadata = header.pop("__metadata__", {})
        if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
            raise ValueError("its metadata are something else than text")
        outline = _outline(header, held - length)
    return WeightsFile(outline, metadata, lambda: _mapped(path, metadata))


def _outline(header: Mapping[str, Any], held: int) -> dict[str, Tensor]:
    """Return tensors without values, if they fill the bytes after the header and no more."""
    claimed = 0
    tensors = {}
    for name, entry in header.items():
        kind, shape = entry["dtype"], entry["shape"]
        if kind not in _TYPES:
            raise ValueError(f"it has weights of the type {kind!s:.40}")
        if len(shape) > _MOST_DIMENSIONS or not all(
            type(size) is int and 0 <= size < 2**63 for size in shape
        ):
            raise ValueError(f"{name!r:.80} has sizes that no tensor has")
        n_bytes = 0 if 0 in shape else math.prod(shape) * _TYPES[kind].itemsize
        first, last = entry["data_offsets"]
        if (
            type(first) is not int
            or type(last) is not int
            or last - first != n_bytes
            or not 0 <= first <= held
        ):
            raise ValueError(f"{name!r:.80} lies at bytes that do not fit its type and sizes")
        claimed += n_bytes
        if claimed > held:
            raise ValueError(f"its weights claim more than the {held} bytes that the file holds for them")
        tensors[name] = torch.empty(shape, dtype=_TYPES[kind], device="meta")
    if claimed != held:
        raise ValueError(f"its weights claim {claimed} bytes, the file holds {held} for them")
    return tensors


def _mapped(path: Path, metadata: Mapping[str, str]) -> dict[str, Tensor]:
    with _naming(path), safetensors.safe_open(path, framework="pt") as file:
        if (file.metadata() or {}) != metadata:
            raise ValueError("it was changed while it was read")
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    except Exception as error:  # whatever a hostile header makes of JSON, of the library and of torch
        reason = str(error).removesuffix(".") or type(error).__name__
        raise CheckpointError(f"{path} is no readable safetensors file: {reason:.300}.") from error
