"""Recorded EEG as the background of simulated sources: PhysioNet's motor imagery, without its labels."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sincviz.benchmark.conditions import N_TIMES, SFREQ_HZ
from sincviz.datasets.head_model import FloatArray
from sincviz.datasets.physionet import eegbci

# fmt: off
PEOPLE = (2, 7, 8, 9, 10, 22, 27, 29, 32, 34, 39, 42, 48, 54, 55, 56, 62, 64, 71, 73, 76, 87)
# fmt: on
RUNS = (4, 8, 12)
N_TRAINING_PEOPLE, N_TEST_PEOPLE = 10, 2
HIGH_PASS_HZ = 0.5
ATTRIBUTION = (
    "Contains EEG of the EEG Motor Movement/Imagery Dataset (Schalk et al. 2004, IEEE Trans. Biomed. Eng. 51, "
    "1034-1043; PhysioNet, https://doi.org/10.13026/C28G6P), Open Data Commons Attribution License v1.0: resampled to "
    "100 Hz, cut into trials of 2 s, without its labels, and simulated sources added."
)


def background(
    people: Sequence[int], n_trials: int, ch_names: Sequence[str], seed: int, *, path: Path | None = None
) -> FloatArray:
    """Return pieces of recorded imagery of the left or the right fist, in random order.

    Each trial, from the cue on, is cut into two pieces; which fist it was is not kept. Labels that are drawn anew are
    independent of it.

    Parameters
    ----------
    people : sequence of int
        Subjects of the dataset.
    n_trials : int
        Number of pieces.
    ch_names : sequence of str
        Electrodes, of the 64 that were recorded.
    seed : int
        Seed of the choice.
    path : Path, optional
        The folder that holds ``MNE-eegbci-data``. By default ``mne_data`` in the folder that the environment variable
        ``SINCVIZ_TEST_DATA`` names, else the folder of MNE.

    Returns
    -------
    ndarray, shape (trials, channels, times)
        Microvolts, above 0.5 Hz, 200 samples at 100 Hz.

    Raises
    ------
    DownloadNeededError
        If the recordings are not on this disk.
    ValueError
        If these people have fewer pieces.

    Examples
    --------
    >>> background([29, 32], 100, ["C3", "C4"], seed=0).shape  # doctest: +SKIP
    (100, 2, 200)
    """
    data = os.environ.get("SINCVIZ_TEST_DATA")
    if path is None and data:
        path = Path(data) / "mne_data"
    epochs = eegbci(list(people), RUNS, path=path, l_freq=HIGH_PASS_HZ, progress=False)
    epochs = epochs.pick(list(ch_names)).reorder_channels(list(ch_names))
    recorded = epochs.resample(SFREQ_HZ, verbose="error").get_data(copy=False)
    pieces = np.concatenate([recorded[..., :N_TIMES], recorded[..., -N_TIMES:]]) * 1e6
    if len(pieces) < n_trials:
        raise ValueError(
            f"`n_trials` must be at most {len(pieces)}, the pieces of these {len(people)} people; got {n_trials}. Name "
            "more people."
        )
    chosen = np.random.default_rng(seed).permutation(len(pieces))[:n_trials]
    return np.asarray(pieces[chosen], dtype=np.float64)


def people_of(seed: int) -> tuple[list[int], list[int]]:
    """Return the people of the training and of the test background, none in both.

    Examples
    --------
    >>> training, test = people_of(0)
    >>> len(training), len(test), set(training) & set(test)
    (10, 2, set())
    """
    drawn = np.random.default_rng(seed).permutation(PEOPLE).tolist()
    return drawn[:N_TRAINING_PEOPLE], drawn[N_TRAINING_PEOPLE : N_TRAINING_PEOPLE + N_TEST_PEOPLE]
