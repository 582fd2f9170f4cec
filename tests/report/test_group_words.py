"""What is said of a group: numbers of subjects, one and many, nothing that is not known or was not done."""

import dataclasses
import json
import re

import numpy as np
import pandas as pd
import pytest
import scipy

from sincviz.population.band_use import band_use_words
from sincviz.population.contents import CONTENTS, SECTIONS, summary_words
from sincviz.population.networks import accuracy_words, readable_words
from sincviz.population.runs import filter_words
from sincviz.population.training_words import drift_words, shift_words
from sincviz.report.methods import methods_paragraph
from tests.group_examples import manifest, row
from tests.shown import drawings


def words_of(group):
    return " ".join(summary_words(group))


def with_attrs(make, name, values, **others):
    """Return a group of one network for each value of an attribute."""
    rng = np.random.default_rng(0)
    rows = [row(rng, **{name: value}, **others) for value in values]
    return make(manifest(len(rows), 1), replaced=dict(enumerate(rows)))


@pytest.mark.parametrize(
    ("table", "settings"),
    [
        (manifest(), {}),
        (manifest(3), {}),
        (manifest(7, 1, ("do", "think")), {"classes": ("left", "right", "feet")}),
    ],
)
def test_every_sentence_says_how_many_subjects_it_is_about(make, table, settings):
    for sentence in summary_words(make(table, **settings)):
        assert re.search(r"\b\d+ subjects?\b", sentence), sentence


def test_the_interval_of_accuracies_is_students_and_ends_at_all(make):
    accuracies = [0.8, 0.9, 1.0, 1.0, 1.0, 1.0]
    expected = scipy.stats.ttest_1samp(accuracies, 0).confidence_interval(0.95)
    assert expected.high > 1
    words = next(accuracy_words(with_attrs(make, "accuracy", accuracies)))
    assert words.startswith(
        f"Mean accuracy of 6 subjects 95% (95% interval {expected.low:.0%} to 100%). Mean balanced"
    )


def test_people_who_are_all_alike_have_no_interval(make):
    words = next(accuracy_words(with_attrs(make, "accuracy", [1.0] * 6)))
    assert words == "Mean accuracy of 6 subjects 100%. Mean balanced accuracy 80%, chance 50%."


def test_chance_is_that_of_the_balanced_accuracy(make):
    group = with_attrs(make, "accuracy", [0.9] * 6, majority=0.9, balanced_accuracy=0.5, above_chance="no")
    words, chance = accuracy_words(group)
    assert words == (
        "Mean accuracy of 6 subjects 90%; always naming the most frequent class reaches 90%. Mean balanced "
        "accuracy 50%, chance 50%."
    )
    assert chance == (
        "0 of 6 networks are shown to be above chance (permutation tests, p < 0.05), at least half of the networks in "
        "0 of 6 subjects."
    )
    text, _ = methods_paragraph(group, SECTIONS)
    assert "0 of 6 networks decoded above chance" in text
    assert (
        "always naming the most frequent class reaches 90%, the mean balanced accuracy 50% (chance 50%)"
        in text
    )


def test_what_cannot_be_told_from_chance_is_not_called_chance(make):
    group = with_attrs(make, "above_chance", ["yes", "no", "unknown", "yes", "yes", "unknown"])
    assert group.facts["above_chance"] == {"yes": 3, "no": 1, "unknown": 2}
    *_, chance = accuracy_words(group)
    assert chance == (
        "3 of 6 networks are shown to be above chance (permutation tests, p < 0.05; for 2 this is not known), at least "
        "half of the networks in 3 of 6 subjects; for 2 this is not known."
    )
    finding = group.findings.set_index("check").loc["chance"]
    assert finding["finding"] == (
        "In 1 of 6 subjects fewer than half of the networks are shown to be above chance. In 2 of 6 subjects for too "
        "many networks it is not known whether they are above chance."
    )
    assert finding["evidence"] == "Not shown: 2. Not known: 3, 6."


def test_networks_that_cannot_be_read_alone_are_counted_by_reason(make):
    reasons = [["chance"], ["few_trials", "unknown_trials"], ["chance"], [], [], []]
    group = with_attrs(make, "not_readable_because", map(json.dumps, reasons))
    assert group.facts["not_readable_because"] == {"few_trials": 1, "chance": 2, "unknown_trials": 1}
    (words,) = readable_words(group)
    assert words.startswith(
        "3 of 6 networks of 6 subjects cannot be read by themselves: there are too few trials "
    )
    assert "is not shown to be above chance (2); it is not known" in words
    assert words in words_of(group)
    assert "3 networks did not show by themselves what they use (" in methods_paragraph(group, SECTIONS)[0]
    assert group.networks["not_readable_because"].tolist()[:2] == ["chance", "few_trials unknown_trials"]
    assert group.findings.set_index("check").loc["not_readable", "severity"] == "warning"
    assert not list(readable_words(make(manifest(6, 1))))


@pytest.mark.parametrize(
    ("reason", "n_networks", "doubtful"),
    [("confounded", 4, True), ("confounded", 3, False), ("unknown_trials", 8, True), ("chance", 8, False)],
)
def test_what_is_doubtful_is_called_so_wherever_a_basis_is_named(make, reason, n_networks, doubtful):
    group = with_attrs(
        make, "not_readable_because", [json.dumps([reason] * (number < n_networks)) for number in range(8)]
    )
    named = [line for line in summary_words(group) if "significant cluster" in line or " lies in " in line]
    named += [drawing.caption for drawing in drawings(group, CONTENTS) if drawing.name.startswith("clusters")]
    assert len(named) > 3
    for words in named:
        assert ("Not evidence of what the networks use" in words) == doubtful


@pytest.mark.parametrize(("n_seeds", "is_said"), [(1, False), (2, True)])
def test_averages_are_spoken_of_where_there_are_any(make, n_seeds, is_said):
    group = make(manifest(6, n_seeds))
    assert ("averaged" in words_of(group)) == is_said
    assert ("Runs were averaged" in methods_paragraph(group, SECTIONS)[0]) == is_said


def test_one_network_agrees_with_nobody(make):
    group = make(manifest(1, 1))
    text, references = methods_paragraph(group, SECTIONS)
    assert text.startswith("1 network of 1 subject (1 per subject) was read")
    assert "close match in the" not in words_of(group)
    for words in ("Pearson", "Hungarian", "Runs were averaged", "tests", "share of a band"):
        assert words not in text
    assert len(references) == 2


def test_two_runs_have_one_other_run(make):
    words = words_of(make(manifest(1, 2)))
    assert "a close match in the other run of 1 subject" in words
    assert re.search(r"correlation of \S+ \(mean of 1 subject\)", words)


def test_a_condition_counts_the_subjects_who_have_it(make):
    table = manifest(8, 1, ("do", "think"))
    group = make(table[(table["condition"] == "do") | (table["subject"] > 2)].reset_index(drop=True))
    for words in (drift_words(group), shift_words(group), band_use_words(group)):
        counts = [set(re.findall(r"(\d+) (?:more )?subjects?", sentence)) for sentence in words]
        assert counts[0] == {"8"}
        assert sum(map(int, counts[1])) == 6
    assert "Band × channel, do − think" in words_of(group)
    assert "6 subjects" in next(
        line for line in summary_words(group) if line.startswith("Band × channel, do −")
    )


def test_conditions_of_different_people_are_not_compared_within_people(make):
    table = manifest(12, 1).assign(condition=["do"] * 6 + ["think"] * 6)
    text, _ = methods_paragraph(make(table), SECTIONS)
    assert "The comparisons were do, think." in text
    assert "within subjects" not in text


def test_only_bands_that_speak_for_the_class_are_named(make):
    (words,) = band_use_words(make(manifest(8, 1)))
    assert "shares of the sum over 8 subjects" in words
    assert not re.search(r"[)z] −\d", words)


def test_where_nothing_separates_the_classes_no_band_has_a_share(make):
    group = make(manifest(8, 1), effect=0.0)
    assert np.isfinite(group.band_use).any()
    (words,) = band_use_words(group)
    assert "not significantly above zero over 8 subjects" in words
    assert "slow" not in group.findings["check"].tolist()


def test_a_filter_that_most_runs_lack_is_not_counted_as_stable(make):
    group = make(manifest(4, 2))
    before = next(iter(filter_words(group)))
    table = group.filter_stability.copy()
    table.loc[table.index[0], "n_runs"] = 1
    assert before.startswith(f"{len(table)} of {len(table)} ")
    rarer = next(iter(filter_words(dataclasses.replace(group, filter_stability=table))))
    assert rarer.startswith(f"{len(table) - 1} of {len(table)} ")


def test_what_cannot_be_tested_is_no_number(make):
    group = make(manifest(6, 1))
    frozen = group.drift.assign(change=0.0, ci_low=np.nan, ci_high=np.nan, p=np.nan)
    (words,) = drift_words(dataclasses.replace(group, drift=frozen))
    assert (
        words
        == "Training did not move the filters of 6 subjects, or moved all alike: there is nothing to test."
    )
    assert "nan" not in words_of(group)


def test_filters_that_move_are_counted(make):
    group = make(manifest(6, 1))
    moved = group.filter_drift.assign(q=[0.9, 0.01, 0.02, 0.9], shift_hz=[3.0, -1.256, 0.5, 9.0])
    (words,) = shift_words(dataclasses.replace(group, filter_drift=moved))
    assert words == (
        "Training moved 2 of 4 filters in one direction on average over 6 subjects (q at most 0.05), the farthest by "
        "−1.26 Hz."
    )


@pytest.mark.parametrize(
    ("held_out", "words"),
    [
        (["yes"] * 6, "No trial that was examined was used in training its network."),
        (["unknown"] + ["yes"] * 5, "as far as is known (for 1 of 6 it is not)."),
        (["unknown"] * 6, None),
        (["said"] * 6, "as far as is known (for 6 of 6 it is not; 6 of these are declared as held out)."),
        (
            ["unknown"] * 2 + ["said"] * 3 + ["yes"],
            "as far as is known (for 5 of 6 it is not; 3 of these are declared as held out).",
        ),
    ],
)
def test_the_methods_claim_new_trials_only_where_networks_tell(make, held_out, words):
    rng = np.random.default_rng(0)
    rows = {number: row(rng, held_out=known) for number, known in enumerate(held_out)}
    text, _ = methods_paragraph(make(manifest(6, 1), replaced=rows), SECTIONS)
    if words is None:
        assert "used in training" not in text
    else:
        assert words in text


@pytest.mark.parametrize(("n_subjects", "words"), [(6, "all 32 sign flips"), (9, "the unit, 200 sign flips")])
def test_the_methods_count_the_sign_flips(make, n_subjects, words):
    text, _ = methods_paragraph(make(manifest(n_subjects, 1)), SECTIONS)
    assert words in text


def test_the_methods_say_what_was_lost(make):
    rng = np.random.default_rng(2)
    lost = {
        0: "There is no checkpoint.",
        3: row(rng, held_out="no", n_seen=45),
        5: row(rng, classes=("a", "b")),
    }
    text, _ = methods_paragraph(make(replaced=lost), SECTIONS)
    assert "Another 1 network could not be read. Another 2 networks were left out" in text
    assert "Another" not in methods_paragraph(make(), SECTIONS)[0]


@pytest.mark.parametrize("table", [manifest(1, 1), manifest(3), manifest(6, 1)])
def test_every_reference_is_cited_and_every_citation_has_one(make, table):
    text, references = methods_paragraph(make(table), SECTIONS)
    cited = set(re.findall(r"\(?([A-Z]\w+)(?: and \w+| et al\.)?, (?:19|20)\d\d", text))
    assert {reference.split(",")[0] for reference in references} == cited


def test_clusters_of_several_classes_name_theirs(make):
    group = make(manifest(7, 1), classes=("left", "right", "feet"))
    sentence = next(line for line in summary_words(group) if line.startswith("Band × channel"))
    for cluster in sentence.partition("): ")[2].split("; "):
        assert cluster.startswith(("for all classes, ", "for left, ", "for right, ", "for feet, ", "and "))


@pytest.mark.parametrize(
    ("when", "words", "n_windows"),
    [
        ((0.3, 0.45), "0.30–0.45 s around C3 (p = 0.0", 3),
        ((-0.1, 0.05), "−0.10 to 0.05 s around C3 (p = 0.0", 3),
        ((-0.2, 0.8), "throughout (−0.20 to 0.80 s) around C3 (p = 0.0", 20),
    ],
)
def test_it_is_said_when_people_have_something_in_common(make, when, words, n_windows):
    sentence = next(
        line for line in summary_words(make(manifest(8, 1), when=when)) if "channel × time" in line.lower()
    )
    assert sentence.startswith(
        "Channel × time, between classes: 2 significant clusters (cluster permutation, 8 subjects): "
    )
    assert words in sentence
    assert words.replace("C3", "C4") in sentence
    assert f"In all, {n_windows} of 20 windows of 50 ms have one." in sentence


def test_nothing_in_common_over_time_is_said_as_of_bands(make):
    sentence = next(line for line in summary_words(make(effect=0.0)) if line.startswith("Channel × time"))
    assert "no cluster is significant" in sentence
    assert "This does not show that the networks have nothing in common." in sentence


def test_the_methods_say_how_time_was_split_and_tested(make):
    text, _ = methods_paragraph(make(manifest(6, 1)), SECTIONS)
    assert "and over channels and windows of 50 ms, counted from the event" in text
    assert "over bands × channels, channels × frequencies and channels × times with cluster-based" in text
    assert "consecutive windows of time adjacent" in text


def test_trials_without_a_common_time_are_compared_in_bands_and_frequencies(make, tmp_path):
    rng = np.random.default_rng(0)
    rows = {number: row(rng, windows=range(40 * number, 40 * number + 10)) for number in range(6)}
    group = make(manifest(6, 1), replaced=rows)
    assert group.temporal_contrasts is None
    assert group.time_test is None
    assert group.band_test is not None
    assert set(group.clusters["maps"]) == {"band × channel", "channel × frequency"}
    assert "Channel × time: not tested. The trials of these networks have no time" in words_of(group)
    assert "60 of 60" in " ".join(group.findings["evidence"])
    text, _ = methods_paragraph(group, SECTIONS)
    assert "windows" not in text
    assert "over bands × channels and channels × frequencies with" in text
    group.report(tmp_path / "page.html", progress=False)
    assert "Clusters over time" in (tmp_path / "page.html").read_text("utf-8")  # and why there are none


def test_trials_of_other_lengths_are_compared_where_all_are(make):
    rng = np.random.default_rng(0)
    group = make(
        manifest(8, 1), replaced={0: row(rng, windows=range(-10, 12)), 5: row(rng, windows=range(60))}
    )
    assert group.temporal_contrasts["time_low_s"].to_numpy().round(3).tolist() == [
        round(0.05 * number, 3) for number in range(12)
    ]
    assert "0.30–0.45 s around C3" in words_of(group)


def test_a_table_without_clusters_is_no_trouble(make):
    group = make(manifest(6, 1))
    bare = dataclasses.replace(group, clusters=pd.DataFrame(columns=group.clusters.columns))
    assert "no cluster is significant (6 subjects)" in words_of(bare)
