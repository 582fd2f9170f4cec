"""The simulated recording: from sources to epochs, and what is known about them."""

from collections.abc import Mapping, Sequence
from typing import Any

import mne
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz.datasets.head_model import FloatArray, head_info
from sincviz.datasets.simulated_signals import coloured_noise, pink

SENSOR_NOISE_UV = 0.5

Check = tuple[bool, str]
"""Whether a setting can be simulated, and the message if it cannot."""


def setting_checks(n_trials: int, sfreq: float, duration: float, snr_db: float, tmin: float) -> list[Check]:
    """Return the checks of the settings that every simulation has; written so that NaN fails every one."""
    return [
        (n_trials >= 2, f"`n_trials` must be at least 2; got {n_trials}. Try 400."),
        (0 < sfreq < np.inf, f"`sfreq` must be a finite number of Hz above 0; got {sfreq}. Try 160."),
        (0.5 <= duration < np.inf, f"`duration` must be at least 0.5 s; got {duration}. Try 3."),
        (bool(np.isfinite(snr_db)), f"`snr_db` must be a finite number of dB; got {snr_db}. Try 6."),
        (bool(np.isfinite(tmin)), f"`tmin` must be a finite number of seconds; got {tmin}. Try -0.2."),
    ]


def raise_if_failed(checks: Sequence[Check]) -> None:
    """Raise ValueError with the message of the first check that failed."""
    for passed, message in checks:
        if not passed:
            raise ValueError(message)


def epoch_times(tmin: float, n_times: int, sfreq: float) -> FloatArray:
    """Return the times of an epoch's samples in seconds; the first one is the whole sample nearest to `tmin`.

    Examples
    --------
    >>> epoch_times(-0.012, 3, 100.0).tolist()
    [-0.01, 0.0, 0.01]
    """
    # A start between two samples would give MNE one time more than there are samples.
    return np.asarray((round(tmin * sfreq) + np.arange(n_times)) / sfreq)


def record(
    activity: FloatArray,
    maps_uv: FloatArray,
    mixing_uv: FloatArray,
    labels: NDArray[np.str_],
    event_id: dict[str, int],
    ch_names: Sequence[str],
    sfreq: float,
    tmin_s: float,
    line_freq_hz: float | None,
    rng: np.random.Generator,
) -> mne.EpochsArray:
    """Return what electrodes measure of sources, background and sensor noise.

    Parameters
    ----------
    activity : ndarray, shape (trials, sources, times)
        Time courses of the sources.
    maps_uv : ndarray, shape (sources, channels)
        Their scalp maps.
    mixing_uv : ndarray, shape (channels, components)
        Takes independent 1/f noise of unit variance to the background.
    labels : ndarray of str, shape (trials,)
        Class of every trial.
    event_id : dict of str to int
        Codes of the classes.
    ch_names : sequence of str
        10-05 electrode names.
    sfreq : float
        Sampling rate in Hz.
    tmin_s : float
        Time of the first sample.
    line_freq_hz : float, optional
        Frequency of the power line, which is noted in the epochs' ``info``.
    rng : numpy.random.Generator
        Draws background and sensor noise.

    Returns
    -------
    mne.EpochsArray
        In volts, with positions.
    """
    n_trials, _, n_times = activity.shape
    background = coloured_noise((n_trials, mixing_uv.shape[1]), pink(n_times, sfreq), n_times, rng)
    data_uv = mixing_uv @ background + maps_uv.T @ activity
    data_uv += SENSOR_NOISE_UV * rng.standard_normal(data_uv.shape)

    info = head_info(ch_names, sfreq)
    if line_freq_hz is not None:
        info["line_freq"] = line_freq_hz
    codes = [event_id[label] for label in labels]
    events = np.column_stack([np.arange(n_trials) * n_times, np.zeros(n_trials, int), codes])
    return mne.EpochsArray(data_uv * 1e-6, info, events, tmin_s, event_id, verbose="error")


def ground_truth(
    sources: Mapping[str, Sequence[Any]],
    per_trial: Mapping[str, tuple[FloatArray, str]],
    time_course: FloatArray,
    positions: FloatArray,
    maps_uv: FloatArray,
    ch_names: Sequence[str],
    labels: NDArray[np.str_],
    time_s: FloatArray,
) -> xr.Dataset:
    """Return the ground truth as labelled arrays.

    Parameters
    ----------
    sources : mapping of str to sequence
        Coordinates along `source`; ``"source"`` holds the names.
    per_trial : mapping of str to (ndarray of shape (trials, sources), str)
        Variables over trial and source, and their units.
    time_course : ndarray, shape (sources, times)
        Strength of each source over time, from 0 to 1.
    positions : ndarray, shape (sources, 3)
        Head coordinates in metres.
    maps_uv : ndarray, shape (sources, channels)
        Scalp maps.
    ch_names : sequence of str
        Electrodes.
    labels : ndarray of str, shape (trials,)
        Class of every trial.
    time_s : ndarray, shape (times,)
        Times of the samples.

    Returns
    -------
    xarray.Dataset
        Without attributes.
    """
    return xr.Dataset(
        {
            "position": (("source", "axis"), positions, {"units": "m", "frame": "head"}),
            "scalp_map": (("source", "channel"), maps_uv, {"units": "µV"}),
            **{
                name: (("trial", "source"), values, {"units": units})
                for name, (values, units) in per_trial.items()
            },
            "time_course": (("source", "time"), time_course, {"units": "fraction of the maximum"}),
        },
        coords={
            **{name: ("source", list(values)) for name, values in sources.items()},
            "axis": ["x", "y", "z"],
            "channel": list(ch_names),
            "trial": np.arange(len(labels)),
            "class_name": ("trial", labels),
            "time": ("time", time_s, {"units": "s"}),
        },
    )
