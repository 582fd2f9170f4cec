"""Standard montages: electrode positions by name."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import mne
import numpy as np

from sincviz._utils.text import listed
from sincviz.eeg.channel_names import electrode_key, matched_names, other_spellings, spelled, spelling_key
from sincviz.errors import did_you_mean, warn

_RENAMED = {
    f"standard_{kind}": f"colin27_{kind}"
    for kind in ("1005", "1020", "alphabetic", "postfixed", "prefixed", "primed")
}
"""MNE 1.13 names these after the head they were made on, and warns about the old names."""

_USUAL = "standard_1005"
_RARE = ("alphabetic", "postfixed", "prefixed", "primed", "artinis", "EGI_256")
_LEAST_ALIKE = 0.5


def usual_montage_name() -> str:
    """Return the name that the installed MNE has for the montage that most channels are found in.

    Examples
    --------
    >>> usual_montage_name() in mne.channels.get_builtin_montages()
    True
    """
    renamed = _RENAMED[_USUAL]
    return renamed if renamed in mne.channels.get_builtin_montages() else _USUAL


def standard_montage(name: str = _USUAL) -> mne.channels.DigMontage:
    """Return one of MNE's standard montages, under whichever name the installed MNE has it.

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
    TypeError
        If ``name`` is not a text.
    ValueError
        If MNE has no such montage.

    Examples
    --------
    >>> "CP3" in standard_montage().ch_names
    True
    """
    if not isinstance(name, str):
        raise TypeError(
            f"`montage` must be the name of one of MNE's montages; got {name!r:.80}. Try {_USUAL!r}."
        )
    known = mne.channels.get_builtin_montages()
    known_name = _RENAMED.get(name, name) if _RENAMED.get(name) in known else name
    if known_name not in known:
        raise ValueError(
            f"There is no montage {name!r}.{did_you_mean(name, (*known, *_RENAMED))} MNE has "
            f"{', '.join(sorted(known))}. Try {_USUAL!r}."
        )
    return mne.channels.make_standard_montage(known_name)


def placed_channels(ch_names: Sequence[str], montage: str = _USUAL) -> list[dict[str, Any]]:
    """Return EEG channels with the positions of a standard montage, as in ``mne.Info["chs"]``.

    Parameters
    ----------
    ch_names : sequence of str
        Names of the channels, in the network's order, in any spelling: upper and lower case, a leading ``EEG``, a
        reference at the end, trailing dots and old names (T3) do not matter.
    montage : str
        A montage that :func:`standard_montage` knows.

    Returns
    -------
    list of dict
        The channels, under the given names; those that are not in the montage have no position.

    Raises
    ------
    ValueError
        If two names mean the same electrode, or the montage has none of them, or has less than half of them and
        another of MNE's montages has more.

    Warns
    -----
    RuntimeWarning
        If the montage lacks some of the names, or has them in another spelling (not counting upper and lower case).

    Examples
    --------
    >>> [channel["ch_name"] for channel in placed_channels(["C3", "CZ"])]
    ['C3', 'CZ']
    """
    names = [str(name) for name in ch_names]
    double = _same_electrode(names)
    if double:
        raise ValueError(
            f"Channel names must be unique; these mean the same electrode as another: {listed(double)}."
        )
    positions = standard_montage(montage)
    matched, _ = matched_names(names, positions.ch_names)
    unknown = [name for name in names if name not in matched]
    other = likely_montage(names) if unknown else None
    if unknown and (not matched or (other is not None and len(matched) < len(names) / 2)):
        advice = "Use its names, or another montage." if other in (None, montage) else _proposal(other)
        raise ValueError(
            f"The montage {montage!r} has no channel {listed(unknown)} ({len(unknown)} of {len(names)}). {advice}"
        )
    if unknown:
        better = other is not None and _n_known(names, other) > len(matched)
        more = f" {_proposal(other)}" if better else ""
        stay = "it stays" if len(unknown) == 1 else "they stay"
        warn(
            f"The montage {montage!r} has no channel {listed(unknown)}; {stay} without a position, and off "
            f"the scalp maps.{more}"
        )
    renamed = {
        name: montage_name
        for montage_name, name in other_spellings(matched).items()
        if montage_name.lower() != name.lower()
    }
    if renamed:
        warn(f"Channels are placed by another spelling of their names: {spelled(renamed)}.")
    info = mne.create_info(names, 1.0, "eeg")
    info.set_montage(_renamed(positions, matched), on_missing="ignore", verbose="error")
    return list(info["chs"])


def likely_montage(ch_names: Sequence[str]) -> str | None:
    """Return the MNE montage whose names are most like these; ``None`` if none shares half of them.

    For names of the 10-5 system this is ``"standard_1005"``. Only the names are compared, so this is a suggestion:
    check whether that is the cap that was worn.

    Examples
    --------
    >>> likely_montage([f"E{number}" for number in range(1, 130)])
    'GSN-HydroCel-128'
    >>> likely_montage(["EEG Fp1-REF", "EEG Cz-REF"]), likely_montage(["X1", "X2"])
    ('standard_1005', None)
    """
    wanted_keys = {electrode_key(str(name)) for name in ch_names}
    if not wanted_keys:
        return None
    usual = _keys_of(_USUAL)
    if len(wanted_keys & usual) > len(wanted_keys) / 2 and not _of_biosemi(wanted_keys):
        return _USUAL
    alike = {name: len(wanted_keys & keys) / len(wanted_keys | keys) for name, keys in _known_keys().items()}
    best = max(alike, key=lambda name: alike[name])
    return best if len(wanted_keys & _keys_of(best)) > _LEAST_ALIKE * len(wanted_keys) else None


def _n_known(names: Iterable[str], montage: str) -> int:
    return len({electrode_key(name) for name in names} & _keys_of(montage))


def _of_biosemi(keys: set[str]) -> bool:
    """Return whether these are BioSemi's A1 to D32, a few of which are 10-5 names too."""
    biosemi = len(keys & _keys_of("biosemi256"))
    return biosemi > len(keys & _keys_of(_USUAL))


def _proposal(montage: str | None) -> str:
    return f"The names are those of {montage!r}: pass it as `montage` (`--montage {montage}`) if that cap was worn."


def _same_electrode(names: Iterable[str]) -> list[str]:
    """Return the names, each once, that mean the same electrode as another name."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(spelling_key(name), []).append(name)
    return sorted({name for group in groups.values() if len(group) > 1 for name in group})


def _renamed(positions: mne.channels.DigMontage, matched: dict[str, str]) -> mne.channels.DigMontage:
    """Return a montage of the matched positions, under the given names."""
    known = positions.get_positions()
    places = {name: known["ch_pos"][montage_name] for name, montage_name in matched.items()}
    fiducials = {name: known[name] for name in ("nasion", "lpa", "rpa")}
    return mne.channels.make_dig_montage(
        {name: np.asarray(place) for name, place in places.items()},
        **fiducials,
        coord_frame=known["coord_frame"],
    )


@cache
def _keys_of(montage: str) -> frozenset[str]:
    return frozenset(electrode_key(name) for name in standard_montage(montage).ch_names)


@cache
def _known_keys() -> dict[str, frozenset[str]]:
    names = [name for name in mne.channels.get_builtin_montages() if not any(rare in name for rare in _RARE)]
    return {name: _keys_of(name) for name in names}
