"""Checks of constructor arguments: one clear message, with what to try."""

import math
import operator


def positive_int(name: str, value: object) -> int:
    """Return ``value`` as an ``int`` of at least 1.

    Raises
    ------
    TypeError
        If ``value`` is no integer.
    ValueError
        If it is below 1.

    Examples
    --------
    >>> positive_int("pool_size", 55)
    55
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"`{name}` must be an integer; got {value!r}. Try {_nearest_int(value)}.") from None
    if number < 1:
        raise ValueError(f"`{name}` must be at least 1; got {number}. Try 1 or more.")
    return number


def finite_float(
    name: str, value: object, *, above: float | None = None, minimum: float | None = None
) -> float:
    """Return ``value`` as a finite ``float`` that is greater than ``above`` and at least ``minimum``.

    Raises
    ------
    TypeError
        If ``value`` is no number.
    ValueError
        If it is not finite or out of range.

    Examples
    --------
    >>> finite_float("bandwidth", 4, above=0)
    4.0
    """
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise TypeError(f"`{name}` must be a number; got {value!r}.") from None
    if not math.isfinite(number):
        raise ValueError(f"`{name}` must be finite; got {number}.")
    if above is not None and number <= above:
        raise ValueError(f"`{name}` must be greater than {above:g}; got {number:g}. Try {above + 1:g}.")
    if minimum is not None and number < minimum:
        raise ValueError(f"`{name}` must be at least {minimum:g}; got {number:g}. Try {minimum:g}.")
    return number


def _nearest_int(value: object) -> int:
    try:
        return max(1, round(float(value)))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return 1
