"""Names that come out of files, for people to read: a few, short, and without what steers a terminal."""

from collections.abc import Collection
from itertools import islice

LONGEST = 80


def shown(text: object) -> str:
    r"""Return a name with everything that does not print escaped, cut to a line.

    Examples
    --------
    >>> shown("Füße"), shown("a\x1b]52;c;bad\x07")
    ('Füße', 'a\\x1b]52;c;bad\\x07')
    """
    start = str(text)[:LONGEST]
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in start)


def listed(names: Collection[object], most: int = 4) -> str:
    """Return the first names with commas between, and how many more there are.

    Examples
    --------
    >>> listed("abcdef")
    'a, b, c, d and 2 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(shown, islice(names, most))) + more
