"""Opening of any network, with metadata that it lacks: channels, classes, units and sampling rate."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import nn

from sincviz._utils.text import joined
from sincviz.eeg.channel_types import BRAIN_POTENTIALS, channel_type
from sincviz.errors import EpochsError, warn
from sincviz.networks.decoder import BlackBox, decoder
from sincviz.networks.dressing import dressed
from sincviz.networks.front_ends import FrontEnd
from sincviz.networks.live_networks import from_live_network, is_live_network
from sincviz.networks.module_copies import evaluated_copy
from sincviz.networks.normalisation_units import SUBJECTS_DIFFER, UNITS_DIFFER, decades_off
from sincviz.networks.shapes import taking, with_two_scores
from sincviz.networks.sinc_shallow import SincShallowNet
from sincviz.networks.wrappers import has_forward, held_networks, unwrapped
from sincviz.preparation.prepared_epochs import size_after
from sincviz.trials.classes import class_order
from sincviz.trials.epochs import n_trials_of, network_input, some_of
from sincviz.trials.numeric_targets import can_only_be_numbers
from sincviz.weights.network_file import MICROVOLTS

if TYPE_CHECKING:
    import mne

_SAID: set[tuple[str, str]] = set()
_TRIALS_TRIED = 32


def network(
    model: object,
    *,
    ch_names: Sequence[str] | Sequence[Mapping[str, Any]] | None = None,
    class_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    scale: float | None = None,
    sfreq: float | None = None,
    preparation: Sequence[Any] | None = None,
) -> FrontEnd | BlackBox:
    """Open any network, and add channel names, classes, units or sampling rate that it lacks.

    Every analysis accepts the result. Analyses call this function themselves, so it is only needed to add metadata.
    What is still missing is taken from the epochs if the numbers agree, with a single warning: the names of their EEG
    channels, in their order, if there are as many as the network has; the names of their classes, in the order of the
    event codes, if there are as many as outputs; the sampling rate. Units are then assumed to be microvolts, and
    compared with the running statistics of the first batch normalisation.

    Parameters
    ----------
    model : torch.nn.Module | classifier
        A network that maps (batch, channels, times) or (batch, 1, channels, times) to class scores (batch, classes) or
        to one logit; or an object that holds one: a fitted classifier of skorch or braindecode, a pipeline or search of
        scikit-learn whose last step is one, a LightningModule, a compiled or data-parallel network. Attributes set on
        it, or on its wrapper, are used: ``ch_names``, ``chs_info``, ``class_names``, ``scale``, ``sfreq``,
        ``preparation``.
    ch_names : sequence of str | sequence of dict | None
        Names of the network's channels, in their order; ``epochs.info["chs"]`` has their positions too.
    class_names : sequence of str | None
        Names of its outputs, in their order; two for a network with a single output, which stands for the second.
    output_names : sequence of str | None
        Names of its outputs if these are numbers that it predicts and not scores of classes, such as ``["age"]``. Only
        needed where ``y`` leaves that open: fractions or more than two different values for a single output, or a
        column of numbers for each of several, can only be numbers.
    scale : float | None
        Factor from volts to the network's units: 1e6 if it was trained in microvolts, 1 if in volts.
    sfreq : float | None
        Sampling rate in Hz, if the network does not have it.
    preparation : sequence | None
        Steps of :mod:`sincviz.preparation`, or preprocessors of braindecode, that epochs go through before they reach
        the network, if it was trained so: filters, reference, standardisation, alignment.

    Returns
    -------
    FrontEnd | BlackBox
        A copy: the network is not changed. A :class:`sincviz.networks.FrontEnd` where filters and maps can be read,
        else a :class:`sincviz.networks.BlackBox`, of which inputs and scores are known.

    Raises
    ------
    TypeError
        If this is not a network, or names are not a list of names.
    ValueError
        If the number of names differs from that of channels or outputs, if a value contradicts the network, if both
        classes and numbers are named, or if an attribute of these names has a value that is not allowed.

    Examples
    --------
    >>> module = nn.Sequential(nn.Flatten(), nn.Linear(6, 2))
    >>> opened = network(module, ch_names=["C3", "C4"], class_names=["left", "right"], scale=1e6, sfreq=128)
    >>> opened.n_chans, opened.class_names, opened.sfreq
    (2, ['left', 'right'], 128.0)
    >>> network(nn.Sequential(nn.Flatten(), nn.Linear(6, 1)), output_names=["age"]).numeric
    True
    """
    if class_names is not None and output_names is not None:
        raise ValueError(
            "The outputs are scores of classes, named by `class_names`, or numbers, named by `output_names`; got both. "
            "Pass one of them."
        )
    seen = cast(FrontEnd | BlackBox, decoder(model))
    inner = unwrapped(model)
    if isinstance(seen, FrontEnd) and seen.module is None and isinstance(inner, nn.Module):
        seen = replace(seen, module=evaluated_copy(inner))
    if output_names is not None:
        seen = replace(seen, class_names=None, numeric=True)
    names = class_names if output_names is None else output_names
    return dressed(
        seen, ch_names=ch_names, class_names=names, scale=scale, sfreq=sfreq, preparation=preparation
    )


def own_network(model: object) -> SincShallowNet:
    """Return a copy of a network, ours or braindecode's, as our SincShallowNet, with its metadata.

    Raises
    ------
    TypeError
        If there is no SincShallowNet in it.
    """
    seen = network(model)
    inner = unwrapped(seen)
    while not (isinstance(inner, SincShallowNet) or is_live_network(inner)):
        held = list(held_networks(inner).values()) if isinstance(inner, nn.Module) else []
        if not held or not isinstance(seen, FrontEnd):
            raise TypeError(
                f"This needs a SincShallowNet, or a fitted classifier that holds one; got {_kind(seen)}."
            )
        inner = unwrapped(held[0])
    ours = from_live_network(inner) if is_live_network(inner) else cast(SincShallowNet, evaluated_copy(inner))
    ours.requires_grad_(True)
    ours.chs_info, ours.scale, ours.provenance = seen.chs_info, seen.units_per_volt, dict(seen.provenance)
    ours.preparation = seen.preparation
    if seen.class_names is not None and len(seen.class_names) == ours.n_outputs:
        ours.class_names = list(seen.class_names)
    return ours


def suited(
    seen: FrontEnd | BlackBox, epochs: Any, *, y: Any = None, classes: bool = True
) -> FrontEnd | BlackBox:
    """Return a network that accepts these trials, with missing metadata taken from them and a single warning.

    Parameters
    ----------
    seen : FrontEnd | BlackBox
        What :func:`network` returned.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials.
    y : array | None
        Labels that are given separately, and not by the names of the events; where they can only be numbers, so are the
        outputs of the network.
    classes : bool
        Whether classes matter; otherwise none are taken from the events.

    Raises
    ------
    TypeError
        If the network accepts trials of this size in no shape, or its output is not class scores.
    """
    import mne

    mne_epochs = epochs if isinstance(epochs, mne.BaseEpochs) else None
    borrowed, words = _borrowed(seen, mne_epochs)
    seen = dressed(seen, **borrowed)
    done = []
    noise = None if isinstance(seen, FrontEnd) or seen.tried else _noise(seen, epochs)
    if isinstance(seen, BlackBox) and noise is not None:
        seen, how = taking(seen, noise)
        done += [how] if how else []
    seen = _numeric(seen, epochs, y)
    labelled = y is not None
    classes = classes and not seen.numeric
    names = class_order(mne_epochs) if classes and mne_epochs is not None else []
    if classes and seen.n_outputs == 1 and (labelled or seen.class_names or len(names) == 2):
        seen, how = with_two_scores(seen, noise)
        done.append(how)
    if not labelled and not seen.class_names and len(names) > 1 and seen.n_outputs == len(names):
        seen = dressed(seen, class_names=names)
        borrowed["class_names"] = names
        words.append("the names of its classes, in the order of the event codes")
    assumed = {"ch_names": seen.ch_names} if "chs_info" in borrowed else {}
    assumed |= {name: borrowed[name] for name in ("class_names", "scale") if name in borrowed}
    if assumed:
        earlier = seen.provenance.get("assumed")
        whole = {**earlier, **assumed} if isinstance(earlier, dict) else assumed
        seen = replace(seen, provenance={**seen.provenance, "assumed": whole})
    _say(seen, epochs, borrowed, words, done)
    return seen


def _numeric(seen: FrontEnd | BlackBox, epochs: Any, y: Any) -> FrontEnd | BlackBox:
    """Return a network whose outputs are known to be numbers, if that is so, with names for all of them."""
    if not seen.numeric and y is None:
        return seen
    n_outputs = seen.n_outputs
    of_two_classes = n_outputs == 1 and len(seen.class_names or ()) == 2
    if not seen.numeric and (of_two_classes or not can_only_be_numbers(y, n_trials_of(epochs), n_outputs)):
        return seen
    if seen.class_names is None and n_outputs is not None:
        names = ["output"] if n_outputs == 1 else [f"output {number}" for number in range(n_outputs)]
        seen = replace(seen, class_names=names)
    return replace(seen, numeric=True)


def _borrowed(seen: FrontEnd | BlackBox, epochs: "mne.BaseEpochs | None") -> tuple[dict[str, Any], list[str]]:
    """Return the metadata that a network takes from these epochs, and the same as text."""
    borrowed: dict[str, Any] = {}
    words: list[str] = []
    if epochs is None:
        return borrowed, words
    if seen.ch_names is None:
        channels = eeg_of(epochs)
        if channels and seen.n_chans in (None, len(channels)):
            borrowed["chs_info"] = channels
            words.append("the names of its channels, in their order")
    if seen.sfreq is None:
        borrowed["sfreq"] = size_after(seen.preparation, 1, float(epochs.info["sfreq"]))[1]
        words.append(f"the sampling rate of {borrowed['sfreq']:g} Hz")
    if seen.units_per_volt is None:
        borrowed["scale"] = MICROVOLTS
    return borrowed, words


def eeg_of(epochs: "mne.BaseEpochs") -> list[dict[str, Any]]:
    """Return the entries of the EEG channels, bad ones included, or else of intracranial electrodes."""
    for wanted in (BRAIN_POTENTIALS[:1], BRAIN_POTENTIALS):
        if channels := [channel for channel in epochs.info["chs"] if channel_type(channel) in wanted]:
            return channels
    return []


def _noise(seen: FrontEnd | BlackBox, epochs: Any) -> torch.Tensor | None:
    """Return noise of the size of the trials; ``None`` if these will be rejected anyway."""
    if hasattr(epochs, "info"):
        n_times, _ = size_after(seen.preparation, len(epochs.times), float(epochs.info["sfreq"]))
        n_chans = len(seen.ch_names or ())
    elif np.ndim(epochs) == 3:
        n_chans, n_times = epochs.shape[1:]
    else:
        return None
    if n_chans == 0 or seen.n_chans not in (None, n_chans) or seen.n_times not in (None, n_times):
        return None
    noise = 10 * torch.randn(3, n_chans, n_times, generator=torch.Generator().manual_seed(0))
    return noise.to(seen.device, seen.dtype)


def _say(
    seen: FrontEnd | BlackBox, epochs: Any, borrowed: dict[str, Any], words: list[str], done: list[str]
) -> None:
    """Warn, once per network and process, about what was taken from epochs and how the network is read."""
    if done:
        _say_once(seen, f"{_kind(seen)}: {'; '.join(done)}.")
    if not borrowed:
        return
    settings = [f"ch_names={seen.ch_names}"] * ("chs_info" in borrowed)
    settings += [f"class_names={borrowed.get('class_names')}"] * ("class_names" in borrowed)
    settings += ["scale=1e6"] * ("scale" in borrowed) + [f"sfreq={seen.sfreq:g}"] * ("sfreq" in borrowed)
    line = ", ".join(settings)
    message = f"{_kind(seen)} lacks some metadata."
    message += f" From the epochs it takes {joined(words)}." if words else ""
    message += " Its units are assumed to be microvolts." if "scale" in borrowed else ""
    message += f" If that is wrong, set it: `model = sincviz.network(model, {line})`."
    if _say_once(seen, message) and "scale" in borrowed and (advice := _units_advice(seen, epochs)):
        warn(advice)


def _say_once(seen: FrontEnd | BlackBox, message: str) -> bool:
    """Warn if this network has not had this warning before, and return whether it was issued."""
    new = (seen.weights_sha256, message) not in _SAID
    if new:
        _SAID.add((seen.weights_sha256, message))
        warn(message)
    return new


def _units_advice(seen: FrontEnd | BlackBox, epochs: Any) -> str:
    """Return a message if microvolts are probably not the network's units, else an empty text."""
    if seen.module is None or not has_forward(seen.module):
        return ""
    try:
        trials = network_input(seen, some_of(epochs, slice(0, _TRIALS_TRIED)))
        off = decades_off(seen.module, torch.from_numpy(trials).to(seen.device))
    except EpochsError:  # the error is raised where the trials are read
        return ""
    if off is None or abs(off) < UNITS_DIFFER:
        return ""
    size = f"before its first batch normalisation these trials are {10**off:.1g} times as large as the training trials"
    thousands = 3 * round(off / 3)
    if thousands and abs(off - thousands) <= SUBJECTS_DIFFER:
        return (
            f"The units of {_kind(seen)} are probably not microvolts: {size}. Set its own: "
            f"`model = sincviz.network(model, scale={MICROVOLTS / 10.0**thousands:g})`."
        )
    return (
        f"{_kind(seen)} was probably trained on trials that were preprocessed differently, such as "
        f"standardised: {size}. No "
        "change of units explains that. Preprocess the trials as in training, and pass them as an array."
    )


def _kind(seen: FrontEnd | BlackBox) -> str:
    return seen.kind if isinstance(seen, BlackBox) else type(seen.module or seen).__name__
