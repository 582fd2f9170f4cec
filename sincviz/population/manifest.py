"""The manifest: one row per network, and the trials that it is examined on."""

import itertools
import os
import warnings
from pathlib import Path

import pandas as pd

from sincviz.errors import warn

NEEDED = ("checkpoint", "subject")
LABELS = ("subject", "seed", "fold", "condition")
COLUMNS = ("checkpoint", "epochs", "dataset", *LABELS)


def read_manifest(manifest: str | os.PathLike[str] | pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a manifest.

    Parameters
    ----------
    manifest : path-like | pandas.DataFrame
        A CSV file, or a table: ``checkpoint``, a file or folder; ``epochs``, a file of
        trials of MNE or EEGLAB, or ``dataset`` (``"eegbci"``, ``"simulated"``, or a dataset of MOABB) whose ``subject``
        is taken; ``subject``, and where there are several ``seed``, ``fold`` and ``condition``. Paths start at the
        folder of the file, those of a table at the working directory.

    Returns
    -------
    pandas.DataFrame
        All columns as text, ``""`` where nothing is given, paths absolute; index ``row``, from 1.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a column is missing, there are no rows, a subject is missing, only some rows give a condition, or two rows
        are the same.

    Warns
    -----
    RuntimeWarning
        If columns are unknown; they are ignored.

    Examples
    --------
    >>> table = pd.DataFrame({"checkpoint": ["a.pt"], "dataset": ["eegbci"], "subject": [7]})
    >>> read_manifest(table).drop(columns="checkpoint").iloc[0].to_dict()
    {'epochs': '', 'dataset': 'eegbci', 'subject': '7', 'seed': '', 'fold': '', 'condition': ''}
    """
    if isinstance(manifest, pd.DataFrame):
        table, folder, name = manifest, Path.cwd(), "The table"
    else:
        table, folder, name = _table_of(Path(manifest)), Path(manifest).resolve().parent, repr(str(manifest))
    missing = [column for column in NEEDED if column not in table.columns]
    if missing or not {"epochs", "dataset"} & set(table.columns):
        raise ValueError(
            f"{name} must have the columns checkpoint, subject, and epochs or dataset, comma-separated; got "
            f"{', '.join(map(str, table.columns))}."
        )
    unknown = [str(column) for column in table.columns if column not in COLUMNS]
    if unknown:
        warn(f"Unknown columns of the manifest are ignored: {', '.join(unknown)}.")
    rows = table.reindex(columns=list(COLUMNS)).astype(object).fillna("")
    rows = rows.map(_text)
    rows.index = pd.RangeIndex(1, len(rows) + 1, name="row")
    if rows.empty:
        raise ValueError(f"{name} has no rows. Add one row per network, with a checkpoint and its trials.")
    nameless = rows.index[rows["subject"] == ""].tolist()
    if nameless:
        raise ValueError(
            f"{name} does not give the subject in rows {_listed(nameless)}. Every row needs one."
        )
    _check_conditions(rows["condition"], name)
    for column in ("checkpoint", "epochs"):
        rows[column] = [str(folder / path) if path else "" for path in rows[column]]
    twice = rows.index[rows.duplicated()].tolist()
    if twice:
        raise ValueError(
            f"Rows {_listed(twice)} of the manifest repeat an earlier row, which would count twice. Remove them, or "
            "give them another seed or fold."
        )
    return rows


def _table_of(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise FileNotFoundError(f"There is no manifest {str(path)!r}.")
    try:
        with warnings.catch_warnings():
            # Rows with more fields than columns would be cut.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                path,
                dtype=str,
                keep_default_na=False,
                encoding="utf-8-sig",
                skipinitialspace=True,
                index_col=False,
            )
    except (
        pd.errors.ParserError,
        pd.errors.ParserWarning,
        pd.errors.EmptyDataError,
        UnicodeDecodeError,
    ) as error:
        raise ValueError(f"{str(path)!r} is not a CSV file: {error}. Save it as CSV (UTF-8).") from error


def _check_conditions(conditions: pd.Series, name: str) -> None:
    nameless = conditions.index[conditions == ""].tolist()
    if nameless and len(nameless) < len(conditions):
        raise ValueError(
            f"{name} does not give the condition in rows {_listed(nameless)}, but does in others. Name it in every "
            "row, or in none."
        )
    names = conditions.unique()
    # A difference of conditions is named so, and would be taken for a condition.
    twice = {f"{one} − {other}" for one, other in itertools.permutations(names, 2)} & set(names)
    if twice:
        raise ValueError(
            f"{name} has the condition {min(twice)!r}, which is also the name of the difference between two "
            "conditions. Rename it."
        )


def _text(value: object) -> str:
    # A column with gaps makes 7.0 of 7.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _listed(numbers: list[int]) -> str:
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return ", ".join(map(str, numbers[:5])) + more
