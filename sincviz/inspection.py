"""Everything that can be read from one network, written to one folder."""

import os
from pathlib import Path

import pandas as pd

from sincviz.analysis.bands import learned_bands
from sincviz.analysis.response import filter_response
from sincviz.atomic_file import replacing


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

    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{str(folder)!r} is a file, not a folder. Choose another name.")
    table = folder / "bands.csv"
    figure_names = [
        folder / f"{name}{ending}" for name in ("bands", "responses") for ending in (".png", ".pdf")
    ]
    taken = [path.name for path in (table, *figure_names) if path.exists()]
    if taken and not overwrite:
        raise FileExistsError(
            f"{str(folder)!r} already holds {', '.join(taken)}. Pass `--overwrite` (`overwrite=True`) to replace "
            "them, or choose another folder."
        )
    bands = learned_bands(model)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(table) as temporary:
        bands.to_csv(temporary, float_format="%.6g")
    drawn = {"bands": plot_bands(bands), "responses": plot_responses(filter_response(model))}
    for path in figure_names:
        save_figure(drawn[path.stem], path)
    for figure in drawn.values():
        plt.close(figure)
    return bands
