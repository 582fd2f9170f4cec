"""Results as a folder: tables, arrays, figures, one file for machines and one page to read."""

import json
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sincviz import plotting
from sincviz._utils.files import replacing, staging
from sincviz._utils.strict_json import json_text, plain
from sincviz._utils.text import listed
from sincviz.report.contents import (
    Contents,
    Drawing,
    Results,
    Section,
    arrays_of,
    drawings_of,
    frames_of,
    summary_of,
)
from sincviz.report.csv_file import write_csv
from sincviz.report.page import write_html
from sincviz.report.pictures import FORMATS, checked_formats, draw_pictures
from sincviz.report.system import system_facts

PAGE = "report.html"


def write_page(
    results: Results,
    contents: Contents[Results],
    sections: tuple[Section[Results, Any], ...],
    path: str | os.PathLike[str],
    *,
    title: str | None,
    style: str,
    overwrite: bool,
) -> None:
    """Write the page alone; see :meth:`sincviz.inspection.Inspection.report`."""
    target = Path(path)
    if target.exists() and not overwrite:
        raise FileExistsError(f"{str(target)!r} exists already. Pass `overwrite=True` to replace it.")
    with plotting.journal(style), replacing(target) as temporary, tempfile.TemporaryDirectory() as scratch:
        pictures = draw_pictures(_drawings(results, sections), Path(scratch), ("png",), progress=True)
        write_html(results, contents, sections, temporary, pictures, title)


def write_folder(
    results: Results,
    contents: Contents[Results],
    sections: tuple[Section[Results, Any], ...],
    folder: str | os.PathLike[str],
    *,
    formats: Sequence[str],
    title: str | None,
    style: str,
    overwrite: bool,
    progress: bool,
) -> list[str]:
    """Write everything; see :meth:`sincviz.inspection.Inspection.save`."""
    checked_formats(formats)
    target = check_folder(folder, contents, overwrite=overwrite)
    earlier = _of_earlier_results(target, contents)
    with plotting.journal(style), staging(target, last=contents.facts_file) as scratch:
        for part in ("tables", "arrays", "figures"):
            (scratch / part).mkdir()
        for section in contents.sections:
            for name, table in frames_of(section, results).items():
                write_csv(table, scratch / "tables" / f"{name}.csv")
            for name, array in arrays_of(section, results).items():
                array.to_netcdf(scratch / "arrays" / f"{name}.nc", engine="scipy")
        with tempfile.TemporaryDirectory() as elsewhere:
            # The page shows PNG files, whether these were asked for or not.
            pictures = draw_pictures(
                _drawings(results, contents.sections),
                scratch / "figures",
                formats,
                progress=progress,
                page_folder=Path(elsewhere),
            )
            write_html(results, contents, sections, scratch / PAGE, pictures, title)
        files = sorted(path.relative_to(scratch).as_posix() for path in scratch.rglob("*") if path.is_file())
        files.append(contents.facts_file)
        text = json_text(facts_of(results, contents) | {"files": files})
        (scratch / contents.facts_file).write_text(text, encoding="utf-8", newline="\n")
    for stale in earlier - set(files):
        (target / stale).unlink(missing_ok=True)
    return files


def facts_of(results: Results, contents: Contents[Results]) -> dict[str, Any]:
    """Return the facts about results for machines, as strict JSON."""
    facts: dict[str, Any] = plain(
        {
            "versions": system_facts(),
            **contents.facts(results),
            "summary": summary_of(contents, results),
            "findings": results.findings.astype(str).to_dict("records"),
            "missing": dict(results.missing),
        }
    )
    return facts


def check_folder(
    folder: str | os.PathLike[str],
    contents: Contents[Any],
    names: Sequence[str] = (),
    *,
    overwrite: bool = False,
) -> Path:
    """Return the folder if results, and files of these names, can be written into it.

    Raises
    ------
    FileExistsError
        If ``folder`` is a file, or holds results of this kind or one of the files, and ``overwrite`` is false.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{str(folder)!r} is a file, not a folder. Choose another name.")
    taken = [*(name for name in names if (folder / name).exists()), *existing_files(folder, contents)]
    if taken and not overwrite:
        kept = f" ({contents.kept} is kept)" if contents.kept else ""
        raise FileExistsError(
            f"{str(folder)!r} already holds {listed(taken, 3)}. Pass `--overwrite` (`overwrite=True`) to replace "
            f"them{kept}, or choose another folder."
        )
    return folder


def existing_files(folder: Path, contents: Contents[Any]) -> list[str]:
    """Return the files of a folder that bear the names of these results."""
    names = [name for name in (PAGE, contents.facts_file) if (folder / name).is_file()]
    inside = (path for part in ("tables", "arrays", "figures") for path in sorted((folder / part).glob("*")))
    names += [path.relative_to(folder).as_posix() for path in inside if path.is_file()]
    pattern = _names(contents)
    return [name for name in names if pattern.fullmatch(name)]


def _names(contents: Contents[Any]) -> re.Pattern[str]:
    """Return what the names of files of these results look like."""
    patterns = [re.escape(PAGE), re.escape(contents.facts_file)]
    for section in contents.sections:
        patterns += [rf"tables/{table.name}\.csv" for table in section.tables if table.frame is not None]
        patterns += [rf"arrays/{name}\.nc" for name in section.arrays]
        patterns += [
            rf"figures/{figure.name}{'' if figure.cases is None else '_[0-9]+'}\.({'|'.join(FORMATS)})"
            for figure in section.figures
        ]
    return re.compile("|".join(patterns))


def _of_earlier_results(folder: Path, contents: Contents[Any]) -> set[str]:
    """Return the files that earlier results say they wrote, as far as these bear the names of such results."""
    try:
        listed_files = json.loads((folder / contents.facts_file).read_text("utf-8"))["files"]
        pattern = _names(contents)
        return {
            str(name)
            for name in listed_files
            if pattern.fullmatch(str(name)) and not (folder / str(name)).is_dir()
        }
    except FileNotFoundError:
        # A run that was killed while it moved its files has left some of them, and not the file that lists them.
        return set(existing_files(folder, contents))
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _drawings(results: Results, sections: Sequence[Section[Results, Any]]) -> list[Drawing]:
    return [drawing for section in sections for drawing in drawings_of(section, results)]
