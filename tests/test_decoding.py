"""benchmarks/decoding/: packed trials are the same trials, and the tables are of known records."""

import json

import mne
import numpy as np
import pandas as pd
import pytest

from benchmarks.decoding import packing, summary
from benchmarks.decoding.augmentation import enlarged, mirrored
from sincviz.eeg.montages import standard_montage

CH_NAMES = ["C3", "Cz", "C4", "POz"]


def whole_microvolts(uv):
    info = mne.create_info(CH_NAMES, 160.0, "eeg")
    info.set_montage(standard_montage())
    codes = np.arange(len(uv)) % 2 + 1
    events = np.column_stack([np.arange(len(uv)), 0 * codes, codes])
    people = pd.DataFrame({"subject": np.repeat([9, 4], len(uv) // 2), "run": np.arange(len(uv)) % 3 * 4})
    return mne.EpochsArray(
        uv * 1e-6, info, events, tmin=0.5, event_id={"left": 1, "right": 2}, metadata=people, verbose="error"
    )


def trials_uv(largest, seed=0):
    return np.random.default_rng(seed).integers(-largest, largest + 1, (12, len(CH_NAMES), 50))


@pytest.mark.parametrize("largest", [0, 5, 800, 4000])
def test_packed_trials_are_the_same_trials(tmp_path, largest):
    epochs = whole_microvolts(trials_uv(largest))
    packing.pack(epochs, tmp_path / "trials")
    back = packing.unpack(tmp_path / "trials")
    np.testing.assert_array_equal(back.get_data(), epochs.get_data())
    np.testing.assert_array_equal(back.events[:, 2], epochs.events[:, 2])
    pd.testing.assert_frame_equal(back.metadata, epochs.metadata)
    assert (back.ch_names, back.event_id) == (epochs.ch_names, epochs.event_id)
    np.testing.assert_allclose(back.times, epochs.times)
    np.testing.assert_array_equal(back.info["chs"][0]["loc"], epochs.info["chs"][0]["loc"])


def test_alike_channels_are_packed_into_little(tmp_path):
    noise, alike = trials_uv(500), trials_uv(500)
    alike[:] = alike[:, :1]
    for name, uv in (("noise", noise), ("alike", alike)):
        packing.pack(whole_microvolts(uv), tmp_path / name)
    assert (tmp_path / "alike").stat().st_size < 0.7 * (tmp_path / "noise").stat().st_size


def test_filtered_trials_are_not_packed(tmp_path):
    with pytest.raises(ValueError, match="whole microvolts"):
        packing.pack(whole_microvolts(trials_uv(5) * 0.3), tmp_path / "trials")


def test_jumps_that_do_not_fit_are_not_packed(tmp_path):
    with pytest.raises(ValueError, match="Leave such trials out"):
        packing.pack(whole_microvolts(trials_uv(60_000)), tmp_path / "trials")


def record(subject, scores, seed=0, decoder="EEGNet", **more):
    return {
        "setting": "across",
        "group": "selected",
        "subject": subject,
        "decoder": decoder,
        "preparation": "4-38",
        "seed": seed,
        "n_train": 40,
        "scores": scores,
        "y": [0, 0, 1, 1],
    } | more


def test_accuracy_and_area_of_known_scores():
    row = summary.table([record(2, [-1.0, 1.0, 2.0, 3.0])]).iloc[0]
    assert (row["accuracy"], row["roc_auc"], row["n_test"]) == (0.75, 1.0, 4)


def test_an_ensemble_is_scored_by_the_mean_of_the_scores():
    found = summary.table([record(2, [-1, 3, 2, 1], 0), record(2, [-1, -4, 2, 1], 1)]).set_index("seed")
    assert found.loc[0, "accuracy"] == 0.75
    assert found.loc["ensemble", ["accuracy", "roc_auc"]].tolist() == [1.0, 1.0]


def test_within_people_the_mean_over_folds_is_taken():
    scores, y = [-1, 1, 1, -1], [0, 1, 0, 1]
    row = summary.table([record(2, scores, setting="within", folds=[2, 2], y=y)]).iloc[0]
    assert (row["accuracy"], row["roc_auc"], row["n_test"]) == (0.5, 0.5, 2)


def test_differences_are_paired_by_person():
    worse, better = [1, -1, 1, -1], [-1, -1, 1, 1]
    records = [record(2, worse), record(7, worse), record(29, better)]
    records += [record(subject, better, decoder="Riemann") for subject in (7, 2, 29, 32)]
    found = summary.differences(summary.table(records), "Riemann", "4-38").set_index("measure")
    accuracy = found.loc["accuracy"]
    assert accuracy["n_people"] == 3
    assert accuracy["mean"] == pytest.approx(-1 / 3)
    # Student's t of -0.5, -0.5, 0: half the interval is 4.3027 standard errors of 1/6.
    assert accuracy["ci_high"] - accuracy["mean"] == pytest.approx(4.3027 / 6, abs=1e-4)


def test_a_missing_reference_is_an_error():
    with pytest.raises(ValueError, match="Run it first"):
        summary.differences(summary.table([record(2, [0, 0, 1, 1])]), "Riemann", "4-38")


def test_a_line_that_was_cut_off_is_left_out_and_the_last_of_a_job_counts(tmp_path):
    lines = [json.dumps(record(2, [0, 0, 1, 1])), json.dumps(record(2, [1, 0, 1, 1])), '{"setting": "acr']
    (tmp_path / "records").write_text("\n".join(lines))
    (read,) = summary.read([tmp_path / "records"])
    assert read["scores"] == [1, 0, 1, 1]


def test_mirrored_trials_have_the_other_class_and_the_electrodes_of_the_other_side():
    x = np.arange(8, dtype=np.float32).reshape(2, 4, 1)
    changed, y = enlarged(x, np.array([0, 1]), np.array([2, 2]), CH_NAMES, ["mirror"], 1, seed=0)
    assert y.tolist() == [0, 1, 1, 0]
    assert changed[2, :, 0].tolist() == [2, 1, 0, 3]
    assert mirrored(["Fp1", "AF7", "AF8", "Fp2"]).tolist() == [3, 2, 1, 0]
