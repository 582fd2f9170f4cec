"""MOABB's datasets as epochs: on MOABB's own fake dataset, and without MOABB."""

import sys

import numpy as np
import pytest

from sincviz.datasets import moabb as read_moabb
from sincviz.errors import MissingDependencyError


@pytest.fixture(scope="module")
def fake():
    pytest.importorskip("moabb", reason="needs MOABB: pip install 'sincviz[moabb]'")
    from moabb.datasets.fake import FakeDataset

    return FakeDataset(
        event_list=("left_hand", "right_hand", "feet"),
        n_subjects=2,
        n_sessions=1,
        n_runs=2,
        duration=60,
        n_events=12,
        seed=0,
    )


# MOABB's fake dataset asks MNE 1.13 for the montage by its old name.
uses_moabb = pytest.mark.filterwarnings("ignore:Montage name 'standard_1005' is deprecated:FutureWarning")


@uses_moabb
def test_classes_channels_and_metadata(fake):
    epochs = read_moabb(fake, [1, 2], events=["right_hand", "left_hand"])
    assert epochs.get_data(copy=False).shape == (32, 3, 385)
    assert epochs.event_id == {"right_hand": 2, "left_hand": 1}
    assert len(epochs["left_hand"]) == len(epochs["right_hand"]) == 16
    assert epochs.ch_names == ["C3", "Cz", "C4"]
    assert np.isfinite([ch["loc"][:3] for ch in epochs.info["chs"]]).all()
    assert set(epochs.metadata["subject"]) == {1, 2}
    assert {"session", "run"} <= set(epochs.metadata.columns)
    assert epochs.info["lowpass"] == 64.0


@uses_moabb
def test_window_filter_rate_and_channels(fake):
    epochs = read_moabb(fake, [1], tmin=0.5, tmax=2.5, l_freq=4, h_freq=30, sfreq=100, ch_names=["C3", "C4"])
    assert set(epochs.event_id) == {"left_hand", "right_hand", "feet"}
    assert epochs.ch_names == ["C3", "C4"]
    assert epochs.info["sfreq"] == 100
    assert (epochs.info["highpass"], epochs.info["lowpass"]) == (4, 30)
    assert epochs.times[0] == pytest.approx(0.5, abs=0.01)


@uses_moabb
def test_bad_arguments_are_named(fake):
    with pytest.raises(ValueError, match=r"`events` must be among \['left_hand'.*got \['tongue'\]"):
        read_moabb(fake, [1], events=["tongue"])
    with pytest.raises(ValueError, match=r"`subjects` must be among \[1, 2\]; got \[3\]"):
        read_moabb(fake, [3])
    with pytest.raises(ValueError, match=r"`dataset` must be a class of moabb\.datasets; got 'NoSuchData'"):
        read_moabb("NoSuchData", [1])
    with pytest.raises(ValueError, match="`dataset` must be a motor-imagery dataset; got 'p300'"):
        read_moabb("BNCI2014_009", [1])


def test_without_moabb_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "moabb", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'sincviz\[moabb\]'"):
        read_moabb("BNCI2014_001", [1])
