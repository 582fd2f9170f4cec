"""All network files in one zip file, for those who do not want to train them."""

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from pathlib import Path

from sincviz._utils.files import replacing
from sincviz._utils.text import counted
from sincviz.benchmark.cases import SIMULATION, case_names, file_name
from sincviz.benchmark.network_files import cache_folder, read_network
from sincviz.errors import CheckpointError

MANIFEST = "manifest.json"
_DATE = (1980, 1, 1, 0, 0, 0)  # the same files make the same bundle


def write_bundle(
    path: str | os.PathLike[str], size: str = "full", *, cache: str | os.PathLike[str] | None = None
) -> list[str]:
    """Write all network files of the cache to one zip file.

    Parameters
    ----------
    path : path-like
        The file to write.
    size : {"small", "full"}
        Which cases.
    cache : path-like, optional
        Folder of the networks; see :func:`sincviz.benchmark.network_files.cache_folder`.

    Returns
    -------
    list of str
        Names of the cases that are not in the cache, and so not in the bundle.

    Raises
    ------
    CheckpointError
        If a network file is damaged.
    FileNotFoundError
        If no network is in the cache.

    Examples
    --------
    >>> import tempfile
    >>> import torch
    >>> from sincviz.benchmark.cases import case_names, file_name
    >>> from sincviz.benchmark.network_files import write_network
    >>> cache = Path(tempfile.mkdtemp())
    >>> name = case_names("small")[0]
    >>> write_network(cache / file_name(name), {"weight": torch.ones(3)}, {"seed": 1})  # instead of training
    >>> missing = write_bundle(cache / "networks.zip", "small", cache=cache)
    >>> missing == list(case_names("small")[1:])
    True
    """
    folder = cache_folder(cache)
    files = {name: folder / file_name(name) for name in case_names(size)}
    present = {name: file for name, file in files.items() if file.exists()}
    if not present:
        raise FileNotFoundError(
            f"None of the {counted(len(files), 'network')} is in {str(folder)!r}. Train them first: "
            f"for case in sincviz.benchmark.cases({size!r}): pass"
        )
    hashes = {}
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as bundle:
        for file in present.values():
            read_network(file)
            content = file.read_bytes()
            hashes[file.name] = hashlib.sha256(content).hexdigest()
            bundle.writestr(zipfile.ZipInfo(file.name, _DATE), content, zipfile.ZIP_DEFLATED)
        manifest = json.dumps({"simulation": SIMULATION, "files": hashes}, indent=1)
        bundle.writestr(zipfile.ZipInfo(MANIFEST, _DATE), manifest)
    return [name for name in files if name not in present]


def read_bundle(
    path: str | os.PathLike[str], *, cache: str | os.PathLike[str] | None = None
) -> tuple[str, ...]:
    """Unpack the network files of a bundle into the cache.

    Parameters
    ----------
    path : path-like
        A file of :func:`write_bundle`.
    cache : path-like, optional
        Folder of the networks; see :func:`sincviz.benchmark.network_files.cache_folder`.

    Returns
    -------
    tuple of str
        Names of the cases whose networks were in it. Files of this cache with the same names are replaced.

    Raises
    ------
    CheckpointError
        If the file is damaged, holds anything but what its manifest names, or was made by another version of the
        benchmark. The cache is unchanged then.

    Examples
    --------
    >>> import tempfile
    >>> import torch
    >>> from sincviz.benchmark.cases import case_names, file_name
    >>> from sincviz.benchmark.network_files import write_network
    >>> cache = Path(tempfile.mkdtemp())
    >>> name = case_names("small")[0]
    >>> write_network(cache / file_name(name), {"weight": torch.ones(3)}, {"seed": 1})  # instead of training
    >>> missing = write_bundle(cache / "networks.zip", "small", cache=cache)
    >>> read_bundle(cache / "networks.zip", cache=tempfile.mkdtemp()) == (name,)
    True
    """
    folder = cache_folder(cache)
    known = {file_name(name): name for name in case_names("full")}
    with tempfile.TemporaryDirectory() as scratch:
        hashes = _unpacked(Path(path), Path(scratch), set(known))
        for file in hashes:
            with replacing(folder / file) as temporary:
                temporary.write_bytes((Path(scratch) / file).read_bytes())
    return tuple(known[file] for file in hashes)


def _unpacked(path: Path, scratch: Path, known: set[str]) -> dict[str, str]:
    """Unpack the files whose names are known into a folder, check them, and return the hash of each."""
    try:
        with zipfile.ZipFile(path) as bundle:
            manifest = json.loads(bundle.read(MANIFEST))
            simulation, hashes = manifest["simulation"], dict(manifest["files"])
            if simulation != SIMULATION or not set(hashes) <= known:
                raise CheckpointError(
                    f"{str(path)!r} holds networks of another version of the benchmark (simulation {simulation}; here "
                    f"{SIMULATION}). Use the version of sincviz that made it, or train the networks."
                )
            if set(bundle.namelist()) != {MANIFEST, *hashes}:
                raise CheckpointError(_damaged(path, "its files are not those that its manifest names"))
            for file, expected in hashes.items():
                content = bundle.read(file)
                if hashlib.sha256(content).hexdigest() != expected:
                    raise CheckpointError(_damaged(path, f"the hash of {file} is not that of its manifest"))
                (scratch / file).write_bytes(content)
                read_network(scratch / file)
    except CheckpointError:
        raise
    except (zipfile.BadZipFile, zlib.error, KeyError, TypeError, ValueError, EOFError) as error:
        raise CheckpointError(_damaged(path, f"{type(error).__name__}: {error}")) from error
    return hashes


def _damaged(path: Path, why: str) -> str:
    return f"{str(path)!r} is not a whole bundle of networks: {why}. Download or write it again."
