"""Preparations of the trials, by name."""

from pathlib import Path

import mne
import numpy as np
from numpy.typing import NDArray

from sincviz.preparation import EuclideanAlignment, Filter, SetEEGReference, prepare
from sincviz.preparation.alignment import alignment_matrix, mean_covariance

ALIGNED = " aligned"
_UNALIGNED = {
    "recorded": [],
    "average": [SetEEGReference("average")],
    "8-30": [Filter(8, 30)],
    "4-38": [Filter(4, 38)],
    "average 8-30": [SetEEGReference("average"), Filter(8, 30)],
    "average 4-38": [SetEEGReference("average"), Filter(4, 38)],
    "average 1-": [SetEEGReference("average"), Filter(1, None)],
    "average 4-": [SetEEGReference("average"), Filter(4, None)],
}
PREPARATIONS = _UNALIGNED | {
    name + ALIGNED: [*steps, EuclideanAlignment()] for name, steps in _UNALIGNED.items()
}
"""Steps by name. An alignment takes all trials of a person, also those of the test, without their labels."""


def prepared(epochs: mne.BaseEpochs, name: str) -> NDArray[np.float32]:
    """Return trials in microvolts; aligned ones have no unit.

    Raises
    ------
    ValueError
        If there is no such preparation.
    """
    if name not in PREPARATIONS:
        raise ValueError(f"A preparation must be one of {', '.join(PREPARATIONS)}; got {name!r}. Try '4-38'.")
    steps = PREPARATIONS[name]
    data = (prepare(steps, epochs) if steps else epochs).get_data(copy=False) * 1e6
    return data.astype(np.float32)


def stored(epochs: mne.BaseEpochs, name: str, folder: Path) -> Path:
    """Write prepared trials to a file that many processes can share; return its path."""
    path = folder / f"{name.replace(' ', '_')}.npy"
    np.save(path, prepared(epochs, name))
    return path


def matrix(trials: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the matrix that aligns one person's trials."""
    return alignment_matrix(mean_covariance([trials.astype(float)])).astype(np.float32)
