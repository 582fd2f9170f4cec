"""Progress bars for long loops: in terminals and notebooks, after two seconds, unless switched off."""

import functools
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from tqdm import TqdmWarning

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore", TqdmWarning
    )  # without ipywidgets a notebook shows text bars, which will do
    from tqdm.auto import tqdm

__all__ = ["followed", "shows_progress", "silenced", "silenced_process", "switched_off", "tqdm"]

Item = TypeVar("Item")
Given = ParamSpec("Given")
Result = TypeVar("Result")

_UNWANTED: ContextVar[bool] = ContextVar("unwanted", default=False)


def followed(items: Iterable[Item], words: str, unit: str, total: int | None = None) -> Iterable[Item]:
    """Return the items; a loop that takes more than two seconds shows a bar, which disappears at the end.

    Parameters
    ----------
    items : iterable
        What to iterate over.
    words, unit : str
        Label of the bar, and the name of one item.
    total : int | None
        Number of items, if they have no length.

    Examples
    --------
    >>> list(followed([1, 2], "Reading", "batch"))
    [1, 2]
    """
    shown: Iterable[Item] = tqdm(items, words, total, unit=unit, delay=2, leave=False, disable=switched_off())
    return shown


def switched_off() -> bool | None:
    """Return tqdm's ``disable``: true if bars are unwanted; with ``None`` tqdm shows none without a terminal."""
    # An explicit argument overrides tqdm's own switch.
    return True if _UNWANTED.get() or os.environ.get("TQDM_DISABLE") else None


def shows_progress(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let ``progress=False`` switch off every bar of a function, including those of functions it calls.

    Examples
    --------
    >>> @shows_progress
    ... def read(*, progress=True):
    ...     return switched_off()
    >>> read(progress=False)
    True
    """

    @functools.wraps(function)
    def call(*args: Given.args, **settings: Given.kwargs) -> Result:
        with nullcontext() if settings.get("progress", True) else silenced():
            return function(*args, **settings)

    return call


@contextmanager
def silenced() -> Iterator[None]:
    """Show no bars inside the block: several at once would overwrite each other.

    Examples
    --------
    >>> with silenced():
    ...     switched_off()
    True
    """
    # Unlike an environment variable this leaves the bars of other threads alone.
    before = _UNWANTED.set(True)
    try:
        yield
    finally:
        _UNWANTED.reset(before)


@contextmanager
def silenced_process() -> Iterator[None]:
    """Show no bars inside the block, nor in processes started there."""
    before = os.environ.get("TQDM_DISABLE")
    os.environ["TQDM_DISABLE"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["TQDM_DISABLE"]
        else:
            os.environ["TQDM_DISABLE"] = before
