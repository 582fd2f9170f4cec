"""An inspection as a folder: tables, arrays, figures, one file for machines and one page for people."""

import json
import os
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sincviz import plotting
from sincviz._utils.files import replacing, staging
from sincviz._utils.strict_json import json_text, plain
from sincviz._utils.text import listed
from sincviz.inspection.facts import system_facts
from sincviz.inspection.inspection import Inspection
from sincviz.report.csv_file import write_csv
from sincviz.report.drawings import DRAWINGS, drawings_of
from sincviz.report.page import write_html
from sincviz.report.pictures import FORMATS, Picture, checked_formats, draw_pictures
from sincviz.report.summary import accuracy_words, alarm_words, basis_words, certainty_words, suspicion_words
from sincviz.report.tables import ARRAYS, TABLES, arrays_of, tables_of, with_verdict

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
        write_html(
            found, temporary, draw_pictures(_pictures(found), Path(scratch), ("png",), progress=True), title
        )


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
    with plotting.journal(style), staging(target, last=FACTS) as scratch:
        for name, table in tables_of(found).items():
            path = _room_for(scratch / "tables" / f"{name}.csv")
            write_csv(table, path)
        for name, array in arrays_of(found).items():
            array.to_netcdf(_room_for(scratch / "arrays" / f"{name}.nc"), engine="scipy")
        with tempfile.TemporaryDirectory() as elsewhere:
            # The page shows PNG files, whether these were asked for or not.
            pictures = draw_pictures(
                _pictures(found), scratch / "figures", formats, progress=progress, page_folder=Path(elsewhere)
            )
            write_html(found, scratch / PAGE, pictures, title)
        written = sorted(
            path.relative_to(scratch).as_posix() for path in scratch.rglob("*") if path.is_file()
        )
        facts = json_text(facts_of(found) | {"files": [*written, FACTS]})
        (scratch / FACTS).write_text(facts, encoding="utf-8", newline="\n")
        written.append(FACTS)
    for stale in earlier - set(written):
        (target / stale).unlink(missing_ok=True)
    return written


def facts_of(found: Inspection) -> dict[str, Any]:
    """Return what a machine wants to know of an inspection: strict JSON."""
    bands = with_verdict(found.leading_bands, found)
    leading = None if bands is None else bands.reset_index().to_dict("records")
    accuracies = None if found.accuracies is None else found.accuracies.reset_index().to_dict("records")
    facts: dict[str, Any] = plain(
        {
            "versions": system_facts(),
            "seed": found.seed,
            "network": found.network,
            "trials": found.trials,
            "verdict": found.verdict,
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
        raise FileExistsError(
            f"{str(folder)!r} already holds {listed(taken, 3)}. Pass `--overwrite` "
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
    except FileNotFoundError:
        # A run that was killed while its files came has left some of them, and not what speaks of them.
        return set(existing_files(folder))
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _pictures(found: Inspection) -> list[Picture]:
    return [
        Picture(drawing.name, drawing.title, partial(drawing.draw, found)) for drawing in drawings_of(found)
    ]


def _room_for(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    return path
