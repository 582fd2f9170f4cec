"""A row's key is its content: checkpoint, trials, settings, and nothing else."""

import dataclasses
import shutil
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from sincviz import DownloadNeededError
from sincviz.errors import MissingDependencyError
from sincviz.population.manifest import read_manifest
from sincviz.population.rows.settings import RowSettings, row_key, trials_of

SETTINGS = RowSettings()


@pytest.fixture
def row(manifest):
    return read_manifest(manifest).iloc[0].to_dict()


def test_names_and_places_do_not_matter(row, tmp_path):
    copied = {
        name: shutil.copy(row[name], tmp_path / f"other-{Path(row[name]).name}")
        for name in ("checkpoint", "epochs")
    }
    other = row | {name: str(path) for name, path in copied.items()} | {"subject": "x", "seed": "9"}
    assert row_key(other, SETTINGS) == row_key(row, SETTINGS)
    assert row_key(row, dataclasses.replace(SETTINGS, data_path="elsewhere")) == row_key(row, SETTINGS)


def test_every_content_matters(row, manifest):
    rows = read_manifest(manifest)
    keys = {row_key(one, SETTINGS) for one in rows.to_dict("records")}
    keys.add(row_key(row | {"epochs": rows.iloc[2]["epochs"]}, SETTINGS))
    changed = {
        "sections": ("relevance",),
        "seed": 1,
        "reference": "average",
        "channels": "a",
        "montage": "m",
        "parameters": ("x=1",),
    }
    keys |= {row_key(row, dataclasses.replace(SETTINGS, **{name: value})) for name, value in changed.items()}
    assert len(keys) == len(rows) + 1 + len(changed)


def test_a_file_that_changes_has_another_key(row, tmp_path):
    path = tmp_path / "network.safetensors"
    shutil.copy(row["checkpoint"], path)
    before = row_key(row | {"checkpoint": str(path)}, SETTINGS)
    path.write_bytes(path.read_bytes() + b" ")
    assert row_key(row | {"checkpoint": str(path)}, SETTINGS) != before


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a.set", "a.fdt"),
        ("a-epo.fif", "a-epo-1.fif"),
        ("sub-1_split-01_epo.fif", "sub-1_split-02_epo.fif"),
    ],
)
def test_files_that_hold_the_rest_of_the_trials_matter(row, tmp_path, first, second):
    (tmp_path / first).write_bytes(b"head")
    there = row | {"epochs": str(tmp_path / first)}
    keys = [row_key(there, SETTINGS)]
    for data in (b"data", b"more"):
        (tmp_path / second).write_bytes(data)
        keys.append(row_key(there, SETTINGS))
    (tmp_path / "b-epo-1.fif").write_bytes(b"of another")
    keys.append(row_key(there, SETTINGS))
    assert len(set(keys)) == 3
    assert keys[-1] == keys[-2]


def test_a_dataset_that_nobody_knows_is_said(row, monkeypatch):
    def nothing(_):
        raise PackageNotFoundError

    monkeypatch.setattr("sincviz.population.rows.settings.version", nothing)
    with pytest.raises(MissingDependencyError, match="'eegcbi' is neither eegbci nor simulated"):
        row_key(row | {"epochs": "", "dataset": "eegcbi", "subject": "1"}, SETTINGS)


def test_a_folder_is_all_its_files(row, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    key = row_key(row | {"checkpoint": str(tmp_path)}, SETTINGS)
    (tmp_path / "more.json").write_text("{}")
    assert row_key(row | {"checkpoint": str(tmp_path)}, SETTINGS) != key


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"checkpoint": ""}, ValueError, "names no checkpoint"),
        ({"checkpoint": "/nowhere.pt"}, FileNotFoundError, "no checkpoint '/nowhere.pt'"),
        ({"epochs": "/nowhere-epo.fif"}, FileNotFoundError, "no file of epochs"),
        ({"epochs": ""}, ValueError, "a file of epochs or a dataset"),
        ({"dataset": "eegbci"}, ValueError, "a file of epochs or a dataset"),
        ({"epochs": "", "dataset": "simulated", "subject": "ann"}, ValueError, "must be a number; got 'ann'"),
        ({"epochs": "", "dataset": "eegbci", "subject": "110"}, ValueError, "1 to 109"),
    ],
)
def test_what_is_wrong_is_said(row, changed, error, message):
    with pytest.raises(error, match=message):
        row_key(row | changed, SETTINGS)


def test_recordings_are_not_fetched_unasked(row, tmp_path):
    here = dataclasses.replace(SETTINGS, data_path=str(tmp_path))
    with pytest.raises(DownloadNeededError):
        row_key(row | {"epochs": "", "dataset": "eegbci", "subject": "7"}, here)


def test_a_dataset_gives_the_trials_of_its_subject(row):
    one, other = (
        trials_of(row | {"epochs": "", "dataset": "simulated", "subject": subject}, SETTINGS).get_data(
            verbose="error"
        )
        for subject in ("3", "4")
    )
    assert one.shape == other.shape
    assert (one != other).any()
    assert len(trials_of(row, SETTINGS)) == 24
