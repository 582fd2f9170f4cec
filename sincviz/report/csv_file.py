"""CSV files that a spreadsheet opens as they are: text that begins like a formula is not one."""

import re
from pathlib import Path
from typing import Any

import pandas as pd

from sincviz._utils.text import shown

_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_PREFIXED = re.compile(r"'+[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table with its index; numbers as they are, text as :func:`cell_text` says."""
    safe = table.copy(deep=False)
    safe.columns = _safe_index(safe.columns)
    safe.index = _safe_index(safe.index)
    for place, kind in enumerate(safe.dtypes):
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind)):
            safe.isetitem(place, safe.iloc[:, place].astype(object).map(_safe).to_numpy())
    safe.to_csv(path, float_format="%.6g", lineterminator="\n", encoding="utf-8", errors="backslashreplace")


def cell_text(text: str) -> str:
    """Return text as a cell holds it: with an apostrophe before what a spreadsheet would take for a formula.

    Formulas begin with ``=``, ``+``, ``-``, ``@`` (also in their wide forms), a tab or the end of a line. One
    apostrophe more comes before any that are there already, so :func:`text_of_cell` gives back every text.

    Examples
    --------
    >>> cell_text("=1+1"), cell_text("C3"), text_of_cell("'=1+1")
    ("'=1+1", 'C3', '=1+1')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def text_of_cell(cell: str) -> str:
    """Return the text that :func:`cell_text` made a cell of."""
    return cell[1:] if _PREFIXED.match(cell) else cell


def _safe(value: Any) -> Any:
    # What steers a terminal is written as an escape: files are looked at there, too.
    return cell_text(shown(value, keep="\t\r\n")) if isinstance(value, str) else value


def _safe_index(index: pd.Index) -> pd.Index:
    if isinstance(index, pd.MultiIndex):
        safe = index.map(lambda values: tuple(map(_safe, values)))
        return safe.set_names([_safe(name) for name in index.names])
    return (index if pd.api.types.is_numeric_dtype(index) else index.map(_safe)).rename(_safe(index.name))
