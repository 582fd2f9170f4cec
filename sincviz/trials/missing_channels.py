"""What is said where epochs lack channels of a network."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sincviz._utils.text import listed
from sincviz.eeg.channel_names import matched_names, other_spellings, rename_line
from sincviz.eeg.channel_types import BRAIN_POTENTIALS, channel_type

if TYPE_CHECKING:
    import mne


def missing_words(wanted: Sequence[str], epochs: "mne.BaseEpochs") -> str:
    """Return which of a network's channels the epochs lack, and the line that helps if there is one."""
    from sincviz.eeg.montages import likely_montage  # loads MNE

    matched, _ = matched_names(wanted, epochs.ch_names)
    missing = [name for name in wanted if name not in matched]
    caps = likely_montage(epochs.ch_names), likely_montage(wanted)
    other = ""
    if None not in caps and caps[0] != caps[1]:
        other = f" These are names of {caps[0]!r}, the network's of {caps[1]!r}: another cap."
    return (
        f"{len(missing)} of the network's {len(wanted)} channels are missing in the epochs: {listed(missing)}. "
        f"The epochs have: {listed(epochs.ch_names)}.{other} "
        f"{missing_names_remedy(wanted, epochs.ch_names, _eeg_names(epochs))}"
    )


def missing_names_remedy(wanted: Sequence[str], available: Sequence[str], eeg: Sequence[str]) -> str:
    """Return what to do about the network's names that the epochs lack.

    Parameters
    ----------
    wanted : sequence of str
        The network's names.
    available : sequence of str
        The names of the epochs.
    eeg : sequence of str
        Those of them that are EEG.

    Examples
    --------
    >>> missing_names_remedy(["C3", "C4"], ["1", "2"], ["1", "2"])
    "If they are the network's channels in its order: `epochs.rename_channels({'1': 'C3', '2': 'C4'})`."
    """
    matched, ambiguous = matched_names(wanted, available)
    if not matched and not ambiguous and len(eeg) == len(wanted):
        in_order = rename_line(dict(zip(eeg, wanted, strict=True)))
        return f"If they are the network's channels in its order: {in_order}."
    if not ambiguous:
        return "Pass epochs that have them, or train a network without them."
    several = "; ".join(f"{name} may be {' or '.join(names)}" for name, names in ambiguous.items())
    proposed: dict[str, str] = {}
    for name, names in ambiguous.items():
        proposed.setdefault(names[0], name)
    return f"{several}. Choose, and say so: {rename_line(other_spellings(matched) | proposed)}."


def _eeg_names(epochs: "mne.BaseEpochs") -> list[str]:
    return [channel["ch_name"] for channel in epochs.info["chs"] if channel_type(channel) in BRAIN_POTENTIALS]
