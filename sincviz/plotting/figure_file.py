"""Figures to files: the same figure, the same bytes."""

import os
from pathlib import Path

from matplotlib.figure import Figure

from sincviz.atomic_file import replacing
from sincviz.plotting.style import style

_METADATA = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}, ".png": {"Software": None}}

# Lines and text of PDF and SVG have no pixels; only coloured fields do, and these are smooth.
_DPI = {".pdf": 100, ".svg": 100, ".png": 300}


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as PNG (300 dpi), PDF or SVG (coloured fields at 100 dpi), atomically and without a date in it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    path : path-like
        The file to write or replace; its ending decides the format.

    Raises
    ------
    ValueError
        If the ending is none of ``.png``, ``.pdf`` and ``.svg``.
    FileNotFoundError
        If the folder does not exist.
    """
    ending = Path(path).suffix.lower()
    if ending not in _METADATA:
        raise ValueError(
            f"A figure can be written as {', '.join(_METADATA)}; got {ending!r} in {str(path)!r}."
        )
    with replacing(path) as temporary, style():
        figure.savefig(temporary, format=ending[1:], metadata=_METADATA[ending], dpi=_DPI[ending])
