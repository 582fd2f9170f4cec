"""Small words: counts, names, bands, percentages, what network and data are."""

import math
from collections.abc import Sequence

from sincviz.eeg.band_limits import Ranges
from sincviz.eeg.bands import OTHER
from sincviz.inspection.inspection import Inspection


def data_words(found: Inspection, *, of_trials: bool) -> str:
    """Return reference and filters of the trials, or of those that the network was trained on."""
    facts, what = (found.trials, "Trials") if of_trials else (found.network["training"], "Network trained on")
    parts = []
    if facts.get("reference"):
        parts.append(reference_words(facts["reference"]))
    if facts.get("highpass_hz") is not None and facts.get("lowpass_hz") is not None:
        parts.append(filter_words(facts["highpass_hz"], facts["lowpass_hz"], found.network["sfreq_hz"]))
    return f"{what}: {', '.join(parts) if parts else 'reference and filters are not known'}."


def reference_words(reference: str) -> str:
    """Return what :func:`sincviz.trials.recordings.recording_facts` says of the reference.

    Examples
    --------
    >>> reference_words("average"), reference_words("as recorded")
    ('average reference', 'reference as recorded')
    """
    return f"reference {reference}" if reference == "as recorded" else f"{reference} reference"


def filter_words(highpass_hz: float, lowpass_hz: float, sfreq_hz: float) -> str:
    """Return the pass band of the data.

    Examples
    --------
    >>> filter_words(1, 40, 160), filter_words(0, 80, 160)
    ('filtered to 1–40 Hz', 'not filtered (up to 80 Hz)')
    """
    if highpass_hz == 0 and lowpass_hz >= sfreq_hz / 2:
        return f"not filtered (up to {lowpass_hz:g} Hz)"
    return f"filtered to {highpass_hz:g}–{lowpass_hz:g} Hz"


def network_words(found: Inspection) -> str:
    """Return what the network is."""
    net = found.network
    seconds = "" if net["n_times"] is None else f", trials of {net['n_times'] / net['sfreq_hz']:g} s"
    names = net["class_names"]
    return (
        f"{net['kind']}: {counted(net['n_filters'], 'temporal filter')} of {net['n_taps']} samples "
        f"({1000 * net['n_taps'] / net['sfreq_hz']:.0f} ms at {net['sfreq_hz']:g} Hz), {net['depth']} "
        f"spatial filter{'s' * (net['depth'] != 1)} each, {counted(net['n_chans'], 'channel')}{seconds}, "
        f"{counted(len(names), 'class', 'classes')}: {few(names, 20)}."
    )


def band_words(name: str, ranges: "dict[str, Ranges]") -> str:
    """Return a band with its limits; what no band covers is called by its limits alone.

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
    told = [f"below {high:g} Hz" if not low else _range_words(low, high) for low, high in ranges[name]]
    return " and ".join(filter(None, [", ".join(told[:-1]), told[-1]]))


def _range_words(low: float, high: float) -> str:
    return f"above {low:g} Hz" if high == math.inf else f"{low:g}–{high:g} Hz"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return "1 trial" or "3 trials"."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def few(names: Sequence[str], most: int) -> str:
    """Return names with commas between, the surplus counted."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def percent(share: float) -> str:
    """Return a share in words, never as all or nothing if it is not.

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
    """Return a number with the decimals that the largest beside it needs: two digits of that, two decimals or more.

    Examples
    --------
    >>> number_words(-0.5, largest=2.0), number_words(0.0123, largest=0.05)
    ('−0.50', '0.012')
    """
    size = abs(largest)
    decimals = 2 if not 0 < size < 1 else max(2, min(8, 1 - math.floor(math.log10(size))))
    return f"{value:z.{decimals}f}".replace("-", "−")


def p_words(p: float) -> str:
    """Return a probability as it stands after the letter p.

    Examples
    --------
    >>> p_words(0.00001), p_words(0.023)
    ('< 0.001', '= 0.023')
    """
    return "< 0.001" if p < 0.001 else f"= {p:.2g}"


def class_words(name: str) -> str:
    """Return a class, its number if it has no name.

    Examples
    --------
    >>> class_words("left"), class_words("0")
    ('left', 'class 0')
    """
    return f"class {name}" if name.isdigit() else name
