"""Labels change places within recordings; what shares signal, and blocks of labels, stay together."""

import mne
import numpy as np
import pandas as pd
import pytest

from sincviz.analysis.statistics.exchangeability import exchangeable_trials, is_new, trial_structure
from sincviz.analysis.statistics.shared_signal import probe_channels, shared_signal
from sincviz.trials.recording_levels import recordings_of

SIGNAL = np.cumsum(np.random.default_rng(0).standard_normal((3, 20000)), axis=1)
N_TIMES = 200


def cut(starts):
    return np.stack([SIGNAL[:, start : start + N_TIMES] for start in starts])


def epochs_of(starts, samples=None, **metadata):
    """Epochs cut at these samples of the signal, with other numbers in the events if these are given."""
    samples = starts if samples is None else samples
    events = np.column_stack([samples, np.zeros(len(samples), int), np.resize([1, 2], len(samples))])
    info = mne.create_info(3, 100.0, "eeg")
    return mne.EpochsArray(
        cut(starts), info, events, metadata=pd.DataFrame(metadata) if metadata else None, verbose="error"
    )


def structure_of(epochs):
    return trial_structure(epochs, epochs.get_data(verbose="error"))


APART = np.arange(0, 20 * N_TIMES, N_TIMES)


@pytest.mark.parametrize("step", [20, 50, 100, 150])
def test_windows_that_overlap_are_found_in_an_array(step):
    found = shared_signal(cut(np.arange(0, 10 * step, step)))
    neighbours = found[found["trial"] == found["other"] + 1]
    assert neighbours["trial"].tolist() == list(range(1, 10))
    assert (found["shift"] == step * (found["trial"] - found["other"])).all()


@pytest.mark.parametrize("change", ["none", "baseline", "z-score", "single precision", "shuffled"])
def test_overlap_is_found_whatever_was_done_to_single_trials(change):
    windows = cut(np.arange(0, 1000, 100))
    if change == "baseline":
        windows = windows - windows[:, :, :20].mean(2, keepdims=True)
    elif change == "z-score":
        windows = (windows - windows.mean(2, keepdims=True)) / windows.std(2, keepdims=True)
    elif change == "single precision":
        windows = windows.astype(np.float32)
    elif change == "shuffled":
        windows = windows[np.random.default_rng(0).permutation(10)]
    assert set(trial_structure(windows, windows)["stretch"]) == {0}


def test_trials_that_only_follow_each_other_share_nothing():
    assert shared_signal(cut(APART)).empty
    assert "stretch" not in trial_structure(cut(APART), cut(APART))


def test_copies_are_found_at_any_distance_also_scaled():
    windows = cut(APART)
    windows[13] = 3 * windows[4] + 7
    found = trial_structure(windows, windows)
    assert found["copy_of"].tolist() == [4 if trial == 13 else -1 for trial in range(20)]
    assert found["stretch"].duplicated().sum() == 1


def test_flat_trials_are_no_copies():
    assert shared_signal(np.zeros((5, 3, 200))).empty
    assert shared_signal(np.ones((5, 3, 200))).empty
    assert shared_signal(np.zeros((5, 3, 4))).empty


def test_events_tell_of_windows_that_were_filtered_one_by_one():
    epochs = epochs_of(np.arange(0, 1000, 100))
    filtered = mne.filter.filter_data(epochs.get_data(verbose="error"), 100, 1, 30, verbose="error")
    assert shared_signal(filtered).empty
    assert len(shared_signal(filtered, epochs.events[:, 0])) == 9


@pytest.mark.parametrize(
    "samples",
    [np.arange(20), np.r_[np.arange(0, 1000, 100), np.arange(5, 1000, 100)], np.arange(20)[::-1]],
    ids=["counted", "two recordings", "backwards"],
)
def test_numbers_that_are_no_samples_make_no_overlap(samples):
    found = trial_structure(epochs_of(APART, samples), cut(APART))
    assert "stretch" not in found


def test_sample_numbers_that_start_again_are_recordings():
    samples = np.r_[np.arange(0, 2000, 200), np.arange(50, 2050, 200)]
    found = structure_of(epochs_of(APART, samples))
    assert found["part"].tolist() == [0] * 10 + [1] * 10
    assert exchangeable_trials(found, np.arange(20) % 2).attrs["permuted_within"] == "recording"


def test_trials_of_one_recording_that_were_sorted_by_class_are_put_in_order():
    order = np.r_[np.arange(0, 20, 2), np.arange(1, 20, 2)]
    found = structure_of(epochs_of(APART)[order])
    assert "part" not in found
    assert exchangeable_trials(found, np.repeat([0, 1], 10)).attrs["confounds"] == ""
    unknown = exchangeable_trials(pd.DataFrame(index=range(20)), np.repeat([0, 1], 10))
    assert unknown.attrs["confounds"] == "labels_in_blocks"


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"subject": [1] * 10 + [2] * 10}, "subject"),
        ({"Participant_ID": [1] * 10 + [2] * 10, "RUN": [1, 1, 2, 2] * 5}, "subject and run"),
        ({"sub": [1] * 20, "ses": [1] * 10 + [2] * 10, "block": [1] * 20}, "subject, session and block"),
        ({"block": list(range(20))}, ""),  # it counts trials
        ({"age": [1] * 20}, ""),
    ],
)
def test_metadata_tell_within_what_labels_change_places(metadata, words):
    found = structure_of(epochs_of(APART, **metadata))
    codes = np.random.default_rng(0).integers(0, 2, 20)
    exchanged = exchangeable_trials(found, codes)
    assert exchanged.attrs["permuted_within"] == words
    assert (
        exchanged["stratum"].nunique()
        == len(pd.DataFrame(metadata).filter(items=[] if not words else list(metadata)).drop_duplicates())
        or not words
    )


def test_what_overlaps_stays_together_unless_the_label_changes():
    starts = np.arange(0, 2000, 100)
    codes = np.repeat([0, 1, 1, 0, 0, 1, 0, 1, 1, 0], 2)
    found = exchangeable_trials(
        structure_of(epochs_of(np.repeat(APART[::2], 2) + np.tile([0, 60], 10))), codes
    )
    assert found["unit"].tolist() == np.repeat(np.arange(10), 2).tolist()
    assert found.attrs["unit"] == "stretch of signal"
    joined = exchangeable_trials(structure_of(epochs_of(starts)), codes)
    assert joined["unit"].nunique() == 2  # one stretch, two labels


@pytest.mark.parametrize("n_classes", [2, 4])
def test_random_orders_are_not_called_blocks(n_classes):
    rng = np.random.default_rng(0)
    called = 0
    for _ in range(300):
        codes = rng.permutation(np.arange(60) % n_classes)
        called += exchangeable_trials(pd.DataFrame(index=range(60)), codes).attrs["confounds"] != ""
    assert called <= 2


def test_unequal_classes_in_random_order_are_no_blocks():
    codes = np.random.default_rng(0).permutation(np.repeat([0, 1], [270, 30]))
    assert exchangeable_trials(pd.DataFrame(index=range(300)), codes).attrs["confounds"] == ""


def test_blocks_of_equal_length_are_told_though_neighbours_have_the_same_label():
    labels = np.array([0, 1, 1, 0, 0, 0, 1, 1, 0, 1])
    found = exchangeable_trials(pd.DataFrame(index=range(100)), np.repeat(labels, 10))
    assert found["unit"].tolist() == np.repeat(np.arange(10), 10).tolist()
    uneven = np.delete(np.repeat(labels, 10), [3, 47])  # two trials were dropped
    assert exchangeable_trials(pd.DataFrame(index=range(98)), uneven).attrs["n_units"] == 6


def test_blocks_that_the_metadata_name_are_units():
    labels = np.array([0, 1, 1, 0, 0, 0, 1, 1, 0, 1])
    structure = pd.DataFrame({"subject": "a", "block": np.repeat(np.arange(10), 10).astype(str)})
    found = exchangeable_trials(structure, np.repeat(labels, 10))
    assert (found.attrs["n_units"], found.attrs["confounds"]) == (10, "labels_in_blocks")
    assert found.attrs["permuted_within"] == "subject"


@pytest.mark.parametrize("level", ["subject", "session", "run"])
def test_a_level_of_one_label_each_is_told(level):
    structure = pd.DataFrame({level: np.repeat(list("abcdef"), 10)})
    found = exchangeable_trials(structure, np.repeat([0, 1, 0, 1, 1, 0], 10))
    assert (found.attrs["confounds"], found.attrs["n_units"]) == (f"label_tied_to_{level}", 6)


def test_recordings_of_the_training_are_known_again():
    epochs = epochs_of(APART, subject=[1] * 10 + [2] * 10, run=[4, 8] * 10)
    known = recordings_of(epochs)
    assert known == [{"subject": s, "run": r} for s in "12" for r in "48"]
    again = trial_structure(epochs, None, known)
    assert set(again["new_in"]) == {""}
    assert not is_new(again, "labels_in_blocks")
    other_run = trial_structure(epochs_of(APART, subject=[1] * 20, run=[12] * 20), None, known)
    assert set(other_run["new_in"]) == {"run"}
    assert is_new(other_run, "labels_in_blocks")
    assert not is_new(other_run, "label_tied_to_subject")
    other = trial_structure(epochs_of(APART, subject=[3] * 20, run=[4] * 20), None, known)
    assert set(other["new_in"]) == {"subject"}
    assert is_new(other, "labels_in_blocks, label_tied_to_subject")
    assert not is_new(structure_of(epochs), "labels_in_blocks")


@pytest.mark.parametrize(
    "subjects",
    [[1.0, 2.0], ["01", "02"], ["sub-01", "sub-02"], ["S001", "S002"], ["1.0", " 2"], [1.0, np.nan]],
)
def test_a_subject_whose_name_is_written_otherwise_is_no_new_subject(subjects):
    known = recordings_of(epochs_of(APART, subject=[1] * 10 + [2] * 10))
    again = trial_structure(epochs_of(APART, subject=np.repeat(subjects, 10).tolist()), None, known)
    assert set(again["new_in"]) == {""}
    assert not is_new(again, "label_tied_to_subject")
    assert set(trial_structure(epochs_of(APART, subject=[3.0] * 20), None, known)["new_in"]) == {"subject"}


def test_names_of_letters_and_numbers_are_told_apart():
    known = recordings_of(epochs_of(APART, subject=["A01"] * 20))
    other = trial_structure(epochs_of(APART, subject=["B01"] * 10 + ["A11"] * 10), None, known)
    assert set(other["new_in"]) == {"subject"}


def test_what_users_note_of_the_training_may_be_numbers():
    again = trial_structure(epochs_of(APART, subject=[1] * 20), None, [{"subject": 1}])
    assert set(again["new_in"]) == {""}


def test_a_level_that_the_training_did_not_know_of_all_trials_makes_nothing_new():
    known = recordings_of(epochs_of(APART, subject=[1.0] * 10 + [np.nan] * 10, run=[4] * 20))
    assert known == [{"run": "4"}]
    assert "subject" not in trial_structure(epochs_of(APART, subject=[np.nan] * 20))


def test_a_training_without_names_makes_all_of_them_unknown():
    epochs = epochs_of(APART, subject=[1] * 20)
    assert recordings_of(epochs, {"n_training_trials": 10}) == []
    assert recordings_of(epochs, {"n_training_trials": 10, "training_recordings": [{"subject": "7"}]}) == [
        {"subject": "7"},
        {"subject": "1"},
    ]


def test_channels_that_are_flat_do_not_tell():
    trials = cut(APART)
    trials[3, 1] = 0
    assert probe_channels(trials).tolist() == [0, 2]


def test_long_runs_of_a_frequent_class_are_no_blocks():
    """20 of 200: the shortest sequence of runs that random orders have once in a thousand is no block design."""
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], [180, 20])
    n_blocks = 0
    for _ in range(2000):
        found = exchangeable_trials(pd.DataFrame(index=range(200)), rng.permutation(codes))
        n_blocks += found.attrs["confounds"] != ""
    assert n_blocks == 0
    in_blocks = np.tile(np.repeat([0, 1], [45, 5]), 4)
    assert (
        exchangeable_trials(pd.DataFrame(index=range(200)), in_blocks).attrs["confounds"]
        == "labels_in_blocks"
    )


def test_a_rare_class_in_nearly_random_order_comes_in_no_blocks_and_one_in_two_blocks_does():
    # 28 runs, where 37 are expected: p 0.0004, mean length 7.1 against 5.4.
    order = (
        "00001111111111111111101110111111111111111111111111111111110011111110111110111011111111111111111101"
        "111111111111111111111111111111111111011111111111101011011111111111110011111111111110011111111111111"
        "111"
    )
    rare = np.array(list(order), int)[:200]
    assert exchangeable_trials(pd.DataFrame(index=range(200)), rare).attrs["confounds"] == ""
    blocks = np.repeat([1, 0, 1, 0, 1], [60, 10, 60, 10, 60])
    assert (
        exchangeable_trials(pd.DataFrame(index=range(200)), blocks).attrs["confounds"] == "labels_in_blocks"
    )
