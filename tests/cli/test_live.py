"""Training that is watched in a terminal."""

import re
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from sincviz import load_checkpoint
from sincviz.cli import live
from sincviz.cli import main as cli
from sincviz.cli.live import TerminalTraining
from sincviz.filters import cutoff_drift

SMALL = ["--num-time-filters", "3", "--kernel-seconds", "0.1", "--max-epochs", "2"]


@pytest.fixture
def screen(monkeypatch):
    """Return what a terminal of 120 columns was sent."""
    sent = StringIO()
    monkeypatch.setattr(
        live, "console", Console(file=sent, force_terminal=True, width=120, color_system=None)
    )
    return sent


def test_the_screen_shows_each_band_where_it_is(screen):
    watched = TerminalTraining()
    watched.cutoffs_ = [np.array([[0.0, 10.0], [20.0, 30.0]]), np.array([[0.0, 15.0], [20.0, 30.0]])]
    watched.curves_ = [{"train_loss": 0.5, "valid_accuracy": 0.75}]
    out = StringIO()
    Console(file=out, width=120).print(watched.screen())
    head, scale, *rows = out.getvalue().splitlines()
    assert head.strip() == "Epoch 1, loss 0.500, validation accuracy 0.750"
    assert scale.split() == ["Filter", "0", "30", "Hz", "Cut-offs", "(Hz)", "Moved", "(Hz)"]
    assert [row.count("█") for row in rows] == [30, 20]
    assert rows[0].split()[-2:] == ["0.0–15.0", "+2.50"]
    assert rows[1].index("█") - rows[0].index("█") == 40


def test_no_band_is_cut_off_in_a_terminal_of_80_columns(monkeypatch):
    sent = StringIO()
    narrow = Console(file=sent, width=80)
    monkeypatch.setattr(live, "console", narrow)
    watched = TerminalTraining()
    watched.cutoffs_ = [np.array([[0.0, 10.0], [20.0, 30.0]])]
    watched.curves_ = []
    narrow.print(watched.screen())
    assert "…" not in sent.getvalue()
    assert "█" in sent.getvalue().splitlines()[-1]


def test_what_is_said_after_a_live_view_in_a_pipe_begins_a_line(monkeypatch, tmp_path, capsys):
    sent = StringIO()
    monkeypatch.setattr(live, "console", Console(file=sent, width=80))
    with pytest.raises(SystemExit) as stopped:
        cli.main(["train", "--out", str(tmp_path / "n.safetensors"), *SMALL, "--live", "--max-epochs", "1"])
    assert not stopped.value.code
    assert sent.getvalue().endswith("\n")
    assert ", 1 epoch." in " ".join(capsys.readouterr().out.split())


def test_train_live_shows_the_end_that_the_checkpoint_holds(screen, tmp_path):
    path = tmp_path / "network.safetensors"
    with pytest.raises(SystemExit) as stopped:
        cli.main(["train", "--out", str(path), *SMALL, "--live"])
    assert not stopped.value.code
    last = re.split(r"Epoch 2", screen.getvalue())[-1]
    shown = [float(value) for value in re.findall(r"([+-]\d+\.\d\d)\s", last)][-3:]
    np.testing.assert_allclose(shown, cutoff_drift(load_checkpoint(path))["center_shift_hz"], atol=0.006)


def test_train_logs_for_tensorboard(tmp_path):
    pytest.importorskip("tensorboard")
    with pytest.raises(SystemExit) as stopped:
        cli.main(
            ["train", "--out", str(tmp_path / "n.safetensors"), *SMALL, "--log-dir", str(tmp_path / "runs")]
        )
    assert not stopped.value.code
    assert list((tmp_path / "runs").glob("events*"))


def test_a_terminal_is_released_where_training_fails(network, monkeypatch):
    monkeypatch.setattr(live, "console", Console(file=StringIO(), force_terminal=True))
    watched = TerminalTraining()
    watched.start(network(n_chans=3))
    screen = watched._screen
    assert screen.is_started
    watched.finish()
    watched.finish()
    assert not screen.is_started
