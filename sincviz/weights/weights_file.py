"""Files of weights, read by their contents, not by their names; nothing in them is ever executed."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from sincviz._utils.text import listed
from sincviz.errors import CheckpointError
from sincviz.weights.file_content import FileContent
from sincviz.weights.foreign_files import file_kind, tar_kind, unpacked_head
from sincviz.weights.pickle_scan import scanned
from sincviz.weights.safetensors_file import read_safetensors
from sincviz.weights.torch_archive import read_torch_archive
from sincviz.weights.torch_pickle import is_attack
from sincviz.weights.whole_objects import JOBLIB, RefusedError, check_objects, refusal

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib", ".tar", ".zip")
"""Extensions of files of weights; the contents decide what a file is."""

_LEGACY_TORCH = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # the magic number of torch files before the zip format
_LONGEST_HEAD = 2**22
_SCIKIT = ("sklearn.", "mne.decoding", "pyriemann.", "xgboost.", "lightgbm.")


def read_weights_file(path: Path) -> FileContent:
    """Read a file of safetensors or ``torch.save``, whatever its name.

    Raises
    ------
    CheckpointError
        If it is another kind of file, damaged, or would run code.
    """
    if not path.is_file():  # opening a pipe would wait for a writer
        raise CheckpointError(f"{path} is not a regular file, so it is not opened.")
    try:
        with path.open("rb") as file:
            start = file.read(512)
        packing, head = unpacked_head(path, start)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    if start[8:9] == b"{":
        return read_safetensors(path)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return read_torch_archive(path)
    if start[257:262] == b"ustar":
        raise CheckpointError(tar_kind(path) or _legacy(path, weights_only=False))
    if _LEGACY_TORCH in start[:32]:
        raise CheckpointError(_legacy(path, weights_only=True))
    if start[:1] == b"\x80" or head[:1] == b"\x80":
        if not packing:
            with path.open("rb") as file:
                head = file.read(_LONGEST_HEAD)
        raise _of_a_pickle(path, head)
    if packing:
        raise CheckpointError(f"{path} is compressed with {packing}. Unpack it first and pass the result.")
    raise CheckpointError(
        file_kind(path, start)
        or f"{path} is not a readable safetensors file, nor one that `torch.save` wrote. "
        "Pass a file of weights: .safetensors, .pt, .pth, .bin or .ckpt."
    )


def _legacy(path: Path, *, weights_only: bool) -> str:
    """Return what to do with a file of an old torch; torch cannot read the oldest ones as weights only."""
    opener, safe = f"torch.load({str(path)!r}, weights_only=", str(path.with_name(f"{path.stem}_weights.pt"))
    code = "" if weights_only else " (they run the code in it)"
    otherwise = (
        "\nIf torch rejects the first line, it contains other objects, or a whole network: with "
        "`weights_only=False` it opens, and the code in it runs; for a whole network save `weights.state_dict()`."
    )
    return (
        f"{path} was written in the format of torch before 1.6, which cannot be checked before it is read. "
        f"If you trust its source, these two lines{code} convert it to a safe file:\n"
        f"    weights = {opener}{weights_only})\n"
        f"    torch.save(weights, {safe!r}){otherwise if weights_only else ''}"
    )


def content_hash(text: str, weights: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 over a header's text and the names, types, shapes and bytes of all weights."""
    digest = hashlib.sha256(text.encode())
    for name, value in sorted(weights.items()):
        digest.update(f"\0{name}\0{value.dtype}\0{tuple(value.shape)}\0".encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _of_a_pickle(path: Path, head: bytes) -> CheckpointError:
    """Return why a plain pickle is rejected; of one with large arrays only the part before them is known."""
    scan = scanned(head)
    if any(map(is_attack, scan.names)):
        check_objects(path, scan)
    if not scan.names:
        damaged = f"damaged ({scan.damage})" if scan.damage else "with plain data"
        return CheckpointError(f"{path} is a plain pickle, {damaged}: it contains no weights of a network.")
    of_scikit = [name for name in scan.names if name.startswith(_SCIKIT)]
    if of_scikit and not any(name.startswith(("torch.", "skorch.", "braindecode.")) for name in scan.names):
        message = (
            f"{path} is a scikit-learn decoder ({listed(of_scikit)}), saved by pickle or joblib, not a PyTorch "
            "network: it has no temporal filters to read."
        )
    else:
        message = f"{refusal(path, scan, JOBLIB)}\nIt is a plain pickle, which joblib writes too."
    return RefusedError(message, scan.names)
