"""Predictions for every trial, and accuracies on trials that were held out and trials seen in training."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray

from sincviz._utils.progress import shows_progress
from sincviz.analysis.accuracy import chance_test
from sincviz.analysis.labels import class_labels, decoder_origin
from sincviz.analysis.statistics.exchangeability import STRUCTURE, trial_structure
from sincviz.analysis.statistics.shared_signal import probe_channels
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.classes import check_codes, classes_if_known
from sincviz.trials.epochs import EpochsOrArray, input_batches
from sincviz.trials.identity import seen_in_training, trial_fingerprints
from sincviz.trials.numeric_targets import are_numbers

_COLUMNS = {"accuracy_ci_low": "ci_low", "accuracy_ci_high": "ci_high"}
ALL, HELD_OUT, SEEN = TRIALS = ("all", "held out", "seen in training")


@shows_progress
@torch.no_grad()
def predictions(
    model: object, epochs: EpochsOrArray, y: ArrayLike | None = None, *, progress: bool = True
) -> pd.DataFrame:
    """Return the prediction of a network for every trial.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any network that maps (batch, channels, times) to class scores, or to numbers (see :func:`sincviz.network`).
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``. Of outputs that
        are numbers, what each should be, shape (trials,) or (trials, outputs).
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    pandas.DataFrame
        One row per trial, index ``trial``: ``predicted``, the class with the highest score (missing for a single
        output, whose classes are not known); ``true`` and ``correct`` if the classes are known; ``seen_in_training`` if
        the network stores its training trials; the score of each class, such as ``score_left``; and the known origin of
        the trial, such as ``subject`` and ``run``
        (:func:`sincviz.analysis.statistics.exchangeability.trial_structure`). Of outputs that are numbers,
        ``prediction``, and with ``y`` ``target`` and ``error``, prediction minus target, in place of classes and
        scores; of several outputs each with its name, such as ``error_age``.

    Raises
    ------
    EpochsError
        If the epochs do not fit the network.
    ValueError
        If labels are given and do not fit.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> predictions(model, np.random.default_rng(0).standard_normal((4, 3, 256)), [0, 1, 0, 1]).shape
    (4, 5)
    """
    network, epochs, y = analysis_inputs(model, epochs, y)
    codes = classes_if_known(network, epochs, y, needed=False)
    scores, fingerprints, signals = [], [], []
    picks = None
    for batch in input_batches(network, epochs):
        batch_scores = network.scores(torch.from_numpy(batch).to(network.device))
        scores.append(batch_scores.double().cpu().numpy())
        fingerprints += trial_fingerprints(batch)
        picks = probe_channels(batch) if picks is None else picks
        signals.append(batch[:, picks])
    values = np.concatenate(scores)
    check_codes(codes, values.shape[1])
    names = np.array(class_labels(network, values.shape[1]))
    table = pd.DataFrame(index=pd.RangeIndex(len(values), name="trial"))
    if network.numeric:
        targets = codes if are_numbers(codes) else None
        table = table.assign(**numeric_columns(names.tolist(), values, targets))
    elif codes is not None:
        table["true"] = names[codes]
    if len(names) > 1 and not network.numeric:
        table["predicted"] = names[values.argmax(1)]
    if codes is not None and not network.numeric:
        table["correct"] = values.argmax(1) == codes
    seen = seen_in_training(network.provenance, fingerprints)
    if seen is not None:
        table["seen_in_training"] = seen
    for name, column in zip(names if not network.numeric else (), values.T, strict=not network.numeric):
        table[f"score_{name}"] = column
    structure = trial_structure(
        epochs, np.concatenate(signals), network.provenance.get("training_recordings", ())
    )
    table[structure.columns] = structure
    table.attrs = decoder_origin(network) | {"class_names": ", ".join(names)}
    return table


def accuracies(predicted: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracy of a network on all trials, on those held out and on those seen in training.

    Parameters
    ----------
    predicted : pandas.DataFrame
        What :func:`predictions` returned for trials with known classes.

    Returns
    -------
    pandas.DataFrame
        One row per kind of trials, index ``trials``: ``"all"``, and, if the network stores its training trials,
        ``"held out"`` and ``"seen in training"`` if there are any. ``accuracy`` with its 95 % interval over trials
        ``ci_low`` and ``ci_high`` (Wilson), ``n_trials``, ``n_correct``; with three subjects or more the interval over
        subjects, ``subjects_ci_low`` and ``subjects_ci_high``, and ``n_subjects``; ``balanced_accuracy``, the mean over
        classes of the share of correct answers, with its ``chance_level``, and ``auc`` for two classes;
        ``majority``, the accuracy of always predicting the most frequent class; ``above_chance`` (``"yes"``, ``"no"``,
        ``"unknown"``), ``p`` and the other results of the permutation test of
        :func:`sincviz.analysis.accuracy.chance_test`.

    Raises
    ------
    ValueError
        If the classes of the trials are not known.

    Examples
    --------
    >>> true = np.random.default_rng(0).permutation(["a", "b"] * 10)
    >>> table = pd.DataFrame({"true": true, "predicted": true, "correct": True})
    >>> accuracies(table)[["balanced_accuracy", "above_chance"]].to_dict("index")
    {'all': {'balanced_accuracy': 1.0, 'above_chance': 'yes'}}
    """
    if holds_numbers(predicted):
        raise ValueError(
            "The outputs of this network are numbers, which are not right or wrong. Try "
            "`sincviz.evidence.correlations(predicted)`."
        )
    if "correct" not in predicted:
        raise ValueError("The classes of the trials are not known, so there is no accuracy. Pass `y`.")
    rows = {}
    for kind, members in kinds_of_trials(predicted).items():
        trials = predicted[members]
        rows[kind] = {_COLUMNS.get(name, name): value for name, value in chance_of(trials).items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("trials")


def kinds_of_trials(predicted: pd.DataFrame) -> dict[str, NDArray[np.bool_]]:
    """Return which trials are of each kind that there are any of: all, held out, seen in training."""
    kinds = {ALL: np.ones(len(predicted), bool)}
    if "seen_in_training" in predicted:
        seen = predicted["seen_in_training"].to_numpy(bool)
        kinds |= {HELD_OUT: ~seen, SEEN: seen}
    return {kind: members for kind, members in kinds.items() if members.any()}


def holds_numbers(predicted: pd.DataFrame) -> bool:
    """Return whether a table of predictions is of a network whose outputs are numbers."""
    return any(str(name).startswith("prediction") for name in predicted)


def numeric_columns(
    names: list[str], outputs: NDArray[np.float64], targets: NDArray[np.float64] | None
) -> dict[str, NDArray[np.float64]]:
    """Return prediction, target and error of each output as columns; of several with the output's name.

    Examples
    --------
    >>> list(numeric_columns(["age"], np.ones((2, 1)), None)), list(numeric_columns(["a", "b"], np.ones((2, 2)), None))
    (['prediction'], ['prediction_a', 'prediction_b'])
    """
    columns = {}
    for number, name in enumerate(names):
        of_output = f"_{name}" if len(names) > 1 else ""
        columns[f"prediction{of_output}"] = outputs[:, number]
        if targets is not None:
            columns[f"target{of_output}"] = targets[:, number]
            columns[f"error{of_output}"] = outputs[:, number] - targets[:, number]
    return columns


def chance_of(predicted: pd.DataFrame) -> dict[str, Any]:
    """Return the :func:`sincviz.analysis.accuracy.chance_test` of a table of predictions."""
    codes, scores = _codes_and_scores(predicted)
    return chance_test(codes, scores, structure_in(predicted))


def structure_in(predicted: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of a table of predictions that hold the origin of each trial."""
    return predicted[[name for name in STRUCTURE if name in predicted]]


def _codes_and_scores(predicted: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return classes as numbers, and their scores; 1 for the predicted class if there are no scores."""
    names = [str(name)[6:] for name in predicted if str(name).startswith("score_")]
    if names:
        scores = predicted[[f"score_{name}" for name in names]].to_numpy(float)
    else:
        names = sorted({*predicted["true"], *predicted["predicted"]})
        scores = (predicted["predicted"].to_numpy()[:, None] == np.array(names)).astype(float)
    return np.array([names.index(name) for name in predicted["true"]], np.int64), scores
