"""A group as a folder: tables, arrays, figures, one file for machines and one page for people."""

import json
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz._utils.files import replacing, staging
from sincviz._utils.strict_json import json_text, plain
from sincviz._utils.text import listed
from sincviz.inspection.facts import system_facts
from sincviz.population.group import Group
from sincviz.report.csv_file import write_csv
from sincviz.report.group_drawings import group_drawings
from sincviz.report.group_page import write_group_html
from sincviz.report.group_words import summary_words
from sincviz.report.pictures import FORMATS, checked_formats, draw_pictures

PAGE, FACTS = "report.html", "group.json"
_OWN = ("tables", "arrays", "figures")


def write_group_page(
    found: Group, path: str | os.PathLike[str], *, title: str | None, style: str, overwrite: bool
) -> None:
    """Write the page alone; see :meth:`sincviz.Group.report`."""
    target = Path(path)
    if target.exists() and not overwrite:
        raise FileExistsError(f"{str(target)!r} exists already. Pass `overwrite=True` to replace it.")
    with plotting.journal(style), replacing(target) as temporary, tempfile.TemporaryDirectory() as scratch:
        pictures = [drawing.picture for drawing in group_drawings(found)]
        written = draw_pictures(pictures, Path(scratch), ("png",), progress=True)
        write_group_html(found, temporary, written, title)


def write_group_folder(
    found: Group,
    folder: str | os.PathLike[str],
    *,
    formats: Sequence[str],
    title: str | None,
    style: str,
    overwrite: bool,
    progress: bool,
) -> list[str]:
    """Write everything; see :meth:`sincviz.Group.save`."""
    checked_formats(formats)
    pictures = [drawing.picture for drawing in group_drawings(found)]
    tables, arrays = tables_of(found), arrays_of(found)
    names = [
        *(f"tables/{name}.csv" for name in tables),
        *(f"arrays/{name}.nc" for name in arrays),
        *(f"figures/{picture.name}.{ending}" for picture in pictures for ending in formats),
    ]
    target = check_group_folder(folder, names, overwrite=overwrite)
    earlier = _of_earlier_group(target)
    with plotting.journal(style), staging(target, last=FACTS) as scratch:
        for part in _OWN:
            (scratch / part).mkdir()
        for name, table in tables.items():
            write_csv(table, scratch / "tables" / f"{name}.csv")
        for name, array in arrays.items():
            array.to_netcdf(scratch / "arrays" / f"{name}.nc", engine="scipy")
        with tempfile.TemporaryDirectory() as elsewhere:
            drawn = draw_pictures(
                pictures, scratch / "figures", formats, progress=progress, page_folder=Path(elsewhere)
            )
            write_group_html(found, scratch / PAGE, drawn, title)
        written = sorted(
            path.relative_to(scratch).as_posix() for path in scratch.rglob("*") if path.is_file()
        )
        written.append(FACTS)
        text = json_text(group_facts(found) | {"files": written})
        (scratch / FACTS).write_text(text, encoding="utf-8", newline="\n")
    for stale in earlier - set(written):
        (target / stale).unlink(missing_ok=True)
    return written


def check_group_folder(
    folder: str | os.PathLike[str], names: Sequence[str] = (), *, overwrite: bool = False
) -> Path:
    """Return the folder if a group can be written into it; rows that are kept in it do not matter.

    Raises
    ------
    FileExistsError
        If ``folder`` is a file, or holds a report, a group or a file of these names and ``overwrite`` is false.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{str(folder)!r} is a file, not a folder. Choose another name.")
    taken = [name for name in (PAGE, FACTS, *names) if (folder / name).exists()]
    if taken and not overwrite:
        raise FileExistsError(
            f"{str(folder)!r} already holds {listed(taken, 3)}. Pass `--overwrite` (`overwrite=True`) to replace "
            "them (what was read of the networks is kept), or choose another folder."
        )
    return folder


def group_facts(found: Group) -> dict[str, Any]:
    """Return what a machine wants to know of a group: strict JSON."""
    clusters = (
        [] if found.clusters is None else found.clusters[found.clusters["significant"]].to_dict("records")
    )
    facts: dict[str, Any] = plain(
        {
            "versions": system_facts(),
            **found.facts,
            "summary": summary_words(found),
            "significant_clusters": clusters,
            "findings": found.findings.to_dict("records"),
            "missing": found.missing,
        }
    )
    return facts


def tables_of(found: Group) -> dict[str, pd.DataFrame]:
    """Return the tables that files hold, by their names."""
    shares = None
    if found.band_use is not None:
        shares = found.band_use.to_dataframe("share")
    networks = found.networks.assign(checkpoint=[Path(path).name for path in found.networks["checkpoint"]])
    tables = {
        "networks": networks,
        "findings": found.findings.set_index("check"),
        "clusters": None if found.clusters is None else found.clusters.set_index("comparison"),
        "band_use": shares,
        "agreement_by_subject": found.agreement_by_subject,
        "filter_stability": found.filter_stability,
        "drift": found.drift,
        "filter_drift": found.filter_drift,
    }
    return {name: table for name, table in tables.items() if table is not None}


def arrays_of(found: Group) -> dict[str, xr.Dataset]:
    """Return the labelled arrays that files hold, by their names."""
    names = (
        "run_contrasts",
        "band_contrasts",
        "spectral_contrasts",
        "band_test",
        "spectral_test",
        "agreement",
    )
    arrays = {name: getattr(found, name) for name in (*names, "matching", "occupancy")}
    return {
        name: array.to_dataset(name=array.name or name) if isinstance(array, xr.DataArray) else array
        for name, array in arrays.items()
        if array is not None
    }


def _of_earlier_group(folder: Path) -> set[str]:
    """Return the files that an earlier group says it wrote, as far as they lie where a group's do."""
    try:
        told = [str(name) for name in json.loads((folder / FACTS).read_text("utf-8"))["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    inside = re.compile(rf"({'|'.join(_OWN)})/[\w.-]+\.(csv|nc|{'|'.join(FORMATS)})")
    return {name for name in told if inside.fullmatch(name) and not (folder / name).is_dir()}
