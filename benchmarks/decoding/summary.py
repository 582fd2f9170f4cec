"""Tables of records: accuracy and ROC area of every person, means over people, differences between decoders."""

import itertools
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_auc_score

ENSEMBLE = "ensemble"
KEYS = ["group", "setting", "subject", "decoder", "preparation"]
WAY = ["group", "setting", "decoder", "preparation"]
MEASURES = ["accuracy", "roc_auc"]
CONFIDENCE = 0.95


def read(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Return the records of files of lines, each job once; a last line that was cut off is left out."""
    records = {}
    for path in paths:
        for text in path.read_text().splitlines():
            try:
                record = json.loads(text)
            except json.JSONDecodeError:
                continue
            records[tuple(record[key] for key in [*KEYS, "seed"])] = record
    return list(records.values())


def table(records: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return one row per person, decoder, preparation and seed, and per ensemble of two or more seeds.

    The score of an ensemble is the mean of those of its networks. Within people accuracy and area are means over folds.
    """
    rows, members = [], {}
    for record in records:
        rows.append(_row(record, record["seed"], record["scores"]))
        members.setdefault(tuple(record[key] for key in KEYS), []).append(record)
    for same in members.values():
        if len(same) > 1:
            rows.append(_row(same[0], ENSEMBLE, np.mean([record["scores"] for record in same], axis=0)))
    found = pd.DataFrame(rows)
    return found.sort_values([*WAY, "subject", "seed"], key=lambda column: column.astype(str)).reset_index(
        drop=True
    )


def means(found: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over people, with a 95 % interval over people (Student's t).

    ``seed`` is ``"single"``, the mean of each person's single seeds, or ``"ensemble"``.
    """
    people = _of_people(found)
    rows = [
        dict(zip([*WAY, "seed"], key, strict=True))
        | {"n_people": len(own)}
        | _interval(own[measure].to_numpy(), measure)
        for key, own in people.groupby([*WAY, "seed"])
        for measure in MEASURES
    ]
    return pd.DataFrame(rows)


def differences(found: pd.DataFrame, reference: str, preparation: str) -> pd.DataFrame:
    """Return how much better than a reference each decoder is, person by person: mean and 95 % interval.

    Parameters
    ----------
    found : pandas.DataFrame
        What :func:`table` returned.
    reference, preparation : str
        A classical decoder and its preparation.

    Raises
    ------
    ValueError
        If the table does not have the reference.
    """
    people = _of_people(found)
    is_reference = (people["decoder"] == reference) & (people["preparation"] == preparation)
    if not is_reference.any():
        raise ValueError(f"The table has no {reference!r} on {preparation!r}. Run it first.")
    where = ["group", "setting", "subject"]
    others = people[~is_reference].merge(
        people.loc[is_reference, where + MEASURES], on=where, suffixes=("", "_reference")
    )
    rows = []
    for key, own in others.groupby([*WAY, "seed"]):
        for measure in MEASURES:
            difference = (own[measure] - own[f"{measure}_reference"]).to_numpy()
            rows.append(
                dict(zip([*WAY, "seed"], key, strict=True))
                | {"reference": f"{reference}, {preparation}", "n_people": len(own)}
                | _interval(difference, measure)
            )
    return pd.DataFrame(rows)


def readings(records: Sequence[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Return the readings as arrays of one length: keys of the network, and ``cells``, (networks, bands, channels)."""
    read_ones = [record for record in records if isinstance(record.get("reading"), list)]
    keys = {key: np.array([record[key] for record in read_ones]) for key in [*KEYS, "seed"]}
    return keys | {"cells": np.array([record["reading"] for record in read_ones], np.float32)}


def _row(record: dict[str, Any], seed: Any, scores: Any) -> dict[str, Any]:
    scores, y = np.asarray(scores), np.asarray(record["y"])
    edges = np.cumsum([0, *record.get("folds", [len(y)])])
    folds = [slice(low, high) for low, high in itertools.pairwise(edges)]
    return {key: record[key] for key in KEYS} | {
        "seed": seed,
        "n_train": record["n_train"],
        "n_test": len(y[folds[0]]),
        "accuracy": np.mean([np.mean((scores[fold] > 0) == y[fold]) for fold in folds]),
        "roc_auc": np.mean([roc_auc_score(y[fold], scores[fold]) for fold in folds]),
    }


def _of_people(found: pd.DataFrame) -> pd.DataFrame:
    kind = np.where(found["seed"].astype(str) == ENSEMBLE, ENSEMBLE, "single")
    return found.assign(seed=kind).groupby([*KEYS, "seed"], as_index=False)[MEASURES].mean()


def _interval(values: np.ndarray, measure: str) -> dict[str, Any]:
    mean, half = float(values.mean()), np.nan
    if len(values) > 1:
        half = stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * stats.sem(values)
    return {"measure": measure, "mean": mean, "ci_low": mean - half, "ci_high": mean + half}
