"""People's trials in one small file, without loss: recordings are whole microvolts."""

import io
import lzma
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sincviz.eeg.montages import standard_montage

VOLTS = 1e-6
WEIGHT_UNIT = 4096
LARGEST = 32_000


def pack(epochs: mne.BaseEpochs, path: Path) -> None:
    """Write trials, classes, subjects, runs and channel names.

    The difference from sample to sample of each channel is predicted from those of the channels before it, with weights
    for each person; what the prediction misses is compressed.

    Raises
    ------
    ValueError
        If the values are not whole microvolts, or change by more than two bytes can hold.
    """
    volts = epochs.get_data(copy=False)
    uv = np.round(volts / VOLTS)
    if not np.array_equal(uv * VOLTS, volts):
        raise ValueError(
            "`epochs` must hold whole microvolts, as recorded; got others. Try without filter and reference."
        )
    subjects = epochs.metadata["subject"].to_numpy()
    misses, weights = [], []
    for subject in np.unique(subjects):
        changes = _by_channel(np.diff(uv[subjects == subject], axis=2, prepend=0))
        own_weights = _weights(changes)
        weights.append(own_weights)
        misses.append(
            np.array([row - _prediction(own_weights, changes, number) for number, row in enumerate(changes)])
        )
    if max(np.abs(part).max() for part in misses) > LARGEST:
        raise ValueError(
            f"`epochs` changes by more than {LARGEST} µV from sample to sample. Leave such trials out."
        )
    # The low bytes are noise, the high bytes almost always zero: apart from each other they compress better.
    rest = np.concatenate(misses, axis=1).astype(np.int16)
    high = (rest + 128) >> 8
    stored = io.BytesIO()
    np.savez(
        stored,
        low=np.frombuffer(lzma.compress((rest - 256 * high).astype(np.int8).tobytes()), np.uint8),
        high=np.frombuffer(lzma.compress(high.astype(np.int8).tobytes()), np.uint8),
        weights=np.array(weights, np.int16),
        shape=uv.shape,
        subject=subjects,
        run=epochs.metadata["run"].to_numpy(),
        code=epochs.events[:, 2],
        class_names=list(epochs.event_id),
        class_codes=list(epochs.event_id.values()),
        ch_names=epochs.ch_names,
        sfreq=epochs.info["sfreq"],
        tmin=epochs.tmin,
    )
    path.write_bytes(stored.getvalue())


def unpack(path: Path) -> mne.EpochsArray:
    """Return the trials of a packed file, in volts, with positions and metadata."""
    with np.load(path) as stored:
        n_trials, n_channels, n_times = stored["shape"]
        rest = 256 * _bytes(stored["high"]).astype(np.int16) + _bytes(stored["low"])
        rest = rest.reshape(n_channels, -1).astype(float)
        subjects = stored["subject"]
        uv = np.empty((n_trials, n_channels, n_times))
        begin = 0
        for subject, weights in zip(np.unique(subjects), stored["weights"], strict=True):
            own = subjects == subject
            changes = rest[:, begin : begin + own.sum() * n_times].copy()
            begin += own.sum() * n_times
            for number in range(n_channels):
                changes[number] += _prediction(weights, changes, number)
            uv[own] = changes.reshape(n_channels, -1, n_times).transpose(1, 0, 2).cumsum(axis=2)
        info = mne.create_info(stored["ch_names"].tolist(), float(stored["sfreq"]), "eeg")
        info.set_montage(standard_montage())
        order = np.arange(n_trials)
        return mne.EpochsArray(
            uv * VOLTS,
            info,
            np.column_stack([order, np.zeros_like(order), stored["code"]]),
            tmin=float(stored["tmin"]),
            event_id=dict(zip(stored["class_names"].tolist(), stored["class_codes"].tolist(), strict=True)),
            metadata=pd.DataFrame({"subject": subjects, "run": stored["run"]}),
            verbose="error",
        )


def _by_channel(trials: NDArray[np.float64]) -> NDArray[np.float64]:
    return trials.transpose(1, 0, 2).reshape(trials.shape[1], -1)


def _weights(changes: NDArray[np.float64]) -> NDArray[np.int16]:
    """Return least-squares weights of the channels before each channel, in units of 1 / WEIGHT_UNIT."""
    products = changes @ changes.T
    weights = np.zeros(products.shape)
    for number in range(1, len(products)):
        known = products[:number, :number] + np.eye(number)
        weights[number, :number] = np.linalg.solve(known, products[:number, number])
    limits = np.iinfo(np.int16)
    return np.clip(np.round(weights * WEIGHT_UNIT), limits.min, limits.max).astype(np.int16)


def _prediction(weights: NDArray[np.int16], changes: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    # Whole numbers far below 2^53: exact on every machine, in whatever order they are added.
    return np.round(weights[number, :number].astype(float) @ changes[:number] / WEIGHT_UNIT)


def _bytes(compressed: NDArray[np.uint8]) -> NDArray[np.int8]:
    return np.frombuffer(lzma.decompress(compressed.tobytes()), np.int8)
