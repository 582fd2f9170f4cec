"""What a result says of the trials it comes from: how well the network does on them, and whether it knew them."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sincviz.analysis.accuracy import accuracy
from sincviz.decoders import Decoder
from sincviz.trial_identity import seen_in_training


def trial_evidence(
    network: Decoder,
    codes: NDArray[np.int64] | None,
    correct: NDArray[np.bool_],
    fingerprints: Sequence[str],
) -> dict[Hashable | None, Any]:
    """Return accuracy with its interval and chance level, and whether the trials were held out, as attributes.

    Parameters
    ----------
    network : Decoder
        The network, whose provenance may know the trials it was trained on.
    codes : array of int, shape (trials,), or None
        The class of each trial, if known.
    correct : array of bool, shape (trials,)
        Which trials the network gets right.
    fingerprints : sequence of str
        What :func:`sincviz.trial_identity.trial_fingerprints` returned.

    Returns
    -------
    dict
        Strings and numbers only.
    """
    facts: dict[Hashable | None, Any] = {"n_trials": len(fingerprints)} | _held_out(network, fingerprints)
    if codes is None:
        return facts | {"above_chance": "unknown"}
    found = accuracy(int(correct.sum()), np.bincount(codes).tolist())
    return facts | {
        "accuracy": found.value,
        "accuracy_low": found.low,
        "accuracy_high": found.high,
        "chance_level": found.chance,
        "above_chance": found.verdict,
    }


def _held_out(network: Decoder, fingerprints: Sequence[str]) -> dict[Hashable | None, Any]:
    seen = seen_in_training(network.provenance, fingerprints)
    if seen is None:
        return {"held_out": "unknown"}
    n_seen = int(seen.sum())
    held_out = "yes" if n_seen == 0 else "no" if n_seen == len(fingerprints) else "in part"
    return {"held_out": held_out, "n_trials_seen_in_training": n_seen}
