"""Trial evidence: how well the network does on the trials of a result, and whether it was trained on them."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sincviz.analysis.accuracy import chance_test
from sincviz.analysis.correlation import best_of, correlation_test
from sincviz.analysis.labels import class_labels
from sincviz.networks.decoder import Decoder
from sincviz.trials.identity import seen_in_training
from sincviz.trials.numeric_targets import Targets, are_numbers


def trial_evidence(
    network: Decoder,
    codes: Targets | None,
    scores: NDArray[np.floating],
    fingerprints: Sequence[str],
    structure: pd.DataFrame | None = None,
) -> dict[Hashable | None, Any]:
    """Return accuracy, whether it is above chance, and whether the trials were held out, as attributes.

    Parameters
    ----------
    network : Decoder
        The network; its provenance may record the trials it was trained on.
    codes : array of int, shape (trials,), or of float, shape (trials, outputs), or None
        The class of each trial, or what each output should be, if known.
    scores : array, shape (trials, classes)
        The score of each class, or the value of each output.
    fingerprints : sequence of str
        What :func:`sincviz.trials.identity.trial_fingerprints` returned.
    structure : pandas.DataFrame | None
        What :func:`sincviz.analysis.statistics.exchangeability.trial_structure` returned; ``None`` if nothing is known.

    Returns
    -------
    dict
        Strings and numbers only, including those of :func:`sincviz.analysis.accuracy.chance_test`, or, of outputs that
        are numbers, of :func:`sincviz.analysis.correlation.correlation_test` for the best output.
    """
    facts: dict[Hashable | None, Any] = {"n_trials": len(fingerprints)} | _held_out(network, fingerprints)
    if codes is None:
        return facts | {"above_chance": "unknown"}
    if are_numbers(codes):
        tests = correlation_test(codes, np.asarray(scores, float), structure)
        best = best_of(tests)
        judged = (
            {"judged_output": class_labels(network, len(tests))[tests.index(best)]} if len(tests) > 1 else {}
        )
        return facts | best | judged
    return facts | chance_test(np.asarray(codes, np.int64), scores, structure)


def _held_out(network: Decoder, fingerprints: Sequence[str]) -> dict[Hashable | None, Any]:
    seen = seen_in_training(network.provenance, fingerprints)
    if seen is None:
        return {"held_out": "unknown"}
    n_seen = int(seen.sum())
    held_out = "yes" if n_seen == 0 else "no" if n_seen == len(fingerprints) else "in part"
    return {"held_out": held_out, "n_trials_seen_in_training": n_seen}
