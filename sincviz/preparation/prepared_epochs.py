"""Preparation applied to trials: arrays of a network's channels, and epochs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sincviz._utils.text import listed
from sincviz.errors import EpochsError
from sincviz.preparation.alignment import alignment_matrix, mean_covariance
from sincviz.preparation.steps import (
    EuclideanAlignment,
    Filter,
    Resample,
    SetEEGReference,
    Step,
    checked_steps,
)

if TYPE_CHECKING:
    import mne


def prepare(steps: Any, epochs: "mne.BaseEpochs", *, scale: float = 1e6) -> "mne.EpochsArray":
    """Return epochs as a network that was trained with this preparation takes them.

    Analyses and :func:`sincviz.training.fit` do this themselves, with the channels of the network, so do not pass them
    what this returns; use it to look at the trials, or for another decoder. Only EEG channels are changed, those marked
    as bad included; an average reference is the mean of all of them. Other channels are resampled with them.

    Parameters
    ----------
    steps : sequence
        Steps of :mod:`sincviz.preparation`; see ``preparation`` of :func:`sincviz.training.fit`.
    epochs : mne.BaseEpochs
        Trials in volts; they are not changed.
    scale : float
        Factor from volts to the units in which steps work, microvolts by default. What comes out is divided by it, so
        standardised and aligned trials have a standard deviation of 1e-6.

    Returns
    -------
    mne.EpochsArray
        With the same events, metadata and channels.

    Raises
    ------
    EpochsError
        If channels of a reference are missing, or trials cannot be aligned.

    Examples
    --------
    >>> from sincviz.datasets import simulate_motor_imagery
    >>> epochs, _ = simulate_motor_imagery(seed=0, n_trials=20)
    >>> aligned = prepare([Filter(4, 38), EuclideanAlignment()], epochs)
    >>> round(float(aligned.info["highpass"])), aligned.get_data().shape == epochs.get_data().shape
    (4, True)
    """
    import mne

    chosen = checked_steps(steps)
    info = epochs.info
    eeg = mne.pick_types(info, eeg=True, exclude=[])
    if not len(eeg):
        raise EpochsError(
            "There are no EEG channels in the epochs. Set their types: `epochs.set_channel_types`."
        )
    names = [epochs.ch_names[pick] for pick in eeg]
    if absent := sorted(set(reference_channels(chosen)) - set(names)):
        raise EpochsError(
            f"The reference channels {listed(absent)} are not among the EEG channels: {listed(names)}."
        )
    whole = epochs.get_data(copy=True, verbose="error") * scale
    data = prepared_trials(
        whole[:, eeg],
        chosen,
        sfreq=float(info["sfreq"]),
        ch_names=names,
        averaged=names,
        highpass=float(info["highpass"]),
        lowpass=float(info["lowpass"]),
    )
    if (alignment := alignment_in(chosen)) is not None:
        data = aligned(data, people_of(epochs, alignment))
    resampling = [step for step in chosen if isinstance(step, Resample)]
    whole = prepared_trials(whole, resampling, sfreq=float(info["sfreq"]), ch_names=(), averaged=())
    whole[:, eeg] = data
    data = whole
    changed = info.copy()
    with changed._unlock():
        changed["sfreq"] = size_after(chosen, data.shape[2], float(info["sfreq"]))[1]
        changed["highpass"], changed["lowpass"] = edges_after(
            chosen, float(info["highpass"]), float(info["lowpass"])
        )
        changed["lowpass"] = min(changed["lowpass"], changed["sfreq"] / 2)
        if any(isinstance(step, SetEEGReference) for step in chosen):
            changed["custom_ref_applied"] = mne.io.constants.FIFF.FIFFV_MNE_CUSTOM_REF_ON
    return mne.EpochsArray(
        data / scale,
        changed,
        epochs.events,
        tmin=epochs.tmin,
        event_id=epochs.event_id,
        metadata=epochs.metadata,
        verbose="error",
    )


def prepared_trials(
    data: NDArray[Any],
    steps: Sequence[Step],
    *,
    sfreq: float,
    ch_names: Sequence[str],
    averaged: Sequence[str],
    highpass: float = 0.0,
    lowpass: float = np.inf,
) -> NDArray[Any]:
    """Return trials after every step but an alignment, which needs all trials of a person.

    Parameters
    ----------
    data : array, shape (trials, channels, times)
        Trials in the network's units.
    steps : sequence
        What to do.
    sfreq : float
        Sampling rate in Hz.
    ch_names : sequence of str
        The channels.
    averaged : sequence of str
        Those that an average reference is the mean of.
    highpass, lowpass : float
        Edges in Hz at which they were filtered before.
    """
    for step in steps:
        if isinstance(step, Filter):
            data = step.apply(data, sfreq, highpass=highpass, lowpass=lowpass)
        elif isinstance(step, Resample):
            data = step.apply(data, sfreq)
            sfreq = step.sfreq
        elif isinstance(step, SetEEGReference):
            data = step.apply(data, ch_names, averaged)
        elif not isinstance(step, EuclideanAlignment):
            data = step.apply(data)
    return data


def alignment_in(steps: Sequence[Step]) -> EuclideanAlignment | None:
    """Return the alignment that ends a preparation, if there is one."""
    last = steps[-1] if steps else None
    return last if isinstance(last, EuclideanAlignment) else None


def reference_channels(steps: Sequence[Step]) -> list[str]:
    """Return the channels that references of a preparation name."""
    named = [step.ref_channels for step in steps if isinstance(step, SetEEGReference)]
    return [name for names in named if not isinstance(names, str) for name in names]


def size_after(steps: Sequence[Step], n_times: int, sfreq: float) -> tuple[int, float]:
    """Return the samples of a trial, and its sampling rate in Hz, after a preparation.

    Examples
    --------
    >>> size_after([Resample(128)], 640, 160.0)
    (512, 128.0)
    """
    for step in steps:
        if isinstance(step, Resample) and not np.isclose(step.sfreq, sfreq, rtol=1e-5):
            n_times, sfreq = round(n_times * step.sfreq / sfreq), step.sfreq
    return n_times, sfreq


def edges_after(steps: Sequence[Step], highpass: float, lowpass: float) -> tuple[float, float]:
    """Return the edges in Hz at which trials are high- and low-passed after a preparation."""
    for step in steps:
        if isinstance(step, Filter):
            highpass = max(highpass, step.l_freq or 0.0)
            lowpass = min(lowpass, step.h_freq or np.inf)
    return highpass, lowpass


def people_of(epochs: "mne.BaseEpochs", alignment: EuclideanAlignment) -> NDArray[np.str_]:
    """Return the person of every trial; of one unnamed person without metadata of people.

    Raises
    ------
    EpochsError
        If a trial has no value there.
    """
    metadata = epochs.metadata
    if metadata is None or alignment.groups not in metadata:
        return np.full(len(epochs), "", dtype=np.str_)
    column = metadata[alignment.groups]
    if column.isna().any():
        raise EpochsError(
            f"`epochs.metadata[{alignment.groups!r}]` must name the person of every trial, to align them; "
            f"{int(column.isna().sum())} have none. Fill them in, or drop these trials."
        )
    people: NDArray[np.str_] = column.astype(str).to_numpy(dtype=np.str_)
    return people


def aligned(data: NDArray[Any], people: NDArray[np.str_]) -> NDArray[Any]:
    """Return trials of shape (trials, channels, times), each multiplied by the matrix of its person."""
    result = np.empty_like(data)
    for person in np.unique(people):
        own = people == person
        matrix = alignment_matrix(mean_covariance([data[own]]))
        result[own] = matrix.astype(data.dtype) @ data[own]
    return result
