"""A file of weights, read by what it holds, not by its name; nothing in it is ever executed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from sincviz.errors import CheckpointError
from sincviz.models.torch_archive import read_torch_archive, refusal

LONGEST_JSON = 32 * 2**20  # channels, hashes of training trials and the history of cut-offs in plenty
_LEGACY_TORCH = (
    b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # the number every torch file before the zip format begins with
)


@dataclass(frozen=True)
class WeightsFile:
    """What a file holds: tensors, perhaps in containers, and the text in its header."""

    content: Any
    metadata: Mapping[str, str] = field(default_factory=dict)


def read_weights_file(path: Path) -> WeightsFile:
    """Read a safetensors file or one of ``torch.save``, whatever its name.

    Raises
    ------
    CheckpointError
        If it is another kind of file, damaged, or would run code.
    """
    with path.open("rb") as file:
        start = file.read(512)
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
        digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _entries_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"its JSON names {double!r:.60} twice")
    return entries


def _read_safetensors(path: Path) -> WeightsFile:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            held = path.stat().st_size - 8
            if length > held:
                raise ValueError(f"its header claims {length} bytes, of which the file holds {held}")
            header = parsed_json(file.read(length) if length <= LONGEST_JSON else " " * (LONGEST_JSON + 1))
        metadata = header.pop("__metadata__", {})
        types = {entry["dtype"] for entry in header.values()}
        if unknown := types - {"F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"}:
            raise ValueError(f"it has weights of the type {', '.join(map(str, unknown))}")
        return WeightsFile(safetensors.torch.load(path.read_bytes()), metadata)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    except Exception as error:  # whatever a hostile header makes of JSON, of the library and of torch
        reason = str(error).removesuffix(".") or type(error).__name__
        raise CheckpointError(f"{path} is no readable safetensors file: {reason:.300}.") from error
