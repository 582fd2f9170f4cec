"""What a network says of every trial, and how often it is right on trials it knew and on trials it did not."""

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike

from sincviz.analysis.accuracy import accuracy
from sincviz.analysis.labels import class_labels, decoder_origin
from sincviz.classes import check_codes, classes_if_known
from sincviz.decoders import decoder
from sincviz.epochs import EpochsOrArray, input_batches, ready
from sincviz.trial_identity import seen_in_training, trial_fingerprints

ALL, HELD_OUT, SEEN = TRIALS = ("all", "held out", "seen in training")


@torch.no_grad()
def predictions(model: object, epochs: EpochsOrArray, y: ArrayLike | None = None) -> pd.DataFrame:
    """Return what a network says of every trial.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any network that maps (batch, channels, times) to class scores.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``.

    Returns
    -------
    pandas.DataFrame
        One row per trial, index ``trial``: ``predicted``, the class of the highest score; ``true`` and ``correct``
        where classes are known; ``seen_in_training`` where the network remembers the trials of its training; and the
        score of each class, ``score_left``.

    Raises
    ------
    EpochsError
        If the epochs do not fit the network.
    ValueError
        If labels were given and do not fit.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> predictions(model, np.random.default_rng(0).standard_normal((4, 3, 256)), [0, 1, 0, 1]).shape
    (4, 5)
    """
    network, epochs = decoder(model), ready(epochs)
    codes = classes_if_known(network, epochs, y, needed=False)
    scores, fingerprints = [], []
    for batch in input_batches(network, epochs):
        found = network.scores(torch.from_numpy(batch).to(network.device))
        scores.append(found.double().cpu().numpy())
        fingerprints += trial_fingerprints(batch)
    values = np.concatenate(scores)
    check_codes(codes, values.shape[1])
    names = np.array(class_labels(network, values.shape[1]))
    table = pd.DataFrame(index=pd.RangeIndex(len(values), name="trial"))
    if codes is not None:
        table["true"] = names[codes]
    table["predicted"] = names[values.argmax(1)]
    if codes is not None:
        table["correct"] = values.argmax(1) == codes
    seen = seen_in_training(network.provenance, fingerprints)
    if seen is not None:
        table["seen_in_training"] = seen
    for name, column in zip(names, values.T, strict=True):
        table[f"score_{name}"] = column
    table.attrs = decoder_origin(network) | {"class_names": ", ".join(names)}
    return table


def accuracies(predicted: pd.DataFrame) -> pd.DataFrame:
    """Return how often a network is right, on all trials, on those held out and on those seen in training.

    Parameters
    ----------
    predicted : pandas.DataFrame
        What :func:`predictions` returned for trials whose classes are known.

    Returns
    -------
    pandas.DataFrame
        One row per kind of trials, index ``trials``: ``"all"``, and, where the network remembers its training trials,
        ``"held out"`` and ``"seen in training"`` if there are any. ``accuracy`` with its 95 % interval ``low`` and
        ``high`` (Wilson), ``chance_level`` (the most frequent class every time), ``p`` (binomial), ``above_chance``
        (``"yes"``, ``"no"``, ``"unknown"``), ``n_trials``, ``n_correct``.

    Raises
    ------
    ValueError
        If the classes of the trials are not known.

    Examples
    --------
    >>> table = pd.DataFrame({"true": ["a", "b"] * 10, "correct": [True] * 18 + [False] * 2})
    >>> accuracies(table).accuracy.to_dict()
    {'all': 0.9}
    """
    if "correct" not in predicted:
        raise ValueError("The classes of the trials are not known, so there is no accuracy. Pass `y`.")
    kinds = {ALL: np.ones(len(predicted), bool)}
    if "seen_in_training" in predicted:
        seen = predicted["seen_in_training"].to_numpy(bool)
        kinds |= {HELD_OUT: ~seen, SEEN: seen}
    rows = {}
    for kind, members in kinds.items():
        if not members.any():
            continue
        own = predicted[members]
        found = accuracy(int(own["correct"].sum()), own["true"].value_counts().tolist())
        rows[kind] = {
            "n_trials": found.n_trials,
            "n_correct": int(own["correct"].sum()),
            "accuracy": found.value,
            "low": found.low,
            "high": found.high,
            "chance_level": found.chance,
            "p": found.p,
            "above_chance": found.verdict,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("trials")
