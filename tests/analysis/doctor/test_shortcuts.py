"""Shortcuts: what is planted and used is named, what is not used is not, and what cannot be known is said."""

import functools

import mne
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from torch import nn

import sincviz
from sincviz import shortcut_audit
from sincviz.analysis.doctor.shortcuts import FOUND, KINDS, NOT_FOUND, UNCHECKED
from tests.analysis.doctor.shortcut_examples import (
    CHANNELS,
    SFREQ,
    blinks,
    hum,
    muscle,
    read_out,
    trials,
)

BRAIN = (("C3",), 8.0, 12.0, -1.0)
ANY = xr.DataArray(
    np.ones((1, 16, 129)),
    {
        "target": ["left against right"],
        "channel": list(CHANNELS),
        "frequency": np.fft.rfftfreq(256, 1 / SFREQ),
    },
    ("target", "channel", "frequency"),
)
"""A relevance, where shares do not matter: to compute it takes longer than all the rest."""

PLANTED = {
    "eye": (blinks, (("Fp1", "Fp2"), 0.5, 4.0, 1.0), {"Fp1", "Fp2"}),
    "muscle": (muscle, (("T7",), 25.0, 60.0, 1.0), {"T7"}),
    "line": (hum, (("Pz",), 49.0, 51.0, 1.0), {"Pz", "CP4"}),
}


def as_epochs(x, codes, **metadata):
    info = mne.create_info(list(CHANNELS), SFREQ, "eeg").set_montage("standard_1005")
    events = np.c_[np.arange(len(x)) * 1000, np.zeros(len(x), int), codes + 1]
    frame = pd.DataFrame(metadata) if metadata else None
    return mne.EpochsArray(
        x * 1e-6, info, events, 0, {"left": 1, "right": 2}, metadata=frame, verbose="error"
    )


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_shortcut_is_found_and_named(kind):
    plant, part, names = PLANTED[kind]
    x, codes = trials()
    x = plant(x, codes)
    again = {"training": x, "training_y": codes, "train": lambda cleaned, labels: read_out(cleaned, part)}
    audit = shortcut_audit(read_out(x, part), x, codes, **again, progress=False)
    assert list(audit.index) == list(KINDS)
    assert audit.index[audit["status"] == FOUND].tolist() == [kind]
    row = audit.loc[kind]
    named = {CHANNELS[number] for number in row["channel_numbers"]}
    assert names <= named
    assert all(name in row["cells"] for name in names)
    assert row["share"] > 0.5
    assert row["ranges_hz"][0][0] <= part[2]
    assert row["ranges_hz"][0][1] >= part[1]
    assert row["accuracy"] > 0.85
    assert row["accuracy_without"] < 0.65
    assert row["ci_low"] <= row["accuracy_without"] <= row["ci_high"]


@pytest.mark.parametrize("kind", PLANTED)
def test_an_artefact_that_the_network_does_not_use_is_not_a_shortcut(kind):
    plant, _, _ = PLANTED[kind]
    x, codes = trials(erd=1.0)
    x = plant(x, codes)
    row = shortcut_audit(read_out(x, BRAIN), x, codes, relevance=ANY, progress=False).loc[kind]
    assert row["status"] == NOT_FOUND
    assert row["p_tells"] < 0.01
    assert "not shown to use it" in row["reason"]
    assert np.isnan(row["accuracy_without"])


@pytest.mark.parametrize("kind", PLANTED)
def test_an_artefact_that_is_the_same_in_both_classes_is_not_a_shortcut(kind):
    plant, part, _ = PLANTED[kind]
    x, codes = trials(erd=1.0)
    x = plant(x, codes, related=False)
    audit = shortcut_audit(read_out(x, BRAIN, (*part[:3], 0.2)), x, codes, progress=False)
    assert (audit["status"] != FOUND).all()


def test_a_rhythm_of_the_brain_that_tells_the_classes_is_not_a_shortcut():
    x, codes = trials(erd=1.5)
    audit = shortcut_audit(read_out(x, BRAIN), x, codes, progress=False)
    assert audit.loc[["eye", "muscle", "line", "block"], "status"].tolist() == [NOT_FOUND] * 4


def test_what_is_seen_of_the_rhythm_stays_when_the_artefact_is_removed():
    x, codes = trials(100, erd=0.3)
    x = blinks(x, codes)
    both = read_out(x, BRAIN, PLANTED["eye"][1])
    row = shortcut_audit(both, x, codes, relevance=ANY, progress=False).loc["eye"]
    brain = read_out(x, BRAIN)
    own = (sincviz.evidence.predictions(brain, x, codes)["correct"]).mean()
    assert row["status"] == FOUND
    assert row["accuracy"] > own
    assert row["ci_low"] - 0.1 < own < row["ci_high"] + 0.1


def grouped(n_groups, tied=0.4, seed=0, of_trials=200):
    """Return trials in which the groups differ in how loud Pz is at 20 Hz, and in the frequency of the classes."""
    x, codes = trials(of_trials, erd=0.8, seed=seed)
    rng = np.random.default_rng(seed)
    more = np.resize([0, 1], n_groups)
    share = 0.5 + tied * (2 * (more[None] == codes[:, None]) - 1)
    groups = np.array([rng.choice(n_groups, p=row / row.sum()) for row in share])
    pz = CHANNELS.index("Pz")
    x[:, pz] *= np.exp(0.8 * more + 0.1 * rng.standard_normal(n_groups))[groups][:, None]
    return x, codes, groups


LOUD = (("Pz",), 13.0, 30.0, 1.0)


@pytest.mark.parametrize("kind", ["subject", "block"])
def test_a_network_that_recognises_the_group_is_found(kind):
    x, codes, groups = grouped(10)
    order = np.argsort(groups, kind="stable")
    epochs = as_epochs(x[order], codes[order], **{kind: groups[order]})
    row = shortcut_audit(read_out(x, LOUD), epochs, progress=False).loc[kind]
    assert row["status"] == FOUND
    assert "Pz" in row["cells"]
    assert row["share"] > 0.7
    assert row["accuracy"] > 0.75
    assert abs(row["accuracy_without"] - 0.5) < 0.12


@pytest.mark.parametrize("kind", ["subject", "block"])
def test_a_network_that_does_not_recognise_the_group_is_not_accused(kind):
    x, codes, groups = grouped(10)
    order = np.argsort(groups, kind="stable")
    epochs = as_epochs(x[order], codes[order], **{kind: groups[order]})
    row = shortcut_audit(read_out(x, BRAIN), epochs, progress=False).loc[kind]
    assert row["status"] == NOT_FOUND
    assert row["p_tells"] < 0.01


def test_groups_with_equally_frequent_classes_are_no_shortcut():
    x, codes, groups = grouped(10, tied=0.0)
    epochs = as_epochs(x, codes, subject=groups)
    row = shortcut_audit(read_out(x, LOUD), epochs, progress=False).loc["subject"]
    assert row["status"] == NOT_FOUND
    assert "differ in frequency" in row["reason"]


def test_what_differs_between_subjects_is_no_difference_between_blocks():
    x, codes, subjects = grouped(10)
    order = np.argsort(subjects, kind="stable")
    blocks = np.arange(len(x)) // 5
    epochs = as_epochs(x[order], codes[order], subject=subjects[order], block=blocks)
    audit = shortcut_audit(read_out(x, LOUD), epochs, progress=False)
    assert audit.loc["subject", "status"] == FOUND
    assert audit.loc["block", "status"] == NOT_FOUND
    assert "not shown to differ in frequency" in audit.loc["block", "reason"]


def test_what_cannot_be_checked_is_said():
    x, codes = trials(100)
    network = read_out(x, BRAIN)
    unplaced = sincviz.network(network.module, sfreq=SFREQ, ch_names=[f"E{n}" for n in range(16)])
    audit = shortcut_audit(unplaced, x, codes, progress=False)
    assert audit.loc[["eye", "muscle", "subject"], "status"].tolist() == [UNCHECKED] * 3
    assert "position" in audit.loc["eye", "reason"]
    assert "metadata" in audit.loc["subject", "reason"]
    one_class = shortcut_audit(network, x, np.zeros(100, int), progress=False)
    assert (one_class["status"] == UNCHECKED).all()
    few = shortcut_audit(network, x[:12], codes[:12], progress=False)
    assert (few["status"] == UNCHECKED).all()
    short = shortcut_audit(network, x[:, :, :64], codes, progress=False)
    assert short.loc["line", "status"] == UNCHECKED
    assert "short" in short.loc["line", "reason"]


def test_blocks_of_one_class_cannot_be_checked():
    x, codes = trials(120)
    order = np.argsort(codes, kind="stable")
    blocks = np.repeat(np.arange(6), 20)
    epochs = as_epochs(x[order], codes[order], block=blocks)
    for trials_of_blocks in (epochs, as_epochs(x[order], codes[order])):
        row = shortcut_audit(read_out(x, BRAIN), trials_of_blocks, relevance=ANY, progress=False).loc["block"]
        assert row["status"] == UNCHECKED
        assert "come in blocks" in row["reason"]


def test_runs_of_one_class_in_unknown_blocks_cannot_be_checked():
    x, codes = trials(120)
    runs = np.concatenate(
        [np.argsort(codes, kind="stable").reshape(2, 12, 5)[:, number].ravel() for number in range(12)]
    )
    row = shortcut_audit(read_out(x, BRAIN), x[runs], codes[runs], relevance=ANY, progress=False).loc["block"]
    assert row["status"] == UNCHECKED


def test_retraining_is_called_with_trials_without_the_artefact():
    x, codes = trials(erd=1.0)
    x = blinks(x, codes)
    seen = []

    def train(cleaned, labels):
        seen.append((cleaned, labels))
        return read_out(cleaned, BRAIN)

    both = read_out(x, BRAIN, PLANTED["eye"][1])
    again = {"training": x, "training_y": codes, "train": train}
    row = shortcut_audit(both, x, codes, **again, relevance=ANY, progress=False).loc["eye"]
    assert len(seen) == 1
    cleaned, labels = seen[0]
    np.testing.assert_array_equal(labels, codes)
    height = {side: np.abs(of[:, 0]).max(1) for side, of in (("with", x), ("without", cleaned))}
    assert height["with"][codes == 1].mean() > 1.3 * height["with"][codes == 0].mean()
    assert height["without"][codes == 1].mean() == pytest.approx(
        height["without"][codes == 0].mean(), rel=0.1
    )
    assert row["obtained"].startswith("retrained")


def test_hostile_input():
    x, codes = trials(40)
    network = read_out(x, BRAIN)
    with pytest.raises(ValueError, match="belong together"):
        shortcut_audit(network, x, codes, training=x, training_y=codes)
    with pytest.raises(TypeError, match="must be a function"):
        shortcut_audit(network, x, codes, training=x, training_y=codes, train="network")
    with pytest.raises(ValueError, match="`y`"):
        shortcut_audit(network, x)
    numbers = sincviz.network(
        nn.Sequential(nn.Flatten(), nn.Linear(16 * 256, 1)), sfreq=SFREQ, output_names=["age"]
    )
    with pytest.raises(ValueError, match="outputs of this network are numbers"):
        shortcut_audit(numbers, x, np.linspace(20, 60, 40))


def test_the_same_seed_gives_the_same_numbers():
    x, codes = trials(60)
    x = hum(x, codes)
    network = read_out(x, PLANTED["line"][1])
    again = {
        **{"training": x, "training_y": codes, "train": lambda cleaned, labels: network},
        "relevance": ANY,
    }
    audit = functools.partial(shortcut_audit, network, x, codes, **again, progress=False)
    pd.testing.assert_frame_equal(audit(seed=3), audit(seed=3))


def test_three_classes_and_channels_that_depend_on_each_other():
    x, codes = trials(150)
    codes = np.arange(150) % 3
    x = x - x.mean(1, keepdims=True)
    network = nn.Sequential(nn.Flatten(), nn.Linear(16 * 256, 3))
    audit = shortcut_audit(
        sincviz.network(network, sfreq=SFREQ, ch_names=list(CHANNELS)), x, codes, progress=False
    )
    assert (audit["status"] != FOUND).all()


def test_a_retrained_network_of_other_sizes_is_refused():
    x, codes = trials(60)
    x = hum(x, codes)
    other = sincviz.network(nn.Sequential(nn.Flatten(), nn.Linear(16 * 256, 3)), sfreq=SFREQ)
    with pytest.raises(ValueError, match="2 outputs"):
        shortcut_audit(
            read_out(x, PLANTED["line"][1]),
            *(x, codes),
            training=x,
            training_y=codes,
            train=lambda cleaned, labels: other,
            progress=False,
        )
