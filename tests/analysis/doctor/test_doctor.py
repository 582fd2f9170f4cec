"""The doctor as a whole: nothing to find in health, the worst first, and no fall over anything hostile."""

import copy
import dataclasses
import io
import warnings

import mne
import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from sincviz import SincShallowNet, diagnose, load_checkpoint
from sincviz.datasets import eegbci
from sincviz.networks import FrontEnd, front_end
from sincviz.opening.checkpoints import save_checkpoint
from sincviz.trials.classes import trial_labels

pytestmark = pytest.mark.usefixtures("one_thread")

COLUMNS = ["check", "severity", "finding", "evidence", "filters", "remedy"]


def test_nothing_is_found_in_a_healthy_network(healthy, fresh):
    assert diagnose(healthy).empty
    assert diagnose(healthy, fresh).empty


def test_nothing_is_found_in_the_trials_it_was_trained_on(healthy, practice):
    assert diagnose(healthy, practice).empty


def test_nothing_is_found_after_a_way_through_a_file(classifier, fresh, tmp_path):
    save_checkpoint(classifier, tmp_path / "network.safetensors")
    assert diagnose(load_checkpoint(tmp_path / "network.safetensors"), fresh).empty


def test_nothing_is_found_where_both_classes_blink_and_the_mains_hum(train, imagery, fresh):
    settings = {"ch_names": (*fresh.ch_names, "Fpz", "AF7", "AF8"), "blinks": True, "line_noise_hz": 50.0}
    model = train(imagery(120, 6, **settings))
    assert diagnose(model, imagery(80, 7, **settings)).empty


@pytest.fixture
def ill(patient):
    """A network with a finding of every severity, and trials that add to them."""
    patient.depthwiseconv[0].momentum = 0.99
    patient.scale = 1e9
    began = np.array(patient.provenance["initial_cutoffs_hz"])
    began[3] = patient.cutoffs().detach().numpy()[3]
    patient.provenance = patient.provenance | {"initial_cutoffs_hz": began.tolist(), "lowpass_hz": 40.0}
    return patient


def test_the_worst_comes_first(ill, fresh):
    found = diagnose(ill, fresh)
    assert found[["check", "severity"]].to_numpy().tolist() == [
        ["scale", "error"],
        ["batch_norm_momentum", "warning"],
        ["recording", "warning"],
        ["unmoved", "note"],
    ]
    assert found["severity"].is_monotonic_increasing


@pytest.mark.parametrize("model", ["healthy", "ill"])
def test_the_table_has_the_same_form_with_findings_and_without(request, model, fresh):
    found = diagnose(request.getfixturevalue(model), fresh)
    assert found.columns.tolist() == COLUMNS
    assert found.index.tolist() == list(range(len(found)))
    assert found["severity"].cat.categories.tolist() == ["error", "warning", "note"]
    assert all(isinstance(value, str) for value in found.drop(columns="severity").to_numpy().ravel())


def test_the_attributes_say_where_the_findings_come_from(healthy, fresh):
    attrs = diagnose(healthy, fresh).attrs
    assert attrs["weights_sha256"] == front_end(healthy).weights_sha256
    assert (attrs["with_epochs"], diagnose(healthy).attrs["with_epochs"]) == ("True", "False")
    assert all(isinstance(value, str | int | float) for value in attrs.values())


def test_the_table_survives_a_file(ill, fresh):
    found = diagnose(ill, fresh)
    again = pd.read_csv(io.StringIO(found.to_csv(index=False)), dtype=str, keep_default_na=False)
    assert again.to_numpy().tolist() == found.astype(str).to_numpy().tolist()


def test_findings_are_written_in_sentences(ill, fresh, slips_of):
    assert slips_of(diagnose(ill, fresh)) == []


def test_the_same_question_gets_the_same_answer(ill, fresh):
    pd.testing.assert_frame_equal(diagnose(ill, fresh), diagnose(ill, fresh))


WRAPPED = {
    "data-parallel": nn.DataParallel,
    "compiled": torch.compile,
    "front end": front_end,
}


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")  # torch's own
@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_the_network_is_found_inside(ill, fresh, wrap):
    pd.testing.assert_frame_equal(diagnose(wrap(ill), fresh), diagnose(ill, fresh))


def test_a_classifier_is_diagnosed_as_its_network(classifier, fresh):
    pd.testing.assert_frame_equal(diagnose(classifier, fresh), diagnose(classifier.module_, fresh))


@pytest.mark.parametrize("training", [True, False])
def test_network_and_epochs_are_left_as_they_were(ill, fresh, training):
    ill.train(training)
    before, data = copy.deepcopy(ill.state_dict()), fresh.get_data()
    diagnose(ill, fresh)
    assert all(module.training is training for module in ill.modules())
    assert all(torch.equal(before[name], value) for name, value in ill.state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in ill.parameters())
    assert np.array_equal(data, fresh.get_data())


def test_a_network_in_training_is_diagnosed_as_in_evaluation(ill, fresh):
    expected = diagnose(ill.eval(), fresh)
    pd.testing.assert_frame_equal(diagnose(ill.train(), fresh), expected)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_a_network_of_another_precision_is_diagnosed(patient, dtype):
    assert diagnose(patient.to(dtype)).empty


def test_a_network_of_double_precision_reads_trials(patient, fresh):
    assert diagnose(patient.double(), fresh[:30]).empty


@pytest.mark.parametrize("unknown", [nn.Linear(2, 2), "a string", None])
def test_what_has_no_front_end_is_refused(unknown):
    with pytest.raises(TypeError, match="does not know the front end"):
        diagnose(unknown)


@pytest.mark.parametrize("n_trials", [1, 2, 4])
def test_few_trials_tell_nothing_about_chance(healthy, fresh, only, n_trials):
    left_and_right = np.flatnonzero(np.diff(fresh.events[:, 2], prepend=0))[:n_trials]
    row = only(diagnose(healthy, fresh[left_and_right]), "chance", "note")
    why = "all are of one class" if n_trials == 1 else "there are too few of each class"
    assert row["finding"] == f"No accuracy on these trials can be distinguished from chance: {why}."


def test_trials_of_one_class_tell_nothing_about_chance(healthy, fresh, only):
    row = only(diagnose(healthy, fresh["left"]), "chance", "note")
    assert row["finding"].endswith("all are of one class.")
    assert row["evidence"].startswith("40 trials, 100% of the same class")


@pytest.mark.parametrize("level", [0.0, 5.0, 1e-30])
def test_flat_trials_are_no_reason_to_fall(healthy, fresh, level, slips_of):
    found = diagnose(healthy, np.full((4, 16, len(fresh.times)), level))
    assert not slips_of(found)


def test_a_flat_channel_is_no_reason_to_fall(healthy, fresh):
    trials = fresh.get_data() * 1e6
    trials[:, 3] = 0
    assert set(diagnose(healthy, trials)["severity"]) <= {"warning"}


@pytest.mark.parametrize("preload", [True, False])
def test_nothing_is_found_in_epochs_from_a_file(healthy, fresh, tmp_path, preload):
    fresh.save(tmp_path / "fresh-epo.fif")
    epochs = mne.read_epochs(tmp_path / "fresh-epo.fif", preload=preload)
    assert diagnose(healthy, epochs).empty
    assert epochs.preload == preload


def test_epochs_that_are_not_loaded_and_partly_rejected(healthy, imagery):
    whole = imagery(80, 7)
    data = np.concatenate(list(whole.get_data()), axis=1)
    data[0, ::5000] += 1e-2
    raw = mne.io.RawArray(data, whole.info)
    events = np.column_stack([320 * np.arange(80), np.zeros(80, int), whole.events[:, 2]])
    epochs = mne.Epochs(
        raw, events, whole.event_id, 0, 319 / 160, None, reject={"eeg": 5e-3}, preload=False, proj=False
    )
    assert "error" not in set(diagnose(healthy, epochs)["severity"])
    labels = trial_labels(epochs.copy().drop_bad())
    assert len(labels) < 80
    assert "error" not in set(diagnose(healthy, epochs, labels)["severity"])


def test_epochs_that_were_all_rejected(healthy, fresh, only):
    row = only(diagnose(healthy, fresh.copy().drop(range(80))), "epochs", "error")
    assert "drop_log" in row["remedy"]


def test_surplus_and_bad_channels_are_said_once(healthy, fresh):
    more = fresh.copy()
    more.info["bads"] = ["T7"]
    extra = mne.EpochsArray(np.zeros((80, 1, 320)), mne.create_info(["EXG"], 160.0, "eeg"), tmin=fresh.tmin)
    more.add_channels([extra], force_update_info=True)
    with pytest.warns(RuntimeWarning) as caught:
        diagnose(healthy, more)
    assert sorted(str(warning.message).split(":")[0] for warning in caught) == [
        "Channels marked as bad are used",
        "Channels that the network does not have are dropped",
    ]


@pytest.fixture
def parts(healthy):
    return front_end(healthy)


BARE = {
    "no names": {"class_names": None, "ch_names": None, "chs_info": None},
    "no head": {"head": None, "features": None},
    "nothing recorded": {"recorded": None},
    "no provenance": {"provenance": {}},
    "any length": {"n_times": None},
    "free filters": {"cutoffs": None, "initial_cutoffs": None},
}
BARE["nothing of all that"] = {
    name: value for settings in BARE.values() for name, value in settings.items() if name != "n_times"
}


@pytest.mark.parametrize("missing", BARE.values(), ids=BARE)
def test_a_front_end_may_leave_things_out(parts, fresh, missing, slips_of):
    bare = dataclasses.replace(parts, **missing)
    y = np.where(trial_labels(fresh) == "left", 0, 1)
    found = diagnose(bare, fresh.get_data() * 1e6, y)
    assert set(found["check"]) <= {"positions"}
    assert not slips_of(found)


@pytest.mark.parametrize("missing", BARE.values(), ids=BARE)
def test_a_front_end_may_leave_things_out_and_be_at_chance(parts, fresh, missing):
    bare = dataclasses.replace(parts, **missing)
    y = np.roll(np.where(trial_labels(fresh) == "left", 0, 1), 1)
    found = diagnose(bare, fresh.get_data() * 1e6, y)
    assert set(found["check"]) - {"positions"} == {"chance"}


class Free(nn.Module):
    """Free temporal filters and a spatial convolution, as anybody may have and register."""

    def __init__(self, sfreq=160.0):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.temporal = nn.Conv1d(1, 4, 21, bias=False)
            self.spatial = nn.Parameter(torch.randn(4, 2, 16))
            self.head = nn.Linear(8, 2)
        self.sfreq = sfreq


@pytest.fixture
def free():
    @front_end.register
    def _(model: Free) -> FrontEnd:
        shape = model.spatial.shape[:2]
        return FrontEnd(
            kernels=model.temporal.weight[:, 0],
            cutoffs=None,
            initial_cutoffs=None,
            spatial=model.spatial,
            scale=torch.ones(shape),
            bias=torch.zeros(shape),
            padding="valid",
            tail=lambda maps: model.head(maps.square().mean(3).flatten(1)),
            sfreq=model.sfreq,
            ch_names=None,
            chs_info=None,
        )

    return Free()


def test_a_registered_network_with_gradients_and_free_filters(free, fresh, slips_of):
    found = diagnose(free, fresh.get_data() * 1e6, np.arange(80) % 2)
    assert set(found["check"]) <= {"positions", "chance", "slow_drift", "unresolvable"}
    assert not slips_of(found)
    assert all(parameter.grad is None for parameter in free.parameters())


def test_epochs_for_a_registered_network_without_channels(free, fresh):
    with pytest.warns(RuntimeWarning, match="names of its channels, in their order"):
        found = diagnose(free, fresh).set_index("check")
    assert not {"epochs", "positions"} & set(found.index)
    assert "channels of the epochs" in found.loc["assumed", "evidence"]


@pytest.mark.parametrize("settings", [{"num_time_filters": 1}, {"depth_multiplier": 1}, {"n_outputs": 1}])
def test_networks_of_the_smallest_size_are_read(network, epochs, settings, slips_of):
    model = network(chs_info=epochs.info["chs"], **settings)
    model.scale, model.class_names = 1e6, ["left", "right"]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*its single output is read as the logit of class 1, 'right'")
        found = diagnose(model, epochs)
    assert set(found["check"]) <= {"unmoved", "unresolvable", "batch_norm", "chance", "never_answered"}
    assert not slips_of(found)


def test_an_untrained_network_is_told_so(epochs):
    model = SincShallowNet(
        n_outputs=2, n_times=128, sfreq=128, chs_info=epochs.info["chs"], time_filter_len=65, pool_size=32
    )
    model.scale, model.class_names = 1e6, ["left", "right"]
    found = diagnose(model, epochs)
    # Weights that were only drawn answer at chance, and often one class alone.
    assert (
        {"unmoved", "batch_norm"}
        <= set(found["check"])
        <= {"unmoved", "batch_norm", "chance", "never_answered"}
    )


@pytest.fixture(scope="module")
def people(test_data):
    """Read imagery of real people at the channels of the simulation."""

    def read(subjects):
        epochs = eegbci(subjects, [4, 8, 12], path=test_data / "mne_data")
        epochs.pick(["Fp1", "F7", "FC3", "C3", "Cz", "C4", "CP3", "CP4", "T7", "T8", "O1", "O2"])
        return epochs.crop(0.5, 0.5 + 319 / 160).set_eeg_reference("average", projection=False)

    return read


@pytest.fixture(scope="module")
def experienced(train, people):
    return train(people([2, 7]), max_epochs=15)


@pytest.mark.parametrize("subject", [29, 34, 55, 56])
def test_quiet_and_loud_people_are_not_taken_for_other_units(experienced, people, subject):
    found = diagnose(experienced, people(subject))
    assert not {"scale", "epochs", "slow_drift", "recording"} & set(found["check"])
