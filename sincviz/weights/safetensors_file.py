"""Safetensors files: the header is checked before any value is read, and values are never memory-mapped."""

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from sincviz._utils.text import shown_name
from sincviz.weights.file_content import (
    CHANGED,
    SETTLING_S,
    FileContent,
    check_size,
    is_fresh,
    naming,
    steady,
)
from sincviz.weights.stored_tensor import MOST_DIMENSIONS, Storage, StoredTensor, is_size

LONGEST_JSON = 32 * 2**20  # plenty for channels, fingerprints of training trials and the cut-off history
_KIND = "safetensors file"
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


def read_safetensors(path: Path) -> FileContent:
    """Return the contents of a file; values are read on request, if the header is still the same.

    Raises
    ------
    CheckpointError
        If the file is damaged or claims to hold more than it does.
    """
    with naming(path, _KIND), steady(path) as file:
        length = int.from_bytes(file.read(8), "little")
        held = path.stat().st_size - 8
        if length > held:
            raise ValueError(f"its header claims {length} bytes, but the file has {held}")
        if length > LONGEST_JSON:
            raise ValueError(f"its header is longer than {LONGEST_JSON} bytes")
        text = file.read(length)
        header = parsed_json(text)
        metadata = header.pop("__metadata__", {})
        if not isinstance(metadata, dict) or not all(isinstance(entry, str) for entry in metadata.values()):
            raise ValueError("its metadata are not text")
        outline, places = _outline(header, held - length)

    def read(weights: Mapping[str, StoredTensor]) -> dict[str, Tensor]:
        check_size(weights)
        with naming(path, _KIND), steady(path) as file:
            values = _bytes_of(file, text, places, weights)
            # A foreign file does not reveal a mixture of two that overwrote each other; ours have a hash.
            if "sincviz" in metadata or not is_fresh(file):
                return {name: weight.of(values[name]) for name, weight in weights.items()}
            time.sleep(SETTLING_S)
            if values != _bytes_of(file, text, places, weights):
                raise ValueError(CHANGED)
            return {name: weight.of(values[name]) for name, weight in weights.items()}

    return FileContent(outline, read, metadata)


def parsed_json(text: str | bytes) -> Any:
    """Parse JSON; NaN is accepted, since other programs write it.

    Raises
    ------
    ValueError
        If it is not JSON, has a duplicate key, is too long or too deep, or has a lone surrogate.
    """
    if len(text) > LONGEST_JSON:
        raise ValueError(f"its JSON is longer than {LONGEST_JSON} characters")
    try:
        parsed = json.loads(text, object_pairs_hook=_entries_once)
        # A lone surrogate can be neither printed nor written.
        json.dumps(parsed, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None
    except UnicodeEncodeError:
        raise ValueError("its JSON has a lone surrogate, which is not a character") from None
    return parsed


def _entries_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"its JSON names {shown_name(name)!r:.60} twice")
            seen.add(name)
    return entries


def _outline(
    header: Mapping[str, Any], held: int
) -> tuple[dict[str, StoredTensor], dict[str, tuple[int, int]]]:
    """Return the tensors and their places after the header, if they exactly fill the bytes there."""
    claimed = 0
    tensors, places = {}, {}
    for name, entry in header.items():
        kind, shape = entry["dtype"], entry["shape"]
        if kind not in _TYPES:
            raise ValueError(f"it has weights of the type {kind!s:.40}")
        if len(shape) > MOST_DIMENSIONS or not all(map(is_size, shape)):
            raise ValueError(f"{shown_name(name)!r} has invalid sizes")
        n_values = 0 if 0 in shape else math.prod(shape)
        storage = Storage(name, _TYPES[kind], n_values)
        first, last = entry["data_offsets"]
        fits = is_size(first) and is_size(last) and last - first == storage.n_bytes and first <= held
        if not fits:
            raise ValueError(f"{shown_name(name)!r} has offsets that do not fit its type and sizes")
        claimed += storage.n_bytes
        if claimed > held:
            raise ValueError(f"its weights claim more than the {held} bytes that the file has for them")
        tensors[name] = StoredTensor(storage, 0, tuple(shape), _contiguous(shape))
        places[name] = first, last
    if claimed != held:
        raise ValueError(f"its weights claim {claimed} bytes, but the file has {held} for them")
    return tensors, places


def _contiguous(shape: list[int]) -> tuple[int, ...]:
    strides = [1]
    for size in reversed(shape[1:]):
        strides.insert(0, strides[0] * size)
    return tuple(strides[: len(shape)])


def _bytes_of(
    file: BinaryIO, text: bytes, places: Mapping[str, tuple[int, int]], weights: Mapping[str, StoredTensor]
) -> dict[str, bytes]:
    file.seek(8)
    if file.read(len(text)) != text:
        raise ValueError(CHANGED)
    values = {}
    for name, weight in weights.items():
        first, last = places[weight.storage.key]
        file.seek(8 + len(text) + first)
        values[name] = file.read(last - first)
        if len(values[name]) != last - first:
            raise ValueError(CHANGED)
    return values
