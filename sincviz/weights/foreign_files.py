"""Files without PyTorch weights: their kind, by their first bytes, and what to do instead."""

import bz2
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from sincviz._utils.text import listed, shown_name

ANOTHER_PROGRAM = (
    "Build the network in PyTorch, copy the weights into it, and pass the live network: "
    "`sincviz.spectral_relevance(network, epochs, y)` explains any network. For a SincShallowNet save "
    "`torch.save(network.state_dict(), 'weights.pt')`, which opens here."
)
_RECORDING = "Pass recordings and trials as `epochs` (`--epochs`), and a file of weights here."
_STARTS = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras saves weights and MATLAB its variables", ANOTHER_PROGRAM),
    (
        b"\x93NUMPY",
        "a single NumPy array",
        "The weights of a network are several arrays, each with its name.",
    ),
    (b"MATLAB 5.0", "a MATLAB file", ANOTHER_PROGRAM),
    (b"GGUF", "a GGUF file, a format for language models", ANOTHER_PROGRAM),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself", "Fetch it: `git lfs pull`."),
    (
        b"<!doctype html",
        "a web page",
        "The download went wrong: download the file itself, not the page about it.",
    ),
    (b"<html", "a web page", "The download went wrong: download the file itself, not the page about it."),
    (b"\x00\x00\x00\x64\x00\x00\x00\x1f", "an MNE FIF file", _RECORDING),
    (b"0       ", "an EDF recording", _RECORDING),
    (b"\xffBIOSEMI", "a BDF recording", _RECORDING),
    (b"GDF ", "a GDF recording", _RECORDING),
    (b"Brain Vision", "a BrainVision recording", _RECORDING),
    (b"\x04\x22\x4d\x18", "compressed by LZ4", "Unpack it first."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it first."),
    (b"Rar!", "a RAR archive", "Unpack it first."),
)
_UNPACKERS: dict[bytes, tuple[str, Callable[[bytes], bytes]]] = {
    b"\x1f\x8b": ("gzip", lambda packed: zlib.decompressobj(31).decompress(packed, _LONGEST_HEAD)),
    **{
        bytes((0x78, level)): ("zlib", lambda packed: zlib.decompressobj().decompress(packed, _LONGEST_HEAD))
        for level in (0x01, 0x5E, 0x9C, 0xDA)
    },
    b"BZh": ("bzip2", lambda packed: bz2.BZ2Decompressor().decompress(packed, _LONGEST_HEAD)),
    b"\xfd7zXZ": (
        "xz",
        lambda packed: lzma.LZMADecompressor(memlimit=2**28).decompress(packed, _LONGEST_HEAD),
    ),
}
_LONGEST_HEAD = 2**22
_MOST_MEMBERS = 100  # that are named
_TRUST = "If you trust whoever made it, these two lines convert it to a file of weights:\n"
_LONGEST_CONFIG = 2**24
_NPY = re.compile(rb"'shape': (\([0-9, ]*\))")


def file_kind(path: Path, start: bytes) -> str:
    r"""Return what kind a file is by its first bytes, and what to do; ``""`` if unknown.

    Examples
    --------
    >>> file_kind(Path("eegnet.h5"), b"\x89HDF\r\n\x1a\n")[:35]
    'eegnet.h5 is an HDF5 file, as Keras'
    """
    if not start:
        return f"{path} is not a readable safetensors file or torch file: it is empty. Was it downloaded completely?"
    for first, kind, advice in _STARTS:
        if start.lower().startswith(first.lower()):
            return f"{path} is {kind}; only PyTorch weights are read (.safetensors, .pt, .ckpt). {advice}"
    if start[4:8] == b"TFL3":
        return f"{path} is a TensorFlow Lite model; only PyTorch weights are read. {ANOTHER_PROGRAM}"
    # A message of protocol buffers that begins with a small number, the version, and a text or a message.
    if start[:1] == b"\x08" and 0 < start[1] < 32 and start[2] in (0x12, 0x1A, 0x22, 0x2A, 0x3A, 0x42):
        program = "TensorFlow" if path.suffix == ".pb" else "ONNX"
        return (
            f"{path} is probably a model of {program}; only PyTorch weights are read. If it came from "
            f"PyTorch, save the network's `state_dict()` instead. {ANOTHER_PROGRAM}"
        )
    return ""


def unpacked_head(path: Path, start: bytes) -> tuple[str, bytes]:
    """Return the compression and first unpacked bytes, empty if unreadable; ``("", b"")`` if uncompressed."""
    for first, (kind, unpack) in _UNPACKERS.items():
        if start.startswith(first):
            with path.open("rb") as file:
                packed = file.read(_LONGEST_HEAD)
            try:
                return kind, unpack(packed)
            except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
                return kind, b""
    return "", b""


def zip_kind(path: Path, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> str:
    """Return what kind a zip file is if not from ``torch.save``, and what to do; else ``""``."""
    names = {info.filename: info for info in infos}
    ends = {name.partition("/")[2] for name in names}
    safe = str(path.with_name(f"{path.stem}_weights.pt"))
    if "constants.pkl" in ends or "code/__torch__.py" in ends:
        return (
            f"{path} is a TorchScript program, and only the program itself returns its weights. {_TRUST}"
            f"    network = torch.jit.load({str(path)!r}, map_location='cpu')\n"
            f"    torch.save(network.state_dict(), {safe!r})"
        )
    if any(
        end.endswith(("serialized_exported_program.json", "models/model.json")) for end in {*ends, *names}
    ):
        return (
            f"{path} is a `torch.export` program. {_TRUST}"
            f"    program = torch.export.load({str(path)!r})\n"
            f"    torch.save(dict(program.state_dict), {safe!r})"
        )
    if "model.weights.h5" in names:
        return (
            f"{path} is a Keras model{_keras_layers(archive, names)}; only PyTorch weights are read. "
            f"{ANOTHER_PROGRAM}"
        )
    if names and all(name.endswith(".npy") for name in names):
        return (
            f"{path} contains NumPy arrays: {_arrays(archive, infos)}. If they are the weights of a network under the "
            "names in its state dict, these two lines convert them to a file of weights:\n"
            f"    arrays = numpy.load({str(path)!r})\n"
            f"    torch.save({{name: torch.from_numpy(arrays[name]) for name in arrays}}, {safe!r})"
        )
    if "schema.json" in names:
        return f"{path} is a scikit-learn model saved by skops; only PyTorch weights are read."
    inside = [
        name for name in names if name.endswith((".pt", ".pth", ".ckpt", ".safetensors", ".bin", ".h5"))
    ]
    if inside and "data.pkl" not in ends:
        return f"{path} is a zip file with {listed(inside)}. Unpack it and pass one of these."
    return ""


def tar_kind(path: Path) -> str:
    """Return what a tar archive that torch did not write contains, and what to do; else ``""``."""
    try:
        with tarfile.open(path, "r:") as archive:
            names = [member.name for member in islice(archive, _MOST_MEMBERS)]
    except Exception as error:  # tarfile raises nearly any error for a hostile archive
        return (
            f"{path} is a tar archive that cannot be read ({type(error).__name__}). Was it copied completely?"
        )
    if "pickle" in names:  # as torch wrote them before 0.1.10
        return ""
    return (
        f"{path} is a tar archive with {listed(names) or 'nothing'}. Unpack it and pass the file of weights."
    )


def _keras_layers(archive: zipfile.ZipFile, names: dict[str, zipfile.ZipInfo]) -> str:
    """Return the layers that the configuration names, if it can be read."""
    try:
        with archive.open(names["config.json"]) as file:
            config: Any = json.loads(file.read(_LONGEST_CONFIG))
        layers = [
            f"{layer['config']['name']} ({layer['class_name']})" for layer in config["config"]["layers"]
        ]
        return f" with the layers {listed(layers, 6)}" if layers else ""
    except Exception:  # whatever it contains, it is known to be from Keras
        return ""


def _arrays(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> str:
    arrays = []
    for info in infos[:6]:
        with archive.open(info) as file:
            shape = _NPY.search(file.read(512))
        arrays.append(
            f"{shown_name(info.filename.removesuffix('.npy'))} {shape[1].decode() if shape else '(?)'}"
        )
    more = f" and {len(infos) - 6} more" if len(infos) > 6 else ""
    return ", ".join(arrays) + more
