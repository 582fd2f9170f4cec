"""Atomic file writing: files are written next to their destination, then moved into place."""

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_STAGING = ".sincviz-"
_AT_WORK_S = 3600.0


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; move it to ``path`` if the block succeeds.

    Parameters
    ----------
    path : path-like
        The file to write or replace. Its folder must exist.

    Yields
    ------
    pathlib.Path
        Write here, with the same suffix as ``path``.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with replacing(folder / "a.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> (folder / "a.txt").read_text()
    'whole'
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"The folder {str(target.parent)!r} does not exist; create it first.")
    handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _make_public(temporary)
        _flush_to_disk(temporary)
        os.replace(temporary, target)
        _flush_to_disk(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def staging(folder: str | os.PathLike[str], *, last: str | None = None) -> Iterator[Path]:
    """Yield an empty folder to write into; move its files to ``folder`` if the block succeeds.

    Each file is moved as a whole, and all are moved in quick succession once everything is written. A signal that would
    end the process is held back until they are moved.

    Parameters
    ----------
    folder : path-like
        Destination; subfolders are kept, and it is created if it does not exist. Files with other names are left alone.
    last : str | None
        A file that describes the others: an earlier one is deleted before they are moved, and the new one is moved
        after them, so that it never lies next to files of another run.

    Yields
    ------
    pathlib.Path
        Write here.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with staging(folder) as scratch:
    ...     _ = (scratch / "a.txt").write_text("whole")
    >>> [path.name for path in folder.iterdir()]
    ['a.txt']
    """
    target = Path(folder)
    is_new = not target.exists()
    target.mkdir(parents=True, exist_ok=True)
    for other in target.glob(f"{_STAGING}*"):
        # Left behind by a run that was killed, unless it is so recent that the run may still be at work.
        with suppress(FileNotFoundError):  # that run has just ended
            if time.time() - other.stat().st_mtime > _AT_WORK_S:
                shutil.rmtree(other, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix=_STAGING, dir=target))
    try:
        yield scratch
        ready = sorted(path for path in scratch.rglob("*") if path.is_file())
        for path in ready:
            _make_public(path)
            _flush_to_disk(path)
        for path in ready:
            place = target / path.relative_to(scratch)
            if place.is_dir():
                raise FileExistsError(
                    f"{str(place)!r} is a folder, but a file has to be written there. Choose another folder."
                )
        with _undisturbed():
            if last is not None and scratch / last in ready:
                ready.sort(key=lambda path: path == scratch / last)
                (target / last).unlink(missing_ok=True)
                _flush_to_disk(target)
            for path in ready:
                place = target / path.relative_to(scratch)
                place.parent.mkdir(parents=True, exist_ok=True)
                os.replace(path, place)
            for parent in {target / path.relative_to(scratch).parent for path in ready}:
                _flush_to_disk(parent)
            # Here too: a signal may end the process at once.
            shutil.rmtree(scratch, ignore_errors=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if is_new and not any(target.iterdir()):
            target.rmdir()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back signals that end the process; they can be caught in the main thread only."""
    waiting: list[int] = []
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, lambda received, _: waiting.append(received))
    try:
        yield
    finally:
        for number, handler in before.items():
            # A handler that was not set from Python cannot be set again by it.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for caught in waiting:
            signal.raise_signal(caught)


def _make_public(path: Path) -> None:
    # mkstemp makes files that only their owner can read.
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)


def _flush_to_disk(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
