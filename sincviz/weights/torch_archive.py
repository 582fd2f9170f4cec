"""PyTorch archives of ``torch.save``: described by their pickle, which is scanned but never executed."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from sincviz._utils.text import shown_name
from sincviz.errors import CheckpointError
from sincviz.weights.file_content import CHANGED, FileContent, check_size, naming, steady
from sincviz.weights.foreign_files import zip_kind
from sincviz.weights.pickle_scan import scanned
from sincviz.weights.stored_tensor import StoredTensor
from sincviz.weights.whole_objects import check_objects, stored_tensors

MOST_ENTRIES = 100_000
LONGEST_PICKLE = 2**28
_MOST_AT_ONCE = 2**26  # bytes of a directory; entries are read in pieces
_PICKLE = "data.pkl"
_KIND = "torch file"


class _Bounded(io.FileIO):
    """A file with a limit on the bytes read at once, whatever sizes the file claims."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(_MOST_AT_ONCE + 1 if size is None or size < 0 else min(size, _MOST_AT_ONCE + 1))
        if len(data) > _MOST_AT_ONCE:
            raise ValueError(f"its directory is longer than {_MOST_AT_ONCE} bytes")
        return data


def read_torch_archive(path: Path) -> FileContent:
    """Return the object that ``torch.save`` wrote, with tensors described but not yet read.

    Raises
    ------
    CheckpointError
        If the file is damaged, claims more than it has, contains a whole object, or would run programs.
    """
    with naming(path, _KIND), _Bounded(path) as file, zipfile.ZipFile(file) as archive:
        size = path.stat().st_size
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if len(infos) > MOST_ENTRIES:
            raise ValueError(f"it has {len(infos)} entries")
        if other := zip_kind(path, archive, infos):
            raise CheckpointError(other)
        entries = _entries(infos, size)
        if _PICKLE not in entries:
            raise ValueError(f"it is a zip file without {_PICKLE}")
        if entries[_PICKLE].file_size > LONGEST_PICKLE:
            raise ValueError(f"its pickle is longer than {LONGEST_PICKLE} bytes")
        scan = scanned(archive.read(entries[_PICKLE]))
        check_objects(path, scan)
        if scan.damage:
            raise ValueError(f"its pickle is damaged or of another kind: {scan.damage}")
        for tensor in stored_tensors(scan.root):
            _check_extent(tensor, entries)
        order = archive.read(entries["byteorder"]).decode() if "byteorder" in entries else "little"
        if order not in ("little", "big"):
            raise ValueError(f"its byte order {order!r:.40} is neither 'little' nor 'big'")

    def read(weights: Mapping[str, StoredTensor]) -> dict[str, Tensor]:
        check_size(weights)
        with naming(path, _KIND), steady(path) as file, zipfile.ZipFile(file) as archive:
            # The checksums of the earlier directory reveal changed values.
            now = {info.filename: (info.CRC, info.header_offset) for info in archive.infolist()}
            if now != {info.filename: (info.CRC, info.header_offset) for info in infos}:
                raise ValueError(CHANGED)
            values = {
                key: archive.read(entries[f"data/{key}"])
                for key in {weight.storage.key for weight in weights.values()}
            }
        return {
            name: weight.of(values[weight.storage.key], swapped=order == "big")
            for name, weight in weights.items()
        }

    return FileContent(scan.root, read, names=scan.names)


def _entries(infos: list[zipfile.ZipInfo], size: int) -> dict[str, zipfile.ZipInfo]:
    """Return the entries by their names below the archive's root, after checking their metadata."""
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise ValueError(
                f"its entry {shown_name(info.filename)!r} is compressed or encrypted; torch stores entries uncompressed"
            )
    if sum(info.file_size for info in infos) > size or any(i.compress_size != i.file_size for i in infos):
        raise ValueError(f"its entries claim more than the {size} bytes of the file")
    names = [info.filename.partition("/")[2] for info in infos]
    # PyTorch's reader ignores case.
    if len({name.lower() for name in names}) < len(names):
        raise ValueError("two of its entries have the same name")
    return dict(zip(names, infos, strict=True))


def _check_extent(tensor: StoredTensor, entries: Mapping[str, zipfile.ZipInfo]) -> None:
    storage = tensor.storage
    held = entries.get(f"data/{storage.key}")
    if held is None or held.file_size != storage.n_bytes:
        has = "is missing" if held is None else f"has {held.file_size} bytes"
        raise ValueError(f"its storage {storage.key!r:.40} should have {storage.n_bytes} bytes, but {has}")
    # With a stride of 0 few values are used repeatedly.
    if not tensor.inside or tensor.numel() > storage.n_values:
        raise ValueError(
            f"a tensor of the shape {tensor.shape!s:.80} claims more than the "
            f"{storage.n_values} values of its storage"
        )
