"""A row's key is its content: checkpoint, trials, settings, and nothing else."""

import dataclasses
import json
import shutil
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from sincviz import DownloadNeededError
from sincviz.errors import MissingDependencyError
from sincviz.population.manifest import read_manifest
from sincviz.population.rows.settings import RECIPE, RowSettings, checked_parameters, row_key, trials_of

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
    assert row_key(row, dataclasses.replace(SETTINGS, data_path=Path("elsewhere"))) == row_key(row, SETTINGS)


def test_every_content_matters(row, manifest):
    rows = read_manifest(manifest)
    keys = {row_key(one, SETTINGS) for one in rows.to_dict("records")}
    keys.add(row_key(row | {"epochs": rows.iloc[2]["epochs"]}, SETTINGS))
    changed = {
        "sections": ("relevance",),
        "seed": 1,
        "reference": "average",
        "ch_names": ("a",),
        "montage": "m",
        "parameters": {"min_freq": 1},
    }
    keys |= {row_key(row, dataclasses.replace(SETTINGS, **{name: value})) for name, value in changed.items()}
    assert len(keys) == len(rows) + 1 + len(changed)


def test_rows_that_were_stored_for_less_are_read_anew(row, monkeypatch):
    now = row_key(row, SETTINGS)
    monkeypatch.setattr("sincviz.population.rows.settings.RECIPE", RECIPE - 1)
    assert row_key(row, SETTINGS) != now


def test_the_form_of_parameters_does_not_matter(row):
    one = {"class_names": ("left", "right"), "min_freq": np.float32(0.5), "n_times": np.int64(128)}
    other = {"n_times": 128, "min_freq": 0.5, "class_names": np.array(["left", "right"])}
    keys = {
        row_key(row, dataclasses.replace(SETTINGS, parameters=checked_parameters(given)))
        for given in (one, other)
    }
    assert len(keys) == 1


def test_settings_are_strict_json():
    given = {"activation": nn.ReLU, "class_names": ["left", "right"], "input_window_seconds": None}
    settings = RowSettings(ch_names=("C3", "C4"), parameters=checked_parameters(given))
    assert json.loads(json.dumps(settings.facts, allow_nan=False)) == settings.facts
    assert settings.facts["parameters"]["activation"] == "torch.nn.modules.activation.ReLU"


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        (["min_freq=0.5"], TypeError, r"must be a mapping .*Try parameters=\{'min_freq': 0\.5\}"),
        ({"min_frq": 0.5}, TypeError, "no parameter 'min_frq'.*Did you mean 'min_freq'"),
        ({3: 0.5}, TypeError, "no parameter '3'"),
        ({"min_freq": float("nan")}, ValueError, r"`parameters\['min_freq'\]` must be a finite number"),
        ({"min_freq": object()}, TypeError, r"`parameters\['min_freq'\]` must be a finite number"),
    ],
)
def test_what_is_no_parameter_is_refused(parameters, error, message):
    with pytest.raises(error, match=message):
        checked_parameters(parameters)


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
        ({"checkpoint": ""}, ValueError, "has no checkpoint"),
        ({"checkpoint": "/nowhere.pt"}, FileNotFoundError, "no checkpoint '/nowhere.pt'"),
        ({"epochs": "/nowhere-epo.fif"}, FileNotFoundError, "no file of epochs"),
        ({"epochs": ""}, ValueError, "a file of epochs or a dataset"),
        ({"dataset": "eegbci"}, ValueError, "a file of epochs or a dataset"),
        ({"epochs": "", "dataset": "simulated", "subject": "ann"}, ValueError, "must be a number; got 'ann'"),
        ({"epochs": "", "dataset": "eegbci", "subject": "110"}, ValueError, "1 to 109"),
        ({"epochs": "", "dataset": "eegbci", "subject": "7,29"}, ValueError, "must be a number; got '7,29'"),
    ],
)
def test_what_is_wrong_is_said(row, changed, error, message):
    with pytest.raises(error, match=message):
        row_key(row | changed, SETTINGS)


def test_recordings_are_not_fetched_unasked(row, tmp_path):
    here = dataclasses.replace(SETTINGS, data_path=tmp_path)
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
