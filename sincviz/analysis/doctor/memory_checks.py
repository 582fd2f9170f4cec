"""Check for memorised trials: the network classifies them, and no simple decoder can."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sincviz.analysis.doctor.findings import Finding

CLEARLY_ABOVE_CHANCE_P = 0.005
"""Below, a decoder is above chance. Random labels of 100 trials gave one of three decoders p < 0.05 in 7 of 200 data
sets, and p < 0.005 in none (``benchmarks/decoder_calibration.py``)."""


def memorised(
    row: Mapping[str, Any], yardsticks: pd.DataFrame, *, n_seen: int | None, held_out: bool = False
) -> Finding | None:
    """Return the finding that a network classifies trials that no simple decoder can classify.

    Parameters
    ----------
    row : mapping
        Accuracy on trials that the network was trained on, or may have been: a row of
        :func:`sincviz.evidence.accuracies`.
    yardsticks : pandas.DataFrame
        What :func:`sincviz.analysis.evidence.data_contrast.yardstick_accuracies` returned for the same trials.
    n_seen : int | None
        How many of them are known from training; ``None`` if that is not known.
    held_out : bool
        Whether the user says that the network was not trained on them. Unless that is known to be wrong, the finding is
        then made only if the network's interval lies above those of all decoders.

    Returns
    -------
    Finding | None
        ``None`` if the network itself is not above chance, or a decoder clearly is (p < 0.005), or one is (p < 0.05)
        and the network is not far better: its interval is not above those of all decoders.

    Examples
    --------
    >>> row = {"accuracy": 1.0, "ci_low": 0.96, "above_chance": "yes"}
    >>> decoders = pd.DataFrame({"balanced_accuracy": [0.43], "accuracy_ci_high": [0.53], "above_chance": ["no"],
    ...                       "p": [0.9]}, index=["common spatial patterns"])
    >>> memorised(row, decoders, n_seen=100).check
    'memorised'
    """
    if row["above_chance"] != "yes" or (yardsticks["p"] < CLEARLY_ABOVE_CHANCE_P).any():
        return None
    denied, decodable = held_out and not n_seen, bool((yardsticks["above_chance"] == "yes").any())
    if (denied or decodable) and not row["ci_low"] > yardsticks["accuracy_ci_high"].max():
        return None
    of_decoders = ", ".join(f"{name} {value:.2f}" for name, value in yardsticks["balanced_accuracy"].items())
    known = "was trained on these trials" if n_seen else "may have been trained on these trials"
    start = (
        "The network classifies trials that simple decoders can hardly classify"
        if decodable
        else "The network classifies trials that no simple decoder can classify"
    )
    doubt = f"none above chance at p < {CLEARLY_ABOVE_CHANCE_P:g}"
    return Finding(
        "memorised",
        "error" if n_seen else "warning",
        f"{start}: either it uses information that they cannot, or it was trained on these trials, although they are "
        "declared as held out."
        if denied
        else f"{start}, and it {known}: it probably memorised them. What it uses here may be noise.",
        f"Its accuracy is {row['accuracy']:.2f}; balanced accuracies of simple decoders, cross-validated on the same "
        f"trials: {of_decoders}, {doubt if decodable else 'none above chance'}.",
        "Evaluate and interpret the network on trials that were not used in its training.",
    )
