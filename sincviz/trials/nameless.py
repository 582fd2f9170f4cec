"""Messages about epochs for a network without channel names."""

from typing import TYPE_CHECKING

from sincviz.eeg.channel_types import BRAIN_POTENTIALS, channel_type, named_otherwise
from sincviz.networks.decoder import Decoder

if TYPE_CHECKING:
    import mne


def nameless_message(network: Decoder, epochs: "mne.BaseEpochs") -> str:
    """Return why epochs cannot be put into the order of such a network, and code that names its channels.

    Examples
    --------
    >>> import mne, numpy as np
    >>> from sincviz import SincShallowNet
    >>> from sincviz.networks import front_end
    >>> epochs = mne.EpochsArray(np.zeros((1, 3, 100)), mne.create_info(["C3", "C4", "HEOG"], 100.0, "eeg"))
    >>> message = nameless_message(front_end(SincShallowNet(n_chans=2, n_outputs=2, n_times=100, sfreq=100)), epochs)
    >>> message[message.index("If"):message.index(", or name")]
    "If HEOG are not EEG, pick the others: `epochs.pick(['C3', 'C4'])`"
    """
    eeg = [channel["ch_name"] for channel in epochs.info["chs"] if channel_type(channel) in BRAIN_POTENTIALS]
    n_chans = network.n_chans
    message = (
        f"The network has {n_chans} channels without names, but the epochs have {len(eeg)} EEG channels, "
        "so it is not known which are those of the network. "
    )
    if n_chans is None or len(eeg) < n_chans:
        return message + (
            "Pass epochs of the channels that it was trained on; if channels have a wrong type, "
            f"`epochs.set_channel_types({dict.fromkeys(epochs.ch_names[:1], 'eeg')})` corrects it."
        )
    other = named_otherwise(eeg)
    eeg_names = [name for name in eeg if name not in other]
    if len(eeg_names) == n_chans:
        why = f"If {', '.join(other)} are not EEG"
    else:
        eeg_names, why = eeg[:n_chans], f"If it is the first {n_chans}, in this order"
    return message + (
        f"{why}, pick the others: `epochs.pick({eeg_names})`, or name them: "
        f"`model = sincviz.network(model, ch_names={eeg_names})` (in a shell `--channels`, comma-separated)."
    )
