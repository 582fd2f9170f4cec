"""Trials come out of what people have, and where they do not, the line says what the file is and how to go on."""

import re
import shlex
import warnings

import mne
import numpy as np
import pandas as pd
import pytest
import scipy.io

from sincviz import EpochsError, MissingDependencyError, datasets
from sincviz.trials.cutting import cut_to
from sincviz.trials.files import epochs_of_file

NAMES = ["C3", "Cz", "C4"]
RATE = 128.0
RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 3, 64)) * 10  # microvolts
Y = np.array([769, 770] * 3)
TOLD = {"sfreq": RATE, "ch_names": NAMES, "units": "uV"}
MAPPING = {"left": 769, "right": 770}


def continuous():
    """Eight seconds of three channels, with six events that are called as GDF calls them."""
    raw = mne.io.RawArray(
        RNG.normal(size=(3, 1024)) * 1e-5, mne.create_info(NAMES, RATE, "eeg"), verbose="error"
    )
    onsets = [0.5 + number for number in range(6)]
    return raw.set_annotations(mne.Annotations(onsets, 0.0, ["769", "770"] * 3))


def in_fif(folder):
    continuous().save(folder / "rest_raw.fif", verbose="error")
    return folder / "rest_raw.fif"


def in_brainvision(folder):
    raw = continuous()
    (folder / "a.eeg").write_bytes((raw.get_data() * 1e6).T.astype("<f4").tobytes())
    channels = "\n".join(f"Ch{number}={name},,1,µV" for number, name in enumerate(NAMES, 1))
    (folder / "a.vhdr").write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\nDataFile=a.eeg\n"
        "MarkerFile=a.vmrk\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\nNumberOfChannels=3\n"
        f"SamplingInterval={1e6 / RATE}\n[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n[Channel Infos]\n{channels}\n",
        encoding="utf-8",
    )
    marks = [
        f"Mk{number}=Stimulus,S{int(name) - 768:3d},{int(onset * RATE) + 1},1,0"
        for number, (onset, name) in enumerate(
            zip(raw.annotations.onset, raw.annotations.description, strict=True), 1
        )
    ]
    (folder / "a.vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nCodepage=UTF-8\nDataFile=a.eeg\n"
        "[Marker Infos]\n" + "\n".join(marks) + "\n",
        encoding="utf-8",
    )
    return folder / "a.vhdr"


def in_eeglab(folder):
    pytest.importorskip("pymatreader")
    pytest.importorskip("eeglabio")
    continuous().export(folder / "a.set", verbose="error")
    return folder / "a.set"


def with_stimulus_channel(folder):
    raw = continuous()
    events, _ = mne.events_from_annotations(raw, verbose="error")
    stimuli = mne.io.RawArray(np.zeros((1, 1024)), mne.create_info(["STI"], RATE, "stim"), verbose="error")
    raw.set_annotations(None).add_channels([stimuli])
    events[:, 2] += 768
    raw.add_events(events)
    raw.save(folder / "stim_raw.fif", verbose="error")
    return folder / "stim_raw.fif"


RECORDINGS = {
    "FIF": (in_fif, MAPPING),
    "BrainVision": (in_brainvision, {"left": "S1", "right": "Stimulus/S  2"}),
    "EEGLAB": (in_eeglab, MAPPING),
    "FIF ": (with_stimulus_channel, MAPPING),
}


@pytest.mark.parametrize(("written", "mapping"), RECORDINGS.values(), ids=RECORDINGS)
def test_a_recording_is_cut_as_mne_cuts_it(written, mapping, tmp_path):
    path = written(tmp_path)
    raw = mne.io.read_raw(path, preload=True, verbose="error")
    read_back = epochs_of_file(path, classes=mapping, tmin=0.125, tmax=0.5)
    starts = (np.array([0.5 + number for number in range(6)]) * RATE + 16).astype(int)
    expected = np.stack([raw.get_data(picks=NAMES)[:, start : start + 49] for start in starts])
    np.testing.assert_allclose(read_back.get_data(picks=NAMES), expected)
    assert list(read_back.event_id) == ["left", "right"]
    assert read_back.events[:, 2].tolist() == [read_back.event_id["left"], read_back.event_id["right"]] * 3


@pytest.mark.parametrize(("written", "mapping"), RECORDINGS.values(), ids=RECORDINGS)
def test_a_recording_without_options_says_what_it_is_and_which_events_it_has(
    written, mapping, tmp_path, request
):
    path = written(tmp_path)
    with pytest.raises(EpochsError, match=r"mne\.Epochs") as raised:
        epochs_of_file(path)
    kind = request.node.callspec.id.strip()
    assert f"is {'an' if kind == 'EEGLAB' else 'a'} {kind} recording. " in str(raised.value)
    assert " (3), " in str(raised.value)
    (options,) = re.findall(r"`(--tmin 0 --tmax 4 --classes \S+)`", str(raised.value))
    assert len(shlex.split(options)) == 6


def test_an_event_that_is_not_there_is_answered_with_those_that_are(tmp_path):
    path = in_fif(tmp_path)
    with pytest.raises(
        EpochsError, match=r"event '768' of class 'left' is not among its events: 769, 770\..*mean '769'"
    ):
        epochs_of_file(path, classes={"left": "768"}, tmax=0.5)
    with pytest.raises(EpochsError, match="is given for two classes"):
        epochs_of_file(path, classes={"left": 769, "right": "769"}, tmax=0.5)
    with pytest.raises(EpochsError, match="`tmin` must be less than `tmax`"):
        epochs_of_file(path, classes=MAPPING, tmin=1.0, tmax=0.5)


def test_trials_that_reach_over_the_end_are_counted(tmp_path):
    with pytest.warns(RuntimeWarning, match=r"1 of 6 trials are dropped: TOO_SHORT \(1\)"):
        assert len(epochs_of_file(in_fif(tmp_path), classes=MAPPING, tmax=3.0)) == 5


def test_one_sample_more_than_the_network_takes_is_left_out_and_said(tmp_path):
    epochs = epochs_of_file(in_fif(tmp_path), classes=MAPPING, tmax=0.5)
    expected = epochs.get_data()[:, :, :64]
    assert cut_to(epochs, 65) is epochs
    assert cut_to(epochs, None) is epochs
    with pytest.warns(RuntimeWarning, match="takes 64 samples"):
        np.testing.assert_array_equal(cut_to(epochs, 64).get_data(), expected)


def test_real_recordings_give_the_trials_of_the_dataset(test_data):
    (path,) = sorted((test_data / "mne_data").rglob("S029R04.edf"))
    read_back = epochs_of_file(path, classes={"left": "T1", "right": "T2"}, tmin=0, tmax=3.99375)
    expected = datasets.eegbci(29, 4, path=test_data / "mne_data", progress=False)
    np.testing.assert_array_equal(read_back.get_data(), expected.get_data())


def saved(folder, kind, **content):
    path = folder / f"a.{kind}"
    if kind == "npz":
        np.savez(path, **content)
    else:
        scipy.io.savemat(path, content)
    return path


@pytest.mark.parametrize("kind", ["npz", "mat"])
@pytest.mark.parametrize(
    "labels",
    [Y, Y.astype(float), Y[:, None], np.where(Y == 769, "769", "770")],
    ids=["whole", "float", "column", "text"],
)
def test_arrays_become_epochs_in_volts(kind, labels, tmp_path):
    read_back = epochs_of_file(saved(tmp_path, kind, X=X, y=labels), classes=MAPPING, **TOLD)
    np.testing.assert_allclose(read_back.get_data(), X * 1e-6)
    assert read_back.ch_names == NAMES
    assert read_back.info["sfreq"] == RATE
    assert [
        name
        for name in ("left", "right")
        for code in [read_back.event_id[name]]
        if code == read_back.events[0, 2]
    ] == ["left"]


@pytest.mark.parametrize("kind", ["npz", "mat"])
def test_what_a_file_tells_needs_no_option(kind, tmp_path):
    names = np.array(NAMES, dtype=object) if kind == "mat" else NAMES
    path = saved(tmp_path, kind, data=X, labels=Y, fs=RATE, ch_names=names)
    with pytest.warns(RuntimeWarning, match="assumed to be in microvolts.*--units uV"):
        read_back = epochs_of_file(path)
    np.testing.assert_allclose(read_back.get_data(), X * 1e-6)
    assert read_back.event_id == {"769": 769, "770": 770}


def test_arrays_of_an_eeglab_order_are_turned_and_it_is_said(tmp_path):
    path = saved(tmp_path, "mat", data=X.transpose(1, 2, 0), y=Y)
    with pytest.warns(RuntimeWarning, match=r"read as \(channels, times, trials\)"):
        np.testing.assert_allclose(epochs_of_file(path, **TOLD).get_data(), X * 1e-6)


@pytest.mark.parametrize(("factor", "units"), [(1e-6, "V"), (1.0, "uV")])
def test_units_are_said_and_what_is_said_can_be_given(tmp_path, factor, units):
    path = saved(tmp_path, "npz", x=X * factor, y=Y)
    with pytest.warns(RuntimeWarning, match=f"--units {units}"):
        guessed = epochs_of_file(path, sfreq=RATE, ch_names=NAMES)
    np.testing.assert_allclose(guessed.get_data(), X * 1e-6)
    np.testing.assert_allclose(
        epochs_of_file(path, sfreq=RATE, ch_names=NAMES, units=units).get_data(), X * 1e-6
    )


@pytest.mark.parametrize("factor", [0.1, 1e-3, 1e6])
def test_units_that_the_values_do_not_show_are_asked_for(tmp_path, factor):
    with pytest.raises(EpochsError, match=r"does not store its units.*`--units uV`"):
        epochs_of_file(saved(tmp_path, "npz", x=X * factor, y=Y), sfreq=RATE, ch_names=NAMES)


def test_the_table_that_mne_writes_comes_back(tmp_path):
    info = mne.create_info(NAMES, RATE, "eeg")
    events = np.stack([np.arange(6) * 64, np.zeros(6, int), Y], 1)
    epochs = mne.EpochsArray(X * 1e-6, info, events, event_id={"l": 769, "r": 770}, verbose="error")
    path = tmp_path / "a.csv"
    epochs.to_data_frame(verbose="error").to_csv(path, index=False)
    read_back = epochs_of_file(path, classes={"left": "l", "right": "r"}, units="uV")
    np.testing.assert_allclose(read_back.get_data(), epochs.get_data())
    assert read_back.ch_names == NAMES
    assert read_back.info["sfreq"] == RATE
    chosen = epochs_of_file(path, ch_names=["c4", "EEG C3-REF"], units="uV")
    np.testing.assert_allclose(chosen.get_data(), epochs.get_data()[:, [2, 0]])
    path.write_text(path.read_text().replace(",", ";").replace(".", ","))
    np.testing.assert_allclose(epochs_of_file(path, units="uV").get_data(), epochs.get_data())


class Harmful:
    def __reduce__(self):
        return (open, ("executed", "w"))


def hostile(folder):
    np.savez(folder / "pickle.npz", X=np.array([Harmful()] * 3), y=Y)
    (folder / "empty.npz").write_bytes(b"")
    (folder / "half.mat").write_bytes(b"MATLAB 5.0 MAT-file" + b" " * 100)
    (folder / "text.csv").write_text("no table\n")
    (folder / "bytes.csv").write_bytes(bytes(range(256)))
    (folder / "a.edf").write_bytes(b"0       " + b" " * 248)
    (folder / "a.bdf").write_bytes(b"\xffBIOSEMI" + b" " * 248)
    (folder / "a.gdf").write_bytes(b"GDF 2.20" + b"\0" * 300)
    (folder / "a.vhdr").write_text("nothing")
    (folder / "a.set").write_bytes(b"nothing")
    (folder / "a-epo.fif").write_bytes(b"nothing")
    (folder / "a.pt").write_bytes(b"PK")
    (folder / "a.vmrk").write_text("nothing")
    (folder / "a.docx").write_text("nothing")
    np.save(folder / "flat.npy", X[0])
    huge = (folder / "flat.npy").read_bytes()
    (folder / "huge.npy").write_bytes(huge.replace(b"(3, 64), }          ", b"(3, 999999999999), }"))


HOSTILE = {
    "pickle.npz": "a NumPy file",
    "empty.npz": "a NumPy file",
    "half.mat": "a MATLAB file",
    "text.csv": "a CSV file",
    "bytes.csv": "a CSV file",
    "flat.npy": "a NumPy array",
    "huge.npy": "a NumPy array",
    "a.edf": "an EDF recording",
    "a.bdf": "a BDF recording",
    "a.gdf": "a GDF recording",
    "a.vhdr": "a BrainVision recording",
    "a.set": "an EEGLAB file",
    "a-epo.fif": "not a FIF file",
    "a.pt": "a file of weights",
    "a.vmrk": "whose header (.vhdr) is the file to pass",
    "a.docx": "a file of unknown type (.docx)",
}


@pytest.mark.parametrize(("name", "kind"), HOSTILE.items(), ids=HOSTILE)
def test_whatever_is_wrong_the_line_says_which_kind_of_file_it_is(name, kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile(tmp_path)
    given = {"sfreq": RATE, "ch_names": NAMES} if name.endswith(("npz", "npy", "mat", "csv")) else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises((EpochsError, MissingDependencyError)) as raised:
            epochs_of_file(tmp_path / name, **given)
    assert name in str(raised.value)
    assert kind in str(raised.value)
    assert not (tmp_path / "executed").exists()


MISSING = {
    "rate": ({"x": X, "y": Y}, {"ch_names": NAMES}, "sampling rate .*`--sfreq 250`"),
    "names": ({"x": X, "y": Y}, {"sfreq": RATE}, "channels .*`--channels C3,Cz`"),
    "another number of names": (
        {"x": X, "y": Y},
        {"sfreq": RATE, "ch_names": NAMES[:2]},
        r"shape.*\(6, 3, 64\)",
    ),
    "another rate": ({"x": X, "y": Y, "fs": 250}, TOLD, "says 250 Hz, `sfreq` 128 Hz"),
    "two arrays": ({"a": X, "b": X, "y": Y}, TOLD, r"one array of shape.*a \(6, 3, 64\), b \(6, 3, 64\)"),
    "no array": ({"x": X[0], "y": Y}, TOLD, "one array of shape"),
    "labels of other trials": ({"x": X, "y": Y[:5]}, TOLD, r"got \(6, 3, 64\), with 5 labels and 3 names"),
    "other units": ({"x": X, "y": Y}, TOLD | {"units": "kV"}, r"must be one of V, mV, uV; got 'kV'\.$"),
}


@pytest.mark.parametrize(("content", "given", "message"), MISSING.values(), ids=MISSING)
def test_what_an_array_lacks_is_named_with_the_option(tmp_path, content, given, message):
    with pytest.raises(ValueError, match=message):
        epochs_of_file(saved(tmp_path, "npz", **content), **given)


def test_without_labels_classes_are_not_known_and_it_is_said(tmp_path):
    with pytest.warns(RuntimeWarning, match=r"no labels \(y\)"):
        assert list(epochs_of_file(saved(tmp_path, "npz", x=X), **TOLD).event_id) == ["unlabelled"]


def test_options_of_another_kind_of_file_are_refused(tmp_path, epochs):
    epochs.save(tmp_path / "a-epo.fif", verbose="error")
    with pytest.raises(ValueError, match=r"are for arrays; '.*a-epo.fif' is a FIF file of epochs"):
        epochs_of_file(tmp_path / "a-epo.fif", sfreq=RATE)
    with pytest.raises(ValueError, match="are for epochs and recordings"):
        epochs_of_file(saved(tmp_path, "npz", x=X, y=Y), tmax=1.0, **TOLD)


def test_epochs_are_cropped_and_their_classes_named(tmp_path, epochs):
    epochs.save(tmp_path / "a-epo.fif", verbose="error")
    read_back = epochs_of_file(tmp_path / "a-epo.fif", classes={"hand": "right"}, tmin=0.1, tmax=0.5)
    assert list(read_back.event_id) == ["hand"]
    assert len(read_back) == (epochs.events[:, 2] == epochs.event_id["right"]).sum()
    assert read_back.tmin >= 0.1 - 1 / epochs.info["sfreq"]


def test_a_slip_in_a_name_is_answered_with_the_file_that_is_there(tmp_path):
    in_fif(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"Did you mean 'rest_raw\.fif'"):
        epochs_of_file(tmp_path / "rst_raw.fif")


def test_a_table_whose_trials_differ_in_length_is_refused(tmp_path):
    table = pd.DataFrame({"epoch": [0, 0, 1], "C3": [1.0, 2, 3]})
    table.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(EpochsError, match="1 to 2 rows"):
        epochs_of_file(tmp_path / "a.csv", sfreq=RATE)


@pytest.mark.parametrize(
    ("units", "meant"), [("mv", "mV"), ("UV", "uV"), ("\u00b5V", "uV"), ("\u03bcV", "uV")]
)
def test_the_unit_that_was_meant_is_proposed_and_the_file_is_not_blamed(tmp_path, units, meant):
    with pytest.raises(ValueError, match=rf"^`--units` \(`units`\) .* Try {meant}\.$"):
        epochs_of_file(saved(tmp_path, "npz", x=X, y=Y), **TOLD | {"units": units})


NO_TRIALS = {
    "t-epo.fif": (b"hallo", "not a FIF file, despite its extension"),
    "a.xdf": (b"XDF:", "a file of unknown type"),
    "a.pkl": (b"\x80\x04N.", "a file of weights, or a pickle"),
    "a.gdf": (b"GDF 2.20" + bytes(300), "it is damaged, or not what its extension says"),
    "a.npz": (b"x", "it is damaged, or not what its extension says"),
    "a.npy": (b"x", "it is damaged, or not what its extension says"),
    "a.mat": (b"x", "it is damaged, or not what its extension says"),
    "a.edf": (b"x", "cannot be read"),
    "a.vhdr": (b"x", "cannot be read"),
}


@pytest.mark.parametrize(
    ("name", "content", "message"), [(k, *v) for k, v in NO_TRIALS.items()], ids=NO_TRIALS
)
def test_what_no_reader_knows_is_said_without_the_reader_s_own_words(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EpochsError, match=message) as caught:
        epochs_of_file(tmp_path / name)
    assert "Trials can be" in str(caught.value)
    assert not any(word in str(caught.value) for word in ("NoneType", "ufunc", "pickle=", "attribute"))


def test_a_folder_is_said_to_be_one(tmp_path):
    (tmp_path / "a.ds").mkdir()
    with pytest.raises(EpochsError, match=r"a\.ds' is a folder") as caught:
        epochs_of_file(tmp_path / "a.ds")
    assert "Did you mean" not in str(caught.value)


def test_labels_that_are_objects_are_refused_with_the_line_that_helps(tmp_path):
    y = np.array(["left", "right"], object)[Y.astype(int) % 2]
    with pytest.raises(EpochsError, match=r"Its array y holds Python objects.*`y\.astype\(str\)`"):
        epochs_of_file(saved(tmp_path, "npz", x=X, y=y), **TOLD)
    assert set(epochs_of_file(saved(tmp_path, "npz", x=X, y=y.astype(str)), **TOLD).event_id) <= {
        "left",
        "right",
    }


def test_a_file_in_the_home_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    name = saved(tmp_path, "npz", x=X, y=Y).name
    assert len(epochs_of_file(f"~/{name}", **TOLD)) == len(X)
    with pytest.raises(FileNotFoundError, match=r"There is no file '~nobody_here/a\.npz'"):
        epochs_of_file("~nobody_here/a.npz")
