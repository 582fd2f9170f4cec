"""Where the commands get their network: a checkpoint, and what it does not tell."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sincviz.eeg.montages import placed_channels
from sincviz.networks.sinc_shallow import SincShallowNet
from sincviz.opening.checkpoints import load_checkpoint

if TYPE_CHECKING:
    import mne


def opened(
    checkpoint: str,
    epochs: "mne.BaseEpochs | None",
    *,
    channels: str = "",
    montage: str = "",
    parameters: Sequence[str] = (),
) -> SincShallowNet:
    """Open a checkpoint with what options tell of it.

    Parameters
    ----------
    checkpoint : str
        A file, a folder or the id of a repository.
    epochs : mne.BaseEpochs | None
        Trials, which tell channels, length and classes where the checkpoint does not.
    channels : str
        Names of the network's channels with commas between, in its order; empty if the checkpoint or epochs know them.
    montage : str
        Standard montage that places the channels; empty leaves positions as they are.
    parameters : sequence of str
        What the checkpoint does not tell, as ``"min_freq=0.5"``.

    Raises
    ------
    ValueError
        If an option cannot be read, or there are no names to place.
    CheckpointError
        If the checkpoint cannot be read, or contradicts what is said of it.
    """
    names = [name.strip() for name in channels.split(",") if name.strip()]
    given = None
    if names:
        given = placed_channels(names, montage) if montage else [{"ch_name": name} for name in names]
    try:
        model = load_checkpoint(checkpoint, given, epochs=epochs, **parameters_of(parameters))
    except TypeError as error:  # a parameter's name, or a value that is no number
        raise ValueError(f"`--parameter`: {error}") from error
    if montage and not names:
        if model.ch_names is None:
            raise ValueError(
                "`--montage` places channels by name, and nothing tells their names. Add `--channels`."
            )
        model.chs_info = placed_channels(model.ch_names, montage)
    return model


def parameters_of(options: Sequence[str]) -> dict[str, Any]:
    """Return parameters that options such as ``"pool_size=30"`` name.

    Raises
    ------
    ValueError
        If one is not of that form.

    Examples
    --------
    >>> parameters_of(["pool_size=30", "min_freq=0.5", "padding=valid", "class_names=left,right"])
    {'pool_size': 30, 'min_freq': 0.5, 'padding': 'valid', 'class_names': ['left', 'right']}
    """
    found: dict[str, Any] = {}
    for option in options:
        name, equals, text = (part.strip() for part in option.partition("="))
        if not (name and equals and text):
            raise ValueError(f"`--parameter` must be NAME=VALUE; got {option!r}. Try pool_size=30.")
        if name in found:
            raise ValueError(f"`--parameter` names {name!r} twice. Pass it once.")
        names = [part.strip() for part in text.split(",")]
        if name == "class_names" and "" in names:
            raise ValueError(f"`class_names` must be names with commas between; got {text!r}.")
        found[name] = names if name == "class_names" else _value(text)
    return found


def _value(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
