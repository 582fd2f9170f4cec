"""The networks of a group, as sections: how many, how well they decode, which can be read by themselves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from sincviz._utils.text import coefficient, counted, in_brackets, listed, percent
from sincviz._version import __version__
from sincviz.analysis.accuracy import ALPHA
from sincviz.population.averages import FAILED, LEFT_OUT, READ
from sincviz.population.measuring import GroupRun
from sincviz.population.results import GroupResults, has_several_runs
from sincviz.population.rows.windows import joined_windows
from sincviz.report.contents import Rows, Section, Sentence, Step, Summary, Table
from sincviz.verdict import REASONS


def _contrasts(run: GroupRun) -> tuple[Any, ...]:
    runs, subjects = run.averages.runs, run.averages.subjects
    over_times = None
    if subjects["time_contrast"].sizes["time"]:
        over_times = joined_windows(subjects["time_contrast"])
    else:
        run.missing["temporal_contrasts"] = (
            "The trials of these networks have no time relative to the event in common."
        )
    return runs["contrast"], subjects["band_contrast"], subjects["frequency_contrast"], over_times


def count_words(group: GroupResults) -> Iterator[str]:
    """Yield how many networks of how many subjects were read."""
    facts, status = group.facts, group.networks["status"]
    conditions = f" in {counted(len(facts['conditions']), 'condition')}" if facts["conditions"] else ""
    averaged = "; runs are averaged within subjects first" if has_several_runs(group) else ""
    words = (
        f"{counted(facts['n_read'], 'network')} of {counted(facts['n_subjects'], 'subject')}{conditions} "
        f"{'is' if facts['n_read'] == 1 else 'are'} compared, on {counted(facts['n_channels'], 'channel')}{averaged}."
    )
    lost = [
        f"{counted(int((status == kind).sum()), 'network')} {verb}"
        for kind, verb in ((FAILED, "could not be read"), (LEFT_OUT, "left out"))
        if (status == kind).any()
    ]
    yield words + (f" {'; '.join(lost)}: see the findings." if lost else "")


def accuracy_words(group: GroupResults) -> Iterator[str]:
    """Yield how often the networks are right, over subjects, and how many are shown to be above chance."""
    facts = group.facts
    yield (
        f"Mean accuracy of {counted(facts['n_subjects'], 'subject')} {share_with_interval(facts, 'accuracy')}"
        f"{majority_words(facts)}. Mean balanced accuracy {share_with_interval(facts, 'balanced_accuracy')}, chance "
        f"{percent(facts['chance_level'])}."
    )
    yield chance_words(facts)


def chance_words(facts: dict[str, Any]) -> str:
    """Return how many networks, and networks of how many subjects, are shown to be above chance."""
    networks, subjects = facts["above_chance"], facts["subjects_above_chance"]
    verb = "is" if networks["yes"] == 1 else "are"
    of_subjects = (
        f"{counted(sum(subjects.values()), 'pair')} of {counted(facts['n_subjects'], 'subject')} and condition"
        if facts["conditions"]
        else counted(facts["n_subjects"], "subject")
    )
    untold = [f"; for {networks['unknown']} this is not known" if networks["unknown"] else ""]
    untold += [f"; for {subjects['unknown']} this is not known" if subjects["unknown"] else ""]
    return (
        f"{networks['yes']} of {counted(facts['n_read'], 'network')} {verb} shown to be above chance (permutation "
        f"tests, p < {ALPHA:g}{untold[0]}), at least half of the networks in {subjects['yes']} of {of_subjects}"
        f"{untold[1]}."
    )


def share_with_interval(facts: dict[str, Any], name: str) -> str:
    """Return a mean over subjects with its interval, if there is one: subjects who are all alike have none."""
    low, high = facts[f"{name}_ci_low"], facts[f"{name}_ci_high"]
    interval = "" if low is None else in_brackets(low, high, _accuracy).replace("(", "(95% interval ")
    return f"{percent(facts[name])}{interval}"


def majority_words(facts: dict[str, Any]) -> str:
    """Return the accuracy of always naming the most frequent class, if the classes differ in size."""
    majority = percent(facts["majority"])
    if majority == percent(facts["chance_level"]):
        return ""
    return f"; always naming the most frequent class reaches {majority}"


def readable_words(group: GroupResults) -> Iterator[str]:
    """Yield how many networks cannot be read by themselves, and why."""
    facts = group.facts
    if not facts["n_not_readable"]:
        return
    of = f"{counted(facts['n_read'], 'network')} of {counted(facts['n_subjects'], 'subject')}"
    reasons = "; ".join(f"{REASONS[code]} ({count})" for code, count in facts["not_readable_because"].items())
    yield (
        f"{facts['n_not_readable']} of {of} cannot be read by {'itself' if facts['n_read'] == 1 else 'themselves'}: "
        f"{reasons}. They are kept, so that the others do not look better than they are."
    )


def subjects_words(group: GroupResults) -> str:
    """Return the subjects by name, the surplus counted."""
    return listed([str(name) for name in group.facts["subjects"]], 12)


def _accuracy(share: float) -> str:
    return percent(min(max(share, 0.0), 1.0))


def network_rows(networks: pd.DataFrame) -> Rows:
    """Return every row of the manifest."""
    labels = [label for label in ("subject", "seed", "fold", "condition") if (networks[label] != "").any()]
    rows = [
        (
            number,
            *(row[label] for label in labels),
            Path(row["checkpoint"]).name,
            row["status"],
            *(
                "" if pd.isna(row.get(name)) else f"{row[name]:.2f}"
                for name in ("accuracy", "balanced_accuracy")
            ),
            "" if pd.isna(row.get("above_chance")) else row["above_chance"],
            coefficient(row["score_sum"]),
            row["reason"],
            "" if pd.isna(row.get("not_readable_because")) else row["not_readable_because"].replace("_", " "),
        )
        for number, row in networks.to_dict("index").items()
    ]
    header = (
        "Row",
        *(label.capitalize() for label in labels),
        "Checkpoint",
        "Status",
        "Accuracy",
        "Balanced",
        "Above chance",
        "Distance",
        "Why not",
        "Not readable by itself",
    )
    return Rows(
        header,
        rows,
        "Distance: between the class means of the scores, in standard deviations within the classes, mean over "
        "classes.",
    )


def _methods(group: GroupResults) -> Iterator[Sentence]:
    facts = group.facts
    used = group.networks[group.networks["status"] == READ]
    runs = used.groupby("subject").size()
    each = f"{runs.min()}" if runs.min() == runs.max() else f"{runs.min()} to {runs.max()}"
    yield Sentence(
        f"{counted(facts['n_read'], 'network')} of {counted(facts['n_subjects'], 'subject')} ({each} per subject) "
        f"{'was' if facts['n_read'] == 1 else 'were'} read with sincviz {__version__}, which builds on MNE-Python "
        f"(Gramfort et al., 2013); the mean accuracy over subjects was "
        f"{percent(facts['accuracy'])}{majority_words(facts)}, the mean balanced accuracy "
        f"{percent(facts['balanced_accuracy'])} (chance {percent(facts['chance_level'])}); "
        f"{facts['above_chance']['yes']} of {counted(facts['n_read'], 'network')} decoded above chance (permutation "
        f"test of the predictions, p < {ALPHA:g}).",
        ("gramfort",),
    )
    yield from map(Sentence, (*_trials_words(group), *_unreadable_words(facts)))
    yield Sentence(
        "For each network the integrated gradient of each class score (Sundararajan et al., 2017) from a baseline of "
        "zero (of a network whose scores are too steep near zero: from signals with the average cross-spectra of its "
        "trials and random phases) was split exactly over frequencies and channels by Parseval's theorem"
        f"{_windows_words(group)}, averaged over the trials of the class minus the average over the others, and "
        "divided by the standard deviation of the score within the classes, so that the sum over cells is the "
        "distance between the class means in standard deviations.",
        ("sundararajan",),
    )
    if has_several_runs(group):
        yield Sentence("Runs were averaged within subjects.")


def _windows_words(group: GroupResults) -> str:
    """Return that it was split over time as well, if it was."""
    if group.temporal_contrasts is None:
        return ""
    width_ms = 1000 * group.temporal_contrasts.attrs["window_width_s"]
    return f", and over channels and windows of {width_ms:g} ms, counted from the event"


def _trials_words(group: GroupResults) -> Iterator[str]:
    """Yield which networks were left out, and whether the trials of the others were new to them."""
    status, share = group.networks["status"], group.facts["shared_training"]
    n_failed, n_left_out = int((status == FAILED).sum()), int((status == LEFT_OUT).sum())
    if n_failed:
        yield f"Another {counted(n_failed, 'network')} could not be read."
    if n_left_out:
        yield (
            f"Another {counted(n_left_out, 'network')} {'was' if n_left_out == 1 else 'were'} left out, for trials "
            "that were used in training or for other classes."
        )
    held_out = group.networks.loc[status == READ, "held_out"]
    silent, claimed = int((held_out != "yes").sum()), int((held_out == "said").sum())
    if not silent:
        yield "No trial that was examined was used in training its network."
    elif claimed or silent < len(held_out):
        claim = (
            f"; {claimed} of these {'is' if claimed == 1 else 'are'} declared as held out" if claimed else ""
        )
        yield (
            "No trial that was examined was used in training its network, as far as is known (for "
            f"{silent} of {len(held_out)} it is not{claim})."
        )
    if share:
        yield f"Networks of different subjects had a median of {percent(share)} of their training trials in common."


def _unreadable_words(facts: dict[str, Any]) -> Iterator[str]:
    """Yield how many networks do not show by themselves what they use, and that they were kept."""
    n_networks = facts["n_not_readable"]
    if n_networks:
        reasons = "; ".join(
            f"{REASONS[code]}, {count}" for code, count in facts["not_readable_because"].items()
        )
        yield (
            f"{counted(n_networks, 'network')} did not show by themselves what they use ({reasons}); they "
            "were kept."
        )


def _table(group: GroupResults) -> pd.DataFrame:
    return group.networks.assign(checkpoint=[Path(path).name for path in group.networks["checkpoint"]])


ACCURACY: Section[GroupResults, GroupRun] = Section(
    name="accuracy",
    heading="",
    steps=(
        Step(
            "Contrasts",
            ("run_contrasts", "band_contrasts", "spectral_contrasts", "temporal_contrasts"),
            _contrasts,
            required=True,
        ),
    ),
    tables=(Table("findings", ("findings",), lambda group: group.findings.set_index("check")),),
    arrays=("run_contrasts", "band_contrasts", "spectral_contrasts", "temporal_contrasts"),
    summary=(
        Summary(
            "accuracy",
            "How well do they decode?",
            lambda group: [*accuracy_words(group), *readable_words(group)],
        ),
    ),
    methods=_methods,
    always=True,
)


NETWORKS: Section[GroupResults, GroupRun] = Section(
    name="networks",
    heading="Networks",
    tables=(
        Table(
            "networks",
            ("networks",),
            _table,
            title="Every row of the manifest",
            rows=lambda group: network_rows(group.networks),
        ),
    ),
    always=True,
)
