"""What the doctor finds on the scalp: electrodes that lie nowhere, artefacts that lead."""

import copy

import numpy as np
import pytest
import torch

from sincviz import diagnose, learned_bands, spatial_patterns
from sincviz.datasets import simulate_motor_imagery
from sincviz.maps import importance
from sincviz.networks import front_end
from sincviz.training import recalibrate_batch_norm
from sincviz.trials.classes import trial_labels

pytestmark = pytest.mark.usefixtures("one_thread")

N_FILTERS = 8


def place(model, name, position):
    """Return the model with another position for a channel; ``None`` takes it away."""
    model.chs_info = copy.deepcopy(model.chs_info)
    channel = next(channel for channel in model.chs_info if channel["ch_name"] == name)
    if position is None:
        channel["loc"] = None
    else:
        channel["loc"] = np.r_[position, np.zeros(9)]
    return model


MISPLACED = {
    "no position": (None, "without a position on the scalp"),
    "not a number": ([np.nan] * 3, "without a position on the scalp"),
    "zero": ([0.0] * 3, "at the origin"),
}


@pytest.mark.parametrize(("position", "reason"), MISPLACED.values(), ids=MISPLACED)
def test_channels_without_a_position_are_named(patient, fresh, only, position, reason):
    for name in ("Cz", "O2"):
        place(patient, name, position)
    row = only(diagnose(patient, fresh), "positions", "warning")
    assert row["finding"] == "2 channels cannot be drawn on a scalp."
    assert row["evidence"].lower() == f"{reason}: cz, o2."


@pytest.mark.parametrize(("position", "reason"), MISPLACED.values(), ids=MISPLACED)
def test_a_single_channel_is_told_in_the_singular(patient, only, position, reason):
    row = only(diagnose(place(patient, "T7", position)), "positions", "warning")
    assert row["finding"] == "1 channel cannot be drawn on a scalp."


def test_channels_in_the_same_place_are_named(patient, only):
    there = next(channel["loc"][:3] for channel in patient.chs_info if channel["ch_name"] == "C3")
    row = only(diagnose(place(patient, "C4", there)), "positions", "warning")
    assert row["evidence"] == "In the same place: C3, C4."


def test_all_reasons_are_told_together(patient, only):
    there = next(channel["loc"][:3] for channel in patient.chs_info if channel["ch_name"] == "C3")
    for name, position in {"Cz": None, "O1": [0.0] * 3, "C4": there}.items():
        place(patient, name, position)
    row = only(diagnose(patient), "positions", "warning")
    assert row["finding"].startswith("4 channels")
    for name in ("Cz", "O1", "C3", "C4"):
        assert name in row["evidence"]


def test_a_network_without_channels_gets_a_note(patient, only):
    patient.chs_info = None
    row = only(diagnose(patient), "positions", "note")
    assert "chs_info=epochs.info['chs']" in row["remedy"]


BLINK_COURSE = np.r_[np.zeros(60), np.cos(np.linspace(-np.pi / 2, np.pi / 2, 56)) ** 2, np.zeros(204)]


@pytest.fixture(scope="module")
def blink_map():
    """The scalp map of a blink in volts, to the average reference."""
    _, truth = simulate_motor_imagery(2, blinks=True, n_chans=64, duration=0.5)

    def at(names):
        values = truth["scalp_map"].sel(source="blink", channel=list(names)).to_numpy() * 1e-6
        return values - values.mean()

    return at


@pytest.fixture(scope="module")
def betrayed(imagery, blink_map):
    """Simulate trials in which only imagery of the left hand comes with blinks."""

    def simulate(n_trials, seed):
        epochs = imagery(n_trials, seed)
        rng = np.random.default_rng(seed)
        blinks = [np.roll(BLINK_COURSE, shift) for shift in rng.integers(-50, 180, n_trials)]
        blinking = trial_labels(epochs) == "left"
        epochs._data = epochs.get_data() + (
            blinking[:, None, None] * np.array(blinks)[:, None] * blink_map(epochs.ch_names)[:, None]
        )
        return epochs

    return simulate


def test_blinks_that_differ_between_the_classes_are_suspected(train, betrayed, only):
    model = train(betrayed(120, 6), first_freq=1.0, max_epochs=15)
    row = only(diagnose(model, betrayed(80, 7)), "artefact", "warning", [0])
    assert "dominates the patterns: suspect eye movements." in row["finding"]
    assert row["finding"].split()[0] in ("Fp1", "Fp2")


def look_at(model, channels, filters):
    """Let units of filters see single channels, and the decision rest on them."""
    names = front_end(model).ch_names
    with torch.no_grad():
        mixing = model.depthwiseconv[1].weight.reshape(N_FILTERS, 2, -1)
        for filter_ in filters:
            mixing[filter_] *= 0.1
            for depth, channel in enumerate(channels):
                mixing[filter_, depth, names.index(channel)] = 1
        head = model.final_layer.weight.reshape(2, N_FILTERS, -1)
        head[:, filters] *= 4 / head[:, filters].norm(dim=(0, 2), keepdim=True)
    return model


@pytest.fixture
def noisy(practice, fresh):
    """Add noise of high frequency to channels of all trials, as their muscles would."""

    def add(channels, uv=30.0):
        rng = np.random.default_rng(0)
        both = []
        for epochs in (practice, fresh):
            epochs = epochs.copy()
            picks = [epochs.ch_names.index(name) for name in channels]
            size = (len(epochs), len(picks), len(epochs.times))
            epochs._data[:, picks] += 1e-6 * uv * rng.standard_normal(size)
            both.append(epochs.set_eeg_reference("average", projection=False))
        return both

    return add


PLANTED = {
    "temples": (["T7", "T8"], [4], "muscle activity."),
    "a temple, three filters": (["T8", "T8"], [3, 4, 5], "muscle activity."),
    "forehead, fast": (["Fp1", "Fp2"], [4, 5], "muscle activity of the forehead."),
    "beside the eyes, slow": (["F7", "F8"], [0], "eye movements."),
}


@pytest.mark.parametrize(("channels", "filters", "suspect"), PLANTED.values(), ids=PLANTED)
def test_channels_over_eyes_and_muscles_that_lead_are_suspected(patient, noisy, channels, filters, suspect):
    training_epochs, test_epochs = noisy(channels)
    model = recalibrate_batch_norm(look_at(patient, channels, filters), training_epochs)
    found = diagnose(model, test_epochs)
    assert set(found["check"]) - {"chance", "never_answered"} == {"artefact"}
    row = found.set_index("check").loc["artefact"]
    assert row["severity"] == "warning"
    assert row["finding"].split()[0] in channels
    assert row["finding"].endswith(f"dominates the patterns: suspect {suspect}")
    assert row["filters"] == ", ".join(map(str, filters))
    assert all(channel in row["evidence"] for channel in channels)


@pytest.mark.parametrize("kind", PLANTED)
def test_electrodes_of_any_name_are_suspected_by_where_they_lie(patient, noisy, kind):
    channels, filters, suspect = PLANTED[kind]
    training_epochs, test_epochs = noisy(channels)
    model = recalibrate_batch_norm(look_at(patient, channels, filters), training_epochs)
    called = {name: f"E{number}" for number, name in enumerate(test_epochs.ch_names)}
    model.chs_info = copy.deepcopy(model.chs_info)
    for channel in model.chs_info:
        channel["ch_name"] = called[channel["ch_name"]]
    row = diagnose(model, test_epochs.rename_channels(called)).set_index("check").loc["artefact"]
    assert row["finding"].split()[0] in [called[name] for name in channels]
    assert row["finding"].endswith(f"dominates the patterns: suspect {suspect}")
    assert "by their names" not in row["evidence"]


def test_slow_activity_at_a_temple_is_no_muscle(patient, noisy):
    training_epochs, test_epochs = noisy(["T7", "T8"])
    model = recalibrate_batch_norm(look_at(patient, ["T7", "T8"], [1]), training_epochs)
    assert "artefact" not in set(diagnose(model, test_epochs)["check"])


def test_channels_over_the_motor_cortex_may_lead(patient, noisy):
    training_epochs, test_epochs = noisy(["C3", "C4"])
    model = recalibrate_batch_norm(look_at(patient, ["C3", "C4"], [4]), training_epochs)
    assert "artefact" not in set(diagnose(model, test_epochs)["check"])


def test_a_channel_over_the_eyes_may_lead_if_the_others_follow_closely(patient, noisy):
    training_epochs, test_epochs = noisy(["Fp1", "O1", "O2", "C3", "Pz"])
    for filter_, channels in {3: ["O1", "Fp1"], 4: ["Fp1", "Pz"], 5: ["O2", "C3"]}.items():
        look_at(patient, channels, [filter_])
    model = recalibrate_batch_norm(patient, training_epochs)
    power = spatial_patterns(model, test_epochs) ** 2
    weight = importance(model, test_epochs)["importance"] ** 2
    seen = (weight * power / power.sum("channel")).sum(["filter", "depth"])
    assert seen.idxmax() == "Fp1"
    assert "artefact" not in set(diagnose(model, test_epochs)["check"])


def loud(model, filters, factor=30.0):
    with torch.no_grad():
        model.final_layer.weight.reshape(2, N_FILTERS, -1)[:, filters] *= factor
    return model


def test_high_bands_that_lead_are_suspected(patient, only):
    row = only(diagnose(loud(patient, [7])), "high_bands", "warning", [7])
    peak_hz = learned_bands(patient)["peak_hz"]
    assert row["finding"] == "Frequencies above 30 Hz dominate: suspect muscle activity or line noise."
    assert row["evidence"].startswith(f"{(peak_hz > 30).sum()} filter")
    assert row["evidence"].endswith(f"the leading one peaks at {peak_hz[7]:.1f} Hz.")


def test_low_bands_that_lead_are_not(patient):
    assert diagnose(loud(patient, [1, 3])).empty


def test_high_bands_are_suspected_where_there_are_no_others(patient):
    with torch.no_grad():
        patient.sinc_filter_layer.low_freqs += 31
    assert "high_bands" in set(diagnose(patient)["check"])
