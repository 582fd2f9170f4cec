"""What the networks rest on in the person left out: how much of it below 4 Hz, over the hands, and in every seed."""

import itertools
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

CH_NAMES = re.findall(
    r"\w+",
    """
    FC5 FC3 FC1 FCz FC2 FC4 FC6 C5 C3 C1 Cz C2 C4 C6 CP5 CP3 CP1 CPz CP2 CP4 CP6 Fp1 Fpz Fp2 AF7 AF3 AFz AF4 AF8 F7
    F5 F3 F1 Fz F2 F4 F6 F8 FT7 FT8 T7 T8 T9 T10 TP7 TP8 P7 P5 P3 P1 Pz P2 P4 P6 P8 PO7 PO3 POz PO4 PO8 O1 Oz O2 Iz
    """,
)
"""Channels of the recordings, in their order."""
HANDS = ("C3", "C4", "CP3", "CP4")
BELOW_4_HZ, ALPHA = slice(0, 2), 3
"""Bands of a reading: below 1 Hz, delta, theta, alpha, beta, gamma."""
OF_DEFAULT = 5
"""Seeds of an ensemble, by default."""


def reading_table(readings: Mapping[str, NDArray]) -> pd.DataFrame:
    """Return one row per group, decoder and preparation, means over people.

    Parameters
    ----------
    readings : mapping
        What :func:`benchmarks.decoding.summary.readings` returned, as stored.

    Returns
    -------
    pandas.DataFrame
        ``below_4_hz``, ``alpha`` and ``alpha_at_hands``, shares of the magnitudes of cells (bands x channels);
        ``correlation``, Pearson's, of the signed cells of two seeds; ``correlation_of_5``, what it is for two ensembles
        of five (Spearman-Brown); NaN for a single seed.
    """
    keys = pd.DataFrame(
        {key: readings[key] for key in ("group", "decoder", "preparation", "subject", "seed")}
    )
    cells = np.asarray(readings["cells"], float)
    cells /= np.abs(cells).sum((1, 2), keepdims=True)
    rows = []
    for key, own in keys.groupby(["group", "decoder", "preparation"]):
        size = np.abs(cells[own.index])
        correlations = [
            np.mean(pairs)
            for _, person in own.groupby("subject")
            if (pairs := _correlations(cells[person.index]))
        ]
        r = float(np.mean(correlations)) if correlations else np.nan
        rows.append(
            dict(zip(("group", "decoder", "preparation"), key, strict=True))
            | {
                "n_people": own["subject"].nunique(),
                "n_networks": len(own),
                "below_4_hz": size[:, BELOW_4_HZ].sum((1, 2)).mean(),
                "alpha": size[:, ALPHA].sum(1).mean(),
                "alpha_at_hands": size[:, ALPHA, [CH_NAMES.index(name) for name in HANDS]].sum(1).mean(),
                "correlation": r,
                "correlation_of_5": OF_DEFAULT * r / (1 + (OF_DEFAULT - 1) * r),
            }
        )
    return pd.DataFrame(rows)


def _correlations(cells: NDArray[np.float64]) -> list[float]:
    return [np.corrcoef(one.ravel(), other.ravel())[0, 1] for one, other in itertools.combinations(cells, 2)]
