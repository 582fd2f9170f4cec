"""What the doctor finds in trials: other units, other statistics, drift, chance, trials that do not fit."""

import copy
import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sincviz import diagnose
from sincviz.networks import front_end
from sincviz.training import recalibrate_batch_norm
from sincviz.trials.classes import trial_labels

pytestmark = pytest.mark.usefixtures("one_thread")

N_FILTERS = 8


@pytest.fixture(scope="module")
def array(fresh):
    """The fresh trials in the network's units."""
    return fresh.get_data() * 1e6


@pytest.fixture(scope="module")
def labels(fresh):
    return trial_labels(fresh)


def changed(epochs, data):
    """Epochs with other data, and the average reference that all have."""
    other = epochs.copy()
    other._data = data
    return other.set_eeg_reference("average", projection=False)


POWERS = st.sampled_from([-9, -6, -3, 3, 6, 9])


@given(power=POWERS)
def test_an_array_in_other_units_is_told_the_power_of_ten(healthy, array, only, power):
    row = only(diagnose(healthy, array[:30] * 10.0**power), "scale", "error")
    change = "divided" if power > 0 else "multiplied"
    assert row["finding"].endswith(f"they fit when {change} by 10^{abs(power)}.")


@pytest.mark.parametrize("power", [-6, -3, 3, 9])
def test_the_remedy_for_an_array_cures_it(healthy, array, labels, power):
    wrong, labels = array[:30] * 10.0**power, labels[:30]
    change, exponent = re.match(
        r"(Divide|Multiply) the array by 10\^(\d)\.", diagnose(healthy, wrong, labels).loc[0, "remedy"]
    ).groups()
    right = wrong * 10.0 ** (int(exponent) * {"Divide": -1, "Multiply": 1}[change])
    assert diagnose(healthy, right, labels).empty


@settings(max_examples=8)
@given(power=POWERS)
def test_the_remedy_for_epochs_with_the_wrong_scale_cures_it(healthy, fresh, only, power):
    model, fresh = copy.deepcopy(healthy), fresh[:30]
    model.scale = 1e6 * 10.0**power
    row = only(diagnose(model, fresh), "scale", "error")
    model.scale = float(re.match(r"Set `model.scale = (\S+)` \(now", row["remedy"])[1])
    assert diagnose(model, fresh).empty


def test_epochs_in_microvolts_are_told_to_be_divided(healthy, fresh, only):
    wrong = changed(fresh, fresh.get_data() * 1e6)
    row = only(diagnose(healthy, wrong), "scale", "error")
    assert "divide the data of the epochs by 10^6 if they are not in volts" in row["remedy"]


@pytest.mark.parametrize("factor", [0.25, 0.5, 2, 4])
def test_a_person_of_other_amplitudes_is_not_taken_for_other_units(healthy, array, factor):
    assert "scale" not in set(diagnose(healthy, factor * array)["check"])


@pytest.mark.parametrize(("factor", "power"), [(0.25, 3), (4, 3), (0.25, 6), (4, -6)])
def test_a_person_of_other_amplitudes_in_other_units_is_told_the_units(
    healthy, array, labels, only, factor, power
):
    row = only(diagnose(healthy, factor * array * 10.0**power, labels), "scale", "error")
    assert f"by 10^{abs(power)}." in row["finding"]


def test_other_units_hide_nothing_about_the_recording(patient, fresh):
    patient.scale = 1.0
    patient.provenance = patient.provenance | {"lowpass_hz": 40.0}
    assert diagnose(patient, fresh)["check"].tolist() == ["scale", "recording"]


def after_one_batch(model, trials):
    """The network as a training batch leaves it with a momentum of 0.99 in PyTorch's convention."""
    model = copy.deepcopy(model).train()
    layers = (model.depthwiseconv[0], model.temporal_aggregation[0])
    before = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.99
    with torch.no_grad():
        model(torch.from_numpy(trials.astype(np.float32)))
    for layer, momentum in zip(layers, before, strict=True):
        layer.momentum = momentum
    return model.eval()


def test_statistics_of_one_unusual_batch(healthy, practice, fresh, only):
    model = after_one_batch(healthy, 2.5 * practice.get_data()[:16] * 1e6)
    row = only(diagnose(model, fresh), "batch_norm", "warning")
    assert "a factor of 2.5 (medians)" in row["evidence"]
    assert diagnose(recalibrate_batch_norm(model, practice), fresh).empty


def test_statistics_of_one_usual_batch_are_no_finding(healthy, practice, fresh):
    assert diagnose(after_one_batch(healthy, practice.get_data()[:32] * 1e6), fresh).empty


def first_variance(model, filters):
    model.depthwiseconv[0].running_var[filters] *= 100


def second_variance(model, filters):
    model.temporal_aggregation[0].running_var.view(N_FILTERS, 2)[filters] *= 100


def second_mean(model, filters):
    layer = model.temporal_aggregation[0]
    std = layer.running_var.sqrt().view(N_FILTERS, 2)[filters]
    layer.running_mean.view(N_FILTERS, 2)[filters] += 3 * std


@pytest.mark.parametrize("filters", [[5], [4, 7]])
@pytest.mark.parametrize("spoil", [first_variance, second_variance, second_mean])
def test_statistics_of_another_scale_for_some_filters(patient, practice, fresh, only, spoil, filters):
    spoil(patient, filters)
    only(diagnose(patient, fresh), "batch_norm", "warning", filters)
    assert diagnose(recalibrate_batch_norm(patient, practice), fresh).empty


def test_the_filters_that_are_off_are_named_when_they_are_the_majority(patient, array):
    first_variance(patient, [0, 2, 3, 5, 6])
    found = diagnose(patient, array)
    assert found[["check", "filters"]].to_numpy().tolist() == [["batch_norm", "0, 2, 3, 5, 6"]]


def test_a_network_that_never_saw_a_signal_is_said_to_be_untrained(patient, practice, fresh):
    for layer in (patient.depthwiseconv[0], patient.temporal_aggregation[0]):
        layer.reset_running_stats()
    row = diagnose(patient, fresh).set_index("check").loc["batch_norm"]
    assert "never trained, or they were lost" in row["finding"]
    assert diagnose(recalibrate_batch_norm(patient, practice), fresh).empty


OTHER_RATE = 200.0


def test_epochs_of_another_rate(healthy, fresh, only):
    row = only(diagnose(healthy, fresh.copy().resample(OTHER_RATE)), "sampling_rate", "error")
    assert row["evidence"] == "200 Hz here, 160 Hz in the network."
    assert row["remedy"] == "`epochs.resample(160)`."


def test_the_remedy_for_another_rate_cures_it(healthy, imagery):
    epochs = imagery(80, seed=7, sfreq=OTHER_RATE).resample(160)
    assert "sampling_rate" not in set(diagnose(healthy, epochs)["check"])


def test_epochs_without_the_reference_of_the_training(healthy, imagery, fresh, only):
    again = fresh.copy().set_eeg_reference(["Cz"])
    found = diagnose(healthy, again)
    row = only(found[found["check"] == "recording"], "recording", "warning")
    assert row["evidence"] == "This recording has another reference: custom here, average in training."
    assert found["check"].tolist() == ["recording", "flat"]
    assert found.loc[1, "finding"] == "Channel Cz is flat: there is no signal, as in a reference channel."


@pytest.mark.parametrize(("fact", "value"), [("highpass_hz", 1.0), ("lowpass_hz", 40.0)])
def test_epochs_filtered_otherwise_than_in_training(patient, fresh, only, fact, value):
    patient.provenance = patient.provenance | {fact: value}
    row = only(diagnose(patient, fresh), "recording", "warning")
    assert row["evidence"].startswith(f"This recording has another {fact.removesuffix('_hz')}: ")
    assert row["evidence"].endswith(f" Hz here, {value:g} Hz in training.")


def test_all_that_differs_in_the_recording_is_one_finding(patient, fresh, only):
    patient.provenance = patient.provenance | {"highpass_hz": 1.0, "lowpass_hz": 40.0}
    row = only(diagnose(patient, fresh), "recording", "warning")
    assert row["evidence"].count(" in training") == 2


def test_an_array_says_nothing_of_its_recording(patient, array):
    patient.provenance = patient.provenance | {"highpass_hz": 1.0, "reference": "mastoids"}
    assert diagnose(patient, array).empty


def test_slow_drift_through_the_flank_of_a_low_filter(patient, practice, fresh, only):
    layer = patient.sinc_filter_layer
    with torch.no_grad():
        layer.low_freqs[0, 0], layer.bandwidths[0, 0] = 2.0 - layer.min_freq, 2.0
    model = recalibrate_batch_norm(patient, practice)
    assert diagnose(model, fresh).empty
    time_s, rng = fresh.times, np.random.default_rng(0)
    phase = rng.uniform(0, 2 * np.pi, (len(fresh), 16, 1))
    drift = 30e-6 * np.sin(2 * np.pi * 0.8 * time_s + phase)
    row = only(diagnose(model, changed(fresh, fresh.get_data() + drift)), "slow_drift", "warning", [0])
    assert row["finding"] == "The output of 1 filter for higher frequencies is mostly drift or offset."


def slow(kind, n_trials, n_times):
    """Drift of 1 uV root mean square, of each channel for itself."""
    rng = np.random.default_rng(0)
    time = np.linspace(0, 1, n_times)
    size = rng.standard_normal((n_trials, 16, 1))
    if kind == "offset":
        return size * np.ones(n_times)
    if kind == "trend":
        return np.sqrt(3) * size * (2 * time - 1)
    if kind == "sine":
        phase = rng.uniform(0, 2 * np.pi, (n_trials, 16, 1))
        return np.sqrt(2) * np.sin(2 * np.pi * 1.4 * time + phase)
    steps = rng.standard_normal((n_trials, 16, 5)).cumsum(-1)
    wander = np.stack([[np.interp(time, np.linspace(0, 1, 5), row) for row in trial] for trial in steps])
    return wander / wander.std()


@pytest.mark.parametrize("kind", ["offset", "trend", "sine", "random walk"])
def test_drift_so_strong_that_it_passes_everywhere_is_not_taken_for_other_units(
    healthy, fresh, slips_of, kind
):
    drift = 3e-3 * slow(kind, len(fresh), len(fresh.times))
    found = diagnose(healthy, changed(fresh, fresh.get_data() + drift))
    assert set(found["check"]) - {"chance", "class_order"} == {"slow_drift"}
    row = found.set_index("check").loc["slow_drift"]
    assert row["filters"] == ", ".join(map(str, range(N_FILTERS)))
    assert not slips_of(found)


@pytest.mark.parametrize("kind", ["offset", "trend", "sine", "random walk"])
def test_small_drift_is_no_finding(healthy, fresh, kind):
    drift = 20e-6 * slow(kind, len(fresh), len(fresh.times))
    assert diagnose(healthy, changed(fresh, fresh.get_data() + drift)).empty


def test_a_filter_that_is_meant_to_pass_drift_is_no_finding(patient, practice, fresh):
    layer = patient.sinc_filter_layer
    with torch.no_grad():
        layer.low_freqs[0, 0], layer.bandwidths[0, 0] = 0.0, 2.0
    model = recalibrate_batch_norm(patient, practice)
    assert diagnose(model, fresh).empty


def test_free_filters_are_judged_by_their_measured_bands(healthy, array):
    free = dataclasses.replace(front_end(healthy), cutoffs=None, initial_cutoffs=None)
    offset = 3e3 * slow("offset", len(array), array.shape[2])
    assert diagnose(free, array).empty
    assert diagnose(free, array + offset)["check"].tolist() == ["slow_drift"]


def test_shuffled_labels_are_at_chance(healthy, fresh, labels, only):
    row = only(diagnose(healthy, fresh, np.roll(labels, 1)), "chance", "error")
    assert re.match(
        r"Accuracy 0\.\d\d \[0\.\d\d, 0\.\d\d\] on 80 trials, always predicting the most frequent class 0\.50; "
        r"balanced accuracy 0\.\d\d, chance 0\.50 \(p = ",
        row["evidence"],
    )


def test_classes_in_another_order_are_told_from_chance(healthy, fresh, only):
    swapped = copy.deepcopy(healthy)
    swapped.class_names = healthy.class_names[::-1]
    row = only(diagnose(swapped, fresh), "class_order", "error")
    assert "names are probably in the wrong order" in row["finding"]
    assert "class_names" in row["remedy"]


def test_a_network_that_was_hardly_trained_is_at_chance(train, practice, fresh):
    model = train(practice, max_epochs=1)
    assert set(diagnose(model, fresh)["check"]) == {"chance", "unmoved"}


def test_a_network_trained_on_shuffled_labels_is_at_chance(train, practice, fresh, only):
    labels = np.random.default_rng(0).permutation(trial_labels(practice))
    only(diagnose(train(practice, labels), fresh), "chance", "error")


def test_a_class_that_is_never_answered_is_named_though_scores_know_it(healthy, fresh, only):
    one_sided = copy.deepcopy(healthy)
    with torch.no_grad():
        one_sided.final_layer.bias += torch.tensor([0.0, -100.0])
    row = only(diagnose(one_sided, fresh), "never_answered", "warning")
    assert row["finding"].startswith("The network hardly ever predicts right: ")
    assert row["evidence"].startswith(
        "It predicts right 0 times for 40 trials; accuracy 0.50, balanced 0.50, area "
    )


@pytest.mark.parametrize("subject", [[1.0] * 79 + [np.nan], [("a", 1)] * 80, [None, "2"] * 40, [np.nan] * 80])
def test_subjects_that_are_missing_or_of_odd_types_break_nothing(healthy, fresh, subject):
    named = fresh.copy()
    named.metadata = pd.DataFrame({"subject": pd.Series(subject)})
    assert "error" not in set(diagnose(healthy, named)["severity"])


def test_the_share_of_the_largest_class_is_told_beside_chance(healthy, fresh):
    left = np.flatnonzero(fresh.events[:, 2] == 1)
    right = np.flatnonzero(fresh.events[:, 2] == 2)[:10]
    wrong = np.random.default_rng(0).permutation(np.repeat(["right", "left"], [40, 10]))
    row = diagnose(healthy, fresh[np.r_[left, right]], wrong).set_index("check").loc["chance"]
    assert "always predicting the most frequent class 0.80; balanced accuracy 0." in row["evidence"]
    assert ", chance 0.50 (p = 0." in row["evidence"]


@pytest.mark.parametrize("y", ["names", "numbers"])
def test_labels_of_an_array_may_be_names_or_numbers(healthy, array, labels, y, only):
    codes = np.where(labels == "left", 0, 1)
    assert diagnose(healthy, array, labels if y == "names" else codes).empty
    only(diagnose(healthy, array, labels[::-1] if y == "names" else codes[::-1]), "chance", "error")


def test_an_array_without_labels_has_no_accuracy(healthy, array):
    assert diagnose(healthy, array).empty


def test_unknown_classes(healthy, fresh, only):
    epochs = fresh.copy()
    epochs.event_id = {"hands": 1, "feet": 2}
    row = only(diagnose(healthy, epochs), "classes", "warning")
    assert "['feet', 'hands']" in row["evidence"]


@pytest.mark.parametrize("y", [[0, 2], [-1, 0], ["left", "up"], [0.5, 1.0], [b"left", b"up"]])
def test_labels_that_the_network_does_not_know(healthy, array, only, y):
    only(diagnose(healthy, array, np.resize(np.array(y), len(array))), "classes", "warning")


def test_epochs_for_a_network_that_does_not_name_its_classes(patient, fresh, only):
    patient.class_names = None
    with pytest.warns(RuntimeWarning, match="names of its classes, in the order of the event codes"):
        found = diagnose(patient, fresh)
    assert "classes" not in set(found["check"])
    assert "left | right" in only(found, "assumed", "note")["evidence"]


@pytest.mark.parametrize("y", [[0, 1], [], 0, [[0, 0]] * 80, [["left", "up"]] * 80])
def test_labels_of_the_wrong_shape(healthy, array, only, y):
    row = only(diagnose(healthy, array, y), "classes", "warning")
    assert "one label per trial" in row["evidence"]


def test_a_missing_channel(healthy, fresh, only):
    row = only(diagnose(healthy, fresh.copy().drop_channels(["C4"])), "epochs", "error")
    assert "missing in the epochs: C4" in row["evidence"]
    assert "epochs that have them" in row["remedy"]


def test_epochs_of_another_length(healthy, fresh, only):
    row = only(diagnose(healthy, fresh.copy().crop(0.5, 2.0)), "epochs", "error")
    assert "240 samples" not in row["evidence"]
    assert "241 samples, but the network takes 320" in row["evidence"]
    assert "Cut longer ones" in row["remedy"]


def test_the_remedy_for_another_length_cures_it(healthy, imagery):
    epochs = imagery(80, seed=7, duration=3.0)
    line = re.search(r"`(epochs\.crop\(tmax=[\d.]+\))`", diagnose(healthy, epochs).loc[0, "remedy"])[1]
    assert "epochs" not in set(diagnose(healthy, eval(line, {"epochs": epochs}))["check"])


SHAPES = {
    "channels": lambda x: x[:, :15],
    "times": lambda x: x[:, :, :-1],
    "two dimensions": lambda x: x[0],
    "four dimensions": lambda x: x[:, None],
    "no dimension": lambda x: x[0, 0, 0],
    "no trial": lambda x: x[:0],
}


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("cut", SHAPES.values(), ids=SHAPES)
def test_arrays_of_another_shape(healthy, array, labels, only, cut, labelled):
    wrong = cut(array)
    y = labels[: np.atleast_1d(wrong).shape[0]] if labelled else None
    only(diagnose(healthy, wrong, y), "epochs", "error")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_trials_that_are_not_finite(healthy, array, only, value):
    broken = array.copy()
    broken[[70, 75], 3, 5] = value
    row = only(diagnose(healthy, broken), "epochs", "error")
    assert row["evidence"] == "2 trials hold values that are not finite, trials 70, 75 (in F8)."
    assert row["remedy"] == "Drop them: `x = np.delete(x, [70, 75], axis=0)`, and the same for `y`."


def test_epochs_for_a_network_that_does_not_know_its_units(patient, fresh, only):
    patient.scale = None
    with pytest.warns(RuntimeWarning, match=r"assumed to be microvolts.*scale=1e6"):
        found = diagnose(patient, fresh)
    assert "epochs" not in set(found["check"])
    assert "scale = 1e+06 per volt" in only(found, "assumed", "note")["evidence"]


@pytest.mark.parametrize("factor", [0.1, 0.05, 20, 100])
def test_a_factor_that_is_no_unit_is_not_called_one(healthy, array, only, factor):
    row = only(diagnose(healthy, factor * array), "scale", "error")
    assert "no change of units explains it" in row["finding"]
    assert "10^" not in row["finding"] + row["remedy"]


def z_scored(trials, axes):
    return (trials - trials.mean(axes, keepdims=True)) / trials.std(axes, keepdims=True)


@pytest.fixture(scope="module")
def standardised(train, practice):
    """The network as it is after training on trials of which each channel was standardised in each trial."""
    trials = z_scored(practice.get_data(copy=True), 2) / 1e6
    return train(rebuilt(practice, trials)).module_


def rebuilt(epochs, data):
    other = epochs.copy()
    other._data = data
    return other


def run_line(remedy, begins, names):
    """Execute the first line of a remedy that begins so."""
    exec(re.search(rf"`({re.escape(begins)}.*?)`", remedy)[1], names)
    return names


@pytest.mark.parametrize("unit", [1.0, 1e6])
@pytest.mark.parametrize("which", [0, 1], ids=["each trial", "all trials"])
def test_standardised_training_is_named_for_arrays_and_the_remedy_cures_it(
    standardised, fresh, labels, only, unit, which
):
    x = fresh.get_data() * unit
    row = only(diagnose(standardised, x, labels), "scale", "error")
    assert row["finding"].startswith("The network was probably trained on standardised trials")
    line = re.findall(r"`(x = .*?)`", row["remedy"])[which]
    names = {"x": x}
    exec(line, names)
    assert "scale" not in set(diagnose(standardised, names["x"], labels)["check"])


def test_standardised_training_is_named_for_epochs_and_the_remedy_cures_it(standardised, fresh):
    epochs = fresh.copy()
    found = diagnose(standardised, epochs)
    assert found["check"].tolist() == ["scale", "recording"]  # it was trained on other references
    row = found.loc[0]
    assert "10^" not in row["finding"] + row["remedy"]
    run_line(row["remedy"], "epochs.apply_function", {"epochs": epochs, "model": standardised})
    np.testing.assert_allclose(epochs.get_data().std(2) * 1e6, 1, rtol=1e-6)
    assert "scale" not in set(diagnose(standardised, epochs)["check"])


@pytest.mark.parametrize("axes", [2, (0, 2)])
def test_trials_that_were_standardised_for_a_network_that_was_not(healthy, array, only, axes):
    row = only(diagnose(healthy, z_scored(array, axes)), "scale", "error")
    assert row["finding"].startswith("These trials are standardised")


def test_a_network_that_remembers_nothing_still_knows_that_volts_are_no_microvolts(healthy, fresh, labels):
    bare = dataclasses.replace(front_end(healthy), recorded=None)
    x = fresh.get_data()
    found = diagnose(bare, x, labels)
    assert found["check"].tolist() == ["scale"]
    factor = re.match(r"Multiply the array by (\S+);", found.loc[0, "remedy"])[1]
    assert diagnose(bare, float(factor) * x, labels).empty
