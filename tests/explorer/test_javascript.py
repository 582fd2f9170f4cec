"""The views' functions that need no page, in node."""

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from sincviz.explorer.embedding import script_text

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


def test_views_in_node(tmp_path):
    for name in ("kernel.js", "explorer.js"):
        (tmp_path / name).write_text(
            files("sincviz.explorer").joinpath("js", name).read_text("utf-8"), "utf-8"
        )
    shutil.copy(Path(__file__).with_name("explorer.test.js"), tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    done = subprocess.run([NODE, "--test"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout
    assert "# pass 0" not in done.stdout


def test_the_script_of_a_page_parses(tmp_path):
    (tmp_path / "script.js").write_text(script_text(), "utf-8")
    done = subprocess.run(
        [NODE, "--check", "script.js"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
