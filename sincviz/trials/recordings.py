"""Facts of recorded trials: filters, reference, EEG channels, and a hash of the data."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sincviz.eeg.channel_types import BRAIN_POTENTIALS, UNTYPED, by_type, channel_type
from sincviz.errors import EpochsError
from sincviz.preparation.prepared_epochs import edges_after
from sincviz.preparation.steps import SetEEGReference, Step
from sincviz.trials.epochs import EpochsOrArray, is_epochs

if TYPE_CHECKING:
    import mne


def recording_facts(
    epochs: "EpochsOrArray", preparation: Sequence[Step] = ()
) -> dict[str, float | str | None]:
    """Return filters (Hz) and reference of epochs after a preparation; for an array they are not known."""
    if not is_epochs(epochs):
        return {"highpass_hz": None, "lowpass_hz": None, "reference": None}
    highpass, lowpass = edges_after(
        preparation, float(epochs.info["highpass"]), float(epochs.info["lowpass"])
    )
    references = [step.ref_channels for step in preparation if isinstance(step, SetEEGReference)]
    changed = None if not references else "average" if references[-1] == "average" else "custom"
    return {
        "highpass_hz": highpass,
        "lowpass_hz": lowpass,
        "reference": changed or _reference(epochs),
    }


def _reference(epochs: "mne.BaseEpochs") -> str:
    import mne

    if any(
        projection["desc"].startswith("Average") and projection["active"]
        for projection in epochs.info["projs"]
    ):
        return "average"
    # MNE stores that a reference was set, not which; an average reference shows in the data.
    picks = mne.pick_types(epochs.info, eeg=True, exclude="bads")
    if len(picks) > 1:
        first = epochs[0].get_data(picks=picks, verbose="error")[0]
        if np.abs(first.mean(0)).max() < 1e-6 * np.abs(first).max():
            return "average"
    return "custom" if int(epochs.info["custom_ref_applied"]) else "as recorded"


def data_hash(trials: NDArray[Any]) -> str:
    """Return the SHA-256 of trials as the network sees them."""
    return hashlib.sha256(np.ascontiguousarray(trials, np.float32).tobytes()).hexdigest()


def eeg_channels(epochs: "mne.BaseEpochs") -> list[dict[str, Any]]:
    """Return the ``chs`` entries of the EEG channels, bad ones included, or else of intracranial electrodes.

    Raises
    ------
    EpochsError
        If there are none.
    """
    types = {channel["ch_name"]: channel_type(channel) or UNTYPED for channel in epochs.info["chs"]}
    for wanted in (("eeg",), BRAIN_POTENTIALS):
        channels = [channel for channel in epochs.info["chs"] if types[channel["ch_name"]] in wanted]
        if channels:
            return channels
    raise EpochsError(
        f"There are no EEG channels in the epochs: {by_type(types)}. If they are EEG, "
        "`epochs.set_channel_types(dict.fromkeys(epochs.ch_names, 'eeg'))`; to train on them as they are, build the "
        "network with `chs_info=epochs.info['chs']`."
    )


def unapplied_projectors(epochs: "EpochsOrArray", ch_names: Sequence[str] | None) -> list[str]:
    """Return the names of projectors that are not yet applied to any of the channels; an array has none."""
    if not is_epochs(epochs):
        return []
    return [
        str(projector["desc"])
        for projector in epochs.info["projs"]
        if not projector["active"]
        and (ch_names is None or set(projector["data"]["col_names"]) & set(ch_names))
    ]
