"""Decisions, as a section: how well both networks decode, and on which trials they differ."""

from collections.abc import Iterator

import pandas as pd

from sincviz import plotting
from sincviz._utils.text import counted, joined, p_words, percent, shown_name
from sincviz.analysis.evidence.decision_agreement import compare_decisions
from sincviz.comparison.measuring import ComparisonRun
from sincviz.comparison.results import ComparisonResults
from sincviz.inspection.accuracy import accuracy_words
from sincviz.report.contents import Figure, Rows, Section, Sentence, Step, Summary, Table

MOST_ROWS = 40


def _decisions(run: ComparisonRun) -> tuple[pd.DataFrame]:
    run.needed_trials()
    tables = []
    for inspection in run.inspections:
        if inspection.predictions is None:
            raise ValueError(inspection.missing["predictions"])
        tables.append(inspection.predictions if run.kept is None else inspection.predictions.iloc[run.kept])
    return (compare_decisions(*tables),)


def accuracies_in_words(comparison: ComparisonResults) -> Iterator[str]:
    """Yield how well each network decodes."""
    for name, inspection in comparison.inspections.items():
        if inspection.trials:
            yield f"{shown_name(name)}: {' '.join(accuracy_words(inspection))}"


def decisions_in_words(comparison: ComparisonResults) -> Iterator[str]:
    """Yield on how many trials the networks differ, and whether one is right more often."""
    if comparison.decisions is None:
        return
    facts = comparison.decisions.attrs
    yield (
        f"Both give the same answer in {facts['n_same']} of {counted(facts['n_trials'], 'trial')} "
        f"({percent(facts['n_same'] / facts['n_trials'])})."
    )
    if "p" not in facts:
        return
    first, second = map(shown_name, comparison.names)
    yield (
        f"Only {first} is right in {facts['n_only_first']}, only {second} in {facts['n_only_second']}, both in "
        f"{facts['n_both_right']}, neither in {facts['n_both_wrong']}. That one is right more often is "
        f"{'shown' if facts['p'] < 0.05 else 'not shown'} (exact test of McNemar, p {p_words(facts['p'])}, if trials "
        "are independent)."
        f"{_trained_on(comparison)}"
    )


def _trained_on(comparison: ComparisonResults) -> str:
    """Return whose training trials decide, if there are no others: what remembers them is right more often."""
    assert comparison.decisions is not None  # checked by the caller
    seen = [
        shown_name(name)
        for name, inspection in comparison.inspections.items()
        if inspection.predictions is not None
        and "seen_in_training" in inspection.predictions
        and inspection.predictions.loc[comparison.decisions.index, "seen_in_training"].any()
    ]
    return f" Some of these trials were used in the training of {joined(seen)}." if seen else ""


def decision_rows(comparison: ComparisonResults) -> Rows:
    """Return the trials on which the networks differ."""
    decisions = comparison.decisions
    assert decisions is not None  # the table needs it
    differing = decisions[~decisions["same"]]
    has_classes = "true" in differing
    columns = [*(["true"] if has_classes else []), "predicted", "other_predicted"]
    rows = [(trial, *row) for trial, *row in differing[columns].head(MOST_ROWS).itertuples()]
    more = len(differing) - len(rows)
    rest = f" {more} more are in the table `decisions`." if more else ""
    header = ("Trial", *(["True class"] if has_classes else []), *map(shown_name, comparison.names))
    return Rows(header, rows, f"Trials are numbered from 0, in the order in which they were given.{rest}")


def _methods(comparison: ComparisonResults) -> Iterator[Sentence]:
    if comparison.decisions is not None and "p" in comparison.decisions.attrs:
        yield Sentence("Accuracies of the two networks were compared with the exact test of McNemar.")


DECISIONS: Section[ComparisonResults, ComparisonRun] = Section(
    name="decisions",
    heading="Evidence",
    steps=(Step("Decisions", ("decisions",), _decisions, applies=lambda run: run.trials is not None),),
    figures=(
        Figure(
            "decisions",
            "Trials on which the networks differ",
            ("decisions",),
            lambda comparison: plotting.plot_decisions(comparison.decisions, comparison.names),
            lambda comparison: (
                "One dot per trial: the score of its true class minus the best other score, in units of the scores of "
                "each network. Right of and above zero a network is right; where only one is, they differ."
            ),
            applies=lambda comparison: "margin" in comparison.decisions,
        ),
    ),
    tables=(
        Table(
            "decisions",
            ("decisions",),
            lambda comparison: comparison.decisions,
            title="These trials",
            rows=decision_rows,
            applies=lambda comparison: not comparison.decisions["same"].all(),
        ),
    ),
    summary=(
        Summary("accuracy", "How well do they decode?", accuracies_in_words),
        Summary("decisions", "Do they decide alike?", decisions_in_words),
    ),
    methods=_methods,
)
