"""Figures as files: every drawing of a result, in every format."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from sincviz import plotting
from sincviz._utils.progress import switched_off, tqdm
from sincviz.errors import did_you_mean
from sincviz.plotting.canvas.style import millimetres

FORMATS = ("png", "pdf", "svg")


@dataclass(frozen=True)
class Picture:
    """A figure that can be made: the name of its file, what it is of, how it is drawn."""

    name: str
    title: str
    draw: Callable[[], Figure]


def checked_formats(formats: Sequence[str]) -> Sequence[str]:
    """Return the formats of figures if all are known.

    Raises
    ------
    ValueError
        If a format is unknown.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or isinstance(formats, str):
        meant = "".join(did_you_mean(name, FORMATS) for name in unknown[:1])
        raise ValueError(f"Figures can be written as {', '.join(FORMATS)}; got {unknown or formats}.{meant}")
    return formats


def draw_pictures(
    pictures: Sequence[Picture],
    folder: Path,
    formats: Sequence[str],
    *,
    progress: bool,
    page_folder: Path | None = None,
) -> dict[str, tuple[Path, float]]:
    """Write every figure, and return the PNG file and the width in mm of each.

    Parameters
    ----------
    pictures : sequence of Picture
        What to draw.
    folder : pathlib.Path
        Where to write.
    formats : sequence of {"png", "pdf", "svg"}
        Files of each.
    progress : bool
        Show a progress bar.
    page_folder : pathlib.Path | None
        Where the PNG files of a page go if ``"png"`` is not among the formats; ``None`` puts them to the others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    with tqdm(pictures, unit="figure", leave=False, disable=switched_off() if progress else True) as bar:
        for picture in bar:
            bar.set_description(f"Drawing: {picture.title}")
            figure = picture.draw()
            for ending in formats:
                plotting.save_figure(figure, folder / f"{picture.name}.{ending}")
            if "png" in formats or page_folder is None:
                png = folder / f"{picture.name}.png"
            else:
                png = page_folder / f"{picture.name}.png"
                plotting.save_figure(figure, png)
            written[picture.name] = png, millimetres(figure.get_figwidth())
            plt.close(figure)
    return written
