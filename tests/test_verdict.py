"""The verdict and its words: every reason by itself, together, and overruled by nothing."""

import itertools

import pandas as pd
import pytest

from sincviz.verdict import REASONS, marked, reason_words, verdict_on, warning_words

NOTHING = pd.DataFrame(columns=["check", "severity"])
TRIALS = {"n_trials": 40}


def judged(verdict, kind="all"):
    return pd.DataFrame({"above_chance": [verdict]}, index=[kind])


def of(findings=NOTHING, trials=TRIALS, accuracies=None, n_seen=0, held_out=False):
    return verdict_on(findings, trials, accuracies, n_seen=n_seen, held_out=held_out)


def test_held_out_trials_above_chance_are_readable():
    assert of(accuracies=judged("yes")) == {"readable": True, "reasons": []}


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        ({"trials": {}}, ["no_trials"]),
        ({}, ["no_classes"]),
        ({"accuracies": judged("no")}, ["chance"]),
        ({"accuracies": judged("unknown")}, ["few_trials"]),
        ({"accuracies": judged("yes"), "n_seen": 40}, ["seen_trials"]),
        ({"accuracies": judged("yes"), "n_seen": 40, "held_out": True}, ["seen_trials"]),
        ({"accuracies": judged("yes"), "n_seen": None}, ["unknown_trials"]),
        ({"accuracies": judged("yes"), "n_seen": None, "held_out": True}, []),
        ({"accuracies": judged("no"), "n_seen": None}, ["chance", "unknown_trials"]),
        ({"accuracies": judged("no"), "n_seen": 40}, ["chance", "seen_trials"]),
        ({"n_seen": None}, ["no_classes", "unknown_trials"]),
    ],
)
def test_every_reason(given, reasons):
    assert of(**given) == {"readable": not reasons, "reasons": reasons}


def test_trials_held_out_judge_where_some_were_seen():
    rows = pd.concat([judged("yes"), judged("no", "held out"), judged("yes", "seen in training")])
    assert of(accuracies=rows, n_seen=30)["reasons"] == ["chance"]


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ("not_finite", "not_finite"),
        ("scale", "trials_do_not_fit"),
        ("epochs", "trials_do_not_fit"),
        ("class_order", "class_order"),
    ],
)
def test_errors_of_the_doctor_forbid_a_reading_and_warnings_do_not(check, reason):
    error = pd.DataFrame({"check": [check], "severity": ["error"]})
    assert of(error, accuracies=judged("yes"))["reasons"] == [reason]
    assert of(error.assign(severity="warning"), accuracies=judged("yes"))["readable"]


def test_classes_that_are_known_are_not_called_unknown_where_weights_are_not_finite():
    error = pd.DataFrame({"check": ["not_finite"], "severity": ["error"]})
    assert of(error, accuracies=None)["reasons"] == ["not_finite"]


@pytest.mark.parametrize("held_out", [True, False])
def test_trials_prepared_otherwise_are_not_recognised(held_out):
    findings = pd.DataFrame({"check": ["recording"], "severity": ["warning"]})
    found = of(findings, accuracies=judged("yes"), held_out=held_out)
    assert found["reasons"] == ([] if held_out else ["unknown_trials"])


@pytest.mark.parametrize("n_seen", [0, 20])
@pytest.mark.parametrize("held_out", [True, False])
@pytest.mark.parametrize("check", ["overlapping_trials", "duplicate_trials"])
def test_windows_that_overlap_and_copies_may_be_in_the_training_in_part(check, held_out, n_seen):
    findings = pd.DataFrame({"check": [check], "severity": ["warning"]})
    found = of(findings, accuracies=judged("yes"), n_seen=n_seen, held_out=held_out)
    assert found["reasons"] == ([] if held_out else ["unknown_trials"])


@pytest.mark.parametrize("pair", list(itertools.combinations(REASONS, 2)))
def test_what_is_marked_says_why(pair):
    attrs = marked({"units": "score"}, {"readable": False, "reasons": list(pair)})
    assert warning_words(attrs) == f"Not evidence of what the network uses: {reason_words(pair)}."
    assert all(REASONS[reason] in warning_words(attrs) for reason in pair)
    assert attrs["units"] == "score"


def test_what_can_be_read_has_no_warning():
    assert warning_words(marked({}, {"readable": True, "reasons": []})) == warning_words({}) == ""


def of_numbers(*above, because=""):
    rows = pd.MultiIndex.from_tuples(
        [("all", f"output {number}") for number in range(len(above))], names=["trials", "output"]
    )
    return pd.DataFrame({"above_chance": list(above), "unknown_because": because}, rows)


@pytest.mark.parametrize(
    ("correlations", "reasons"),
    [
        (of_numbers("yes"), []),
        (of_numbers("no", "yes"), []),
        (of_numbers("no"), ["no_correlation"]),
        (of_numbers("unknown", because="few_trials"), ["few_targets"]),
        (of_numbers("unknown", because="confounded"), ["confounded_targets"]),
        (None, ["no_targets"]),
    ],
)
def test_outputs_that_are_numbers_are_judged_by_their_correlation(correlations, reasons):
    found = verdict_on(
        NOTHING, TRIALS, None, n_seen=0, held_out=False, correlations=correlations, numeric=True
    )
    assert found == {"readable": not reasons, "reasons": reasons}
