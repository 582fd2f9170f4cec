"""`sincviz inspect NETWORK --epochs TEST --sensitivity TRAINING`."""

import json

from typer.testing import CliRunner

from sincviz import save_checkpoint
from sincviz.cli.main import app
from tests.inspection.retraining_examples import drifting, small


def test_training_trials_of_a_file(tmp_path):
    model = small().eval()
    model.class_names, model.scale = ["left", "right"], 1e6
    model.provenance = {"cutoff_history_hz": [[[1.0, 5.0]] * 4] * 2}
    save_checkpoint(model, tmp_path / "net.safetensors")
    for name, trials in (("test", drifting(16, 1)), ("train", drifting(24, 0))):
        trials.save(tmp_path / f"{name}-epo.fif", verbose="error")
    given = [
        "inspect",
        str(tmp_path / "net.safetensors"),
        "--epochs",
        str(tmp_path / "test-epo.fif"),
        "--held-out",
    ]
    given += ["--only", "sensitivity", "--quiet", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*given, "--sensitivity", str(tmp_path / "train-epo.fif")])
    assert result.exit_code == 0, result.output
    lines = (tmp_path / "out" / "tables" / "sensitivity.csv").read_text("utf-8").splitlines()
    assert any(line.startswith("high-pass at 4 Hz,") for line in lines)
    assert "sensitivity" in json.loads((tmp_path / "out" / "inspection.json").read_text("utf-8"))["summary"]


def test_it_needs_other_trials_to_read_networks_on(tmp_path):
    result = CliRunner().invoke(app, ["inspect", str(tmp_path / "net.pt"), "--sensitivity", "train-epo.fif"])
    assert result.exit_code != 0
    assert isinstance(result.exception, ValueError)
    assert "--epochs test-epo.fif" in str(result.exception)
