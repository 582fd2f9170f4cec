"""Versions of sincviz, Python and the libraries that results were computed with."""

import platform
import sys
from importlib.metadata import version

from sincviz._version import __version__

LIBRARIES = (
    "torch",
    "numpy",
    "scipy",
    "pandas",
    "xarray",
    "mne",
    "matplotlib",
    "captum",
    "skorch",
    "scikit-learn",
)


def system_facts() -> dict[str, str]:
    """Return the versions that results come from."""
    return {
        "sincviz": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "byte_order": sys.byteorder,
        **{name: version(name) for name in LIBRARIES},
    }
