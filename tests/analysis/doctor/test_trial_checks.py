"""Trials and channels that spoil a reading are named, with a line that works; sound ones are not."""

import re

import mne
import numpy as np
import pandas as pd
import pytest

from sincviz import diagnose
from sincviz.analysis.doctor.trial_checks import (
    BRIDGED_BELOW,
    OUTLYING_TIMES,
    bridged_groups,
    flat_signals,
    times_usual,
)
from sincviz.analysis.doctor.trial_signals import standardised, trial_signals
from sincviz.datasets import eegbci, simulate_motor_imagery
from sincviz.networks import front_end
from sincviz.trials.classes import trial_labels

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def recorded(fresh):
    """The fresh trials, to spoil."""
    return fresh.copy()


def about(table, check):
    """Return the rows of a check."""
    return table[table["check"] == check]


def run(remedy, **names):
    """Execute every line of a remedy that is about epochs or an array."""
    lines = [
        line for line in re.findall(r"`(.*?)`", remedy) if re.match(r"(x|epochs|model|y|mne)\b.*[=(]", line)
    ]
    assert lines
    for line in lines:
        exec(line, names)
    return names


def named(**names):
    return {"np": np, "mne": mne} | names


def wide_movement(epochs, trial, size_v=3e-3):
    """Add half a second of slow movement to all channels of a trial, each with its own size."""
    rng = np.random.default_rng(0)
    shape = np.sin(np.pi * np.linspace(0, 1, 80)) ** 2
    epochs._data[trial, :, 100:180] += size_v * rng.uniform(0.5, 1, (len(epochs.ch_names), 1)) * shape


def muscle(epochs, trial, channel, size_v=3e-3):
    noise = np.random.default_rng(1).standard_normal(len(epochs.times))
    epochs._data[trial, epochs.ch_names.index(channel)] += size_v / 3 * noise


@pytest.mark.parametrize("spoil", ["movement", "muscle", "all"])
def test_a_trial_of_3_mv_is_named_and_the_remedy_cures_it(healthy, recorded, slips_of, spoil):
    if spoil == "movement":
        wide_movement(recorded, 17)
    elif spoil == "muscle":
        muscle(recorded, 17, "T7")
    else:
        recorded._data[17] *= 100
    found = diagnose(healthy, recorded)
    row = about(found, "outlying_trials").iloc[0]
    assert row["finding"] == "Trial 17 is many times as large as usual."
    assert row["severity"] == "warning"
    assert not slips_of(found)
    # What is found besides is not that trial's doing.
    assert not {"scale", "batch_norm", "slow_drift"} & set(found["check"])
    run(row["remedy"], **named(epochs=recorded))
    assert len(recorded) == 79
    assert "outlying_trials" not in set(diagnose(healthy, recorded)["check"])


def test_how_much_outlying_trials_carry_is_said(healthy, recorded):
    recorded._data[17] *= 100
    evidence = about(diagnose(healthy, recorded), "outlying_trials").iloc[0]["evidence"]
    power = recorded.get_data().var(2)
    share = (power[17] / power.sum(0)).max()
    assert f"this one holds {share:.0%} of the power in" in evidence
    times = re.search(r"Trial 17 has (\S+) times its usual size in (\w+)", evidence)
    assert 50 < float(times[1]) < 300
    assert times[2] in recorded.ch_names


def test_the_channel_is_named(healthy, recorded):
    muscle(recorded, 5, "T7")
    muscle(recorded, 60, "O2")
    row = about(diagnose(healthy, recorded), "outlying_trials").iloc[0]
    assert row["finding"] == "Trials 5, 60 are many times as large as usual."
    assert re.search(r"Trial 5 has \S+ times its usual size in T7; trial 60 has \S+ times its usual size in O2\.",
                     row["evidence"])  # fmt: skip


def test_all_that_is_wrong_is_named_at_once_and_the_remedies_cure_it(healthy, recorded, slips_of):
    recorded._data[17] *= 100
    muscle(recorded, 20, "T7")
    recorded._data[:, recorded.ch_names.index("C4")] = 0
    recorded._data[:, recorded.ch_names.index("C3")] = recorded._data[:, recorded.ch_names.index("CP3")]
    found = diagnose(healthy, recorded)
    assert {"outlying_trials", "flat", "bridged"} <= set(found["check"])
    assert not slips_of(found)
    for check in ("flat", "bridged", "outlying_trials"):
        run(about(found, check).iloc[0]["remedy"], **named(epochs=recorded))
    assert not {"outlying_trials", "flat", "bridged"} & set(diagnose(healthy, recorded)["check"])


def test_outlying_trials_of_an_array_are_dropped_by_the_remedy(healthy, recorded):
    muscle(recorded, 5, "T7")
    names = named(x=recorded.get_data() * 1e6, y=trial_labels(recorded))
    found = diagnose(healthy, names["x"], names["y"])
    exec(re.search(r"`(x = .*?)`", about(found, "outlying_trials").iloc[0]["remedy"])[1], names)
    assert diagnose(healthy, names["x"], np.delete(names["y"], [5])).empty


def test_of_epochs_on_disk_the_trials_are_numbered_after_rejections(healthy, recorded, tmp_path):
    muscle(recorded, 40, "T7")
    data = np.concatenate(list(recorded.get_data()), axis=1)
    data[:, 320 * 3 : 320 * 4] += np.linspace(0, 0.1, 320)
    raw = mne.io.RawArray(data, recorded.info)
    events = np.column_stack([320 * np.arange(80), np.zeros(80, int), recorded.events[:, 2]])
    settings = {"baseline": None, "proj": False, "reject": {"eeg": 0.05}, "preload": False}
    epochs = mne.Epochs(raw, events, recorded.event_id, 0, 319 / 160, **settings)
    row = about(diagnose(healthy, epochs), "outlying_trials").iloc[0]
    assert row["finding"].startswith("Trial 39 is")
    run(row["remedy"], **named(epochs=epochs))
    assert len(epochs) == 78
    assert "outlying_trials" not in set(diagnose(healthy, epochs)["check"])


def test_people_of_other_amplitudes_are_no_outlying_trials(healthy, fresh):
    two = mne.concatenate_epochs([fresh, fresh[:10]])
    two._data[80:] *= 10
    parts = front_end(healthy)
    assert (times_usual(trial_signals(parts, two)) >= OUTLYING_TIMES).any()
    two.metadata = pd.DataFrame({"subject": np.repeat([1, 2], [80, 10])})
    assert not (times_usual(trial_signals(parts, two)) >= OUTLYING_TIMES).any()


def test_a_few_trials_have_no_usual_size(healthy, recorded):
    recorded._data[2] *= 100
    assert not times_usual(trial_signals(front_end(healthy), recorded[:4])).any()


@pytest.mark.parametrize("level", [0.0, 1e-5, "noise"])
def test_a_flat_channel_is_named_and_the_remedy_cures_it(healthy, recorded, slips_of, level):
    at = recorded.ch_names.index("C4")
    recorded._data[:, at] = (
        1e-10 * np.random.default_rng(0).standard_normal((80, 320)) if level == "noise" else level
    )
    found = diagnose(healthy, recorded)
    row = about(found, "flat").iloc[0]
    assert row["finding"] == "Channel C4 is flat: there is no signal, as in a reference channel."
    assert "in 80 of 80 trials" in row["evidence"]
    assert not slips_of(found)
    run(row["remedy"], **named(epochs=recorded))
    assert "flat" not in set(diagnose(healthy, recorded)["check"])


def test_a_signal_that_is_lost_in_some_trials_is_named_and_the_remedy_cures_it(healthy, recorded, slips_of):
    recorded._data[[3, 9], recorded.ch_names.index("C4")] = 2e-6
    found = diagnose(healthy, recorded)
    row = about(found, "flat").iloc[0]
    assert row["finding"].startswith("Trials 3, 9 are flat in some channels")
    assert row["evidence"].startswith("In C4,")
    assert not slips_of(found)
    run(row["remedy"], **named(epochs=recorded))
    assert "flat" not in set(diagnose(healthy, recorded)["check"])


@pytest.mark.parametrize("reference", ["average", "Cz", "as it was"])
@pytest.mark.parametrize("given", ["epochs", "array"])
def test_bridged_channels_are_named_whatever_the_reference(healthy, imagery, reference, given, slips_of):
    epochs, _ = simulate_motor_imagery(40, seed=7, ch_names=imagery(2, 0).ch_names, duration=2.0)
    noise = 0.3e-6 * np.random.default_rng(0).standard_normal((3, 40, 320))
    at = [epochs.ch_names.index(name) for name in ("C3", "CP3", "FC3")]
    middle = epochs._data[:, at].mean(1)
    for index, own in zip(at, noise, strict=True):
        epochs._data[:, index] = middle + own
    if reference != "as it was":
        epochs.set_eeg_reference("average" if reference == "average" else ["Cz"], projection=False)
    found = diagnose(healthy, epochs if given == "epochs" else epochs.get_data() * 1e6)
    row = about(found, "bridged").iloc[0]
    assert row["finding"].startswith("FC3, C3 and CP3 hold the same signal")
    assert not slips_of(found)


def test_the_remedy_for_bridged_channels_runs_and_cures_it(healthy, recorded):
    one, other = (recorded.ch_names.index(name) for name in ("C3", "CP3"))
    recorded._data[:, one] = recorded._data[:, other]
    row = about(diagnose(healthy, recorded), "bridged").iloc[0]
    assert row["finding"].startswith("C3 and CP3 hold the same signal")
    run(row["remedy"], **named(epochs=recorded))
    assert "bridged" not in set(diagnose(healthy, recorded)["check"])


@pytest.mark.parametrize("reference", ["average", "as it was"])
def test_simulated_neighbours_are_not_bridged_nor_their_trials_outlying(network, reference):
    epochs, _ = simulate_motor_imagery(30, n_chans=64, duration=1.0, sfreq=128, blinks=True, line_noise_hz=50)
    if reference == "average":
        epochs.set_eeg_reference("average", projection=False)
    model = network(chs_info=epochs.info["chs"])
    model.scale = 1e6
    signals = trial_signals(front_end(model), epochs)
    pairs = signals.distance[np.triu_indices(64, 1)]
    assert pairs.min() > 5 * BRIDGED_BELOW
    assert not bridged_groups(signals)
    assert not (times_usual(signals) >= OUTLYING_TIMES).any()
    assert not flat_signals(signals).any()


def test_no_reference_changes_the_distance_of_channels(healthy, fresh):
    parts = front_end(healthy)
    signals = [
        trial_signals(parts, fresh.copy().set_eeg_reference(reference, projection=False))
        for reference in ("average", ["Cz"])
    ]
    np.testing.assert_allclose(signals[0].distance, signals[1].distance, rtol=1e-3, atol=1e-4)


def test_two_channels_are_never_bridged(network, epochs):
    epochs.pick(epochs.ch_names[:2]).set_eeg_reference("average", projection=False)
    model = network(chs_info=epochs.info["chs"])
    model.scale = 1e6
    assert not bridged_groups(trial_signals(front_end(model), epochs))


def test_what_is_measured_of_trials_is_what_it_says(healthy, fresh):
    signals = trial_signals(front_end(healthy), fresh)
    x = fresh.get_data() * 1e6
    np.testing.assert_allclose(signals.peak_to_peak, np.ptp(x, axis=2), rtol=1e-5)
    np.testing.assert_allclose(signals.deviation, x.std(2), rtol=1e-5)
    time_s = np.arange(320) / 160
    slow, quick = (5 * np.cos(2 * np.pi * hz * time_s) * np.ones((4, 16, 1)) for hz in (0.5, 10))
    fast = trial_signals(front_end(healthy), slow + quick).fast
    np.testing.assert_allclose(fast, 5 / np.sqrt(2), rtol=0.02)


def test_standardised_trials_have_a_deviation_of_1_and_flat_ones_stay_0():
    x = np.random.default_rng(0).normal(3, 20, (4, 3, 50))
    x[1, 2] = 7
    found = standardised(x)
    assert (found[1, 2] == 0).all()
    assert (np.isclose(found.std(2), 1) == (x.std(2) > 0)).all()


def test_projectors_that_wait_are_named_and_the_remedies_work(healthy, imagery, slips_of):
    epochs, _ = simulate_motor_imagery(40, seed=7, ch_names=imagery(2, 0).ch_names, duration=2.0)
    epochs.set_eeg_reference("average", projection=True)
    found = diagnose(healthy, epochs)
    row = about(found, "projectors").iloc[0]
    assert row["evidence"] == "Not active: Average EEG reference."
    assert not slips_of(found)
    for line in re.findall(r"`(.*?)`", row["remedy"]):
        mended = epochs.copy()
        exec(line, named(epochs=mended))
        assert "projectors" not in set(diagnose(healthy, mended)["check"])


def test_a_reference_that_waits_is_no_finding_if_the_training_had_that_of_the_data(patient, fresh):
    patient.provenance = patient.provenance | {"reference": "average"}
    waiting = fresh.copy().set_eeg_reference("average", projection=True)
    assert diagnose(patient, waiting).empty


@pytest.mark.filterwarnings("ignore:The network takes channels that are not EEG")
def test_a_network_with_other_channels_than_eeg_is_told_so(network, epochs, only):
    epochs.set_channel_types({"C3": "stim", "C4": "eog"}, on_unit_change="ignore")
    found = diagnose(network(chs_info=epochs.info["chs"]))
    row = about(found, "channel_types").iloc[0]
    assert "C3 (stim), C4 (eog), and a stimulus channel may hold the classes themselves." in row["evidence"]
    exec(re.search(r"`(.*?)`", row["remedy"])[1], named(epochs=epochs))
    assert "channel_types" not in set(diagnose(network(chs_info=epochs.info["chs"]))["check"])


@pytest.mark.parametrize("kind", ["misc", "seeg", "mag"])
def test_a_network_for_signals_of_one_kind_is_no_finding(network, epochs, kind):
    epochs.set_channel_types(dict.fromkeys(epochs.ch_names, kind), on_unit_change="ignore")
    assert "channel_types" not in set(diagnose(network(chs_info=epochs.info["chs"]))["check"])


def test_channels_that_do_not_fit_are_an_error_of_the_doctor(healthy, recorded, only):
    recorded.set_channel_types({"C3": "eog"})
    row = only(diagnose(healthy, recorded), "epochs", "error")
    assert "C3 (eog)" in row["evidence"]
    run(row["remedy"], **named(epochs=recorded))
    assert diagnose(healthy, recorded).empty


@pytest.mark.parametrize("subject", [2, 22, 34, 48])
def test_on_recordings_no_trial_is_outlying_and_channels_that_gel_joins_are_found(
    test_data, network, subject
):
    epochs = eegbci(subject, [4, 8, 12], path=test_data / "mne_data", progress=False)
    model = network(chs_info=epochs.info["chs"], n_times=len(epochs.times), sfreq=160, num_time_filters=2)
    model.scale = 1e6
    signals = trial_signals(front_end(model), epochs)
    assert not (times_usual(signals) >= OUTLYING_TIMES).any()
    assert not flat_signals(signals).any()
    pairs = {tuple(epochs.ch_names[index] for index in group) for group in bridged_groups(signals)}
    expected = {
        2: {("Oz", "Iz")},
        22: {("FCz", "FC2"), ("F2", "F4", "F6")},
        34: {("F6", "F8")},
        48: set(),
    }
    assert pairs == expected[subject]


@pytest.mark.parametrize("spoiled", ["noise", "gain"])
def test_a_channel_out_of_order_is_named_and_not_blamed_on_the_trials(healthy, recorded, spoiled):
    """Noise of 50 times the size, or a gain of 100, in one channel."""
    channel = recorded.ch_names.index("C3")
    data = recorded._data
    if spoiled == "noise":
        data[:, channel] += 50 * data.std() * np.random.default_rng(0).standard_normal(data[:, 0].shape)
    else:
        data[:, channel] *= 100
    found = diagnose(healthy, recorded)
    (row,) = about(found, "large_channels").to_dict("records")
    assert row["finding"].startswith("Channel C3 is many times as large as the others")
    assert not {"scale", "batch_norm", "artefact"} & set(found["check"])
    run(row["remedy"], **named(epochs=recorded))
    assert about(diagnose(healthy, recorded), "large_channels").empty


def test_trials_in_other_units_are_still_told_beside_a_channel_out_of_order(healthy, recorded):
    recorded._data *= 1000
    recorded._data[:, 2] *= 100
    found = diagnose(healthy, recorded)
    assert {"scale", "large_channels"} <= set(found["check"])
    assert "they fit when divided by 10^3" in about(found, "scale").iloc[0]["finding"]


def test_channels_of_a_sound_recording_are_not_large(healthy, fresh):
    assert about(diagnose(healthy, fresh), "large_channels").empty
