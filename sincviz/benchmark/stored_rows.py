"""Rows of a run in a CSV file, so that an interrupted run goes on where it stopped."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sincviz._utils.files import replacing
from sincviz._version import __version__
from sincviz.errors import did_you_mean
from sincviz.report.csv_file import text_of_cell, write_csv

KEYS = ("method", "label", "note", "case", "condition", "architecture", "domain", "variant")
"""Columns of text; all others are numbers, except ``error`` and the versions."""

FAILED = "none"
"""The variant of a row that says why a method failed on a case."""

_TEXT = (*KEYS, "error", "not_scored", "sincviz", "torch")
_MAY_BE_EMPTY = ("note", "error", "not_scored")


def read_rows(path: Path) -> pd.DataFrame:
    """Return rows that :func:`write_rows` wrote; an empty table if there is no such file.

    Parameters
    ----------
    path : Path
        A CSV file.

    Returns
    -------
    pandas.DataFrame
        One row per case and variant.

    Raises
    ------
    ValueError
        If the file holds something else.
    """
    if path.is_dir():
        raise ValueError(f"{str(path)!r} is a folder. Pass a CSV file, such as {str(path / 'scores.csv')!r}.")
    if not path.exists():
        return pd.DataFrame(columns=list(KEYS))
    try:
        rows = pd.read_csv(path, dtype=dict.fromkeys(_TEXT, str), keep_default_na=False, na_values={})
    except (ValueError, pd.errors.ParserError) as error:
        raise ValueError(f"{str(path)!r} is not a table of results: {error}. Pass another file.") from error
    missing = sorted(set(KEYS) - set(rows.columns))
    if missing:
        raise ValueError(
            f"{str(path)!r} must be a table that `run` wrote; it lacks the columns {', '.join(missing)}. Pass another "
            "file."
        )
    for name in rows.columns:
        if name in _TEXT:
            rows[name] = rows[name].map(text_of_cell)
        else:
            rows[name] = pd.to_numeric(rows[name], errors="coerce")
    return rows


def with_empty_texts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose empty texts are empty: ``pandas.read_csv`` reads empty cells as NaN.

    Examples
    --------
    >>> with_empty_texts(pd.DataFrame({"error": [float("nan"), "no rule"]}))["error"].tolist()
    ['', 'no rule']
    """
    known = [name for name in _MAY_BE_EMPTY if name in rows.columns]
    return rows.assign(**{name: rows[name].astype(object).where(rows[name].notna(), "") for name in known})


def write_rows(rows: pd.DataFrame, path: Path) -> None:
    """Write rows as a whole: a run that is interrupted leaves the file before or after a case."""
    with replacing(path) as temporary:
        write_csv(rows.set_index("method"), temporary)


def read_results(paths: str | Path | Sequence[str | Path]) -> pd.DataFrame:
    """Return the rows of many files, or of all CSV files of folders, in one table.

    Parameters
    ----------
    paths : path-like | sequence of path-like
        Files that ``run(out=...)`` wrote, or folders of them; a single one needs no list.

    Returns
    -------
    pandas.DataFrame
        One row per method, case and variant; a row that stands in two files is that of the later one.

    Raises
    ------
    FileNotFoundError
        If a path does not exist, or a folder has no CSV file.
    ValueError
        If a file holds something else.

    Examples
    --------
    >>> import tempfile
    >>> from sincviz.benchmark.published import published_rows
    >>> rows = published_rows()
    >>> folder = Path(tempfile.mkdtemp())
    >>> for method in ("pattern_relevance", "random"):
    ...     write_rows(rows[rows["method"].str.endswith(f":{method}")], folder / f"{method}.csv")
    >>> read_results(folder)["method"].unique().tolist()
    ['sincviz.benchmark.own_methods:pattern_relevance', 'sincviz.benchmark.own_methods:random']
    """
    files: list[Path] = []
    for path in map(Path, [paths] if isinstance(paths, str | Path) else paths):
        found = sorted(path.glob("*.csv")) if path.is_dir() else [path]
        if not found or not all(one.exists() for one in found):
            siblings = [one.name for one in path.parent.glob("*.csv")] if path.parent.is_dir() else []
            raise FileNotFoundError(
                f"There are no results in {str(path)!r}.{did_you_mean(path.name, siblings)} Pass a CSV file that `run` "
                "wrote, or a folder of them."
            )
        files += found
    rows = pd.concat([read_rows(path) for path in files], ignore_index=True)
    return rows.drop_duplicates(["method", "case", "variant"], keep="last").reset_index(drop=True)


def resumable(rows: pd.DataFrame, method: str, seed: int, path: Path) -> pd.DataFrame:
    """Return the rows of an earlier run, which this one adds to.

    Raises
    ------
    ValueError
        If rows of this method were computed by another version of sincviz or with another seed.
    """
    own = rows["method"] == method
    if not own.any():
        return rows
    given: dict[str, Any] = {"sincviz": __version__, "seed": seed}
    for name, value in given.items():
        others = sorted({str(one) for one in rows.loc[own, name] if one != value})
        if others:
            raise ValueError(
                f"{str(path)!r} holds rows of {method} with {name} {', '.join(others)}; this run has {value}. Pass "
                "another file, or delete this one."
            )
    return rows
