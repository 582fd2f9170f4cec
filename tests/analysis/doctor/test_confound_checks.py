"""What differs between trials of different classes beside the class is found, with what the accuracy is then worth."""

import re

import mne
import numpy as np
import pandas as pd
import pytest
import torch

from sincviz import diagnose
from sincviz.datasets import simulate_motor_imagery
from sincviz.evidence import accuracies, predictions

CHECKS = {
    *("labels_in_blocks", "label_tied_to_subject", "label_tied_to_session", "label_tied_to_run"),
    *("label_tied_to_time", "overlapping_trials", "duplicate_trials"),
}
N_TIMES = 128


@pytest.fixture(scope="module")
def model(network):
    """A network of six channels, untrained, in microvolts."""
    built = network(n_outputs=2).eval()
    built.class_names = ["left", "right"]
    return built


@pytest.fixture(scope="module")
def signal():
    return np.random.default_rng(0).standard_normal((6, 20000)).astype(np.float32)


def cut(signal, starts):
    return np.stack([signal[:, start : start + N_TIMES] for start in starts])


def said_by(model, x):
    """What the network says, so that labels can be made that it is right about."""
    with torch.no_grad():
        model.final_layer.bias -= model(torch.from_numpy(x)).quantile(0.5, 0)
        return model(torch.from_numpy(x)).argmax(1).numpy()


def as_epochs(x, codes, **metadata):
    info = mne.create_info([f"EEG {number}" for number in range(6)], 128.0, "eeg")
    events = np.column_stack([np.arange(len(x)) * 1000, np.zeros(len(x), int), codes + 1])
    table = pd.DataFrame(metadata) if metadata else None
    return mne.EpochsArray(
        x * 1e-6, info, events, event_id={"left": 1, "right": 2}, metadata=table, verbose="error"
    )


@pytest.fixture(scope="module")
def named(network):
    info = mne.create_info([f"EEG {number}" for number in range(6)], 128.0, "eeg")
    built = network(n_outputs=2, chs_info=info["chs"]).eval()
    built.scale, built.class_names = 1e6, ["left", "right"]
    return built


def finding(table, check):
    assert CHECKS & set(table["check"]) == {check}
    return table.set_index("check").loc[check]


def test_a_random_order_of_independent_trials_is_no_finding(model, signal):
    codes = np.random.default_rng(1).permutation(np.arange(60) % 2)
    x = cut(signal, np.arange(60) * 200)
    assert not CHECKS & set(diagnose(model, x, codes)["check"])


def test_labels_in_blocks_leave_it_open_whether_the_network_knows_them(model, signal, slips_of):
    x = cut(signal, np.arange(80) * 200)
    codes = np.repeat([0, 1, 1, 0, 1, 0, 0, 1], 10)
    found = diagnose(model, x, codes)
    row = finding(found, "labels_in_blocks")
    assert row["severity"] == "error"
    assert "cannot be decided here" in row["finding"]
    assert row["evidence"].startswith(
        "8 blocks of equal labels, 80 trials (runs of 13.3 on average, 2 expected"
    )
    assert "when whole blocks exchange their labels" in row["evidence"]
    assert "chance" not in set(found["check"])
    assert not slips_of(found[found["check"].isin(CHECKS)])


@pytest.mark.parametrize("shape", ["rising", "most in the middle"])
def test_classes_that_go_with_time_are_told_with_the_accuracy_at_equal_time(named, signal, shape, slips_of):
    time = np.linspace(0, 1, 128)
    rng = np.random.default_rng(5)
    share = 0.2 + 0.6 * time if shape == "rising" else 0.1 + 0.75 * np.sin(np.pi * time)
    codes = (rng.random(128) < share).astype(int)
    x = cut(signal, np.arange(128) * 150)
    row = finding(diagnose(named, as_epochs(x, codes)), "label_tied_to_time")
    assert row["severity"] == "warning"
    assert row["finding"].startswith(
        "Classes become more or less frequent in the course of the recording: what"
    )
    shares = [np.mean(part) for part in np.split(codes, 4)]
    of_right = ", ".join(f"{share:.0%}" for share in shares)
    of_left = ", ".join(f"{1 - share:.0%}" for share in shares)
    assert row["evidence"].startswith(
        (
            f"In the four quarters {of_right} of the trials are right.",
            f"In the four quarters {of_left} of the trials are left.",
        )
    )
    assert "when labels are exchanged within stretch of time" in row["evidence"]
    table = predictions(named, as_epochs(x, codes))
    eighths = [
        own["correct"].groupby(own["true"]).mean().mean()
        for _, own in table.groupby(np.arange(128) // 16)
        if len(set(own["true"])) > 1
    ]
    assert f"averaged: {np.mean(eighths):.2f}." in row["evidence"]
    assert (
        "if that is the order of recording"
        in diagnose(named, x, codes).set_index("check").loc["label_tied_to_time", "finding"]
    )
    assert not slips_of(pd.DataFrame([row]))


@pytest.mark.parametrize("kind", ["array", "counted", "concatenated"])
def test_trials_sorted_by_class_are_doubted_only_if_that_is_their_order_and_the_remedy_works(
    named, signal, kind, slips_of
):
    codes = np.random.default_rng(1).permutation(np.arange(60) % 2)
    x = cut(signal, np.arange(60) * 200)
    whole = as_epochs(x, codes)
    by_class = [whole["left"], whole["right"]]
    order = np.argsort(codes, kind="stable")
    given = {"array": x[order], "concatenated": mne.concatenate_epochs(by_class, verbose="error")}.get(kind)
    if kind == "counted":
        given = as_epochs(x[order], codes[order])
        given.events[:, 0] = np.arange(60)
    row = finding(diagnose(named, given, codes[order]), "labels_in_blocks")
    assert row["finding"].startswith(
        "In the given order, trials of a class are grouped: if that is the order of"
    )
    assert not slips_of(pd.DataFrame([row]))
    if kind == "array":
        onset = order * 1000
        assert "`x[order]` and `y[order]` with `order = onset.argsort()`" in row["remedy"]
        again = onset.argsort()
        mended = diagnose(named, given[again], codes[order][again])
    else:
        assert "`mne.concatenate_epochs(parts, add_offset=False)`" in row["remedy"]
        mended = diagnose(named, mne.concatenate_epochs(by_class, add_offset=False, verbose="error"))
    assert not CHECKS & set(mended["check"])
    assert not CHECKS & set(diagnose(named, whole[order])["check"])  # their events tell


def test_random_blocks_of_three_are_said_to_be_blocks_and_judged_where_the_training_had_none_of_them(
    named, signal
):
    codes = np.repeat(np.random.default_rng(2).permutation([0, 1] * 20), 3)
    epochs = as_epochs(cut(signal, np.arange(120) * 150), codes)
    row = finding(diagnose(named, epochs), "labels_in_blocks")
    assert row["finding"].startswith(
        "Trials of a class come in blocks: trials near in time are mostly of one class"
    )
    assert row["severity"] == "error"
    assert row["evidence"].startswith("40 blocks of equal labels, 120 trials")
    # As the remedy says.
    named.provenance["training_recordings"] = [{"subject": "1", "run": "3"}]
    epochs.metadata = pd.DataFrame({"subject": ["2"] * 120, "run": ["3"] * 120})
    try:
        judged = accuracies(predictions(named, epochs)).loc["all"]
    finally:
        named.provenance = {}
    assert (judged["unit"], judged["unknown_because"]) == ("block", "")
    assert judged["n_units"] == 40
    assert judged["above_chance"] == ("yes" if judged["p"] < 0.05 else "no")


def test_blocks_of_a_recording_that_the_training_did_not_have_are_a_warning(named, signal, slips_of):
    x = cut(signal, np.arange(120) * 150)
    codes = np.repeat(np.random.default_rng(2).permutation([0, 1] * 6), 10)
    epochs = as_epochs(x, codes, subject=["2"] * 120)
    named.provenance = {"training_recordings": [{"subject": "1"}]}
    try:
        row = finding(diagnose(named, epochs), "labels_in_blocks")
        assert accuracies(predictions(named, epochs)).loc["all", "above_chance"] in ("yes", "no")
    finally:
        named.provenance = {}
    assert row["severity"] == "warning"
    assert "may recognise" not in row["finding"]
    assert not slips_of(pd.DataFrame([row]))


@pytest.mark.parametrize("level", ["subject", "session", "run"])
def test_a_label_that_names_the_recording_is_found(named, signal, level, slips_of):
    x = cut(signal, np.arange(80) * 200)
    codes = np.repeat([0, 1, 1, 0, 1, 0, 0, 1], 10)
    row = finding(
        diagnose(named, as_epochs(x, codes, **{level: np.repeat(list("abcdefgh"), 10)})),
        f"label_tied_to_{level}",
    )
    assert row["severity"] == "error"
    assert row["finding"].startswith(f"Each {level} has trials of one class only")
    assert f"when whole {level}s exchange their labels" in row["evidence"]
    assert f"No {level} has trials of two classes" in row["evidence"]
    assert not slips_of(pd.DataFrame([row]))


def test_a_network_that_tells_people_of_unequal_classes_does_not_know_the_classes(named, signal, slips_of):
    x = cut(signal, np.arange(100) * 150)
    said = said_by(named, x)
    # Everybody is of the kind that the network says, and has four trials in five of that class.
    order = np.argsort(said, kind="stable")
    x, said = x[order], said[order]
    subject = np.repeat(np.arange(10), 10)
    rng = np.random.default_rng(0)
    wrong = np.concatenate([rng.permutation(np.arange(10) < 2) for _ in range(10)])
    codes = np.where(wrong, 1 - said, said)
    epochs = as_epochs(x, codes, subject=subject)
    row = finding(diagnose(named, epochs), "label_tied_to_subject")
    assert row["severity"] == "warning"
    assert row["finding"].startswith("Classes are not equally frequent in every subject")
    assert row["evidence"].startswith("Cramér's V between label and subject 0.")
    assert "Accuracy 0.80" in row["evidence"]
    within = re.search(r"within each subject, averaged: (0\.\d\d) \(10 subjects\)", row["evidence"])
    assert float(within[1]) == pytest.approx(0.5, abs=0.05)
    judged = accuracies(predictions(named, epochs)).loc["all"]
    assert (judged["accuracy"], judged["above_chance"]) == (0.8, "no")
    assert not slips_of(pd.DataFrame([row]))


def test_overlapping_windows_are_found_in_an_array(model, signal, slips_of):
    starts = np.repeat(np.arange(20) * 500, 3) + np.tile([0, 40, 80], 20)
    codes = np.repeat(np.random.default_rng(0).permutation(np.arange(20) % 2), 3)
    row = finding(diagnose(model, cut(signal, starts), codes), "overlapping_trials")
    assert row["severity"] == "warning"
    assert row["evidence"].startswith("60 trials of 60 share signal with another, in 20 stretches.")
    assert "are permuted together" in row["evidence"]
    assert not slips_of(pd.DataFrame([row]))


@pytest.mark.parametrize("n_copies", [1, 6])
def test_copies_are_found(model, signal, n_copies, slips_of):
    x = cut(signal, np.arange(40) * 200)
    x[40 - n_copies :] = x[:n_copies]
    codes = np.random.default_rng(1).permutation(np.arange(40) % 2)
    codes[40 - n_copies :] = codes[:n_copies]
    row = finding(diagnose(model, x, codes), "duplicate_trials")
    assert f"{40 - n_copies} of 0" in row["evidence"]
    assert not slips_of(pd.DataFrame([row]))
    codes[39] = 1 - codes[39]
    assert "another label" in finding(diagnose(model, x, codes), "duplicate_trials")["finding"]


def test_without_classes_shared_signal_is_told_all_the_same(model, signal):
    row = finding(diagnose(model, cut(signal, np.arange(20) * 60)), "overlapping_trials")
    assert "Accuracy" not in row["evidence"]


def test_a_simulation_of_independent_trials_has_no_confound(named):
    epochs, _ = simulate_motor_imagery(60, seed=0)
    x = epochs.get_data(verbose="error")[:, :6, :N_TIMES] * 1e6
    found = diagnose(named, as_epochs(x.astype(np.float32), epochs.events[:, 2] - 1))
    assert not CHECKS & set(found["check"])
