"""The names of the EEG's frequency bands."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

RHYTHMS: dict[str, tuple[float, float]] = {
    "delta": (1.0, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, math.inf),
}
"""Low (included) and high (excluded) limit of each rhythm in Hz; over sensorimotor cortex alpha is called mu."""

OTHER = "other"
"""What no band covers."""


def checked_rhythms(
    rhythms: Mapping[str, tuple[float, float]] | None,
) -> Mapping[str, tuple[float, float]]:
    """Return the bands, ``RHYTHMS`` for ``None``.

    Raises
    ------
    ValueError
        If a band's limits are not two increasing numbers.
    """
    chosen = RHYTHMS if rhythms is None else rhythms
    for name, limits in chosen.items():
        if ";" in name:
            raise ValueError(f"The name of a band must not hold a semicolon; got {name!r}.")
        if np.shape(limits) != (2,) or not 0 <= limits[0] < limits[1]:
            raise ValueError(
                f"The band {name!r} must be two increasing frequencies in Hz; got {limits!r}. Try (8, 13)."
            )
    return chosen


def rhythm_names(
    frequency_hz: ArrayLike, rhythms: Mapping[str, tuple[float, float]] | None = None
) -> NDArray[np.str_]:
    """Return the name of the rhythm that each frequency lies in, ``"other"`` where none does.

    Parameters
    ----------
    frequency_hz : array
        Frequencies in Hz.
    rhythms : mapping of str to (float, float) | None
        Low (included) and high (excluded) limit of each band in Hz; the first that fits counts. ``None`` means
        ``RHYTHMS``.

    Returns
    -------
    numpy.ndarray
        Names, of the shape of ``frequency_hz``.

    Raises
    ------
    ValueError
        If a band's limits are not two increasing numbers.

    Examples
    --------
    >>> rhythm_names([10, 0.5, 20]).tolist()
    ['alpha', 'other', 'beta']
    >>> rhythm_names([10], {"mu": (8, 13)}).tolist()
    ['mu']
    """
    frequency = np.asarray(frequency_hz, float)
    chosen = checked_rhythms(rhythms)
    inside = [(frequency >= low) & (frequency < high) for low, high in chosen.values()]
    # The last condition is for an empty mapping, which `select` does not take.
    always = np.ones(frequency.shape, bool)
    return np.select([*inside, always], [*chosen, OTHER], OTHER).astype(str)


def bands_to_text(bands: Mapping[str, tuple[float, float]]) -> str:
    """Return bands as the attributes of results hold them.

    Examples
    --------
    >>> bands_to_text({"mu": (8, 13), "high": (30, math.inf)})
    'mu: 8–13; high: 30–inf'
    """
    return "; ".join(f"{name}: {_exact(low)}–{_exact(high)}" for name, (low, high) in bands.items())


def _exact(number: float) -> str:
    """Return a number that reads back as the same."""
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))


def bands_from_text(text: str | None) -> dict[str, tuple[float, float]]:
    """Return the bands that :func:`bands_to_text` wrote down; the rhythms where nothing is written.

    Examples
    --------
    >>> bands_from_text("mu: 8–13; high: 30–inf")
    {'mu': (8.0, 13.0), 'high': (30.0, inf)}
    """
    if text is None:
        return dict(RHYTHMS)
    bands = {}
    for part in text.split("; ") if text else []:
        name, _, limits = part.rpartition(": ")
        low, high = limits.split("–")
        bands[name] = float(low), float(high)
    return bands
