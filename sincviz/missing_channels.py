"""What is said where epochs lack channels of a network, or a network does not know what its channels are called."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sincviz.channel_names import listed, matched_names, other_spellings, rename_line
from sincviz.channel_types import BRAIN_POTENTIALS, channel_type, named_otherwise

if TYPE_CHECKING:
    import mne


def missing_words(wanted: Sequence[str], epochs: "mne.BaseEpochs") -> str:
    """Return which of a network's channels the epochs lack, and the line that helps if there is one."""
    from sincviz.montages import likely_montage  # loads MNE

    found, _ = matched_names(wanted, epochs.ch_names)
    missing = [name for name in wanted if name not in found]
    caps = likely_montage(epochs.ch_names), likely_montage(wanted)
    other = ""
    if None not in caps and caps[0] != caps[1]:
        other = f" These are names of {caps[0]!r}, the network's of {caps[1]!r}: another cap."
    return (
        f"{len(missing)} of the network's {len(wanted)} channels are missing in the epochs: {listed(missing)}. "
        f"The epochs have: {listed(epochs.ch_names)}.{other} "
        f"{missing_names_remedy(wanted, epochs.ch_names, _eeg_names(epochs))}"
    )


def nameless_words(n_chans: int | None, epochs: "mne.BaseEpochs") -> str:
    """Return how a network that knows no names of channels is told them."""
    eeg = _eeg_names(epochs)
    why = "The network does not know the names of its channels, so epochs cannot be put into its order. "
    if n_chans is None or len(eeg) == n_chans:
        return why + (
            "Build or load it with `chs_info=epochs.info['chs']` (`--channels`), or pass an array in the network's "
            "units."
        )
    others = named_otherwise(eeg)
    likely = [name for name in eeg if name not in others]
    if len(likely) == n_chans:
        pick = f"By their names {listed(others)} are none: `epochs.pick({likely})`"
    else:
        pick = "Take those that it was trained on, in its order: `epochs.pick([...])`"
    return why + (
        f"It takes {n_chans}, the epochs have {len(eeg)} of EEG: {listed(eeg)}. {pick}, and build or load it with "
        "`chs_info=epochs.info['chs']`; or name them by `--channels`."
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
    found, ambiguous = matched_names(wanted, available)
    if not found and not ambiguous and len(eeg) == len(wanted):
        in_order = rename_line(dict(zip(eeg, wanted, strict=True)))
        return f"If they are the network's channels in its order: {in_order}."
    if not ambiguous:
        return "Pass epochs that have them, or train a network without them."
    several = "; ".join(f"{name} may be {' or '.join(names)}" for name, names in ambiguous.items())
    proposed: dict[str, str] = {}
    for name, names in ambiguous.items():
        proposed.setdefault(names[0], name)
    return f"{several}. Choose, and say so: {rename_line(other_spellings(found) | proposed)}."


def _eeg_names(epochs: "mne.BaseEpochs") -> list[str]:
    return [channel["ch_name"] for channel in epochs.info["chs"] if channel_type(channel) in BRAIN_POTENTIALS]
