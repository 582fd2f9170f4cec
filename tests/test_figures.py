"""The figures of a paper: drawn as a whole from the simulation, named networks, honest captions."""

import json
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest
import torch

ROOT = Path(__file__).parents[1]
if not (ROOT / "figures").is_dir():
    pytest.skip("the scripts of the figures are not here", allow_module_level=True)
sys.path.insert(0, str(ROOT))
study_module = pytest.importorskip("figures.study")
publishing = pytest.importorskip("figures.publishing")
settings_figure = pytest.importorskip("figures.figure_7_settings")


@pytest.fixture
def study(tmp_path, monkeypatch, epochs):
    """A study of a few small trials."""
    monkeypatch.setattr(study_module, "simulated_trials", lambda n_trials, seed: epochs)
    monkeypatch.setattr(study_module, "PASSES", 1)
    return study_module.Study("simulated", seeds=2, out=tmp_path / "out", cache=tmp_path / "cache")


def test_a_network_is_trained_once_and_kept(study):
    first = study.network(seed=1, num_time_filters=4)
    kept = list(study.cache.glob("*.safetensors"))
    written = kept[0].stat().st_mtime_ns
    again = study.network(seed=1, num_time_filters=4)
    assert len(kept) == 1
    assert kept[0].stat().st_mtime_ns == written
    assert first.num_time_filters == 4
    assert all(
        torch.equal(one, other) for one, other in zip(first.parameters(), again.parameters(), strict=True)
    )


@pytest.mark.parametrize("change", ["seed", "setting", "trials", "passes", "code"])
def test_whatever_makes_a_network_is_in_its_name(study, change, epochs, monkeypatch):
    before = study._path(0, {})
    seed, settings = 0, {}
    if change == "seed":
        seed = 1
    elif change == "setting":
        settings = {"sinc_lr": 0.06}
    elif change == "trials":
        other = epochs.copy()
        other._data[3, 0, 0] *= 1.001
        monkeypatch.setattr(study_module, "simulated_trials", lambda n_trials, seed: other)
        study = replace(study)
    elif change == "passes":
        monkeypatch.setattr(study_module, "PASSES", 2)
    else:
        monkeypatch.setattr(study_module, "code_hash", lambda: "other")
    assert study._path(seed, settings).name.split("_")[-1] != before.name.split("_")[-1]


def test_the_default_is_one_network_in_every_variation(study):
    n_varied = sum(len(values) for values in study_module.VARIED.values())
    n_defaults = len(study_module.VARIED)
    assert len(study.files()) == study.seeds * (n_varied - n_defaults + 1)
    assert study._path(0, {}) in study.files()


def test_settings_arrive_in_the_network(study):
    network = study.untrained(num_time_filters=3, time_filter_len=17, batch_norm_momentum=0.5)
    assert network.kernels().shape == (3, 17)
    assert {layer.momentum for layer in network.modules() if hasattr(layer, "momentum")} == {0.5}


def test_without_recordings_the_simulation_is_announced(tmp_path, capsys):
    study = study_module.study_from(["--data-path", str(tmp_path)])
    assert study.data == "simulated"
    assert "recordings are not in" in capsys.readouterr().out


def test_asked_for_recordings_that_are_missing_are_an_error(tmp_path):
    study = study_module.study_from(["--data", "eegbci", "--data-path", str(tmp_path)])
    with pytest.raises(Exception, match="download=True"):
        study.network()


def test_captions_say_which_trials(study):
    assert "simulated anew" in study.description


def test_captions_say_that_subjects_were_selected(study, epochs, monkeypatch):
    monkeypatch.setattr(study_module, "recorded_trials", lambda subjects, path, download: epochs)
    assert "subjects were selected" in replace(study, data="eegbci").description


def test_spread_is_mean_and_range():
    assert publishing.spread([0.5, 0.7, 0.6]) == "0.60 (0.50 to 0.70)"
    assert publishing.spread([-0.001]) == "0.00"


def test_the_interval_over_seeds_is_students():
    mean, half = settings_figure.interval(pd.Series([0.7, 0.8, 0.9]))
    assert mean == pytest.approx(0.8)
    assert half == pytest.approx(4.3027 * 0.1 / np.sqrt(3), rel=1e-4)  # t with two degrees of freedom
    assert np.isnan(settings_figure.interval(pd.Series([0.7]))[1])


def test_trials_are_told_apart_by_class_and_by_value(epochs):
    other = epochs.copy()
    other.events = other.events.copy()
    other.events[0, 2] = 3 - other.events[0, 2]
    assert study_module.trials_hash(epochs) == study_module.trials_hash(epochs.copy())
    assert study_module.trials_hash(epochs) != study_module.trials_hash(other)


@pytest.mark.slow
def test_every_figure_is_made_from_the_simulation(tmp_path, monkeypatch):
    # Two values of each setting instead of all; the rest is what `make figures` runs.
    everything = import_module("figures.__main__")
    two = {
        name: sorted({values[0], study_module.DEFAULTS[name]}) for name, values in study_module.VARIED.items()
    }
    for module in (study_module, settings_figure):
        monkeypatch.setattr(module, "VARIED", two)
    arguments = [
        "--data",
        "simulated",
        "--seeds",
        "1",
        "--out",
        tmp_path / "out",
        "--cache",
        tmp_path / "cache",
    ]
    monkeypatch.setattr(sys, "argv", ["figures", *map(str, arguments)])
    everything.main()
    written = {path.name: path.stat().st_size for path in (tmp_path / "out").iterdir()}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    scripts = sorted(path.stem for path in (ROOT / "figures").glob("figure_*.py"))
    for script in scripts:
        caption = (tmp_path / "out" / f"{script}.txt").read_text()
        assert not set("{}") & set(caption)
        assert "nan" not in caption.split()
        for ending in ("pdf", "svg", "png"):
            own = [name for name in written if name.startswith(script) and name.endswith(f".{ending}")]
            assert own
            assert all(written[name] > 5000 for name in own)
    assert set(manifest["files"]) == set(written) - {"manifest.json"}
    assert manifest["seeds"] == [0]
    assert manifest["versions"]["mne"] == mne.__version__
    assert len(manifest["networks"]) == 5
