"""Figure files: the same figure, the same bytes."""

import io
import os
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from sincviz._utils.files import replacing
from sincviz.plotting.canvas.style import style

_METADATA: dict[str, dict[str, None]] = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}, ".png": {}}

# Lines and text of PDF and SVG have no pixels; only coloured fields do, and these are smooth.
_DPI = {".pdf": 100, ".svg": 100, ".png": 300}
_COLOURS = 256


def save_figure(figure: Figure, path: str | os.PathLike[str], *, dpi: float | None = None) -> None:
    """Write a figure as PNG, PDF or SVG, atomically and without a date in it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    path : path-like
        The file to write or replace; its extension sets the format.
    dpi : float | None
        Pixels per inch of a PNG, and of coloured fields in PDF and SVG; ``None``: 300 and 100.

    Raises
    ------
    ValueError
        If the extension is not ``.png``, ``.pdf`` or ``.svg``, or ``dpi`` is not above 0.
    FileNotFoundError
        If the folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_figure(Figure(figsize=(1, 1)), f"{folder}/figure.pdf")
    ...     os.listdir(folder)
    ['figure.pdf']
    """
    ending = Path(path).suffix.lower()
    if ending not in _METADATA:
        raise ValueError(
            f"A figure can be written as {', '.join(_METADATA)}; got {ending!r} in {str(path)!r}."
        )
    if dpi is not None and not dpi > 0:
        raise ValueError(f"`dpi` must be above 0; got {dpi}. Leave it out for 300 (PNG) or 100.")
    dpi = _DPI[ending] if dpi is None else dpi
    with replacing(path) as temporary, style():
        if ending == ".png":
            _write_png(figure, temporary, dpi)
        else:
            figure.savefig(temporary, format=ending[1:], metadata=_METADATA[ending], dpi=dpi)


def _write_png(figure: Figure, path: Path, dpi: float) -> None:
    """Write a PNG with a palette: scalp maps become a quarter as large, and are compressed three times as fast."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="rgba", dpi=dpi)
    width, height = (int(dpi * inches) for inches in figure.get_size_inches())
    image = Image.frombuffer("RGBA", (width, height), buffer.getvalue(), "raw", "RGBA", 0, 1).convert("RGB")
    colours = image.quantize(_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = colours.getpalette() or []
    # Of the margin, white: it would be averaged with what is nearly white.
    ground = 3 * int(np.asarray(colours)[0, 0])
    palette[ground : ground + 3] = np.asarray(image)[0, 0].tolist()
    colours.putpalette(palette)
    colours.save(path, format="png", dpi=(dpi, dpi))
