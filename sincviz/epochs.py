"""Epochs as a network wants them: its channels, its order, its units, its classes."""

import hashlib
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sincviz.errors import EpochsError

if TYPE_CHECKING:
    import mne

    from sincviz.models.sinc_shallow import SincShallowNet

EpochsOrArray: TypeAlias = "mne.BaseEpochs | ArrayLike"


def is_epochs(data: object) -> TypeGuard[Any]:
    """Tell ``mne.Epochs`` from arrays."""
    import mne

    return isinstance(data, mne.BaseEpochs)


def gathered(data: "EpochsOrArray") -> "EpochsOrArray":
    """Return trials in one piece: epochs loaded and their rejections applied, arrays as they are.

    A list of epochs, which is what scikit-learn's cross-validation makes of them, is put together again.

    Raises
    ------
    EpochsError
        If no trial is left.
    """
    import mne

    if isinstance(data, list | tuple) and data and all(is_epochs(part) for part in data):
        data = mne.concatenate_epochs([part.copy().load_data() for part in data], verbose="error")
    if not is_epochs(data):
        return data
    if not data.preload:
        data = data.copy().load_data()
    if len(data) == 0:
        raise EpochsError(
            "There are no trials: all were rejected or none was selected. See `epochs.drop_log`."
        )
    return data


def network_input(model: "SincShallowNet", epochs: "EpochsOrArray") -> NDArray[Any]:
    """Return trials in the network's channels, order and units.

    Parameters
    ----------
    model : SincShallowNet
        The network; its ``ch_names``, ``sfreq``, ``n_times`` and ``scale`` decide.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials in volts as MNE keeps them, or an array in the network's units, which is taken as it is.

    Returns
    -------
    numpy.ndarray, shape (trials, n_chans, n_times)
        In the network's precision.

    Raises
    ------
    EpochsError
        If a channel is missing, rate or length differ, values are not finite, or the network's units are
        unknown.

    Warns
    -----
    RuntimeWarning
        If channels that the network does not know are dropped, or channels marked as bad are used.
    """
    epochs = gathered(epochs)
    precision = np.float64 if model.final_layer.weight.dtype.itemsize == 8 else np.float32
    if not is_epochs(epochs):
        return _checked(np.asarray(epochs, precision), model)
    if model.scale is None:
        raise EpochsError(
            "Epochs are in volts and this network does not say in which units it was trained. "
            "Set `model.scale`, for example 1e6 if it was trained in microvolts."
        )
    _check_sampling(model, epochs)
    picks = _picks(model, epochs)
    bads = [name for name in epochs.info["bads"] if epochs.ch_names.index(name) in picks]
    if bads:
        warnings.warn(f"Channels marked as bad are used: {_listed(bads)}.", RuntimeWarning, stacklevel=3)
    data = epochs.get_data(picks=picks) * model.scale
    return _checked(data.astype(precision), model)


def trial_labels(epochs: "mne.BaseEpochs") -> NDArray[np.str_]:
    """Return the class name of every trial, from ``event_id``.

    Raises
    ------
    EpochsError
        If two names of ``event_id`` share a code.
    """
    names = {code: name for name, code in epochs.event_id.items()}
    if len(names) < len(epochs.event_id):
        raise EpochsError(
            f"Two names of `event_id` share a code: {epochs.event_id}. Merge them, or pass `y` explicitly."
        )
    return np.array([names[code] for code in epochs.events[:, 2]], dtype=str)


def class_order(epochs: "mne.BaseEpochs") -> list[str]:
    """Return the class names in the order of their event codes, those without trials left out."""
    present = set(epochs.events[:, 2].tolist())
    return [
        name for name, code in sorted(epochs.event_id.items(), key=lambda item: item[1]) if code in present
    ]


def recording_facts(epochs: "EpochsOrArray") -> dict[str, float | str | None]:
    """Return filters (Hz) and reference of epochs; an array does not tell how it was recorded."""
    if not is_epochs(epochs):
        return {"highpass_hz": None, "lowpass_hz": None, "reference": None}
    info = epochs.info
    return {
        "highpass_hz": float(info["highpass"]),
        "lowpass_hz": float(info["lowpass"]),
        "reference": _reference(epochs),
    }


def _reference(epochs: "mne.BaseEpochs") -> str:
    import mne

    if any(
        projection["desc"].startswith("Average") and projection["active"]
        for projection in epochs.info["projs"]
    ):
        return "average"
    # MNE notes that a reference was set, not which; the average shows in the data.
    picks = mne.pick_types(epochs.info, eeg=True, exclude="bads")
    if len(picks) > 1:
        first = epochs[0].get_data(picks=picks)[0]
        if np.abs(first.mean(0)).max() < 1e-6 * np.abs(first).max():
            return "average"
    return "custom" if int(epochs.info["custom_ref_applied"]) else "as recorded"


def data_hash(trials: NDArray[Any]) -> str:
    """Return the SHA-256 of trials as the network sees them: the same data, the same hash."""
    return hashlib.sha256(np.ascontiguousarray(trials, np.float32).tobytes()).hexdigest()


def eeg_channels(epochs: "mne.BaseEpochs") -> list[dict[str, Any]]:
    """Return the ``chs`` entries of the EEG channels, bad ones included; of all if none is EEG."""
    import mne

    picks = mne.pick_types(epochs.info, eeg=True, exclude=())
    channels = epochs.info["chs"]
    return [channels[pick] for pick in picks] if len(picks) else list(channels)


def _picks(model: "SincShallowNet", epochs: "mne.BaseEpochs") -> list[int]:
    if model.ch_names is None:
        raise EpochsError(
            "The network does not know the names of its channels, so epochs cannot be put into its order. "
            "Build or load it with `chs_info=epochs.info['chs']`, or pass an array in the network's units."
        )
    missing = [name for name in model.ch_names if name not in epochs.ch_names]
    if missing:
        raise EpochsError(
            f"{len(missing)} of the network's {model.n_chans} channels are missing in the epochs: "
            f"{_listed(missing)}. The epochs have: {_listed(epochs.ch_names)}. "
            "Rename them with `epochs.rename_channels`, or interpolate them."
        )
    surplus = [name for name in epochs.ch_names if name not in model.ch_names]
    if surplus:
        warnings.warn(
            f"Channels that the network does not know are dropped: {_listed(surplus)}.",
            RuntimeWarning,
            stacklevel=4,
        )
    return [epochs.ch_names.index(name) for name in model.ch_names]


def _check_sampling(model: "SincShallowNet", epochs: "mne.BaseEpochs") -> None:
    sfreq = float(epochs.info["sfreq"])
    if not np.isclose(sfreq, model.sfreq, rtol=1e-5):
        raise EpochsError(
            f"The epochs are sampled at {sfreq:g} Hz, the network at {model.sfreq:g} Hz. "
            f"Try `epochs.resample({model.sfreq:g})`."
        )
    if len(epochs.times) != model.n_times:
        raise EpochsError(
            f"The epochs have {len(epochs.times)} samples, the network takes {model.n_times} "
            f"({model.n_times / model.sfreq:g} s). Try `epochs.crop(tmin, tmin + "
            f"{(model.n_times - 1) / model.sfreq:g})`."
        )


def _checked(trials: NDArray[Any], model: "SincShallowNet") -> NDArray[Any]:
    if trials.ndim != 3 or trials.shape[1:] != (model.n_chans, model.n_times):
        raise EpochsError(
            f"Trials must have the shape (trials, {model.n_chans} channels, {model.n_times} times); got "
            f"{trials.shape}."
        )
    if len(trials) == 0:
        raise EpochsError("There are no trials.")
    finite = np.isfinite(trials).all(axis=(1, 2))
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise EpochsError(
            f"{len(bad)} trials hold values that are not finite, the first is trial {bad[0]}. Drop them: "
            "`epochs.drop(indices)`."
        )
    # The layout in memory decides the last bits of what the network computes.
    return np.ascontiguousarray(trials)


def _listed(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
