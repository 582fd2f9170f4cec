"""Containers of trials: epochs, arrays and tensors, data sets and loaders, pairs, files."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler

from sincviz._utils.text import listed
from sincviz.errors import EpochsError
from sincviz.trials.epochs import EpochsOrArray, is_epochs, ready

if TYPE_CHECKING:
    import mne

_EPOCHS = (
    "Pass epochs, an array (trials, channels, times) in the network's units, a pair of trials and labels"
)


def trials_and_labels(
    data: Any,
    y: Any = None,
    *,
    n_times: int | None = None,
    sfreq: float | None = None,
    ch_names: Sequence[str] | None = None,
) -> tuple[EpochsOrArray, Any]:
    """Return epochs or an array, and the labels that came with them.

    Parameters
    ----------
    data : object
        ``mne.Epochs``, or a list of them; an array or tensor, shape (trials, channels, times); a pair of trials and
        labels; a data set or loader of PyTorch, braindecode's included, that gives trials, or trials and labels; the
        path of a file of epochs.
    y : array | None
        Labels, which take precedence over those of the data.
    n_times, sfreq : int | float | None
        Number of samples of the network and sampling rate in Hz, for code suggested in messages.
    ch_names : sequence of str | None
        The network's channels: a data set with the same names is put into their order.

    Returns
    -------
    epochs : mne.BaseEpochs | numpy.ndarray
        Trials; epochs on disk are not loaded.
    y : object
        The labels as they came; ``None`` if there were none.

    Raises
    ------
    TypeError
        If this does not contain trials; the message says how to make epochs from it.
    EpochsError
        If trials have different sizes, or there are none.

    Examples
    --------
    >>> import torch
    >>> x, y = trials_and_labels((torch.zeros(4, 2, 100), [0, 1, 0, 1]))
    >>> x.shape, y
    ((4, 2, 100), [0, 1, 0, 1])
    """
    if isinstance(data, tuple | list) and _is_pair(data):
        data, beside = data
        y = beside if y is None else y
    if isinstance(data, str | os.PathLike):
        from sincviz.trials.files import epochs_of_file

        data = epochs_of_file(Path(data))
    if isinstance(data, DataLoader | Dataset):
        info = _info_of(data)
        data, beside = _of_dataset(data)
        data = _in_order(data, info, ch_names, sfreq)
        y = beside if y is None else y
    if is_epochs(data) or (isinstance(data, list | tuple) and data and all(map(is_epochs, data))):
        return ready(data), y
    if reason := _refusal(data, n_times, sfreq):
        raise TypeError(reason)
    return _array(data), y


def _is_pair(data: Any) -> bool:
    """Return whether this is trials with labels, not two trials."""
    if len(data) != 2:
        return False
    trials, labels = data
    if is_epochs(trials):
        return not is_epochs(labels)
    if isinstance(labels, str) or not hasattr(labels, "__len__"):
        return False
    return _n_dims(trials) >= 3 and _n_dims(labels) <= 2


def _n_dims(data: Any) -> int:
    shape = getattr(data, "shape", None)
    if shape is not None:
        return len(shape)
    return 1 + _n_dims(data[0]) if isinstance(data, list | tuple) and data else 0


def _of_dataset(data: Any) -> tuple[NDArray[Any], Any]:
    """Return all trials of a data set or loader in its order, and their labels if it has them."""
    kind = type(data).__name__
    loader = data
    if isinstance(data, DataLoader) and isinstance(data.sampler, RandomSampler):
        # A shuffled loader returns another order each time, so the order of its data set is used.
        loader = DataLoader(data.dataset, data.batch_size, collate_fn=data.collate_fn)
    if isinstance(data, IterableDataset) or not hasattr(data, "__len__"):
        raise TypeError(
            f"{kind} has no length, so it may never end. Take as many trials as you want: "
            "`x, y = map(np.stack, zip(*itertools.islice(data, 100)))`, and pass `(x, y)`."
        )
    pieces, labels = [], []
    whole = loader if isinstance(loader, DataLoader) else (loader[index] for index in range(len(loader)))
    for item in whole:
        members = item if isinstance(item, tuple | list) else (item,)
        pieces.append(_numbers(members[0]))
        if len(members) > 1:
            labels.append(_numbers(members[1]))
    if not pieces:
        raise EpochsError(f"There are no trials in the {kind}.")
    if not isinstance(loader, DataLoader) and pieces[0].ndim == 2 and pieces[0].shape[1] == 1:
        raise TypeError(
            f"{kind} returns single samples of recordings, not trials. Cut it into windows first, "
            "`braindecode.preprocessing.create_windows_from_events(data)`, and pass what that returns."
        )
    join = np.concatenate if isinstance(loader, DataLoader) else np.stack
    try:
        trials = join(pieces)
        beside = join(labels) if labels else None
    except ValueError as error:
        shapes = sorted({part.shape[-2:] for part in pieces})
        raise EpochsError(
            f"The trials of the {kind} have different sizes: {', '.join(map(str, shapes[:4]))}. Cut them to the "
            "same size."
        ) from error
    return trials, beside


def _info_of(data: Any) -> "mne.Info | None":
    """Return the ``mne.Info`` of the recordings of a braindecode data set; ``None`` for others."""
    data = data.dataset if isinstance(data, DataLoader) else data
    first = next(iter(getattr(data, "datasets", [])), data)
    kept: list[Any] = [getattr(first, name, None) for name in ("windows", "raw")]
    return next((one.info for one in kept if hasattr(one, "info")), None)


def _in_order(
    trials: NDArray[Any], info: "mne.Info | None", ch_names: Sequence[str] | None, sfreq: float | None
) -> NDArray[Any]:
    """Return trials in the order of the network's channels, if the data set has the same names."""
    if info is None:
        return trials
    if sfreq is not None and not np.isclose(info["sfreq"], sfreq, rtol=1e-5):
        raise EpochsError(
            f"The data set is sampled at {info['sfreq']:g} Hz, but the network expects {sfreq:g} Hz. Resample "
            "the recordings "
            f"before they are cut: `preprocess(data, [Preprocessor('resample', sfreq={sfreq:g})])`."
        )
    places = {name: place for place, name in enumerate(info["ch_names"])}
    if ch_names is None or not set(ch_names) <= set(places) or len(places) != trials.shape[1]:
        return trials
    return trials[:, [places[name] for name in ch_names]]


def _numbers(value: Any) -> NDArray[Any]:
    return np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value)


def _array(data: Any) -> NDArray[Any]:
    try:
        array = _numbers(list(map(_numbers, data)) if isinstance(data, list | tuple) else data)
    except (ValueError, TypeError) as error:
        raise EpochsError(
            "These trials cannot be stacked to an array (trials, channels, times): "
            f"{str(error).splitlines()[0]} Cut all of them "
            "to the same channels and times."
        ) from error
    if array.dtype.kind not in "fiub" or array.dtype == bool:
        raise TypeError(f"Trials must be real numbers; got an array of {array.dtype}. {_EPOCHS}.")
    return array


def _refusal(data: Any, n_times: int | None, sfreq: float | None) -> str:
    """Return why this does not contain trials, and code that makes epochs from it; an empty text for an array."""
    import mne
    import pandas as pd

    kind = type(data).__name__
    if isinstance(data, mne.io.BaseRaw):
        return _of_recording(data, n_times, sfreq)
    if isinstance(data, mne.Evoked):
        return (
            f"{kind} is an average of trials, which cannot answer questions about trials. Pass the epochs that it was "
            "made from; to use it as if it were a single trial, `epochs = mne.EpochsArray(evoked.data[None], "
            "evoked.info, "
            "tmin=evoked.times[0])`."
        )
    if hasattr(data, "info") and hasattr(data, "freqs"):  # MNE's spectra and time-frequency representations
        return (
            f"{kind} holds a spectrum, but time series are needed. Pass the epochs that it was computed from."
        )
    if isinstance(data, pd.DataFrame | pd.Series):
        return _of_table(data)
    if isinstance(data, Mapping):
        names = ", ".join(map(str, list(data)[:8]))
        return (
            f"{kind} is not an array: it has the entries {names}. Pass the entries with the trials and the labels, "
            "such as `data['X'], data['y']`."
        )
    if isinstance(data, list | tuple) or hasattr(data, "__array__"):
        return ""
    return f"{kind} does not contain trials. {_EPOCHS}, a PyTorch data set, or the path of a file of epochs."


def _of_recording(raw: "mne.io.BaseRaw", n_times: int | None, sfreq: float | None) -> str:
    kind, own_hz = type(raw).__name__, float(raw.info["sfreq"])
    rate_hz = own_hz if sfreq is None else sfreq
    seconds = 2.0 if n_times is None else n_times / rate_hz
    resampled = "" if np.isclose(own_hz, rate_hz) else f".resample({rate_hz:g})"
    message = f"{kind} is a continuous recording, but trials are needed. Cut it into epochs: "
    marked = [text for text in raw.annotations.description if not text.upper().startswith(("BAD", "EDGE"))]
    if marked:
        return message + (
            "`events, event_id = mne.events_from_annotations(raw)`, then `epochs = mne.Epochs(raw, events, event_id, "
            f"tmin=0, tmax={seconds - 1 / own_hz:.6g}, baseline=None, preload=True){resampled}`, with only "
            "those of its "
            f"events in `event_id` that are classes: {', '.join(sorted(set(marked))[:8])}."
        )
    passed_over = sorted(set(raw.annotations.description))
    annotated = "It has no annotations"
    if passed_over:
        annotated = f"Its annotations ({listed(passed_over)}) mark segments to reject, not classes"
    return message + (
        f"`epochs = mne.make_fixed_length_epochs(raw, duration={seconds:.6g}, preload=True){resampled}`. "
        f"{annotated}, so the class of each epoch has to be passed as `y`."
    )


def _of_table(table: Any) -> str:
    kind = type(table).__name__
    columns = [str(name) for name in getattr(table, "columns", [])]
    message = f"{kind} has two dimensions, but trials have three (trials, channels, times). "
    if {"epoch", "time"} <= set(columns):
        return message + (
            "For a table of epochs as MNE writes it: `names = [name for name in table if name not in ('epoch', 'time', "
            "'condition')]`, then `x = np.stack([trial[names].to_numpy().T for _, trial in table.groupby('epoch')])` "
            "and `y = table.groupby('epoch')['condition'].first().to_numpy()`, in microvolts unless `scalings` were "
            "given. Pass both: `(x, y)`."
        )
    return message + (
        "For one row per sample, channels as columns and consecutive trials: "
        "`x = table.to_numpy().reshape(n_trials, -1, table.shape[1]).transpose(0, 2, 1)`."
    )
