"""Trials whose classes only a slow drift, or only the power of mu, tells apart; and small networks for both."""

import mne
import numpy as np
import pandas as pd

from sincviz import SincShallowNet
from sincviz.datasets.head_model import head_info

CH_NAMES = ["C3", "Cz", "C4", "F3", "F4", "Pz"]
TIMES_S = np.arange(128) / 128


def info_of(names=CH_NAMES):
    return head_info(list(names), 128.0)


def made(signal, seed, people=()):
    """Return trials of left and right in turn, shape of ``signal`` is (trials, channels, times) in microvolts."""
    rng = np.random.default_rng(seed)
    n_trials = len(signal)
    x = (signal + 5 * rng.standard_normal(signal.shape)) * 1e-6
    events = np.c_[np.arange(n_trials), np.zeros(n_trials, int), np.arange(n_trials) % 2 + 1]
    metadata = (
        None if not people else pd.DataFrame({"subject": np.resize(np.repeat(list(people), 2), n_trials)})
    )
    return mne.EpochsArray(
        x, info_of(), events, event_id={"left": 1, "right": 2}, metadata=metadata, verbose="error"
    )


def drifting(n_trials, seed, people=()):
    """Half a period of 0.5 Hz at F3 and F4, upward or downward: nothing else tells the classes."""
    signal = np.zeros((n_trials, 6, 128))
    sign = np.where(np.arange(n_trials) % 2, 1.0, -1.0)
    signal[:, 3:5] = (20 * sign[:, None] * np.sin(np.pi * (TIMES_S - 0.5)))[:, None]
    return made(signal, seed, people)


def of_mu(n_trials, seed, people=()):
    """10 to 12 Hz at C3 or at C4."""
    rng = np.random.default_rng(seed + 1000)
    signal = np.zeros((n_trials, 6, 128))
    phase, pitch_hz = rng.uniform(0, 2 * np.pi, (n_trials, 1)), rng.uniform(10, 12, (n_trials, 1))
    rhythm = 12 * np.sin(2 * np.pi * pitch_hz * TIMES_S + phase)
    is_right = np.arange(n_trials) % 2 == 1
    signal[is_right, 0], signal[~is_right, 2] = rhythm[is_right], rhythm[~is_right]
    return made(signal, seed, people)


def small(first_hz=1.0, names=CH_NAMES, **settings):
    given = {"num_time_filters": 4, "time_filter_len": 33, "pool_size": 32, "pool_stride": 16}
    given |= {"first_freq": first_hz, "min_freq": 0.1, "freq_stride": 4.0, "drop_prob": 0.25}
    return SincShallowNet(
        chs_info=info_of(names)["chs"], n_outputs=2, n_times=128, sfreq=128, **(given | settings)
    )


QUICK = {"max_epochs": 5, "lr": 0.01, "validation": 0, "batch_size": 16, "progress": False}
