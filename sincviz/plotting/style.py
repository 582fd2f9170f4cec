"""The one style of every figure: sizes, type, colours."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files

import matplotlib.pyplot as plt
from cmcrameri import cm

SINGLE_COLUMN_MM = 88.0
DOUBLE_COLUMN_MM = 178.0

# Okabe and Ito's colours, told apart in every common form of colour blindness.
NOMINAL = "#0072B2"
MEASURED = "#D55E00"
INITIAL = "#555555"
RHYTHM_SHADES = ("#EEF1F6", "#FFFFFF")
CLASS_COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#E69F00",
    "#000000",
)  # no yellow: too pale
SEVERITIES = {"error": "#D55E00", "warning": "#E69F00", "note": "#56B4E9"}

# Crameri's maps: even steps of lightness, legible without colour.
SIGNED = cm.vik
AMOUNT = cm.devon_r
ORDERED = cm.batlow
NO_OUTPUT = "#CCCCCC"


def inches(millimetres: float) -> float:
    """Return a length in inches, Matplotlib's unit.

    Examples
    --------
    >>> inches(25.4)
    1.0
    """
    return millimetres / 25.4


def millimetres(inches: float) -> float:
    """Return a length in millimetres.

    Examples
    --------
    >>> millimetres(2.0)
    50.8
    """
    return 25.4 * inches


@contextmanager
def style() -> Iterator[None]:
    """Draw in sincviz's style; the user's own settings come back afterwards."""
    with as_file(files("sincviz.plotting") / "sincviz.mplstyle") as path, plt.style.context(path):
        yield
