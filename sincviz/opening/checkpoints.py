"""Checkpoints: saving and loading trained networks."""

import difflib
import inspect
import os
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from sincviz.eeg.channel_names import matched_names
from sincviz.eeg.channel_types import warn_of_types
from sincviz.eeg.montages import placed_channels
from sincviz.errors import CheckpointError, did_you_mean
from sincviz.networks.ensembles import is_ensemble
from sincviz.networks.front_ends import FrontEnd, unwrapped
from sincviz.networks.signal_spec import chs_info_from_json
from sincviz.networks.sinc_shallow import SincShallowNet
from sincviz.opening.ensemble_folders import is_ensemble_folder, read_ensemble, write_ensemble
from sincviz.opening.network import own_network
from sincviz.opening.other_networks import other_network
from sincviz.trials.classes import class_order
from sincviz.trials.epochs import is_epochs
from sincviz.weights.hub import downloaded_network
from sincviz.weights.network_file import read_network, write_network
from sincviz.weights.weights_file import SUFFIXES

if TYPE_CHECKING:
    import mne

_HUB_NAME = re.compile(r"\w[\w.-]*", re.ASCII).fullmatch
_HUB = "hf://"
_NO_NAMES = (
    "`montage` (`--montage`) places channels by name, but their names are not known. Pass them as `chs_info` "
    "(`--channels`; of a group, `ch_names`)."
)
_FILES = (
    ".onnx",
    ".h5",
    ".keras",
    ".npz",
    ".mat",
    ".fif",
    ".edf",
    ".set",
    ".csv",
    ".json",
    ".yaml",
    ".txt",
    ".py",
)


def save_checkpoint(model: object, path: str | os.PathLike[str]) -> None:
    """Write a network to one safetensors file, atomically; an ensemble to a folder, one file for each network.

    The header carries the configuration, channel names and positions, class names, the factor from volts to
    the network's units, the initial cut-offs, filters and reference of the training data, their hash, and the
    version of sincviz.

    Parameters
    ----------
    model : SincShallowNet | Ensemble | classifier | FrontEnd
        The network, ours or braindecode's, the fitted classifier around it, or what :func:`sincviz.network` returned.
    path : path-like
        The file to write or replace, of an ensemble the folder; the folder around it must exist.

    Raises
    ------
    TypeError
        If ``model`` is not a SincShallowNet.
    ValueError
        If the activation is not a class of ``torch.nn``.
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
    if is_ensemble(model):
        write_ensemble(model, path)
        return
    was_opened = isinstance(model, FrontEnd)  # it has more metadata than the network itself
    write_network(
        network if isinstance(network, SincShallowNet) and not was_opened else own_network(model), path
    )


def load_checkpoint(
    path: str | os.PathLike[str],
    chs_info: Sequence[Mapping[str, Any]] | Sequence[str] | None = None,
    *,
    epochs: "mne.BaseEpochs | None" = None,
    montage: str | None = None,
    model: Callable[..., object] | nn.Module | None = None,
    model_args: Mapping[str, Any] | None = None,
    **missing_parameters: Any,
) -> Any:
    """Load a trained network, in evaluation mode, from a file of sincviz or another library.

    A file of :func:`save_checkpoint` stores everything. Weights alone determine the number and length of the filters,
    depth, channels, classes, sampling rate and pooling windows. The rest is taken from the epochs, or assumed
    to be the default (a scale to microvolts, the shortest trial that fits) and listed in
    ``model.provenance["assumed"]``; :func:`sincviz.diagnose` reports it. Nothing in a file is ever executed.

    The weights of an EEGNet, ShallowFBCSPNet, Deep4Net, EEGConformer, FBCNet or ATCNet of braindecode are recognised by
    their names. Where braindecode is installed, its network is built with the sizes in the shapes, and tried on a trial
    of zeros. What shapes do not tell is said in a warning and listed in ``model.provenance["assumed"]``: the lengths of
    pooling windows, activations and, if several fit, the samples of a trial. For any other network pass its class.

    Parameters
    ----------
    path : path-like
        A file of :func:`save_checkpoint`; a state dict of this network or of braindecode's (``.pt``, ``.pth``,
        ``.bin``, ``.safetensors``), skorch's parameters; a checkpoint of Lightning; the folder of an ensemble; a folder
        of the Hugging Face Hub,
        or the id of a repository such as ``"user/model"`` if there is no such file and no folder with a name similar
        to the user; ``"hf://user/model"`` is always a repository.
    chs_info : sequence of dict | sequence of str | None
        The channels, as in ``epochs.info["chs"]``, or their names, for a file that does not store them.
    epochs : mne.BaseEpochs | None
        Trials like those of the training. What the file does not store is taken from them: the EEG channels if their
        number is that of the network, the number of samples if they have its sampling rate, and the class names,
        in the order of their event codes, if there are as many as outputs. Of other networks the number of samples and
        the sampling rate; channels and classes are then taken from the epochs of each analysis.
    montage : str | None
        Standard montage of MNE, such as ``"standard_1005"``, that places the channels by name; ``None`` leaves
        positions as they are.
    model : callable | torch.nn.Module | None
        The class of the network, a function that returns it, or such a network, which is copied: its code runs, and it
        must have all weights of the file and no others. ``None`` recognises the network by the names of its weights.
    model_args : mapping | None
        Arguments for ``model``, those of the training.
    **missing_parameters
        What the file does not store: parameters of :class:`SincShallowNet` such as ``min_freq``, ``pool_size``,
        ``pool_stride``, ``padding`` or ``n_times``, or those of a network of braindecode that shapes do not tell, such
        as ``pool1_kernel_size``; ``sfreq`` beside ``model``; ``class_names``; ``scale``, the factor from volts to the
        network's units.

    Returns
    -------
    SincShallowNet | Ensemble | torch.nn.Module
        The network, a module of braindecode or of ``model`` if it is no SincShallowNet; ``provenance["format"]`` is the
        format of a foreign file, ``provenance["left_unread"]`` lists what was stored next to its weights and was not
        read.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CheckpointError
        If the file is damaged, of another kind or would run code, or contradicts what was given.
    TypeError
        If ``path`` is not a path, a parameter is unknown, or ``epochs`` are not `mne.Epochs`.
    ValueError
        If MNE has no such montage, the montage lacks the names, or there are no channel names to place.
    MissingDependencyError
        If ``path`` is the id of a repository and huggingface_hub is not installed, or the weights are those of a
        network of braindecode and braindecode is not.

    Examples
    --------
    >>> import tempfile, torch
    >>> path = tempfile.mkdtemp() + "/weights.pt"
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=250, sfreq=128, pool_size=40)
    >>> torch.save(model.state_dict(), path)
    >>> again = load_checkpoint(path, n_times=250, pool_size=40)
    >>> again.sfreq, again.num_time_filters, again.provenance["assumed"]["min_freq"]
    (128.0, 32, 1.0)

    A network of your own:

    >>> torch.save(nn.Linear(6, 2).state_dict(), path)
    >>> load_checkpoint(path, model=nn.Linear, model_args={"in_features": 6, "out_features": 2})
    Linear(in_features=6, out_features=2, bias=True)
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(
            "`load_checkpoint` takes the path of a file or folder, or the id of a repository, such as 'weights.pt'; "
            f"got {type(path).__name__}.{_instead_of_path(path)}"
        )
    asked, home = Path(path), os.path.expanduser(path)  # unchanged for an unknown user
    path = home if isinstance(path, str) else Path(home)
    if model is None and model_args is not None:
        raise TypeError(
            "`model_args` are for `model`. Without it, pass what the file does not store by name."
        )
    trial = None
    if epochs is not None:
        if not is_epochs(epochs):
            raise TypeError(f"`epochs` must be `mne.Epochs`; got {type(epochs).__name__}.")
        trial = (len(epochs.times), float(epochs.info["sfreq"]))
    if chs_info is not None:
        chs_info = _described(chs_info, montage)
    place = downloaded_network(os.fspath(path).removeprefix(_HUB)) if _is_repository(path) else path
    if not Path(place).exists():
        raise FileNotFoundError(f"There is no checkpoint {str(asked)!r}.{_meant(Path(place))}")
    if model is None and is_ensemble_folder(place):
        return read_ensemble(
            place,
            lambda file: load_checkpoint(
                file, chs_info, epochs=epochs, montage=montage, **missing_parameters
            ),
        )
    other = other_network(
        place, model=model, model_args=model_args, channels=chs_info, trial=trial, given=missing_parameters
    )
    if other is not None:
        if montage is not None and chs_info is None:
            raise ValueError(_NO_NAMES)
        return other
    check_parameters(missing_parameters)
    network = read_network(SincShallowNet, place, given=missing_parameters, trial=trial)
    if chs_info is not None:
        _set_channels(network, path, chs_info)
    if epochs is not None:
        _ask_epochs(network, epochs)
    if montage is not None and chs_info is None:
        if network.chs_info is None:
            raise ValueError(_NO_NAMES)
        network.chs_info = _described(network.chs_info, montage)
    return network


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Raise an error for unknown parameters, and suggest what was probably meant.

    Raises
    ------
    TypeError
        If a name is unknown.
    """
    # `chs_info` is a parameter of `load_checkpoint` itself.
    known = [name for name in inspect.signature(SincShallowNet).parameters if name != "chs_info"]
    known += ["class_names", "scale"]
    unknown = [str(name) for name in parameters if name not in known]
    if unknown:
        raise TypeError(
            f"`load_checkpoint` has no parameter {', '.join(map(repr, unknown))}.{did_you_mean(unknown[0], known)} "
            f"It takes: {', '.join(known)}."
        )


def _instead_of_path(given: object) -> str:
    if isinstance(given, torch.nn.Module):
        return " This is already a network: pass it to the analyses, `sincviz.inspect(network)`."
    if isinstance(given, Mapping):
        return " Save it first: `torch.save(state_dict, 'weights.pt')`."
    return " Write its contents to a file first." if hasattr(given, "read") else ""


def _is_repository(path: str | os.PathLike[str]) -> bool:
    if isinstance(path, str) and path.startswith(_HUB):
        return True
    if not isinstance(path, str) or path.count("/") != 1 or Path(path).exists():
        return False
    owner, name = path.split("/")
    # A typo in the name of a file or folder must not reach the Hub.
    if Path(name).suffix.lower() in (*SUFFIXES, *_FILES) or not (_HUB_NAME(owner) and _HUB_NAME(name)):
        return False
    folders = [entry.name for entry in islice(Path().iterdir(), 10_000) if entry.is_dir()]
    return not difflib.get_close_matches(owner, folders, n=1, cutoff=0.8)


def _meant(path: Path) -> str:
    """Return a suggestion of a similar name next to a path that does not exist, or next to its folder."""
    folder, sought = (path.parent, path) if path.parent.is_dir() else (path.parent.parent, path.parent)
    if not folder.is_dir():
        return ""
    meant = did_you_mean(sought.name, (entry.name for entry in islice(folder.iterdir(), 10_000)))
    hub = (
        f" A repository on the Hub would be {_HUB}{path}." if sought != path and len(path.parts) == 2 else ""
    )
    return meant + (hub if meant else "")


def _described(
    channels: Sequence[Mapping[str, Any]] | Sequence[str], montage: str | None
) -> list[dict[str, Any]]:
    """Return channels, or their names, as in ``mne.Info``, placed by a montage if one is given."""
    given: Any = channels
    if isinstance(channels, Sequence) and not isinstance(channels, str):
        given = [{"ch_name": one} if isinstance(one, str) else one for one in channels]
    described = chs_info_from_json(given) or []
    if montage is None:
        return described
    places = placed_channels([channel["ch_name"] for channel in described], montage)
    unplaced = [
        {key: channel[key] for key in channel.keys() - {"loc", "coord_frame"}} for channel in described
    ]
    return [place | rest for place, rest in zip(places, unplaced, strict=True)]


def _set_channels(
    model: SincShallowNet, path: str | os.PathLike[str], channels: Sequence[dict[str, Any]]
) -> None:
    names = [channel["ch_name"] for channel in channels]
    known = None if _assumed(model, "ch_names") else model.ch_names
    if len(names) != model.n_chans or (
        known is not None and list(matched_names(known, names)[0].values()) != names
    ):
        network_names = f"{model.n_chans} channels" if model.ch_names is None else ", ".join(model.ch_names)
        raise CheckpointError(
            f"`chs_info` does not fit {path}: it names {', '.join(names)}; the network has {network_names}. "
            "Pick the network's channels in their order first."
        )
    # A file that stores its channel names keeps their spelling.
    model.chs_info = [
        channel | {"ch_name": name} for channel, name in zip(channels, known or names, strict=True)
    ]
    warn_of_types(model.chs_info)
    _forget_assumed(model, "ch_names")


def _ask_epochs(model: SincShallowNet, epochs: "mne.BaseEpochs") -> None:
    """Take from epochs what the file does not store, assuming that they are in the order of training."""
    import mne

    picks = mne.pick_types(epochs.info, meg=False, eeg=True, exclude=[])
    if model.chs_info is None and len(picks) == model.n_chans:
        model.chs_info = chs_info_from_json([epochs.info["chs"][pick] for pick in picks])
        _assume(model, "ch_names", model.ch_names)
    names = class_order(epochs)
    if model.class_names is None and len(names) == model.n_outputs:
        model.class_names = names
        _assume(model, "class_names", names)


def _assumed(model: SincShallowNet, name: str) -> bool:
    return name in model.provenance.get("assumed", {})


def _assume(model: SincShallowNet, name: str, value: Any) -> None:
    model.provenance["assumed"] = {**model.provenance.get("assumed", {}), name: value}


def _forget_assumed(model: SincShallowNet, name: str) -> None:
    if _assumed(model, name):
        rest = {key: value for key, value in model.provenance.pop("assumed").items() if key != name}
        model.provenance |= {"assumed": rest} if rest else {}
