"""PhysioNet recordings: read when they are here, asked for when they are not, never fetched unbidden."""

import os
import shutil
from pathlib import Path

import mne
import numpy as np
import pytest

from sincviz.datasets import eegbci, physionet
from sincviz.errors import DownloadNeededError

EXCELLENT_SUBJECTS = [2, 7, 29, 32, 34, 42, 54, 55]  # chosen because a linear classifier decodes them


@pytest.fixture(scope="module")
def mne_data():
    root = os.environ.get("SINCVIZ_TEST_DATA")
    folder = Path(root or "") / "mne_data"
    if root is None or not folder.is_dir():
        pytest.skip("needs the EEG recordings: SINCVIZ_TEST_DATA names no folder that holds mne_data")
    return folder


@pytest.fixture
def no_download(monkeypatch):
    def fail(*arguments, **options):
        raise AssertionError("nothing may be downloaded")

    monkeypatch.setattr(physionet.mne_eegbci, "load_data", fail)


@pytest.fixture
def empty_home(monkeypatch, tmp_path):
    for key in ("MNE_DATA", "MNE_DATASETS_EEGBCI_PATH"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("_MNE_FAKE_HOME_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("no_download", "empty_home")
def test_left_and_right_imagery(mne_data):
    epochs = eegbci([29, 7], [4, 8, 12], path=mne_data)
    data = epochs.get_data(copy=False)
    assert data.shape == (90, 64, 640)
    assert epochs.event_id == {"left": 1, "right": 2}
    assert {name: len(epochs[name]) for name in epochs.event_id} == {"left": 46, "right": 44}
    assert (epochs.info["sfreq"], epochs.tmin) == (160.0, 0.0)
    assert {"FC5", "C3", "Cz", "C4", "Fp1", "Fpz", "Iz", "T10"} <= set(epochs.ch_names)
    assert np.isfinite([ch["loc"][:3] for ch in epochs.info["chs"]]).all()
    assert 1e-5 < data.std() < 1e-3  # volts
    assert epochs.baseline is None
    assert (epochs.info["highpass"], epochs.info["lowpass"]) == (0.0, 80.0)


@pytest.mark.usefixtures("no_download")
def test_metadata_names_subject_and_run(mne_data):
    epochs = eegbci([29, 7], [8, 4], path=mne_data)
    assert list(epochs.metadata.columns) == ["subject", "run"]
    order = epochs.metadata.drop_duplicates().to_numpy().tolist()
    assert order == [[29, 8], [29, 4], [7, 8], [7, 4]]
    assert (epochs.metadata.groupby(["subject", "run"]).size() == 15).all()


@pytest.mark.usefixtures("no_download")
def test_hands_and_feet_imagery(mne_data):
    epochs = eegbci(1, [6, 10, 14], path=str(mne_data))
    assert epochs.event_id == {"hands": 1, "feet": 2}
    assert {name: len(epochs[name]) for name in epochs.event_id} == {"hands": 21, "feet": 24}


@pytest.mark.usefixtures("no_download")
def test_window_filter_and_baseline_are_parameters(mne_data):
    epochs = eegbci(29, 4, path=mne_data, tmin=-0.5, tmax=1.5, l_freq=4.0, h_freq=40.0, baseline=(None, 0))
    assert len(epochs.times) == 321
    assert (epochs.info["highpass"], epochs.info["lowpass"]) == (4.0, 40.0)
    assert epochs.baseline == (-0.5, 0.0)
    data = epochs.get_data(copy=False)
    np.testing.assert_allclose(data[..., epochs.times <= 0].mean(-1), 0, atol=1e-12)


@pytest.mark.usefixtures("no_download")
def test_epochs_are_the_samples_after_the_cues(mne_data):
    epochs = eegbci(29, 4, path=mne_data)
    raw = mne.io.read_raw_edf(
        mne_data / "MNE-eegbci-data/files/eegmmidb/1.0.0/S029/S029R04.edf", verbose="error"
    )
    cues = [note for note in raw.annotations if note["description"] != "T0"]
    assert [note["description"] for note in cues] == [f"T{code}" for code in epochs.events[:, 2]]
    start = round(cues[3]["onset"] * 160)
    np.testing.assert_array_equal(epochs.get_data(copy=False)[3], raw.get_data()[:, start : start + 640])


@pytest.mark.usefixtures("no_download")
def test_left_imagery_lowers_mu_power_on_the_right(mne_data):
    epochs = eegbci(EXCELLENT_SUBJECTS, [4, 8, 12], path=mne_data)
    window = np.hanning(640)
    power = np.abs(np.fft.rfft(epochs.get_data(copy=False) * window)) ** 2
    frequency = np.fft.rfftfreq(640, 1 / 160)
    log_power = np.log(power[..., (frequency >= 8) & (frequency <= 13)].mean(-1))
    left = epochs.events[:, 2] == 1
    difference = dict(zip(epochs.ch_names, log_power[left].mean(0) - log_power[~left].mean(0), strict=True))
    assert min(difference, key=difference.get) in {"C4", "CP4"}
    assert max(difference, key=difference.get) in {"C3", "CP3"}
    assert difference["C4"] < difference["C3"] - 0.2


@pytest.mark.usefixtures("no_download")
def test_missing_files_are_named_and_not_fetched(tmp_path):
    with pytest.raises(DownloadNeededError) as caught:
        eegbci([3, 9], [4, 8], path=tmp_path)
    message = str(caught.value)
    for part in (
        "4 of 4 recordings",
        str(tmp_path),
        "subject 3 runs [4, 8]; subject 9 runs [4, 8]",
        "https://physionet.org",
        "about 10 MB",
        "`download=True`",
    ):
        assert part in message
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("no_download")
def test_only_what_is_missing_is_named(mne_data):
    with pytest.raises(DownloadNeededError, match=r"1 of 2 recordings .*: subject 29 runs \[3\]\."):
        eegbci(29, [3, 4], path=mne_data)


@pytest.mark.usefixtures("no_download")
def test_default_folder_is_the_one_mne_uses(monkeypatch, empty_home):
    with pytest.raises(DownloadNeededError, match=str(empty_home / "mne_data")):
        eegbci(1, 4)
    monkeypatch.setenv("MNE_DATA", str(empty_home / "general"))
    with pytest.raises(DownloadNeededError, match="general"):
        eegbci(1, 4)
    monkeypatch.setenv("MNE_DATASETS_EEGBCI_PATH", str(empty_home / "special"))
    with pytest.raises(DownloadNeededError, match="special"):
        eegbci(1, 4)
    assert not list(empty_home.iterdir())  # neither a folder nor a configuration was made


def test_download_fetches_only_what_is_missing(mne_data, empty_home, monkeypatch):
    calls = []
    store = Path("MNE-eegbci-data/files/eegmmidb/1.0.0/S029")
    target = empty_home / "new"

    def copy_recording(subject, run, *, path, update_path, verbose):
        calls.append((subject, run, path, update_path))
        (Path(path) / store).mkdir(parents=True, exist_ok=True)
        name = f"S029R{run:02d}.edf"
        shutil.copy(mne_data / store / name, Path(path) / store / name)

    monkeypatch.setattr(physionet.mne_eegbci, "load_data", copy_recording)
    assert len(eegbci(29, 4, path=target, download=True)) == 15
    assert len(eegbci(29, [4, 8], path=target, download=True)) == 30
    assert calls == [(29, 4, target, False), (29, 8, target, False)]
    assert [entry.name for entry in empty_home.iterdir()] == ["new"]


@pytest.mark.usefixtures("no_download")
def test_another_sampling_rate_is_refused(mne_data, monkeypatch):
    read = mne.io.read_raw_edf

    def read_at_128_hz(file, **options):
        raw = read(file, **options)
        return raw.load_data().resample(128) if "S007" in str(file) else raw

    monkeypatch.setattr(mne.io, "read_raw_edf", read_at_128_hz)
    with pytest.raises(ValueError, match="160 Hz in subject 29 and 128 Hz in subject 7"):
        eegbci([29, 7], 4, path=mne_data)


@pytest.mark.parametrize(
    ("subjects", "runs", "message"),
    [
        (0, 4, r"`subjects` must be numbers from 1 to 109.*got \[0\]"),
        (110, 4, "`subjects`"),
        ([1, 1], 4, "each only once"),
        ([], 4, "at least one"),
        (1, 15, r"`runs` must be numbers from 1 to 14"),
        (1, [1, 4], r"`runs` must have trials; got \[1\], which are rest"),
        (1, [4, 6], r"`runs` must share their classes; got 4 \(left, right\), 6 \(hands, feet\)"),
    ],
)
def test_bad_arguments_are_named(subjects, runs, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        eegbci(subjects, runs, path=tmp_path)


def test_wrong_types_are_type_errors():
    with pytest.raises(TypeError):
        eegbci(1.5, 4)


@pytest.mark.usefixtures("no_download")
def test_imagery_and_execution_share_classes(tmp_path):
    with pytest.raises(DownloadNeededError, match="2 of 2"):
        eegbci(1, [3, 4], path=tmp_path)


@pytest.mark.parametrize("name", ["subjects", "runs"])
@pytest.mark.parametrize("value", ["4,8,12", ["4"], [4.0], {4}, None, True])
def test_what_is_no_number_is_refused_with_what_to_pass(name, value):
    given = {"subjects": [29], "runs": [4]} | {name: value}
    with pytest.raises(TypeError, match=rf"^`{name}` must be a list of whole numbers; .* Try {name}=\["):
        eegbci(**given)
