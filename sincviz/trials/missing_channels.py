"""Messages for epochs that lack channels of a network."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sincviz._utils.text import listed
from sincviz.eeg.channel_names import matched_names, other_spellings, rename_line
from sincviz.eeg.channel_types import BRAIN_POTENTIALS, channel_type

if TYPE_CHECKING:
    import mne


def missing_words(wanted: Sequence[str], epochs: "mne.BaseEpochs") -> str:
    """Return which channels of a network the epochs lack, and what to try."""
    from sincviz.eeg.montages import likely_montage  # loads MNE

    matched, _ = matched_names(wanted, epochs.ch_names)
    missing = [name for name in wanted if name not in matched]
    caps = likely_montage(epochs.ch_names), likely_montage(wanted)
    other = ""
    if None not in caps and caps[0] != caps[1]:
        other = f" These are names of {caps[0]!r}, but the network has names of {caps[1]!r}: a different cap."
    return (
        f"{len(missing)} of the network's {len(wanted)} channels are missing in the epochs: {listed(missing)}. "
        f"The epochs have: {listed(epochs.ch_names)}.{other} "
        f"{missing_names_remedy(wanted, epochs.ch_names, _eeg_names(epochs))}"
    )


def missing_names_remedy(wanted: Sequence[str], available: Sequence[str], eeg: Sequence[str]) -> str:
    """Return what to do about channel names of the network that the epochs lack.

    Parameters
    ----------
    wanted : sequence of str
        The network's channel names.
    available : sequence of str
        The channel names of the epochs.
    eeg : sequence of str
        Those of the EEG channels.

    Examples
    --------
    >>> missing_names_remedy(["C3", "C4"], ["1", "2"], ["1", "2"])
    "If they are the network's channels in the same order: `epochs.rename_channels({'1': 'C3', '2': 'C4'})`."
    """
    matched, ambiguous = matched_names(wanted, available)
    if not matched and not ambiguous and len(eeg) == len(wanted):
        in_order = rename_line(dict(zip(eeg, wanted, strict=True)))
        return f"If they are the network's channels in the same order: {in_order}."
    if not ambiguous:
        return "Pass epochs that have them, or train a network without them."
    several = "; ".join(f"{name} may be {' or '.join(names)}" for name, names in ambiguous.items())
    proposed: dict[str, str] = {}
    for name, names in ambiguous.items():
        proposed.setdefault(names[0], name)
    return f"{several}. Choose one and rename it: {rename_line(other_spellings(matched) | proposed)}."


def _eeg_names(epochs: "mne.BaseEpochs") -> list[str]:
    return [channel["ch_name"] for channel in epochs.info["chs"] if channel_type(channel) in BRAIN_POTENTIALS]
