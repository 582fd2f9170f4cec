"""Small words: counts, names, bands, percentages, what network and data are."""

from sincviz._utils.text import counted, listed
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
        f"{counted(len(names), 'class', 'classes')}: {listed(names, 20)}."
    )
