"""Text for bands, with their limits."""

import math

from sincviz._utils.text import joined
from sincviz.eeg.band_limits import Ranges
from sincviz.eeg.bands import OTHER


def band_words(name: str, ranges: dict[str, Ranges]) -> str:
    """Return a band with its limits; ``other`` is described by its limits alone.

    Parameters
    ----------
    name : str
        Name of the band.
    ranges : dict of str to tuple of (float, float)
        What :func:`sincviz.eeg.band_limits.ranges_by_name` returned.

    Examples
    --------
    >>> band_words("alpha", {"alpha": ((8, 13),)}), band_words("other", {"other": ((0, 1),)})
    ('alpha (8–13 Hz)', 'below 1 Hz')
    >>> band_words("other", {"other": ((0, 8), (13, 20), (30, math.inf))})
    'below 8 Hz, 13–20 Hz and above 30 Hz'
    """
    if name != OTHER:
        ((low, high),) = ranges[name]
        return f"{name} ({_range_words(low, high)})"
    if ranges[name] in ((), ((0, math.inf),)):
        return "all frequencies" if ranges[name] else "no frequency"
    words = [f"below {high:g} Hz" if not low else _range_words(low, high) for low, high in ranges[name]]
    return joined(words)


def _range_words(low: float, high: float) -> str:
    return f"above {low:g} Hz" if high == math.inf else f"{low:g}–{high:g} Hz"
