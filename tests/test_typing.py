"""Code of a user that imports the topics passes a strict type checker, and knows the types of what it calls."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sincviz

pytest.importorskip("mypy", reason="mypy comes with the extra `dev`")

USER_CODE = """
from typing import assert_type

import pandas as pd
import xarray as xr

import sincviz
import sincviz.evidence
import sincviz.filters
from sincviz import attribution, maps
from sincviz.filters import learned_bands
from sincviz.statistics import cluster_test


def read(path: str) -> None:
    model = sincviz.load_checkpoint(path)
    assert_type(learned_bands(model), pd.DataFrame)
    assert_type(sincviz.filters.learned_bands(model), pd.DataFrame)
    assert_type(sincviz.learned_bands(model), pd.DataFrame)
    assert_type(maps.spatial_filters(model), xr.DataArray)
    assert_type(sincviz.evidence.deletion_curve(model, []), pd.DataFrame)
    assert_type(cluster_test(attribution.sum_over_bands(xr.DataArray())), xr.Dataset)
"""
MISTAKES = {
    "sincviz.filters.no_such_name": 'Module has no attribute "no_such_name"',
    "sincviz.filters.learned_bands(None, bands=8)": "incompatible type",
}


def checked(code, folder):
    """Return what mypy says of code outside the package, which finds the package as it would an installed one."""
    (folder / "user.py").write_text(code, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache"), "user.py"],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(sincviz.__file__).parents[1])},
    )


@pytest.mark.slow
def test_a_user_of_the_topics_passes_a_strict_type_checker(tmp_path):
    done = checked(USER_CODE, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = checked("\n".join(["import sincviz.filters", *MISTAKES]), tmp_path).stdout
    for line, message in enumerate(MISTAKES.values(), start=2):
        assert re.search(rf"^user.py:{line}: error: .*{message}", wrong, re.MULTILINE), wrong


@pytest.mark.parametrize("topic", ["attribution", "evidence", "filters", "maps", "statistics"])
def test_every_topic_has_a_stub(topic):
    package = Path(sincviz.__file__).parent
    assert (package / "py.typed").exists()
    assert (package / f"{topic}.pyi").read_text("utf-8") == f"from .analysis.{topic} import *\n"
