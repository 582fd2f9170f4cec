"""Correlation, in words and rows: how well a network predicts numbers, in place of its accuracy."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from sincviz._utils.text import coefficient, counted, in_brackets, joined, p_words
from sincviz.analysis.evidence.prediction import ALL, HELD_OUT, SEEN
from sincviz.inspection.newness import UNITS, newness_words
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import n_read
from sincviz.report.contents import Rows

_CONFOUNDS = {
    "targets_drift": "targets change slowly, so that neighbours in time have nearly the same",
    "labels_in_blocks": "targets come in blocks of equal ones",
    **{
        f"label_tied_to_{level}": f"each {level} has one target only"
        for level in ("subject", "session", "run")
    },
}


def correlation_words(inspection: InspectionResults) -> list[str]:
    """Return how well the network predicts, whether guessing would do as well, and whether it knew the trials."""
    n_trials = inspection.trials["n_trials"]
    if inspection.correlations is None:
        return [
            f"{counted(n_trials, 'trial')}: the correlation was not measured. {inspection.missing['correlations']}"
        ]
    rows = _rows(inspection.correlations)
    sentences = [_followed(rows[ALL], "trial")]
    return sentences + newness_words(
        inspection,
        set(rows),
        n_seen=next(iter(rows[SEEN].values()))["n_trials"] if SEEN in rows else 0,
        on_held_out=_followed(rows[HELD_OUT], "held-out trial") if HELD_OUT in rows else "",
    )


def _rows(correlations: pd.DataFrame) -> dict[str, dict[str, dict[Hashable, Any]]]:
    """Return the rows of each kind of trials by output."""
    rows: dict[str, dict[str, dict[Hashable, Any]]] = {}
    for row in correlations.reset_index().to_dict("records"):
        rows.setdefault(str(row["trials"]), {})[str(row["output"])] = row
    return rows


def _followed(rows: Mapping[str, Mapping[Hashable, Any]], trial: str) -> str:
    n_trials = next(iter(rows.values()))["n_trials"]
    return f"In {counted(n_trials, trial)} the network predicts {'; '.join(_predicted(*row) for row in rows.items())}."


def _predicted(name: str, row: Mapping[Hashable, Any]) -> str:
    over = (
        ""
        if row["interval_over"] == "trial"
        else f" over {UNITS.get(row['interval_over'], row['interval_over'] + 's')}"
    )
    interval = in_brackets(row["ci_low"], row["ci_high"], coefficient)
    interval = f" (95% interval{over} {interval[2:]}" if interval else ""
    return (
        f"{name} with a correlation of {coefficient(row['correlation']) or 'no value (it always predicts the same)'}"
        f"{interval}; mean absolute error {row['mean_absolute_error']:.3g}, always predicting the mean of these "
        f"targets {row['error_of_mean']:.3g} (R² {coefficient(row['r_squared']) or 'not defined'}): "
        f"{correlation_chance_words(row)}"
    )


def correlation_chance_words(row: Mapping[Hashable, Any]) -> str:
    """Return whether a correlation is above chance, how sure that is, and how targets were exchanged to test it."""
    if row["above_chance"] == "unknown":
        confound = str(row["confounds"]).split(", ")[0]
        return {
            "one_target": "all targets are equal, so this cannot be distinguished from chance",
            "confounded": "whether this is above chance is not known, because "
            f"{_CONFOUNDS.get(confound, 'something else differs with the targets too')}",
        }.get(row["unknown_because"], "too few trials to distinguish this from chance")
    exchanged = [
        f"within {row['permuted_within']}" if row["permuted_within"] else "",
        "" if row["unit"] == "trial" else f"of whole {UNITS.get(row['unit'], row['unit'] + 's')}",
    ]
    how = " ".join(part for part in ("targets exchanged", *exchanged) if part)
    start = "above chance" if row["above_chance"] == "yes" else "NOT above chance"
    return f"{start}, p {p_words(row['p'])} ({how})"


def correlation_rows(correlations: pd.DataFrame) -> Rows:
    """Return how well the network predicts each output."""
    rows = [
        (
            row["trials"],
            row["output"],
            row["n_trials"],
            _interval(row, "correlation", ""),
            coefficient(row["rank_correlation"]),
            f"{row['mean_absolute_error']:.3g}",
            f"{row['error_of_mean']:.3g}",
            coefficient(row["r_squared"]),
            "" if pd.isna(row["p"]) else f"{row['p']:.2g}",
            row["above_chance"],
        )
        for row in correlations.reset_index().to_dict("records")
    ]
    header = (
        *("Trials", "Output", "Number", "Correlation (95%)", "Rank correlation", "Mean absolute error"),
        *("Error of the mean", "R²", "p (permutation)", "Above chance"),
    )
    within = correlations["permuted_within"].iloc[0]
    several = len(correlations.index.unique("output")) > 1
    return Rows(
        header,
        rows,
        "Error of the mean: that of always predicting the mean of these targets, which R² compares with, too; it is "
        "below zero where the mean is nearer than the predictions. For p, targets are exchanged"
        f"{f' within {within}' if within else ''}{'; it is corrected for the number of outputs' if several else ''}.",
    )


def _interval(row: Any, name: str, prefix: str) -> str:
    low, high = row[f"{prefix}ci_low"], row[f"{prefix}ci_high"]
    return f"{coefficient(row[name])}{in_brackets(low, high, coefficient)}"


def correlation_methods(inspection: InspectionResults, prepared: str) -> str:
    """Return on which trials the network was examined, and how well it predicted there."""
    words = f"It was examined on {counted(inspection.trials['n_trials'], 'trial')}{prepared}"
    if inspection.correlations is None:
        return f"{words} with unknown targets."
    rows = _rows(inspection.correlations)
    both = HELD_OUT in rows and SEEN in rows
    which = (
        f" on the {n_read(inspection)} not used in training, from which all that follows was read"
        if both
        else ""
    )
    if SEEN in rows and not both:
        words += ", all of them used in training"
    said = joined(
        [
            f"{name} with a correlation of {coefficient(row['correlation']) or 'no value'} (95% bootstrap interval "
            f"{coefficient(row['ci_low']) or 'none'} to {coefficient(row['ci_high']) or 'none'}; mean absolute error "
            f"{row['mean_absolute_error']:.3g}, of the mean {row['error_of_mean']:.3g}; "
            f"{correlation_chance_words(row)})"
            for name, row in rows[HELD_OUT if HELD_OUT in rows else ALL].items()
        ]
    )
    return f"{words}. It predicted {said}{which}."
