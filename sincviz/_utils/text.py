"""Text for names, counts, shares and p-values, and safe display of text that comes from files."""

import math
from collections.abc import Callable, Collection, Sequence
from itertools import islice

LONGEST_NAME = 80

_JOINERS = "\u200c\u200d"
"""Several scripts need these to join letters or to keep them apart."""


def shown(text: str, keep: str = "") -> str:
    r"""Return text with invisible characters escaped: control codes, direction changes, lone surrogates.

    Parameters
    ----------
    text : str
        Such as a channel name, which may come from any file.
    keep : str
        Characters to leave as they are, such as line ends.

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
    """Return a name that is safe to show, cut to one line.

    Examples
    --------
    >>> shown_name(3.5), len(shown_name("C" * 1000))
    ('3.5', 80)
    """
    return shown(str(name)[:LONGEST_NAME])


def listed(names: Collection[object], most: int = 8) -> str:
    """Return comma-separated names, only the first ones if there are many.

    Examples
    --------
    >>> listed(["C3", "Cz", "C4"], most=2)
    'C3, Cz and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(shown_name, islice(names, most))) + more


def joined(names: Sequence[object], last: str = "and") -> str:
    """Return comma-separated names, with a word before the last one.

    Examples
    --------
    >>> joined(["muscles", "line noise", "drifts"], "or"), joined(["C3"])
    ('muscles, line noise or drifts', 'C3')
    """
    *first, final = map(str, names)
    return f"{', '.join(first)} {last} {final}" if first else final


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "trial"), counted(3, "class", "classes")
    ('1 trial', '3 classes')
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def percent(share: float) -> str:
    """Return a share as a percentage, never rounded to all or nothing.

    Examples
    --------
    >>> percent(0.534), percent(0.00001), percent(0.034), percent(0.997), percent(0.0)
    ('53%', 'less than 0.01%', '3.4%', '99.7%', '0%')
    """
    size, sign = abs(share), "−" if share < 0 else ""
    if 0 < size < 1e-4:
        return "less than 0.01%"
    if 0 < size < 0.095:
        return f"{sign}{100 * size:.2g}%"
    if 0.995 <= size < 1:
        return f"{sign}{min(100 * size, 99.9):.1f}%"
    return f"{sign}{100 * size:.0f}%"


def number_words(value: float, *, largest: float) -> str:
    """Return a number with as many decimals as give ``largest`` two digits, and at least two.

    Examples
    --------
    >>> number_words(-0.5, largest=2.0), number_words(0.0123, largest=0.05)
    ('−0.50', '0.012')
    """
    size = abs(largest)
    decimals = 2 if not 0 < size < 1 else max(2, min(8, 1 - math.floor(math.log10(size))))
    return f"{value:z.{decimals}f}".replace("-", "−")


def signed(value: float, decimals: int) -> str:
    """Return a number with its sign; NaN gives an empty text.

    Examples
    --------
    >>> signed(-0.001, 2), signed(0.5, 2)
    ('+0.00', '+0.50')
    """
    return "" if math.isnan(value) else f"{value:+z.{decimals}f}".replace("-", "−")


def points(share: float) -> str:
    """Return a change of a share in percentage points; NaN gives an empty text.

    Examples
    --------
    >>> points(-0.0123), points(0.2), points(math.nan)
    ('−1.2', '+20.0', '')
    """
    return signed(100 * share, 1)


def coefficient(value: float) -> str:
    """Return a number with two decimals; NaN gives an empty text.

    Examples
    --------
    >>> coefficient(-0.256), coefficient(-0.001), coefficient(math.nan)
    ('−0.26', '0.00', '')
    """
    return "" if math.isnan(value) else f"{value:z.2f}".replace("-", "−")


def in_brackets(low: float, high: float, written: Callable[[float], str]) -> str:
    """Return an interval in brackets, to follow its value; an empty text if it is not finite.

    Examples
    --------
    >>> "+1.2" + in_brackets(0.005, 0.02, points), in_brackets(math.nan, math.nan, points)
    ('+1.2 (+0.5 to +2.0)', '')
    """
    return f" ({written(low)} to {written(high)})" if math.isfinite(low) and math.isfinite(high) else ""


def p_words(p: float) -> str:
    """Return a p-value as it is written after the letter p.

    Examples
    --------
    >>> p_words(0.00001), p_words(0.023)
    ('< 0.001', '= 0.023')
    """
    return "< 0.001" if p < 0.001 else f"= {p:.2g}"


def class_words(name: str) -> str:
    """Return the name of a class; a class that is only a number is called ``class 0``.

    Examples
    --------
    >>> class_words("left"), class_words("0")
    ('left', 'class 0')
    """
    return f"class {name}" if name.isdigit() else name


def _escaped(one: str) -> str:
    return " " if one == "\u00a0" else one.encode("unicode_escape").decode("ascii")
