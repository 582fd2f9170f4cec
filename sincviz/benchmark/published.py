"""Results of the published table, which come with the package: the scores of each method on each network."""

from importlib.resources import as_file, files
from pathlib import Path

import pandas as pd

from sincviz.benchmark.stored_rows import KEYS, read_rows, write_rows
from sincviz.errors import SincvizError

SCORES = (
    *("cells_area", "average_precision", "channels_area", "suppressor_share"),
    *("seconds_per_100_trials", "accuracy"),
)
"""What is kept of each row, beside the text that says what it is of."""

_FILE = "published.csv"


def published_rows() -> pd.DataFrame:
    """Return the rows behind the published table; an empty table if this copy of the package has none.

    Returns
    -------
    pandas.DataFrame
        As :func:`sincviz.benchmark.run` returns them, with the scores ``SCORES`` only.

    Examples
    --------
    >>> {"method", "case", "variant"} <= set(published_rows().columns)
    True
    """
    resource = files("sincviz.benchmark") / _FILE
    if not resource.is_file():
        return pd.DataFrame(columns=[*KEYS, *SCORES, "error"])
    with as_file(resource) as path:
        return read_rows(path)


def write_published(results: pd.DataFrame, path: str | Path | None = None) -> None:
    """Store the rows of the published table, with three decimals.

    Parameters
    ----------
    results : pandas.DataFrame
        Rows of all methods, as :func:`sincviz.benchmark.read_results` returns them.
    path : path-like | None
        The file; ``None`` takes that of this copy of the package.

    Raises
    ------
    ValueError
        If columns are missing.
    """
    kept = [*KEYS, *SCORES, "error"]
    if missing := sorted(set(kept) - set(results.columns)):
        raise ValueError(f"`results` lacks the columns {', '.join(missing)}. Pass what `run` returned.")
    write_rows(
        results[kept].round(dict.fromkeys(SCORES, 3)),
        Path(__file__).with_name(_FILE) if path is None else Path(path),
    )


def run_everywhere(results: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of methods that were run on every network of the domain, whether or not they failed there.

    Means over different networks are not comparable, so a table of all networks has no methods that were run on some.

    Examples
    --------
    >>> rows = pd.DataFrame({"domain": "time", "method": ["one", "one", "two"], "case": ["a", "b", "a"]})
    >>> run_everywhere(rows)["method"].tolist()
    ['one', 'one']
    """
    n_run = results.groupby(["domain", "method"])["case"].transform("nunique")
    n_networks = results.groupby("domain")["case"].transform("nunique")
    kept: pd.DataFrame = results[n_run == n_networks]
    return kept


def compared(own: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a method together with the published rows of the same networks.

    Parameters
    ----------
    own : pandas.DataFrame
        Rows of one method.
    published : pandas.DataFrame
        Rows of others. Those of the same method, and those of networks that it was not run on, are left out.

    Returns
    -------
    pandas.DataFrame
        Ready for :func:`sincviz.benchmark.summary`.

    Raises
    ------
    SincvizError
        If there is nothing of the method.
    """
    if own.empty:
        raise SincvizError("There are no results of the method to compare. Run it first.")
    same = published["case"].isin(set(own["case"])) & ~published["method"].isin(set(own["method"]))
    scores = [name for name in SCORES if name in own.columns]
    kept = [*KEYS, *scores, "error"]
    others = published.loc[same, [name for name in kept if name in published.columns]]
    return own[kept] if others.empty else pd.concat([own[kept], others], ignore_index=True)
