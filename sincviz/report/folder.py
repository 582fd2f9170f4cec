"""An inspection as a folder: tables, arrays, figures, one file for machines and one page for people."""

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from tqdm.auto import tqdm

from sincviz import plotting
from sincviz.atomic_file import replacing, staging
from sincviz.inspection import Inspection
from sincviz.network_facts import system_facts
from sincviz.plotting.style import millimetres
from sincviz.progress import switched_off
from sincviz.report.drawings import DRAWINGS, drawings_of
from sincviz.report.page import write_html
from sincviz.report.summary import accuracy_words, alarm_words, basis_words, certainty_words, suspicion_words
from sincviz.report.tables import ARRAYS, TABLES, arrays_of, tables_of

FORMATS = ("png", "pdf", "svg")
PAGE, FACTS = "report.html", "inspection.json"
FILES = (
    *(PAGE, FACTS),
    *(f"tables/{name}.csv" for name in TABLES),
    *(f"arrays/{name}.nc" for name in ARRAYS),
    *(f"figures/{drawing.name}.{ending}" for drawing in DRAWINGS for ending in FORMATS),
)


def write_page(
    found: Inspection, path: str | os.PathLike[str], *, title: str | None, style: str, overwrite: bool
) -> None:
    """Write the page alone; see :meth:`sincviz.Inspection.report`."""
    target = Path(path)
    if target.exists() and not overwrite:
        raise FileExistsError(f"{str(target)!r} exists already. Pass `overwrite=True` to replace it.")
    with plotting.journal(style), replacing(target) as temporary, tempfile.TemporaryDirectory() as scratch:
        write_html(found, temporary, _draw(found, Path(scratch), ("png",), progress=True), title)


def write_folder(
    found: Inspection,
    folder: str | os.PathLike[str],
    *,
    formats: Sequence[str],
    title: str | None,
    style: str,
    overwrite: bool,
    progress: bool,
) -> list[str]:
    """Write everything; see :meth:`sincviz.Inspection.save`."""
    checked_formats(formats)
    target = check_folder(folder, overwrite=overwrite)
    earlier = _of_earlier_inspection(target)
    with plotting.journal(style), staging(target) as scratch:
        for name, table in tables_of(found).items():
            path = _room_for(scratch / "tables" / f"{name}.csv")
            table.to_csv(path, float_format="%.6g", lineterminator="\n")
        for name, array in arrays_of(found).items():
            array.to_netcdf(_room_for(scratch / "arrays" / f"{name}.nc"), engine="scipy")
        with tempfile.TemporaryDirectory() as elsewhere:
            # The page shows PNG files, whether these were asked for or not.
            pictures = _draw(
                found, scratch / "figures", formats, progress=progress, page_folder=Path(elsewhere)
            )
            write_html(found, scratch / PAGE, pictures, title)
        written = sorted(
            path.relative_to(scratch).as_posix() for path in scratch.rglob("*") if path.is_file()
        )
        facts = (
            json.dumps(facts_of(found) | {"files": [*written, FACTS]}, indent=2, ensure_ascii=False) + "\n"
        )
        (scratch / FACTS).write_text(facts, encoding="utf-8", newline="\n")
        written.append(FACTS)
    for stale in earlier - set(written):
        (target / stale).unlink(missing_ok=True)
    return written


def facts_of(found: Inspection) -> dict[str, Any]:
    """Return what a machine wants to know of an inspection: strict JSON."""
    leading = None if found.leading_bands is None else found.leading_bands.reset_index().to_dict("records")
    accuracies = None if found.accuracies is None else found.accuracies.reset_index().to_dict("records")
    facts: dict[str, Any] = _plain(
        {
            "versions": system_facts(),
            "seed": found.seed,
            "network": found.network,
            "trials": found.trials,
            "accuracy": accuracies,
            "summary": {
                "alarm": alarm_words(found),
                "accuracy": accuracy_words(found),
                "basis": basis_words(found),
                "certainty": certainty_words(found),
                "suspicion": suspicion_words(found),
            },
            "leading_bands": leading,
            "findings": found.findings.astype(str).to_dict("records"),
            "missing": found.missing,
        }
    )
    return facts


def checked_formats(formats: Sequence[str]) -> Sequence[str]:
    """Return the formats of figures if all are known.

    Raises
    ------
    ValueError
        If a format is unknown.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or isinstance(formats, str):
        raise ValueError(f"Figures can be written as {', '.join(FORMATS)}; got {unknown or formats}.")
    return formats


def check_folder(
    folder: str | os.PathLike[str], names: Sequence[str] = (), *, overwrite: bool = False
) -> Path:
    """Return the folder if an inspection, and files of these names, can be written into it.

    Raises
    ------
    FileExistsError
        If ``folder`` is a file, or holds an inspection or one of the files and ``overwrite`` is false.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{str(folder)!r} is a file, not a folder. Choose another name.")
    taken = [name for name in (*names, *existing_files(folder)) if (folder / name).exists()]
    if taken and not overwrite:
        n_more = len(taken) - 3
        more = f" and {n_more} file{'s' * (n_more != 1)} more" if n_more > 0 else ""
        raise FileExistsError(
            f"{str(folder)!r} already holds {', '.join(taken[:3])}{more}. Pass `--overwrite` "
            "(`overwrite=True`) to replace them, or choose another folder."
        )
    return folder


def existing_files(folder: Path) -> list[str]:
    """Return the files of a folder that bear the names of an inspection's."""
    return [name for name in FILES if (folder / name).exists()]


def _of_earlier_inspection(folder: Path) -> set[str]:
    """Return the files that an earlier inspection says it wrote, as far as these are names of an inspection's."""
    try:
        told = json.loads((folder / FACTS).read_text("utf-8"))["files"]
        return set(FILES) & {str(name) for name in told}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _draw(
    found: Inspection,
    folder: Path,
    formats: Sequence[str],
    *,
    progress: bool,
    page_folder: Path | None = None,
) -> dict[str, tuple[Path, float]]:
    """Write every figure, and return the PNG file and the width in mm of each."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {}
    with tqdm(
        list(drawings_of(found)), unit="figure", leave=False, disable=switched_off() if progress else True
    ) as bar:
        for drawing in bar:
            bar.set_description(f"Drawing: {drawing.title}")
            figure = drawing.draw(found)
            for ending in formats:
                plotting.save_figure(figure, folder / f"{drawing.name}.{ending}")
            if "png" in formats or page_folder is None:
                picture = folder / f"{drawing.name}.png"
            else:
                picture = page_folder / f"{drawing.name}.png"
                plotting.save_figure(figure, picture)
            pictures[drawing.name] = picture, millimetres(figure.get_figwidth())
            plt.close(figure)
    return pictures


def _room_for(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    return path


def _plain(value: Any) -> Any:
    """Return what strict JSON can hold; what is not finite is null."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
