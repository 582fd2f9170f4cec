"""Store of row results: one file each, written atomically and named by a hash of its inputs."""

import hashlib
from pathlib import Path

import xarray as xr

from sincviz._utils.files import staging

FOLDER = "rows"
_MARK = b"sha256"  # after the arrays, which readers of netCDF find by their places


def stored_file(folder: Path, key: str) -> Path:
    """Return where the result of a row is, or will be.

    Examples
    --------
    >>> stored_file(Path("out"), "9f").as_posix()
    'out/rows/9f.nc'
    """
    return folder / FOLDER / f"{key}.nc"


def store_row(folder: Path, key: str, result: xr.Dataset) -> None:
    """Write the result of a row with its checksum; other runs that write the same at the same time do no harm."""
    target = stored_file(folder, key)
    with staging(target.parent) as scratch:
        result.to_netcdf(scratch / target.name, engine="scipy")
        content = (scratch / target.name).read_bytes()
        (scratch / target.name).write_bytes(content + _checksum(content))


def stored_row(folder: Path, key: str) -> xr.Dataset:
    """Return the result of a row.

    Raises
    ------
    OSError, ValueError
        If it does not exist, or is not as it was written.
    """
    path = stored_file(folder, key)
    # From memory: a file that is mapped cannot be replaced everywhere, and changes when it is.
    whole = path.read_bytes()
    content = whole[: -len(_checksum(b""))]
    if whole != content + _checksum(content):
        raise ValueError(f"{str(path)!r} is damaged: its checksum does not match.")
    try:
        with xr.open_dataset(content, engine="scipy") as result:
            return result.load()
    except Exception as error:  # a damaged file makes the reader raise nearly anything
        raise ValueError(f"{str(path)!r} is damaged: {error}") from error


def is_stored(folder: Path, key: str) -> bool:
    """Return whether the result of a row exists, as it was written."""
    try:
        stored_row(folder, key)
    except (OSError, ValueError):
        return False
    return True


def is_damaged(folder: Path, key: str) -> bool:
    """Return whether the result of a row exists, but not as it was written."""
    return stored_file(folder, key).is_file() and not is_stored(folder, key)


def _checksum(content: bytes) -> bytes:
    return _MARK + hashlib.sha256(content).digest()
