"""Progress bars of what may take long: on terminals and in notebooks, after two seconds, unless TQDM_DISABLE is set."""

import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tqdm import TqdmWarning

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore", TqdmWarning
    )  # a notebook without ipywidgets has bars of text: nothing is missing
    from tqdm.auto import tqdm

__all__ = ["followed", "silenced", "switched_off", "tqdm"]

Item = TypeVar("Item")


def followed(items: Iterable[Item], words: str, unit: str, total: int | None = None) -> Iterable[Item]:
    """Return the items; what takes more than two seconds shows a bar that vanishes at its end.

    Parameters
    ----------
    items : iterable
        What is worked through.
    words, unit : str
        What is done, and with what.
    total : int | None
        Number of items, if they do not tell it.

    Examples
    --------
    >>> list(followed([1, 2], "Reading", "batch"))
    [1, 2]
    """
    shown: Iterable[Item] = tqdm(items, words, total, unit=unit, delay=2, leave=False, disable=switched_off())
    return shown


def switched_off() -> bool | None:
    """Return what tqdm takes as ``disable``: true where TQDM_DISABLE is set; none is off where nobody watches."""
    # What is given to tqdm overrules its own switch.
    return True if os.environ.get("TQDM_DISABLE") else None


@contextmanager
def silenced() -> Iterator[None]:
    """Show no bar inside: many rows at once would write over each other.

    Examples
    --------
    >>> with silenced():
    ...     switched_off()
    True
    """
    before = os.environ.get("TQDM_DISABLE")
    os.environ["TQDM_DISABLE"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["TQDM_DISABLE"]
        else:
            os.environ["TQDM_DISABLE"] = before
