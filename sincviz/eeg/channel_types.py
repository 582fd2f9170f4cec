"""Channel types as in MNE, and channels that are not EEG."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sincviz._utils.text import listed
from sincviz.eeg.channel_names import spelling_key
from sincviz.errors import warn

if TYPE_CHECKING:
    import mne

BRAIN_POTENTIALS = ("eeg", "seeg", "ecog", "dbs")
"""Types for brain potentials in volts."""

UNTYPED = "misc"
"""MNE's type of a channel whose type was not set."""

_BRAIN_KINDS = (2, 802, 902, 904)  # MNE's codes of these types
_NAMED_OTHERWISE = re.compile(
    r"(?P<eog>[hv]?eog|[hv]eo)|(?P<ecg>ecg|ekg)|(?P<emg>emg)|(?P<stim>sti\d*$|stim|status$|trigger|marker|event)"
    r"|(?P<resp>resp)"
)
"""Names, in any spelling, of channels that are not EEG: amplifier files seldom store the type."""

OTHER_UNITS = {
    "mag": "a magnetic field in T",
    "grad": "a gradient of the magnetic field in T/m",
    "csd": "current source density in V/m²",
}


def channel_type(channel: Mapping[str, Any]) -> str | None:
    """Return MNE's type of an entry of ``info["chs"]``; ``None`` if it has none.

    Examples
    --------
    >>> import mne
    >>> info = mne.create_info(["C3", "STI"], 160.0, ["eeg", "stim"])
    >>> [channel_type(channel) for channel in info["chs"]], channel_type({"ch_name": "C3"})
    (['eeg', 'stim'], None)
    """
    import mne

    try:
        kind: str = mne.channel_type({"chs": [channel]}, 0)
    except (KeyError, TypeError, ValueError):  # a checkpoint may store names and positions only
        return None
    return kind


def other_types(
    epochs: "mne.BaseEpochs", matched: Mapping[str, str], chs_info: Sequence[Mapping[str, Any]] | None
) -> dict[str, str]:
    """Return the types of the channels of the epochs that are not EEG, unless the network has the same type.

    Parameters
    ----------
    epochs : mne.BaseEpochs
        Trials.
    matched : mapping of str to str
        The network's channel names to those of the epochs.
    chs_info : sequence of dict | None
        The network's channels.
    """
    known = {channel["ch_name"]: channel_type(channel) for channel in chs_info or ()}
    channels = {channel["ch_name"]: channel for channel in epochs.info["chs"]}
    types = {
        available: (channel_type(channels[available]) or UNTYPED, known.get(name))
        for name, available in matched.items()
    }
    return {
        available: kind for available, (kind, same) in types.items() if kind not in (*BRAIN_POTENTIALS, same)
    }


def warn_of_types(chs_info: Sequence[Mapping[str, Any]] | None) -> None:
    """Warn about channels of a network that are not EEG, by type or, if that is EEG or unknown, by name.

    A network for another kind of signal, such as MEG, is not warned about.

    Warns
    -----
    RuntimeWarning
        If there are such channels besides EEG, or a stimulus channel.

    Examples
    --------
    >>> warn_of_types([{"ch_name": "C3", "kind": 2}, {"ch_name": "C4"}])
    """
    types: dict[str, str] = {}
    by_name: dict[str, str] = {}
    for channel in chs_info or ():
        name, kind = channel["ch_name"], None
        if channel.get("kind", 2) not in (*_BRAIN_KINDS, None):
            kind = channel_type(channel)
        if kind is not None and kind not in BRAIN_POTENTIALS:
            types[name] = kind
        elif match := _NAMED_OTHERWISE.match(spelling_key(name)):
            by_name[name] = str(match.lastgroup)
    not_eeg = types | by_name
    if not not_eeg or (len(not_eeg) == len(chs_info or ()) and "stim" not in not_eeg.values()):
        return
    stimulus = " A stimulus channel may contain the classes themselves." if "stim" in not_eeg.values() else ""
    names = list(by_name)
    typed = f" (By name: {listed(names)}.)" if names else ""
    remedy = "epochs.copy().pick('eeg')" + (f".drop_channels({names})" if names else "")
    warn(
        f"The network takes channels that are not EEG: {by_type(not_eeg)}.{typed}{stimulus} To leave them out: "
        f"`chs_info={remedy}.info['chs']`."
    )


def named_otherwise(names: Iterable[str]) -> list[str]:
    """Return the names that suggest that a channel is not EEG, whatever its type.

    Examples
    --------
    >>> named_otherwise(["C3", "EOG-left", "EEG EKG1-REF", "STI 014"])
    ['EOG-left', 'EEG EKG1-REF', 'STI 014']
    """
    return [name for name in names if _NAMED_OTHERWISE.match(spelling_key(name))]


def by_type(types: Mapping[str, str]) -> str:
    """Return channels grouped by their type, as text.

    Examples
    --------
    >>> by_type({"C3": "eog", "C4": "eog", "STI": "stim"})
    'C3, C4 (eog), STI (stim)'
    """
    groups: dict[str, list[str]] = {}
    for name, kind in types.items():
        groups.setdefault(kind, []).append(name)
    return ", ".join(f"{listed(names)} ({kind})" for kind, names in groups.items())


def refusal(types: Mapping[str, str]) -> str:
    """Return why channels of these types are not accepted as EEG, and what to do."""
    kinds = set(types.values())
    units = "; ".join(f"{kind} is {OTHER_UNITS[kind]}" for kind in OTHER_UNITS if kind in kinds)
    why = (
        f"{len(types)} of the network's channels are not EEG in the epochs: {by_type(types)}"
        f"{f' ({units})' if units else ''}. "
    )
    if kinds == {"csd"}:
        return why + (
            "Pass the epochs from before `mne.preprocessing.compute_current_source_density`, or train the "
            "network on such trials."
        )
    typed = f"`epochs.set_channel_types({dict.fromkeys(types, 'eeg')})`"
    return why + (
        f"If they are EEG and only have the wrong type, {typed}; else pass the network's channels, or train a network "
        "whose `chs_info` has these types."
    )
