"""Progress bars of what may take long: on terminals and in notebooks, after two seconds, unless switched off."""

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
    )  # a notebook without ipywidgets has bars of text: nothing is missing
    from tqdm.auto import tqdm

__all__ = ["followed", "shows_progress", "silenced", "silenced_process", "switched_off", "tqdm"]

Item = TypeVar("Item")
Given = ParamSpec("Given")
Result = TypeVar("Result")

_UNWANTED: ContextVar[bool] = ContextVar("unwanted", default=False)


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
    """Return what tqdm takes as ``disable``: true where bars are not wanted; none is off where nobody watches."""
    # What is given to tqdm overrules its own switch.
    return True if _UNWANTED.get() or os.environ.get("TQDM_DISABLE") else None


def shows_progress(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let ``progress=False`` switch off every bar of a function, also of what it calls.

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
    """Show no bar inside: many at once would write over each other.

    Examples
    --------
    >>> with silenced():
    ...     switched_off()
    True
    """
    # Unlike a variable of the process it leaves the bars of other threads alone.
    before = _UNWANTED.set(True)
    try:
        yield
    finally:
        _UNWANTED.reset(before)


@contextmanager
def silenced_process() -> Iterator[None]:
    """Show no bar inside, nor in processes that are started there."""
    before = os.environ.get("TQDM_DISABLE")
    os.environ["TQDM_DISABLE"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["TQDM_DISABLE"]
        else:
            os.environ["TQDM_DISABLE"] = before
