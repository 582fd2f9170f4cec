"""Memory that a block of code takes on top of what the process has already."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@contextmanager
def peak_memory() -> Iterator[dict[str, float]]:
    """Yield a dict that holds ``mib`` after the block: by how much the peak of resident memory grew inside it.

    Linux can forget the earlier peak. Elsewhere it is the growth of ``ru_maxrss``, which is 0 as long as an earlier
    step of the process took more; NaN on Windows.

    Examples
    --------
    >>> with peak_memory() as used:
    ...     block = b"1" * 2**26
    >>> used["mib"] > 32
    True
    """
    used = {"mib": float("nan")}
    with suppress(OSError):
        _CLEAR.write_text("5")  # the peak is what is resident now
    before = _peak_mib()
    yield used
    used["mib"] = _peak_mib() - before


def _peak_mib() -> float:
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) / 1024
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)
