"""Numeric predictions: what a network predicts for every trial, what it should, and how well the two agree."""

from typing import Any

import pandas as pd

from sincviz.analysis.correlation import correlation_test
from sincviz.analysis.evidence.prediction import holds_numbers, kinds_of_trials, structure_in

_SHORTER = {"correlation_ci_low": "ci_low", "correlation_ci_high": "ci_high"}


def correlations(predicted: pd.DataFrame) -> pd.DataFrame:
    """Return how well a network predicts numbers, on all trials, on those held out and on those seen in training.

    Parameters
    ----------
    predicted : pandas.DataFrame
        What :func:`predictions` returned for a network whose outputs are numbers, with ``y``.

    Returns
    -------
    pandas.DataFrame
        Index ``trials`` and ``output``. Trials are ``"all"``, and, if the network stores its training trials,
        ``"held out"`` and ``"seen in training"`` if there are any. ``correlation`` (Pearson) with its 95 % interval
        ``ci_low`` and ``ci_high``; ``rank_correlation`` (Spearman); ``mean_absolute_error`` with its interval, and
        ``error_of_mean``, that of always predicting the mean of these targets; ``r_squared`` with its interval;
        ``above_chance`` (``"yes"``, ``"no"``, ``"unknown"``), ``p``, corrected for the number of outputs, and the other
        results of :func:`sincviz.analysis.correlation.correlation_test`.

    Raises
    ------
    ValueError
        If the outputs are not numbers, or the targets are not known.

    Examples
    --------
    >>> import numpy as np
    >>> age = np.random.default_rng(0).uniform(20, 60, 40)
    >>> table = pd.DataFrame({"prediction": age + 1, "target": age})
    >>> correlations(table)[["correlation", "mean_absolute_error", "above_chance"]].round(3).values.tolist()
    [[1.0, 1.0, 'yes']]
    """
    if not holds_numbers(predicted):
        raise ValueError(
            "These are predictions of classes, which have no correlation. Try `sincviz.evidence.accuracies(predicted)`."
        )
    columns = [str(name) for name in predicted if str(name).startswith("prediction")]
    wanted = [name.replace("prediction", "target", 1) for name in columns]
    if not set(wanted) <= set(predicted.columns):
        raise ValueError(
            "What the outputs should be is not known, so there is no correlation. Pass `y`, a number for each trial."
        )
    names = [name.removeprefix("prediction_") for name in columns]
    if len(names) == 1:
        names = [str(predicted.attrs.get("class_names", "output"))]
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for kind, members in kinds_of_trials(predicted).items():
        trials = predicted[members]
        tests = correlation_test(
            trials[wanted].to_numpy(float), trials[columns].to_numpy(float), structure_in(trials)
        )
        for name, test in zip(names, tests, strict=True):
            rows[kind, name] = {_SHORTER.get(key, key): value for key, value in test.items()}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(rows, names=["trials", "output"])
    return table
