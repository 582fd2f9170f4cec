"""Text of files as it may be shown: what would steer a terminal or hide letters is written as an escape."""

from collections.abc import Collection
from itertools import islice

LONGEST_NAME = 80

_JOINERS = "\u200c\u200d"
"""Letters of several scripts are joined, or kept apart, by these."""


def shown(text: str, keep: str = "") -> str:
    r"""Return text without characters that are not seen: control codes, changes of direction, halves of pairs.

    Parameters
    ----------
    text : str
        Such as the name of a channel, which may come out of any file.
    keep : str
        Characters that stay all the same, such as the ends of lines.

    Examples
    --------
    >>> print(shown("C3\x1b]52;c;cm0=\x07 and Fz"))
    C3\x1b]52;c;cm0=\x07 and Fz
    >>> shown("μV", keep="\n")
    'μV'
    """
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or one in keep or one in _JOINERS else _escaped(one) for one in text
    )


def shown_name(name: object) -> str:
    """Return a name as it may be shown, cut to a line.

    Examples
    --------
    >>> shown_name(3.5), len(shown_name("C" * 1000))
    ('3.5', 80)
    """
    return shown(str(name)[:LONGEST_NAME])


def listed(names: Collection[object], most: int = 8) -> str:
    """Return names with commas between, the first ones of many.

    Examples
    --------
    >>> listed(["C3", "Cz", "C4"], most=2)
    'C3, Cz and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(shown_name, islice(names, most))) + more


def _escaped(one: str) -> str:
    return " " if one == "\u00a0" else one.encode("unicode_escape").decode("ascii")
