"""Argument checks: one clear message that says what to try."""

import math
import operator


def positive_int(
    name: str, value: object, *, minimum: int = 1, odd: bool = False, advice: int | None = None
) -> int:
    """Return ``value`` as an ``int`` of at least ``minimum``; ``advice`` is a value that works.

    Raises
    ------
    TypeError
        If ``value`` is not an integer.
    ValueError
        If it is below ``minimum``, or even although it must be ``odd``.

    Examples
    --------
    >>> positive_int("pool_size", 55)
    55
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        nearest = max(minimum, _nearest_int(value, advice))
        nearest += odd and nearest % 2 == 0
        raise TypeError(f"`{name}` must be an integer; got {value!r}. Try {nearest}.") from None
    if number < minimum:
        raise ValueError(
            f"`{name}` must be at least {minimum}; got {number}. Try {minimum if advice is None else advice}."
        )
    if odd and number % 2 == 0:
        raise ValueError(f"`{name}` must be odd; got {number}. Try {number + 1}.")
    return number


def checked_seed(seed: object) -> int:
    """Return a seed as an ``int`` that NumPy, PyTorch and the command line all accept.

    Raises
    ------
    TypeError
        If it is not an integer.
    ValueError
        If it does not lie between 0 and 2**31 - 1.

    Examples
    --------
    >>> checked_seed(7)
    7
    """
    number = positive_int("seed", seed, minimum=0)
    if number >= 2**31:
        raise ValueError(f"`seed` must lie between 0 and {2**31 - 1}; got {number}. Try 0.")
    return number


def finite_float(
    name: str,
    value: object,
    *,
    above: float | None = None,
    minimum: float | None = None,
    advice: float | None = None,
) -> float:
    """Return ``value`` as a finite ``float`` greater than ``above`` and at least ``minimum``.

    Raises
    ------
    TypeError
        If ``value`` is not a number.
    ValueError
        If it is not finite or out of range.

    Examples
    --------
    >>> finite_float("bandwidth", 4, above=0)
    4.0
    """
    try:
        if isinstance(value, str | bytes):
            raise TypeError
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise TypeError(f"`{name}` must be a number; got {value!r}.") from None
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        instead = "" if advice is None else f" Try {advice:g}."
        raise ValueError(f"`{name}` must be finite; got {number}.{instead}")
    if above is not None and number <= above:
        raise ValueError(
            f"`{name}` must be greater than {above:g}; got {number:g}. "
            f"Try {above + 1 if advice is None else advice:g}."
        )
    if minimum is not None and number < minimum:
        raise ValueError(f"`{name}` must be at least {minimum:g}; got {number:g}. Try {minimum:g}.")
    return number


def check_share(name: str, value: float, advice: float) -> None:
    """Raise an error if a value does not lie between 0 and 1.

    Raises
    ------
    ValueError
        If it does not.

    Examples
    --------
    >>> check_share("alpha", 0.01, 0.05)
    """
    if not 0 < value < 1:
        raise ValueError(f"`{name}` must lie between 0 and 1; got {value}. Try {advice:g}.")


def _nearest_int(value: object, advice: int | None) -> int:
    try:
        return max(1, round(float(value)))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return 1 if advice is None else advice
