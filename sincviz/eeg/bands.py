"""Frequency bands of the EEG and their names."""

import itertools
import math
from collections.abc import Mapping
from typing import Any

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
"""Name of the frequencies that no band covers."""


def are_two_numbers(limits: Any) -> bool:
    """Return whether something is a pair of numbers.

    Examples
    --------
    >>> are_two_numbers((8, 13)), are_two_numbers(("8", "13")), are_two_numbers(8)
    (True, False, False)
    """
    return np.shape(limits) == (2,) and np.asarray(limits).dtype.kind in "iuf"


def checked_bands(
    bands: Mapping[str, tuple[float, float]] | None,
) -> Mapping[str, tuple[float, float]]:
    """Return the bands, ``RHYTHMS`` for ``None``.

    Raises
    ------
    TypeError
        If this is not a mapping.
    ValueError
        If the limits of a band are not two increasing numbers.
    """
    chosen = RHYTHMS if bands is None else bands
    if not isinstance(chosen, Mapping):
        raise TypeError(
            f"`bands` must be a mapping of names to limits in Hz, or None; got {bands!r}. Try "
            "{'mu': (8, 13)}."
        )
    for name, limits in chosen.items():
        if not are_two_numbers(limits) or not 0 <= limits[0] < limits[1]:
            raise ValueError(
                f"The band {name!r} must be two increasing frequencies in Hz; got {limits!r}. Try (8, 13)."
            )
    return chosen


def bands_apart(bands: Mapping[str, tuple[float, float]] | None) -> Mapping[str, tuple[float, float]]:
    """Return the bands, ``RHYTHMS`` for ``None``, if they do not overlap.

    Raises
    ------
    ValueError
        If limits are not two increasing numbers, bands overlap, or a band is named ``"other"``.
    """
    chosen = checked_bands(bands)
    if OTHER in chosen:
        raise ValueError(f"`bands` must not name a band {OTHER!r}: that name is for what no band covers.")
    ordered = sorted(chosen.items(), key=lambda item: item[1])
    for (one, (_, high)), (other, (low, other_high)) in itertools.pairwise(ordered):
        if low < high:
            raise ValueError(
                f"`bands` must not overlap, or sums would count twice; {one!r} and {other!r} share "
                f"{low:g}–{min(high, other_high):g} Hz."
            )
    return chosen


def check_covered(bands: Mapping[str, tuple[float, float]], n_times: int, sfreq_hz: float) -> None:
    """Raise if a custom band contains no frequency of trials of so many samples; default bands may.

    Raises
    ------
    ValueError
        If it contains none.

    Examples
    --------
    >>> check_covered({"mu": (8, 13)}, 100, 100)
    """
    frequency_hz = np.fft.rfftfreq(n_times, 1 / sfreq_hz)
    empty = [
        (name, low, high)
        for name, (low, high) in bands.items()
        if not ((frequency_hz >= low) & (frequency_hz < high)).any() and (low, high) not in RHYTHMS.values()
    ]
    if not empty:
        return
    name, low, high = empty[0]
    apart = sfreq_hz / n_times
    if low >= sfreq_hz / 2:
        advice = f"Pass bands that begin below the Nyquist frequency, {sfreq_hz / 2:g} Hz."
    else:
        advice = f"Their frequencies are {apart:.3g} Hz apart: make the band at least that wide, or use longer trials."
    raise ValueError(
        f"No frequency of these trials ({sfreq_hz:g} samples per second) lies in the band {name!r}, {low:g} to "
        f"{high:g} Hz. {advice}"
    )


def rhythm_names(
    frequency_hz: ArrayLike, bands: Mapping[str, tuple[float, float]] | None = None
) -> NDArray[np.str_]:
    """Return the name of the band that each frequency lies in, ``"other"`` if in none.

    Parameters
    ----------
    frequency_hz : array
        Frequencies in Hz.
    bands : mapping of str to (float, float) | None
        Low (included) and high (excluded) limit of each band in Hz; the first that fits counts. ``None`` means
        ``RHYTHMS``.

    Returns
    -------
    numpy.ndarray
        Names, of the shape of ``frequency_hz``.

    Raises
    ------
    ValueError
        If the limits of a band are not two increasing numbers.

    Examples
    --------
    >>> rhythm_names([10, 0.5, 20]).tolist()
    ['alpha', 'other', 'beta']
    >>> rhythm_names([10], {"mu": (8, 13)}).tolist()
    ['mu']
    """
    frequency = np.asarray(frequency_hz, float)
    chosen = checked_bands(bands)
    inside = [(frequency >= low) & (frequency < high) for low, high in chosen.values()]
    # The last condition is for an empty mapping, which `select` does not take.
    always = np.ones(frequency.shape, bool)
    return np.select([*inside, always], [*chosen, OTHER], OTHER).astype(str)
