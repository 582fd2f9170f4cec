"""A trained network to and from a file."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from sincviz.errors import CheckpointError
from sincviz.front_ends import unwrapped
from sincviz.models.network_file import read_network, write_network
from sincviz.models.signal_spec import chs_info_from_json
from sincviz.models.sinc_shallow import SincShallowNet


def save_checkpoint(model: object, path: str | os.PathLike[str]) -> None:
    """Write a network to one safetensors file, atomically.

    The header carries the configuration, channel names and positions, class names, the factor from volts to
    the network's units, the initial cut-offs, filters and reference of the training data, their hash, and the
    version of sincviz.

    Parameters
    ----------
    model : SincShallowNet | classifier
        The network, or the fitted classifier around it.
    path : path-like
        The file to write or replace; its folder must exist.

    Raises
    ------
    TypeError
        If ``model`` is no SincShallowNet.
    ValueError
        If the activation is no class of ``torch.nn``.
    FileNotFoundError
        If the folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> path = tempfile.mkdtemp() + "/network.safetensors"
    >>> save_checkpoint(model, path)
    >>> load_checkpoint(path).n_times
    256
    """
    network = unwrapped(model)
    if not isinstance(network, SincShallowNet):
        raise TypeError(
            f"Only a SincShallowNet (or a fitted classifier of one) can be saved; got {type(network).__name__}."
        )
    write_network(network, path)


def load_checkpoint(
    path: str | os.PathLike[str], chs_info: Sequence[Mapping[str, Any]] | None = None
) -> SincShallowNet:
    """Open a trained network, in evaluation mode.

    Parameters
    ----------
    path : path-like
        A file that :func:`save_checkpoint` wrote.
    chs_info : sequence of dict | None
        The channels, as in ``epochs.info["chs"]``, for a file that does not know them.

    Returns
    -------
    SincShallowNet
        The network.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CheckpointError
        If the file is damaged, of another kind, or contradicts ``chs_info``.
    """
    model = read_network(SincShallowNet, path)
    if chs_info is None:
        return model
    channels = chs_info_from_json(chs_info)
    names = [channel["ch_name"] for channel in channels or []]
    if len(names) != model.n_chans or model.ch_names not in (None, names):
        own = f"{model.n_chans} channels" if model.ch_names is None else ", ".join(model.ch_names)
        raise CheckpointError(
            f"`chs_info` does not fit {path}: it names {', '.join(names)}; the network has {own}. "
            "Pick the network's channels in its order first."
        )
    model.chs_info = channels
    return model
