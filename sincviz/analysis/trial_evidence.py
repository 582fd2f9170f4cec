"""What a result says of the trials it comes from: how well the network does on them, and whether it knew them."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sincviz.analysis.accuracy import accuracy
from sincviz.decoders import Decoder


def trial_evidence(
    network: Decoder,
    codes: NDArray[np.int64] | None,
    correct: NDArray[np.bool_],
    hashes: Sequence[str],
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
    hashes : sequence of str
        What :func:`sincviz.recordings.trial_hashes` returned.

    Returns
    -------
    dict
        Strings and numbers only.
    """
    facts: dict[Hashable | None, Any] = {"n_trials": len(hashes)} | _held_out(network, hashes)
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


def _held_out(network: Decoder, hashes: Sequence[str]) -> dict[Hashable | None, Any]:
    known = frozenset(network.provenance.get("training_trials_sha256", ()))
    if not known:
        return {"held_out": "unknown"}
    n_seen = sum(one in known for one in hashes)
    held_out = "yes" if n_seen == 0 else "no" if n_seen == len(hashes) else "in part"
    return {"held_out": held_out, "n_trials_seen_in_training": n_seen}
