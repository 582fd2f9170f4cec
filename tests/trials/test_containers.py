"""Trials in every container: the same numbers as from an array, or the lines that make epochs."""

import mne
import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from sincviz import EpochsError, ablate, diagnose, inspect, relevance, spectral_relevance
from sincviz.evidence import predictions
from sincviz.trials.containers import trials_and_labels

RNG = np.random.default_rng(0)
X = RNG.standard_normal((10, 6, 128)).astype(np.float32)
Y = np.resize([0, 1], 10)


class Windows(Dataset):
    """Items as braindecode's windows: trial, label, and where it was cut from."""

    def __len__(self):
        return len(X)

    def __getitem__(self, index):
        return X[index], Y[index], [0, index, index + 1]


class Samples(Dataset):
    """Items as braindecode's recordings that were not cut: one sample each."""

    def __len__(self):
        return 100

    def __getitem__(self, index):
        if index >= 100:
            raise IndexError
        return X[0, :, index : index + 1], "rest"


class Endless(IterableDataset):
    def __iter__(self):
        while True:
            yield X[0], 0


CONTAINERS = {
    "pair": (X, Y),
    "pair in a list": [X, Y.tolist()],
    "tensors": (torch.from_numpy(X), torch.from_numpy(Y)),
    "double": (X.astype(float), Y.astype(float)),
    "data set": TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)),
    "windows": Windows(),
    "loader": DataLoader(TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)), batch_size=3),
    "shuffled": DataLoader(
        TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)), batch_size=3, shuffle=True
    ),
    "loader of windows": DataLoader(Windows(), batch_size=4),
}


@pytest.fixture
def model(network, moved, epochs):
    trained = moved(network(chs_info=epochs.info["chs"]))
    trained.scale, trained.class_names = 1e6, ["left", "right"]
    return trained


@pytest.mark.parametrize("data", CONTAINERS.values(), ids=CONTAINERS)
@pytest.mark.parametrize("analysis", [relevance, spectral_relevance])
def test_relevance_is_that_of_the_array(model, data, analysis):
    expected = analysis(model, X, Y, trials="contrast")
    np.testing.assert_array_equal(analysis(model, data, trials="contrast"), expected)


def test_labels_that_are_passed_count_more(model):
    table = predictions(model, (X, Y), 1 - Y)
    assert table["true"].tolist() == np.array(["left", "right"])[1 - Y].tolist()


@pytest.mark.parametrize("data", [CONTAINERS["pair"], CONTAINERS["loader of windows"]])
def test_everything_takes_them(model, data):
    loss = ablate(model, data, channels=["C3"], progress=False)
    np.testing.assert_array_equal(
        loss.score_loss, ablate(model, X, Y, channels=["C3"], progress=False).score_loss
    )
    assert diagnose(model, data).equals(diagnose(model, X, Y))
    inspection = inspect(model, data, only=["bands"], progress=False)
    assert inspection.trials["classes"] == {"left": 5, "right": 5}


def test_the_path_of_a_file_of_epochs_is_opened(model, epochs, tmp_path):
    epochs.save(tmp_path / "a-epo.fif")
    expected = spectral_relevance(model, mne.read_epochs(tmp_path / "a-epo.fif"))
    for path in (tmp_path / "a-epo.fif", str(tmp_path / "a-epo.fif")):
        np.testing.assert_array_equal(spectral_relevance(model, path), expected)
    with pytest.raises(FileNotFoundError, match=r"no-epo\.fif"):
        spectral_relevance(model, tmp_path / "no-epo.fif")


def test_two_trials_are_no_pair_of_trials_and_labels():
    trials, labels = trials_and_labels([X[0], X[1]])
    assert (trials.shape, labels) == ((2, 6, 128), None)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ({"X": X, "y": Y}, TypeError, r"dict is not an array: it has the entries X, y"),
        (None, TypeError, "NoneType does not contain trials"),
        (3.5, TypeError, "float does not contain trials"),
        (Samples(), TypeError, "create_windows_from_events"),
        (Endless(), TypeError, "may never end"),
        ([X[0], X[1, :, :100]], EpochsError, "same channels and times"),
        (X[:, None], EpochsError, r"got \(10, 1, 6, 128\)\. Pass `x\.squeeze\(1\)`"),
        (X[0], EpochsError, r"got \(6, 128\)\. If this is one trial, pass `x\.reshape\(1"),
        (np.full((2, 6, 128), "a"), TypeError, "real numbers"),
        (X.astype(complex), TypeError, "complex128"),
    ],
)
def test_what_holds_no_trials_is_refused_with_what_would(model, data, error, message):
    for analysis in (spectral_relevance, relevance):
        with pytest.raises(error, match=message):
            analysis(model, data)


def test_trials_of_different_lengths_in_a_data_set_are_told():
    data = [(X[0], 0), (X[1, :, :100], 1)]

    class Ragged(Dataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return data[index]

    with pytest.raises(EpochsError, match=r"have different sizes: \(6, 100\), \(6, 128\)"):
        trials_and_labels(Ragged())


def test_tables_recordings_and_averages_are_named(model, epochs):
    raw = mne.io.RawArray(np.zeros((6, 1000)), epochs.info, verbose="error")
    for data in (raw, epochs.average(), epochs.to_data_frame(), pd.DataFrame(X[0])):
        with pytest.raises(TypeError, match=type(data).__name__):
            inspect(model, data, progress=False)


def test_spectra_are_told_from_what_holds_no_trials(model, epochs):
    spectra = (
        epochs.compute_psd(verbose="error"),
        epochs.compute_tfr("morlet", [8.0], n_cycles=1, verbose="error"),
    )
    for data in spectra:
        with pytest.raises(TypeError, match=r"holds a spectrum.*Pass the epochs that it was computed from"):
            spectral_relevance(model, data)


def test_annotations_that_mark_no_classes_are_not_denied(epochs):
    raw = mne.io.RawArray(np.zeros((6, 1000)), epochs.info, verbose="error")
    with pytest.raises(TypeError, match="It has no annotations, so"):
        trials_and_labels(raw)
    raw.set_annotations(mne.Annotations([1], [1], ["BAD_x"]))
    with pytest.raises(
        TypeError, match=r"Its annotations \(BAD_x\) mark segments to reject, not classes, so"
    ):
        trials_and_labels(raw)


@pytest.mark.parametrize("axes", [(0, 2, 1), (1, 2, 0), (2, 1, 0)])
def test_axes_in_another_order_are_named_with_the_line_that_orders_them(model, axes):
    x = X.transpose(axes)
    with pytest.raises(EpochsError, match=r"another order: pass `(x\.transpose\(.*\))`") as caught:
        spectral_relevance(model, x)
    np.testing.assert_array_equal(eval(str(caught.value).split("`")[1], {"x": x}), X)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((4, 64, 128), r"Axis 1 has 64 channels instead of 6: .*`x\[:, picks\]`"),
        ((4, 5, 128), r"Axis 1 has 5 channels instead of 6: some are missing"),
        ((4, 6, 300), r"Axis 2 has 300 samples instead of 128: .*crop, such as `x\[:, :, :128\]`"),
        ((4, 6, 100), r"Axis 2 has 100 samples instead of 128: .*cut longer trials"),
    ],
)
def test_the_axis_that_differs_is_named(model, shape, message):
    with pytest.raises(EpochsError, match=message) as caught:
        spectral_relevance(model, np.zeros(shape))
    if shape[2] > 128:
        mended = eval(str(caught.value).split("`")[1], {"x": np.zeros(shape)})
        assert spectral_relevance(model, mended).sizes["channel"] == 6


class Named(Windows):
    """Windows that know their channels and rate as braindecode's do."""

    def __init__(self, names, sfreq=128.0):
        self.raw = mne.io.RawArray(np.zeros((6, 9)), mne.create_info(names, sfreq, "eeg"), verbose="error")


def test_a_data_set_that_knows_its_channels_is_put_into_order(model):
    expected = spectral_relevance(model, X, trials="all")
    turned = spectral_relevance(model, Named(model.ch_names[::-1])).to_numpy()
    np.testing.assert_array_equal(turned, spectral_relevance(model, X[:, ::-1]))
    assert not np.allclose(turned, expected)
    np.testing.assert_array_equal(spectral_relevance(model, Named(list("abcdef"))), expected)
    with pytest.raises(EpochsError, match="sampled at 250 Hz, but the network expects 128 Hz"):
        spectral_relevance(model, DataLoader(Named(model.ch_names, 250.0)))


@pytest.mark.filterwarnings("ignore")
def test_data_sets_of_braindecode(model):
    datasets = pytest.importorskip("braindecode.datasets", reason="braindecode is an optional peer")
    made = datasets.create_from_X_y(X, Y, drop_last_window=False, sfreq=128, ch_names=model.ch_names)
    expected = spectral_relevance(model, X, Y, trials="contrast")
    np.testing.assert_array_equal(spectral_relevance(model, made, trials="contrast"), expected)
    np.testing.assert_array_equal(spectral_relevance(model, made.datasets[0]).sizes["frequency"], 65)
    names, picks = model.ch_names[::-1], np.arange(6)[::-1]
    turned = datasets.create_from_X_y(X[:, picks], Y, drop_last_window=False, sfreq=128, ch_names=names)
    np.testing.assert_array_equal(spectral_relevance(model, turned, trials="contrast"), expected)
    faster = datasets.create_from_X_y(X, Y, drop_last_window=False, sfreq=250, ch_names=names)
    with pytest.raises(EpochsError, match="sampled at 250 Hz, but the network expects 128 Hz"):
        spectral_relevance(model, faster)
    raw = mne.io.RawArray(np.zeros((6, 1000)), mne.create_info(6, 128.0, "eeg"), verbose="error")
    kind = getattr(datasets, "RawDataset", None) or datasets.BaseDataset
    uncut = datasets.BaseConcatDataset([kind(raw, {"subject": 1})])
    with pytest.raises(TypeError, match="create_windows"):
        spectral_relevance(model, uncut)
