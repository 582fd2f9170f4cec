"""Figures as files: every drawing of a result, in every format."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib import pyplot as plt

from sincviz import plotting
from sincviz._utils.progress import switched_off, tqdm
from sincviz.errors import did_you_mean
from sincviz.plotting.canvas.style import millimetres
from sincviz.report.contents import Drawing

FORMATS = ("png", "pdf", "svg")


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
    drawings: Sequence[Drawing],
    folder: Path,
    formats: Sequence[str],
    *,
    progress: bool,
    page_folder: Path | None = None,
) -> dict[str, tuple[Path, float]]:
    """Write every figure, and return the PNG file and the width in mm of each.

    Parameters
    ----------
    drawings : sequence of Drawing
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
    with tqdm(drawings, unit="figure", leave=False, disable=switched_off() if progress else True) as bar:
        for drawing in bar:
            bar.set_description(f"Drawing: {drawing.title}")
            figure = drawing.draw()
            for ending in formats:
                plotting.save_figure(figure, folder / f"{drawing.name}.{ending}")
            if "png" in formats or page_folder is None:
                png = folder / f"{drawing.name}.png"
            else:
                png = page_folder / f"{drawing.name}.png"
                plotting.save_figure(figure, png)
            written[drawing.name] = png, millimetres(figure.get_figwidth())
            plt.close(figure)
    return written
