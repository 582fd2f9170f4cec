"""Epochs become what the network wants, or an error says what to do."""

import re
import warnings

import mne
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sincviz import EpochsError
from sincviz.analysis.evidence.prediction import predictions
from sincviz.networks.signal_spec import chs_info_from_json, chs_info_to_json
from sincviz.trials.epochs import input_batches, network_input, some_of, warned_once


@pytest.fixture
def model(network, epochs):
    """A network in microvolts for the channels of the epochs."""
    return build(network, epochs)


def build(network, epochs, chs_info=None, scale=1e6):
    model = network(n_times=len(epochs.times), chs_info=chs_info or epochs.info["chs"])
    model.scale = scale
    return model


def test_channels_come_in_the_order_of_the_network(model, epochs):
    expected = epochs.get_data(picks="all") * 1e6
    shuffled = epochs.reorder_channels(epochs.ch_names[::-1])
    trials = network_input(model, shuffled)
    assert trials.dtype == np.float32
    np.testing.assert_array_equal(trials, expected.astype(np.float32))


@given(order=st.permutations(range(6)))
def test_every_order_of_the_channels_gives_the_same_trials(network, simulation, order):
    model = build(network, simulation[0])
    shuffled = simulation[0].copy().reorder_channels([simulation[0].ch_names[index] for index in order])
    np.testing.assert_array_equal(network_input(model, shuffled), network_input(model, simulation[0]))


def test_surplus_channels_are_dropped_and_named(network, epochs):
    few = build(network, epochs, epochs.info["chs"][2:5])
    with pytest.warns(RuntimeWarning, match="dropped: .*" + epochs.ch_names[0]) as warned:
        trials = network_input(few, epochs)
    assert len(warned) == 1
    np.testing.assert_array_equal(trials, (epochs.get_data()[:, 2:5] * 1e6).astype(np.float32))


def test_channels_marked_as_bad_are_used_and_named(model, epochs):
    expected = network_input(model, epochs)
    epochs.info["bads"] = [epochs.ch_names[3]]
    with pytest.warns(RuntimeWarning, match="bad are used: " + epochs.ch_names[3]) as warned:
        trials = network_input(model, epochs)
    assert len(warned) == 1
    np.testing.assert_array_equal(trials, expected)


def test_bad_channels_that_are_dropped_anyway_are_not_said_to_be_used(network, epochs):
    few = build(network, epochs, epochs.info["chs"][2:5])
    epochs.info["bads"] = [epochs.ch_names[0]]
    with pytest.warns(RuntimeWarning) as warned:
        network_input(few, epochs)
    assert ["bad" in str(warning.message) for warning in warned] == [False]


def test_warnings_point_at_the_code_that_passed_the_epochs(network, epochs):
    few = build(network, epochs, epochs.info["chs"][2:5])
    epochs.info["bads"] = [epochs.ch_names[2]]

    def called_by_a_function_of_the_package():
        return network_input(few, epochs)

    with pytest.warns(RuntimeWarning) as warned:
        called_by_a_function_of_the_package()
    assert len({warning.lineno for warning in warned}) == 1
    assert {warning.filename for warning in warned} == {__file__}


def test_arrays_are_taken_as_they_are(model, epochs):
    array = epochs.get_data() * 1e6
    np.testing.assert_array_equal(network_input(model, array), array.astype(np.float32))


@pytest.mark.parametrize("read", [network_input, lambda m, x: list(input_batches(m, x)), predictions])
def test_an_array_in_volts_for_a_network_in_microvolts_is_warned_of_and_the_remedy_helps(model, epochs, read):
    x = epochs.get_data()
    with pytest.warns(RuntimeWarning, match="as if they were in volts") as warned:
        read(model, x)
    assert {warning.filename for warning in warned} == {__file__}
    factor = re.search(r"Multiply the array by (\S+);", str(warned[0].message))[1]
    read(model, float(factor) * x)
    run(re.search(r"`(model.scale = 1)`", str(warned[0].message))[1], model=model)
    read(model, x)


def run(line, **names):
    exec(line, {"np": np, "mne": mne} | names)


def test_epochs_that_hold_microvolts_are_warned_of_and_the_remedy_helps(model, epochs):
    expected = network_input(model, epochs)
    epochs._data *= 1e6
    with pytest.warns(RuntimeWarning, match="microvolts where MNE keeps volts") as warned:
        network_input(model, epochs)
    run(re.search(r"`(epochs.*?)` converts", str(warned[0].message))[1], epochs=epochs)
    np.testing.assert_allclose(network_input(model, epochs), expected, rtol=1e-5)


@pytest.mark.parametrize("factor", [1e-2, 1, 1e2])
@pytest.mark.parametrize("given", ["epochs", "array"])
def test_quiet_and_loud_trials_in_the_right_units_are_not_warned_of(model, epochs, factor, given):
    epochs._data *= factor
    network_input(model, epochs if given == "epochs" else epochs.get_data() * 1e6)


OTHER_SIGNALS = ["eog", "ecg", "emg", "stim", "mag", "grad", "resp"]


@pytest.mark.parametrize("kind", OTHER_SIGNALS)
def test_channels_of_another_type_do_not_become_eeg_by_their_name(model, epochs, kind):
    epochs.set_channel_types({"C3": kind, "C4": kind}, on_unit_change="ignore")
    with pytest.raises(EpochsError, match=rf"2 of .* not EEG in the epochs: C3, C4 \({kind}\)") as refused:
        network_input(model, epochs)
    run(re.search(r"`(epochs.set_channel_types.*?)`", str(refused.value))[1], epochs=epochs)
    network_input(model, epochs)


@pytest.mark.filterwarnings("ignore:The network takes channels that are not EEG")
@pytest.mark.parametrize("kind", [*OTHER_SIGNALS, "misc"])
def test_a_network_that_was_trained_with_other_signals_takes_them(network, epochs, kind):
    epochs.set_channel_types({"C3": kind}, on_unit_change="ignore")
    model = build(network, epochs)
    model.chs_info = chs_info_from_json(chs_info_to_json(model.chs_info))  # as from a file
    network_input(model, epochs)


def test_channels_without_a_type_are_taken_and_named(model, epochs):
    epochs.set_channel_types({"C3": "misc"}, on_unit_change="ignore")
    with pytest.warns(RuntimeWarning, match="without a type are assumed to be EEG: C3"):
        network_input(model, epochs)


def test_names_alone_are_taken_for_eeg(network, epochs):
    model = build(network, epochs, [{"ch_name": name} for name in epochs.ch_names])
    network_input(model, epochs)
    with pytest.raises(EpochsError, match=r"C3 \(eog\)"):
        network_input(model, epochs.set_channel_types({"C3": "eog"}))


def test_current_source_density_is_named_as_such(model, epochs, network):
    density = mne.preprocessing.compute_current_source_density(epochs)
    with pytest.raises(EpochsError, match=r"\(csd\) \(csd is current source density in V/m²\).*before"):
        network_input(model, density)
    network_input(build(network, density), density)


def test_channels_that_are_not_finite_are_named_and_the_remedy_helps(model, epochs):
    epochs._data[:, [1, 4]] = np.nan
    epochs._data[3, 2, 5] = np.inf
    with pytest.raises(
        EpochsError, match=r"^Channels C3, CP3 \(2 of 6\) hold .* in 40 of 40 trials"
    ) as refused:
        network_input(model, epochs)
    lines = re.findall(r"`(epochs.*?)`", str(refused.value))
    for line in lines:
        run(line, epochs=epochs)
    with pytest.raises(EpochsError, match=r"^1 trial holds .* trial 3 .*Drop it: ") as refused:
        network_input(model, epochs)
    run(re.search(r"`(epochs.drop.*?)`", str(refused.value))[1], epochs=epochs)
    assert len(network_input(model, epochs)) == 39


@pytest.mark.parametrize("n_bad", [3, 30])
@pytest.mark.parametrize("given", ["epochs", "array"])
def test_the_line_that_drops_trials_that_are_not_finite_works(model, epochs, n_bad, given):
    more = mne.concatenate_epochs([epochs] * 3)
    more._data[5 : 5 + n_bad, 2, 7] = np.nan
    x = more.get_data() * 1e6
    with pytest.raises(EpochsError, match=f"{n_bad} trials hold") as refused:
        network_input(model, more if given == "epochs" else x)
    names = {"epochs": more, "x": x, "np": np}
    exec(re.search(r"`((epochs.drop|x = ).*?)`", str(refused.value))[1], names)
    assert len(network_input(model, names["epochs" if given == "epochs" else "x"])) == 120 - n_bad


REFUSED = {
    "a missing channel": (lambda e: e.drop_channels(["C3"]), "1 of .* missing.*C3.*epochs that have them"),
    "another rate": (lambda e: e.resample(64.0), r"64 Hz.*128 Hz.*resample\(128\)"),
    "shorter trials": (lambda e: e.crop(0.5, 1.0), r"65 samples.*128.*Cut longer ones.*tmax=1\.49219"),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_epochs_that_do_not_fit_are_refused_with_a_remedy(model, epochs, change, message):
    with pytest.raises(EpochsError, match=message):
        network_input(model, change(epochs))


def test_the_suggested_crop_gives_the_right_length(network, epochs):
    short = build(network, epochs.copy().crop(0.5, 1.0))
    assert network_input(short, epochs.crop(0.5, 0.5 + (short.n_times - 1) / short.sfreq)).shape[2] == 65


def test_units_are_never_guessed(model, epochs):
    model.scale = None
    with pytest.raises(EpochsError, match=r"scale=1e6"):
        network_input(model, epochs)


def test_a_network_without_channel_names_says_how_to_give_them(network, epochs):
    nameless = network()
    nameless.scale = 1e6
    with pytest.raises(EpochsError, match="ch_names="):
        network_input(nameless, epochs)


def test_an_array_of_another_shape_is_refused_with_both_shapes(model):
    with pytest.raises(EpochsError, match=r"6 channels, 128 times\); got \(2, 6, 127\)"):
        network_input(model, np.zeros((2, 6, 127)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_trials_that_are_not_finite_are_counted_and_the_first_is_named(model, value):
    trials = np.zeros((5, 6, 128))
    trials[[2, 4], 1, 7] = value
    with pytest.raises(EpochsError, match=r"2 trials .* trials 2, 4 \(in C3\)\."):
        network_input(model, trials)


def test_epochs_and_arrays_give_the_same_layout_in_memory(model, epochs):
    array = epochs.get_data() * 1e6
    for data in (epochs, array, np.asfortranarray(array)):
        assert network_input(model, data).flags.c_contiguous


def joined(model, data, batch_size):
    batches = list(input_batches(model, data, batch_size))
    assert [len(batch) for batch in batches[:-1]] == [batch_size] * (len(batches) - 1)
    return np.concatenate(batches)


@pytest.fixture
def on_disk(epochs, tmp_path):
    epochs.save(tmp_path / "trials-epo.fif", fmt="double")
    return mne.read_epochs(tmp_path / "trials-epo.fif", preload=False)


@pytest.mark.parametrize("batch_size", [1, 7, 40, 64])
def test_batches_are_the_trials_in_their_order(model, epochs, batch_size):
    np.testing.assert_array_equal(joined(model, epochs, batch_size), network_input(model, epochs))


@given(n_trials=st.integers(1, 20), batch_size=st.integers(1, 25))
def test_batches_hold_as_many_trials_as_asked_and_the_last_the_rest(network, n_trials, batch_size):
    x = np.arange(n_trials * 6 * 128).reshape(n_trials, 6, 128)
    np.testing.assert_array_equal(joined(network(), x, batch_size), network_input(network(), x))


ARRAYS = {
    "integers": lambda x: x.astype(np.int16),
    "half precision": lambda x: x.astype(np.float16),
    "double precision": lambda x: x,
    "big-endian": lambda x: x.astype(">f8"),
    "columns first": np.asfortranarray,
    "a view backwards": lambda x: x[::-1, :, ::-1],
    "a list": lambda x: x[:3].tolist(),
    "read-only": lambda x: np.broadcast_to(x[:1], x.shape),
}


@pytest.mark.parametrize("change", ARRAYS.values(), ids=ARRAYS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_of_every_kind_come_in_the_precision_of_the_network(network, epochs, change, dtype):
    model = network().to(getattr(torch, dtype))
    data = change(epochs.get_data() * 1e6)
    arrays = joined(model, data, 7)
    assert arrays.dtype == dtype
    np.testing.assert_array_equal(arrays, np.asarray(data, dtype))
    np.testing.assert_array_equal(arrays, network_input(model, data))


def test_epochs_on_disk_give_the_same_batches_and_stay_there(model, epochs, on_disk):
    np.testing.assert_array_equal(joined(model, on_disk, 7), network_input(model, epochs))
    assert not on_disk.preload


def test_of_epochs_on_disk_only_one_batch_is_read_at_once(model, on_disk, monkeypatch):
    read = []
    get_data = mne.BaseEpochs.get_data

    def watched(self, *args, **kwargs):
        data = get_data(self, *args, **kwargs)
        read.append(len(data))
        return data

    monkeypatch.setattr(mne.BaseEpochs, "get_data", watched)
    batches = input_batches(model, on_disk, 16)
    assert read == []
    next(batches)
    assert read == [16]
    assert [len(batch) for batch in batches] == [16, 8]
    assert read == [16, 16, 8]


def test_epochs_on_disk_that_are_rejected_are_left_out_and_those_given_are_not_changed(
    model, epochs, tmp_path
):
    highest = np.ptp(epochs.get_data(), axis=2).max(1)
    limit = float(np.median(highest))
    whole = mne.io.RawArray(np.concatenate(epochs.get_data(), 1), epochs.info)
    whole.save(tmp_path / "whole_raw.fif", fmt="double")
    raw = mne.io.read_raw_fif(tmp_path / "whole_raw.fif")
    events = np.column_stack([np.arange(40) * 128, np.zeros(40, int), epochs.events[:, 2]])
    lazy = mne.Epochs(
        raw, events, epochs.event_id, 0, 127 / 128, baseline=None, preload=False, reject={"eeg": limit}
    )
    arrays = joined(model, lazy, 7)
    np.testing.assert_array_equal(arrays, network_input(model, epochs[highest <= limit]))
    assert not lazy._bad_dropped


def test_channels_of_batches_come_in_the_order_of_the_network(model, epochs):
    expected = network_input(model, epochs)
    shuffled = epochs.reorder_channels(epochs.ch_names[::-1])
    np.testing.assert_array_equal(joined(model, shuffled, 7), expected)


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_batches_of_epochs_that_do_not_fit_are_refused_with_the_same_remedy(model, epochs, change, message):
    with pytest.raises(EpochsError, match=message):
        next(input_batches(model, change(epochs)))


def test_units_of_batches_are_never_guessed(model, epochs):
    model.scale = None
    with pytest.raises(EpochsError, match=r"scale=1e6"):
        next(input_batches(model, epochs))


@pytest.mark.parametrize("shape", [(), (3,), (2, 6, 127), (2, 5, 128), (6, 128), (0, 6, 128), (2, 6, 128, 1)])
def test_batches_of_arrays_of_another_shape_are_refused(model, shape):
    with pytest.raises(EpochsError, match="no trials" if shape[:1] == (0,) else "must have the shape"):
        list(input_batches(model, np.zeros(shape)))


def test_no_trials_have_no_batches(model, epochs, on_disk):
    for data in (epochs[:0], on_disk[:0]):
        with pytest.raises(EpochsError, match="no trials"):
            list(input_batches(model, data))


@pytest.mark.parametrize("read", [network_input, input_batches])
def test_the_first_trial_that_is_not_finite_is_named_by_its_number_among_all(model, read):
    trials = np.zeros((200, 6, 128))
    trials[150:152, 1, 7] = np.nan
    with pytest.raises(EpochsError, match=r"2 trials .* trials 150, 151 \(in C3\)\."):
        list(read(model, trials))


def test_batches_before_a_trial_that_is_not_finite_are_still_given(model):
    trials = np.zeros((10, 6, 128))
    trials[9] = np.inf
    batches = input_batches(model, trials, 5)
    assert len(next(batches)) == 5
    with pytest.raises(EpochsError, match="trial 9"):
        next(batches)


@pytest.fixture
def noteworthy(network, epochs):
    """A network of three channels, and epochs of six of which one of the three is bad."""
    epochs.info["bads"] = [epochs.ch_names[2]]
    return build(network, epochs, epochs.info["chs"][2:5]), epochs


def test_reading_in_batches_warns_as_reading_at_once_does(noteworthy):
    with pytest.warns(RuntimeWarning) as warned:
        list(input_batches(*noteworthy, batch_size=7))
    assert sorted(str(warning.message)[:12] for warning in warned) == ["Channels mar", "Channels tha"]


def test_what_is_noteworthy_is_said_exactly_once(noteworthy):
    def read_over_and_over():
        with warned_once(*noteworthy):
            for _ in range(3):
                list(input_batches(*noteworthy))
                network_input(*noteworthy)

    with pytest.warns(RuntimeWarning) as warned:
        read_over_and_over()
    assert sorted(str(warning.message)[:12] for warning in warned) == ["Channels mar", "Channels tha"]


def test_what_was_said_once_points_at_the_code_that_passed_the_epochs(noteworthy):
    with pytest.warns(RuntimeWarning) as warned, warned_once(*noteworthy):
        pass
    assert {warning.filename for warning in warned} == {__file__}


def test_after_the_block_it_is_said_again(noteworthy):
    with pytest.warns(RuntimeWarning), warned_once(*noteworthy):
        pass
    with pytest.warns(RuntimeWarning) as warned:
        network_input(*noteworthy)
    assert len(warned) == 2


def test_other_warnings_inside_the_block_are_heard(model, epochs):
    with pytest.warns(RuntimeWarning, match="something else"), warned_once(model, epochs):
        warnings.warn("something else", RuntimeWarning, stacklevel=1)


def test_nothing_is_said_of_epochs_that_fit_or_of_arrays(model, epochs):
    for data in (epochs, epochs.get_data()):
        with warned_once(model, data):
            list(input_batches(model, data))


def test_epochs_that_do_not_fit_are_refused_before_the_block(model, epochs):
    with pytest.raises(EpochsError, match="missing"), warned_once(model, epochs.drop_channels(["C3"])):
        pytest.fail("the block must not run")


chosen = st.permutations(range(8)).flatmap(
    lambda order: st.integers(1, 8).map(lambda size: np.array(order[:size], np.int64))
) | st.slices(8).filter(lambda part: len(range(8)[part]) > 0)


@given(which=chosen)
def test_some_trials_are_those_of_these_numbers_in_this_order(simulation, which):
    trials = simulation[0][:8]
    data = trials.get_data()
    chosen_trials = some_of(trials, which)
    np.testing.assert_array_equal(chosen_trials.get_data(), data[which])
    np.testing.assert_array_equal(chosen_trials.events, trials.events[which])
    assert chosen_trials.event_id.items() <= trials.event_id.items()
    for array in (data, data.tolist()):
        np.testing.assert_array_equal(some_of(array, which), data[which])


def test_some_trials_of_a_file_are_not_loaded(epochs, tmp_path):
    epochs.save(tmp_path / "trials-epo.fif", fmt="double")
    on_disk = mne.read_epochs(tmp_path / "trials-epo.fif", preload=False)
    chosen_trials = some_of(on_disk, np.array([5, 2]))
    assert not chosen_trials.preload
    np.testing.assert_array_equal(chosen_trials.get_data(), epochs.get_data()[[5, 2]])
