"""Check whether a network knows trials that nothing else can tell: then it may have memorised them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sincviz.analysis.findings import Finding


def memorised(
    row: Mapping[str, Any], yardsticks: pd.DataFrame, *, n_seen: int | None, held_out: bool = False
) -> Finding | None:
    """Return the finding that a network is right about trials that no simple decoder tells apart.

    Parameters
    ----------
    row : mapping
        Accuracy on trials that the network was trained on, or may have been: a row of :func:`sincviz.accuracies`.
    yardsticks : pandas.DataFrame
        What :func:`sincviz.analysis.data_contrast.yardstick_accuracies` returned for the same trials.
    n_seen : int | None
        How many of them are known from training; ``None`` where nobody knows.
    held_out : bool
        Whether the user says that the network was not trained on them, where nobody else knows.

    Returns
    -------
    Finding | None
        ``None`` if the network is not above chance itself, or a decoder is.

    Examples
    --------
    >>> row = {"accuracy": 1.0, "above_chance": "yes"}
    >>> found = pd.DataFrame({"balanced_accuracy": [0.43], "above_chance": ["no"]}, index=["common spatial patterns"])
    >>> memorised(row, found, n_seen=100).check
    'memorised'
    """
    if row["above_chance"] != "yes" or (yardsticks["above_chance"] == "yes").any():
        return None
    of_decoders = ", ".join(f"{name} {value:.2f}" for name, value in yardsticks["balanced_accuracy"].items())
    evidence = (
        f"Its accuracy is {row['accuracy']:.2f}; balanced accuracies of simple decoders, cross-validated on the same "
        f"trials: {of_decoders}, none above chance."
    )
    if held_out and n_seen is None:
        return Finding(
            "memorised",
            "warning",
            "The network is right about trials whose classes no simple decoder tells apart. If they were held out, as "
            "was said, it knows what these decoders cannot tell; if it was trained on them, it remembers them.",
            evidence,
            "Make sure that these trials were not in its training.",
        )
    known = "was trained on these trials" if n_seen else "may have been trained on these trials"
    return Finding(
        "memorised",
        "error" if n_seen else "warning",
        f"The network is right about trials whose classes no simple decoder tells apart, and it {known}: it probably "
        "remembers them. What it rests on here may be noise.",
        evidence,
        "Judge and read the network on trials that were not in its training.",
    )
