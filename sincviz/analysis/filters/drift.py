"""Cut-off drift: how far filters moved from where they started, and how they got there."""

import numpy as np
import pandas as pd

from sincviz.analysis.labels import origin
from sincviz.networks.cutoff_table import cutoff_table
from sincviz.networks.front_ends import front_end as front_end_of

UNMOVED_HZ = 0.25
"""A filter whose cut-offs both moved less than this is called unmoved."""


def cutoff_drift(model: object) -> pd.DataFrame:
    """Return how far each filter's cut-offs have moved since initialisation.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network of which :func:`sincviz.networks.front_end` knows or finds the filters.

    Returns
    -------
    pandas.DataFrame
        One row per filter: ``initial_low_hz``, ``initial_high_hz``, ``low_hz``, ``high_hz``, ``center_shift_hz``,
        ``width_change_hz`` and ``verdict``: ``"moved"``, or ``"unmoved"`` where both cut-offs moved less than
        ``UNMOVED_HZ``, 0.25 Hz; ``"unknown"`` where filters are free, or the checkpoint does not store the initial
        cut-offs. ``attrs["initial_from"]`` says where the initial cut-offs come from: recorded by the training, or
        derived from the settings.

    Raises
    ------
    TypeError
        If the network is unknown.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> drift = cutoff_drift(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128))
    >>> drift.verdict.unique().tolist(), drift.attrs["initial_from"]
    (['unmoved'], 'the settings of the network')
    """
    front_end = front_end_of(model)
    unknown = np.full((len(front_end.kernels), 2), np.nan)
    now, then = (
        unknown if cutoffs is None else cutoffs.detach().cpu().double().numpy()
        for cutoffs in (front_end.cutoffs, front_end.initial_cutoffs)
    )
    moved = np.abs(now - then).max(1)
    drift = pd.DataFrame(
        {
            "initial_low_hz": then[:, 0],
            "initial_high_hz": then[:, 1],
            "low_hz": now[:, 0],
            "high_hz": now[:, 1],
            "center_shift_hz": now.mean(1) - then.mean(1),
            "width_change_hz": np.diff(now)[:, 0] - np.diff(then)[:, 0],
            "verdict": np.select(
                [np.isnan(moved), moved < UNMOVED_HZ], ["unknown", "unmoved"], default="moved"
            ),
        }
    )
    drift.index.name = "filter"
    # Files keep the initial cut-offs of networks that were never trained as well.
    trained = {"cutoff_history_hz", "n_training_trials"} & set(front_end.provenance)
    recorded = bool(trained) and "initial_cutoffs_hz" in front_end.provenance
    drift.attrs = origin(front_end) | {
        "unmoved_below_hz": UNMOVED_HZ,
        "initial_from": "recorded by the training" if recorded else "the settings of the network",
    }
    return drift


def cutoff_history(model: object) -> pd.DataFrame | None:
    """Return the cut-offs during training, if the network stores them.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network of which :func:`sincviz.networks.front_end` knows or finds the filters; those trained by
        :func:`sincviz.training.fit` store them.

    Returns
    -------
    pandas.DataFrame | None
        Columns ``epoch`` (0 is before training), ``filter``, ``low_hz``, ``high_hz``, ``center_hz``,
        ``bandwidth_hz``; ``None`` if not recorded.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> cutoff_history(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)) is None
    True
    """
    recorded = front_end_of(model).provenance.get("cutoff_history_hz")
    return None if recorded is None else cutoff_table(recorded)
