"""Exceptions that callers may want to catch, and warnings."""

import difflib
import sys
import warnings
from collections.abc import Iterable

from sincviz._utils.text import shown


class SincvizError(Exception):
    """Base class of the errors that sincviz defines; invisible characters in messages are escaped."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*(shown(part, keep="\n") if isinstance(part, str) else part for part in arguments))


class CheckpointError(SincvizError, ValueError):
    """A checkpoint cannot be read, or does not hold what it claims to hold."""


class EpochsError(SincvizError, ValueError):
    """Epochs do not fit the network: a channel is missing, or the sampling rate, length or classes differ."""


class DownloadNeededError(SincvizError):
    """Recordings are not on this disk, and downloading was not allowed."""


class MissingDependencyError(SincvizError, ImportError):
    """An optional dependency is missing; the message says what to install."""


class PositionsError(SincvizError, ValueError):
    """Electrode positions are missing or cannot be used for a scalp map."""


class FrontEndError(SincvizError, TypeError):
    """A network has no front end: no filters and maps before its first non-linearity that could be read.

    ``reason`` says why, as part of a sentence.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class MethodError(SincvizError, ValueError):
    """A method does not work for this network; the message says why and what to use instead."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a suggestion of the most similar word, with a leading blank; an empty text if none is similar.

    Examples
    --------
    >>> did_you_mean("eegbic", ["eegbci", "simulated"]), did_you_mean("xyz", ["eegbci"])
    (" Did you mean 'eegbci'?", '')
    """
    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), names, n=1)
    return f" Did you mean {names[close[0]]!r}?" if close else ""


def warn(message: str) -> None:
    """Issue a warning that points to the first line outside this package."""
    frame, level = sys._getframe(), 1
    # A context manager of ours is entered by the standard library, a decorator of PyTorch's by PyTorch.
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(
        ("sincviz.", "contextlib", "torch.utils._contextlib")
    ):
        frame, level = frame.f_back, level + 1
    warnings.warn(shown(message, keep="\n"), RuntimeWarning, stacklevel=level)
