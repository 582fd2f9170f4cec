"""The style of every figure, sincviz's own or a journal's: sizes, type, colours."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.resources import as_file, files
from typing import Any

import matplotlib as mpl
from cmcrameri import cm
from matplotlib import pyplot as plt

from sincviz.errors import did_you_mean
from sincviz.plotting.canvas.glyphs import first_installed, noting_missing
from sincviz.plotting.canvas.journals import JOURNALS, Journal

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

_journal: ContextVar[Journal] = ContextVar("journal", default=JOURNALS["sincviz"])


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
def journal(name: str) -> Iterator[None]:
    """Draw and save figures as a journal wants them: its widths, font and sizes of type.

    Axes that you make yourself inside the block have them too; your own settings come back afterwards.

    Parameters
    ----------
    name : {"sincviz", "neuroimage", "nature", "ieee"}
        ``"sincviz"`` is how figures look without this. If the journal's font is not installed, the most similar one
        is taken.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> from sincviz.plotting import plot_notice
    >>> with journal("neuroimage"):
    ...     figure = plot_notice("Scalp maps cannot be drawn.", "Channel A1 has no position.")
    >>> round(25.4 * figure.get_figwidth())  # mm
    190
    """
    if name not in JOURNALS:
        raise ValueError(
            f"The style must be one of {', '.join(map(repr, JOURNALS))}; got {name!r}.{did_you_mean(name, JOURNALS)}"
        )
    token = _journal.set(JOURNALS[name])
    try:
        with _settings_of(JOURNALS[name]):
            yield
    finally:
        _journal.reset(token)


def single_column_mm() -> float:
    """Return the width of a figure over one column: 88 mm, or the journal's."""
    return _journal.get().single_mm


def double_column_mm() -> float:
    """Return the width of a figure over two columns: 178 mm, or the journal's."""
    return _journal.get().double_mm


def small_pt() -> float:
    """Return the size of nearly all type: 7 pt, or the journal's."""
    return _journal.get().small_pt


def large_pt() -> float:
    """Return the size of titles and labels of axes: 8 pt, or the journal's."""
    return _journal.get().large_pt


def type_mm(of_7_pt: float) -> float:
    """Return a height that grows with the type, such as that of a line, from its value for type of 7 pt.

    Examples
    --------
    >>> type_mm(3.5)
    3.5
    >>> with journal("ieee"):
    ...     type_mm(3.5)
    4.0
    """
    return of_7_pt * small_pt() / 7


@contextmanager
def style() -> Iterator[None]:
    """Draw in the style of the journal; the user's own settings come back afterwards."""
    with _settings_of(_journal.get()), noting_missing():
        yield


@contextmanager
def _settings_of(of_journal: Journal) -> Iterator[None]:
    # Matplotlib loads its backend with the first figure, and Jupyter's then switches the display of figures on: were it
    # loaded inside the context, the end of the context would switch that off again. This loads it, and draws nothing.
    plt.draw_if_interactive()  # type: ignore[no-untyped-call]
    with mpl.rc_context(_settings(of_journal)):
        yield


@functools.cache
def _settings(of_journal: Journal) -> dict[Any, Any]:
    """Return Matplotlib's settings for a journal."""
    with as_file(files("sincviz.plotting") / "sincviz.mplstyle") as path:
        settings = dict(mpl.rc_params_from_file(path, use_default_template=False))
    small = ("font.size", "xtick.labelsize", "ytick.labelsize", "legend.fontsize")
    # Named, not "sans-serif": a text keeps its font when it is saved after the style has ended.
    family = first_installed(of_journal.families)
    return (
        settings
        | dict.fromkeys(small, of_journal.small_pt)
        | dict.fromkeys(("axes.titlesize", "axes.labelsize", "figure.labelsize"), of_journal.large_pt)
        | {"font.family": list(dict.fromkeys([family, "DejaVu Sans"]))}
    )
