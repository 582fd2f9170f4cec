"""Where the results of rows are kept: one file each, whole or not there, named by what it is the result of."""

from pathlib import Path

import xarray as xr

from sincviz.atomic_file import staging

FOLDER = "rows"


def stored_file(folder: Path, key: str) -> Path:
    """Return where the result of a row is, or will be.

    Examples
    --------
    >>> stored_file(Path("out"), "9f").as_posix()
    'out/rows/9f.nc'
    """
    return folder / FOLDER / f"{key}.nc"


def store_row(folder: Path, key: str, found: xr.Dataset) -> None:
    """Write the result of a row; other runs that write the same at the same time do no harm."""
    target = stored_file(folder, key)
    with staging(target.parent) as scratch:
        found.to_netcdf(scratch / target.name, engine="scipy")


def stored_row(folder: Path, key: str) -> xr.Dataset:
    """Return the result of a row.

    Raises
    ------
    OSError, ValueError
        If it is not there, or cannot be read.
    """
    try:
        # From memory: a file that is mapped cannot be replaced everywhere.
        with xr.open_dataset(stored_file(folder, key).read_bytes(), engine="scipy") as found:
            return found.load()
    except OSError:
        raise
    except Exception as error:  # a damaged file makes the reader raise nearly anything
        raise ValueError(f"{str(stored_file(folder, key))!r} is damaged: {error}") from error


def is_stored(folder: Path, key: str) -> bool:
    """Tell whether the result of a row is there, and can be read."""
    if not stored_file(folder, key).is_file():
        return False
    try:
        stored_row(folder, key)
    except (OSError, ValueError):
        return False
    return True
