"""Files of ``torch.save``: checked entry by entry before torch sees them, and never executed."""

import io
import zipfile
from pathlib import Path
from typing import Any

import torch

from sincviz.errors import CheckpointError
from sincviz.models.pickle_scan import ForeignCodeError, StoredTensor, stored_tensors

MOST_ENTRIES = 100_000
_PICKLE = "data.pkl"


def read_torch_archive(path: Path) -> Any:
    """Return what ``torch.save`` was given, if it is tensors, numbers and text in plain containers.

    Raises
    ------
    CheckpointError
        If the file is damaged, claims more than it holds, or holds objects whose making runs code.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _entries(archive, path.stat().st_size)
            if "constants.pkl" in entries:
                raise ValueError("it is a TorchScript program. Save `model.state_dict()` instead")
            if _PICKLE not in entries:
                raise ValueError(f"it is a zip file without {_PICKLE}")
            tensors = stored_tensors(archive.read(entries[_PICKLE]))
            _check_extents(tensors, entries)
            # Of the entries that were checked a new file is made, so that torch reads nothing else.
            clean = _clean_archive(tensors, archive, entries)
        return torch.load(clean, map_location="cpu", weights_only=True)
    except ForeignCodeError as error:
        raise CheckpointError(refusal(path, f"it wants {error}")) from error
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    except Exception as error:  # torch and zipfile raise nearly anything
        raise CheckpointError(f"{path} is no readable torch file: {_first_line(error)}.") from error


def refusal(path: Path, reason: str, opener: str = "torch.load({!r}, weights_only=False)") -> str:
    """Return why a file that runs code is refused, and how it becomes one that does not."""
    safe = str(path.with_name(f"{path.stem}_weights.pt"))
    return (
        f"{path} holds whole objects, not weights alone: {reason}. Opening it would run the code in it, so it is "
        "refused. If you trust whoever made it, these two lines (they run that code) make a safe file of it:\n"
        f"    model = {opener.format(str(path))}\n"
        f"    torch.save(model.state_dict(), {safe!r})\n"
        "Of a dict save what lies under its 'state_dict', of a classifier `model.module_.state_dict()`."
    )


def _first_line(error: Exception) -> str:
    # What follows torch's first sentence is advice to switch the safety off.
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].partition("weights_only")[0].strip(" .`(")[:300] or type(error).__name__


def _entries(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """Return the entries by their names below the archive's root; what is said about them was checked."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MOST_ENTRIES:
        raise ValueError(f"it has {len(infos)} entries")
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise ValueError(
                f"its entry {info.filename!r:.80} is compressed or encrypted; torch stores as is"
            )
    if sum(info.file_size for info in infos) > size or any(i.compress_size != i.file_size for i in infos):
        raise ValueError(f"its entries claim more than the {size} bytes of the file")
    names = [info.filename.partition("/")[2] for info in infos]
    # Torch's reader does not tell upper from lower case.
    if len({name.lower() for name in names}) < len(names):
        raise ValueError("two of its entries have the same name")
    return dict(zip(names, infos, strict=True))


def _check_extents(tensors: list[StoredTensor], entries: dict[str, zipfile.ZipInfo]) -> None:
    for tensor in tensors:
        storage = tensor.storage
        held = entries.get(f"data/{storage.key}")
        if held is None or held.file_size != storage.n_bytes:
            has = "is missing" if held is None else f"has {held.file_size} bytes"
            raise ValueError(f"its storage {storage.key!r:.40} should have {storage.n_bytes} bytes and {has}")
        # With a stride of 0 few values are used again and again.
        if not tensor.inside or tensor.n_values > storage.n_values:
            raise ValueError(
                f"a tensor of the shape {tensor.shape!s:.80} claims more than its storage of "
                f"{storage.n_values} values holds"
            )


def _clean_archive(
    tensors: list[StoredTensor], archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]
) -> io.BytesIO:
    file = io.BytesIO()
    wanted = {_PICKLE, "version", "byteorder", *(f"data/{tensor.storage.key}" for tensor in tensors)}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as clean:
        for name in sorted(wanted & entries.keys(), key=lambda name: name != _PICKLE):
            # Reading checks the sums, so that no flipped bit goes unnoticed.
            clean.writestr(f"archive/{name}", archive.read(entries[name]))
    file.seek(0)
    return file
