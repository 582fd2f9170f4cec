"""Columns of metadata that name recordings are known however they are called; columns that name stimuli are not."""

import mne
import numpy as np
import pandas as pd
import pytest

from sincviz.trials.recording_levels import levels_of

N_TRIALS = 48
STRETCHES = np.repeat(["a", "b", "c", "d"], N_TRIALS // 4)
CODES = np.random.default_rng(3).integers(1, 3, N_TRIALS)


def levels(codes=CODES, order=None, **metadata):
    order = np.arange(N_TRIALS) if order is None else order
    events = np.column_stack([1000 * np.arange(N_TRIALS), np.zeros(N_TRIALS, int), codes])[order]
    info = mne.create_info(1, 100.0, "eeg")
    table = pd.DataFrame(metadata).iloc[order].reset_index(drop=True)
    return levels_of(
        mne.EpochsArray(np.zeros((N_TRIALS, 1, 10)), info, events, metadata=table, verbose="error")
    )


NAMES = {
    "site": "site Site_ID centre lab",
    "subject": "subject subject_nr subject_no subj_id sub_id SUBJ subjectID ppt pid id ID participant_nr "
    "participant_number subject_name vp vp_nr proband Participant.Code sub pp_nr user person",
    "session": "session session_nr ses sess_no day visit SessionIndex",
    "run": "run run_nr run_id recording_file file eeg_run",
    "block": "block block_no trial_block blk exp_block_idx",
}


@pytest.mark.parametrize(
    ("level", "name"), [(level, name) for level in NAMES for name in NAMES[level].split()]
)
def test_a_level_is_known_by_any_usual_name(level, name):
    assert levels(**{name: STRETCHES})[level].tolist() == STRETCHES.tolist()


@pytest.mark.parametrize(
    "name",
    [
        "trial",
        "trial_id",
        "trial_number",
        "subject_age",
        "run_length",
        "block_type",
        "session_date",
        "subtitle",
        "sub_label",
        "ids",
    ],
)
def test_other_columns_are_no_levels(name):
    assert levels(**{name: STRETCHES}) == {}


@pytest.mark.parametrize("name", ["person", "visit", "site", "file", "day", "block", "id"])
def test_what_changes_from_trial_to_trial_as_a_stimulus_does_is_no_recording(name):
    shown = np.array(["ann", "bea", "cid", "dot"])[2 * (CODES - 1) + np.arange(N_TRIALS) % 2]
    assert levels(**{name: shown}) == {}
    assert levels(**{name: np.arange(N_TRIALS)}) == {}


def test_trials_that_were_shuffled_afterwards_still_have_their_blocks_and_people():
    order = np.random.default_rng(0).permutation(N_TRIALS)
    columns = levels(order=order, block=STRETCHES, id=STRETCHES)
    assert set(columns) == {"subject", "block"}
    assert columns["block"].tolist() == STRETCHES[order].tolist()
    # Numbers of events that say nothing of time: people of several classes each are people.
    mixed = np.random.default_rng(1).permutation(STRETCHES)
    assert set(levels(subject_nr=mixed)) == {"subject"}
    assert set(levels(id=mixed)) == {"subject"}


def test_a_plain_id_is_the_subject_only_where_nothing_else_is():
    columns = levels(id=np.roll(STRETCHES, 5), participant_nr=STRETCHES)
    assert columns["subject"].tolist() == STRETCHES.tolist()
    assert levels(person=np.roll(STRETCHES, 5), sub=STRETCHES)["subject"].tolist() == STRETCHES.tolist()
