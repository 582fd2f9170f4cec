"""What a report of a problem needs: the machine, and which libraries are installed in which version."""

import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from sincviz._version import __version__

# What users install; the others are for work on sincviz itself.
EXTRAS = ("hub", "moabb", "eeglab", "cluster", "notebooks", "live")
PEERS = ("braindecode",)

Facts = dict[str, dict[str, str]]


def system_information() -> Facts:
    """Return what a report of a problem needs, by heading and name."""
    required, optional = _requirements()
    return {
        "System": {
            "sincviz": __version__,
            "Python": " ".join(sys.version.split()),
            "Executable": sys.executable,
            "Platform": platform.platform(),
            "Processor": f"{platform.processor() or platform.machine()}, {os.cpu_count()} logical cores",
            "Memory": _memory(),
            **_torch_facts(),
        },
        "Required": {one.name: _installed(one) for one in required},
        "Optional": {
            f"{one.name} ({', '.join(extras)})": _installed(one) for one, extras in optional.values()
        },
        "Peers": {name: _installed(Requirement(name)) for name in PEERS},
    }


def _requirements() -> tuple[list[Requirement], dict[str, tuple[Requirement, list[str]]]]:
    """Return what sincviz requires, and what its extras add: by name, with the extras."""
    required: list[Requirement] = []
    optional: dict[str, tuple[Requirement, list[str]]] = {}
    for one in map(Requirement, requires("sincviz") or ()):
        if one.marker is None:
            required.append(one)
        elif (extra := re.search(r"extra == ['\"]([\w-]+)", str(one.marker))) and extra[1] in EXTRAS:
            optional.setdefault(one.name, (one, []))[1].append(extra[1])
    return required, optional


def _installed(requirement: Requirement) -> str:
    """Return the version of a library, and whether it is one that sincviz was made for."""
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        return "not installed"
    fits = requirement.specifier.contains(found, prereleases=True)
    return found if fits else f"{found}, but sincviz needs {requirement.specifier}"


def _memory() -> str:
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return "not known"
    return f"{pages * size / 2**30:.1f} GiB"


def _torch_facts() -> dict[str, str]:
    """Return the devices that torch sees, or why it cannot be imported: that is often the problem."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return {"GPU": f"not checked, torch cannot be imported: {' '.join(str(error).split())}"}
    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("Apple MPS")
    built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
    return {
        "Threads": f"{torch.get_num_threads()} in torch",
        "GPU": f"{', '.join(names) or 'none that torch can use'}; torch is {built}",
    }
