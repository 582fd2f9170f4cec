"""Table of cut-offs over the epochs of training."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def cutoff_table(cutoffs_hz: ArrayLike) -> pd.DataFrame:
    """Return cut-offs as a table, one row per training epoch and filter.

    Parameters
    ----------
    cutoffs_hz : array, shape (epochs, filters, 2)
        Low and high cut-off in Hz; the first epoch is before training.

    Returns
    -------
    pandas.DataFrame
        Columns ``epoch`` (0 is before training), ``filter``, ``low_hz``, ``high_hz``, ``center_hz``,
        ``bandwidth_hz``.

    Examples
    --------
    >>> cutoff_table([[[6, 10]], [[7, 12]]])
       epoch  filter  low_hz  high_hz  center_hz  bandwidth_hz
    0      0       0       6       10        8.0             4
    1      1       0       7       12        9.5             5
    """
    cutoffs = np.asarray(cutoffs_hz)
    epoch, filter_ = np.indices(cutoffs.shape[:2])
    return pd.DataFrame(
        {
            "epoch": epoch.ravel(),
            "filter": filter_.ravel(),
            "low_hz": cutoffs[..., 0].ravel(),
            "high_hz": cutoffs[..., 1].ravel(),
            "center_hz": cutoffs.mean(2).ravel(),
            "bandwidth_hz": (cutoffs[..., 1] - cutoffs[..., 0]).ravel(),
        }
    )
