"""Reference of trials: as recorded, or the average reference that a network was trained with."""

from typing import TYPE_CHECKING

from sincviz.eeg.channel_names import matched_names
from sincviz.errors import did_you_mean, warn
from sincviz.networks.attributes import known_attributes
from sincviz.preparation.steps import SetEEGReference

if TYPE_CHECKING:
    import mne


def average_referenced(epochs: "mne.BaseEpochs") -> "mne.BaseEpochs":
    """Return the epochs with the mean of the channels subtracted."""
    return epochs.set_eeg_reference("average", projection=False, verbose="error")


def referenced_as_trained(epochs: "mne.BaseEpochs", model: object, reference: str) -> "mne.BaseEpochs":
    """Return epochs with the requested reference: ``"trained"``, ``"average"`` or ``"recorded"``.

    Raises
    ------
    ValueError
        If ``reference`` is none of these, or the network's preparation sets another.
    """
    if reference not in ("trained", "average", "recorded"):
        raise ValueError(
            f"`reference` (`--reference`) must be 'trained', 'average' or 'recorded'; got {reference!r}."
            f"{did_you_mean(reference, ('trained', 'average', 'recorded'))}"
        )
    known = known_attributes(model)
    own = [step for step in known["preparation"] or () if isinstance(step, SetEEGReference)]
    if own and reference == "recorded":
        raise ValueError(
            f"`reference` (`--reference`) cannot be 'recorded': the network's own preparation ({own[-1].words()}) sets "
            "another. Leave it out."
        )
    if own:
        return epochs
    wanted = (known["provenance"] or {}).get("reference") if reference == "trained" else reference
    if wanted != "average":
        return epochs
    wanted = epochs.ch_names if known["ch_names"] is None else known["ch_names"]
    matched, _ = matched_names(wanted, epochs.ch_names)
    surplus = sorted(set(epochs.ch_names) - set(matched.values()))
    if surplus and len(matched) == len(wanted):
        # The average in training was over the network's channels only.
        warn(f"Channels that the network does not have are dropped: {', '.join(surplus)}.")
        epochs = epochs.copy().drop_channels(surplus)
    return average_referenced(epochs)
