"""The commands as a user runs them."""

import json
import os
import subprocess
import sys
import warnings
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO

import mne
import numpy as np
import pandas as pd
import pytest
import torch
from rich.console import Console

from sincviz import SincShallowNet, datasets, load_checkpoint, save_checkpoint
from sincviz.cli import main as cli
from sincviz.cli import terminal

QUICK = ("--only", "bands")
SMALL = ("--num-time-filters", 6, "--kernel-seconds", 0.2)


@dataclass
class Result:
    returncode: int
    stdout: str
    stderr: str


def run(*arguments, folder):
    """Run a command in this process: importing torch and MNE anew takes longer than most commands."""
    with redirect_stdout(StringIO()) as stdout, redirect_stderr(StringIO()) as stderr, chdir(folder):
        try:
            cli.main([str(argument) for argument in arguments])
            code = 0
        except SystemExit as stopped:
            code = stopped.code or 0
    return Result(code, stdout.getvalue(), stderr.getvalue())


def run_in_process_of_its_own(*arguments, folder, **settings):
    """Run ``python -m sincviz`` as a user does, with these variables in its environment."""
    return subprocess.run(
        [sys.executable, "-m", "sincviz", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"COLUMNS": "200", "MPLBACKEND": "Agg", "NO_COLOR": "1"} | settings,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(autouse=True, scope="module")
def wide_terminal():
    """Keep lines whole."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (cli, terminal):
            patch.setattr(module, "console", Console(width=200))
        patch.setenv("COLUMNS", "200")
        patch.setenv("NO_COLOR", "1")
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a trained checkpoint, made by the train command."""
    folder = tmp_path_factory.mktemp("cli")
    epochs, _ = datasets.simulate_motor_imagery(40, n_chans=8, duration=1.0)
    epochs.save(folder / "some-epo.fif")
    (folder / "text.txt").write_text("no epochs")
    trained = run("train", "some-epo.fif", *SMALL, "--max-epochs", 2, folder=folder)
    assert trained.returncode == 0, trained.stderr
    return folder


@pytest.fixture(scope="module")
def bad_epochs(folder):
    """The name of a file of epochs with a bad channel, of which every command warns."""
    epochs = mne.read_epochs(folder / "some-epo.fif")
    epochs.info["bads"] = epochs.ch_names[:1]
    epochs.save(folder / "bad-epo.fif")
    return "bad-epo.fif"


def refused(result, *words):
    """Exit code 2 and one clear line, no traceback, nothing on the output."""
    lines = result.stderr.strip().splitlines()
    assert result.returncode == 2, result.stderr
    assert len(lines) == 1, result.stderr
    assert all(word.lower() in lines[0].lower() for word in words), lines[0]
    return True


def test_train_writes_a_checkpoint_that_remembers_channels_classes_and_units(folder):
    model = load_checkpoint(folder / "network.safetensors")
    assert model.class_names == ["left", "right"]
    assert "C3" in model.ch_names
    assert model.scale == 1e6
    assert model.provenance["reference"] == "average"
    assert model.provenance["n_training_trials"] == 40


def test_train_is_seeded(folder):
    for name in ("a", "b"):
        result = run(
            "train", "some-epo.fif", "--max-epochs", 1, "--out", f"{name}.safetensors", folder=folder
        )
        assert result.returncode == 0, result.stderr
    first, second = (load_checkpoint(folder / f"{name}.safetensors").state_dict() for name in "ab")
    assert all((first[key] == second[key]).all() for key in first)


def test_inspect_prints_the_table_and_writes_report_tables_and_figures(folder):
    result = run(
        "inspect", "network.safetensors", "--out", "found", "--format", "png,pdf", *QUICK, folder=folder
    )
    assert result.returncode == 0, result.stderr
    bands = pd.read_csv(folder / "found" / "tables" / "bands.csv", index_col="filter")
    assert len(bands) == 6
    for low, high in zip(bands["low_hz"], bands["high_hz"], strict=True):
        assert f"{low:.1f}–{high:.1f}" in result.stdout
    for name, start in (("png", b"\x89PNG"), ("pdf", b"%PDF")):
        assert (folder / "found" / "figures" / f"bands.{name}").read_bytes().startswith(start)
    assert "report.html" in result.stdout
    assert "network.safetensors" in (folder / "found" / "report.html").read_text("utf-8")


def test_inspect_names_its_folder_after_the_checkpoint(folder):
    assert run("inspect", "network.safetensors", *QUICK, folder=folder).returncode == 0
    assert (folder / "network-inspection" / "report.html").is_file()


def test_inspect_does_not_overwrite_unless_told(folder):
    run("inspect", "network.safetensors", "--out", "twice", *QUICK, folder=folder)
    (folder / "twice" / "report.html").write_text("mine")
    again = run("inspect", "network.safetensors", "--out", "twice", *QUICK, folder=folder)
    assert refused(again, "report.html", "--overwrite")
    assert (folder / "twice" / "report.html").read_text() == "mine"
    told = run("inspect", "network.safetensors", "--out", "twice", "--overwrite", *QUICK, folder=folder)
    assert told.returncode == 0
    assert (folder / "twice" / "report.html").read_text() != "mine"


def test_inspect_with_epochs_adds_everything_and_takes_the_reference_of_the_training(folder):
    result = run("inspect", "network.safetensors", "--epochs", "some-epo.fif", "--out", "fed", folder=folder)
    assert result.returncode == 0, result.stderr
    names = ("tables/spatial_patterns.csv", "figures/relevance.png", "arrays/band_relevance.nc")
    for name in (*names, "figures/deletion.png", "figures/ablation.png", "figures/randomization.png"):
        assert (folder / "fed" / name).is_file()
    facts = json.loads((folder / "fed" / "inspection.json").read_text("utf-8"))
    assert facts["missing"] == {}
    checks = [row["check"] for row in facts["findings"]]
    assert "recording" not in checks
    assert "scale" not in checks
    assert "All of them were used in training" in result.stdout


def test_the_average_is_over_the_channels_of_the_network(folder):
    epochs = mne.read_epochs(folder / "some-epo.fif")
    surplus = epochs.copy().pick(epochs.ch_names[:1]).rename_channels({epochs.ch_names[0]: "M1"})
    surplus._data[:] = 1e-3
    epochs.copy().add_channels([surplus]).save(folder / "surplus-epo.fif")
    found = {}
    for name in ("some", "surplus"):
        given = ("--epochs", f"{name}-epo.fif", "--out", f"{name}-average", "--only", "bands", "--quiet")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = run("inspect", "network.safetensors", *given, folder=folder)
        assert result.returncode == 0, result.stderr
        found[name] = json.loads((folder / f"{name}-average" / "inspection.json").read_text("utf-8"))
    assert found["some"]["trials"]["sha256"] == found["surplus"]["trials"]["sha256"]
    assert found["some"]["accuracy"] == found["surplus"]["accuracy"]


def test_quiet_is_quiet(bad_epochs, folder):
    arguments = ("inspect", "network.safetensors", "--epochs", bad_epochs, *QUICK, "--out")
    quiet = run_in_process_of_its_own(*arguments, "hushed", "--quiet", folder=folder)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_inspect_says_when_the_reference_is_another(folder):
    result = run(
        "train", "some-epo.fif", "--reference", "recorded", "--max-epochs", "1", "--num-time-filters", "2", "--out",
        "recorded.safetensors", folder=folder,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    result = run(
        "inspect", "recorded.safetensors", "--epochs", "some-epo.fif", "--reference", "average", "--out", "raw",
        *QUICK, folder=folder,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "reference: average here, as recorded in training" in " ".join(result.stdout.split())


def test_a_reference_of_the_networks_preparation_cannot_be_taken_back(folder):
    given = ("inspect", "network.safetensors", "--epochs", "some-epo.fif", "--reference")
    result = run(*given, "recorded", "--out", "never", *QUICK, folder=folder)
    assert result.returncode != 0
    assert "own preparation (average reference) sets another" in " ".join(result.stderr.split())
    assert not (folder / "never").exists()


def test_inspect_prints_the_findings_with_their_remedies(folder):
    result = run("inspect", "network.safetensors", "--out", "printed", *QUICK, folder=folder)
    findings = pd.read_csv(folder / "printed" / "tables" / "findings.csv")
    assert len(findings) > 0
    said = " ".join(result.stdout.split())
    for part in (*findings["finding"], *findings["remedy"]):
        assert part in said


def test_inspect_is_silent_or_talks_to_machines_when_asked(folder):
    quiet = run("inspect", "network.safetensors", "--out", "quiet", "--quiet", *QUICK, folder=folder)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    spoken = run("inspect", "network.safetensors", "--out", "json", "--json", *QUICK, folder=folder)
    assert spoken.returncode == 0
    told = json.loads(spoken.stdout)
    written = json.loads((folder / "json" / "inspection.json").read_text("utf-8"))
    assert told["network"] == written["network"]
    assert told["folder"] == "json"


def test_inspect_reads_a_network_that_was_never_trained(tmp_path):
    save_checkpoint(
        SincShallowNet(n_chans=3, n_outputs=2, n_times=128, sfreq=128), tmp_path / "bare.safetensors"
    )
    result = run("inspect", "bare.safetensors", *QUICK, folder=tmp_path)
    assert result.returncode == 0, result.stderr


def test_a_bare_state_dict_and_epochs_are_enough(folder):
    """Channels, length and classes come from the epochs, the rest is assumed and said."""
    model = load_checkpoint(folder / "network.safetensors")
    torch.save(model.state_dict(), folder / "bare.pt")
    result = run(
        "inspect", "bare.pt", "--epochs", "some-epo.fif", "--out", "bare", "--only", "maps", folder=folder
    )
    assert result.returncode == 0, result.stderr
    facts = json.loads((folder / "bare" / "inspection.json").read_text("utf-8"))
    assert facts["network"]["ch_names"] == model.ch_names
    assert facts["network"]["class_names"] == ["left", "right"]
    assert facts["network"]["training"]["assumed"]["min_freq"] == 1.0
    assert "min_freq = 1 Hz" in " ".join(result.stdout.split())


def test_what_a_state_dict_does_not_tell_can_be_told(folder):
    model = load_checkpoint(folder / "network.safetensors")
    torch.save(model.state_dict(), folder / "told.pt")
    names = ",".join(model.ch_names)
    result = run(
        "inspect", "told.pt", "--out", "told", "--channels", names, "--montage", "standard_1005", "-p", "min_freq=2.5",
        "-p", "class_names=up,down", "--json", *QUICK, folder=folder,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    facts = json.loads(result.stdout)
    assert facts["network"]["class_names"] == ["up", "down"]
    assert facts["network"]["ch_names"] == model.ch_names
    assert "min_freq" not in facts["network"]["training"]["assumed"]
    assert "positions" not in [row["check"] for row in facts["findings"]]


def test_epochs_of_eeglab_are_read(folder):
    pytest.importorskip("pymatreader")
    pytest.importorskip("eeglabio")
    mne.read_epochs(folder / "some-epo.fif").export(folder / "some.set", verbose="error")
    out = ("--reference", "average", "--out", "eeglab", "--only", "relevance", "--json")
    result = run("inspect", "network.safetensors", "--epochs", "some.set", *out, folder=folder)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["trials"]["classes"] == {"left": 20, "right": 20}


def test_a_recording_is_cut_and_arrays_are_read_by_options(folder):
    epochs = mne.read_epochs(folder / "some-epo.fif", verbose="error")
    trials = epochs.get_data()
    raw = mne.io.RawArray(np.concatenate(list(trials), 1), epochs.info, verbose="error")
    codes = ["769" if code == epochs.event_id["left"] else "770" for code in epochs.events[:, 2]]
    raw.set_annotations(mne.Annotations(np.arange(40) * epochs.get_data().shape[2] / 160, 0.0, codes))
    raw.save(folder / "rest_raw.fif", verbose="error")
    np.savez(folder / "xy.npz", X=trials, y=[int(code) for code in codes])
    classes = ("--classes", "left=769,right=770")
    n_times = load_checkpoint(folder / "network.safetensors").n_times
    cut = ("--epochs", "rest_raw.fif", "--tmax", (n_times - 1) / 160, *classes)
    arrays = (
        "--epochs",
        "xy.npz",
        "--sfreq",
        160,
        "--channels",
        ",".join(epochs.ch_names),
        *classes,
        "--units",
        "V",
    )
    found = []
    for name, options in (("cut", cut), ("arrays", arrays), ("epochs", ("--epochs", "some-epo.fif"))):
        result = run(
            *("inspect", "network.safetensors", *options, "--only", "bands"),
            *("--out", name, "--json"),
            folder=folder,
        )
        assert result.returncode == 0, result.stderr
        found.append(json.loads(result.stdout)["trials"])
    assert found[0]["classes"] == found[1]["classes"] == {"left": 20, "right": 20}
    assert found[1]["sha256"] == found[2]["sha256"]
    told = run("inspect", "network.safetensors", "--epochs", "rest_raw.fif", "--out", "c", folder=folder)
    assert refused(told, "a FIF recording", "769 (20), 770 (20)", "--classes")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("inspect", "network.safetensors", "--tmax", 4, "--out", "c"), ("--tmax", "for `--epochs`")),
        (("train", "simulated", "--tmax", 4, "--out", "c.safetensors"), ("--tmax", "for files")),
        (("train", "eegbic", "--out", "c.safetensors"), ("did you mean 'eegbci'",)),
        (("inspekt", "network.safetensors"), ("did you mean 'inspect'",)),
        (("inspect", "network.safetensors", "--chanels", "C3"), ("--chanels", "did you mean '--channels'")),
        (("inspect", "network.safetensor", "--out", "c"), ("did you mean 'network.safetensors'",)),
        (("inspect", "network.safetensors", "--data", "eegbic", "--out", "c"), ("did you mean 'eegbci'",)),
        (("inspect", "network.safetensors", "--style", "natur", "--out", "c"), ("did you mean 'nature'",)),
        (("inspect", "network.safetensors", "--only", "band", "--out", "c"), ("did you mean 'bands'",)),
        (("inspect", "network.safetensors", "--format", "pgn", "--out", "c"), ("did you mean 'png'",)),
        (("inspect", "network.safetensors", "-p", "min_frq=3", "--out", "c"), ("did you mean 'min_freq'",)),
        (("train", "some-epo.fif", "--reference", "averge", "--out", "c.safetensors"), ("mean 'average'",)),
        (
            ("train", "eegbci", "--subjects", "29-31", "--data-path", ".", "--out", "c.safetensors"),
            ("subject 29", "subject 30", "subject 31"),
        ),
        (("inspect", "missing.safetensors"), ("missing.safetensors",)),
        (("inspect", "some-epo.fif"), ("some-epo.fif", "safetensors")),
        (("inspect", "[bold]odd[/].safetensors"), ("[bold]odd[/].safetensors",)),
        (("train", "nowhere-epo.fif", "--out", "c.safetensors"), ("nowhere-epo.fif", "eegbci")),
        (("train", "some-epo.fif"), ("network.safetensors", "--overwrite")),
        (("train", "some-epo.fif", "--out", "no/such/a.safetensors"), ("no/such",)),
        (("train", "some-epo.fif", "--out", "c.safetensors", "--kernel-seconds", 9), ("time_filter_len",)),
        (("train", "some-epo.fif", "--out", "c.safetensors", "--reference", "Cz"), ("reference", "average")),
        (("train", "text.txt", "--out", "c.safetensors"), ("text.txt", "from which trials cannot be read")),
        (("train", "some-epo.fif", "--out", "."), ("folder",)),
        (
            ("train", "some-epo.fif", "--out", "c.safetensors", "--kernel-seconds", "inf"),
            ("--kernel-seconds",),
        ),
        (("train", "some-epo.fif", "--out", "c.safetensors", "--validation", 2), ("validation", "0.5")),
        (("train", "some-epo.fif", "--out", "c.safetensors", "--seed", -1), ("--seed",)),
        (
            ("train", "some-epo.fif", "--out", "c.safetensors", "--test-subjects", 3),
            ("--test-subjects", "eegbci"),
        ),
        (
            ("inspect", "network.safetensors", "--epochs", "nowhere-epo.fif", "--out", "c"),
            ("nowhere-epo.fif",),
        ),
        (
            ("inspect", "network.safetensors", "--data", "other", "--out", "c"),
            ("--data", "eegbci", "--epochs"),
        ),
        (("inspect", "network.safetensors", "--data", "eegbci", "--out", "c"), ("--subjects",)),
        (
            ("inspect", "network.safetensors", "--subjects", "3", "--out", "c"),
            ("--subjects", "--data eegbci"),
        ),
        (
            ("inspect", "network.safetensors", "--epochs", "some-epo.fif", "--reference", "Cz", "--out", "c"),
            ("--reference", "'Cz'", "trained"),
        ),
        (
            ("inspect", "network.safetensors", "--epochs", "some-epo.fif", "--data", "eegbci", "--out", "c"),
            ("--epochs", "--data"),
        ),
        (("inspect", "network.safetensors", "--format", "gif", "--out", "c"), ("png, pdf, svg", "gif")),
        (("inspect", "network.safetensors", "--style", "vogue", "--out", "c"), ("vogue", "neuroimage")),
        (("inspect", "network.safetensors", "--only", "bands,hats", "--out", "c"), ("hats", "responses")),
        (("inspect", "network.safetensors", "-p", "pool_size", "--out", "c"), ("NAME=VALUE", "pool_size")),
        (("inspect", "network.safetensors", "-p", "pool_size=3", "--out", "c"), ("pool_size", "55")),
        (("inspect", "network.safetensors", "-p", "colour=3", "--out", "c"), ("colour", "min_freq")),
        (("inspect", "network.safetensors", "--montage", "beret", "--out", "c"), ("beret", "standard_1005")),
        (("inspect", "network.safetensors", "--channels", "A,B", "--out", "c"), ("A, B", "C3")),
        (("inspect", "network.safetensors", "--format", ",", "--out", "c"), ("--format", "png")),
        (("inspect", "network.safetensors", "--nonsense"), ("--nonsense",)),
        (("inspect",), ("checkpoint",)),
        (("train", "eegbci", "--out", "c.safetensors"), ("--subjects",)),
        (("train", "eegbci", "--out", "c.safetensors", "--subjects", "a"), ("--subjects", "'a'")),
        (
            ("train", "eegbci", "--out", "c.safetensors", "--subjects", 29, "--data-path", "."),
            ("download=True", "29"),
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(folder, arguments, words):
    assert refused(run(*arguments, folder=folder), *words)
    assert not (folder / "c.safetensors").exists()
    assert not (folder / "c").exists()


def test_a_path_that_does_not_exist_is_not_asked_of_the_hub(folder, monkeypatch):
    def asked(*_):
        raise AssertionError("the Hub was asked")

    monkeypatch.setattr("sincviz.opening.checkpoints.downloaded_network", asked)
    (folder / "results").mkdir(exist_ok=True)
    for path in (
        "resuls/net",
        "results/net",
        "../net",
        "runs/net.PT",
        "runs/net.onnx",
        "~/net",
        "my nets/one",
    ):
        assert refused(run("inspect", path, "--out", "c", folder=folder), "There is no checkpoint", path)
    slip = run("inspect", "resuls/net", "--out", "c", folder=folder)
    assert refused(slip, "Did you mean 'results'", "hf://resuls/net")
    for repository in ("user/model-v1.5", "hf://resuls/net"):
        with chdir(folder), pytest.raises(AssertionError, match="was asked"):
            load_checkpoint(repository)


@pytest.mark.parametrize("option", ["--quiet", "--json"])
def test_a_quiet_command_leaves_the_process_as_it_was(folder, option, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    filters, shower = list(warnings.filters), warnings.showwarning
    for name in ("network.safetensors", "missing.safetensors"):
        run(
            "inspect", name, option, "--only", "bands", "--out", f"left{option}", "--overwrite", folder=folder
        )
        assert "TQDM_DISABLE" not in os.environ
        assert warnings.filters == filters
        assert warnings.showwarning is shower
    run("group", "missing.csv", "--out", "no", "--quiet", folder=folder)
    assert "TQDM_DISABLE" not in os.environ


def test_a_damaged_checkpoint_is_one_line_and_exit_code_2(folder):
    whole = (folder / "network.safetensors").read_bytes()
    (folder / "half.safetensors").write_bytes(whole[: len(whole) // 2])
    assert refused(run("inspect", "half.safetensors", folder=folder), "half.safetensors")


@pytest.mark.parametrize("command", [(), ("train",), ("inspect",), ("demo",)])
def test_help_names_every_command_and_option(command, tmp_path):
    result = run(*command, "--help", folder=tmp_path)
    assert result.returncode == 0
    expected = {
        (): ("train", "inspect", "demo"),
        ("train",): ("--subjects", "--seed"),
        ("inspect",): ("checkpoint", "--out"),
        ("demo",): ("--out",),
    }
    assert all(word in result.stdout.lower() for word in expected[command])


def test_without_a_command_the_help_is_shown(tmp_path):
    result = run(folder=tmp_path)
    assert result.returncode == 0
    assert "inspect" in result.stdout


def test_python_m_sincviz_is_the_same_command_a_warning_is_one_line_and_no_dash_is_needed(bad_epochs, folder):
    result = run_in_process_of_its_own(
        *("inspect", "network.safetensors", "--epochs", bad_epochs, "--out", "ascii", *QUICK),
        folder=folder,
        PYTHONIOENCODING="ascii",
    )
    assert result.returncode == 0, result.stderr
    assert "Learned bands" in result.stdout
    warned = [line for line in result.stderr.splitlines() if "marked as bad" in line]
    assert len(warned) == 1
    assert warned[0].startswith("Warning: ")
    assert refused(run_in_process_of_its_own("inspect", "missing", folder=folder), "missing")


def test_subjects_in_training_and_test_are_refused(test_data, tmp_path):
    result = run(
        "train", "eegbci", "--subjects", 29, "--test-subjects", 29, "--data-path", test_data / "mne_data",
        folder=tmp_path,
    )  # fmt: skip
    assert refused(result, "29", "training and test")


@pytest.mark.slow
def test_demo_finds_the_known_bands_and_channels(tmp_path):
    result = run_in_process_of_its_own("demo", folder=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "passed" in result.stdout
    assert (tmp_path / "sincviz-demo" / "report.html").is_file()


@pytest.mark.slow
def test_train_on_recordings_decodes_subjects_never_seen(test_data, tmp_path):
    result = run_in_process_of_its_own(
        "train", "eegbci", "--subjects", "2,7,29,32,34,42,54,55", "--test-subjects", "56,62", "--data-path",
        test_data / "mne_data", folder=tmp_path,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    line = next(line for line in result.stdout.splitlines() if "never used in training" in line)
    accuracy = float(line.split("training: ")[1].split()[0])
    # 90 trials: 0.59 is the 95 % limit of chance.
    assert accuracy > 0.59
    assert np.isfinite(accuracy)
