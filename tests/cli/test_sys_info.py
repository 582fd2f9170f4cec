"""What ``sincviz sys-info`` says of this machine is so, and what it cannot say it does not hide."""

import json
import os
import subprocess
import sys
from importlib import metadata

import pytest
import torch

from sincviz import __version__
from sincviz.report import machine
from tests.cli.test_main import run


def test_it_says_what_this_python_runs_with(tmp_path):
    facts = json.loads(run("sys-info", "--json", folder=tmp_path).stdout)
    assert facts["System"]["sincviz"] == __version__
    assert facts["System"]["Executable"] == sys.executable
    assert facts["System"]["Threads"] == f"{torch.get_num_threads()} in torch"
    for name in ("numpy", "mne", "torch"):
        assert facts["Required"][name] == metadata.version(name)
    assert facts["Optional"]["moabb (moabb)"] in ("not installed", *_version_if_there("moabb"))


def _version_if_there(name):
    try:
        return (metadata.version(name),)
    except metadata.PackageNotFoundError:
        return ()


def test_the_text_has_every_fact(tmp_path):
    facts = json.loads(run("sys-info", "--json", folder=tmp_path).stdout)
    lines = [line.split() for line in run("sys-info", folder=tmp_path).stdout.splitlines()]
    for heading, rows in facts.items():
        assert [heading] in lines
        for name, value in rows.items():
            assert f"{name} {value}".split() in lines


def test_everything_required_is_listed(tmp_path):
    listed = json.loads(run("sys-info", "--json", folder=tmp_path).stdout)["Required"]
    required = [one for one in metadata.requires("sincviz") if "extra ==" not in one]
    assert len(listed) == len(required) > 15
    assert "not installed" not in listed.values()


def test_a_library_that_is_missing_or_too_old_is_said(monkeypatch):
    required = [
        "numpy>=9999",
        "no-such-library>=1",
        'no-such-extra>=2; extra == "hub"',
        'pytest; extra == "test"',
    ]
    monkeypatch.setattr(machine, "requires", lambda _: required)
    facts = machine.system_information()
    assert facts["Required"]["numpy"] == f"{metadata.version('numpy')}, but sincviz needs >=9999"
    assert facts["Required"]["no-such-library"] == "not installed"
    assert facts["Optional"] == {"no-such-extra (hub)": "not installed"}


def test_a_torch_that_cannot_be_imported_is_said_and_ends_nothing(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    result = run("sys-info", folder=tmp_path)
    assert result.returncode == 0
    assert "torch cannot be imported" in result.stdout
    assert "mne" in result.stdout


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="memory is read by sysconf")
def test_memory_is_that_of_this_machine():
    gib = float(machine.system_information()["System"]["Memory"].removesuffix(" GiB"))
    assert gib == pytest.approx(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, abs=0.05)


def test_memory_that_cannot_be_read_is_not_known(monkeypatch):
    monkeypatch.delattr(os, "sysconf", raising=False)
    assert machine.system_information()["System"]["Memory"] == "not known"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_complete_commands_and_options(shell, tmp_path):
    """A shell asks in this way once `--install-completion` was run."""

    def completed(*words):
        asked = {
            "_SINCVIZ_COMPLETE": f"complete_{shell}",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
            "_TYPER_COMPLETE_ARGS": " ".join(words),
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
        command = [sys.executable, "-c", "from sincviz.cli.main import main; main()"]
        done = subprocess.run(
            command, cwd=tmp_path, env=os.environ | asked, capture_output=True, text=True, check=False
        )
        return done.stdout

    commands = completed("sincviz", "ins")
    assert "inspect" in commands
    assert "benchmark" not in commands
    assert "--epochs" in completed("sincviz", "inspect", "--ep")


def test_completion_is_installed_where_the_shell_looks_for_it(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "sincviz", "--install-completion", "bash"],
        env=os.environ | {"HOME": str(home), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    scripts = [
        path for path in home.rglob("*") if path.is_file() and "sincviz" in path.read_text("utf-8").lower()
    ]
    assert scripts
