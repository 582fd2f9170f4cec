"""Checks of networks whose outputs are numbers: chance, targets tied to time or recording, outputs of another scale."""

from collections.abc import Iterator

from sincviz._utils.text import coefficient, counted, p_words
from sincviz.analysis.doctor.facts import DataFacts
from sincviz.analysis.doctor.findings import Finding
from sincviz.analysis.statistics.number_exchange import DRIFT

_JUDGED = "all"


def correlation_at_chance(facts: DataFacts) -> Iterator[Finding]:
    """Report outputs whose correlation with the targets is at chance level, or cannot be told from it."""
    if facts.correlations is None:
        return
    rows = facts.correlations.loc[_JUDGED]
    for because in ("one_target", "few_trials"):
        open_rows = rows[rows["unknown_because"] == because]
        if len(open_rows):
            row = open_rows.iloc[0]
            units = "" if row["unit"] == "trial" else f" ({row['n_units']} units: {row['unit']})"
            yield Finding(
                "chance",
                "note",
                f"No correlation of {_named(list(map(str, open_rows.index)))} on these trials can be distinguished "
                f"from chance: {'all targets are equal' if because == 'one_target' else 'there are too few'}.",
                f"{counted(int(row['n_trials']), 'trial')}{units}.",
                "Pass trials with different targets." if because == "one_target" else "Pass more trials.",
            )
    lost = rows[rows["above_chance"] == "no"]
    if len(lost):
        evidence = "; ".join(
            f"{name}: correlation {coefficient(row['correlation']) or 'not defined'} (p {p_words(row['p'])}), mean "
            f"absolute error {row['mean_absolute_error']:.3g}, of always predicting the mean {row['error_of_mean']:.3g}"
            for name, row in lost.iterrows()
        )
        all_lost = len(lost) == len(rows)
        opposite = [str(name) for name, row in lost.iterrows() if row["ci_high"] < 0]
        sign = f" {_named(opposite)} falls where the target rises: check the sign of `y`." if opposite else ""
        yield Finding(
            "chance",
            "error" if all_lost else "warning",
            f"The correlation of {_named(list(map(str, lost.index)))} with the targets is not distinguishable from "
            f"chance: what the network uses for {'it' if len(lost) == 1 else 'them'} explains nothing here.",
            f"{evidence}, on {counted(int(rows['n_trials'].iloc[0]), 'trial')}.{sign}",
            "Do not interpret the network on these trials. Check targets, preprocessing and units, or train again."
            if all_lost
            else "Read only the outputs that are predicted.",
        )


def target_confounds(facts: DataFacts) -> Iterator[Finding]:
    """Report targets that drift, come in blocks, or are the same in a whole recording."""
    if facts.correlations is None:
        return
    row = facts.correlations.loc[_JUDGED].iloc[0]
    for confound in filter(None, str(row["confounds"]).split(", ")):
        level = confound.removeprefix("label_tied_to_")
        exchanged = f"Targets were exchanged as whole units: {row['n_units']} ({row['unit']})."
        match confound:
            case name if name == DRIFT:
                check, finding = (
                    DRIFT,
                    "Targets change slowly, so that neighbours in time have nearly the same",
                )
                exchanged = (
                    "Neighbours correlate by more than 0.5, beside what differs between eighths of the time."
                )
            case "labels_in_blocks":
                check, finding = "targets_in_blocks", "Targets come in blocks of equal ones"
            case _:
                check, finding = f"target_tied_to_{level}", f"Each {level} has one target only"
        yield Finding(
            check,
            "warning",
            f"{finding}: what else changes with {'time' if level == confound else level} may be what is predicted.",
            f"{exchanged} p over these {p_words(row['p_over_units'])}."
            if row["p_over_units"] == row["p_over_units"]
            else exchanged,
            "Judge the network on recordings that its training did not have; `epochs.metadata` with subject, session "
            "and run, in training too, says so.",
        )


def output_scale(facts: DataFacts) -> Iterator[Finding]:
    """Report predictions that follow the targets, but are farther from them than their mean is."""
    if facts.correlations is None:
        return
    rows = facts.correlations.loc[_JUDGED]
    off = rows[(rows["above_chance"] == "yes") & (rows["r_squared"] < 0)]
    for name, row in off.iterrows():
        yield Finding(
            "output_scale",
            "note",
            f"Predictions of {name} follow the targets, but are in other units or shifted: predicting the mean of "
            "these targets would be nearer.",
            f"Correlation {coefficient(row['correlation'])}, mean absolute error {row['mean_absolute_error']:.3g}, of "
            f"always predicting the mean {row['error_of_mean']:.3g}.",
            "If the network was trained on standardised targets, pass these as `y`.",
        )


NUMBER_CHECKS = (correlation_at_chance, target_confounds, output_scale)


def _named(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
