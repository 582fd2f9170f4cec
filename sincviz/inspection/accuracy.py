"""Accuracy, as a section: predictions, accuracies, and how well the network decodes."""

from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz._utils.text import counted, listed, p_words, percent
from sincviz.analysis.evidence.confusion import confusion_matrix
from sincviz.analysis.evidence.numeric_prediction import correlations
from sincviz.analysis.evidence.prediction import ALL, HELD_OUT, SEEN, accuracies, predictions
from sincviz.inspection.correlation import correlation_methods, correlation_rows, correlation_words
from sincviz.inspection.facts import trial_facts
from sincviz.inspection.measuring import NEEDS_CLASSES, NEEDS_TARGETS, NOT_FINITE, OF_NUMBERS, InspectionRun
from sincviz.inspection.newness import UNITS, newness_words
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import (
    filter_words,
    of_numbers,
    of_trials,
    of_weights,
    prepared_otherwise,
    reference_words,
)
from sincviz.report.contents import Figure, Rows, Section, Sentence, Step, Summary, Table

if TYPE_CHECKING:
    import matplotlib.figure

_CONFOUNDS = {
    "labels_in_blocks": "trials of a class come in blocks",
    **{
        f"label_tied_to_{level}": f"each {level} has one class only"
        for level in ("subject", "session", "run")
    },
}


def accuracy_words(inspection: InspectionResults) -> list[str]:
    """Return how often the network is right, whether guessing would be too, and whether it knew the trials."""
    if inspection.trials and of_numbers(inspection):
        return correlation_words(inspection)
    if not inspection.trials:
        return [
            "No trials were given: what follows describes the weights and cannot say what the network uses."
        ]
    n_trials = inspection.trials["n_trials"]
    if (
        inspection.accuracies is None
        and inspection.predictions is not None
        and "true" in inspection.predictions
    ):
        return [
            f"{counted(n_trials, 'trial')}: the accuracy was not measured. {inspection.missing['accuracies']}"
        ]
    if inspection.accuracies is None:
        return [f"{counted(n_trials, 'trial')} of unknown class: the accuracy was not measured."]
    rows = inspection.accuracies.to_dict("index")
    first = _right(rows[ALL], "trial")
    sentences = [
        first[0].upper() + first[1:],
        *newness_words(
            inspection,
            set(map(str, rows)),
            n_seen=rows[SEEN]["n_trials"] if SEEN in rows else 0,
            on_held_out=_right(rows[HELD_OUT], "held-out trial") if HELD_OUT in rows else "",
        ),
    ]
    if "class_names" in inspection.network["training"].get("assumed", {}):
        sentences += [
            f"The checkpoint does not store the names of its classes: {listed(inspection.network['class_names'], 8)} "
            "was assumed, in this order."
        ]
    return sentences


def _right(row: Mapping[Hashable, Any], trial: str) -> str:
    subjects = ""
    if not pd.isna(row.get("subjects_ci_low")):
        subjects = (
            f"; over {row['n_subjects']:.0f} subjects {percent(row['subjects_ci_low'])} to "
            f"{percent(row['subjects_ci_high'])}"
        )
    auc = "" if pd.isna(row.get("auc")) else f", AUC {row['auc']:.2f}"
    return (
        f"the network is right in {row['n_correct']} of {counted(row['n_trials'], trial)}, "
        f"{percent(row['accuracy'])} (95% interval {percent(row['ci_low'])} to {percent(row['ci_high'])}{subjects}); "
        f"always naming the most frequent class reaches {percent(row['majority'])}. Balanced accuracy "
        f"{row['balanced_accuracy']:.2f}{auc}, chance {row['chance_level']:.2f}: {chance_words(row)}."
    )


def chance_words(row: Mapping[Hashable, Any]) -> str:
    """Return whether an accuracy is above chance, how sure that is, and which labels were exchanged to test it."""
    if row["above_chance"] == "unknown":
        return {
            "one_class": "all trials are of one class, so this cannot be distinguished from chance",
            "confounded": "whether this is above chance is not known, because "
            f"{_CONFOUNDS.get(str(row['confounds']).split(', ')[0], 'something else differs between the classes too')}",
        }.get(row["unknown_because"], "too few trials to distinguish this from chance")
    exchanged = [
        f"within {row['permuted_within']}" if row["permuted_within"] else "",
        "" if row["unit"] == "trial" else f"of whole {UNITS.get(row['unit'], row['unit'] + 's')}",
    ]
    how = " ".join(part for part in ("labels exchanged", *exchanged) if part)
    start = "above chance" if row["above_chance"] == "yes" else "NOT above chance"
    if row["above_chance"] == "yes" and row["balanced_accuracy"] <= row["chance_level"]:
        start = "its answers are no better than guesses, but its scores are above chance"
    return f"{start}, p {p_words(row['p'])} ({how})"


def accuracy_rows(accuracies: pd.DataFrame) -> Rows:
    """Return how often the network is right."""
    rows = [
        (
            kind,
            row["n_trials"],
            f"{row['accuracy']:.2f} ({row['ci_low']:.2f}–{row['ci_high']:.2f})",
            f"{row['majority']:.2f}",
            f"{row['balanced_accuracy']:.2f}",
            "" if pd.isna(row.get("auc")) else f"{row['auc']:.2f}",
            f"{row['chance_level']:.2f}",
            "" if pd.isna(row["p"]) else f"{row['p']:.2g}",
            row["above_chance"],
        )
        for kind, row in accuracies.iterrows()
    ]
    header = (
        *("Trials", "Number", "Accuracy (95%, Wilson)", "Most frequent class", "Balanced accuracy", "AUC"),
        *("Chance", "p (permutation)", "Above chance"),
    )
    within = accuracies["permuted_within"].iloc[0]
    return Rows(
        header,
        rows,
        "Most frequent class: the accuracy of always naming it. Chance is that of the balanced accuracy, the mean "
        "over classes of the share of right answers. For p, labels are exchanged"
        f"{f' within {within}' if within else ''}.",
    )


def confusion_rows(confusion: xr.Dataset) -> Rows:
    """Return the confusion matrix: how many trials of each class the network assigns to each class."""
    names = confusion["true"].to_numpy().tolist()
    rows = [(name, *row) for name, row in zip(names, confusion["n_trials"].to_numpy().tolist(), strict=True)]
    return Rows(
        ("True class", *names),
        rows,
        "Rows: true class; columns: predicted class; cells: numbers of trials.",
    )


def _trials(run: InspectionRun) -> tuple[dict[str, Any]]:
    return (trial_facts(run.network, run.needed_trials(), run.codes),)


def _predictions(run: InspectionRun) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame | None]:
    table = predictions(run.network, run.needed_trials(), run.codes)
    if run.is_broken:
        run.missing["accuracies"] = NOT_FINITE
    elif run.network.numeric:
        run.missing["accuracies"] = OF_NUMBERS
    elif run.codes is None:
        run.missing["accuracies"] = NEEDS_CLASSES
    of_classes = None if "accuracies" in run.missing else accuracies(table)
    of_numbers = None
    if run.network.numeric:
        if run.is_broken or run.codes is None:
            run.missing["correlations"] = NOT_FINITE if run.is_broken else NEEDS_TARGETS
        else:
            of_numbers = correlations(table)
    run.read_structure(table)
    return table, of_classes, of_numbers


def _confusion(run: InspectionRun) -> tuple[xr.Dataset]:
    run.needed_classes()
    return (confusion_matrix(run.needed("predictions")),)


def _methods(inspection: InspectionResults) -> Iterator[Sentence]:
    if inspection.trials:
        yield Sentence(_methods_words(inspection))


def _methods_words(inspection: InspectionResults) -> str:
    facts = inspection.trials
    prepared = [reference_words(facts["reference"])] if facts.get("reference") else []
    if facts.get("highpass_hz") is not None:
        prepared.append(
            filter_words(facts["highpass_hz"], facts["lowpass_hz"], inspection.network["sfreq_hz"])
        )
    how = f" ({', '.join(prepared)})" if prepared else ""
    if of_numbers(inspection):
        return correlation_methods(inspection, how)
    words = f"It was examined on {counted(facts['n_trials'], 'trial')}{how}"
    if inspection.accuracies is None:
        return f"{words} of unknown class."
    rows = inspection.accuracies.to_dict("index")
    row = rows[HELD_OUT if HELD_OUT in rows else ALL]
    both = HELD_OUT in rows and SEEN in rows
    which = (
        f" on the {row['n_trials']} not used in training, from which all that follows was read"
        if both
        else ""
    )
    if (
        HELD_OUT in rows
        and not both
        and not prepared_otherwise(inspection)
        and "unknown_trials" not in inspection.verdict["reasons"]
    ):
        words += ", none of them recognised among the training trials"
    elif SEEN in rows and not both:
        words += ", all of them used in training"
    return (
        f"{words}, {len(inspection.network['class_names'])} classes, with an accuracy of "
        f"{percent(row['accuracy'])}{which} (95% Wilson interval {percent(row['ci_low'])} to "
        f"{percent(row['ci_high'])}; most frequent class {percent(row['majority'])}) and a balanced "
        f"accuracy of {percent(row['balanced_accuracy'])} (chance "
        f"{percent(row['chance_level'])}; {chance_words(row)})."
    )


def _outputs(inspection: InspectionResults) -> list[str]:
    return list(map(str, inspection.network["class_names"]))


def _plot_predictions(inspection: InspectionResults, output: str) -> "matplotlib.figure.Figure":
    assert inspection.predictions is not None  # the drawing needs it
    return plotting.plot_predictions(inspection.predictions, output)


ACCURACY: Section[InspectionResults, InspectionRun] = Section(
    name="accuracy",
    heading="Summary",
    steps=(
        Step("Trials", ("trials",), _trials, applies=lambda run: run.trials is not None),
        Step(
            "Predictions",
            ("predictions", "accuracies", "correlations"),
            _predictions,
            applies=lambda run: run.trials is not None,
        ),
        Step("Confusion", ("confusion",), _confusion, applies=lambda run: run.trials is not None),
    ),
    figures=(
        Figure(
            "confusion",
            "Which classes are confused",
            ("confusion",),
            lambda inspection: plotting.plot_confusion_matrix(inspection.confusion),
            of_trials(
                "Rows: true class; columns: predicted class; numbers of trials, coloured by their share of the true "
                "class. A dark diagonal is right; a dark column is a class that the network predicts for the trials of "
                "others."
            ),
        ),
        Figure(
            "predictions",
            "What is predicted, and what should be",
            ("predictions", "correlations"),
            _plot_predictions,
            of_trials(
                "Each point is a trial. On the dotted line, predictions are equal to their targets; the solid line is "
                "the regression of predictions on targets, flatter the less the network follows them."
            ),
            cases=_outputs,
        ),
        Figure(
            "learning_curves",
            "Loss and accuracy during training",
            ("learning_curves",),
            lambda inspection: plotting.plot_learning_curves(inspection.learning_curves),
            of_weights(
                "Loss (left) and accuracy (right) over the epochs of training. Where the loss of the validation trials "
                "rises while that of the training trials falls, the network learns its trials by heart; the dotted "
                "line is the epoch whose weights were kept."
            ),
        ),
    ),
    tables=(
        Table("predictions", ("predictions",), lambda inspection: inspection.predictions),
        Table(
            "accuracies",
            ("accuracies",),
            lambda inspection: inspection.accuracies,
            title="Accuracy",
            rows=lambda inspection: accuracy_rows(inspection.accuracies),
        ),
        Table(
            "correlations",
            ("correlations",),
            lambda inspection: inspection.correlations,
            title="Correlation and error",
            rows=lambda inspection: correlation_rows(inspection.correlations),
        ),
        Table(
            "confusion",
            ("confusion",),
            title="Confusion matrix in numbers",
            rows=lambda inspection: confusion_rows(inspection.confusion),
        ),
        Table(
            "learning_curves",
            ("learning_curves",),
            lambda inspection: inspection.learning_curves.set_index("epoch"),
        ),
    ),
    arrays=("confusion",),
    summary=(Summary("accuracy", "How well does it decode?", accuracy_words),),
    methods=_methods,
    always=True,
)
