"""Electrode positions by name."""

from collections.abc import Sequence
from typing import Any

import mne

_RENAMED = {"standard_1005": "colin27_1005", "standard_1020": "colin27_1020"}
"""MNE 1.13 calls these by the head they were made on, and warns about the old names."""


def standard_montage(name: str = "standard_1005") -> mne.channels.DigMontage:
    """Return one of MNE's standard montages, whichever name the installed MNE knows it by.

    Parameters
    ----------
    name : str
        Such as ``"standard_1005"``, ``"standard_1020"``, ``"biosemi64"``.

    Returns
    -------
    montage : mne.channels.DigMontage
        Positions in metres, with fiducials.

    Raises
    ------
    ValueError
        If MNE has no such montage.

    Examples
    --------
    >>> "CP3" in standard_montage().ch_names
    True
    """
    known = mne.channels.get_builtin_montages()
    own = _RENAMED.get(name, name) if _RENAMED.get(name) in known else name
    if own not in known:
        raise ValueError(
            f"There is no montage {name!r}. MNE has {', '.join(sorted(known))}. Try 'standard_1005'."
        )
    return mne.channels.make_standard_montage(own)


def placed_channels(ch_names: Sequence[str], montage: str = "standard_1005") -> list[dict[str, Any]]:
    """Return EEG channels with the positions of a standard montage, as in ``mne.Info["chs"]``.

    Parameters
    ----------
    ch_names : sequence of str
        Names of the channels, in the network's order; upper and lower case are the same.
    montage : str
        A montage that :func:`standard_montage` knows.

    Returns
    -------
    list of dict
        The channels, under the names given.

    Raises
    ------
    ValueError
        If a name occurs twice, or the montage does not know one.

    Examples
    --------
    >>> [channel["ch_name"] for channel in placed_channels(["C3", "CZ"])]
    ['C3', 'CZ']
    """
    names = [str(name) for name in ch_names]
    lower = [name.lower() for name in names]
    double = sorted({name for name in names if lower.count(name.lower()) > 1})
    if double:
        raise ValueError(f"Channels must be named once each; named twice: {', '.join(double)}.")
    positions = standard_montage(montage)
    known = {name.lower() for name in positions.ch_names}
    unknown = [name for name in names if name.lower() not in known]
    if unknown:
        raise ValueError(
            f"The montage {montage!r} has no channel {', '.join(unknown)}. Use its names, or another montage."
        )
    info = mne.create_info(names, 1.0, "eeg")
    info.set_montage(positions, match_case=False, verbose="error")
    return list(info["chs"])
