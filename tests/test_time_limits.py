"""No test can hang unnoticed: its process ends, and what is printed names the test and where every thread was."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
HANGING = """
import re
import time


def test_of_a_second():
    time.sleep(1)


def test_that_lets_others_run():
    time.sleep(60)


def test_that_keeps_the_lock():
    re.match("(a+)+$", "a" * 40 + "b")
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["test_that_lets_others_run", "test_that_keeps_the_lock"])
def test_a_test_that_hangs_is_named(tmp_path, name):
    (tmp_path / "test_hanging.py").write_text(HANGING)
    limits = ["-o", "faulthandler_timeout=5", "--max-worker-restart=0"]
    where = [f"--rootdir={tmp_path}", "-c", str(PROJECT / "pyproject.toml"), "-k", f"second or {name}", "."]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n1", "--dist=loadfile", *limits, *where],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
        env=os.environ | {"MPLBACKEND": "Agg"},
    )
    printed = run.stdout + run.stderr
    assert run.returncode != 0
    assert f"crashed while running 'test_hanging.py::{name}'" in printed
    assert "test_hanging.py" in printed.split("crashed while running")[0], "no stack was printed"
    assert "test_of_a_second" not in printed


@pytest.mark.parametrize("command", ["test", "check-slow"])
def test_the_commands_set_a_limit(command):
    makefile = (PROJECT / "Makefile").read_text()
    (rule,) = (part for part in makefile.split("\n\n") if part.startswith(f"{command}:"))
    assert "--max-worker-restart=0" in rule
    assert ("faulthandler_timeout=" in rule) == (command == "check-slow")  # the other's is pyproject's
