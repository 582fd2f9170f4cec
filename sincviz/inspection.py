"""Everything that can be read from one network, written to one folder."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sincviz.analysis.bands import learned_bands
from sincviz.analysis.response import filter_response
from sincviz.atomic_file import replacing
from sincviz.front_ends import front_end

FILES = ("bands.csv", "bands.png", "bands.pdf", "responses.png", "responses.pdf")


def check_folder(
    folder: str | os.PathLike[str], names: Sequence[str] = FILES, *, overwrite: bool = False
) -> Path:
    """Return the folder if these files can be written into it.

    Raises
    ------
    FileExistsError
        If ``folder`` is a file, or holds one of the files and ``overwrite`` is false.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{str(folder)!r} is a file, not a folder. Choose another name.")
    taken = [name for name in names if (folder / name).exists()]
    if taken and not overwrite:
        raise FileExistsError(
            f"{str(folder)!r} already holds {', '.join(taken)}. Pass `--overwrite` (`overwrite=True`) to replace "
            "them, or choose another folder."
        )
    return folder


def write_inspection(
    model: object, folder: str | os.PathLike[str], *, overwrite: bool = False
) -> pd.DataFrame:
    """Read the bands of a network and write them as a table and as figures.

    Writes ``bands.csv``, and ``bands`` and ``responses`` as PNG and PDF.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Anything that :func:`sincviz.front_end` knows.
    folder : path-like
        Where to write; made if it does not exist.
    overwrite : bool
        Replace files of an earlier inspection.

    Returns
    -------
    pandas.DataFrame
        The bands.

    Raises
    ------
    FileExistsError
        If the folder holds files of these names and ``overwrite`` is false; nothing is written.
    """
    # Only this needs Matplotlib.
    from matplotlib import pyplot as plt

    from sincviz.plotting import plot_bands, plot_responses, save_figure

    folder = check_folder(folder, overwrite=overwrite)
    parts = front_end(model)
    bands = learned_bands(parts)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / "bands.csv") as temporary:
        bands.to_csv(temporary, float_format="%.6g")
    drawn = {"bands": plot_bands(bands), "responses": plot_responses(filter_response(parts))}
    for name in FILES[1:]:
        save_figure(drawn[Path(name).stem], folder / name)
    for figure in drawn.values():
        plt.close(figure)
    return bands
