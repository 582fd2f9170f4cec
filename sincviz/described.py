"""A network in one line, for whoever prints it."""

from collections.abc import Sequence

from sincviz.shown_text import listed


def described(
    what: str,
    *,
    n_chans: int | None,
    ch_names: Sequence[str] | None,
    n_times: int | None,
    sfreq: float | None,
    class_names: Sequence[str] | None,
    units_per_volt: float | None,
) -> str:
    """Return what is known of a network, and what is not.

    Examples
    --------
    >>> described("BlackBox of Net", n_chans=2, ch_names=["C3", "C4"], n_times=256, sfreq=None, class_names=None,
    ...           units_per_volt=1e6)
    '<BlackBox of Net | 2 channels: C3, C4 | 256 samples, sampling rate not known | classes not known | 1e+06 units per
    volt>'
    """
    channels = "any number of channels" if n_chans is None else f"{n_chans} channels"
    names = "names not known" if ch_names is None else listed(ch_names)
    samples = "trials of any length" if n_times is None else f"{n_times} samples"
    rate = "sampling rate not known" if sfreq is None else f"{sfreq:g} Hz"
    classes = "classes not known" if class_names is None else f"classes: {listed(class_names)}"
    units = "units not known" if units_per_volt is None else f"{units_per_volt:g} units per volt"
    return f"<{what} | {channels}: {names} | {samples}, {rate} | {classes} | {units}>"
