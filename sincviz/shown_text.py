"""Text of files as it may be shown: what would steer a terminal or hide letters is written as an escape."""

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


def _escaped(one: str) -> str:
    return " " if one == "\u00a0" else one.encode("unicode_escape").decode("ascii")
