"""One-line description of a network."""

from typing import Any

from sincviz._utils.text import listed


def described(what: str, network: Any) -> str:
    """Return what is known of a network, and what is not.

    Parameters
    ----------
    what : str
        What kind of network it is.
    network : FrontEnd | BlackBox
        The network.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> known = dict(n_chans=2, ch_names=["C3", "C4"], n_times=256, sfreq=None, class_names=None, units_per_volt=1e6)
    >>> described("Net", SimpleNamespace(**known))
    '<Net | 2 channels: C3, C4 | 256 samples, sampling rate not known | classes not known | 1e+06 units per volt>'
    """
    n_chans, n_times, sfreq = network.n_chans, network.n_times, network.sfreq
    units = network.units_per_volt
    channels = "any number of channels" if n_chans is None else f"{n_chans} channels"
    names = "names not known" if network.ch_names is None else listed(network.ch_names)
    samples = "trials of any length" if n_times is None else f"{n_times} samples"
    rate = "sampling rate not known" if sfreq is None else f"{sfreq:g} Hz"
    what_they_are = "outputs" if getattr(network, "numeric", False) else "classes"
    classes = (
        f"{what_they_are} not known"
        if network.class_names is None
        else f"{what_they_are}: {listed(network.class_names)}"
    )
    scale = "units not known" if units is None else f"{units:g} units per volt"
    return f"<{what} | {channels}: {names} | {samples}, {rate} | {classes} | {scale}>"
